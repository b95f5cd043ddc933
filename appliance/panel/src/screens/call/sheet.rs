//! What lies over the call: its name, a way back, what is in it, and the large buttons below.

use saal_core::{Intent, LaptopAction, SoundAction};

use super::{
    super::{
        Page,
        paging::{GAP, LIST, Pager},
    },
    controls::controls,
};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, row, spacer, text},
    style::Type,
    view::{Call, Screen},
};

/// The top of a sheet.
pub(in super::super) struct Head {
    pub(in super::super) title: String,
    /// Where the button beside the title leads; `None`: to the call.
    pub(in super::super) back: Option<Sheet>,
}

/// A sheet with rows.
pub(super) fn list(
    page: &Page<'_>,
    call: &Call,
    head: &Head,
    rows: Vec<Node>,
    pager: Option<&Pager>,
) -> Node {
    sheet(page, call, head, rows_of(page, head, rows), pager)
}

/// A sheet with anything in it.
pub(super) fn sheet(
    page: &Page<'_>,
    call: &Call,
    head: &Head,
    content: Node,
    pager: Option<&Pager>,
) -> Node {
    let dialog = dialog(page, head, content, pager).above(page.px(14.0));
    column([
        page.call_bar(call),
        dialog,
        page.banners(),
        controls(page, call).above(page.px(18.0)),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}

/// The same over the home screen, or over the call where there is one.
pub(in super::super) fn frame(
    page: &Page<'_>,
    call: Option<&Call>,
    head: &Head,
    rows: Vec<Node>,
    pager: Option<&Pager>,
) -> Node {
    let Some(call) = call else {
        let dialog = dialog(page, head, rows_of(page, head, rows), pager).above(page.px(14.0));
        let parts = [page.top_bar(), dialog, page.banners()];
        return column(parts)
            .padding(page.px(40.0))
            .fill(page.theme.background.0);
    };
    list(page, call, head, rows, pager)
}

fn dialog(page: &Page<'_>, head: &Head, content: Node, pager: Option<&Pager>) -> Node {
    column([top(page, head, pager), content.grow().above(page.px(16.0))])
        .grow()
        .means(Meaning::new("dialog", Role::Dialog, head.title.clone()))
}

fn rows_of(page: &Page<'_>, head: &Head, rows: Vec<Node>) -> Node {
    column(rows)
        .gap(page.px(GAP))
        .means(Meaning::new(LIST, Role::List, head.title.clone()))
}

fn top(page: &Page<'_>, head: &Head, pager: Option<&Pager>) -> Node {
    let (mark, label, step) = match &head.back {
        Some(sheet) => (Icon::Back, Message::Back, Step::Open(sheet.clone())),
        None if matches!(page.view.screen, Screen::Home { .. }) => {
            (Icon::Close, Message::BackHome, Step::Close)
        }
        None => (Icon::Close, Message::BackToCall, Step::Close),
    };
    let meaning = Meaning::new("back", Role::Button, page.words.say(label)).step(step);
    let meaning = leaving_sheet(page, meaning);
    let narrow = page.scale.is_narrow();
    let font = page.font(if narrow { Type::Strong } else { Type::Title });
    let title = text(head.title.clone(), font.lines(2), page.theme.text.0)
        .share()
        .means(Meaning::new("sheet", Role::Heading, head.title.clone()));
    let buttons = pager.and_then(|pager| page.pager(pager));
    let back = page.square(mark, page.quiet(), meaning);
    if page.scale.is_slim() {
        let buttons = [Some(back), Some(spacer()), buttons];
        let buttons = row(buttons.into_iter().flatten())
            .gap(page.px(20.0))
            .rigid()
            .mirrors();
        let title = row([title]).above(page.px(12.0));
        return column([buttons, title]).rigid();
    }
    row([Some(back), Some(title), buttons].into_iter().flatten())
        .gap(page.px(20.0))
        .at_least(0.0, page.scale.touch(64.0))
        .rigid()
}

/// What came while people were at the chat is read; nobody looks at the microphone's level any more.
pub(super) fn leaving_sheet(page: &Page<'_>, meaning: Meaning) -> Meaning {
    match page.view.navigation.sheet() {
        Some(Sheet::Chat) => meaning.intent(Intent::ReadChat),
        Some(Sheet::Laptop) => meaning.intent(Intent::Laptop(LaptopAction::CloseDoor)),
        Some(Sheet::Sound) => meaning.intent(Intent::Sound(SoundAction::Meter(false))),
        _ => meaning,
    }
}
