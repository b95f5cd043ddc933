//! Text as a picture for the television: light letters on a dark ground, with compiled-in fonts
//! only, so that pixels agree on every machine. Pure.

use std::sync::Arc;

use cosmic_text::{
    Align, Attrs, Buffer, CacheKeyFlags, Color, Ellipsize, EllipsizeHeightLimit, Fallback, Family,
    FontSystem, Metrics, Shaping, SwashCache, Weight, Wrap, fontdb,
};
use saal_media_protocol::{Label, Place, TextLine};

/// Inter as one variable font of all weights.
const TEXT: &str = "Inter V";
/// Families that stand in for what Inter lacks: Arabic, Hebrew and symbols, then emoji.
const STAND_INS: [&str; 2] = ["DejaVu Sans", "Noto Emoji"];
/// Weights of words and of whose they are: both heavier than on a panel, which is read from near.
const WORDS: u16 = 500;
const WHO: u16 = 700;
/// Luma of ground and letters: not the range's ends, which televisions sharpen.
const GROUND: u8 = 28;
const INK: u8 = 228;
/// An em is this part of the distance between lines.
const EM: f32 = 0.76;
/// Glyph pictures kept; a meeting shows a few hundred.
const MOST_GLYPHS: usize = 2048;

struct StandIns;

impl Fallback for StandIns {
    fn common_fallback(&self) -> &[&'static str] {
        &STAND_INS
    }

    fn forbidden_fallback(&self) -> &[&'static str] {
        &[]
    }

    fn script_fallback(&self, _: unicode_script::Script, _: &str) -> &[&'static str] {
        &[]
    }
}

/// A label drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lettered {
    /// Pixels from the television's left edge.
    pub x: i32,
    /// Pixels from the television's top edge.
    pub y: i32,
    /// Pixels; even, as 4:2:0 wants.
    pub width: u32,
    /// Pixels; even.
    pub height: u32,
    /// Row by row without gaps.
    pub luma: Vec<u8>,
}

/// All fonts and the glyphs drawn so far.
pub struct Lettering {
    system: FontSystem,
    glyphs: SwashCache,
}

impl std::fmt::Debug for Lettering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lettering").finish_non_exhaustive()
    }
}

impl Default for Lettering {
    fn default() -> Self {
        let system =
            FontSystem::new_with_locale_and_db_and_fallback("en".to_owned(), fonts(), StandIns);
        Self {
            system,
            glyphs: SwashCache::new(),
        }
    }
}

/// The room that a label has for its text.
struct Space {
    /// Margins beside and above.
    beside: u32,
    above: u32,
    width: u32,
    lines: u32,
}

impl Space {
    /// None for an area that is too small for a line.
    fn of(label: &Label) -> Option<Self> {
        let (beside, above) = (label.line_height / 2, label.line_height / 4);
        let width = label.area.width.checked_sub(2 * beside)?;
        let height = label.area.height.checked_sub(2 * above)?;
        let lines = height.checked_div(label.line_height)?;
        (lines > 0 && width > label.line_height).then_some(Self {
            beside,
            above,
            width,
            lines,
        })
    }
}

/// Whether any text fits.
#[must_use]
pub fn has_room(label: &Label) -> bool {
    Space::of(label).is_some()
}

impl Lettering {
    /// Draws a label; `None` when its area is too small for any text.
    pub fn draw(&mut self, label: &Label) -> Option<Lettered> {
        let space = Space::of(label)?;
        if self.glyphs.image_cache.len() > MOST_GLYPHS {
            self.glyphs.image_cache.clear();
        }
        let buffer = self.shape(label, &space);
        let (left, width, lines) = extent(&buffer);
        let shown = lines.min(space.lines);
        // What scrolls out of the box at its top.
        let hidden = (lines - shown) * label.line_height;
        let text_height = shown * label.line_height;
        let fills = label.place == Place::Fill;
        let (width, height) = match label.place {
            Place::Fill => (label.area.width, label.area.height),
            _ => (
                (width + 2 * space.beside).min(label.area.width),
                text_height + 2 * space.above,
            ),
        };
        let (width, height) = (even_up(width), even_up(height));
        let top = if fills {
            height - text_height - space.above
        } else {
            space.above
        };
        let mut lettered = place(label, width, height);
        // Text is laid out in the whole width; the box begins where the text does.
        let shift = if fills { 0 } else { left };
        let origin = (signed(space.beside) - shift, signed(top) - signed(hidden));
        self.ink(&buffer, origin, top, &mut lettered);
        Some(lettered)
    }

    fn shape(&mut self, label: &Label, space: &Space) -> Buffer {
        let line_height = label.line_height as f32;
        let metrics = Metrics::new((line_height * EM).round(), line_height);
        let mut buffer = Buffer::new(&mut self.system, metrics);
        if space.lines == 1 {
            buffer.set_wrap(Wrap::None);
            buffer.set_ellipsize(Ellipsize::End(EllipsizeHeightLimit::Lines(1)));
        } else {
            buffer.set_wrap(Wrap::WordOrGlyph);
        }
        buffer.set_size(Some(space.width as f32), None);
        let align = (label.place == Place::BottomCentre).then_some(Align::Center);
        let spans = label.lines.iter().enumerate().flat_map(spans);
        let spans: Vec<(String, u16)> = spans.collect();
        let spans = spans
            .iter()
            .map(|(text, weight)| (text.as_str(), attributes(*weight)));
        buffer.set_rich_text(spans, &attributes(WORDS), Shaping::Advanced, align);
        buffer.shape_until_scroll(&mut self.system, false);
        buffer
    }

    /// Draws glyphs whose text begins at `origin`; nothing above `top`.
    fn ink(&mut self, buffer: &Buffer, origin: (i32, i32), top: u32, onto: &mut Lettered) {
        for run in buffer.layout_runs() {
            for glyph in run.glyphs {
                let physical = glyph.physical((0.0, run.line_y), 1.0);
                let at = (origin.0 + physical.x, origin.1 + physical.y);
                let put = |dx: i32, dy: i32, color: Color| {
                    blend(onto, top, (at.0 + dx, at.1 + dy), color.a());
                };
                self.glyphs.with_pixels(
                    &mut self.system,
                    physical.cache_key,
                    Color::rgb(0xFF, 0xFF, 0xFF),
                    put,
                );
            }
        }
    }
}

/// Whose words they are and the words, on a line of their own.
fn spans((index, line): (usize, &TextLine)) -> [(String, u16); 2] {
    let begin = if index == 0 { "" } else { "\n" };
    let gap = if line.who.is_empty() || line.text.is_empty() {
        ""
    } else {
        "  "
    };
    [
        (format!("{begin}{}", line.who), WHO),
        (format!("{gap}{}", line.text), WORDS),
    ]
}

fn attributes(weight: u16) -> Attrs<'static> {
    Attrs::new()
        .family(Family::Name(TEXT))
        .weight(Weight(weight))
        .cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
}

/// Where the text begins from the left, how wide it is, in pixels, and how many lines it has.
fn extent(buffer: &Buffer) -> (i32, u32, u32) {
    let (mut left, mut right, mut lines) = (f32::MAX, 0.0_f32, 0);
    for run in buffer.layout_runs() {
        lines += 1;
        for glyph in run.glyphs {
            left = left.min(glyph.x);
            right = right.max(glyph.x + glyph.w);
        }
    }
    let left = left.min(right).floor();
    (left as i32, (right - left).ceil() as u32, lines)
}

/// The box of a label without its text.
fn place(label: &Label, width: u32, height: u32) -> Lettered {
    let area = label.area;
    let right = signed(area.width) - signed(width);
    let bottom = signed(area.height) - signed(height);
    let (dx, dy) = match label.place {
        Place::TopRight => (right, 0),
        Place::BottomLeft => (0, bottom),
        Place::BottomCentre => (right / 2, bottom),
        Place::Fill => (0, 0),
    };
    Lettered {
        x: area.x + dx,
        y: area.y + dy,
        width,
        height,
        luma: vec![GROUND; width as usize * height as usize],
    }
}

fn blend(onto: &mut Lettered, top: u32, (x, y): (i32, i32), alpha: u8) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
        return;
    };
    if x >= onto.width || y < top || y >= onto.height {
        return;
    }
    let pixel = &mut onto.luma[(y * onto.width + x) as usize];
    let (under, alpha) = (u16::from(*pixel), u16::from(alpha));
    *pixel = ((under * (255 - alpha) + u16::from(INK) * alpha) / 255) as u8;
}

fn fonts() -> fontdb::Database {
    let mut database = fontdb::Database::new();
    let binary = |bytes: &'static [u8]| fontdb::Source::Binary(Arc::new(bytes));
    database.load_font_source(binary(ttf_inter::REGULAR));
    for (bytes, weights) in [
        (dejavu::sans::regular(), &[WORDS][..]),
        (dejavu::sans::bold(), &[WHO]),
        (epaint_default_fonts::NOTO_EMOJI_REGULAR, &[WORDS, WHO]),
    ] {
        register(&mut database, binary(bytes), weights);
    }
    database
}

/// Registers a font under weights that it does not claim, else it would be passed over.
fn register(database: &mut fontdb::Database, source: fontdb::Source, weights: &[u16]) {
    for id in database.load_font_source(source) {
        let Some(face) = database.face(id).cloned() else {
            continue;
        };
        database.remove_face(id);
        for weight in weights {
            let weight = Weight(*weight);
            database.push_face_info(fontdb::FaceInfo {
                weight,
                ..face.clone()
            });
        }
    }
}

fn even_up(n: u32) -> u32 {
    n.next_multiple_of(2)
}

fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
