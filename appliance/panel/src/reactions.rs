//! Signs that people give: those that the panel offers, and how those of others are drawn.

use crate::language::Message;

/// A sign that the panel offers; every service has a name for it.
pub(crate) struct Offered {
    /// What the others get.
    pub(crate) emoji: &'static str,
    /// What it says.
    pub(crate) label: Message,
}

/// The usual signs of meetings, in the order of the panel.
pub(crate) const OFFERED: [Offered; 6] = [
    Offered {
        emoji: "\u{1f44d}",
        label: Message::ReactionLike,
    },
    Offered {
        emoji: "\u{1f44f}",
        label: Message::ReactionClap,
    },
    Offered {
        emoji: "\u{2764}\u{fe0f}",
        label: Message::ReactionLove,
    },
    Offered {
        emoji: "\u{1f600}",
        label: Message::ReactionLaugh,
    },
    Offered {
        emoji: "\u{1f62e}",
        label: Message::ReactionSurprised,
    },
    Offered {
        emoji: "\u{1f641}",
        label: Message::ReactionBoo,
    },
];

/// What the compiled-in fonts have a picture for (a test), among the signs of meetings.
const DRAWN: &[char] = &[
    '\u{1f44d}',
    '\u{1f44e}',
    '\u{1f44f}',
    '\u{2764}',
    '\u{1f496}',
    '\u{1f600}',
    '\u{1f602}',
    '\u{1f604}',
    '\u{1f60d}',
    '\u{1f60e}',
    '\u{1f622}',
    '\u{1f62e}',
    '\u{1f631}',
    '\u{1f636}',
    '\u{1f389}',
    '\u{1f440}',
    '\u{1f44b}',
    '\u{1f44c}',
    '\u{1f4a1}',
    '\u{1f4af}',
    '\u{1f525}',
    '\u{1f64c}',
    '\u{1f64f}',
    '\u{1f680}',
    '\u{270b}',
    '\u{2639}',
    '\u{263a}',
    '\u{1f436}',
    '\u{1f431}',
];

/// As it is drawn; `None`: the fonts have no picture for it.
pub(crate) fn drawn(emoji: &str) -> Option<String> {
    let first = emoji.chars().next()?;
    let stand_in = match first {
        '\u{1f641}' => '\u{2639}',
        '\u{1f910}' => '\u{1f636}',
        other => other,
    };
    DRAWN.contains(&stand_in).then(|| stand_in.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_sign_has_a_picture() {
        for offered in &OFFERED {
            assert!(drawn(offered.emoji).is_some(), "{:?}", offered.emoji);
        }
        assert_eq!(drawn("\u{1f997}"), None);
        assert_eq!(drawn(""), None);
    }

    #[test]
    fn the_fonts_have_what_is_drawn() {
        let mut fonts = crate::fonts::Fonts::new(&[]);
        for emoji in DRAWN {
            assert!(fonts.has(*emoji), "{emoji:?}");
        }
    }
}
