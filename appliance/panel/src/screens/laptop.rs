//! A laptop shares its screen: where to go and with which code, legible from two metres.

use saal_core::{Door, Intent, Invitation, LaptopAction, Sharing};

use super::{Density, Page, joining::waiting, parts::Tones};
use crate::{
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, row, spacer, text},
    style::Type,
};

/// The code's digits, in pixels at 1280x800.
const CODE: f32 = 92.0;

/// On the home screen: how to begin.
pub(super) fn way(page: &Page<'_>, sharing: Sharing) -> Option<Node> {
    if sharing != Sharing::Possible {
        return None;
    }
    let label = page.words.say(Message::LaptopShare);
    let meaning = Meaning::new("laptop", Role::Button, label.clone())
        .intent(Intent::Laptop(LaptopAction::Invite));
    Some(page.button(Icon::Laptop, &label, page.quiet(), meaning))
}

/// On the home screen: that there is one.
pub(super) fn shown(page: &Page<'_>, sharing: Sharing) -> Option<Node> {
    if sharing != Sharing::On {
        return None;
    }
    let (soft, on) = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let words = page.words.say(Message::LaptopShown);
    let what = text(words.clone(), page.font(Type::Label).lines(2), on).whole();
    let what = what
        .share()
        .means(Meaning::new("laptop-shown", Role::Status, words));
    let tones = Tones {
        rest: page.theme.surface.0,
        ..page.quiet()
    };
    let button = |id: &str, label, action| {
        let label = page.words.say(label);
        let meaning = Meaning::new(id, Role::Button, label.clone()).intent(Intent::Laptop(action));
        page.small_button(&label, tones, meaning)
    };
    let words = row([icon(Icon::Laptop, page.em(28.0), on), what]).gap(page.px(16.0));
    let buttons = row([
        button("laptop", Message::LaptopOther, LaptopAction::Invite),
        button("laptop-stop", Message::LaptopStop, LaptopAction::Stop),
    ])
    .gap(page.px(12.0));
    let parts = if page.scale.is_narrow() {
        column([words, buttons.wrapping()])
    } else {
        row([words.share(), buttons.rigid()])
    };
    let shown = parts
        .gap(page.px(16.0))
        .paddings(page.px(20.0), page.px(10.0))
        .rigid()
        .fill(soft)
        .round(page.px(16.0));
    Some(shown.above(page.px(16.0)))
}

/// The whole panel, while the room is in no meeting.
pub(super) fn alone(page: &Page<'_>, door: &Door) -> Node {
    let title = page.words.say(Message::LaptopTitle);
    // Beside pages that are turned, it stands beside each.
    let cancel = (!page.turned).then(|| {
        let meaning = cancelling(page);
        page.button(Icon::Cancel, &meaning.label.clone(), page.quiet(), meaning)
    });
    if let Some((mark, id, hint)) = state(door) {
        let (hint, below) = (page.words.say(hint), cancel.into_iter().collect());
        return waiting(page, (mark, id), &title, &hint, below);
    }
    let font = page.font(Type::Display).lines(2).centred();
    let heading = text(title.clone(), font, page.theme.text.0)
        .rigid()
        .means(Meaning::new("title", Role::Heading, title));
    let cancel = cancel.map(|cancel| row([cancel]).centred().above(page.px(28.0)));
    let parts = [
        Some(page.top_bar()),
        Some(spacer()),
        Some(heading),
        Some(invitation(page, door).above(page.px(20.0))),
        cancel,
        Some(spacer()),
        Some(page.banners()),
    ];
    column(parts.into_iter().flatten())
        .padding(page.px(40.0))
        .fill(page.theme.background.0)
}

/// No laptop after all.
pub(super) fn cancelling(page: &Page<'_>) -> Meaning {
    let label = page.words.say(Message::Cancel);
    Meaning::new("cancel", Role::Button, label).intent(Intent::Laptop(LaptopAction::CloseDoor))
}

/// Why there is no invitation.
fn state(door: &Door) -> Option<(Icon, &'static str, Message)> {
    match door {
        Door::Opening => Some((Icon::Busy, "laptop-opening", Message::LaptopOpening)),
        Door::Broken => Some((Icon::Limiting, "laptop-broken", Message::LaptopBroken)),
        Door::Open(_) => None,
    }
}

/// What people need, or why there is none.
pub(super) fn invitation(page: &Page<'_>, door: &Door) -> Node {
    match (door, state(door)) {
        (Door::Open(invitation), _) => open(page, invitation),
        (_, Some((mark, id, words))) => page.says(mark, id, words),
        (_, None) => Node::default(),
    }
}

fn open(page: &Page<'_>, of: &Invitation) -> Node {
    let (ink, quiet) = (page.theme.text.0, page.theme.text_quiet.0);
    let part = |id: &str, words: String, of: Type, lines, colour| {
        let font = page.font(of).lines(lines).centred();
        text(words.clone(), font, colour).means(Meaning::new(id, Role::Text, words))
    };
    let hint = page.words.say(Message::LaptopHint);
    let address = page.title(&of.address);
    let certificate = of.fingerprint.as_ref().map(|fingerprint| {
        let values = [("fingerprint", Value::Foreign(fingerprint))];
        let words = page.words.tell(Message::LaptopFingerprint, values);
        part("certificate", words, Type::Small, 3, quiet).whole()
    });
    let roomy = page.density == Density::Roomy;
    let gap = if roomy { page.px(16.0) } else { 0.0 };
    let large = if roomy && !page.scale.is_narrow() {
        Type::Display
    } else {
        Type::Title
    };
    let parts = [
        (page.density < Density::Tighter).then(|| part("hint", hint, Type::Body, 3, quiet).whole()),
        Some(part("address", address, large, 2, ink).whole().above(gap)),
        Some(code(page, &of.code)),
        certificate
            .filter(|_| page.density < Density::Tightest)
            .map(|words| words.above(gap)),
    ];
    column(parts.into_iter().flatten())
        .gap(page.px(12.0))
        .rigid()
}

/// In two groups of three, as it is read out.
fn code(page: &Page<'_>, code: &str) -> Node {
    let words = match code.split_at_checked(3) {
        Some((first, second)) => format!("{first} {second}"),
        None => code.to_owned(),
    };
    let mut style = page.font(Type::Display).figures().centred();
    if page.density < Density::Tightest {
        style.size = page.scale.font(CODE) as u32;
    }
    text(words.clone(), style, page.theme.text.0)
        .rigid()
        .means(Meaning::new("laptop-code", Role::Text, words))
}
