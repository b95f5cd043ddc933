//! The words of the panel: languages/*.ftl.

/// Lists the messages once: the compiler finds those that nothing uses, a test those that a
/// language lacks or has too many.
macro_rules! messages {
    ($($name:ident = $id:literal,)*) => {
        /// A message of the language files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Message { $($name,)* }

        impl Message {
            pub(super) fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Identities of all.
            pub(super) const ALL: &[&str] = &[$($id,)*];
        }
    };
}

mod message;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_syntax::ast::Entry;
use saal_fleet_protocol::config::Language;
use unic_langid::LanguageIdentifier;

pub(crate) use message::Message;

use crate::plain::{isolated, plain};

/// A value in a message.
pub(crate) enum Value<'a> {
    /// Chooses plurals.
    Number(i64),
    /// Ours: chooses variants, needs no isolation.
    Word(&'a str),
    /// From outside: made harmless and isolated.
    Foreign(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(word: &'a str) -> Self {
        Self::Word(word)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(word: &'a String) -> Self {
        Self::Word(word)
    }
}

/// The words of one language, and what else differs from one to the other.
pub(crate) struct Words {
    messages: FluentBundle<Arc<FluentResource>>,
    right_to_left: bool,
    voice: String,
    /// Letters from top to bottom.
    keyboard: [String; 3],
}

static GERMAN: LazyLock<Words> = LazyLock::new(|| Words::compiled_in(Language::De));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::compiled_in(Language::En));

/// A language that is not compiled in: a file with the messages of `languages/en.ftl`.
#[derive(Clone)]
pub struct LanguageFile(Arc<Words>);

/// Why a language file can't be used; each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LanguageError {
    /// It is not Fluent.
    #[error("is no Fluent file: {0}")]
    Syntax(String),
    /// Messages are missing, or nobody knows them.
    #[error("lacks the messages {missing:?} and has {unknown:?}, which the panel does not know")]
    Messages {
        /// Of the panel's messages.
        missing: Vec<String>,
        /// Of the file's.
        unknown: Vec<String>,
    },
    /// What a message says can't be.
    #[error("{message} is \"{value}\"; {allowed}")]
    Value {
        /// Which.
        message: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        allowed: &'static str,
    },
}

impl LanguageFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`LanguageError`] with what is wrong.
    pub fn read(text: &str) -> Result<Self, LanguageError> {
        Ok(Self(Arc::new(Words::read(text)?)))
    }
}

impl std::fmt::Debug for LanguageFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LanguageFile({})", self.0.voice)
    }
}

impl Eq for LanguageFile {}

impl PartialEq for LanguageFile {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The words of a file, or of a language that is compiled in.
pub(crate) fn words_of(language: Language, file: Option<&LanguageFile>) -> &Words {
    file.map_or_else(|| Words::of(language), |file| &file.0)
}

/// Keys in a row; more fit on no narrow panel.
const MOST_KEYS: usize = 10;

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::De => &GERMAN,
            Language::En => &ENGLISH,
        }
    }

    fn source(language: Language) -> &'static str {
        match language {
            Language::De => include_str!("../languages/de.ftl"),
            Language::En => include_str!("../languages/en.ftl"),
        }
    }

    fn compiled_in(language: Language) -> Self {
        Self::read(Self::source(language)).expect("the compiled-in language files are tested")
    }

    fn read(source: &str) -> Result<Self, LanguageError> {
        let resource = FluentResource::try_new(source.to_owned())
            .map_err(|(_, errors)| LanguageError::Syntax(format!("{errors:?}")))?;
        check_messages(&resource)?;
        let resource = Arc::new(resource);
        let mut words = Self {
            messages: bundle(&resource, LanguageIdentifier::default())?,
            right_to_left: false,
            voice: String::new(),
            keyboard: Default::default(),
        };
        words.right_to_left = words.direction()?;
        words.voice = words.voice_name()?;
        words.keyboard = words.keys()?;
        // Voices are named as languages are; the language knows its plurals.
        let language = words.voice.parse().unwrap_or_default();
        words.messages = bundle(&resource, language)?;
        Ok(words)
    }

    fn direction(&self) -> Result<bool, LanguageError> {
        let allowed = "it is \"ltr\" or \"rtl\"";
        match self.say(Message::Direction) {
            value if value == "ltr" => Ok(false),
            value if value == "rtl" => Ok(true),
            value => Err(wrong(Message::Direction, value, allowed)),
        }
    }

    fn voice_name(&self) -> Result<String, LanguageError> {
        let voice = self.say(Message::Voice);
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let plain = voice.starts_with(|c: char| c.is_ascii_alphanumeric());
        if plain && voice.chars().all(known) {
            return Ok(voice);
        }
        let allowed = "it is the name of a voice of espeak-ng, such as en or pt-br";
        Err(wrong(Message::Voice, voice, allowed))
    }

    fn keys(&self) -> Result<[String; 3], LanguageError> {
        let rows = self.say(Message::Keyboard);
        let found: Vec<String> = rows.split_whitespace().map(str::to_owned).collect();
        let narrow = found.iter().all(|row| row.chars().count() <= MOST_KEYS);
        let allowed = "it is three rows of at most ten letters, with a space between two rows";
        <[String; 3]>::try_from(found)
            .ok()
            .filter(|_| narrow)
            .ok_or_else(|| wrong(Message::Keyboard, rows, allowed))
    }

    /// Whether it is written from right to left.
    pub(crate) fn right_to_left(&self) -> bool {
        self.right_to_left
    }

    /// The voice of espeak-ng that speaks it.
    pub(crate) fn voice(&self) -> &str {
        &self.voice
    }

    /// The letters of its keyboard, from top to bottom.
    pub(crate) fn keyboard(&self) -> &[String; 3] {
        &self.keyboard
    }

    /// A message without values.
    pub(crate) fn say(&self, message: Message) -> String {
        self.tell(message, [])
    }

    /// A message with values.
    pub(crate) fn tell<const N: usize>(
        &self,
        message: Message,
        values: [(&str, Value<'_>); N],
    ) -> String {
        let mut arguments = FluentArgs::with_capacity(N);
        for (name, value) in values {
            arguments.set(name.to_owned(), fluent(value));
        }
        let found = self
            .messages
            .get_message(message.id())
            .expect("every message is in every file (tested)");
        let pattern = found.value().expect("messages have values (tested)");
        let mut errors = Vec::new();
        self.messages
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned()
    }
}

fn bundle(
    resource: &Arc<FluentResource>,
    language: LanguageIdentifier,
) -> Result<FluentBundle<Arc<FluentResource>>, LanguageError> {
    let mut messages = FluentBundle::new_concurrent(vec![language]);
    // What comes from outside is isolated by `Value::Foreign`.
    messages.set_use_isolating(false);
    messages
        .add_resource(Arc::clone(resource))
        .map_err(|errors| LanguageError::Syntax(format!("{errors:?}")))?;
    Ok(messages)
}

fn wrong(message: Message, value: String, allowed: &'static str) -> LanguageError {
    LanguageError::Value {
        message: message.id(),
        value,
        allowed,
    }
}

/// A file has each message once, and no other.
fn check_messages(resource: &FluentResource) -> Result<(), LanguageError> {
    let there: BTreeSet<&str> = resource
        .entries()
        .filter_map(|entry| match entry {
            Entry::Message(message) if message.value.is_some() => Some(message.id.name),
            _ => None,
        })
        .collect();
    let wanted: BTreeSet<&str> = Message::ALL.iter().copied().collect();
    let list = |ids: Vec<&&str>| {
        ids.into_iter()
            .map(|id| (*id).to_owned())
            .collect::<Vec<_>>()
    };
    let missing = list(wanted.difference(&there).collect());
    let unknown = list(there.difference(&wanted).collect());
    if missing.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    Err(LanguageError::Messages { missing, unknown })
}

fn fluent(value: Value<'_>) -> FluentValue<'_> {
    match value {
        Value::Number(number) => FluentValue::from(number),
        Value::Word(word) => FluentValue::String(Cow::Borrowed(word)),
        Value::Foreign(text) => FluentValue::String(Cow::Owned(isolated(&plain(text)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 2] = [Language::De, Language::En];

    fn ids(language: Language) -> Vec<String> {
        let lines = Words::source(language).lines();
        let starts = lines.filter_map(|line| line.split_once(" = "));
        let top = starts.filter(|(id, _)| id.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        top.map(|(id, _)| id.to_owned()).collect()
    }

    #[test]
    fn every_language_has_exactly_the_messages_in_use() {
        let used: BTreeSet<String> = Message::ALL.iter().map(|&id| id.to_owned()).collect();
        for language in LANGUAGES {
            let there = ids(language);
            let set: BTreeSet<String> = there.iter().cloned().collect();
            assert_eq!(there.len(), set.len(), "{language:?} has a message twice");
            let missing: Vec<_> = used.difference(&set).collect();
            let unused: Vec<_> = set.difference(&used).collect();
            assert!(missing.is_empty(), "{language:?} lacks {missing:?}");
            assert!(unused.is_empty(), "{language:?} has unused {unused:?}");
        }
    }

    #[test]
    fn languages_use_the_same_values() {
        let variables = |language| -> BTreeSet<String> {
            let text = Words::source(language);
            text.split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect())
                .collect()
        };
        assert_eq!(variables(Language::De), variables(Language::En));
    }

    #[test]
    fn plurals_follow_the_language() {
        let say = |language, count: i64| {
            Words::of(language).tell(Message::PeopleInCall, [("count", count.into())])
        };
        assert_eq!(say(Language::De, 1), "1 Person im Gespräch");
        assert_eq!(say(Language::De, 3), "3 im Gespräch");
        assert_eq!(say(Language::En, 1), "1 person in the call");
        assert_eq!(say(Language::En, 3), "3 people in the call");
    }

    #[test]
    fn a_language_file_that_can_not_be_used_says_why() {
        let english = Words::source(Language::En);
        let read = |text: &str| LanguageFile::read(text).map(drop);
        assert_eq!(read(english), Ok(()));
        let lacking = english.replace("back-home = ", "back-somewhere = ");
        let messages = LanguageError::Messages {
            missing: vec!["back-home".to_owned()],
            unknown: vec!["back-somewhere".to_owned()],
        };
        assert_eq!(read(&lacking), Err(messages));
        for (line, wrong) in [
            ("direction = ltr", "direction = down"),
            ("voice = en", "voice = -f/etc/passwd"),
            (
                "keyboard = qwertyuiop asdfghjkl zxcvbnm",
                "keyboard = qwertyuiop",
            ),
        ] {
            assert!(english.contains(line), "{line}");
            let found = read(&english.replace(line, wrong)).unwrap_err();
            assert!(matches!(found, LanguageError::Value { .. }), "{found}");
        }
        assert!(matches!(read("{"), Err(LanguageError::Syntax(_))));
    }
}
