//! What others write, as one line of bounded length for the television.

use unicode_segmentation::UnicodeSegmentation;

/// Code points of one character: an emoji of a family of four with skin tones has eleven. What is
/// longer is made to look broken.
const MOST_POINTS: usize = 12;

/// Which end of a text that is too long stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Start,
    End,
}

/// One line of at most so many characters, without what steers instead of being read. Costs no
/// more for a long text.
pub(crate) fn clean(text: &str, most: usize, keep: Keep) -> String {
    let near = within_reach(text, most * MOST_POINTS, keep);
    let mut line = String::new();
    for word in near.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !steers(*c)));
    }
    let characters: Vec<&str> = line.graphemes(true).collect();
    let cut = characters.len() > most || near.len() < text.len();
    let surplus = characters.len().saturating_sub(most);
    let kept = match keep {
        Keep::Start => &characters[..characters.len() - surplus],
        Keep::End => &characters[surplus..],
    };
    let mut shown: String = kept.iter().map(|c| bounded(c)).collect();
    if cut && keep == Keep::End {
        shown.insert(0, '…');
    } else if cut && most > 1 {
        shown.push('…');
    }
    shown
}

/// The first or last code points of a text.
fn within_reach(text: &str, points: usize, keep: Keep) -> &str {
    let mut places = text.char_indices().map(|(at, _)| at);
    match keep {
        Keep::Start => places.nth(points).map_or(text, |end| &text[..end]),
        Keep::End => places
            .nth_back(points.saturating_sub(1))
            .map_or(text, |start| &text[start..]),
    }
}

/// A character as long as one can be.
fn bounded(character: &str) -> &str {
    match character.char_indices().nth(MOST_POINTS) {
        Some((end, _)) => &character[..end],
        None => character,
    }
}

/// Controls, marks of direction (UAX #9), and what has neither width nor meaning here. Joiners
/// stay: scripts and emoji need them.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}
