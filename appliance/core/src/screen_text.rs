//! What the television shows as text: names on the pictures, signs, marks, captions, the chat.
//!
//! Sizes are parts of the television's height, which for 55 inches of 16:9 is 685 mm. From 4 m,
//! capitals of 16 minutes of arc (ISO 9241-303), 19 mm, are read without effort: a line of a
//! twentieth. Ten minutes are read with some, which is the least that is shown at all.
//!
//! Captions and chat have places of their own, so that they hide nobody. Others write most of the
//! text, so it is cut to what can be shown.

mod no_picture;
mod sentences;

pub(crate) use no_picture::Large;
use no_picture::NoPicture;
use saal_fleet_protocol::config::Language;
use saal_media_protocol::{Ground, Label, Place, Rect, SourceKind, TextLine, Tile, TileSource};
use saal_meeting::{MeetingState, Participant, Ring};
pub(crate) use sentences::camera_notices;
use sentences::unreadable;

use crate::{
    Displays, InCall, Said, Seen,
    layout::{even, picture_in, tiles},
    one_line::{Keep, clean},
};

/// Lines of captions below the pictures, as subtitles have everywhere.
const CAPTION_LINES: u32 = 2;
/// Signs at once, with hands.
const SIGNS: usize = 3;
/// Lines of chat that fit beside the pictures; of long ones fewer.
const CHAT_LINES: usize = 20;
/// Characters of a name; the rest is cut by the width of its picture.
const NAME: usize = 60;
/// Where a picture is missing, so many lines say why; the smallest has twenty characters
/// in each, and what does not fit would be missing at the beginning.
const REASON_LINES: u32 = 3;
const REASON_NAME: usize = 26;
/// Characters of a sentence: more than [`CAPTION_LINES`] hold.
const SENTENCE: usize = 240;
/// Characters of a line of chat.
const CHAT: usize = 400;
/// Somebody wants to say something.
const HAND: &str = "✋";
/// Somebody speaks.
const VOICE: &str = "🔊";
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
pub(crate) fn labels(
    call: &InCall,
    standing: Standing,
    language: Language,
    (width, height): (u32, u32),
) -> Vec<Label> {
    let screen = Screen {
        language,
        pictures: pictures_size(&call.said, width, height),
        width,
        height,
        large: standing.large,
    };
    let (pictures_width, pictures_height) = screen.pictures;
    let people = &call.participants;
    let stage = call.stage(standing.camera_muted, standing.displays);
    let tiles = tiles(&stage, pictures_width, pictures_height);
    let names: Vec<(&Participant, Label)> = tiles
        .iter()
        .filter_map(|tile| screen.name(tile, people))
        .collect();
    let raised = people.iter().filter(|p| p.hand_raised);
    let named = |p: &&Participant| names.iter().any(|(named, _)| named.id == p.id);
    let unseen = Unseen {
        hands: raised.filter(|p| !named(p)).collect(),
        voices: people.iter().filter(|p| p.speaking && !named(p)).collect(),
    };
    let chat = call.said.is_chat_shown().then(|| screen.chat(&call.said));
    let signs = screen.signs(&call.said, unseen);
    let names = names.iter().map(|(_, label)| label.clone());
    names
        .chain(screen.marks(&call.state, standing.seen))
        .chain(screen.page(&stage.seen()))
        .chain(standing.day.map(|words| screen.day(words)))
        .chain(chat)
        .chain(signs)
        .chain(screen.captions(&call.said))
        .chain(standing.reconnecting.then(|| screen.reconnecting()))
        .collect()
}

/// What the room itself is like, beside the call.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) camera_muted: bool,
    pub(crate) displays: Displays,
    /// The connection is lost and comes back by itself.
    pub(crate) reconnecting: bool,
    /// Somebody looks at the room from elsewhere.
    pub(crate) seen: bool,
    /// Whose pictures can't be shown.
    pub(crate) large: Large,
    /// What the day wants of people now.
    pub(crate) day: Option<String>,
}

/// People whose name stands on no picture.
struct Unseen<'a> {
    hands: Vec<&'a Participant>,
    voices: Vec<&'a Participant>,
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
    large: Large,
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
        let missing = NoPicture::of(person, *source, &self.large);
        let picture = picture_in(tile.rect);
        let line_height = (picture.height / 7).min(self.line());
        if line_height < self.height / 36 {
            return None;
        }
        let high = box_height(line_height, 1);
        let below = tile.rect.height - picture.height - (tile.rect.height - picture.height) / 2;
        let area = if missing.is_some() {
            // There is no picture to hide.
            corner(
                picture,
                box_height(line_height, REASON_LINES),
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
        let text = name_of(person, camera, missing, self.language)?;
        if camera && !person.camera && missing.is_none() {
            // There is no picture at all.
            let middle = picture.height.saturating_sub(high) / 2;
            let area = Rect {
                y: down(picture.y, middle),
                height: high,
                ..picture
            };
            let lines = vec![words(text)];
            let label = label(area, Place::BottomCentre, line_height, lines);
            return Some((person, Self::speaking(person, label)));
        }
        let label = label(area, Place::BottomLeft, line_height, vec![words(text)]);
        let label = if camera {
            Self::speaking(person, label)
        } else {
            label
        };
        Some((person, label))
    }

    /// Who speaks has a name that stands out.
    fn speaking(person: &Participant, label: Label) -> Label {
        let ground = if person.speaking {
            Ground::Green
        } else {
            label.ground
        };
        Label { ground, ..label }
    }

    /// What people have to know who speak here, in a corner and without words.
    fn marks(&self, state: &MeetingState, seen: bool) -> Option<Label> {
        let marks = [
            (state.recording, "● REC"),
            (state.live_stream, "● LIVE"),
            (state.transcription, "✎ TEXT"),
            (seen, "◉ IT"),
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

    /// Which of many people are seen, in the corner where no name begins.
    fn page(&self, seen: &Seen<'_>) -> Option<Label> {
        if seen.pages == 1 {
            return None;
        }
        let (line_height, inset) = (self.line(), inset(self.height));
        let high = box_height(line_height, 1);
        let area = Rect {
            x: down(0, inset),
            y: down(0, self.pictures.1.saturating_sub(high + inset)),
            width: self.pictures.0 - 2 * inset,
            height: high,
        };
        let (from, to) = (seen.from + 1, seen.from + seen.people.len());
        let text = if from == to {
            format!("{from} / {}", seen.count)
        } else {
            format!("{from}\u{2013}{to} / {}", seen.count)
        };
        let lines = vec![words(text)];
        Some(label(area, Place::TopRight, line_height, lines))
    }

    /// In the middle of the upper edge, where neither marks nor signs are.
    fn day(&self, text: String) -> Label {
        let (line_height, inset) = (self.line(), inset(self.height));
        let margin = self.pictures.0 / 5;
        let area = Rect {
            x: down(0, margin),
            y: down(0, inset),
            width: self.pictures.0.saturating_sub(2 * margin),
            height: box_height(line_height, 2),
        };
        label(area, Place::BottomCentre, line_height, vec![words(text)])
    }

    /// The picture stands still and nobody hears the room; it tries again by itself.
    fn reconnecting(&self) -> Label {
        let text = match self.language {
            Language::De => "Verbindung unterbrochen – wird wiederhergestellt",
            Language::En => "Connection lost – reconnecting",
        };
        let line_height = self.height / 16;
        let high = box_height(line_height, 2);
        let margin = self.width / 10;
        let area = Rect {
            x: down(0, margin),
            y: down(0, self.height.saturating_sub(high) / 2),
            width: self.width.saturating_sub(2 * margin),
            height: high,
        };
        let lines = vec![words(text.to_owned())];
        Label {
            ground: Ground::Red,
            ..label(area, Place::BottomCentre, line_height, lines)
        }
    }

    /// Hands and voices of people whose picture is not there, and the newest signs, one below the
    /// other in the other corner.
    fn signs(&self, said: &Said, unseen: Unseen<'_>) -> impl Iterator<Item = Label> + use<> {
        let of = |sign: &str, people: &[&Participant]| {
            let names: Vec<String> = people
                .iter()
                .take(SIGNS)
                .map(|p| clean(&p.name, NAME, Keep::Start))
                .collect();
            (!names.is_empty()).then(|| TextLine {
                who: sign.to_owned(),
                text: clean(&names.join(", "), NAME, Keep::Start),
            })
        };
        let [hands, voices] = [of(HAND, &unseen.hands), of(VOICE, &unseen.voices)];
        let room = SIGNS - usize::from(hands.is_some()) - usize::from(voices.is_some());
        let signs: Vec<_> = said.reactions().collect();
        let newest = signs.iter().skip(signs.len().saturating_sub(room));
        let signs = newest.map(|sign| TextLine {
            who: clean(&sign.emoji, 1, Keep::Start),
            text: clean(&sign.from, NAME, Keep::Start),
        });
        let lines: Vec<TextLine> = hands.into_iter().chain(voices).chain(signs).collect();
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
                text: match clean(&line.text, CHAT, Keep::Start) {
                    nothing if nothing.is_empty() => unreadable(self.language),
                    text => text,
                },
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
fn name_of(
    person: &Participant,
    camera: bool,
    missing: Option<NoPicture>,
    language: Language,
) -> Option<String> {
    let hand = (camera && person.hand_raised).then_some(HAND);
    let silent = (camera && !person.microphone).then_some(SILENT);
    let name = match missing {
        Some(why) => why.words(&clean(&person.name, REASON_NAME, Keep::Start), language),
        None => clean(&person.name, NAME, Keep::Start),
    };
    let name = (!name.is_empty()).then_some(name.as_str());
    let parts: Vec<&str> = [hand, silent, name].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
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
