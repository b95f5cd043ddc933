//! What a moderator can do with somebody.

use saal_core::Intent;
use saal_media_protocol::SourceKind;
use saal_meeting::{MeetingAction, Participant};

use super::{
    super::{Fit, Page, paging::List},
    roster::{NAMES, state, summary},
    sheet::{Head, list},
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, icon, row, text},
    style::Type,
    view::Call,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call, id: &str) -> Layout {
    let Some(person) = call.participants.iter().find(|p| p.id == id) else {
        return super::roster::lay_out(fit, call);
    };
    let buttons = buttons(&fit.page, call, person);
    let across = if fit.page.scale.is_slim() { 1 } else { 2 };
    let lines = buttons.chunks(across).count();
    let head = Head {
        title: fit.page.words.say(Message::Moderation),
        back: Some(Sheet::People),
    };
    let rows = List {
        len: lines + 1,
        row: &|page, index| match index.checked_sub(1) {
            None => about(page, person),
            Some(line) => button_row(
                page,
                buttons.chunks(across).nth(line).unwrap_or_default(),
                across,
            ),
        },
        leads: &|_| false,
        uniform: false,
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

fn about(page: &Page<'_>, person: &Participant) -> Node {
    let state = state(page, person);
    let name = page.title(&person.name);
    summary(page, person, false, NAMES)
        .at_least(0.0, page.scale.touch(84.0))
        .rigid()
        .means(Meaning::new("person", Role::ListItem, name).described(state))
}

/// A button: its icon, words, whether it hurts, and its meaning.
struct Button {
    mark: Icon,
    label: String,
    hurts: bool,
    meaning: Meaning,
}

fn buttons(page: &Page<'_>, call: &Call, person: &Participant) -> Vec<Button> {
    let (microphone, camera) = (SourceKind::Microphone, SourceKind::Camera);
    let moderated = (
        call.meeting.microphone_moderated,
        call.meeting.camera_moderated,
    );
    let id = || person.id.clone();
    let mute = |source| MeetingAction::Mute {
        participant: id(),
        source,
    };
    let allow = |source| MeetingAction::AllowUnmute {
        participant: id(),
        source,
    };
    let act = |id, mark, message, action| button(page, person, id, mark, message).acts(action);
    let sound = if person.microphone {
        Some(act(
            "mute",
            Icon::MicrophoneOff,
            Message::MuteThere,
            mute(microphone),
        ))
    } else {
        let words = if moderated.0 {
            Message::AllowMicrophone
        } else {
            Message::AskMicrophone
        };
        Some(act("allow", Icon::Microphone, words, allow(microphone)))
    };
    let picture = if person.camera {
        Some(act(
            "stop-camera",
            Icon::CameraOff,
            Message::StopCameraThere,
            mute(camera),
        ))
    } else {
        moderated.1.then(|| {
            act(
                "allow-camera",
                Icon::Camera,
                Message::AllowCamera,
                allow(camera),
            )
        })
    };
    let mut remove = button(page, person, "remove", Icon::Remove, Message::Remove);
    remove.hurts = true;
    remove.meaning = remove.meaning.step(Step::Open(Sheet::Remove(id())));
    [sound, picture, Some(remove)]
        .into_iter()
        .flatten()
        .collect()
}

fn button(page: &Page<'_>, person: &Participant, id: &str, mark: Icon, message: Message) -> Button {
    let label = page.words.say(message);
    let about = page.title(&person.name);
    Button {
        mark,
        meaning: Meaning::new(id, Role::Button, label.clone()).described(about),
        label,
        hurts: false,
    }
}

impl Button {
    fn acts(mut self, action: MeetingAction) -> Self {
        self.meaning = self.meaning.intent(Intent::Act(action));
        self
    }

    fn node(&self, page: &Page<'_>) -> Node {
        let mut tones = super::more::white(page);
        if self.hurts {
            (tones.rest, tones.on) = (page.theme.danger_soft.0, page.theme.on_danger_soft.0);
        }
        let label = text(
            self.label.clone(),
            page.font(Type::Strong).lines(2),
            tones.on,
        );
        row([
            icon(self.mark, page.em(30.0), tones.on),
            label.whole().share(),
        ])
        .gap(page.px(16.0))
        .paddings(page.px(20.0), page.px(8.0))
        .at_least(0.0, page.scale.touch(88.0))
        .fill(page.tone(tones, &self.meaning.id))
        .round(page.px(20.0))
        .means(self.meaning.clone())
    }
}

fn button_row(page: &Page<'_>, buttons: &[Button], across: usize) -> Node {
    page.cells(buttons.iter().map(|button| button.node(page)), across)
}
