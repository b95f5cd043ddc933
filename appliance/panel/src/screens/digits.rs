//! Two digits that another device shows (the check code of MSC4108).

use saal_core::Intent;
use saal_meeting::AccountAction;

use super::{Density, Page, parts::Tones};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    navigation::{Key, Step},
    node::{Meaning, Node, column, icon, row, spacer, text},
    style::Type,
};

/// As many as there are.
const DIGITS: usize = 2;
/// As on every telephone (ITU-T E.161).
const KEYS: [char; 9] = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

pub(super) fn digits(page: &Page<'_>, cancel: Node) -> Node {
    let typed: Vec<char> = page
        .view
        .navigation
        .typing()
        .text
        .reveal()
        .chars()
        .collect();
    let typed = &typed[..typed.len().min(DIGITS)];
    let narrow = page.scale.is_portrait();
    let about = about(page, typed, narrow, cancel);
    let keys = keys(page, typed);
    let main = if narrow {
        column([about, keys]).gap(page.px(24.0))
    } else {
        row([about.share(), keys.share()]).gap(page.px(56.0))
    };
    column([
        page.top_bar(),
        spacer(),
        main.rigid(),
        spacer(),
        page.banners(),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}

fn about(page: &Page<'_>, typed: &[char], centred: bool, cancel: Node) -> Node {
    let style = |of: Type, lines| {
        let font = page.font(of).lines(lines);
        if centred { font.centred() } else { font }
    };
    let heading = if page.density == Density::Roomy {
        Type::Display
    } else {
        Type::Title
    };
    let title = page.words.say(Message::SignInDigits);
    let hint = page.words.say(Message::SignInDigitsHint);
    let heading = text(title.clone(), style(heading, 3), page.theme.text.0)
        .whole()
        .means(Meaning::new("title", Role::Heading, title));
    let hint = (page.density < Density::Tightest).then(|| {
        text(hint.clone(), style(Type::Body, 4), page.theme.text_quiet.0)
            .whole()
            .means(Meaning::new("hint", Role::Text, hint))
    });
    let cancel = row([cancel]);
    let cancel = if centred { cancel.centred() } else { cancel };
    let boxes = boxes(page, typed, centred).above(page.px(12.0));
    let parts = [Some(heading), hint, Some(boxes), Some(cancel)];
    column(parts.into_iter().flatten()).gap(page.px(16.0))
}

/// What was typed so far.
fn boxes(page: &Page<'_>, typed: &[char], centred: bool) -> Node {
    let label = page.words.say(Message::SignInDigits);
    let said: String = typed.iter().collect();
    let one = |at: usize| {
        let digit = typed.get(at).copied().map(String::from).unwrap_or_default();
        let style = page.font(Type::Display).figures().centred();
        let ring = if at == typed.len().min(DIGITS - 1) {
            page.theme.accent.0
        } else {
            page.theme.button.0
        };
        row([text(digit, style, page.theme.text.0).grow()])
            .centred()
            .fixed(page.px(88.0), page.px(96.0))
            .fill(page.theme.surface.0)
            .ring(page.px(2.0), ring)
            .round(page.px(16.0))
    };
    let both = row((0..DIGITS).map(one)).gap(page.px(16.0));
    let both = if centred { both.centred() } else { both };
    both.rigid()
        .means(Meaning::new("digits", Role::TextBox, label).described(said))
}

fn keys(page: &Page<'_>, typed: &[char]) -> Node {
    let full = typed.len() >= DIGITS;
    let mut lines: Vec<Node> = KEYS
        .chunks(3)
        .map(|three| line(page, three.iter().map(|digit| key(page, *digit, full))))
        .collect();
    let last = [
        erase(page, typed.is_empty()),
        key(page, '0', full),
        enter(page, typed),
    ];
    lines.push(line(page, last));
    let most = page.px(150.0) * 3.0;
    column(lines).gap(page.px(12.0)).most_wide(most).rigid()
}

fn line(page: &Page<'_>, keys: impl IntoIterator<Item = Node>) -> Node {
    row(keys)
        .gap(page.px(12.0))
        .align(taffy::AlignItems::STRETCH)
}

fn key(page: &Page<'_>, digit: char, full: bool) -> Node {
    let meaning = Meaning::new(format!("key:{digit}"), Role::Button, digit.to_string())
        .step(Step::Key(Key::Type(digit)))
        .disabled(full);
    let tones = Tones {
        rest: page.theme.surface.0,
        ..page.quiet()
    };
    let style = page.font(Type::Title).figures();
    face(page, tones, meaning, |on| text(digit, style, on).rigid())
}

fn erase(page: &Page<'_>, empty: bool) -> Node {
    let label = page.words.say(Message::KeyErase);
    let meaning = Meaning::new("key:erase", Role::Button, label)
        .step(Step::Key(Key::Erase))
        .disabled(empty);
    let size = page.px(28.0);
    face(page, page.quiet(), meaning, |on| {
        icon(Icon::Erase, size, on)
    })
}

/// Both digits go to the other device's question.
fn enter(page: &Page<'_>, typed: &[char]) -> Node {
    let label = page.words.say(Message::SignInDigitsTry);
    let meaning = Meaning::new("enter", Role::Button, label);
    let number: String = typed.iter().collect();
    let meaning = match number.parse::<u8>() {
        Ok(digits) if typed.len() == DIGITS => meaning
            .intent(Intent::Account(AccountAction::SignInDigits { digits }))
            .step(Step::Given),
        _ => meaning.disabled(true),
    };
    let size = page.px(32.0);
    face(page, page.accent(), meaning, |on| {
        icon(Icon::Check, size, on)
    })
}

fn face(
    page: &Page<'_>,
    tones: Tones,
    meaning: Meaning,
    drawn: impl FnOnce(embedded_graphics::pixelcolor::Rgb888) -> Node,
) -> Node {
    let (fill, on) = if meaning.state.disabled {
        (page.theme.button.0, page.theme.text_quiet.0)
    } else {
        (page.tone(tones, &meaning.id), tones.on)
    };
    row([drawn(on)])
        .centred()
        .at_least(page.scale.touch(64.0), page.scale.touch(84.0))
        .share()
        .fill(fill)
        .round(page.px(18.0))
        .means(meaning)
}
