//! What holds for everything that the panel shows, whatever it is.

use std::sync::Arc;

use saal_panel::{Element, Ink, Layout, Picture, Renderer, Shortened, View};

/// Nothing is cut, broken or outside.
pub(crate) fn fit(view: &View, layout: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    let overflows = layout.overflows();
    found.extend(overflows.then(|| "something does not fit".to_owned()));
    // What a banner has no room for is a touch away.
    let banner = |id: &str| id.starts_with("trouble:") || id.starts_with("show:");
    let inside = |s: &&Shortened| s.within.as_deref().is_some_and(banner);
    let shortened = layout.shortened().iter();
    let ours = shortened.filter(|s| s.is_ours() && !inside(s));
    found.extend(ours.map(|s| format!("\"{}\" is cut", s.text)));
    let broken = layout.broken().iter().filter(|s| s.is_ours());
    found.extend(broken.map(|s| format!("a word of \"{}\" is broken", s.text)));
    found.extend(outside(view, layout));
    found
}

fn outside(view: &View, layout: &Layout) -> Vec<String> {
    let inside = |at: i32, length: u32, limit: u32| at >= 0 && at.unsigned_abs() + length <= limit;
    let parts = layout.elements().iter().filter(|e| {
        let across = inside(e.rect.x, e.rect.width, view.width);
        !across || !inside(e.rect.y, e.rect.height, view.height)
    });
    parts
        .map(|e| format!("{} at {:?} is outside", e.id, e.rect))
        .collect()
}

/// What is touched is a control with a name, large, and apart from its neighbours.
pub(crate) fn touchable(layout: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    let elements = layout.elements().iter();
    let touchable: Vec<&Element> = elements.filter(|e| e.is_touchable()).collect();
    for e in &touchable {
        found.extend((!e.role.is_control()).then(|| format!("{} is no control", e.id)));
        found.extend(e.label.is_empty().then(|| format!("{} has no label", e.id)));
        let small = e.rect.width < 48 || e.rect.height < 48;
        found.extend(small.then(|| format!("{} is {:?}", e.id, e.rect)));
    }
    found.extend(confusable(&touchable));
    found.extend(overlapping(&touchable));
    found
}

/// Two that say the same and do something else.
fn confusable(touchable: &[&Element]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, a) in touchable.iter().enumerate() {
        for b in &touchable[at + 1..] {
            let same = (&a.label, &a.description) == (&b.label, &b.description);
            let other = (&a.intent, &a.step) != (&b.intent, &b.step);
            if same && other {
                found.push(format!("{} and {} are both \"{}\"", a.id, b.id, a.label));
            }
        }
    }
    found
}

fn overlapping(touchable: &[&Element]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, a) in touchable.iter().enumerate() {
        for b in &touchable[at + 1..] {
            let apart = |a: i32, a_long: u32, b: i32, b_long: u32| {
                a.saturating_add_unsigned(a_long) <= b || b.saturating_add_unsigned(b_long) <= a
            };
            let x = apart(a.rect.x, a.rect.width, b.rect.x, b.rect.width);
            let y = apart(a.rect.y, a.rect.height, b.rect.y, b.rect.height);
            // A pixel is rounding.
            let deep = |a: i32, b: i32| (a - b).abs() <= 1;
            let edge = deep(
                a.rect.y.saturating_add_unsigned(a.rect.height),
                b.rect.y + 1,
            ) || deep(a.rect.x.saturating_add_unsigned(a.rect.width), b.rect.x + 1);
            if !(x || y || edge) {
                found.push(format!("{} and {} overlap", a.id, b.id));
            }
        }
    }
    found
}

/// What leads out, by what it does.
pub(crate) fn leads_out(element: &Element) -> bool {
    const OUT: [&str; 12] = [
        "back",
        "cancel",
        "leave",
        "decline",
        "close-verification",
        "scan-denied",
        "emoji-differ",
        "more",
        "access",
        "verify",
        "agree",
        "dismiss",
    ];
    element.is_touchable()
        && !element.label.is_empty()
        && OUT.iter().any(|out| element.id.starts_with(out))
}

/// WCAG 2.2, relative luminance.
fn luminance([r, g, b]: [u8; 3]) -> f64 {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn pixel(picture: &Picture, x: i32, y: i32) -> Option<[u8; 3]> {
    let (x, y) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?);
    let inside = x < picture.width() && y < picture.height();
    let at = (y as usize * picture.width() as usize + x as usize) * 3;
    inside.then(|| {
        [
            picture.rgb()[at],
            picture.rgb()[at + 1],
            picture.rgb()[at + 2],
        ]
    })
}

/// What is drawn, and the same without its texts and icons.
pub(crate) struct Drawn {
    whole: Arc<Picture>,
    ground: Arc<Picture>,
}

impl Drawn {
    pub(crate) fn of(renderer: &mut Renderer, layout: &Layout) -> Self {
        let mut drawn = |layout: &Layout| {
            renderer.draw(layout);
            Arc::clone(renderer.picture())
        };
        let ground = drawn(&layout.ground());
        let whole = drawn(layout);
        Self { whole, ground }
    }

    /// The least contrast of a text or an icon with what each of its strokes stands on. Edges are mixed with the ground; a
    /// stroke is where most of a pixel is ink.
    fn contrast_of(&self, ink: &Ink) -> f64 {
        const STROKE: f64 = 0.5;
        let (mut least, mut hidden) = (f64::INFINITY, true);
        let area = ink.area;
        for y in area.y..area.y.saturating_add_unsigned(area.height) {
            for x in area.x..area.x.saturating_add_unsigned(area.width) {
                let both = pixel(&self.whole, x, y).zip(pixel(&self.ground, x, y));
                let Some((drawn, ground)) = both else {
                    continue;
                };
                hidden &= ink.colour == ground;
                if share(drawn, ground, ink.colour) >= STROKE {
                    least = least.min(contrast(ink.colour, ground));
                }
            }
        }
        // Ink of the colour of its ground is on no pixel.
        if hidden { 1.0 } else { least }
    }
}

/// How much of the ink's colour a pixel has, 0.0 to 1.0.
fn share(drawn: [u8; 3], ground: [u8; 3], ink: [u8; 3]) -> f64 {
    let (mut way, mut whole) = (0.0, 0.0);
    for ((drawn, ground), ink) in drawn.into_iter().zip(ground).zip(ink) {
        let (drawn, ground, ink) = (f64::from(drawn), f64::from(ground), f64::from(ink));
        way += (drawn - ground) * (ink - ground);
        whole += (ink - ground) * (ink - ground);
    }
    if whole == 0.0 {
        0.0
    } else {
        (way / whole).clamp(0.0, 1.0)
    }
}

/// The innermost element that it stands in.
fn within<'a>(layout: &'a Layout, ink: &Ink) -> Option<&'a Element> {
    let (x, y) = ink.area.middle();
    layout.elements().iter().rfind(|e| e.rect.contains(x, y))
}

/// From the pixels as they are drawn: each text and each icon that has less contrast than this with what it stands on. What
/// can't be used may be faint (WCAG 2.2, 1.4.3).
pub(crate) fn faint(layout: &Layout, drawn: &Drawn, least: f64) -> Vec<String> {
    let mut found = Vec::new();
    for ink in layout.inks() {
        let element = within(layout, &ink);
        if element.is_some_and(|e| e.state.disabled) {
            continue;
        }
        let contrast = drawn.contrast_of(&ink);
        if contrast < least {
            let of = element.map(|e| e.id.as_str());
            let ([r, g, b], area) = (ink.colour, ink.area);
            found.push(format!(
                "{of:?} has a contrast of {contrast:.2} in #{r:02x}{g:02x}{b:02x} at {area:?}"
            ));
        }
    }
    found
}
