//! Everybody in the meeting, and who waits in the lobby; moderators can touch each.

use saal_core::Intent;
use saal_meeting::{Knocker, MeetingAction, Participant, Role as MeetingRole};

use super::{
    super::{
        Fit, Page,
        paging::{List, MOST_COUNTED},
    },
    people::initials,
    sheet::{Head, list},
};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, icon, row, text},
    style::Type,
    view::Call,
};

/// A line of the list.
enum Line<'a> {
    Knocking(usize, &'a Knocker),
    People(usize, Vec<&'a Participant>),
}

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    let across = if fit.page.scale.is_narrow() { 1 } else { 2 };
    let rows = call.participants.len().div_ceil(across);
    let names = if rows <= MOST_COUNTED { NAMES } else { 1 };
    let people = sorted(&call.participants);
    let knocking = knocking(call).iter().enumerate();
    let knocking = knocking.map(|(index, knocker)| Line::Knocking(index, knocker));
    let people = people.chunks(across).enumerate();
    let people = people.map(|(line, people)| Line::People(line * across, people.to_vec()));
    let lines: Vec<Line<'_>> = knocking.chain(people).collect();
    let head = Head {
        title: heading(&fit.page, call),
        back: None,
    };
    let rows = List {
        len: lines.len(),
        row: &|page, index| match &lines[index] {
            Line::Knocking(index, knocker) => knock(page, *index, knocker),
            Line::People(first, people) => {
                let cards = people.iter().enumerate();
                let cards = cards.map(|(at, p)| person(page, call, first + at, p, names));
                page.cells(cards, across)
                    .at_least(0.0, page.scale.touch(HIGH))
            }
        },
        leads: &|_| false,
        uniform: names == 1 && !fit.page.scale.is_enlarged(),
        newest_last: false,
    };
    fit.paged(&rows, &|page, rows, pager| {
        list(page, call, &head, rows, pager)
    })
}

/// Only moderators can let somebody in.
pub(super) fn knocking(call: &Call) -> &[Knocker] {
    if call.meeting.role == MeetingRole::Moderator {
        &call.meeting.knocking
    } else {
        &[]
    }
}

/// Who asks for the floor comes first.
fn sorted(participants: &[Participant]) -> Vec<&Participant> {
    let mut people: Vec<&Participant> = participants.iter().collect();
    people.sort_by_key(|p| !p.hand_raised);
    people
}

fn heading(page: &Page<'_>, call: &Call) -> String {
    let count = i64::try_from(call.participants.len()).unwrap_or(i64::MAX);
    page.words
        .tell(Message::Participants, [("count", count.into())])
}

/// Rows of the list are at least as high as this, in pixels of the design.
const HIGH: f32 = 84.0;
/// Lines that a name may have. In a list that is not measured to its end it has one, so that its pages can be counted.
pub(super) const NAMES: u8 = 2;

fn knock(page: &Page<'_>, index: usize, knocker: &Knocker) -> Node {
    let name = page.title(&knocker.name);
    let on = page.theme.on_notice_soft.0;
    let waits = page.words.say(Message::Knocks);
    let words = column([
        text(name.clone(), page.font(Type::Strong), on),
        text(waits.clone(), page.font(Type::Small), on),
    ])
    .share();
    let [admit, reject] = answers(page, index, knocker);
    let who = [icon(Icon::Waiting, page.em(28.0), on), words];
    let content = if page.scale.is_narrow() && page.scale.is_enlarged() {
        let buttons = row([reject, admit]).gap(page.px(12.0)).wrapping();
        column([row(who).gap(page.px(12.0)), buttons]).paddings(page.px(16.0), page.px(12.0))
    } else {
        row(who.into_iter().chain([reject, admit])).paddings(page.px(16.0), 0.0)
    };
    content
        .gap(page.px(12.0))
        .at_least(0.0, page.scale.touch(HIGH))
        .rigid()
        .fill(page.theme.notice_soft.0)
        .round(page.px(20.0))
        .means(Meaning::new(format!("knocking:{index}"), Role::ListItem, name).described(waits))
}

/// Letting somebody in, and sending them away.
pub(super) fn answers(page: &Page<'_>, index: usize, knocker: &Knocker) -> [Node; 2] {
    let id = || knocker.id.clone();
    let name = [("name", Value::Foreign(&knocker.name))];
    let named = page.words.tell(Message::KnocksName, name);
    let button = |what: &str, message, tones, action| {
        let label = page.words.say(message);
        let meaning = Meaning::new(format!("{what}:{index}"), Role::Button, label.clone())
            .described(named.clone())
            .intent(Intent::Act(action));
        page.small_button(&label, tones, meaning)
    };
    let admit = MeetingAction::Admit { knocker: id() };
    let reject = MeetingAction::Reject { knocker: id() };
    [
        button("admit", Message::Admit, page.accent(), admit),
        button("reject", Message::Reject, super::more::white(page), reject),
    ]
}

fn person(
    page: &Page<'_>,
    call: &Call,
    index: usize,
    participant: &Participant,
    lines: u8,
) -> Node {
    let name = page.title(&participant.name);
    let state = state(page, participant);
    let moderator = call.meeting.role == MeetingRole::Moderator;
    let id = format!("person:{index}");
    let card = summary(page, participant, moderator, lines);
    let card = if participant.speaking {
        card.ring(page.px(3.0), page.theme.good.0)
    } else {
        card
    };
    if !moderator {
        return card.means(Meaning::new(id, Role::ListItem, name).described(state));
    }
    let fill = page.tone(super::more::white(page), &id);
    let meaning = Meaning::new(id, Role::Button, name)
        .described(state)
        .step(Step::Open(Sheet::Person(participant.id.clone())));
    card.fill(fill).means(meaning)
}

/// Name, in so many lines at most, and state of somebody as a card.
pub(super) fn summary(page: &Page<'_>, participant: &Participant, opens: bool, lines: u8) -> Node {
    let t = page.theme;
    let state = shortly(page, participant);
    let words = column([
        text(
            page.title(&participant.name),
            page.font(Type::Strong).lines(lines),
            t.text.0,
        ),
        text(state, page.font(Type::Small), t.text_quiet.0),
    ])
    .gap(page.px(2.0))
    .share();
    let marks = marks(participant).map(|(mark, off)| {
        let colour = if off { t.text_quiet.0 } else { t.text.0 };
        icon(mark, page.em(24.0), colour)
    });
    let next = opens.then(|| icon(page.facing(Icon::Next), page.em(24.0), t.text_quiet.0));
    let who = [initials(page, participant), words];
    let gap = page.px(14.0);
    // Beside five large marks a narrow panel has no place for a word.
    let content = if page.scale.is_narrow() && page.scale.is_enlarged() {
        let who = row(who.into_iter().chain(next)).gap(gap);
        column([who, row(marks).gap(gap).wrapping()]).paddings(gap, page.px(12.0))
    } else {
        row(who.into_iter().chain(marks).chain(next)).paddings(gap, page.px(8.0))
    };
    page.card(content.gap(gap))
}

/// Icons of what somebody is and does: role, hand, presentation, microphone, camera; whether it is
/// drawn quietly.
fn marks(participant: &Participant) -> impl Iterator<Item = (Icon, bool)> {
    let sources = [
        (
            participant.microphone,
            Icon::Microphone,
            Icon::MicrophoneOff,
        ),
        (participant.camera, Icon::Camera, Icon::CameraOff),
    ];
    let role = (participant.role == MeetingRole::Moderator).then_some((Icon::Moderator, true));
    let hand = participant.hand_raised.then_some((Icon::Hand, false));
    let content = participant.content.then_some((Icon::Presenting, false));
    let sources = sources.map(|(on, mark, off)| if on { (mark, false) } else { (off, true) });
    let signs = [role, hand, content].into_iter().flatten();
    signs.chain(sources)
}

/// Role, hand and sources of somebody in words.
pub(super) fn state(page: &Page<'_>, participant: &Participant) -> String {
    let sources = match (participant.microphone, participant.camera) {
        (true, true) => Message::BothOnThere,
        (false, true) => Message::MicrophoneOffThere,
        (true, false) => Message::CameraOffThere,
        (false, false) => Message::BothOffThere,
    };
    let states = signs(participant).chain([sources]);
    let words = states.map(|m| page.words.say(m));
    let words: Vec<String> = words.chain(spoke(page, participant)).collect();
    words.join(" · ")
}

/// How long somebody has spoken.
fn spoke(page: &Page<'_>, participant: &Participant) -> Option<String> {
    let minutes = i64::from(participant.spoken_minutes?);
    Some(
        page.words
            .tell(Message::Spoke, [("minutes", minutes.into())]),
    )
}

/// The same where icons say most of it.
fn shortly(page: &Page<'_>, participant: &Participant) -> String {
    let spoke = spoke(page, participant);
    // Their key is a sentence.
    let most = if spoke.is_some() || participant.key_missing {
        1
    } else {
        2
    };
    let signs = signs(participant).take(most).map(|m| page.words.say(m));
    let words: Vec<String> = signs.chain(spoke).collect();
    if words.is_empty() {
        return state(page, participant);
    }
    words.join(" · ")
}

/// What is out of the ordinary with somebody.
fn signs(participant: &Participant) -> impl Iterator<Item = Message> {
    let role = match participant.role {
        MeetingRole::Moderator => Some(Message::RoleModerator),
        MeetingRole::Visitor => Some(Message::RoleVisitor),
        MeetingRole::Participant => None,
    };
    let signs = [
        participant.key_missing.then_some(Message::KeyMissing),
        role,
        participant.hand_raised.then_some(Message::HandUp),
        participant.speaking.then_some(Message::Speaking),
        participant.content.then_some(Message::Presenting),
    ];
    signs.into_iter().flatten()
}
