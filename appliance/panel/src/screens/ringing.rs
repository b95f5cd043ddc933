//! Somebody calls the room: who, and whether people answer, seen or unseen.

use saal_core::Intent;
use saal_meeting::Ring;

use super::{Page, parts::Tones};
use crate::{
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, row, spacer},
};

pub(super) fn ringing(page: &Page<'_>, ring: &Ring) -> Node {
    let (what, more) = words(page, ring);
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let message = page
        .message(Icon::Ringing, circle, &what, &more)
        .means(Meaning::new("ringing", Role::Alert, what.clone()).described(more));
    let unseen = ring.pictures.then(|| {
        let meaning = answering(page, "answer-unseen", Message::AnswerUnseen, ring, false);
        large(
            page,
            Icon::CameraOff,
            page.quiet(),
            meaning.described(&*what),
        )
    });
    let answer = answering(page, "answer", Message::Answer, ring, true).described(&*what);
    // Beside pages that are turned, it stands beside each.
    let decline = (!page.turned).then(|| {
        let meaning = declining(page, ring).described(&*what);
        large(page, Icon::HangUp, page.danger(), meaning)
    });
    let buttons = [
        decline,
        unseen,
        Some(large(page, Icon::Answer, page.accent(), answer)),
    ];
    let buttons = row(buttons.into_iter().flatten())
        .gap(page.px(20.0))
        .wrapping()
        .centred();
    column([
        page.top_bar(),
        spacer(),
        row([message]).centred(),
        buttons.above(page.px(40.0)).rigid(),
        spacer(),
        page.banners(),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}

/// Who calls, and what to expect.
fn words(page: &Page<'_>, ring: &Ring) -> (String, String) {
    let what = calls(page, ring);
    let more = match (&ring.meeting, ring.pictures) {
        (Some(title), _) => page
            .words
            .tell(Message::RingMeeting, [("title", Value::Foreign(title))]),
        (None, true) => page.words.say(Message::RingPictures),
        (None, false) => page.words.say(Message::RingSound),
    };
    (what, more)
}

/// "NAME is calling".
pub(super) fn calls(page: &Page<'_>, ring: &Ring) -> String {
    let name = page.words.say(Message::RingNameless);
    let name = if ring.from.trim().is_empty() {
        &name
    } else {
        &ring.from
    };
    page.words
        .tell(Message::Ringing, [("name", Value::Foreign(name))])
}

pub(super) fn answering(
    page: &Page<'_>,
    id: &str,
    label: Message,
    ring: &Ring,
    camera: bool,
) -> Meaning {
    let ring = ring.id.clone();
    Meaning::new(id, Role::Button, page.words.say(label)).intent(Intent::Answer { ring, camera })
}

pub(super) fn declining(page: &Page<'_>, ring: &Ring) -> Meaning {
    let label = page.words.say(Message::Decline);
    Meaning::new("decline", Role::Button, label).intent(Intent::Decline(ring.id.clone()))
}

/// People run to a telephone: buttons that can't be missed.
fn large(page: &Page<'_>, mark: Icon, tones: Tones, meaning: Meaning) -> Node {
    page.button(mark, &meaning.label.clone(), tones, meaning)
        .at_least(page.em(240.0), page.scale.touch(112.0))
}
