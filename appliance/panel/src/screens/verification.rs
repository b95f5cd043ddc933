//! Somebody verifies the room from another device of its account.

use saal_core::Intent;
use saal_meeting::{AccountAction, Verification};

use super::{Density, Page, joining::waiting, parts::Tones};
use crate::{
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, row, spacer, text},
    sas_emoji,
    style::Type,
};

pub(super) fn verification(page: &Page<'_>, of: &Verification) -> Node {
    match of {
        Verification::Requested { device } => question(page, device),
        Verification::Waiting => {
            let words = (Message::VerifyWaiting, Message::VerifyWaitingHint);
            let cancel = close(page, Message::Cancel, Icon::Cancel);
            message(page, (Icon::Waiting, "verify-waiting"), words, cancel)
        }
        Verification::Compare { emoji } => compare(page, emoji),
        Verification::Over { verified: true } => {
            let words = (Message::Verified, Message::VerifiedHint);
            let close = close(page, Message::Dismiss, Icon::Check);
            message(page, (Icon::Check, "verified"), words, close)
        }
        Verification::Over { verified: false } => {
            let words = (Message::NotVerified, Message::NotVerifiedHint);
            let close = close(page, Message::Dismiss, Icon::Check);
            message(page, (Icon::Limiting, "not-verified"), words, close)
        }
    }
}

fn message(
    page: &Page<'_>,
    mark: (Icon, &str),
    (what, hint): (Message, Message),
    button: Node,
) -> Node {
    let (what, hint) = (page.words.say(what), page.words.say(hint));
    waiting(page, mark, &what, &hint, vec![button])
}

fn question(page: &Page<'_>, device: &str) -> Node {
    let what = page.words.say(Message::VerifyQuestion);
    let device = [("device", Value::Foreign(device))];
    let hint = page.words.tell(Message::VerifyQuestionHint, device);
    let verify = button(
        page,
        ("verify", Message::Verify, Icon::Check),
        page.accent(),
        AccountAction::Verify,
    );
    let not = close(page, Message::VerifyNot, Icon::Cancel);
    let mark = (Icon::Lock, "verify-question");
    waiting(page, mark, &what, &hint, vec![pair(page, not, verify)])
}

fn compare(page: &Page<'_>, emoji: &[u8; 7]) -> Node {
    let title = page.words.say(Message::VerifyCompare);
    let font = page.font(Type::Title).lines(2);
    let heading = text(title.clone(), font.centred(), page.theme.text.0)
        .rigid()
        .means(Meaning::new("title", Role::Heading, title));
    let hint = page.words.say(Message::VerifyCompareHint);
    let font = page.font(Type::Small).lines(2);
    let hint = (page.density == Density::Roomy).then(|| {
        text(hint.clone(), font.centred(), page.theme.text_quiet.0)
            .rigid()
            .means(Meaning::new("hint", Role::Text, hint))
    });
    let across = if page.scale.is_portrait() { 3 } else { 4 };
    let cells: Vec<Node> = (0..)
        .zip(emoji)
        .map(|(at, of)| cell(page, at, *of))
        .collect();
    let mut cells = cells.into_iter();
    let mut rows = Vec::new();
    while cells.len() > 0 {
        rows.push(page.cells(cells.by_ref().take(across), across));
    }
    let other = button(
        page,
        ("emoji-differ", Message::VerifyOther, Icon::Cancel),
        page.quiet(),
        AccountAction::Compared { same: false },
    );
    let same = button(
        page,
        ("emoji-match", Message::VerifySame, Icon::Check),
        page.accent(),
        AccountAction::Compared { same: true },
    );
    let head = column([heading].into_iter().chain(hint)).gap(page.px(6.0));
    column([
        page.top_bar(),
        spacer(),
        head.rigid(),
        column(rows).gap(page.px(14.0)).above(page.px(20.0)),
        row([pair(page, other, same)])
            .centred()
            .above(page.px(24.0)),
        spacer(),
        page.banners(),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}

/// An emoji and its name; the name alone where the fonts have no picture.
fn cell(page: &Page<'_>, at: usize, number: u8) -> Node {
    let name = page
        .words
        .tell(Message::VerifyEmoji, [("number", i64::from(number).into())]);
    let symbol = sas_emoji::drawn(number);
    let picture = symbol.map(|symbol| {
        let font = page.font(Type::Display).centred();
        text(symbol, font, page.theme.text.0).rigid()
    });
    let style = if picture.is_some() {
        Type::Small
    } else {
        Type::Strong
    };
    let label = text(name.clone(), page.font(style).centred(), page.theme.text.0).rigid();
    let content = column(picture.into_iter().chain([label])).gap(page.px(4.0));
    let content = content.align(taffy::AlignItems::CENTER);
    let content = column([spacer(), content, spacer()]);
    let high = if page.density == Density::Roomy {
        116.0
    } else {
        0.0
    };
    let content = content.at_least(0.0, page.px(high));
    page.card(content.paddings(page.px(8.0), page.px(10.0)))
        .means(Meaning::new(format!("emoji:{at}"), Role::Text, name))
}

fn close(page: &Page<'_>, label: Message, mark: Icon) -> Node {
    let what = ("close-verification", label, mark);
    button(page, what, page.quiet(), AccountAction::CloseVerification)
}

fn button(
    page: &Page<'_>,
    (id, label, mark): (&str, Message, Icon),
    tones: Tones,
    action: AccountAction,
) -> Node {
    let label = page.words.say(label);
    let meaning = Meaning::new(id, Role::Button, label.clone()).intent(Intent::Account(action));
    page.button(mark, &label, tones, meaning)
}

fn pair(page: &Page<'_>, first: Node, second: Node) -> Node {
    row([first, second])
        .gap(page.px(20.0))
        .wrapping()
        .centred()
        .rigid()
}
