//! An iCalendar object as its lines, so that what nobody here understands stays as it was.

use std::fmt::Write as _;

use super::EditError;

/// RFC 5545 section 3.1: longer lines are folded.
const FOLDED_AT: usize = 75;
/// Components inside each other; more is no calendar.
const DEEPEST: usize = 16;

/// `BEGIN` to `END`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// In upper case.
    pub(super) name: String,
    pub(super) items: Vec<Item>,
}

/// What stands in a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Property(Property),
    Component(Component),
}

/// One line, with its folds as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    raw: String,
}

/// Reads one `VCALENDAR`.
pub(super) fn read(text: &str) -> Result<Component, EditError> {
    let malformed = |what: &str| EditError::Malformed(what.to_owned());
    let mut open: Vec<Component> = Vec::new();
    let mut done = None;
    for property in lines(text.trim_start_matches('\u{feff}')) {
        let line = property.line();
        let (name, value) = (property.name(), line.split_once(':').map_or("", |(_, v)| v));
        if name.eq_ignore_ascii_case("BEGIN") {
            if open.len() == DEEPEST || done.is_some() {
                return Err(malformed("it is not one VCALENDAR"));
            }
            let (name, items) = (value.trim().to_ascii_uppercase(), Vec::new());
            open.push(Component { name, items });
        } else if name.eq_ignore_ascii_case("END") {
            let ended = open
                .pop()
                .filter(|c| c.name.eq_ignore_ascii_case(value.trim()));
            let ended = ended.ok_or_else(|| malformed("an END without its BEGIN"))?;
            match open.last_mut() {
                Some(outer) => outer.items.push(Item::Component(ended)),
                None => done = Some(ended),
            }
        } else if let Some(inner) = open.last_mut() {
            inner.items.push(Item::Property(property));
        } else if !line.trim().is_empty() {
            return Err(malformed("text outside of the calendar"));
        }
    }
    let calendar = done.filter(|c| c.name == "VCALENDAR" && open.is_empty());
    calendar.ok_or_else(|| malformed("no VCALENDAR from BEGIN to END"))
}

/// Logical lines.
fn lines(text: &str) -> impl Iterator<Item = Property> {
    let mut lines = text.split('\n').peekable();
    std::iter::from_fn(move || {
        let mut raw = lines.next()?.trim_end_matches('\r').to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            raw.push_str("\r\n");
            raw.push_str(more.trim_end_matches('\r'));
        }
        Some(Property { raw })
    })
}

impl Component {
    /// As it is sent.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        let _ = write!(text, "BEGIN:{}\r\n", self.name);
        for item in &self.items {
            match item {
                Item::Property(property) => {
                    text.push_str(&property.raw);
                    text.push_str("\r\n");
                }
                Item::Component(inner) => inner.write(text),
            }
        }
        let _ = write!(text, "END:{}\r\n", self.name);
    }

    pub(super) fn components(&self, name: &str) -> impl Iterator<Item = &Component> {
        self.items.iter().filter_map(move |item| match item {
            Item::Component(inner) if inner.name == name => Some(inner),
            _ => None,
        })
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = &Property> {
        self.items.iter().filter_map(|item| match item {
            Item::Property(property) => Some(property),
            Item::Component(_) => None,
        })
    }

    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties().find(|p| p.is(name))
    }

    /// Puts a property in the place of the first of its name, or before the components inside.
    pub(super) fn set(&mut self, new: Property) {
        let name = new.name().to_owned();
        let known = self.items.iter_mut().find_map(|item| match item {
            Item::Property(property) if property.is(&name) => Some(property),
            _ => None,
        });
        match known {
            Some(known) => *known = new,
            None => self.add(new),
        }
    }

    /// One more, also where there are some of its name.
    pub(super) fn add(&mut self, new: Property) {
        let inside = |item: &Item| matches!(item, Item::Component(_));
        let at = self.items.iter().position(inside);
        let at = at.unwrap_or(self.items.len());
        self.items.insert(at, Item::Property(new));
    }

    pub(super) fn remove(&mut self, names: &[&str]) {
        self.items.retain(|item| match item {
            Item::Property(property) => !names.iter().any(|name| property.is(name)),
            Item::Component(_) => true,
        });
    }

    /// Changes each property of a name.
    pub(super) fn change(&mut self, name: &str, mut by: impl FnMut(&Property) -> Option<Property>) {
        for item in &mut self.items {
            if let Item::Property(property) = item
                && property.is(name)
                && let Some(new) = by(property)
            {
                *property = new;
            }
        }
    }
}

impl Property {
    /// `NAME;PARAMETERS:value`, folded; the value is escaped already.
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self::of_line(&format!("{name}:{value}"))
    }

    /// A value of the type TEXT (RFC 5545 section 3.3.11).
    pub(super) fn text(name: &str, text: &str) -> Self {
        let mut value = String::new();
        for c in text.chars() {
            match c {
                '\\' | ';' | ',' => value.extend(['\\', c]),
                '\n' => value.push_str("\\n"),
                c if c.is_control() => value.push(' '),
                c => value.push(c),
            }
        }
        Self::new(name, &value)
    }

    fn of_line(line: &str) -> Self {
        let (mut raw, mut length) = (String::new(), 0);
        for c in line.chars() {
            if length + c.len_utf8() > FOLDED_AT {
                raw.push_str("\r\n ");
                length = 1;
            }
            raw.push(c);
            length += c.len_utf8();
        }
        Self { raw }
    }

    /// Without its folds.
    pub(super) fn line(&self) -> String {
        let mut line = self.raw.replace("\r\n ", "");
        if line.contains("\r\n\t") {
            line = line.replace("\r\n\t", "");
        }
        line
    }

    pub(super) fn name(&self) -> &str {
        let end = self.raw.find([';', ':', '\r']);
        &self.raw[..end.unwrap_or(self.raw.len())]
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// What stands behind the colon, as it was escaped.
    pub(super) fn value(&self) -> String {
        let line = self.line();
        let at = unquoted(&line, ':');
        at.map_or_else(String::new, |at| line[at + 1..].to_owned())
    }

    /// Without its quotation marks.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let line = self.line();
        let range = parameter(&line, name)?;
        Some(line[range].trim_matches('"').to_owned())
    }

    /// The same with a parameter of this value, which needs no quotation marks.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut line = self.line();
        match parameter(&line, name) {
            Some(range) => line.replace_range(range, value),
            None => line.insert_str(
                self.name().len().min(line.len()),
                &format!(";{name}={value}"),
            ),
        }
        Self::of_line(&line)
    }
}

/// Where a character stands outside of quotation marks.
fn unquoted(line: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == wanted && !quoted).then_some(at)
    })
}

/// Where a parameter's value stands.
fn parameter(line: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let end = unquoted(line, ':')?;
    let mut at = unquoted(&line[..end], ';')?;
    loop {
        let start = at + 1;
        let length = unquoted(&line[start..end], ';');
        let stop = length.map_or(end, |length| start + length);
        if let Some((key, _)) = line[start..stop].split_once('=')
            && key.eq_ignore_ascii_case(name)
        {
            return Some(start + key.len() + 1..stop);
        }
        at = length.map(|length| start + length)?;
    }
}
