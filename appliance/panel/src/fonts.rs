//! Text: shaping, direction, fallback and glyph pictures, with compiled-in fonts first and only then those of the system.

mod shaping;

use std::{collections::HashMap, sync::Arc};

use cosmic_text::{Buffer, CacheKey, FontSystem, SwashCache};
use embedded_graphics::{pixelcolor::Rgb888, prelude::RgbColor};
use saal_fonts::{Weights, font_system};
use saal_hal::FontBytes;
use shaping::{letters_of, shape};
use unicode_script::Script;

use crate::{icon::Icon, picture::Picture, plain::unisolated, style::TextStyle};

/// The weights of the type scale.
const WEIGHTS: Weights<'_> = Weights {
    regular: &[300, 400],
    bold: &[600],
};
/// Glyph pictures kept, half a kilobyte each; a panel shows a few hundred.
const MOST_GLYPHS: usize = 2_048;
/// Glyphs at places kept for screens that come again, some hundred kilobytes; a screen has some hundreds. Each second of a call
/// is a new text.
const MOST_SHAPED: usize = 8_192;

/// A text is written no smaller than this part of its size, so that no word of it is broken.
const LEAST: f32 = 0.7;
/// What is tried.
const STEPS: [f32; 3] = [0.9, 0.8, LEAST];

/// What a piece of text is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    style: TextStyle,
    /// Pixels at which it wraps or is cut; `None`: as wide as it wants.
    width: Option<u32>,
    icons: bool,
    /// It is written smaller rather than that a word of it is broken.
    gives_way: bool,
}

impl Key {
    /// As wide as it wants. How many lines it may have makes no difference then, and all ask for the same.
    fn in_one_line(&self) -> Self {
        let style = TextStyle {
            lines: 1,
            ..self.style
        };
        Self {
            style,
            width: None,
            ..self.clone()
        }
    }
}

/// What chooses the letters of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Letters {
    text: String,
    size: u32,
    weight: u16,
    figures: bool,
    icons: bool,
}

impl Letters {
    fn of(key: &Key) -> Self {
        Self {
            text: key.text.clone(),
            size: key.style.size,
            weight: key.style.weight,
            figures: key.style.figures,
            icons: key.icons,
        }
    }
}

/// Text as glyphs at places.
#[derive(Clone, Debug)]
pub(crate) struct Shaped {
    key: Key,
    /// Pixels.
    pub(crate) width: f32,
    /// Pixels.
    pub(crate) height: f32,
    /// A word goes on in the next line, because it is longer than one.
    pub(crate) breaks_a_word: bool,
    /// It is written smaller than its style says, because a word of it would be broken.
    pub(crate) lessened: bool,
    /// How wide the longest word is as it is written here, in pixels.
    longest_word: f32,
    glyphs: Vec<(CacheKey, i32, i32)>,
    /// No font has letters of this script.
    lacks: Option<Script>,
}

impl Shaped {
    /// Pixels of an em.
    #[cfg(test)]
    pub(crate) fn em(&self) -> u32 {
        self.key.style.size
    }

    /// What it says.
    #[cfg(test)]
    pub(crate) fn words(&self) -> Option<&str> {
        (!self.key.icons).then_some(&self.key.text)
    }
}

impl PartialEq for Shaped {
    /// The same key gives the same glyphs.
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Shaped {
    /// What it takes to keep it, in glyphs.
    fn cost(&self) -> usize {
        1 + self.glyphs.len()
    }

    /// How wide the room is that lines are placed in, in pixels: centred ones begin somewhere in it.
    pub(crate) fn room(&self) -> f32 {
        let room = self.key.width.map_or(0.0, |width| width as f32);
        self.width.max(room)
    }

    /// How far ink may go over its edges, in pixels: letters a little, marks above marks far.
    pub(crate) fn overhang(&self) -> f32 {
        const PLAIN: char = '\u{300}';
        let ems = if self.key.text.chars().all(|c| c < PLAIN) {
            1.0
        } else {
            4.0
        };
        self.key.style.size as f32 * ems
    }
}

/// All fonts and what was made with them.
pub(crate) struct Fonts {
    system: FontSystem,
    glyphs: SwashCache,
    shaped: HashMap<Key, (Arc<Shaped>, u64)>,
    /// Glyphs in there.
    kept: usize,
    /// Texts of this frame, which are broken into lines in several widths until one is theirs.
    letters: HashMap<Letters, Buffer>,
    frame: u64,
    /// Scripts that no font draws, and whether that was told.
    lacking: HashMap<Script, bool>,
}

impl Fonts {
    /// Beside the compiled-in fonts, these draw the scripts that they are for ([`saal_hal::stand_ins`]).
    pub(crate) fn new(others: &[FontBytes]) -> Self {
        Self {
            system: font_system(WEIGHTS, others),
            glyphs: SwashCache::new(),
            shaped: HashMap::new(),
            kept: 0,
            letters: HashMap::new(),
            frame: 0,
            lacking: HashMap::new(),
        }
    }

    /// Forgets what was used longest ago, where it is much.
    pub(crate) fn next_frame(&mut self) {
        self.letters.clear();
        if self.kept > MOST_SHAPED {
            let frame = self.frame;
            self.shaped.retain(|_, (_, used)| *used >= frame);
            self.kept = self.shaped.values().map(|(shaped, _)| shaped.cost()).sum();
        }
        self.frame += 1;
        if self.glyphs.image_cache.len() > MOST_GLYPHS {
            self.glyphs.image_cache.clear();
        }
    }

    /// Shapes a text; with a width it wraps to `style.lines` lines and ends with an ellipsis. It is written smaller where a
    /// word of it is a little longer than a line otherwise.
    pub(crate) fn text(&mut self, text: &str, style: TextStyle, width: Option<f32>) -> Arc<Shaped> {
        let key = Key {
            text: drawn(text),
            style,
            width: width.map(|w| w.max(1.0).ceil() as u32),
            icons: false,
            gives_way: true,
        };
        self.shape(match width {
            Some(_) => key,
            None => key.in_one_line(),
        })
    }

    /// An icon in a square of `size` pixels.
    pub(crate) fn icon(&mut self, icon: Icon, size: f32) -> Arc<Shaped> {
        let style = TextStyle {
            size: size as u32,
            weight: 400,
            lines: 1,
            stretch: 1,
            centred: false,
            figures: false,
        };
        self.shape(Key {
            text: icon.character().to_string(),
            style,
            width: None,
            icons: true,
            gives_way: false,
        })
    }

    fn shape(&mut self, key: Key) -> Arc<Shaped> {
        let frame = self.frame;
        if let Some((shaped, used)) = self.shaped.get_mut(&key) {
            *used = frame;
            return Arc::clone(shaped);
        }
        let shaped = match self.smaller(&key) {
            Some(smaller) => smaller,
            None => {
                let system = &mut self.system;
                let letters = self.letters.entry(Letters::of(&key));
                let buffer = letters.or_insert_with(|| letters_of(system, &key));
                shape(system, buffer, key.clone())
            }
        };
        let shaped = Arc::new(shaped);
        self.kept += shaped.cost();
        if let Some(script) = shaped.lacks {
            self.lacking.entry(script).or_default();
        }
        self.shaped.insert(key, (Arc::clone(&shaped), frame));
        shaped
    }

    /// A text with a word that is longer than a line, in the largest size in which none is; `None` where there is no such word,
    /// or no such size.
    fn smaller(&mut self, key: &Key) -> Option<Shaped> {
        let width = key.width.filter(|_| key.gives_way && key.style.lines > 1)? as f32;
        let natural = self.shape(key.in_one_line());
        if natural.longest_word <= width || natural.longest_word * LEAST > width {
            return None;
        }
        let size = key.style.size as f32;
        for step in STEPS {
            let style = TextStyle {
                size: (size * step) as u32,
                ..key.style
            };
            let smaller = |style| Key {
                style,
                gives_way: false,
                ..key.clone()
            };
            // What is behind the last line counts too, so that all of it has the same size however much is seen.
            if !self.shape(smaller(style.lines(u8::MAX))).breaks_a_word {
                let smaller = self.shape(smaller(style));
                return Some(Shaped {
                    key: key.clone(),
                    lessened: true,
                    ..Shaped::clone(&smaller)
                });
            }
        }
        None
    }

    /// Scripts that no font draws, by name (UAX #24), each once.
    pub(crate) fn lacking(&mut self) -> Vec<&'static str> {
        let all = self.lacking.iter_mut();
        let news = all.filter_map(|(script, told)| {
            let known = std::mem::replace(told, true);
            (!known).then(|| script.full_name())
        });
        news.collect()
    }

    /// Whether a compiled-in font has a picture for this character.
    #[cfg(test)]
    pub(crate) fn has(&mut self, c: char) -> bool {
        let style = TextStyle {
            size: 20,
            weight: 400,
            lines: 1,
            stretch: 1,
            centred: false,
            figures: false,
        };
        let shaped = self.text(&c.to_string(), style, None);
        shaped.glyphs.iter().all(|(key, ..)| key.glyph_id != 0)
    }

    /// Draws a text with the top left corner of its first line here.
    pub(crate) fn draw(
        &mut self,
        picture: &mut Picture,
        shaped: &Shaped,
        at: (f32, f32),
        colour: Rgb888,
    ) {
        let (left, top) = (at.0.round() as i32, at.1.round() as i32);
        for (key, x, y) in &shaped.glyphs {
            let ink = cosmic_text::Color::rgb(colour.r(), colour.g(), colour.b());
            let put = |dx: i32, dy: i32, c: cosmic_text::Color| {
                let over = Rgb888::new(c.r(), c.g(), c.b());
                picture.blend(left + x + dx, top + y + dy, over, c.a());
            };
            self.glyphs.with_pixels(&mut self.system, *key, ink, put);
        }
    }
}

/// As it is shaped: isolation only matters where directions meet, and lines may break where it begins and ends, between a
/// quotation mark and its first word.
fn drawn(text: &str) -> String {
    if text.chars().any(reads_from_the_right) {
        return text.to_owned();
    }
    unisolated(text)
}

/// Of a block whose characters run from right to left unless they say otherwise (`DerivedBidiClass.txt`, R and AL).
fn reads_from_the_right(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}
