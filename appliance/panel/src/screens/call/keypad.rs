//! Telephone tones for a dial-in.

use saal_core::Intent;
use saal_meeting::MeetingAction;

use super::{
    super::{Density, Page},
    sheet::{Head, sheet},
};
use crate::{
    element::Role,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, row, text},
    style::Type,
    view::Call,
};

/// As on every telephone (ITU-T E.161).
const TONES: [char; 12] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

pub(super) fn keypad(page: &Page<'_>, call: &Call) -> Node {
    let head = Head {
        title: page.words.say(Message::Keypad),
        back: None,
    };
    // Two lines of six where four of three are too high.
    let across = if page.density == Density::Roomy { 3 } else { 6 };
    let lines = TONES.chunks(across).map(|tones| {
        let keys = tones.iter().map(|tone| key(page, *tone));
        row(keys)
            .gap(page.px(12.0))
            .align(taffy::AlignItems::STRETCH)
            .share()
    });
    let keys = column(lines)
        .gap(page.px(12.0))
        .share()
        .most_wide(page.em(160.0) * across as f32)
        .most_high(page.em(110.0) * (TONES.len() / across) as f32);
    let keys = row([keys])
        .centred()
        .align(taffy::AlignItems::STRETCH)
        .grow()
        .keeps_order();
    sheet(
        page,
        call,
        &head,
        column([dialled(page), keys]).gap(page.px(12.0)),
        None,
    )
}

fn dialled(page: &Page<'_>) -> Node {
    let tones = page.view.navigation.dialled();
    let hint = page.words.say(Message::KeypadHint);
    let (words, font, colour) = if tones.is_empty() {
        (hint.as_str(), Type::Body, page.theme.text_quiet.0)
    } else {
        (tones, Type::Title, page.theme.text.0)
    };
    let line = text(words, page.font(font).centred().figures(), colour);
    row([line.grow()])
        .at_least(0.0, page.em(44.0))
        .rigid()
        .means(Meaning::new("dialled", Role::Status, words).described(hint.clone()))
}

fn key(page: &Page<'_>, tone: char) -> Node {
    let id = format!("tone:{tone}");
    let action = MeetingAction::Dtmf {
        tones: tone.to_string(),
    };
    let meaning = Meaning::new(&id, Role::Button, tone.to_string())
        .intent(Intent::Act(action))
        .step(Step::Dialled(tone));
    let tones = super::more::white(page);
    let digit = text(tone, page.font(Type::Title).figures(), tones.on).rigid();
    row([digit])
        .centred()
        .at_least(48.0, 48.0)
        .share()
        .fill(page.tone(tones, &id))
        .round(page.px(18.0))
        .means(meaning)
}
