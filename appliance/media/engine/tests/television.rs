//! The television as people see it, against golden pictures: tiles and text as the room wants
//! them, drawn by the engine's lettering over simulated pictures. No pixel may differ.
//!
//! `SAAL_BLESS=1 cargo test -p saal-media --test television` accepts what is drawn now; look at it
//! first.

#![allow(clippy::unwrap_used, reason = "tests and what only they call")]

#[path = "../../../core/tests/common/mod.rs"]
mod common;

use std::{fs, path::Path};

use common::{Bench, config, config_text, participant};
use saal_core::{Effect, Event, Intent};
use saal_hal_sim::{I420Picture, pattern};
use saal_media::lettering::Lettering;
use saal_media_protocol::{Label, MediaCommand, Rect, Tile};
use saal_meeting::{CallEvent, Caption, ChatLine, MeetingState, Participant};

/// Of the pictures in the repository.
const SIZE: (u32, u32) = (1280, 720);
/// The largest picture that people want in a repository.
const MOST_BYTES: usize = 100_000;

/// A room in a meeting, and what its engine was told last.
struct Room {
    bench: Bench,
    tiles: Vec<Tile>,
    labels: Vec<Label>,
}

impl Room {
    fn new() -> Self {
        let mut room = Self {
            bench: Bench::in_call(),
            tiles: Vec::new(),
            labels: Vec::new(),
        };
        let (width, height) = size();
        let television = format!("\n[television]\nwidth = {width}\nheight = {height}\n");
        room.tell(Event::Config(config(&(config_text() + &television))));
        room.state(|_| ());
        room
    }

    fn tell(&mut self, event: Event) {
        for effect in self.bench.tell(event) {
            match effect {
                Effect::Media(MediaCommand::SetTiles { tiles }) => self.tiles = tiles,
                Effect::Media(MediaCommand::SetText { labels }) => self.labels = labels,
                _ => {}
            }
        }
    }

    fn hear(&mut self, event: CallEvent) {
        let call = self.bench.call();
        self.tell(Event::Call(call, event));
    }

    fn state(&mut self, change: impl FnOnce(&mut MeetingState)) {
        let mut state = MeetingState {
            chat: true,
            ..MeetingState::default()
        };
        change(&mut state);
        self.hear(CallEvent::State(Box::new(state)));
    }

    fn people(&mut self, names: &[&str]) {
        self.hear(CallEvent::Participants(people(names)));
    }

    fn captions(&mut self, lines: &[(&str, &str)]) {
        for (id, (speaker, text)) in lines.iter().enumerate() {
            self.hear(CallEvent::Caption(Caption {
                id: id.to_string(),
                speaker: (*speaker).to_owned(),
                text: (*text).to_owned(),
                is_final: false,
            }));
        }
    }

    fn chat(&mut self, lines: &[(&str, &str)]) {
        for (id, (author, text)) in lines.iter().enumerate() {
            self.hear(CallEvent::Chat(ChatLine {
                id: id.to_string(),
                author: (*author).to_owned(),
                text: (*text).to_owned(),
                private: id == 2,
            }));
        }
        self.tell(Event::Intent(Intent::ShowChat(true)));
    }

    fn check(&self, name: &str) {
        let (width, height) = size();
        let mut screen = Canvas::new(width, height);
        for (index, tile) in self.tiles.iter().enumerate() {
            screen.tile(index, tile.rect);
        }
        let mut lettering = Lettering::default();
        for text in lettering.show(&self.labels) {
            let at = (text.x.unsigned_abs(), text.y.unsigned_abs());
            let [blue, red] = &text.chroma;
            screen.put(at, text.width, [&text.luma, blue, red]);
        }
        compare(name, &screen);
    }
}

/// With two who are silent and one who wants to speak.
fn people(names: &[&str]) -> Vec<Participant> {
    let person = |(index, name): (usize, &&str)| Participant {
        name: (*name).to_owned(),
        microphone: index % 4 != 1,
        hand_raised: index == 3,
        ..participant(name)
    };
    names.iter().enumerate().map(person).collect()
}

/// Another size is for looking only, as with `SAAL_TELEVISION=1920x1080`.
fn size() -> (u32, u32) {
    let wanted = std::env::var("SAAL_TELEVISION").ok();
    let sides = wanted.as_deref().and_then(|size| size.split_once('x'));
    sides.map_or(SIZE, |(w, h)| (w.parse().unwrap(), h.parse().unwrap()))
}

/// What the compositor would make of it.
struct Canvas {
    width: u32,
    height: u32,
    planes: [Vec<u8>; 3],
}

impl Canvas {
    fn new(width: u32, height: u32) -> Self {
        let pixels = (width * height) as usize;
        let chroma = || vec![128; pixels / 4];
        Self {
            width,
            height,
            planes: [vec![16; pixels], chroma(), chroma()],
        }
    }

    /// A moving picture of 16:9, fitted.
    fn tile(&mut self, seed: usize, area: Rect) {
        let even = |n: u32| n & !1;
        let width = even(area.width.min(area.height * 16 / 9));
        let height = even(width * 9 / 16);
        let mut picture = I420Picture::new(width, height);
        let code = pattern::Code {
            frame: 1_234,
            time_ms: 41_133,
        };
        pattern::draw(code, seed as u64, &mut picture.as_mut());
        let x = area.x.unsigned_abs() + (area.width - width) / 2;
        let y = area.y.unsigned_abs() + (area.height - height) / 2;
        let parts = picture.as_mut();
        self.put((even(x), even(y)), width, [&*parts.y, parts.u, parts.v]);
    }

    fn put(&mut self, (x, y): (u32, u32), width: u32, planes: [&[u8]; 3]) {
        for (index, plane) in planes.into_iter().enumerate() {
            let half = u32::from(index > 0);
            let (x, y, width) = (x >> half, y >> half, width >> half);
            let stride = self.width >> half;
            for (row, pixels) in plane.chunks(width as usize).enumerate() {
                let start = (y as usize + row) * stride as usize + x as usize;
                self.planes[index][start..start + pixels.len()].copy_from_slice(pixels);
            }
        }
    }

    /// BT.709 of studio range, in integers.
    fn rgb(&self) -> Vec<u8> {
        let [luma, blue, red] = &self.planes;
        let pixel = |index: usize| {
            let (x, y) = (index % self.width as usize, index / self.width as usize);
            let chroma = y / 2 * (self.width as usize / 2) + x / 2;
            let y = 1_164 * (i32::from(luma[index]) - 16);
            let (u, v) = (i32::from(blue[chroma]) - 128, i32::from(red[chroma]) - 128);
            let rgb = [y + 1_793 * v, y - 213 * u - 533 * v, y + 2_112 * u];
            rgb.map(|c| ((c + 500) / 1_000).clamp(0, 255) as u8)
        };
        (0..luma.len()).flat_map(pixel).collect()
    }
}

fn compare(name: &str, screen: &Canvas) {
    let (size, rgb) = ((screen.width, screen.height), screen.rgb());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("television");
    let drawn = folder.join(format!("{name}-{}.png", screen.height));
    fs::create_dir_all(&folder).unwrap();
    let png = encode(size, &rgb);
    fs::write(&drawn, &png).unwrap();
    if size != SIZE {
        return;
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("goldens/{name}.png"));
    let known = fs::read(&golden).ok().map(|bytes| decode(&bytes));
    let same = known == Some((size, rgb));
    if !same && std::env::var_os("SAAL_BLESS").is_some() {
        assert!(png.len() <= MOST_BYTES, "{name}: {} bytes", png.len());
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, png).unwrap();
        return;
    }
    assert!(same, "{name} is another: drawn now: {}", drawn.display());
}

fn encode((width, height): (u32, u32), rgb: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_deflate_compression(png::DeflateCompression::Level(9));
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(rgb).unwrap();
    writer.finish().unwrap();
    bytes
}

fn decode(bytes: &[u8]) -> ((u32, u32), Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    ((info.width, info.height), rgb)
}

const SIX: [&str; 6] = [
    "Ayşe Yılmaz",
    "Jonas Weber",
    "Лена Ковальчук",
    "Marie-Luise von Hohenfels-Brandenstein",
    "نورة الحربي",
    "Σοφία",
];

#[test]
fn one_with_a_name() {
    let mut room = Room::new();
    room.people(&["Ayşe Yılmaz"]);
    room.check("one");
}

#[test]
fn two_with_names_below_their_pictures() {
    let mut room = Room::new();
    room.people(&["נועה לוי", "Jonas Weber"]);
    room.check("two");
}

#[test]
fn six_with_names_in_their_scripts() {
    let mut room = Room::new();
    room.people(&SIX);
    room.check("six");
}

#[test]
fn sixteen_with_names() {
    let mut room = Room::new();
    room.people(&[&SIX[..], &SIX[..], &SIX[..4]].concat());
    room.check("sixteen");
}

#[test]
fn captions_of_two_lines() {
    let mut room = Room::new();
    room.people(&["Jonas Weber", "Ayşe Yılmaz"]);
    room.captions(&[(
        "Jonas Weber",
        "Für die Größenordnung der Übertragung müssten wir die Überschüsse des Vorjahres \
         prüfen, und zwar möglichst früh.",
    )]);
    room.check("captions");
}

#[test]
fn chat_beside_the_pictures() {
    let mut room = Room::new();
    room.people(&SIX[..3]);
    room.chat(&[
        ("Ayşe Yılmaz", "Guten Morgen zusammen!"),
        (
            "Jonas Weber",
            "Für die Auswertung vom Dienstag fehlen noch die Zahlen der drei Standorte im Norden. \
             Könnt ihr die bis morgen Mittag nachreichen?",
        ),
        (
            "Marie-Luise von Hohenfels-Brandenstein",
            "Etwas näher ans Mikrofon, bitte.",
        ),
        ("نورة الحربي", "صباح الخير 👋"),
        (
            "Лена Ковальчук",
            "https://example.org/protokolle/2026-11-23",
        ),
        ("Σοφία", "👍"),
    ]);
    room.check("chat");
}

#[test]
fn an_empty_chat() {
    let mut room = Room::new();
    room.people(&SIX[..1]);
    room.chat(&[]);
    room.check("chat-empty");
}

#[test]
fn everything_at_once() {
    let mut room = Room::new();
    let mut all = people(&SIX);
    all[0].content = true;
    all[3].camera = false;
    room.hear(CallEvent::Participants(all));
    room.state(|state| {
        state.recording = true;
        state.live_stream = true;
        state.transcription = true;
    });
    for (from, emoji) in [("Jonas Weber", "👏"), ("نورة الحربي", "❤"), ("Σοφία", "😂")]
    {
        room.hear(CallEvent::Reaction {
            from: from.to_owned(),
            emoji: emoji.to_owned(),
        });
    }
    room.captions(&[
        ("Ayşe Yılmaz", "So sieht der Entwurf jetzt aus."),
        ("نورة الحربي", "هل يمكن تكبير الصفحة الثانية؟"),
    ]);
    room.chat(&[("Jonas Weber", "Seite 2 bitte")]);
    room.check("everything");
}

#[test]
fn keys_that_are_missing() {
    let mut room = Room::new();
    let mut all = people(&SIX);
    for person in &mut all[2..5] {
        person.key_missing = true;
    }
    room.hear(CallEvent::Participants(all));
    room.check("keys");
}

#[test]
fn recording() {
    let mut room = Room::new();
    room.people(&["نورة الحربي"]);
    room.state(|state| state.recording = true);
    room.check("recording");
}

#[test]
fn hostile_names() {
    let mut room = Room::new();
    let marks = format!("Z{}", "\u{301}\u{322}".repeat(5_000));
    let long = "W".repeat(10_000);
    let steering = "\u{202e}evil\u{2066} \u{0}name";
    room.people(&[&marks, &long, steering, "👩‍👩‍👧‍👦 🏳️‍🌈", "", "ﷺ﷽"]);
    room.check("hostile");
}
