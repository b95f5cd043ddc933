//! From letters to lines.

use cosmic_text::{
    Align, Attrs, Buffer, CacheKeyFlags, Ellipsize, EllipsizeHeightLimit, Family, FeatureTag,
    FontFeatures, FontSystem, Metrics, Shaping, Weight, Wrap,
};
use saal_fonts::{ICONS, TEXT};
use unicode_script::{Script, UnicodeScript};

use super::{Key, Shaped};

/// Longer texts are read as paragraphs, whose last line is short.
const MOST_BALANCED: usize = 4;
/// Pixels.
const BALANCED_WITHIN: u32 = 4;

/// A text with its letters chosen and joined, which takes most of the time; where its lines break is still open.
pub(super) fn letters_of(system: &mut FontSystem, key: &Key) -> Buffer {
    let size = key.style.size as f32;
    let line_height = if key.icons {
        size
    } else {
        key.style.line_height()
    };
    let mut buffer = Buffer::new(system, Metrics::new(size, line_height));
    buffer.set_text(&key.text, &attributes(key), Shaping::Advanced, None);
    buffer
}

/// Breaks lines, and takes over what is drawn.
pub(super) fn shape(system: &mut FontSystem, buffer: &mut Buffer, key: Key) -> Shaped {
    let style = key.style;
    buffer.set_wrap(if style.lines > 1 {
        Wrap::WordOrGlyph
    } else {
        Wrap::None
    });
    let limit = EllipsizeHeightLimit::Lines(usize::from(style.lines));
    buffer.set_ellipsize(match key.width {
        Some(_) => Ellipsize::End(limit),
        None => Ellipsize::None,
    });
    buffer.set_size(key.width.map(|w| w as f32), None);
    let align = style.centred.then_some(Align::Center);
    for line in &mut buffer.lines {
        line.set_align(align);
    }
    buffer.shape_until_scroll(system, false);
    let aside = balance(buffer, system, &key);
    let (mut width, mut height, mut glyphs) = (0.0_f32, 0.0_f32, Vec::new());
    let (mut breaks_a_word, mut lacks, mut longest_word) = (false, None, 0.0_f32);
    for run in buffer.layout_runs() {
        width = width.max(run.line_w);
        height = height.max(run.line_top + run.line_height);
        breaks_a_word |= begins_within_a_word(&run);
        longest_word = longest_word.max(longest_word_of(&run));
        let shift = leading_space(&run, style.centred);
        for glyph in run.glyphs {
            let physical = glyph.physical((aside - shift, run.line_y), 1.0);
            glyphs.push((physical.cache_key, physical.x, physical.y));
            if glyph.glyph_id == 0 && lacks.is_none() {
                lacks = script_of(&run.text[glyph.start..glyph.end]);
            }
        }
    }
    glyphs.shrink_to_fit();
    Shaped {
        key,
        width: width.ceil(),
        height,
        breaks_a_word,
        lessened: false,
        longest_word,
        glyphs,
        lacks,
    }
}

/// Lines of a text in the middle are about as long as each other: no word is left alone in the last one. Says how far they
/// begin from the edge, in pixels.
fn balance(buffer: &mut Buffer, system: &mut FontSystem, key: &Key) -> f32 {
    let Some(room) = key.width.filter(|_| key.style.centred) else {
        return 0.0;
    };
    let lines = buffer.layout_runs().count();
    if !(2..=MOST_BALANCED).contains(&lines) {
        return 0.0;
    }
    let limit = Ellipsize::End(EllipsizeHeightLimit::Lines(usize::from(key.style.lines)));
    buffer.set_ellipsize(Ellipsize::None);
    let mut holds = |width: u32| {
        buffer.set_size(Some(width as f32), None);
        buffer.shape_until_scroll(system, false);
        let mut runs = buffer.layout_runs();
        buffer.layout_runs().count() <= lines && !runs.any(|run| begins_within_a_word(&run))
    };
    // Narrower than half there are more lines.
    let (mut least, mut width) = (room / 2, room);
    let whole = holds(room);
    if whole {
        while width - least > BALANCED_WITHIN {
            let middle = u32::midpoint(least, width);
            if holds(middle) {
                width = middle;
            } else {
                least = middle;
            }
        }
    }
    if !whole {
        buffer.set_ellipsize(limit);
    }
    buffer.set_size(Some(width as f32), None);
    buffer.shape_until_scroll(system, false);
    ((room - width) / 2) as f32
}

/// Whose letters these are; not signs that several scripts share, nor code points that mean nothing.
fn script_of(cluster: &str) -> Option<Script> {
    let mut scripts = cluster.chars().map(|c| c.script());
    scripts.find(|script| !matches!(script, Script::Common | Script::Inherited | Script::Unknown))
}

/// The line before ended in the middle of a word.
fn begins_within_a_word(run: &cosmic_text::LayoutRun<'_>) -> bool {
    let start = run.glyphs.first().map_or(0, |glyph| glyph.start);
    let split = run.text.split_at_checked(start).unwrap_or_default();
    let before = split.0.chars().next_back();
    let behind = split.1.chars().next();
    let both = before.zip(behind);
    !run.rtl && both.is_some_and(|(a, b)| a.is_alphanumeric() && b.is_alphanumeric())
}

/// How wide the longest word of a line is, in pixels.
fn longest_word_of(run: &cosmic_text::LayoutRun<'_>) -> f32 {
    let (mut longest, mut word) = (0.0_f32, 0.0);
    for glyph in run.glyphs {
        let mut letters = run.text[glyph.start..glyph.end].chars();
        word = if letters.all(char::is_alphanumeric) {
            word + glyph.w
        } else {
            0.0
        };
        longest = longest.max(word);
    }
    longest
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
