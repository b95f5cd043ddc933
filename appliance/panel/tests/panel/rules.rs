//! What holds for everything that the panel shows, whatever it is.

use std::collections::HashMap;

use saal_panel::{Element, Layout, Picture, Role, Shortened, View};

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

/// The best contrast of anything in an area with what most of it is: words and marks against their ground.
fn contrast_in(picture: &Picture, element: &Element) -> f64 {
    let area = element.rect;
    let inset = 4;
    let xs = area.x + inset..area.x.saturating_add_unsigned(area.width) - inset;
    let mut colours: HashMap<[u8; 3], usize> = HashMap::new();
    for y in area.y + inset..area.y.saturating_add_unsigned(area.height) - inset {
        let row: Vec<[u8; 3]> = xs.clone().filter_map(|x| pixel(picture, x, y)).collect();
        for same in row.chunk_by(|a, b| a == b) {
            *colours.entry(same[0]).or_default() += same.len();
        }
    }
    let most = colours
        .iter()
        .max_by_key(|(colour, count)| (**count, **colour));
    let Some((ground, _)) = most else {
        return f64::INFINITY;
    };
    let inks = colours.keys().map(|ink| contrast(*ink, *ground));
    inks.fold(1.0, f64::max)
}

/// Words or a mark of its own. What can't be used may be faint (WCAG 2.2, 1.4.3), and an empty field has nothing.
fn has_ink(element: &Element) -> bool {
    !element.role.is_group()
        && !element.state.disabled
        && element.role != Role::TextBox
        && !element.label.is_empty()
}

/// From the pixels as they are drawn: each thing with words or a mark that has less contrast than this.
pub(crate) fn faint(layout: &Layout, picture: &Picture, least: f64) -> Vec<String> {
    let drawn = layout.elements().iter().filter(|e| has_ink(e));
    let measured = drawn.map(|e| (e, contrast_in(picture, e)));
    let faint = measured.filter(|(_, found)| *found < least);
    faint
        .map(|(e, found)| format!("{} has a contrast of {found:.2}", e.id))
        .collect()
}
