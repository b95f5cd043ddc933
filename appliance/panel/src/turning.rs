//! Screens that are higher than the panel, as larger text makes them: shown a page at a time, with a bar to turn
//! pages. No gesture is needed, and nothing moves under a finger.

use embedded_graphics::pixelcolor::Rgb888;
use taffy::{AvailableSpace, prelude::length};

use crate::{
    element::Element,
    fonts::Fonts,
    layout::{Finish, Layout, Paint},
    node::{Node, column},
    shapes::{Fill, Rounded},
};

/// The bar that turns pages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bar {
    /// At the right end of a wide panel, so many pixels wide; at the left one in mirrored layouts.
    Beside(f32),
    /// Below, so many pixels high.
    Below(f32),
}

impl Bar {
    /// The width and height that a panel of this size has beside it.
    fn leaves(self, (width, height): (f32, f32)) -> (f32, f32) {
        match self {
            Self::Beside(bar) => (width - bar, height),
            Self::Below(bar) => (width, height - bar),
        }
    }

    /// What pages that leave so much free at their top leave free at their end: what ends above a bar is
    /// away from the edge anyway.
    fn foot(self, top: f32) -> f32 {
        match self {
            Self::Beside(_) => top * FOOT,
            Self::Below(_) => 0.0,
        }
    }

    /// Where it stands on a panel of this size, with its own: at the left end where it is put `aside`.
    fn place(self, (width, height): (f32, f32), aside: bool) -> (f32, f32, f32, f32) {
        match self {
            Self::Beside(bar) if aside => (0.0, 0.0, bar, height),
            Self::Beside(bar) => (width - bar, 0.0, bar, height),
            Self::Below(bar) => (0.0, height - bar, width, bar),
        }
    }
}

/// How a screen is turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Turning {
    pub(crate) bar: Bar,
    /// The page that people want, from 0.
    pub(crate) wanted: usize,
    /// What pages after the first leave free at their top, in pixels.
    pub(crate) top: f32,
}

/// A page, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 0.
    pub(crate) page: usize,
    pub(crate) pages: usize,
}

/// How much of a panel's height what is pinned may take.
const MOST_PINNED: f32 = 0.4;
/// What pages leave free at their end, and below what is pinned, of what they leave at their top.
const FOOT: f32 = 0.4;

impl Layout {
    /// Shows the wanted page of a tree, or the last one, and beside or below it what `controls` makes. What is `pinned` stands
    /// above each page, or, where it would leave them too little, on the first.
    pub(crate) fn turned(
        (root, pinned): (Node, Option<Node>),
        size: (u32, u32),
        Turning { bar, wanted, top }: Turning,
        (fonts, finish): (&mut Fonts, &Finish<'_>),
        controls: impl FnOnce(Place) -> Node,
    ) -> Self {
        let (width, height) = (size.0 as f32, size.1 as f32);
        let (wide, mut high) = bar.leaves((width, height));
        let (mut root, pinned) = pin((root, pinned), (wide, high), fonts, finish);
        let head = pinned.as_ref().map_or(0.0, |(_, tall)| *tall);
        high -= head;
        let foot = bar.foot(top);
        // What is pinned has its own room below.
        let top = if pinned.is_some() { top * FOOT } else { top };
        root.style.min_size.height = length(high);
        let ground = ground(&root);
        let (whole, total) = Self::over(root, wide, AvailableSpace::MaxContent, fonts, finish);
        let parts = Parts {
            solid: &whole.solid,
            leads: &whole.leads,
        };
        let breaks = breaks(parts, total, (high - foot, top));
        let page = wanted.min(breaks.len() - 2);
        let (from, to) = (breaks[page], breaks[page + 1]);
        let aside = matches!(bar, Bar::Beside(_)) && (finish.hands ^ finish.reading);
        let left = if aside { width - wide } else { 0.0 };
        let mut layout = Self {
            width: size.0,
            height: size.1,
            solid: Vec::new(),
            leads: Vec::new(),
            paints: Vec::new(),
            elements: Vec::new(),
            ..whole
        };
        let above = if page == 0 { 0.0 } else { top };
        let at = (left, head + above);
        layout.take_page(whole.paints, whole.elements, (from, to), at);
        layout.cover(ground, (left, 0.0, wide, head + above));
        let end = head + above + to - from;
        layout.cover(ground, (left, end, wide, height - end));
        if let Some((pinned, _)) = pinned {
            layout.join_first(pinned, (left, 0.0));
        }
        let place = Place {
            page,
            pages: breaks.len() - 1,
        };
        let (x, y, w, h) = bar.place((width, height), aside);
        layout.cover(ground, (x, y, w, h));
        let mut controls = controls(place);
        controls.style.size.height = length(h);
        let room = AvailableSpace::Definite(h);
        let (controls, _) = Self::over(controls, w, room, fonts, finish);
        layout.join(controls, (x, y));
        layout
    }

    /// Takes in what was laid out on its own, as it stands there.
    fn join(&mut self, other: Self, (x, y): (f32, f32)) {
        self.overflow |= other.overflow;
        self.cut += other.cut;
        self.lessened += other.lessened;
        self.shortened.extend(other.shortened);
        self.broken.extend(other.broken);
        let paints = other.paints.into_iter().map(|p| moved(p, x, y));
        self.paints.extend(paints);
        let elements = other.elements.into_iter().map(|mut element| {
            element.rect.x += x as i32;
            element.rect.y += y as i32;
            element
        });
        self.elements.extend(elements);
    }

    /// The same; it is read before what is there.
    fn join_first(&mut self, other: Self, at: (f32, f32)) {
        let rest = std::mem::take(&mut self.elements);
        self.join(other, at);
        self.elements.extend(rest);
    }

    fn take_page(
        &mut self,
        paints: Vec<Paint>,
        elements: Vec<Element>,
        (from, to): (f32, f32),
        (left, above): (f32, f32),
    ) {
        let seen = paints.into_iter().filter(|paint| {
            let (top, bottom) = extent(paint);
            bottom > from && top < to
        });
        self.paints = seen.map(|paint| moved(paint, left, above - from)).collect();
        let elements = elements.into_iter();
        self.elements = elements
            .filter_map(|element| on_page(element, (from as i32, to as i32)))
            .map(|mut element| {
                element.rect.x += left as i32;
                element.rect.y += above as i32;
                element
            })
            .collect();
    }

    fn cover(&mut self, colour: Rgb888, (x, y, width, height): (f32, f32, f32, f32)) {
        let shape = Rounded {
            x,
            y,
            width,
            height,
            radius: 0.0,
        };
        self.paints.push(Paint::Fill(shape, Fill::Plain(colour)));
    }
}

/// The colour that what is below a screen's end has.
fn ground(root: &Node) -> Rgb888 {
    match root.fill {
        Some(Fill::Plain(colour) | Fill::Vertical(_, colour)) => colour,
        None => Rgb888::default(),
    }
}

/// What is pinned, laid out, and how high it is; where it takes too much of a page, it stands on top of the tree.
fn pin(
    (root, pinned): (Node, Option<Node>),
    (wide, high): (f32, f32),
    fonts: &mut Fonts,
    finish: &Finish<'_>,
) -> (Node, Option<(Layout, f32)>) {
    let Some(node) = pinned else {
        return (root, None);
    };
    let room = AvailableSpace::MaxContent;
    let (pinned, tall) = Layout::over(node.clone(), wide, room, fonts, finish);
    if tall <= high * MOST_PINNED {
        return (root, Some((pinned, tall.ceil())));
    }
    let fill = root.fill;
    let mut both = column([node, root]);
    both.fill = fill;
    (both, None)
}

/// The part of an element that is on this page.
fn on_page(mut element: Element, (from, to): (i32, i32)) -> Option<Element> {
    let bottom = element.rect.y.saturating_add_unsigned(element.rect.height);
    let (top, bottom) = (element.rect.y.max(from), bottom.min(to));
    let height = u32::try_from(bottom - top).ok().filter(|high| *high > 0)?;
    (element.rect.y, element.rect.height) = (top - from, height);
    Some(element)
}

/// From where to where something stands, in pixels from the top.
type Span = (f32, f32);

/// What pages are made of.
#[derive(Clone, Copy)]
struct Parts<'a> {
    /// What no page may cut in two.
    solid: &'a [Span],
    /// Headings; they are solid too.
    leads: &'a [Span],
}

/// Where pages begin and, last, where the last one ends. All are so high; the first has its own room at the top, the others
/// leave some. What is left free below the last thing gets no page of its own. What leads is followed on its page by something.
fn breaks(parts: Parts<'_>, total: f32, (whole, top): (f32, f32)) -> Vec<f32> {
    let solid = parts.solid;
    let mut breaks = vec![0.0];
    let (mut from, mut high, most) = (0.0, whole, whole - top);
    let last = solid.iter().map(|(_, bottom)| *bottom);
    let end = last.reduce(f32::max).map_or(total, |last| last.min(total));
    while end - from > high + 0.5 {
        let mut to = from + high;
        // What is higher than a page can't be spared.
        let cut = |at: f32| {
            solid.iter().find(|(top, bottom)| {
                *top < at && *bottom > at && *top > from && bottom - top <= high
            })
        };
        while let Some((top, _)) = cut(to).or_else(|| lonely(parts, (from, to), most)) {
            to = *top;
        }
        breaks.push(to);
        (from, high) = (to, most);
    }
    breaks.push(total.min(from + high).max(from + 1.0));
    breaks
}

/// What leads, but is followed by nothing on a page from here to there, and would be on another of the height of `most`: not
/// where both are higher, and not where nothing else is on the page.
fn lonely(Parts { solid, leads }: Parts<'_>, (from, to): Span, most: f32) -> Option<&Span> {
    let holds = |above: f32, below: f32| {
        let inside = |(top, bottom): &Span| *top >= above && *bottom <= below;
        solid.iter().any(inside)
    };
    let together = |(top, bottom): &Span| {
        let below = solid.iter().filter(|(begins, _)| begins >= bottom);
        let next = below.min_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        next.is_none_or(|(begins, ends)| ends - top <= most || ends - begins > most)
    };
    let on_page = leads
        .iter()
        .filter(|(top, bottom)| *top > from && *bottom <= to);
    on_page
        .filter(|lead| !holds(lead.1, to) && holds(from, lead.0))
        .find(|lead| together(lead))
}

fn extent(paint: &Paint) -> (f32, f32) {
    match paint {
        // A shadow is where what throws it is.
        Paint::Shadow(shape, _) | Paint::Fill(shape, _) | Paint::Ring(shape, ..) => {
            (shape.y, shape.y + shape.height)
        }
        Paint::Text(shaped, (_, y), _) => (*y, y + shaped.height),
        Paint::Code(code, (_, y), module) => (*y, y + code.side(*module) as f32),
        Paint::Picture(picture, (_, y)) => (*y, y + picture.height() as f32),
    }
}

fn moved(paint: Paint, x: f32, y: f32) -> Paint {
    let shift = |shape: Rounded| Rounded {
        x: shape.x + x,
        y: shape.y + y,
        ..shape
    };
    match paint {
        Paint::Shadow(shape, shadow) => Paint::Shadow(shift(shape), shadow),
        Paint::Fill(shape, fill) => Paint::Fill(shift(shape), fill),
        Paint::Ring(shape, width, colour) => Paint::Ring(shift(shape), width, colour),
        Paint::Text(shaped, at, colour) => Paint::Text(shaped, (at.0 + x, at.1 + y), colour),
        Paint::Code(code, at, module) => Paint::Code(code, (at.0 + x, at.1 + y), module),
        Paint::Picture(picture, at) => Paint::Picture(picture, (at.0 + x, at.1 + y)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(solid: &'a [Span], leads: &'a [Span]) -> Parts<'a> {
        Parts { solid, leads }
    }

    #[test]
    fn pages_cut_nothing_in_two() {
        let lines = [(0.0, 40.0), (50.0, 90.0), (100.0, 140.0), (150.0, 190.0)];
        let on = |high| breaks(parts(&lines, &[]), 190.0, (high, 0.0));
        assert_eq!(on(100.0), [0.0, 100.0, 190.0]);
        assert_eq!(on(120.0), [0.0, 100.0, 190.0]);
        assert_eq!(on(190.0), [0.0, 190.0], "one page");
        let below_their_edge = breaks(parts(&lines, &[]), 190.0, (100.0, 20.0));
        assert_eq!(below_their_edge, [0.0, 100.0, 150.0, 190.0]);
    }

    #[test]
    fn a_heading_stands_above_what_it_leads() {
        let lines = [(0.0, 40.0), (50.0, 70.0), (80.0, 160.0), (90.0, 110.0)];
        let found = breaks(parts(&lines, &[(50.0, 70.0)]), 160.0, (120.0, 0.0));
        assert_eq!(found, [0.0, 50.0, 160.0]);
        let first = breaks(parts(&lines[1..], &[(50.0, 70.0)]), 160.0, (90.0, 0.0));
        assert_eq!(
            first,
            [0.0, 80.0, 160.0],
            "no page is left without anything"
        );
        let tall = [(0.0, 40.0), (50.0, 70.0), (80.0, 180.0)];
        let apart = breaks(parts(&tall, &[(50.0, 70.0)]), 180.0, (100.0, 0.0));
        assert_eq!(apart, [0.0, 80.0, 180.0], "nor one with the heading alone");
    }

    #[test]
    fn free_room_below_the_last_line_is_no_page() {
        let lines = [(0.0, 40.0), (50.0, 90.0), (100.0, 190.0)];
        let found = breaks(parts(&lines, &[]), 230.0, (100.0, 0.0));
        assert_eq!(found, [0.0, 100.0, 200.0]);
        let one = breaks(parts(&lines[..2], &[]), 130.0, (100.0, 0.0));
        assert_eq!(one, [0.0, 100.0]);
    }

    #[test]
    fn what_is_higher_than_a_page_is_turned_through() {
        let tall = [(0.0, 250.0), (260.0, 280.0)];
        let found = breaks(parts(&tall, &[]), 280.0, (100.0, 0.0));
        assert_eq!(found, [0.0, 100.0, 200.0, 280.0]);
    }
}
