//! Digits that people type: those that another device shows (the check code of MSC4108), and the PIN of the settings.

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

/// A key at most, with the gap beside it, in pixels of the design.
const KEY_WIDE: f32 = 150.0;

/// What is asked for, and what comes of it.
pub(super) struct Asked {
    pub(super) title: String,
    pub(super) hint: String,
    /// The hint is what went wrong.
    pub(super) alarms: bool,
    /// On the last key.
    pub(super) enter: Message,
    /// More are not typed.
    pub(super) most: usize,
    /// Each digit has a place, and all can be read; else they are dots.
    pub(super) open: bool,
    /// Nothing is taken now.
    pub(super) waits: bool,
    /// What it means to give what was typed; `None` while that means nothing.
    pub(super) give: Option<Intent>,
    pub(super) cancel: Node,
}

/// The two digits of another device.
pub(super) fn digits(page: &Page<'_>, cancel: Node) -> Node {
    let typed = typed(page, DIGITS);
    let number: String = typed.iter().collect();
    let give = number.parse::<u8>().ok().filter(|_| typed.len() == DIGITS);
    let asked = Asked {
        title: page.words.say(Message::SignInDigits),
        hint: page.words.say(Message::SignInDigitsHint),
        alarms: false,
        enter: Message::SignInDigitsTry,
        most: DIGITS,
        open: true,
        waits: false,
        give: give.map(|digits| Intent::Account(AccountAction::SignInDigits { digits })),
        cancel,
    };
    ask(page, asked)
}

/// What was typed so far.
fn typed(page: &Page<'_>, most: usize) -> Vec<char> {
    let typed = page.view.navigation.typing();
    typed.text.reveal().chars().take(most).collect()
}

/// The question beside the keys, or above them.
pub(super) fn ask(page: &Page<'_>, mut asked: Asked) -> Node {
    let typed = typed(page, asked.most);
    let narrow = page.scale.is_narrow();
    let cancel = std::mem::take(&mut asked.cancel);
    let about = about(page, &asked, &typed, (narrow, cancel));
    let keys = keys(page, &asked, &typed);
    let most = page.em(KEY_WIDE) * 3.0;
    let main = if narrow {
        let bar = if page.turned && !page.scale.is_portrait() {
            page.turning_across()
        } else {
            0.0
        };
        let room = page.scale.width - 2.0 * page.px(40.0) - bar;
        let keys = row([keys.width(most.min(room))]).centred().rigid();
        column([about, keys]).gap(page.px(24.0))
    } else {
        let keys = keys.most_wide(most).rigid();
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

fn about(page: &Page<'_>, asked: &Asked, typed: &[char], (centred, cancel): (bool, Node)) -> Node {
    let style = |of: Type, lines| {
        let font = page.font(of).lines(lines);
        if centred { font.centred() } else { font }
    };
    let heading = if page.density == Density::Roomy {
        Type::Display
    } else {
        Type::Title
    };
    let (title, hint) = (asked.title.clone(), asked.hint.clone());
    let heading = text(title.clone(), style(heading, 3), page.theme.text.0)
        .whole()
        .means(Meaning::new("title", Role::Heading, title));
    let (colour, role) = if asked.alarms {
        (page.theme.on_danger_soft.0, Role::Alert)
    } else {
        (page.theme.text_quiet.0, Role::Text)
    };
    let needed = asked.alarms || page.density < Density::Tightest;
    let hint = needed.then(|| {
        text(hint.clone(), style(Type::Body, 4), colour)
            .whole()
            .means(Meaning::new("hint", role, hint))
    });
    let drawn = if asked.open {
        boxes(page, asked, typed, centred)
    } else {
        dots(page, asked, typed.len(), centred)
    };
    let cancel = row([cancel]);
    let cancel = if centred { cancel.centred() } else { cancel };
    let parts = [
        Some(heading),
        hint,
        Some(drawn.above(page.px(12.0))),
        Some(cancel),
    ];
    column(parts.into_iter().flatten()).gap(page.px(16.0))
}

/// What was typed so far, as others may not read it: a dot for each, in the middle of a field.
fn dots(page: &Page<'_>, asked: &Asked, count: usize, centred: bool) -> Node {
    let said = page.words.tell(
        Message::Characters,
        [("count", i64::try_from(count).unwrap_or(i64::MAX).into())],
    );
    let style = page.font(Type::Display).centred();
    let dots = text("•".repeat(count), style, page.theme.text.0).grow();
    let field = row([dots])
        .centred()
        .at_least(page.em(300.0), page.em(80.0))
        .fill(page.theme.surface.0)
        .ring(page.px(2.0), page.theme.accent.0)
        .round(page.px(16.0))
        .means(Meaning::new("digits", Role::TextBox, asked.title.clone()).described(said));
    let field = row([field]).rigid();
    if centred { field.centred() } else { field }
}

/// What was typed so far, for everybody.
fn boxes(page: &Page<'_>, asked: &Asked, typed: &[char], centred: bool) -> Node {
    let said: String = typed.iter().collect();
    let one = |at: usize| {
        let digit = typed.get(at).copied().map(String::from).unwrap_or_default();
        let style = page.font(Type::Display).figures().centred();
        let ring = if at == typed.len().min(asked.most - 1) {
            page.theme.accent.0
        } else {
            page.theme.button.0
        };
        row([text(digit, style, page.theme.text.0).grow()])
            .centred()
            .fixed(page.em(88.0), page.em(96.0))
            .fill(page.theme.surface.0)
            .ring(page.px(2.0), ring)
            .round(page.px(16.0))
    };
    let both = row((0..asked.most).map(one)).gap(page.px(16.0));
    let both = if centred { both.centred() } else { both };
    both.rigid()
        .keeps_order()
        .means(Meaning::new("digits", Role::TextBox, asked.title.clone()).described(said))
}

fn keys(page: &Page<'_>, asked: &Asked, typed: &[char]) -> Node {
    let full = typed.len() >= asked.most || asked.waits;
    let mut lines: Vec<Node> = KEYS
        .chunks(3)
        .map(|three| line(page, three.iter().map(|digit| key(page, *digit, full))))
        .collect();
    let last = [
        erase(page, typed.is_empty()),
        key(page, '0', full),
        enter(page, asked),
    ];
    lines.push(line(page, last));
    column(lines).gap(page.px(12.0)).keeps_order()
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
    let size = page.em(28.0);
    face(page, page.quiet(), meaning, |on| {
        icon(Icon::Erase, size, on)
    })
}

/// What was typed goes to where it was asked for.
fn enter(page: &Page<'_>, asked: &Asked) -> Node {
    let label = page.words.say(asked.enter);
    let meaning = Meaning::new("enter", Role::Button, label);
    let meaning = match asked.give.clone().filter(|_| !asked.waits) {
        Some(intent) => meaning.intent(intent).step(Step::Given),
        None => meaning.disabled(true),
    };
    let size = page.em(32.0);
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
