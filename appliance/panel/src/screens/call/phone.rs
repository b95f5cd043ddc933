//! How a visitor's phone becomes a second panel: a code for its camera.

use std::sync::Arc;

use saal_core::{Intent, PhoneAction, PhoneDoor, PhoneTicket};

use super::{
    super::{
        Density, Fit, Page,
        scanning::{SIZES, side},
    },
    sheet::{Head, sheet},
};
use crate::{
    Layout,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, qr_code, row, spacer, text},
    qr_code::QrCode,
    style::Type,
    view::Call,
};

/// Beside bar, title and large buttons a code has less room than on a page of its own.
const BESIDE: f32 = 0.62;

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let ticket = match &call.phone {
        Some(PhoneDoor::Open(ticket)) => Some(ticket),
        _ => None,
    };
    let picture = ticket.and_then(|ticket| QrCode::of(ticket.address.reveal().as_bytes()));
    let (Some(ticket), Some(picture)) = (ticket, picture) else {
        let broken = call.phone == Some(PhoneDoor::Broken);
        return fit.most(0, |page, _| nothing(page, call, broken));
    };
    fit.most(SIZES, |page, size| {
        let side = side(page, size) * BESIDE;
        framed(page, call, scan(page, ticket, (&picture, side)))
    })
}

fn framed(page: &Page<'_>, call: &Call, content: Node) -> Node {
    let head = Head {
        title: page.words.say(Message::PhoneTitle),
        back: None,
    };
    let content = column([spacer(), content, spacer()]);
    sheet(page, call, &head, content, None)
}

fn nothing(page: &Page<'_>, call: &Call, broken: bool) -> Node {
    let (mark, message) = if broken {
        (Icon::Limiting, Message::PhoneBroken)
    } else {
        (Icon::Busy, Message::LaptopOpening)
    };
    framed(page, call, page.says(mark, "phone-state", message))
}

fn scan(page: &Page<'_>, ticket: &PhoneTicket, (code, side): (&Arc<QrCode>, f32)) -> Node {
    let label = page.words.say(Message::PhoneCode);
    let picture = qr_code(code.clone(), side)
        .round(page.px(20.0))
        .means(Meaning::new("phone-code", Role::Image, label));
    let narrow = page.scale.is_narrow();
    let words = words(page, ticket, narrow);
    if narrow {
        let parts = [row([picture]).centred(), words];
        return column(parts).gap(page.px(24.0)).rigid();
    }
    row([picture, words.share()]).gap(page.px(48.0)).rigid()
}

fn words(page: &Page<'_>, ticket: &PhoneTicket, centred: bool) -> Node {
    let part = |id: &str, words: String, of: Type, lines, colour| {
        let font = page.font(of).lines(lines);
        let font = if centred { font.centred() } else { font };
        text(words.clone(), font, colour)
            .whole()
            .means(Meaning::new(id, Role::Text, words))
    };
    let hint = page.words.say(Message::PhoneHint);
    let certificate = ticket.fingerprint.as_ref().map(|fingerprint| {
        let values = [("fingerprint", Value::Foreign(fingerprint))];
        let words = page.words.tell(Message::LaptopFingerprint, values);
        part(
            "certificate",
            words,
            Type::Small,
            4,
            page.theme.text_quiet.0,
        )
    });
    let label = page.words.say(Message::PhoneDismiss);
    let meaning = Meaning::new("phone-dismiss", Role::Button, label.clone())
        .intent(Intent::Phone(PhoneAction::Dismiss))
        .step(Step::Close);
    let dismiss = page.button(Icon::Close, &label, page.quiet(), meaning);
    let dismiss = row([dismiss]).rigid();
    let parts = [
        Some(part("hint", hint, Type::Body, 5, page.theme.text.0)),
        certificate.filter(|_| page.density < Density::Tighter),
        Some(if centred { dismiss.centred() } else { dismiss }),
    ];
    column(parts.into_iter().flatten()).gap(page.px(20.0))
}
