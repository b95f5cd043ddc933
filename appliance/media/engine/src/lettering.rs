//! Text as a picture for the television: light letters on a dark ground, with compiled-in fonts
//! first, so that pixels agree on every machine. Pure.

use std::sync::Arc;

use cosmic_text::{
    Align, Attrs, Buffer, CacheKeyFlags, Color, Ellipsize, EllipsizeHeightLimit, Family,
    FontSystem, Metrics, Shaping, SwashCache, Weight, Wrap, fontdb,
};
use lucide_icons::Icon;
use saal_fonts::{ICONS, TEXT, Weights, font_system};
use saal_hal::FontBytes;
use saal_media_protocol::{Ground, Label, Place, TextLine};

/// Weights of words and of whose they are: both heavier than on a panel, which is read from near.
const WORDS: u16 = 500;
const WHO: u16 = 700;
const WEIGHTS: Weights<'_> = Weights {
    regular: &[WORDS],
    bold: &[WHO],
};
/// Luma of letters and of the dark ground: not the range's ends, which televisions sharpen.
const INK: u8 = 228;
const DARK: [u8; 3] = [28, GREY, GREY];
/// Y, Cb, Cr of a red (BT.709) that is dark enough for light letters.
const RED: [u8; 3] = [58, 113, 193];
/// Y, Cb, Cr of a green (BT.709) that is as dark.
const GREEN: [u8; 3] = [79, 121, 93];
/// Chroma without colour, which is that of letters.
const GREY: u8 = 128;
/// An em is this part of the distance between lines.
const EM: f32 = 0.76;
/// Icons stand on the baseline, by this part of an em too high for capitals.
const ICON_DROP: f32 = 0.13;
/// Glyph pictures kept; a meeting shows a few hundred.
const MOST_GLYPHS: usize = 2048;
/// Code points of a line that are drawn; more than any area of a television holds.
const MOST_POINTS: usize = 8192;
/// Pixels; no television is wider.
const MOST_PIXELS: u32 = 8192;

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
    /// Blue and red difference, half the size in both directions.
    pub chroma: [Vec<u8>; 2],
}

/// All fonts, and what was drawn with them.
pub struct Lettering {
    system: FontSystem,
    glyphs: SwashCache,
    icons: Option<fontdb::ID>,
    /// What is shown now.
    shown: Vec<(Label, Arc<Lettered>)>,
}

impl std::fmt::Debug for Lettering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lettering").finish_non_exhaustive()
    }
}

impl Default for Lettering {
    fn default() -> Self {
        Self::with_fonts(&[])
    }
}

impl Lettering {
    /// Draws scripts that the compiled-in fonts lack with these, each of which is one of [`saal_hal::stand_ins`].
    #[must_use]
    pub fn with_fonts(others: &[FontBytes]) -> Self {
        let system = font_system(WEIGHTS, others);
        let is_icons = |face: &&fontdb::FaceInfo| face.families.iter().any(|(n, _)| n == ICONS);
        let icons = system.db().faces().find(is_icons).map(|face| face.id);
        Self {
            system,
            glyphs: SwashCache::new(),
            icons,
            shown: Vec::new(),
        }
    }
}

/// The room that a label has for its text.
struct Space {
    /// Margins beside and above.
    beside: u32,
    above: u32,
    width: u32,
    height: u32,
    lines: u32,
    /// Between what begins on a line of its own.
    gap: u32,
}

impl Space {
    /// None for an area that is too small for a line.
    fn of(label: &Label) -> Option<Self> {
        if label.area.width > MOST_PIXELS || label.area.height > MOST_PIXELS {
            return None;
        }
        let (beside, above) = (label.line_height / 2, label.line_height / 4);
        let width = label.area.width.checked_sub(2 * beside)?;
        let height = label.area.height.checked_sub(2 * above)?;
        let lines = height.checked_div(label.line_height)?;
        let gap = match label.place {
            Place::Fill => label.line_height / 3,
            _ => 0,
        };
        (lines > 0 && width > label.line_height).then_some(Self {
            beside,
            above,
            width,
            height,
            lines,
            gap,
        })
    }
}

impl Lettering {
    /// These labels drawn, without those whose area is too small for any text. What is shown
    /// already is the same again, not drawn anew.
    pub fn show(&mut self, wanted: &[Label]) -> Vec<Arc<Lettered>> {
        let mut shown = Vec::new();
        for label in wanted {
            let known = self.shown.iter().find(|(known, _)| known == label);
            let drawn = match known {
                Some((_, drawn)) => Some(drawn.clone()),
                None => self.draw(label).map(Arc::new),
            };
            shown.extend(drawn.map(|drawn| (label.clone(), drawn)));
        }
        self.shown = shown;
        self.shown.iter().map(|(_, drawn)| drawn.clone()).collect()
    }

    /// Draws a label; `None` when its area is too small for any text.
    pub fn draw(&mut self, label: &Label) -> Option<Lettered> {
        let space = Space::of(label)?;
        let buffer = self.shape(label, &space);
        let text = Extent::of(&buffer, space.gap);
        let hidden = text.hidden(space.height);
        let text_height = text.height - hidden;
        let fills = label.place == Place::Fill;
        let (width, height) = match label.place {
            Place::Fill => (label.area.width, label.area.height),
            _ => (
                (text.width + 2 * space.beside).min(label.area.width),
                text_height + 2 * space.above,
            ),
        };
        let (width, height) = (even_up(width).max(2), even_up(height));
        let top = if fills {
            height - text_height - space.above
        } else {
            space.above
        };
        let mut lettered = place(label, width, height);
        // Text is laid out in the whole width; the box begins where the text does.
        let shift = if fills { 0 } else { text.left };
        let origin = (signed(space.beside) - shift, signed(top) - signed(hidden));
        self.ink(&buffer, space.gap, origin, top, &mut lettered);
        if label.ground != Ground::Dark {
            lettered.colour(ground(label.ground));
        }
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
        // Each begins a line, so earlier ones scroll out of the box.
        let earlier = label.lines.len().saturating_sub(space.lines as usize);
        let spans = label.lines[earlier..].iter().enumerate().flat_map(spans);
        let spans: Vec<Span> = spans.collect();
        let spans = spans.iter().map(|span| {
            let attributes = attributes(span.family, span.weight);
            (span.text.as_str(), attributes)
        });
        let plain = attributes(TEXT, WORDS);
        buffer.set_rich_text(spans, &plain, Shaping::Advanced, align);
        buffer.shape_until_scroll(&mut self.system, false);
        buffer
    }

    /// Draws glyphs whose text begins at `origin`; nothing above `top`.
    fn ink(
        &mut self,
        buffer: &Buffer,
        gap: u32,
        origin: (i32, i32),
        top: u32,
        onto: &mut Lettered,
    ) {
        for run in buffer.layout_runs() {
            let origin = (origin.0, origin.1 + signed(gaps_before(run.line_i, gap)));
            if self.glyphs.image_cache.len() > MOST_GLYPHS {
                self.glyphs.image_cache.clear();
            }
            for glyph in run.glyphs {
                let drop = if Some(glyph.font_id) == self.icons {
                    glyph.font_size * ICON_DROP
                } else {
                    0.0
                };
                let physical = glyph.physical((0.0, run.line_y + drop), 1.0);
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

/// Text of one look.
struct Span {
    text: String,
    family: &'static str,
    weight: u16,
}

impl Span {
    fn new(text: String, family: &'static str, weight: u16) -> Self {
        Self {
            text,
            family,
            weight,
        }
    }
}

/// Whose words they are and the words, on a line of their own. A name of another direction than
/// the words does not turn them (FSI, PDI of UAX #9).
fn spans((index, line): (usize, &TextLine)) -> Vec<Span> {
    let begin = if index == 0 { "" } else { "\n" };
    let (who, text) = (bounded(&line.who), bounded(&line.text));
    let who = match (who.is_empty(), text.is_empty()) {
        (true, _) => String::new(),
        (false, true) => who,
        (false, false) => format!("\u{2068}{who}\u{2069}  "),
    };
    let mut spans = Vec::new();
    for (text, weight) in [(format!("{begin}{who}"), WHO), (text, WORDS)] {
        for piece in text.split_inclusive(is_sign) {
            let sign = piece.chars().next_back().and_then(icon);
            let words = piece.trim_end_matches(is_sign).to_owned();
            spans.push(Span::new(words, TEXT, weight));
            let sign = sign.map(|icon| char::from(icon).to_string());
            spans.extend(sign.map(|icon| Span::new(icon, ICONS, WORDS)));
        }
    }
    spans
}

fn is_sign(c: char) -> bool {
    icon(c).is_some()
}

/// Signs that the panel has too look as they do there.
fn icon(sign: char) -> Option<Icon> {
    match sign {
        '🔇' => Some(Icon::MicOff),
        '✋' => Some(Icon::Hand),
        '🔒' => Some(Icon::Lock),
        _ => None,
    }
}

/// One line of it, as long as can be shown. Without embeddings and isolates of its own, which
/// cosmic-text panics on when they are nested deeper than UAX #9 allows.
fn bounded(text: &str) -> String {
    let separates = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let nests = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = text.chars().filter(|c| !nests(c)).take(MOST_POINTS);
    kept.map(|c| if separates(c) { ' ' } else { c }).collect()
}

fn attributes(family: &'static str, weight: u16) -> Attrs<'static> {
    Attrs::new()
        .family(Family::Name(family))
        .weight(Weight(weight))
        .cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
}

/// Where text is in its area, in pixels.
struct Extent {
    /// From the left edge.
    left: i32,
    width: u32,
    height: u32,
    /// Of each line, from the text's top.
    tops: Vec<u32>,
}

impl Extent {
    fn of(buffer: &Buffer, gap: u32) -> Self {
        let (mut left, mut right) = (f32::MAX, 0.0_f32);
        let (mut height, mut tops) = (0, Vec::new());
        for run in buffer.layout_runs() {
            let top = run.line_top.round() as u32 + gaps_before(run.line_i, gap);
            tops.push(top);
            height = top + run.line_height.round() as u32;
            for glyph in run.glyphs {
                left = left.min(glyph.x);
                right = right.max(glyph.x + glyph.w);
            }
        }
        let left = left.min(right).floor();
        Self {
            left: left as i32,
            width: (right - left).ceil() as u32,
            height,
            tops,
        }
    }

    /// What scrolls out at the top, so that whole lines remain.
    fn hidden(&self, room: u32) -> u32 {
        let fits = |top: &u32| self.height - top <= room;
        self.tops.iter().copied().find(fits).unwrap_or(0)
    }
}

fn gaps_before(line: usize, gap: u32) -> u32 {
    u32::try_from(line).unwrap_or(0) * gap
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
    let pixels = width as usize * height as usize;
    let [ground, ..] = ground(label.ground);
    Lettered {
        x: area.x.saturating_add(dx),
        y: area.y.saturating_add(dy),
        width,
        height,
        luma: vec![ground; pixels],
        chroma: [vec![GREY; pixels / 4], vec![GREY; pixels / 4]],
    }
}

fn ground(ground: Ground) -> [u8; 3] {
    match ground {
        Ground::Dark => DARK,
        Ground::Red => RED,
        Ground::Green => GREEN,
    }
}

impl Lettered {
    /// Gives the ground its colour, and none to what is inked.
    fn colour(&mut self, [ground, blue, red]: [u8; 3]) {
        let width = self.width as usize;
        let ink = i32::from(INK) - i32::from(ground);
        for index in 0..self.chroma[0].len() {
            let (x, y) = (index % (width / 2) * 2, index / (width / 2) * 2);
            let corner = y * width + x;
            let pixels = [corner, corner + 1, corner + width, corner + width + 1];
            let inked: i32 = pixels
                .map(|at| i32::from(self.luma[at]) - i32::from(ground))
                .iter()
                .sum();
            for (plane, colour) in self.chroma.iter_mut().zip([blue, red]) {
                let to_grey = i32::from(GREY) - i32::from(colour);
                plane[index] = (i32::from(colour) + to_grey * inked / (4 * ink)) as u8;
            }
        }
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

fn even_up(n: u32) -> u32 {
    n.next_multiple_of(2)
}

fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
