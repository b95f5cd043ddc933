//! Long lists in pages: no gesture is needed to see the rest, and nothing moves under a finger.

use std::ops::Range;

use super::{Density, Fit, Page};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, icon, row, text},
    style::Type,
};

/// What is to be shown in pages.
pub(super) struct List<'a> {
    pub(super) len: usize,
    pub(super) row: &'a dyn Fn(&Page<'_>, usize) -> Node,
    /// Rows whose next one has to be on the same page, such as headings.
    pub(super) leads: &'a dyn Fn(usize) -> bool,
    /// All rows are as high as the first.
    pub(super) uniform: bool,
    /// Reading begins with the last page.
    pub(super) newest_last: bool,
}

/// Where in a list people are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pager {
    /// From 0, where reading begins.
    page: usize,
    /// There is a page behind this one.
    more: bool,
    /// How many pages there are, where that is known.
    count: Option<usize>,
    newest_last: bool,
}

/// Puts rows, and buttons to turn pages, into what stands around them.
pub(super) type Frame<'a> = &'a dyn Fn(&Page<'_>, Vec<Node>, Option<&Pager>) -> Node;

/// The element that rows are put into.
pub(super) const LIST: &str = "list";
/// Between two rows, in pixels of the design.
pub(super) const GAP: f32 = 12.0;

impl Fit<'_> {
    /// Shows the page of a list that people turned to. `frame` puts rows into a box that grows and
    /// means [`LIST`].
    pub(super) fn paged(&mut self, list: &List<'_>, frame: Frame<'_>) -> Layout {
        let mut layout = self.page_of(list, frame, Density::Roomy);
        for density in &Density::ALL[1..] {
            if !layout.overflows() {
                break;
            }
            layout = self.page_of(list, frame, *density);
        }
        layout
    }

    fn page_of(&mut self, list: &List<'_>, frame: Frame<'_>, density: Density) -> Layout {
        self.page.density = density;
        let empty = self.lay_out(frame(&self.page, Vec::new(), None));
        let area = empty.elements().iter().find(|e| e.id == LIST);
        let (width, height) = area.map_or((0, 0), |e| (e.rect.width, e.rect.height));
        let (entries, pager) = self.find(list, width as f32, height as f32);
        let rows = entries.map(|index| (list.row)(&self.page, index)).collect();
        self.lay_out(frame(&self.page, rows, Some(&pager)))
    }

    fn find(&mut self, list: &List<'_>, width: f32, height: f32) -> (Range<usize>, Pager) {
        let mut first = None;
        let measure = |index: usize| {
            if let (true, Some(height)) = (list.uniform, first) {
                return height;
            }
            let row = (list.row)(&self.page, index);
            let height = Layout::height_of(row, width, self.fonts);
            *first.insert(height)
        };
        let room = Room {
            height,
            gap: self.page.px(GAP),
        };
        pages(list, room, self.page.view.navigation.page(), measure)
    }
}

/// Where rows go.
#[derive(Clone, Copy)]
struct Room {
    height: f32,
    gap: f32,
}

/// The rows of the wanted page, or of the last one; one row at least, if there is any. Where rows
/// are uniform, pages are counted.
fn pages(
    list: &List<'_>,
    room: Room,
    wanted: usize,
    mut height: impl FnMut(usize) -> f32,
) -> (Range<usize>, Pager) {
    let (mut page, mut from) = (0, 0);
    let mut shown = (0..0, 0);
    loop {
        let to = fill(list, room, from, &mut height);
        if page <= wanted {
            shown = (from..to, page);
        }
        let at_end = to >= list.len;
        if at_end || (page >= wanted && !list.uniform) {
            let (rows, at) = shown;
            let more = rows.end < list.len;
            let pager = Pager {
                page: at,
                more,
                count: (at_end && (list.uniform || !more)).then_some(page + 1),
                newest_last: list.newest_last,
            };
            return (list.places(rows), pager);
        }
        (page, from) = (page + 1, to);
    }
}

/// The end of the page that begins here, in the order of reading.
fn fill(list: &List<'_>, room: Room, from: usize, height: &mut impl FnMut(usize) -> f32) -> usize {
    let (mut to, mut used) = (from, -room.gap);
    while to < list.len {
        used += room.gap + height(list.place(to));
        if used > room.height && to > from {
            break;
        }
        to += 1;
    }
    let cut = to < list.len && to > from + 1 && (list.leads)(list.place(to - 1));
    if cut { to - 1 } else { to }
}

impl List<'_> {
    fn place(&self, read: usize) -> usize {
        if self.newest_last {
            self.len - 1 - read
        } else {
            read
        }
    }

    fn places(&self, read: Range<usize>) -> Range<usize> {
        if self.newest_last {
            self.len - read.end..self.len - read.start
        } else {
            read
        }
    }
}

impl Page<'_> {
    /// Buttons to the pages before and behind; nothing where all is on one page.
    pub(super) fn pager(&self, pager: &Pager) -> Option<Node> {
        if pager.page == 0 && !pager.more {
            return None;
        }
        let on = |id, mark, message, to: Option<usize>| {
            let label = self.words.say(message);
            let meaning = Meaning::new(id, Role::Button, label).disabled(to.is_none());
            let meaning = match to {
                Some(to) => meaning.step(Step::Turn(to)),
                None => meaning,
            };
            self.square(mark, self.quiet(), meaning)
        };
        let behind = pager.more.then_some(pager.page + 1);
        let before = pager.page.checked_sub(1);
        let (left, right) = if pager.newest_last {
            (behind, before)
        } else {
            (before, behind)
        };
        let earlier = on("page-before", Icon::Back, Message::PageBefore, left);
        let later = on("page-behind", Icon::Next, Message::PageBehind, right);
        let buttons = [Some(earlier), self.place(pager), Some(later)];
        let buttons = row(buttons.into_iter().flatten());
        Some(buttons.gap(self.px(16.0)).rigid())
    }

    /// `2 / 5`
    fn place(&self, pager: &Pager) -> Option<Node> {
        let count = pager.count?;
        let number = if pager.newest_last {
            count - pager.page
        } else {
            pager.page + 1
        };
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let values = [
            ("page", whole(number).into()),
            ("count", whole(count).into()),
        ];
        let words = self.words.tell(Message::PageOf, values);
        let figures = self.font(Type::Strong).figures();
        let drawn = text(format!("{number} / {count}"), figures, self.theme.text.0).rigid();
        Some(drawn.means(Meaning::new("page", Role::Status, words)))
    }

    /// A button that is only an icon.
    pub(super) fn square(&self, mark: Icon, tones: super::parts::Tones, meaning: Meaning) -> Node {
        let size = self.scale.touch(64.0);
        let (fill, on) = if meaning.state.disabled {
            (self.theme.background.0, self.theme.outline.0)
        } else {
            (self.tone(tones, &meaning.id), tones.on)
        };
        row([icon(mark, self.px(30.0), on)])
            .centred()
            .fixed(size, size)
            .fill(fill)
            .round(self.px(18.0))
            .means(meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(newest_last: bool, heights: &[f32], wanted: usize) -> (Range<usize>, bool) {
        let list = List {
            len: heights.len(),
            row: &|_, _| Node::default(),
            leads: &|index| heights[index] == 1.0,
            uniform: false,
            newest_last,
        };
        let room = Room {
            height: 100.0,
            gap: 10.0,
        };
        let (rows, pager) = pages(&list, room, wanted, |index| heights[index]);
        (rows, pager.more)
    }

    #[test]
    fn pages_hold_what_fits() {
        let heights = [40.0; 5];
        assert_eq!(found(false, &heights, 0), (0..2, true));
        assert_eq!(found(false, &heights, 2), (4..5, false));
        assert_eq!(found(false, &heights, 9), (4..5, false), "the last one");
        assert_eq!(found(true, &heights, 0), (3..5, true), "the newest");
        assert_eq!(found(true, &heights, 2), (0..1, false));
        assert_eq!(found(false, &[], 3), (0..0, false));
    }

    #[test]
    fn what_is_too_high_has_a_page_of_its_own() {
        assert_eq!(found(false, &[40.0, 500.0, 40.0], 1), (1..2, true));
    }

    #[test]
    fn headings_stay_with_what_follows() {
        assert_eq!(found(false, &[60.0, 1.0, 60.0], 0), (0..1, true));
        assert_eq!(found(false, &[60.0, 1.0, 60.0], 1), (1..3, false));
    }
}
