//! Somebody verifies the room from another device of its account.

use saal_core::Intent;
use saal_meeting::{AccountAction, Verification};

use super::{Density, Fit, Page, joining::waiting, scanning::Scan};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, row, spacer, text},
    qr_code::QrCode,
    sas_emoji,
    style::Type,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, of: &Verification) -> Layout {
    if let Verification::Scan { code, emoji } = of
        && let Some(code) = QrCode::of(code)
    {
        let scan = Scan {
            what: Message::VerifyScan,
            hint: Message::VerifyScanHint,
            code: Message::VerifyCode,
            note: None,
        };
        return fit.scan(&code, &scan, |page| beside_code(page, of, *emoji));
    }
    fit.most(0, |page, _| verification(page, of))
}

fn verification(page: &Page<'_>, of: &Verification) -> Node {
    match of {
        Verification::Requested { device, user } => question(page, device, user.as_deref()),
        Verification::Scanned => scanned(page),
        // A code that is too long to be drawn is none of Matrix; people cancel.
        Verification::Waiting | Verification::Scan { .. } => {
            let words = (Message::VerifyWaiting, Message::VerifyWaitingHint);
            let cancel = closing_button(page, of);
            message(page, (Icon::Waiting, "verify-waiting"), words, cancel)
        }
        Verification::Compare { emoji } => compare(page, emoji),
        Verification::Over { verified: true } => {
            let words = (Message::Verified, Message::VerifiedHint);
            let close = closing_button(page, of);
            message(page, (Icon::Check, "verified"), words, close)
        }
        Verification::Over { verified: false } => {
            let words = (Message::NotVerified, Message::NotVerifiedHint);
            let close = closing_button(page, of);
            message(page, (Icon::Limiting, "not-verified"), words, close)
        }
    }
}

fn message(
    page: &Page<'_>,
    mark: (Icon, &str),
    (what, hint): (Message, Message),
    button: Option<Node>,
) -> Node {
    let (what, hint) = (page.words.say(what), page.words.say(hint));
    waiting(page, mark, &what, &hint, button.into_iter().collect())
}

fn question(page: &Page<'_>, device: &str, user: Option<&str>) -> Node {
    let what = page.words.say(Message::VerifyQuestion);
    let hint = match user {
        None => {
            let device = [("device", Value::Foreign(device))];
            page.words.tell(Message::VerifyQuestionHint, device)
        }
        Some(user) => {
            let user = [("user", Value::Foreign(user))];
            page.words.tell(Message::VerifyQuestionUserHint, user)
        }
    };
    let verify = page.account_button(
        ("verify", Message::Verify, Icon::Check),
        page.accent(),
        AccountAction::Verify,
    );
    let not = page.account_button(
        ("close-verification", Message::VerifyNot, Icon::Cancel),
        page.quiet(),
        AccountAction::CloseVerification,
    );
    let mark = (Icon::Lock, "verify-question");
    waiting(page, mark, &what, &hint, vec![page.buttons([not, verify])])
}

fn beside_code(page: &Page<'_>, of: &Verification, emoji: bool) -> Vec<Node> {
    let emoji = emoji.then(|| {
        page.account_button(
            ("compare-emoji", Message::VerifyEmojiInstead, Icon::Smile),
            page.quiet(),
            AccountAction::CompareEmoji,
        )
    });
    emoji.into_iter().chain(closing_button(page, of)).collect()
}

/// Somebody scanned the code: the other device has to say the same.
fn scanned(page: &Page<'_>) -> Node {
    let what = page.words.say(Message::VerifyScanned);
    let hint = page.words.say(Message::VerifyScannedHint);
    let answer = |id, label, mark, tones, confirmed| {
        let action = AccountAction::Scanned { confirmed };
        page.account_button((id, label, mark), tones, action)
    };
    let no = answer(
        "scan-denied",
        Message::VerifyScannedNo,
        Icon::Cancel,
        page.quiet(),
        false,
    );
    let yes = answer(
        "scan-confirmed",
        Message::VerifyScannedYes,
        Icon::Check,
        page.accent(),
        true,
    );
    let mark = (Icon::Scanned, "verify-scanned");
    waiting(page, mark, &what, &hint, vec![page.buttons([no, yes])])
}

fn compare(page: &Page<'_>, emoji: &[u8; 7]) -> Node {
    let title = page.words.say(Message::VerifyCompare);
    let font = page.font(Type::Title).lines(2);
    let heading = text(title.clone(), font.centred(), page.theme.text.0)
        .rigid()
        .means(Meaning::new("title", Role::Heading, title));
    let hint = page.words.say(Message::VerifyCompareHint);
    let font = page.font(Type::Small).lines(2);
    let hint = page.is_complete().then(|| {
        text(hint.clone(), font.centred(), page.theme.text_quiet.0)
            .rigid()
            .means(Meaning::new("hint", Role::Text, hint))
    });
    let scale = page.scale;
    let across = match (scale.is_slim(), scale.is_enlarged(), scale.is_narrow()) {
        (true, ..) => 1,
        (_, true, true) => 2,
        (_, false, true) => 3,
        _ => 4,
    };
    let cells: Vec<Node> = (0..)
        .zip(emoji)
        .map(|(at, of)| cell(page, at, *of))
        .collect();
    let mut cells = cells.into_iter();
    let mut rows = Vec::new();
    while cells.len() > 0 {
        rows.push(page.cells(cells.by_ref().take(across), across));
    }
    let other = page.account_button(
        ("emoji-differ", Message::VerifyOther, Icon::Cancel),
        page.quiet(),
        AccountAction::Compared { same: false },
    );
    let same = page.account_button(
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
        row([page.buttons([other, same])])
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
    // A word that is alone is written larger, unless all words are.
    let style = if picture.is_some() || page.scale.is_enlarged() {
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
    let content = content.at_least(0.0, page.em(high));
    page.card(content.paddings(page.px(8.0), page.px(10.0)))
        .means(Meaning::new(format!("emoji:{at}"), Role::Text, name))
}

/// Out of it, where that is no answer to a question.
pub(super) fn closing(page: &Page<'_>, of: &Verification) -> Option<(Icon, Meaning)> {
    let (mark, label) = match of {
        Verification::Scan { .. } | Verification::Waiting => (Icon::Cancel, Message::Cancel),
        Verification::Over { .. } => (Icon::Check, Message::Dismiss),
        Verification::Requested { .. } | Verification::Scanned | Verification::Compare { .. } => {
            return None;
        }
    };
    let action = Intent::Account(AccountAction::CloseVerification);
    let label = page.words.say(label);
    let meaning = Meaning::new("close-verification", Role::Button, label).intent(action);
    Some((mark, meaning))
}

/// The button; beside pages that are turned, it stands beside each.
fn closing_button(page: &Page<'_>, of: &Verification) -> Option<Node> {
    let (mark, meaning) = closing(page, of).filter(|_| !page.turned)?;
    Some(page.button(mark, &meaning.label.clone(), page.quiet(), meaning))
}
