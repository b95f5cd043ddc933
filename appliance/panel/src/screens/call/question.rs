//! Questions that go before everything else: consent, removing somebody, ending for everybody.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::Intent;
use saal_meeting::MeetingAction;

use super::{
    super::{
        Page,
        parts::{Tones, leaving},
    },
    controls::{controls, own_sources},
};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, row, spacer},
    view::Call,
};

/// What is asked.
struct Question {
    mark: Icon,
    circle: (Rgb888, Rgb888),
    what: String,
    more: String,
}

/// The meeting records or writes down: the room agrees or leaves.
pub(super) fn consent(page: &Page<'_>, call: &Call) -> Node {
    let meeting = &call.meeting;
    let (what, more) = match (meeting.recording, meeting.live_stream) {
        (true, _) => (Message::ConsentRecording, Message::ConsentRecordingHint),
        (false, true) => (Message::ConsentLiveStream, Message::ConsentLiveStreamHint),
        (false, false) => (
            Message::ConsentTranscription,
            Message::ConsentTranscriptionHint,
        ),
    };
    let question = Question {
        mark: Icon::Recording,
        circle: (page.theme.danger_soft.0, page.theme.on_danger_soft.0),
        what: page.words.say(what),
        more: page.words.say(more),
    };
    let leave = (!page.turned).then(|| {
        let leave = leaving(meaning(page, "leave", Message::Leave, &question));
        button(page, Icon::HangUp, page.quiet(), leave)
    });
    let agree = meaning(page, "agree", Message::Agree, &question);
    let agree = agree.intent(Intent::Act(MeetingAction::Consent));
    let agree = button(page, Icon::Check, page.accent(), agree);
    let buttons = leave.into_iter().chain([agree]).collect();
    ask(page, call, &question, buttons, own_sources(page, call))
}

pub(super) fn remove(page: &Page<'_>, call: &Call, id: &str) -> Node {
    let person = call.participants.iter().find(|p| p.id == id);
    let name = person.map_or("", |person| person.name.as_str());
    let question = Question {
        mark: Icon::Remove,
        circle: (page.theme.danger_soft.0, page.theme.on_danger_soft.0),
        what: page
            .words
            .tell(Message::RemoveQuestion, [("name", Value::Foreign(name))]),
        more: page.words.say(Message::RemoveHint),
    };
    let action = MeetingAction::Remove {
        participant: id.to_owned(),
    };
    let yes = meaning(page, "remove", Message::Remove, &question)
        .intent(Intent::Act(action))
        .step(Step::Open(Sheet::People));
    let back = Sheet::Person(id.to_owned());
    let buttons = vec![
        not(page, back, &question),
        button(page, Icon::Remove, page.danger(), yes),
    ];
    ask(page, call, &question, buttons, controls(page, call))
}

pub(super) fn end_for_all(page: &Page<'_>, call: &Call) -> Node {
    let question = Question {
        mark: Icon::EndForAll,
        circle: (page.theme.danger_soft.0, page.theme.on_danger_soft.0),
        what: page.words.say(Message::EndForAllQuestion),
        more: page.words.say(Message::EndForAllHint),
    };
    let yes = meaning(page, "end-for-all", Message::EndForAll, &question)
        .intent(Intent::Act(MeetingAction::EndForAll));
    let buttons = vec![
        not(page, Sheet::More, &question),
        button(page, Icon::EndForAll, page.danger(), yes),
    ];
    ask(page, call, &question, buttons, controls(page, call))
}

fn meaning(page: &Page<'_>, id: &str, label: Message, question: &Question) -> Meaning {
    Meaning::new(id, Role::Button, page.words.say(label)).described(question.what.clone())
}

fn not(page: &Page<'_>, back: Sheet, question: &Question) -> Node {
    let meaning = meaning(page, "back", Message::Cancel, question).step(Step::Open(back));
    button(page, Icon::Cancel, page.quiet(), meaning)
}

fn button(page: &Page<'_>, mark: Icon, tones: Tones, meaning: Meaning) -> Node {
    page.button(mark, &meaning.label.clone(), tones, meaning)
}

fn ask(page: &Page<'_>, call: &Call, question: &Question, buttons: Vec<Node>, below: Node) -> Node {
    let message = page
        .message(
            question.mark,
            question.circle,
            &question.what,
            &question.more,
        )
        .means(
            Meaning::new("question", Role::Alert, question.what.clone())
                .described(question.more.clone()),
        );
    let buttons = row(buttons).gap(page.px(20.0)).wrapping().centred();
    let dialog = column([
        row([message]).centred(),
        buttons.above(page.px(32.0)).rigid(),
    ])
    .means(Meaning::new(
        "dialog",
        Role::AlertDialog,
        question.what.clone(),
    ));
    column([
        page.call_bar(call),
        spacer(),
        dialog,
        spacer(),
        page.banners(),
        below.above(page.px(18.0)),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}
