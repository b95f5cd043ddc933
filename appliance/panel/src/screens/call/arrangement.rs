//! How the television shows the others: what is large, the room's own picture, pages of many people.

use saal_core::{Arrange, Intent};
use saal_fleet_protocol::config::Layout as Large;

use super::{
    super::{Fit, Page, paging::List},
    more::{Tile, tile_row},
    sheet::{Head, list},
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node},
    view::{Call, TelevisionView},
};

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let across = if fit.page.scale.is_narrow() { 1 } else { 2 };
    let tiles = [
        layout(&fit.page, call, Large::Grid),
        layout(&fit.page, call, Large::Speaker),
        layout(&fit.page, call, Large::Content),
        own(&fit.page, call),
    ];
    let lines: Vec<&[Tile]> = tiles.chunks(across).collect();
    let paged = call.television.pages > 1;
    let head = Head {
        title: fit.page.words.say(Message::Arrangement),
        back: None,
    };
    // Whom people look for stands first.
    let rows = List {
        len: lines.len() + usize::from(paged),
        row: &|page, index| match (paged, index) {
            (true, 0) => turning(page, call.television),
            (true, later) => tile_row(page, lines[later - 1], across),
            (false, index) => tile_row(page, lines[index], across),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

fn layout(page: &Page<'_>, call: &Call, large: Large) -> Tile {
    let (id, mark, label, more) = match large {
        Large::Grid => (
            "layout-grid",
            Icon::Grid,
            Message::LayoutGrid,
            Message::LayoutGridHint,
        ),
        Large::Speaker => (
            "layout-speaker",
            Icon::Speaker,
            Message::LayoutSpeaker,
            Message::LayoutSpeakerHint,
        ),
        Large::Content => (
            "layout-content",
            Icon::ContentAlone,
            Message::LayoutContent,
            Message::LayoutContentHint,
        ),
    };
    let words = (page.words.say(label), page.words.say(more));
    let meaning = Meaning::new(id, Role::Radio, words.0.clone())
        .intent(Intent::Arrange(Arrange::Layout(large)));
    Tile::held(page, mark, words, call.television.layout == large, meaning)
}

fn own(page: &Page<'_>, call: &Call) -> Tile {
    let on = call.television.self_view;
    let more = match (call.muted.camera, on) {
        (true, true) => Message::SelfViewNoCamera,
        (false, true) => Message::SelfViewOn,
        (_, false) => Message::SelfViewOff,
    };
    let words = (page.words.say(Message::SelfView), page.words.say(more));
    let meaning = Meaning::new("self-view", Role::Switch, words.0.clone())
        .intent(Intent::Arrange(Arrange::SelfView(!on)));
    Tile::held(page, Icon::SelfView, words, on, meaning)
}

/// Which of many people are seen, and the ways to the others.
fn turning(page: &Page<'_>, television: TelevisionView) -> Node {
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (from, to) = (television.from + 1, television.from + television.shown);
    let numbers = [
        ("from", number(from).into()),
        ("to", number(to).into()),
        ("count", number(television.count).into()),
    ];
    let words = page.words.tell(Message::SeenOf, numbers);
    let turn = |id, mark, message, to: Option<usize>| {
        let label = page.words.say(message);
        let meaning = Meaning::new(id, Role::Button, label)
            .described(words.clone())
            .disabled(to.is_none());
        let meaning = match to {
            Some(to) => meaning.intent(Intent::Arrange(Arrange::Page(to))),
            None => meaning,
        };
        page.square(mark, page.quiet(), meaning)
    };
    let before = television.page.checked_sub(1);
    let behind = Some(television.page + 1).filter(|page| *page < television.pages);
    page.between(
        turn("people-before", Icon::Back, Message::PageBefore, before),
        Meaning::new("people-seen", Role::Status, words.clone()),
        turn("people-behind", Icon::Next, Message::PageBehind, behind),
    )
}
