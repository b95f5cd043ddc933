//! What is wrong with an entry, as a sentence for the log.

/// What is wrong, beginning with the field: `calendar[0].dtstart.tzid: unknown time zone "Mars"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem(pub(crate) String);

impl Problem {
    pub(crate) fn at(field: &str, what: impl std::fmt::Display) -> Self {
        Self(clip(&format!("{field}: {what}"), 300))
    }

    /// Puts the entry's place before the field.
    pub(crate) fn inside(self, place: &str) -> Self {
        Self(clip(&format!("{place}.{}", self.0), 300))
    }
}

/// What somebody wrote, short enough for a line of the log.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", clip(text, 60))
}

/// Cut to at most `most` characters.
fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars()
        .take(most)
        .chain(std::iter::once('…'))
        .collect()
}
