//! Which thing a keyboard or switch is at, and which one comes next.

use crate::{Element, Layout};

/// Where to go from what is focused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Next,
    Previous,
    First,
    Last,
    Left,
    Right,
    Up,
    Down,
}

/// What can be reached: everything that does something, or everything that can be read.
pub(crate) fn stops(layout: &Layout, reading: bool) -> Vec<&Element> {
    let elements = layout.elements().iter();
    elements
        .filter(|e| !e.role.is_group() && (e.is_touchable() || (reading && !e.label.is_empty())))
        .collect()
}

/// The stop in this direction; in reading order it goes on at the other end.
pub(crate) fn go<'a>(stops: &[&'a Element], from: Option<&str>, way: Way) -> Option<&'a Element> {
    let at = from.and_then(|id| stops.iter().position(|e| e.id == id));
    let last = stops.len().checked_sub(1)?;
    let index = match (way, at) {
        (Way::Last, _) | (Way::Previous, None | Some(0)) => last,
        (Way::First, _) | (_, None) => 0,
        (Way::Next, Some(at)) => (at + 1) % stops.len(),
        (Way::Previous, Some(at)) => at - 1,
        (Way::Left | Way::Right | Way::Up | Way::Down, Some(at)) => {
            return nearest(stops, stops[at], way);
        }
    };
    stops.get(index).copied()
}

/// How much more it counts to stand aside than to be far away.
const ASIDE: i64 = 3;

/// What lies there and is nearest.
fn nearest<'a>(stops: &[&'a Element], from: &Element, way: Way) -> Option<&'a Element> {
    let distance = |to: &Element| {
        let ((fx, fy), (tx, ty)) = (from.rect.middle(), to.rect.middle());
        let (dx, dy) = (i64::from(tx) - i64::from(fx), i64::from(ty) - i64::from(fy));
        let (ahead, aside) = match way {
            Way::Left => (-dx, dy),
            Way::Right => (dx, dy),
            Way::Up => (-dy, dx),
            _ => (dy, dx),
        };
        (ahead > 0 && aside.abs() <= ahead * ASIDE).then(|| ahead + ASIDE * aside.abs())
    };
    let there = stops.iter().filter_map(|to| Some((distance(to)?, *to)));
    there.min_by_key(|(far, _)| *far).map(|(_, to)| to)
}

/// What Escape does: what leads back from here, if anything does.
pub(crate) fn way_back(layout: &Layout) -> Option<&Element> {
    const BACK: [&str; 3] = ["back", "cancel", "close-verification"];
    let touchable = |id: &&str| layout.element(id).filter(|e| e.is_touchable());
    BACK.iter().find_map(touchable)
}
