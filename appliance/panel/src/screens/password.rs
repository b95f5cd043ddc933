//! What people type in secret: a meeting's password, the account's recovery key.

use saal_core::Intent;
use saal_meeting::{AccountAction, Secret};
use unicode_segmentation::UnicodeSegmentation;

use super::{Density, Page, parts::leaving};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, spacer, text},
    style::Type,
};

/// A dot takes so much of an em.
const DOT_EMS: f32 = 0.42;
/// The widest character takes so much.
const WIDEST_EMS: f32 = 1.0;

/// What is asked for, and what comes of it.
struct Asked<'a> {
    title: &'a str,
    /// Of the field.
    label: Message,
    prompt: Message,
    /// The last one was wrong.
    refused: bool,
    /// On the keyboard's last key.
    enter: Message,
    give: fn(Secret) -> Intent,
    /// What the button beside it is to do, and about what.
    leave: fn(Meaning) -> Meaning,
    about: Message,
}

/// The meeting asks for its password.
pub(super) fn password(page: &Page<'_>, title: &str, refused: bool) -> Node {
    let prompt = if refused {
        Message::PasswordRefused
    } else {
        Message::PasswordNeeded
    };
    let asked = Asked {
        title,
        label: Message::Password,
        prompt,
        refused,
        enter: Message::Join,
        give: Intent::GivePassword,
        leave: leaving,
        about: Message::Joining,
    };
    ask(page, &asked)
}

/// A device that was installed anew needs the account's recovery key.
pub(super) fn recovery_key(page: &Page<'_>, wrong: bool) -> Node {
    let title = page.words.say(Message::RecoveryKey);
    let prompt = if wrong {
        Message::RecoveryKeyRefused
    } else {
        Message::RecoveryKeyNeeded
    };
    let asked = Asked {
        title: &title,
        label: Message::RecoveryKey,
        prompt,
        refused: wrong,
        enter: Message::RecoveryKeyTry,
        give: |key| Intent::Account(AccountAction::Recover { key }),
        leave: |meaning| meaning.step(Step::Close),
        about: Message::RecoveryKey,
    };
    ask(page, &asked)
}

fn ask(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    let typed = page.view.navigation.typing().text.clone();
    let give = (!typed.reveal().is_empty()).then(|| (asked.give)(typed));
    let side = page.px(40.0);
    // Ten keys need all the width that a narrow panel has.
    let keys_side = if page.scale.is_portrait() { 0.0 } else { side };
    column([
        head(page, asked).paddings(side, 0.0),
        spacer(),
        page.keyboard((asked.enter, give)).paddings(keys_side, 0.0),
        column([page.banners()]).paddings(side, 0.0).rigid(),
    ])
    .gap(page.px(8.0))
    .paddings(0.0, page.px(24.0))
    .fill(page.theme.background.0)
}

/// What is asked and what was typed: one line where there is little room.
fn head(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    if page.density == Density::Roomy {
        let narrow = page.scale.is_portrait();
        let about = row([
            cancel(page, asked, true),
            about(page, asked, !narrow),
            page.corner_clock(),
        ]);
        let prompt = narrow.then(|| prompt(page, asked));
        let field = row([field(page, asked), reveal(page)]).gap(page.px(12.0));
        let parts = [Some(about.gap(page.px(24.0))), prompt, Some(field)];
        return column(parts.into_iter().flatten())
            .gap(page.px(20.0))
            .rigid();
    }
    let middle = column([prompt(page, asked), field(page, asked)]).gap(page.px(4.0));
    row([cancel(page, asked, false), middle.share(), reveal(page)])
        .align(taffy::AlignItems::END)
        .gap(page.px(12.0))
        .rigid()
}

fn cancel(page: &Page<'_>, asked: &Asked<'_>, with_words: bool) -> Node {
    let label = page.words.say(Message::Cancel);
    let hint = page.words.say(asked.about);
    let meaning =
        (asked.leave)(Meaning::new("cancel", Role::Button, label.clone()).described(hint));
    if with_words {
        page.button(Icon::Cancel, &label, page.quiet(), meaning)
    } else {
        page.square(Icon::Cancel, page.quiet(), meaning)
    }
}

fn about(page: &Page<'_>, asked: &Asked<'_>, with_prompt: bool) -> Node {
    let title = page.title(asked.title);
    let font = page.font(Type::Title).lines(2);
    let heading = text(title.clone(), font, page.theme.text.0).means(Meaning::new(
        "title",
        Role::Heading,
        title,
    ));
    let prompt = with_prompt.then(|| prompt(page, asked));
    column([heading].into_iter().chain(prompt))
        .gap(page.px(4.0))
        .share()
}

fn prompt(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    let (colour, role) = if asked.refused {
        (page.theme.on_danger_soft.0, Role::Alert)
    } else {
        (page.theme.text_quiet.0, Role::Text)
    };
    let words = page.words.say(asked.prompt);
    text(words.clone(), page.font(Type::Small).lines(2), colour)
        .whole()
        .means(Meaning::new("prompt", role, words))
}

fn field(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    let typing = page.view.navigation.typing();
    let typed = typing.text.reveal();
    let count = i64::try_from(typed.chars().count()).unwrap_or(i64::MAX);
    let description = if typing.shown {
        typed.to_owned()
    } else {
        page.words
            .tell(Message::Characters, [("count", count.into())])
    };
    let label = page.words.say(asked.label);
    let meaning = Meaning::new("password", Role::TextBox, label).described(description);
    let font = page.font(Type::Title);
    // Wide enough for the field on every panel; the end is what people look at.
    let room = page.scale.width - 2.0 * page.px(40.0) - 3.0 * page.scale.touch(64.0);
    let em = font.size as f32;
    let drawn = if typing.shown {
        end(typed, room / (em * WIDEST_EMS))
    } else {
        end(&"•".repeat(typed.chars().count()), room / (em * DOT_EMS))
    };
    let quiet = page.theme.text_quiet.0;
    let content = [
        icon(Icon::Lock, page.px(26.0), quiet),
        text(drawn, font, page.theme.text.0).grow(),
    ];
    row(content)
        .gap(page.px(16.0))
        .paddings(page.px(20.0), 0.0)
        .at_least(0.0, page.scale.touch(64.0))
        .share()
        .fill(page.theme.surface.0)
        .ring(page.px(2.0), page.theme.accent.0)
        .round(page.px(16.0))
        .means(meaning)
}

fn end(typed: &str, most: f32) -> String {
    let most = most.max(1.0) as usize;
    let graphemes: Vec<&str> = typed.graphemes(true).collect();
    graphemes[graphemes.len().saturating_sub(most)..].concat()
}

fn reveal(page: &Page<'_>) -> Node {
    let shown = page.view.navigation.typing().shown;
    let (mark, message) = if shown {
        (Icon::Hide, Message::PasswordHide)
    } else {
        (Icon::Show, Message::PasswordShow)
    };
    let meaning = Meaning::new("reveal", Role::Switch, page.words.say(message))
        .pressed(shown)
        .step(Step::Reveal(!shown));
    page.square(mark, page.quiet(), meaning)
}
