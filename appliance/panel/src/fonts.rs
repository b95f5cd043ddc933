//! Text: shaping, direction, fallback and glyph pictures, with compiled-in fonts only.

use std::{collections::HashMap, sync::Arc};

use cosmic_text::{
    Align, Attrs, Buffer, CacheKey, CacheKeyFlags, Ellipsize, EllipsizeHeightLimit, Fallback,
    Family, FeatureTag, FontFeatures, FontSystem, Metrics, Shaping, SwashCache, Weight, Wrap,
    fontdb,
};
use embedded_graphics::{pixelcolor::Rgb888, prelude::RgbColor};

use crate::{icon::Icon, picture::Picture, style::TextStyle};

/// Inter as one variable font of all weights.
const TEXT: &str = "Inter V";
const ICONS: &str = "lucide";
/// Families that stand in for what Inter lacks: Arabic, Hebrew and symbols, then emoji.
const STAND_INS: [&str; 2] = ["DejaVu Sans", "Noto Emoji"];
/// The weights of the type scale; stand-ins are registered for each, else they would be passed over.
const WEIGHTS: [u16; 3] = [300, 400, 600];
/// Glyph pictures kept; a panel shows a few hundred.
const MOST_GLYPHS: usize = 4096;

struct StandIns;

impl Fallback for StandIns {
    fn common_fallback(&self) -> &[&'static str] {
        &STAND_INS
    }

    /// Icons are no letters.
    fn forbidden_fallback(&self) -> &[&'static str] {
        &[ICONS]
    }

    fn script_fallback(&self, _: unicode_script::Script, _: &str) -> &[&'static str] {
        &[]
    }
}

/// What a piece of text is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    style: TextStyle,
    /// Pixels at which it wraps or is cut; `None`: as wide as it wants.
    width: Option<u32>,
    icons: bool,
}

/// Text as glyphs at places.
#[derive(Clone, Debug)]
pub(crate) struct Shaped {
    key: Key,
    /// Pixels.
    pub(crate) width: f32,
    /// Pixels.
    pub(crate) height: f32,
    glyphs: Vec<(CacheKey, i32, i32)>,
}

impl PartialEq for Shaped {
    /// The same key gives the same glyphs.
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// All fonts and what was made with them.
pub(crate) struct Fonts {
    system: FontSystem,
    glyphs: SwashCache,
    shaped: HashMap<Key, (Arc<Shaped>, u64)>,
    frame: u64,
}

impl Fonts {
    pub(crate) fn new() -> Self {
        let system =
            FontSystem::new_with_locale_and_db_and_fallback("en".to_owned(), database(), StandIns);
        Self {
            system,
            glyphs: SwashCache::new(),
            shaped: HashMap::new(),
            frame: 0,
        }
    }

    /// Forgets what was not used since the last call.
    pub(crate) fn next_frame(&mut self) {
        let frame = self.frame;
        self.shaped.retain(|_, (_, used)| *used >= frame);
        self.frame += 1;
        if self.glyphs.image_cache.len() > MOST_GLYPHS {
            self.glyphs.image_cache.clear();
        }
    }

    /// Shapes a text; with a width it wraps to `style.lines` lines and ends with an ellipsis.
    pub(crate) fn text(&mut self, text: &str, style: TextStyle, width: Option<f32>) -> Arc<Shaped> {
        self.shape(Key {
            text: text.to_owned(),
            style,
            width: width.map(|w| w.max(1.0).ceil() as u32),
            icons: false,
        })
    }

    /// An icon in a square of `size` pixels.
    pub(crate) fn icon(&mut self, icon: Icon, size: f32) -> Arc<Shaped> {
        let style = TextStyle {
            size: size as u32,
            weight: 400,
            lines: 1,
            centred: false,
            figures: false,
        };
        self.shape(Key {
            text: icon.character().to_string(),
            style,
            width: None,
            icons: true,
        })
    }

    fn shape(&mut self, key: Key) -> Arc<Shaped> {
        let frame = self.frame;
        if let Some((shaped, used)) = self.shaped.get_mut(&key) {
            *used = frame;
            return Arc::clone(shaped);
        }
        let shaped = Arc::new(shape(&mut self.system, key.clone()));
        self.shaped.insert(key, (Arc::clone(&shaped), frame));
        shaped
    }

    /// Whether a compiled-in font has a picture for this character.
    #[cfg(test)]
    pub(crate) fn has(&mut self, c: char) -> bool {
        let style = TextStyle {
            size: 20,
            weight: 400,
            lines: 1,
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

fn database() -> fontdb::Database {
    let mut database = fontdb::Database::new();
    let binary = |bytes: &'static [u8]| fontdb::Source::Binary(Arc::new(bytes));
    database.load_font_source(binary(ttf_inter::REGULAR));
    database.load_font_source(binary(lucide_icons::LUCIDE_FONT_BYTES));
    for (bytes, weights) in [
        (dejavu::sans::regular(), &WEIGHTS[..2]),
        (dejavu::sans::bold(), &WEIGHTS[2..]),
        (epaint_default_fonts::NOTO_EMOJI_REGULAR, &WEIGHTS[..]),
    ] {
        register(&mut database, binary(bytes), weights);
    }
    database
}

/// Registers a font under weights that it does not claim.
fn register(database: &mut fontdb::Database, source: fontdb::Source, weights: &[u16]) {
    let ids = database.load_font_source(source);
    let faces: Vec<_> = ids
        .iter()
        .filter_map(|id| database.face(*id).cloned())
        .collect();
    for id in ids {
        database.remove_face(id);
    }
    for face in faces {
        for weight in weights {
            let weight = Weight(*weight);
            database.push_face_info(fontdb::FaceInfo {
                weight,
                ..face.clone()
            });
        }
    }
}

fn shape(system: &mut FontSystem, key: Key) -> Shaped {
    let style = key.style;
    let line_height = if key.icons {
        style.size as f32
    } else {
        style.line_height()
    };
    let mut buffer = Buffer::new(system, Metrics::new(style.size as f32, line_height));
    buffer.set_wrap(if style.lines > 1 {
        Wrap::WordOrGlyph
    } else {
        Wrap::None
    });
    if key.width.is_some() {
        let limit = EllipsizeHeightLimit::Lines(usize::from(style.lines));
        buffer.set_ellipsize(Ellipsize::End(limit));
    }
    buffer.set_size(key.width.map(|w| w as f32), None);
    let align = style.centred.then_some(Align::Center);
    buffer.set_text(&key.text, &attributes(&key), Shaping::Advanced, align);
    buffer.shape_until_scroll(system, false);
    let (mut width, mut height, mut glyphs) = (0.0_f32, 0.0_f32, Vec::new());
    for run in buffer.layout_runs() {
        width = width.max(run.line_w);
        height = height.max(run.line_top + run.line_height);
        let shift = leading_space(&run, style.centred);
        for glyph in run.glyphs {
            let physical = glyph.physical((-shift, run.line_y), 1.0);
            glyphs.push((physical.cache_key, physical.x, physical.y));
        }
    }
    Shaped {
        key,
        width: width.ceil(),
        height,
        glyphs,
    }
}

/// Wrapping with an ellipsis leaves the space at the start of a line that belongs to the end of the
/// one before; this is how far the line has to move back.
fn leading_space(run: &cosmic_text::LayoutRun<'_>, centred: bool) -> f32 {
    let is_space = |glyph: &&cosmic_text::LayoutGlyph| {
        run.text[glyph.start..glyph.end].trim().is_empty() && glyph.level.is_ltr()
    };
    let width: f32 = run
        .glyphs
        .iter()
        .take_while(is_space)
        .map(|glyph| glyph.w)
        .sum();
    if centred { width / 2.0 } else { width }
}

fn attributes(key: &Key) -> Attrs<'static> {
    let mut features = FontFeatures::new();
    if key.style.figures {
        features.enable(FeatureTag::new(b"tnum"));
    }
    Attrs::new()
        .family(Family::Name(if key.icons { ICONS } else { TEXT }))
        .weight(Weight(key.style.weight))
        .cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
        .font_features(features)
}
