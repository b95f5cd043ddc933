//! Screens that wait: starting, joining, leaving.

use saal_meeting::JoinStage;

use super::{Page, parts::leaving as leave};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, row, spacer},
};

pub(super) fn starting(page: &Page<'_>) -> Node {
    let what = page.words.say(Message::Starting);
    let hint = page.words.say(Message::StartingHint);
    waiting(page, &what, &hint, "starting", None)
}

pub(super) fn joining(page: &Page<'_>, title: &str, stage: JoinStage, returning: bool) -> Node {
    let progress = page.words.say(match (returning, stage) {
        (true, _) => Message::JoiningReturning,
        (false, JoinStage::Contacting) => Message::JoiningContacting,
        (false, JoinStage::Connecting) => Message::JoiningConnecting,
    });
    let label = page.words.say(Message::Cancel);
    let meaning = leave(
        Meaning::new("cancel", Role::Button, label.clone())
            .described(page.words.say(Message::Joining)),
    );
    let cancel = page.button(Icon::Cancel, &label, page.quiet(), meaning);
    waiting(page, &page.title(title), &progress, "joining", Some(cancel))
}

pub(super) fn leaving(page: &Page<'_>, title: &str) -> Node {
    let progress = page.words.say(Message::Leaving);
    waiting(page, &page.title(title), &progress, "leaving", None)
}

fn waiting(page: &Page<'_>, what: &str, progress: &str, id: &str, button: Option<Node>) -> Node {
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let message = page
        .message(Icon::Busy, circle, what, progress)
        .means(Meaning::new(id, Role::Status, what).described(progress));
    column([
        page.top_bar(),
        spacer(),
        row([message]).centred(),
        row(button).centred().above(page.px(48.0)),
        spacer(),
        page.banners(),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}
