//! What the television shows as text: names on the pictures, signs, marks, captions, the chat.
//!
//! Sizes are parts of the television's height, which for 55 inches of 16:9 is 685 mm. From 4 m,
//! capitals of 16 minutes of arc (ISO 9241-303), 19 mm, are read without effort: a line of a
//! twentieth. Ten minutes are read with some, which is the least that is shown at all.
//!
//! Captions and chat have places of their own, so that they hide nobody. Others write most of the
//! text, so it is cut to what can be shown.

use saal_fleet_protocol::config::Language;
use saal_media_protocol::{Ground, Label, Place, Rect, SourceKind, TextLine, Tile, TileSource};
use saal_meeting::{MeetingState, Participant, Ring};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    InCall, Said,
    layout::{even, picture_in, tiles},
};

/// Lines of captions below the pictures, as subtitles have everywhere.
const CAPTION_LINES: u32 = 2;
/// Signs at once, with hands.
const SIGNS: usize = 3;
/// Lines of chat that fit beside the pictures; of long ones fewer.
const CHAT_LINES: usize = 20;
/// Characters of a name; the rest is cut by the width of its picture.
const NAME: usize = 60;
/// A picture that waits for a key has so many lines that say so; the smallest has twenty characters
/// in each, and what does not fit would be missing at the beginning.
const KEY_LINES: u32 = 3;
const KEY_NAME: usize = 26;
/// Characters of a sentence: more than [`CAPTION_LINES`] hold.
const SENTENCE: usize = 240;
/// Characters of a line of chat.
const CHAT: usize = 400;
/// Code points of one character: an emoji of a family of four with skin tones has eleven. What is
/// longer is made to look broken.
const MOST_POINTS: usize = 12;
/// Somebody wants to say something.
const HAND: &str = "✋";
/// Somebody's microphone is off.
const SILENT: &str = "🔇";
/// Written to the room alone.
const PRIVATE: &str = "🔒 ";
/// Somebody calls the room.
const TELEPHONE: &str = "📞";
/// Where the chat will be.
const NO_CHAT_YET: &str = "💬 Chat";

/// What is left of a television, in pixels, for pictures while the chat is shown beside them or
/// what is said is captioned below them.
#[must_use]
pub fn pictures_size(said: &Said, width: u32, height: u32) -> (u32, u32) {
    let beside = if said.is_chat_shown() {
        width * 3 / 10
    } else {
        0
    };
    let below = if said.is_captioned() {
        captions_height(height) + inset(height)
    } else {
        0
    };
    (even(width - beside), even(height - below))
}

/// All text, back to front; what changes most comes last.
pub(crate) fn labels(call: &InCall, language: Language, width: u32, height: u32) -> Vec<Label> {
    let screen = Screen {
        language,
        pictures: pictures_size(&call.said, width, height),
        width,
        height,
    };
    let (pictures_width, pictures_height) = screen.pictures;
    let (people, presenting) = (&call.participants, call.state.presenting);
    let tiles = tiles(people, presenting, pictures_width, pictures_height);
    let names: Vec<(&Participant, Label)> = tiles
        .iter()
        .filter_map(|tile| screen.name(tile, people))
        .collect();
    let raised = people.iter().filter(|p| p.hand_raised);
    let unseen = raised.filter(|p| !names.iter().any(|(named, _)| named.id == p.id));
    let chat = call.said.is_chat_shown().then(|| screen.chat(&call.said));
    let signs = screen.signs(&call.said, unseen);
    let names = names.iter().map(|(_, label)| label.clone());
    names
        .chain(screen.marks(&call.state))
        .chain(chat)
        .chain(signs)
        .chain(screen.captions(&call.said))
        .collect()
}

/// Who calls the room, in the middle: people who sit at the table see it before the panel.
pub(crate) fn ringing(ring: &Ring, width: u32, height: u32) -> Label {
    let line_height = height / 12;
    let name = clean(&ring.from, NAME, Keep::Start);
    let lines: Vec<TextLine> = [Some(format!("{TELEPHONE} {name}")), ring.meeting.clone()]
        .into_iter()
        .flatten()
        .map(|line| words(clean(&line, NAME, Keep::Start)))
        .collect();
    let rows = u32::try_from(lines.len()).unwrap_or(1);
    let high = box_height(line_height, rows);
    let margin = width / 20;
    let area = Rect {
        x: down(0, margin),
        y: down(0, height.saturating_sub(high) / 2),
        width: width.saturating_sub(2 * margin),
        height: high,
    };
    label(area, Place::BottomCentre, line_height, lines)
}

/// The television's measures, and what it speaks.
struct Screen {
    language: Language,
    /// What pictures have of it, from its upper left corner.
    pictures: (u32, u32),
    width: u32,
    height: u32,
}

impl Screen {
    /// The line that is read without effort.
    fn line(&self) -> u32 {
        self.height / 20
    }

    /// Whose picture it is: below it where the tile has room there, else on its lower left corner.
    /// None in tiles where it could not be read or would hide what somebody presents.
    fn name<'a>(&self, tile: &Tile, people: &'a [Participant]) -> Option<(&'a Participant, Label)> {
        let TileSource::Participant {
            participant,
            source,
        } = &tile.source
        else {
            return None;
        };
        let person = people.iter().find(|p| p.id == *participant)?;
        let camera = *source == SourceKind::Camera;
        let picture = picture_in(tile.rect);
        let line_height = (picture.height / 7).min(self.line());
        if line_height < self.height / 36 {
            return None;
        }
        let high = box_height(line_height, 1);
        let below = tile.rect.height - picture.height - (tile.rect.height - picture.height) / 2;
        let area = if person.key_missing {
            // There is no picture to hide.
            corner(
                picture,
                box_height(line_height, KEY_LINES),
                inset(self.height),
            )
        } else if below >= high {
            Rect {
                y: down(picture.y, picture.height),
                height: high,
                ..picture
            }
        } else if camera {
            corner(picture, high, inset(self.height))
        } else {
            return None;
        };
        let text = name_of(person, camera, self.language)?;
        let label = label(area, Place::BottomLeft, line_height, vec![words(text)]);
        Some((person, label))
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
        let (line_height, inset) = (self.line(), inset(self.height));
        let area = Rect {
            x: down(0, inset),
            y: down(0, inset),
            width: self.pictures.0 - 2 * inset,
            height: box_height(line_height, 1),
        };
        let lines = vec![words(on.join("   "))];
        (!on.is_empty()).then(|| Label {
            ground: Ground::Red,
            ..label(area, Place::TopRight, line_height, lines)
        })
    }

    /// Hands of people whose picture is not there, and the newest signs, one below the other in
    /// the other corner.
    fn signs<'a>(
        &self,
        said: &Said,
        hands: impl Iterator<Item = &'a Participant>,
    ) -> impl Iterator<Item = Label> {
        let hands: Vec<String> = hands
            .take(SIGNS)
            .map(|p| clean(&p.name, NAME, Keep::Start))
            .collect();
        let hands = (!hands.is_empty()).then(|| TextLine {
            who: HAND.to_owned(),
            text: clean(&hands.join(", "), NAME, Keep::Start),
        });
        let room = SIGNS - usize::from(hands.is_some());
        let signs: Vec<_> = said.reactions().collect();
        let newest = signs.iter().skip(signs.len().saturating_sub(room));
        let signs = newest.map(|sign| TextLine {
            who: clean(&sign.emoji, 1, Keep::Start),
            text: clean(&sign.from, NAME, Keep::Start),
        });
        let lines: Vec<TextLine> = hands.into_iter().chain(signs).collect();
        let (line_height, inset) = (self.line(), inset(self.height));
        let high = box_height(line_height, 1);
        let width = self.pictures.0 * 2 / 5;
        (0..).zip(lines).map(move |(index, line)| {
            let area = Rect {
                x: down(0, inset),
                y: down(0, inset + index * (high + inset)),
                width,
                height: high,
            };
            label(area, Place::BottomLeft, line_height, vec![line])
        })
    }

    /// Below the pictures.
    fn captions(&self, said: &Said) -> Option<Label> {
        let lines: Vec<TextLine> = said
            .captions()
            .map(|caption| TextLine {
                who: clean(&caption.speaker, NAME, Keep::Start),
                text: clean(&caption.text, SENTENCE, Keep::End),
            })
            .filter(|line| !line.text.is_empty())
            .collect();
        let margin = self.pictures.0 / 20;
        let area = Rect {
            x: down(0, margin),
            y: down(0, self.pictures.1),
            width: self.pictures.0 - 2 * margin,
            height: captions_height(self.height),
        };
        let line_height = caption_line(self.height);
        (!lines.is_empty()).then(|| label(area, Place::BottomCentre, line_height, lines))
    }

    /// The column beside the pictures; it stands even when nothing was written yet.
    fn chat(&self, said: &Said) -> Label {
        let chat = said.chat();
        let newest = chat.len().saturating_sub(CHAT_LINES);
        let mut lines: Vec<TextLine> = chat
            .skip(newest)
            .map(|line| TextLine {
                who: {
                    let mark = if line.private { PRIVATE } else { "" };
                    format!("{mark}{}", clean(&line.author, NAME, Keep::Start))
                },
                text: clean(&line.text, CHAT, Keep::Start),
            })
            .collect();
        if lines.is_empty() {
            lines.push(words(NO_CHAT_YET.to_owned()));
        }
        let area = Rect {
            x: down(0, self.pictures.0),
            y: 0,
            width: self.width - self.pictures.0,
            height: self.height,
        };
        label(area, Place::Fill, self.height / 22, lines)
    }
}

/// What a picture is called, with what its person's hand and microphone do.
fn name_of(person: &Participant, camera: bool, language: Language) -> Option<String> {
    let hand = (camera && person.hand_raised).then_some(HAND);
    let silent = (camera && !person.microphone).then_some(SILENT);
    let name = if person.key_missing {
        waiting_for_key(&clean(&person.name, KEY_NAME, Keep::Start), language)
    } else {
        clean(&person.name, NAME, Keep::Start)
    };
    let name = (!name.is_empty()).then_some(name.as_str());
    let parts: Vec<&str> = [hand, silent, name].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Why there is no picture. The panel's words are not the television's, which needs nothing else
/// that a sign can't say.
fn waiting_for_key(name: &str, language: Language) -> String {
    let (of, nameless) = match language {
        Language::De => ("Warten auf den Schlüssel von", "Warten auf einen Schlüssel"),
        Language::En => ("Waiting for the key of", "Waiting for a key"),
    };
    if name.is_empty() {
        nameless.to_owned()
    } else {
        format!("{of} {name}")
    }
}

/// The lowest part of a picture, not quite at its edges.
fn corner(picture: Rect, high: u32, inset: u32) -> Rect {
    Rect {
        x: down(picture.x, inset),
        y: down(picture.y, picture.height.saturating_sub(high + inset)),
        width: picture.width.saturating_sub(2 * inset),
        height: high,
    }
}

fn label(area: Rect, place: Place, line_height: u32, lines: Vec<TextLine>) -> Label {
    Label {
        area,
        place,
        line_height,
        lines,
        ground: Ground::Dark,
    }
}

fn caption_line(height: u32) -> u32 {
    height / 17
}

fn captions_height(height: u32) -> u32 {
    box_height(caption_line(height), CAPTION_LINES)
}

/// From edges that a television may hide.
fn inset(height: u32) -> u32 {
    height / 80
}

/// A box of so many lines with its margins, as [`Label::line_height`] says.
fn box_height(line_height: u32, lines: u32) -> u32 {
    line_height * lines + 2 * (line_height / 4)
}

fn down(from: i32, by: u32) -> i32 {
    from.saturating_add_unsigned(by)
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

/// One line of at most so many characters, without what steers instead of being read. Costs no
/// more for a long text.
fn clean(text: &str, most: usize, keep: Keep) -> String {
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
