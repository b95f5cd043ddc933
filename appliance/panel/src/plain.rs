//! Making text from outside harmless: titles and names are any Unicode of any length.

use unicode_segmentation::UnicodeSegmentation;

/// What is read of a text at all, in bytes; the rest can't be on any panel.
const MOST_BYTES: usize = 4096;
/// What a person takes for one character, at most this many of them are kept.
const MOST_GRAPHEMES: usize = 120;
/// The same of what people write to each other: six lines on a large panel.
const MOST_IN_PARAGRAPH: usize = 600;
/// Code points of one grapheme: enough for a family emoji of four with skin tones, few enough that
/// a tower of accents does not leave its line.
const MOST_MARKS: usize = 4;
const MOST_IN_EMOJI: usize = 12;
/// Code points of a line for each grapheme that it may have, so that a line of families is drawn within a frame; scripts
/// that compose their letters have two on average.
const CODE_POINTS_OF_ONE: usize = 3;

/// One line of harmless text: control characters, line breaks and runs of white space become one
/// space, direction overrides vanish, towers of combining marks and overlong texts are cut at
/// grapheme boundaries (with an ellipsis). The work is bounded whatever the input.
///
/// ```
/// assert_eq!(saal_panel::plain("Team\n\tWeekly \u{202e}"), "Team Weekly");
/// ```
#[must_use]
pub fn plain(text: &str) -> String {
    cut(text, MOST_GRAPHEMES)
}

fn cut(text: &str, most: usize) -> String {
    let head = head(text);
    let cleaned = collapse(head);
    let mut graphemes = cleaned.graphemes(true);
    let mut line = String::with_capacity(cleaned.len());
    let mut room = most.saturating_mul(CODE_POINTS_OF_ONE);
    let mut whole = true;
    for grapheme in graphemes.by_ref().take(most) {
        let left = room.checked_sub(trimmed(grapheme).count());
        whole = left.is_some();
        let Some(left) = left else { break };
        line.extend(trimmed(grapheme));
        room = left;
    }
    if !whole || graphemes.next().is_some() || head.len() < text.len() {
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

/// What somebody wrote, as plain as [`plain`] makes it and longer.
pub(crate) fn paragraph(text: &str) -> String {
    cut(text, MOST_IN_PARAGRAPH)
}

/// The end of a growing text, at most so many characters; an ellipsis stands for the rest.
pub(crate) fn tail(text: &str, most: usize) -> String {
    let from = text.len().saturating_sub(MOST_BYTES);
    let line = cut(&text[text.ceil_char_boundary(from)..], usize::MAX);
    let graphemes: Vec<&str> = line.graphemes(true).collect();
    match graphemes.len().checked_sub(most) {
        None | Some(0) => line,
        Some(hidden) => format!("…{}", graphemes[hidden..].concat().trim_start()),
    }
}

fn head(text: &str) -> &str {
    if text.len() <= MOST_BYTES {
        return text;
    }
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

fn collapse(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible_control(*c)) {
        if !(c.is_whitespace() || c.is_control()) {
            line.push(c);
        } else if !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Marks that change the direction or layout of what follows; the panel isolates texts itself.
pub(crate) fn is_invisible_control(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{00ad}' | '\u{034f}')
}

fn trimmed(grapheme: &str) -> impl Iterator<Item = char> + '_ {
    let joined = grapheme.contains('\u{200d}') || grapheme.contains('\u{fe0f}');
    let most = if joined { MOST_IN_EMOJI } else { MOST_MARKS };
    grapheme.chars().take(most)
}

/// Encloses a text so that its direction does not leak into what stands around it (UAX #9, FSI).
pub(crate) fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// Some of it came from outside.
pub(crate) fn is_foreign(text: &str) -> bool {
    text.contains('\u{2068}')
}

/// Takes the enclosing away again, for labels that are not drawn.
pub(crate) fn unisolated(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{2066}'..='\u{2069}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_text_stays() {
        for text in [
            "Team Weekly",
            "Größe & Maß",
            "日本語",
            "שלום",
            "👩‍👩‍👧‍👦 Familie",
            "é",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn ten_thousand_marks_become_a_few() {
        let tower = format!("a{}b", "\u{0301}".repeat(10_000));
        assert_eq!(plain(&tower), "a\u{301}\u{301}\u{301}…");
    }

    #[test]
    fn overrides_and_controls_vanish() {
        assert_eq!(plain("a\u{202e}b\u{0000}c\r\n\nd\u{feff}"), "ab c d");
    }

    #[test]
    fn long_text_ends_with_an_ellipsis() {
        let line = plain(&"wort ".repeat(2_000));
        assert!(
            line.ends_with('…') && line.chars().count() <= MOST_GRAPHEMES + 1,
            "{line}"
        );
    }

    #[test]
    fn of_a_growing_text_the_end_is_read() {
        assert_eq!(tail("Guten Morgen", 20), "Guten Morgen");
        assert_eq!(tail("eins zwei drei", 5), "…drei");
        let tower = format!("{}ende", "a\u{301}".repeat(100_000));
        assert!(tail(&tower, 8).ends_with("ende"));
    }

    #[test]
    fn isolation_can_be_undone() {
        assert_eq!(unisolated(&isolated("שלום")), "שלום");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_line(text in "\\PC*|[\\x00-\\x1f\\u{300}-\\u{36f}\\u{202a}-\\u{202e}\\u{fffd}a]*") {
            let line = plain(&text);
            prop_assert!(line.chars().count() <= MOST_GRAPHEMES * CODE_POINTS_OF_ONE + 1);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_invisible_control(c)));
            prop_assert_eq!(line.trim(), &line);
        }
    }
}
