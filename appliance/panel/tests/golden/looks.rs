//! How an example is looked at: which panel hangs there and how people want it.

use std::{collections::BTreeSet, fmt};

use saal_fleet_protocol::config::{Language, ScalePercent, Theme};
use saal_panel::View;

pub(crate) const LANGUAGES: [Language; 2] = [Language::De, Language::En];
const THEMES: [Theme; 3] = [Theme::Light, Theme::Dark, Theme::Contrast];
/// Panels of 7, 7 to 10, 10 to 12 and 15 inch, as they are sold.
const SIZES: [(u32, u32); 4] = [(800, 480), (1024, 600), (1280, 800), (1920, 1080)];

/// One way to look at an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) language: Language,
    pub(crate) theme: Theme,
    /// Pixels.
    pub(crate) size: (u32, u32),
    pub(crate) scale: ScalePercent,
    pub(crate) left_handed: bool,
}

impl fmt::Display for Look {
    /// What a person searches for in the list: `de contrast 1280x800 100 right`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theme = format!("{:?}", self.theme).to_lowercase();
        let (width, height) = self.size;
        let hand = if self.left_handed { "left" } else { "right" };
        let (language, percent) = (tag(self.language), self.scale.get());
        write!(f, "{language} {theme} {width}x{height} {percent} {hand}")
    }
}

fn tag(language: Language) -> &'static str {
    match language {
        Language::De => "de",
        Language::En => "en",
    }
}

impl Look {
    /// As it is when nobody chose anything.
    pub(crate) fn plain(language: Language, theme: Theme) -> Self {
        Self {
            language,
            theme,
            size: (1280, 800),
            scale: ScalePercent::default(),
            left_handed: false,
        }
    }

    /// A view becomes one that is looked at like this.
    pub(crate) fn applied_to(&self, view: &mut View) {
        (view.width, view.height) = self.size;
        view.comfort.theme = self.theme;
        view.comfort.scale = self.scale;
        view.comfort.left_handed = self.left_handed;
    }

    /// What a pair is made of.
    fn choices(&self) -> [String; 6] {
        let (width, height) = self.size;
        [
            format!("{} inch", inches(width.max(height))),
            format!("portrait {}", height > width),
            format!("{} %", self.scale.get()),
            format!("left-handed {}", self.left_handed),
            format!("{:?}", self.theme),
            format!("{:?}", self.language),
        ]
    }
}

fn inches(long: u32) -> &'static str {
    match long {
        800 => "7",
        1024 => "7 to 10",
        1280 => "10 to 12",
        _ => "15",
    }
}

/// All looks at the example of this name: every language and theme as it is, and five in which each size of text, each
/// panel, both hands and both ways to hang come up. They follow from the name, so that another example changes no others.
pub(crate) fn of(name: &str) -> Vec<Look> {
    let plain = LANGUAGES.map(|language| THEMES.map(|theme| Look::plain(language, theme)));
    let seed = usize::from(crc16(name.as_bytes()));
    let selected = (0..ScalePercent::ALL.len()).map(|row| selected(seed, row));
    let mut looks: Vec<Look> = plain.into_iter().flatten().chain(selected).collect();
    looks.dedup();
    looks
}

/// The `row`th of five.
fn selected(seed: usize, row: usize) -> Look {
    let (long, short) = SIZES[(row + seed) % SIZES.len()];
    let portrait = (row + seed / 4) % 2 == 1;
    Look {
        language: LANGUAGES[((row + seed / 8) / 2) % 2],
        theme: THEMES[(row + seed / 16) % THEMES.len()],
        size: if portrait {
            (short, long)
        } else {
            (long, short)
        },
        scale: ScalePercent::ALL[row],
        left_handed: ((row + seed / 64) / 2) % 2 == 1,
    }
}

/// CRC-16/ARC: spreads names, nothing more.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xa001 } else { 0 }
        })
    })
}

/// Pairs of choices that no look has, where each of the two comes up.
pub(crate) fn missing_pairs(looks: &[Look]) -> Vec<String> {
    let all: Vec<[String; 6]> = looks.iter().map(Look::choices).collect();
    let mut missing = Vec::new();
    for first in 0..6 {
        for second in first + 1..6 {
            let of = |at: usize| all.iter().map(|c| &c[at]).collect::<BTreeSet<_>>();
            let pair = |c: &[String; 6], a: &String, b: &String| c[first] == *a && c[second] == *b;
            for a in of(first) {
                let lacks = |b: &&String| !all.iter().any(|c| pair(c, a, b));
                let lacking = of(second).into_iter().filter(lacks);
                missing.extend(lacking.map(|b| format!("{a} with {b}")));
            }
        }
    }
    missing
}
