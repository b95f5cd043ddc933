//! Long lists in pages: no gesture is needed to see the rest, and nothing moves under a finger.

use std::ops::Range;

use saal_core::Obstacle;

use super::{
    Density, Fit, Medium, Page, call::leave, joining::cancelling, laptop, ringing::declining,
    sign_in, verification,
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, spacer, text},
    style::Type,
    turning::{Bar, Place},
    view::Screen,
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
/// Rows of a list that is part of a screen that is turned as a whole; more are read by nobody.
const MOST_TURNED: usize = 100;
/// A list of no more rows is measured to its end, so that people see how many pages there are.
pub(super) const MOST_COUNTED: usize = 60;
/// Where people chose larger text, pages that hold fewer rows than this are worse than turning the whole screen.
const FEWEST_ON_A_PAGE: usize = 2;
/// Between two rows, in pixels of the design.
pub(super) const GAP: f32 = 12.0;

impl Fit<'_> {
    /// Shows the page of a list that people turned to. `frame` puts rows into a box that grows and
    /// means [`LIST`].
    pub(super) fn paged(&mut self, list: &List<'_>, frame: Frame<'_>) -> Layout {
        if matches!(self.medium, Medium::Tree(_)) {
            return self.whole_list(list, frame);
        }
        if self.page.scale.is_enlarged() && !self.holds_each(list, frame) {
            return self.turned_list(list, frame);
        }
        let mut layout = self.page_of(list, frame, Density::Roomy);
        for density in &Density::tried(&self.page.scale)[1..] {
            if !layout.overflows() {
                break;
            }
            layout = self.page_of(list, frame, *density);
        }
        if !layout.overflows() {
            return layout;
        }
        if !self.page.scale.is_enlarged() {
            self.page.scale.gives_way = true;
            return self.paged(list, frame);
        }
        self.turned_list(list, frame)
    }

    /// All rows as part of a screen that is turned as a whole: there is no room for one beside the rest.
    fn turned_list(&mut self, list: &List<'_>, frame: Frame<'_>) -> Layout {
        self.page.density = Density::Tight;
        self.page.turned = true;
        self.whole_list(list, frame)
    }

    fn whole_list(&mut self, list: &List<'_>, frame: Frame<'_>) -> Layout {
        let most = list.len.min(MOST_TURNED);
        let shown = if list.newest_last {
            list.len - most..list.len
        } else {
            0..most
        };
        let rows = shown.map(|index| (list.row)(&self.page, index)).collect();
        let tree = frame(&self.page, rows, None);
        self.turned(tree)
    }

    /// Each row has room on a page, with another at best, so that all pages are made the same way.
    fn holds_each(&mut self, list: &List<'_>, frame: Frame<'_>) -> bool {
        self.page.density = Density::Tight;
        let empty = self.empty(frame);
        let area = empty.element(LIST).map(|e| e.rect);
        let Some(area) = area.filter(|_| !empty.overflows()) else {
            return false;
        };
        let most = list.len.min(MOST_TURNED);
        let heights = (0..most).map(|index| {
            let row = (list.row)(&self.page, index);
            self.height_of(row, area.width as f32)
        });
        let heights: Vec<f32> = heights.collect();
        let gap = self.page.px(GAP);
        let fewest = if self.page.scale.gives_way {
            1
        } else {
            FEWEST_ON_A_PAGE.min(most).max(1)
        };
        heights.windows(fewest).all(|rows| {
            let between = gap * (rows.len() - 1) as f32;
            rows.iter().sum::<f32>() + between <= area.height as f32
        })
    }

    /// What stands around the rows; larger buttons to turn pages may make it higher.
    fn empty(&mut self, frame: Frame<'_>) -> Layout {
        let turning = self.page.scale.is_enlarged().then_some(Pager {
            page: 0,
            more: true,
            count: Some(MOST_TURNED),
            newest_last: false,
        });
        self.lay_out(frame(&self.page, Vec::new(), turning.as_ref()))
    }

    fn page_of(&mut self, list: &List<'_>, frame: Frame<'_>, density: Density) -> Layout {
        self.page.density = density;
        let empty = self.empty(frame);
        let area = empty.elements().iter().find(|e| e.id == LIST);
        let (width, height) = area.map_or((0, 0), |e| (e.rect.width, e.rect.height));
        let (entries, pager) = self.find(list, width as f32, height as f32);
        let rows = entries.map(|index| (list.row)(&self.page, index)).collect();
        self.lay_out(frame(&self.page, rows, Some(&pager)))
    }

    /// How high a row is that is so wide, in pixels; nothing is where nothing is drawn.
    fn height_of(&mut self, row: Node, width: f32) -> f32 {
        let finish = self.page.finish();
        match &mut self.medium {
            Medium::Pixels(fonts) => Layout::height_of(row, width, fonts, &finish),
            Medium::Tree(_) => 0.0,
        }
    }

    fn find(&mut self, list: &List<'_>, width: f32, height: f32) -> (Range<usize>, Pager) {
        let room = Room {
            height,
            gap: self.page.px(GAP),
        };
        let wanted = self.page.view.navigation.page();
        let mut first = None;
        let measure = |index: usize| {
            if let (true, Some(height)) = (list.uniform, first) {
                return height;
            }
            let row = (list.row)(&self.page, index);
            *first.insert(self.height_of(row, width))
        };
        pages(list, room, wanted, measure)
    }
}

/// Where rows go.
#[derive(Clone, Copy)]
struct Room {
    height: f32,
    gap: f32,
}

/// The rows of the wanted page, or of the last one; one row at least, if there is any. Where rows
/// are uniform or few, pages are counted.
fn pages(
    list: &List<'_>,
    room: Room,
    wanted: usize,
    mut height: impl FnMut(usize) -> f32,
) -> (Range<usize>, Pager) {
    let (mut page, mut from) = (0, 0);
    let counted = list.uniform || list.len <= MOST_COUNTED;
    let mut shown = (0..0, 0);
    loop {
        let to = fill(list, room, from, &mut height);
        if page <= wanted {
            shown = (from..to, page);
        }
        let at_end = to >= list.len;
        if at_end || (page >= wanted && !counted) {
            let (rows, at) = shown;
            let more = rows.end < list.len;
            let pager = Pager {
                page: at,
                more,
                count: (at_end && (counted || !more)).then_some(page + 1),
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
        let mut buttons = [Some(earlier), self.place(pager), Some(later)];
        if self.words.right_to_left() {
            buttons.reverse();
        }
        let buttons = row(buttons.into_iter().flatten());
        Some(buttons.gap(self.px(16.0)).rigid().keeps_order())
    }

    /// Buttons to the pages of a screen that is higher than the panel.
    pub(super) fn turning(&self, bar: Bar, at: Place) -> Node {
        let button = |id, mark, message, to: Option<usize>| {
            let meaning = Meaning::new(id, Role::Button, self.words.say(message));
            let meaning = match to {
                Some(to) => meaning.step(Step::Turn(to)),
                None => meaning.disabled(true),
            };
            self.square(mark, self.quiet(), meaning)
        };
        let behind = Some(at.page + 1).filter(|page| *page < at.pages);
        let up = button(
            "screen-before",
            Icon::Earlier,
            Message::ScreenBefore,
            at.page.checked_sub(1),
        );
        let down = button("screen-behind", Icon::Later, Message::ScreenBehind, behind);
        // On a single page only the way out is left of the bar.
        let turns = if at.pages > 1 {
            // A bar beside has room for five characters; it stands there on every page.
            let close = matches!(bar, Bar::Beside(_)) && at.pages > 9;
            let place = self.place_words(at.page + 1, at.pages, ("screen-page", close));
            vec![up, row([place]).centred().grow(), down]
        } else {
            vec![spacer()]
        };
        let parts = turns.into_iter().chain(self.way_out());
        match bar {
            Bar::Beside(_) => column(parts)
                .align(taffy::AlignItems::CENTER)
                .gap(self.px(16.0))
                .paddings(self.px(12.0), self.px(40.0)),
            Bar::Below(_) => row(parts)
                .mirrors()
                .gap(self.px(16.0))
                .paddings(self.px(40.0), self.px(12.0)),
        }
    }

    /// Out of what people are in, in reach on each page.
    fn way_out(&self) -> Option<Node> {
        let (mark, tones, meaning) = match &self.view.screen {
            Screen::Call(_) => (Icon::HangUp, self.danger(), leave(self)),
            Screen::Ringing(ring) => (Icon::HangUp, self.danger(), declining(self, ring)),
            Screen::Joining { obstacle, .. } if !is_password(*obstacle) => {
                (Icon::Cancel, self.quiet(), cancelling(self))
            }
            Screen::SignIn { .. } => (Icon::Cancel, self.quiet(), sign_in::cancelling(self)),
            Screen::Verification(of) => {
                let (mark, meaning) = verification::closing(self, of)?;
                (mark, self.quiet(), meaning)
            }
            Screen::Laptop(_) => (Icon::Cancel, self.quiet(), laptop::cancelling(self)),
            _ => return None,
        };
        Some(self.square(mark, tones, meaning))
    }

    /// `2 / 5`
    fn place(&self, pager: &Pager) -> Option<Node> {
        let count = pager.count?;
        let number = if pager.newest_last {
            count - pager.page
        } else {
            pager.page + 1
        };
        Some(self.place_words(number, count, ("page", false)))
    }

    fn place_words(&self, number: usize, count: usize, (id, close): (&str, bool)) -> Node {
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let values = [
            ("page", whole(number).into()),
            ("count", whole(count).into()),
        ];
        let words = self.words.tell(Message::PageOf, values);
        let (font, shown) = match close {
            false => (Type::Strong, format!("{number} / {count}")),
            true => (Type::Small, format!("{number}/{count}")),
        };
        let figures = self.font(font).figures().centred();
        let drawn = text(shown, figures, self.theme.text.0).rigid();
        drawn.means(Meaning::new(id, Role::Status, words))
    }

    /// A button that is only an icon.
    pub(super) fn square(&self, mark: Icon, tones: super::parts::Tones, meaning: Meaning) -> Node {
        let size = self.scale.touch(64.0);
        let (fill, on) = if meaning.state.disabled {
            (self.theme.background.0, self.theme.outline.0)
        } else {
            (self.tone(tones, &meaning.id), tones.on)
        };
        row([icon(self.facing(mark), self.em(30.0), on)])
            .centred()
            .fixed(size, size)
            .fill(fill)
            .round(self.px(18.0))
            .means(meaning)
    }
}

/// That screen has it at its top.
fn is_password(obstacle: Option<Obstacle>) -> bool {
    matches!(obstacle, Some(Obstacle::Password { .. }))
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
