//! The part of JavaScript that configurations are written in: literal objects, assignments to
//! `config.x.y`, and texts put together from constants. Everything else is stepped over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ConfigError;

/// Words and signs in one file.
const MAX_TOKENS: usize = 100_000;
/// Objects in objects.
const MAX_DEPTH: usize = 32;
/// Characters that texts may be put together to, in all.
const MAX_TEXT: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(char),
}

/// Reads a file into what `config` is at its end.
pub(super) fn read(text: &str) -> Result<Value, ConfigError> {
    let tokens = tokens(text)?;
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        text_left: MAX_TEXT,
        variables: BTreeMap::new(),
        config: Value::Object(Map::new()),
    };
    reader.statements()?;
    Ok(reader.config)
}

fn tokens(text: &str) -> Result<Vec<Token>, ConfigError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if tokens.len() >= MAX_TOKENS {
            return Err(ConfigError::TooComplex);
        }
        let rest = &characters[at..];
        at += match rest[0] {
            c if c.is_whitespace() => 1,
            '/' if rest.get(1) == Some(&'/') => until(rest, &['\n']),
            '/' if rest.get(1) == Some(&'*') => until(rest, &['*', '/']),
            '/' if begins_pattern(tokens.last()) => pattern(rest),
            quote @ ('"' | '\'' | '`') => {
                let (text, length) = quoted(rest, quote);
                tokens.push(Token::Text(text));
                length
            }
            c if c.is_ascii_digit() => {
                let (number, length) = number(rest);
                tokens.push(Token::Number(number));
                length
            }
            c if is_word(c) => {
                let word: String = rest.iter().take_while(|c| is_word(**c)).collect();
                let length = word.chars().count();
                tokens.push(Token::Word(word));
                length
            }
            sign => {
                tokens.push(Token::Sign(sign));
                1
            }
        };
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// Length up to and with `end`, from behind the comment's first two characters.
fn until(rest: &[char], end: &[char]) -> usize {
    let found = rest[2..].windows(end.len()).position(|w| w == end);
    found.map_or(rest.len(), |found| found + 2 + end.len())
}

/// A slash divides behind a value, and begins a pattern elsewhere.
fn begins_pattern(before: Option<&Token>) -> bool {
    match before {
        None => true,
        Some(Token::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
        Some(_) => false,
    }
}

fn pattern(rest: &[char]) -> usize {
    let mut escaped = false;
    for (index, c) in rest.iter().enumerate().skip(1) {
        match c {
            '\n' => return 1,
            '/' if !escaped => return index + 1,
            _ => escaped = *c == '\\' && !escaped,
        }
    }
    1
}

fn quoted(rest: &[char], quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        if rest[at] == '\\' {
            let (c, length) = escaped(&rest[at..]);
            text.extend(c);
            at += length;
        } else {
            text.push(rest[at]);
            at += 1;
        }
    }
    (text, at + 1)
}

fn escaped(rest: &[char]) -> (Option<char>, usize) {
    let hexadecimal = |from: usize, count: usize| {
        let digits: String = rest.iter().skip(from).take(count).collect();
        let value = u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32);
        (value, from + count)
    };
    match rest.get(1) {
        Some('n') => (Some('\n'), 2),
        Some('t') => (Some('\t'), 2),
        Some('r') => (Some('\r'), 2),
        Some('x') => hexadecimal(2, 2),
        Some('u') => hexadecimal(2, 4),
        Some('\n') => (None, 2),
        other => (other.copied(), 2),
    }
}

fn number(rest: &[char]) -> (f64, usize) {
    let text: String = rest
        .iter()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
        .collect();
    let value = text.replace('_', "").parse().unwrap_or_default();
    (value, text.len())
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    text_left: usize,
    variables: BTreeMap<String, String>,
    config: Value,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        self.tokens.get(self.at + ahead) == Some(&Token::Sign(sign))
    }

    fn take_sign(&mut self, sign: char) -> bool {
        let is = self.is_sign(0, sign);
        self.at += usize::from(is);
        is
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.at + ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// `=` that is no comparison.
    fn take_assignment(&mut self) -> bool {
        let is = self.is_sign(0, '=') && !self.is_sign(1, '=') && !self.is_sign(1, '>');
        self.at += usize::from(is);
        is
    }

    fn statements(&mut self) -> Result<(), ConfigError> {
        let mut blocks: usize = 0;
        while self.at < self.tokens.len() {
            if self.take_sign('{') {
                blocks += 1;
            } else if self.take_sign('}') {
                blocks = blocks.saturating_sub(1);
            } else {
                self.statement(blocks > 0)?;
            }
        }
        Ok(())
    }

    /// In a block only what is missing is set: nobody knows whether its condition holds.
    fn statement(&mut self, conditional: bool) -> Result<(), ConfigError> {
        let declares = matches!(self.word(0), Some("var" | "let" | "const"));
        self.at += usize::from(declares);
        let Some(name) = self.word(0).map(str::to_owned) else {
            self.at += 1;
            return Ok(());
        };
        // A member of something else than the configuration is not ours to follow.
        let is_member = self.at > 0 && self.tokens[self.at - 1] == Token::Sign('.');
        self.at += 1;
        let path = if name == "config" && !is_member {
            self.path()
        } else {
            Vec::new()
        };
        if is_member || !self.take_assignment() {
            return Ok(());
        }
        let value = self.expression(0)?;
        if name == "config" {
            if let Some(value) = value {
                put(&mut self.config, &path, value, conditional);
            }
        } else if let Some(Value::String(text)) = value.filter(|_| !conditional) {
            // Servers fill these in; what they left stands for nothing.
            let filled = if text.starts_with("<!--") {
                String::new()
            } else {
                text
            };
            self.variables.insert(name, filled);
        }
        Ok(())
    }

    /// `.a.b['c']`
    fn path(&mut self) -> Vec<String> {
        let mut path = Vec::new();
        while path.len() <= MAX_DEPTH {
            if self.is_sign(0, '.')
                && let Some(name) = self.word(1).map(str::to_owned)
            {
                path.push(name);
                self.at += 2;
            } else if self.is_sign(0, '[')
                && let Some(Token::Text(name)) = self.tokens.get(self.at + 1)
                && self.is_sign(2, ']')
            {
                path.push(name.clone());
                self.at += 3;
            } else {
                break;
            }
        }
        path
    }

    /// A literal, or constants added up; `None` for anything else, which is stepped over.
    fn expression(&mut self, depth: usize) -> Result<Option<Value>, ConfigError> {
        let mut sum = self.operand(depth)?;
        while self.is_sign(0, '+') {
            self.at += 1;
            let next = self.operand(depth)?;
            sum = self.add(sum, next)?;
        }
        if self.ends_expression() {
            return Ok(sum);
        }
        self.skip();
        Ok(None)
    }

    fn add(
        &mut self,
        one: Option<Value>,
        other: Option<Value>,
    ) -> Result<Option<Value>, ConfigError> {
        let (Some(Value::String(mut text)), Some(Value::String(more))) = (one, other) else {
            return Ok(None);
        };
        text.push_str(&more);
        self.text_left = self
            .text_left
            .checked_sub(text.len())
            .ok_or(ConfigError::TooComplex)?;
        Ok(Some(Value::String(text)))
    }

    fn operand(&mut self, depth: usize) -> Result<Option<Value>, ConfigError> {
        if depth >= MAX_DEPTH {
            return Err(ConfigError::TooComplex);
        }
        if self.is_sign(0, '{') {
            return self.object(depth).map(Some);
        }
        if self.is_sign(0, '[') {
            return self.array(depth).map(Some);
        }
        let negative = self.take_sign('-');
        let value = match self.peek() {
            Some(Token::Text(text)) => Some(Value::String(text.clone())),
            Some(Token::Number(number)) => {
                let number = if negative { -number } else { *number };
                serde_json::Number::from_f64(number).map(Value::Number)
            }
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                "null" | "undefined" => Some(Value::Null),
                name => self.variables.get(name).cloned().map(Value::String),
            },
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(value)
    }

    /// A statement's end is a semicolon, or a value followed by a word.
    fn ends_expression(&self) -> bool {
        match self.peek() {
            None | Some(Token::Word(_)) => true,
            Some(Token::Sign(sign)) => matches!(sign, ';' | ',' | '}' | ']' | ')'),
            Some(_) => false,
        }
    }

    /// Steps over what is not understood, brackets and all.
    fn skip(&mut self) {
        let mut open: usize = 0;
        while let Some(token) = self.peek() {
            if let Token::Sign(sign) = token {
                match sign {
                    '(' | '[' | '{' => open += 1,
                    ')' | ']' | '}' if open == 0 => return,
                    ')' | ']' | '}' => open -= 1,
                    ';' | ',' if open == 0 => return,
                    _ => {}
                }
            }
            self.at += 1;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ConfigError> {
        self.at += 1;
        let mut map = Map::new();
        while self.at < self.tokens.len() && !self.take_sign('}') {
            let key = match self.peek() {
                Some(Token::Word(key) | Token::Text(key)) => Some(key.clone()),
                _ => None,
            };
            match key.filter(|_| self.is_sign(1, ':')) {
                Some(key) => {
                    self.at += 2;
                    if let Some(value) = self.expression(depth + 1)? {
                        map.insert(key, value);
                    }
                }
                None => self.skip(),
            }
            if !self.take_sign(',') && !self.is_sign(0, '}') {
                // A bracket or semicolon that belongs to nothing.
                self.at += 1;
            }
        }
        Ok(Value::Object(map))
    }

    fn array(&mut self, depth: usize) -> Result<Value, ConfigError> {
        self.at += 1;
        let mut list = Vec::new();
        while self.at < self.tokens.len() && !self.take_sign(']') {
            list.extend(self.expression(depth + 1)?);
            if !self.take_sign(',') && !self.is_sign(0, ']') {
                self.at += 1;
            }
        }
        Ok(Value::Array(list))
    }
}

/// Sets a member, making the objects on the way to it.
fn put(config: &mut Value, path: &[String], value: Value, only_missing: bool) {
    let mut at = config;
    for name in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(map) = at else { return };
        at = map.entry(name.clone()).or_insert(Value::Null);
    }
    let empty = at.is_null() || at.as_object().is_some_and(Map::is_empty);
    if !only_missing || empty {
        *at = value;
    }
}
