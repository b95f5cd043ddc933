//! The large buttons that are always in reach.

use saal_core::Intent;
use saal_media_protocol::SourceKind;
use saal_meeting::Role as MeetingRole;

use super::super::{
    Page,
    parts::{Tones, leaving},
};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    style::Type,
    view::Call,
};

/// Microphone, camera, more, leave.
pub(super) fn controls(page: &Page<'_>, call: &Call) -> Node {
    let [microphone, camera] = sources(page, call);
    let buttons = [microphone, camera, more(page, call)].into_iter();
    // Beside pages that are turned, it stands beside each.
    let leave = (!page.turned).then(|| leave_button(page));
    grid(page, buttons.chain(leave).collect())
}

/// The same while people are asked something that goes before.
pub(super) fn own_sources(page: &Page<'_>, call: &Call) -> Node {
    grid(page, sources(page, call).into())
}

fn sources(page: &Page<'_>, call: &Call) -> [Node; 2] {
    let microphone = microphone(page, call.muted.microphone);
    let camera = camera(page, call.muted.camera);
    let visitor = call.meeting.role == MeetingRole::Visitor;
    let reason = match (call.meeting.consent_asked, visitor) {
        (true, _) => Some(Message::ConsentFirst),
        (false, true) => Some(Message::VisitorSource),
        (false, false) => None,
    };
    [microphone, camera].map(|source| source.node(page, reason))
}

/// Beside each other, two and two, or one below the other; the last one is nearest to the hand.
fn grid(page: &Page<'_>, buttons: Vec<Node>) -> Node {
    let gap = page.px(16.0);
    let across = match (page.scale.is_slim(), page.scale.is_narrow()) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => buttons.len(),
    };
    let mut buttons = buttons.into_iter().peekable();
    let mut rows = Vec::new();
    while buttons.peek().is_some() {
        let line = row(buttons.by_ref().take(across));
        rows.push(line.gap(gap).align(taffy::AlignItems::STRETCH).mirrors());
    }
    column(rows).gap(gap).rigid()
}

fn microphone(page: &Page<'_>, muted: bool) -> Source {
    let face = if muted {
        (Icon::MicrophoneOff, Message::MicrophoneOff, Message::Unmute)
    } else {
        (Icon::Microphone, Message::MicrophoneOn, Message::Mute)
    };
    let name = page.words.say(Message::Microphone);
    let meaning = Meaning::new("microphone", Role::Switch, name);
    Source::new(page, SourceKind::Microphone, muted, face, meaning)
}

fn camera(page: &Page<'_>, muted: bool) -> Source {
    let face = if muted {
        (Icon::CameraOff, Message::CameraOff, Message::CameraStart)
    } else {
        (Icon::Camera, Message::CameraOn, Message::CameraStop)
    };
    let meaning = Meaning::new("camera", Role::Switch, page.words.say(Message::Camera));
    Source::new(page, SourceKind::Camera, muted, face, meaning)
}

/// Microphone or camera as a switch.
struct Source {
    mark: Icon,
    state: Message,
    action: Message,
    muted: bool,
    meaning: Meaning,
}

impl Source {
    fn new(
        page: &Page<'_>,
        kind: SourceKind,
        muted: bool,
        (mark, state, action): (Icon, Message, Message),
        meaning: Meaning,
    ) -> Self {
        let meaning = meaning
            .described(page.words.say(action))
            .pressed(!muted)
            .intent(Intent::Toggle(kind));
        Self {
            mark,
            state,
            action,
            muted,
            meaning,
        }
    }

    /// With a reason, people can't use it.
    fn node(self, page: &Page<'_>, reason: Option<Message>) -> Node {
        let state = page.words.say(self.state);
        let below = page.words.say(reason.unwrap_or(self.action));
        let (tones, meaning) = match reason {
            Some(_) => (
                idle(page),
                self.meaning.described(below.clone()).disabled(true),
            ),
            None => (switch_tones(page, self.muted), self.meaning),
        };
        control(page, self.mark, state, Some(below), tones, meaning)
    }
}

/// What can't be used now looks like the background.
fn idle(page: &Page<'_>) -> Tones {
    let t = page.theme;
    Tones {
        rest: t.button.0,
        pressed: t.button.0,
        on: t.text_quiet.0,
    }
}

/// Out of the meeting.
pub(in super::super) fn leave(page: &Page<'_>) -> Meaning {
    let label = page.words.say(Message::Leave);
    let hint = page.words.say(Message::LeaveHint);
    leaving(Meaning::new("leave", Role::Button, label).described(hint))
}

fn leave_button(page: &Page<'_>) -> Node {
    let meaning = leave(page);
    let label = meaning.label.clone();
    control(page, Icon::HangUp, label, None, page.danger(), meaning)
}

/// Opens the sheet of everything else, or goes back to the call; says what waits there.
fn more(page: &Page<'_>, call: &Call) -> Node {
    let open = page.view.navigation.sheet().is_some();
    let (mark, label, step) = if open {
        (Icon::Close, Message::BackToCall, Step::Close)
    } else {
        (Icon::More, Message::More, Step::Open(Sheet::More))
    };
    let label = page.words.say(label);
    let hint = (!open).then(|| waiting(page, call));
    let meaning = Meaning::new("more", Role::Button, label.clone())
        .described(hint.clone().unwrap_or_default())
        .step(step);
    let meaning = super::sheet::leaving_sheet(page, meaning);
    control(page, mark, label, hint, switch_tones(page, false), meaning)
}

fn waiting(page: &Page<'_>, call: &Call) -> String {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (message, number) = match (call.meeting.knocking.len(), call.unread) {
        (0, 0) if call.meeting.chat => return page.words.say(Message::MoreHint),
        (0, 0) => return page.words.say(Message::MoreHintNoChat),
        (0, unread) => (Message::MoreUnread, unread),
        (knocking, _) => (Message::MoreKnocking, knocking),
    };
    page.words.tell(message, [("count", count(number).into())])
}

/// What is off is seen from the door.
fn switch_tones(page: &Page<'_>, muted: bool) -> Tones {
    let t = page.theme;
    let soft = Tones {
        rest: t.danger_soft.0,
        pressed: t.button_pressed.0,
        on: t.on_danger_soft.0,
    };
    let plain = Tones {
        rest: t.surface.0,
        ..page.quiet()
    };
    if muted { soft } else { plain }
}

fn control(
    page: &Page<'_>,
    mark: Icon,
    state: String,
    action: Option<String>,
    tones: Tones,
    meaning: Meaning,
) -> Node {
    let (strong, small) = (page.font(Type::Strong), page.font(Type::Small));
    let mark = icon(mark, page.em(40.0), tones.on);
    let state = text(state, strong, tones.on).rigid();
    let action = action.map(|action| text(action, small, tones.on).rigid());
    let words = column([state].into_iter().chain(action)).gap(page.px(2.0));
    let fill = page.tone(tones, &meaning.id);
    let high = if page.turned { 72.0 } else { 112.0 };
    page.card(row([mark, words]).gap(page.px(18.0)))
        .fill(fill)
        .centred()
        .paddings(page.px(12.0), page.px(16.0))
        .at_least(0.0, page.scale.touch(high))
        .share()
        .means(meaning)
}
