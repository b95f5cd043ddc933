//! What the television shows as text: names on the pictures, signs, marks, captions, the chat.
//! Sizes are such that it can be read from the back of a room. Others write most of it, so it is
//! cut to what can be shown.

use saal_media_protocol::{Label, Place, Rect, SourceKind, TextLine, Tile, TileSource};
use saal_meeting::{MeetingState, Participant};
use unicode_segmentation::UnicodeSegmentation;

use crate::{InCall, Said, pictures_width, tiles};

/// Lines of captions under the pictures.
const CAPTION_LINES: u32 = 3;
/// Signs at once.
const SIGNS: usize = 4;
/// Lines of chat that fit beside the pictures; of long ones fewer.
const CHAT_LINES: usize = 16;
/// Characters of a name; the rest is cut by the width of its picture.
const NAME: usize = 60;
/// Characters of a sentence: more than [`CAPTION_LINES`] hold.
const SENTENCE: usize = 240;
/// Characters of a line of chat.
const CHAT: usize = 400;
/// Code points of one character: an emoji of a family of four with skin tones has eleven. What is
/// longer is made to look broken.
const MOST_POINTS: usize = 12;
/// Somebody's microphone is off.
const SILENT: &str = "🔇";

/// All text, back to front; what changes most comes last.
pub(crate) fn labels(call: &InCall, width: u32, height: u32) -> Vec<Label> {
    let chat = call.said.is_chat_shown();
    let screen = Screen {
        pictures: pictures_width(width, chat),
        width,
        height,
    };
    let presenting = call.state.presenting;
    let tiles = tiles(&call.participants, presenting, screen.pictures, height);
    let names = tiles
        .iter()
        .filter_map(|tile| screen.name(tile, &call.participants));
    let more = [
        screen.marks(&call.state),
        chat.then(|| screen.chat(&call.said)),
        screen.signs(&call.said),
        screen.captions(&call.said),
    ];
    names.chain(more.into_iter().flatten()).collect()
}

/// The television's measures.
struct Screen {
    /// What pictures have of the width.
    pictures: u32,
    width: u32,
    height: u32,
}

impl Screen {
    /// Whose picture it is, at its lower left corner.
    fn name(&self, tile: &Tile, people: &[Participant]) -> Option<Label> {
        let TileSource::Participant {
            participant,
            source,
        } = &tile.source
        else {
            return None;
        };
        let person = people.iter().find(|p| p.id == *participant)?;
        let line_height = self.name_line();
        let text = clean(&person.name, NAME, Keep::Start);
        let silent = *source == SourceKind::Camera && !person.microphone;
        let text = match (silent, text.is_empty()) {
            (true, _) => format!("{SILENT} {text}"),
            (false, true) => return None,
            (false, false) => text,
        };
        let high = box_height(line_height, 1);
        let area = Rect {
            y: below(tile.rect.y, tile.rect.height.saturating_sub(high)),
            height: high.min(tile.rect.height),
            ..tile.rect
        };
        Some(Label {
            area,
            place: Place::BottomLeft,
            line_height,
            lines: vec![words(text)],
        })
    }

    /// What people have to know who speak here, in a corner and without words.
    fn marks(&self, state: &MeetingState) -> Option<Label> {
        let marks = [
            (state.recording, "● REC"),
            (state.live_stream, "● LIVE"),
            (state.transcription, "✎ TEXT"),
        ];
        let on: Vec<&str> = marks
            .into_iter()
            .filter_map(|(on, m)| on.then_some(m))
            .collect();
        let line_height = self.height / 22;
        (!on.is_empty()).then(|| Label {
            area: Rect {
                x: 0,
                y: 0,
                width: self.pictures,
                height: box_height(line_height, 1),
            },
            place: Place::TopRight,
            line_height,
            lines: vec![words(on.join("   "))],
        })
    }

    /// The newest signs, above the captions.
    fn signs(&self, said: &Said) -> Option<Label> {
        let signs: Vec<_> = said.reactions().collect();
        let newest = signs.iter().skip(signs.len().saturating_sub(SIGNS));
        let lines: Vec<TextLine> = newest
            .map(|sign| TextLine {
                who: clean(&sign.emoji, 1, Keep::Start),
                text: clean(&sign.from, NAME, Keep::Start),
            })
            .collect();
        let line_height = self.height / 14;
        let most = u32::try_from(SIGNS).unwrap_or(1);
        let high = box_height(line_height, most);
        let bottom = self.height.saturating_sub(self.captions_height());
        (!lines.is_empty()).then(|| Label {
            area: Rect {
                x: 0,
                y: below(0, bottom.saturating_sub(high)),
                width: self.pictures / 2,
                height: high,
            },
            place: Place::BottomLeft,
            line_height,
            lines,
        })
    }

    fn captions(&self, said: &Said) -> Option<Label> {
        let lines: Vec<TextLine> = said
            .captions()
            .map(|caption| TextLine {
                who: clean(&caption.speaker, NAME, Keep::Start),
                text: clean(&caption.text, SENTENCE, Keep::End),
            })
            .filter(|line| !line.text.is_empty())
            .collect();
        let margin = self.pictures / 20;
        (!lines.is_empty()).then(|| Label {
            area: Rect {
                x: below(0, margin),
                y: below(0, self.height.saturating_sub(self.captions_height())),
                width: self.pictures - 2 * margin,
                height: box_height(self.caption_line(), CAPTION_LINES),
            },
            place: Place::BottomCentre,
            line_height: self.caption_line(),
            lines,
        })
    }

    fn caption_line(&self) -> u32 {
        self.height / 16
    }

    /// From the television's bottom: the names of the lowest pictures stay in view below.
    fn captions_height(&self) -> u32 {
        let names = box_height(self.name_line(), 1) + self.height / 72;
        box_height(self.caption_line(), CAPTION_LINES) + names
    }

    fn name_line(&self) -> u32 {
        self.height / 24
    }

    /// The column beside the pictures; it stands even when nothing was written yet.
    fn chat(&self, said: &Said) -> Label {
        let chat = said.chat();
        let newest = chat.len().saturating_sub(CHAT_LINES);
        let lines = chat.skip(newest).map(|line| TextLine {
            who: clean(&line.author, NAME, Keep::Start),
            text: clean(&line.text, CHAT, Keep::Start),
        });
        Label {
            area: Rect {
                x: below(0, self.pictures),
                y: 0,
                width: self.width - self.pictures,
                height: self.height,
            },
            place: Place::Fill,
            line_height: self.height / 24,
            lines: lines.collect(),
        }
    }
}

/// A box of so many lines with its margins, as [`Label::line_height`] says.
fn box_height(line_height: u32, lines: u32) -> u32 {
    line_height * lines + 2 * (line_height / 4)
}

fn below(y: i32, by: u32) -> i32 {
    y.saturating_add_unsigned(by)
}

fn words(text: String) -> TextLine {
    TextLine {
        who: String::new(),
        text,
    }
}

/// Which end of a text that is too long stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    Start,
    End,
}

/// One line of at most so many characters, without what steers instead of being read.
fn clean(text: &str, most: usize, keep: Keep) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !steers(*c)));
    }
    let characters: Vec<&str> = line.graphemes(true).collect();
    let cut = characters.len() > most;
    let kept = match (cut, keep) {
        (false, _) => &characters[..],
        (true, Keep::Start) => &characters[..most],
        (true, Keep::End) => &characters[characters.len() - most..],
    };
    let mut shown: String = kept.iter().map(|c| bounded(c)).collect();
    if cut && keep == Keep::End {
        shown.insert(0, '…');
    } else if cut && most > 1 {
        shown.push('…');
    }
    shown
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
