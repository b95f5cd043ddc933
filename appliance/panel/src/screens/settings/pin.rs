//! The PIN of the settings.

use std::time::Duration;

use saal_core::{Intent, SettingsAction};

use super::super::{
    Page,
    digits::{Asked, ask},
};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node},
};

/// Longer ones are configured for no room.
const MOST: usize = 12;

pub(super) fn pin(page: &Page<'_>, wrong: bool, wait: Option<Duration>) -> Node {
    let hint = match (wait, wrong) {
        (Some(wait), _) => {
            // In a moment it is a second less.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            page.words
                .tell(Message::SettingsPinWait, [("seconds", seconds.into())])
        }
        (None, true) => page.words.say(Message::SettingsPinWrong),
        (None, false) => page.words.say(Message::SettingsPinHint),
    };
    let typed = page.view.navigation.typing().text.clone();
    let some = !typed.reveal().is_empty();
    let label = page.words.say(Message::Cancel);
    let meaning = Meaning::new("cancel", Role::Button, label.clone())
        .described(page.words.say(Message::Settings))
        .step(Step::Open(Sheet::Access));
    let asked = Asked {
        title: page.words.say(Message::SettingsPin),
        hint,
        alarms: wrong || wait.is_some(),
        enter: Message::SettingsPinEnter,
        most: MOST,
        open: false,
        waits: wait.is_some(),
        give: some.then_some(Intent::Settings(SettingsAction::Unlock(typed))),
        cancel: page.button(Icon::Cancel, &label, page.quiet(), meaning),
    };
    ask(page, asked)
}
