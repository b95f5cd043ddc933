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
    node::{Meaning, Node, column, row, text},
    style::Type,
    view::Call,
};

/// The top of a sheet.
pub(super) struct Head {
    pub(super) title: String,
    /// Where the button beside the title leads; `None`: to the call.
    pub(super) back: Option<Sheet>,
}

/// A sheet with rows.
pub(super) fn list(
    page: &Page<'_>,
    call: &Call,
    head: &Head,
    rows: Vec<Node>,
    pager: Option<&Pager>,
) -> Node {
    let rows =
        column(rows)
            .gap(page.px(GAP))
            .means(Meaning::new(LIST, Role::List, head.title.clone()));
    sheet(page, call, head, rows, pager)
}

/// A sheet with anything in it.
pub(super) fn sheet(
    page: &Page<'_>,
    call: &Call,
    head: &Head,
    content: Node,
    pager: Option<&Pager>,
) -> Node {
    column([
        page.call_bar(call),
        top(page, head, pager).above(page.px(14.0)),
        content.grow().above(page.px(16.0)),
        page.banners(),
        controls(page, call).above(page.px(18.0)),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}

fn top(page: &Page<'_>, head: &Head, pager: Option<&Pager>) -> Node {
    let (mark, label, step) = match &head.back {
        Some(sheet) => (Icon::Back, Message::Back, Step::Open(sheet.clone())),
        None => (Icon::Close, Message::BackToCall, Step::Close),
    };
    let meaning = Meaning::new("back", Role::Button, page.words.say(label)).step(step);
    let meaning = leaving_sheet(page, meaning);
    let narrow = page.scale.is_portrait();
    let font = page.font(if narrow { Type::Strong } else { Type::Title });
    let title = text(head.title.clone(), font.lines(2), page.theme.text.0)
        .share()
        .means(Meaning::new("sheet", Role::Heading, head.title.clone()));
    let buttons = pager.and_then(|pager| page.pager(pager));
    let back = page.square(mark, page.quiet(), meaning);
    row([Some(back), Some(title), buttons].into_iter().flatten())
        .gap(page.px(20.0))
        .height(page.scale.touch(64.0))
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
