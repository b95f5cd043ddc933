//! The dashboard's words: languages/*.ftl.

use std::sync::{Arc, LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use jiff::{Timestamp, tz::TimeZone};

/// A language of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Deutsch.
    De,
    /// English.
    En,
}

impl Language {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::De => Self::En,
            Self::En => Self::De,
        }
    }

    /// By its code.
    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::De, Self::En]
            .into_iter()
            .find(|one| one.code() == code)
    }

    /// The first of `Accept-Language` that there is (RFC 9110, section 12.5.4; browsers send them in order).
    pub(crate) fn accepted(header: &str) -> Self {
        let mut codes = header
            .split(',')
            .map(|part| part.trim().get(..2).unwrap_or_default());
        codes.find_map(Self::of).unwrap_or(Self::En)
    }

    fn source(self) -> &'static str {
        match self {
            Self::De => include_str!("../../languages/de.ftl"),
            Self::En => include_str!("../../languages/en.ftl"),
        }
    }
}

/// This computer's time zone, by the name that its link has; without one UTC.
static ZONE: LazyLock<TimeZone> = LazyLock::new(|| {
    let link = std::fs::read_link("/etc/localtime").ok();
    let name = link.and_then(|link| {
        let (_, name) = link.to_str()?.split_once("zoneinfo/")?;
        Some(name.to_owned())
    });
    let found = name.and_then(|name| TimeZone::get(&name).ok());
    found.unwrap_or(TimeZone::UTC)
});

/// The words of one language.
pub(crate) struct Words {
    pub(crate) language: Language,
    messages: FluentBundle<Arc<FluentResource>>,
}

static GERMAN: LazyLock<Words> = LazyLock::new(|| Words::compiled_in(Language::De));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::compiled_in(Language::En));

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::De => &GERMAN,
            Language::En => &ENGLISH,
        }
    }

    fn compiled_in(language: Language) -> Self {
        let resource = FluentResource::try_new(language.source().to_owned());
        let resource = resource.expect("the compiled-in language files are tested");
        let identifier = language.code().parse().unwrap_or_default();
        let mut messages = FluentBundle::new_concurrent(vec![identifier]);
        // Values are escaped by the page; marks of direction would stand in addresses.
        messages.set_use_isolating(false);
        messages
            .add_resource(Arc::new(resource))
            .expect("the compiled-in language files are tested");
        Self { language, messages }
    }

    /// A message without values.
    pub(crate) fn say(&self, message: &str) -> String {
        self.tell(message, &[])
    }

    /// A message about so many.
    pub(crate) fn count(&self, message: &str, count: u64) -> String {
        let number = FluentValue::from(i64::try_from(count).unwrap_or(i64::MAX));
        self.format(message, [("count", number)])
    }

    /// A message about so many, with values.
    pub(crate) fn counted(&self, message: &str, count: u64, values: &[(&str, &str)]) -> String {
        let number = FluentValue::from(i64::try_from(count).unwrap_or(i64::MAX));
        let values = values
            .iter()
            .map(|(name, value)| (*name, FluentValue::from(*value)));
        self.format(message, values.chain([("count", number)]))
    }

    /// A message with values.
    pub(crate) fn tell(&self, message: &str, values: &[(&str, &str)]) -> String {
        let values = values
            .iter()
            .map(|(name, value)| (*name, FluentValue::from(*value)));
        self.format(message, values)
    }

    fn format<'a>(
        &self,
        message: &str,
        values: impl IntoIterator<Item = (&'a str, FluentValue<'a>)>,
    ) -> String {
        let found = self.messages.get_message(message);
        let Some(pattern) = found.and_then(|found| found.value()) else {
            return message.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(name.to_owned(), value);
        }
        let mut errors = Vec::new();
        self.messages
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned()
    }

    /// A moment as people write it, in this computer's time zone.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        let at = ZONE.to_datetime(at);
        let form = match self.language {
            Language::De => "%d.%m.%Y, %H:%M",
            Language::En => "%d %b %Y, %H:%M",
        };
        at.strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fluent_syntax::{ast::Entry, parser};
    use saal_fleet_protocol::fleet::api::Act;

    use super::*;

    fn there(language: Language) -> BTreeSet<String> {
        let read = parser::parse(language.source()).expect("the file is Fluent");
        let messages = read.body.iter().filter_map(|entry| match entry {
            Entry::Message(message) => Some(message.id.name.to_owned()),
            _ => None,
        });
        messages.collect()
    }

    /// What the pages say: the first text after `say(`, `tell(`, `count(` or `id(`, and what is made of names.
    fn wanted() -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web");
        let mut wanted = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            for call in ["say(", "tell(", "count(", "id("] {
                let calls = text.split(call).skip(1);
                let ids =
                    calls.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
                wanted.extend(ids.map(str::to_owned));
            }
        }
        wanted.extend(
            Act::ALL
                .iter()
                .map(|act| format!("act-{}", act.as_str().replace('_', "-"))),
        );
        wanted
    }

    #[test]
    fn every_message_is_in_every_language_and_no_other() {
        for language in [Language::De, Language::En] {
            assert_eq!(there(language), wanted(), "{language:?}");
        }
    }

    #[test]
    fn a_browser_gets_the_first_language_that_there_is() {
        assert_eq!(Language::accepted("de-DE,de;q=0.9,en;q=0.8"), Language::De);
        assert_eq!(Language::accepted("fr, en-GB;q=0.9, de"), Language::En);
        assert_eq!(Language::accepted(""), Language::En);
    }

    #[test]
    fn counts_have_plurals() {
        let words = Words::of(Language::De);
        assert_ne!(words.count("count-rooms", 1), words.count("count-rooms", 2));
    }
}
