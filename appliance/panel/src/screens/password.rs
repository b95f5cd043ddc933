//! What people type: a meeting's password and the account's recovery key, in secret, and where a meeting is.

use saal_core::{Elsewhere, Intent};
use saal_meeting::{AccountAction, LinkTarget, Secret};
use unicode_segmentation::UnicodeSegmentation;

use super::{Density, Page, elsewhere::what_to_type, parts::leaving, ways::readable};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, icon, row, spacer, text},
    plain::plain,
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
    prompt: String,
    /// Nobody else is to read it.
    secret: bool,
    /// The last one was wrong.
    refused: bool,
    /// On the keyboard's last key.
    enter: Message,
    /// What it means to give what was typed; `None` while that means nothing.
    give: Option<Intent>,
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
        prompt: page.words.say(prompt),
        secret: true,
        refused,
        enter: Message::Join,
        give: typed(page).map(Intent::GivePassword),
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
        prompt: page.words.say(prompt),
        secret: true,
        refused: wrong,
        enter: Message::RecoveryKeyTry,
        give: typed(page).map(|key| Intent::Account(AccountAction::Recover { key })),
        leave: |meaning| meaning.step(Step::Close),
        about: Message::RecoveryKey,
    };
    ask(page, &asked)
}

/// Where a meeting is that is not in the room's day.
pub(super) fn link(page: &Page<'_>, elsewhere: &Elsewhere) -> Node {
    let title = page.words.say(Message::TypeLink);
    let typed = typed(page);
    let target = typed
        .as_ref()
        .map(|text| LinkTarget::typed(text.reveal(), elsewhere.names_at.as_deref()));
    let prompt = match &target {
        None => what_to_type(page.words, elsewhere),
        Some(Err(_)) => page.words.say(Message::LinkLeadsNowhere),
        Some(Ok(target)) => {
            let place = plain(&readable(&target.destination.place()));
            page.words
                .tell(Message::LinkLeads, [("place", Value::Foreign(&place))])
        }
    };
    let leads = matches!(target, Some(Ok(_)));
    let asked = Asked {
        title: &title,
        label: Message::LinkField,
        prompt,
        secret: false,
        refused: false,
        enter: Message::Join,
        give: typed.filter(|_| leads).map(Intent::JoinTyped),
        leave: |meaning| meaning.step(Step::Open(Sheet::Elsewhere)),
        about: Message::TypeLink,
    };
    ask(page, &asked)
}

/// What was typed so far, if anything.
fn typed(page: &Page<'_>) -> Option<Secret> {
    let typed = &page.view.navigation.typing().text;
    (!typed.reveal().is_empty()).then(|| typed.clone())
}

fn ask(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    let side = page.px(40.0);
    // Ten keys need all the width that a narrow panel has.
    let keys_side = if page.scale.is_narrow() { 0.0 } else { side };
    column([
        head(page, asked).paddings(side, 0.0),
        spacer(),
        page.keyboard((asked.enter, asked.give.clone()))
            .paddings(keys_side, 0.0),
        column([page.banners()]).paddings(side, 0.0).rigid(),
    ])
    .gap(page.px(8.0))
    .paddings(0.0, page.px(24.0))
    .fill(page.theme.background.0)
}

/// What is asked and what was typed: one line where there is little room.
fn head(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    if page.scale.is_enlarged() {
        let field = line(page, asked);
        let top = row([cancel(page, asked, false), spacer(), page.corner_clock()]);
        return column([top, about(page, asked, true), field])
            .gap(page.px(16.0))
            .rigid();
    }
    if page.density == Density::Roomy {
        let narrow = page.scale.is_narrow();
        let about = row([
            cancel(page, asked, true),
            about(page, asked, !narrow),
            page.corner_clock(),
        ]);
        let prompt = narrow.then(|| prompt(page, asked));
        let field = line(page, asked);
        let parts = [Some(about.gap(page.px(24.0))), prompt, Some(field)];
        return column(parts.into_iter().flatten())
            .gap(page.px(20.0))
            .rigid();
    }
    let middle = column([prompt(page, asked), field(page, asked)]).gap(page.px(4.0));
    let parts = [cancel(page, asked, false), middle.share()];
    row(parts.into_iter().chain(reveal(page, asked)))
        .align(taffy::AlignItems::END)
        .gap(page.px(12.0))
        .rigid()
}

/// What was typed, with what shows it.
fn line(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    row([field(page, asked)].into_iter().chain(reveal(page, asked))).gap(page.px(12.0))
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
    let about = column([heading].into_iter().chain(prompt)).gap(page.px(4.0));
    if page.scale.is_enlarged() {
        return about;
    }
    about.share()
}

fn prompt(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    let (colour, role) = if asked.refused {
        (page.theme.on_danger_soft.0, Role::Alert)
    } else {
        (page.theme.text_quiet.0, Role::Text)
    };
    let words = asked.prompt.clone();
    text(words.clone(), page.font(Type::Small).lines(2), colour)
        .whole()
        .means(Meaning::new("prompt", role, words))
}

fn field(page: &Page<'_>, asked: &Asked<'_>) -> Node {
    let typing = page.view.navigation.typing();
    let typed = typing.text.reveal();
    let count = i64::try_from(typed.chars().count()).unwrap_or(i64::MAX);
    let shown = typing.shown || !asked.secret;
    let description = if shown {
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
    let drawn = if shown {
        end(typed, room / (em * WIDEST_EMS))
    } else {
        end(&"•".repeat(typed.chars().count()), room / (em * DOT_EMS))
    };
    let quiet = page.theme.text_quiet.0;
    let mark = if asked.secret { Icon::Lock } else { Icon::Link };
    let content = [
        icon(mark, page.em(26.0), quiet),
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

/// What is secret is read by those who want it.
fn reveal(page: &Page<'_>, asked: &Asked<'_>) -> Option<Node> {
    asked.secret.then(|| reveal_button(page))
}

fn reveal_button(page: &Page<'_>) -> Node {
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
