//! In a meeting: who is there, and three large buttons.

use saal_core::{Intent, Muted};
use saal_media_protocol::SourceKind;
use saal_meeting::Participant;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    Page,
    parts::{Tones, leaving},
};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, icon, row, text},
    plain::plain,
    style::Type,
    view::Screen,
};

pub(super) fn call(page: &Page<'_>, visible: usize) -> Node {
    let Screen::Call {
        title,
        participants,
        since,
        muted,
        reconnecting,
    } = &page.view.screen
    else {
        return Node::default();
    };
    let title = page.title(title);
    column([
        page.top_bar(),
        text(
            title.clone(),
            page.font(Type::Display).lines(2),
            page.theme.text.0,
        )
        .rigid()
        .above(page.px(24.0))
        .means(Meaning::new("title", Role::Heading, title)),
        facts(page, participants.len(), *since, *reconnecting).above(page.px(12.0)),
        people(page, participants, visible)
            .grow()
            .above(page.px(28.0)),
        page.banners(),
        controls(page, *muted).above(page.px(24.0)),
    ])
    .padding(page.px(40.0))
    .fill(page.theme.background.0)
}

/// How many, how long, and whether the connection is lost.
fn facts(page: &Page<'_>, others: usize, since: jiff::Timestamp, reconnecting: bool) -> Node {
    let quiet = page.theme.text_quiet.0;
    let fact = |id: &str, role, mark, words: String| {
        row([
            icon(mark, page.px(22.0), quiet),
            text(words.clone(), page.font(Type::Body), quiet).rigid(),
        ])
        .gap(page.px(10.0))
        .means(Meaning::new(id, role, words))
    };
    let count = i64::try_from(others).unwrap_or(i64::MAX);
    let count = page
        .words
        .tell(Message::Participants, [("count", count.into())]);
    let elapsed = page.moments.elapsed(since);
    row([
        Some(fact("participants", Role::Status, Icon::People, count)),
        Some(fact("elapsed", Role::Timer, Icon::Clock, elapsed)),
        reconnecting.then(|| lost(page)),
    ]
    .into_iter()
    .flatten())
    .gap(page.px(28.0))
    .at_least(0.0, page.px(40.0))
    .wrapping()
    .rigid()
}

fn lost(page: &Page<'_>) -> Node {
    let words = page.words.say(Message::Reconnecting);
    let on = page.theme.on_warning_soft.0;
    row([
        icon(Icon::Reconnect, page.px(20.0), on),
        text(words.clone(), page.font(Type::Label), on),
    ])
    .gap(page.px(10.0))
    .paddings(page.px(18.0), page.px(8.0))
    .fill(page.theme.warning_soft.0)
    .round(page.px(20.0))
    .means(Meaning::new("reconnecting", Role::Alert, words))
}

fn people(page: &Page<'_>, participants: &[Participant], visible: usize) -> Node {
    if participants.is_empty() {
        return alone(page);
    }
    let columns = if page.scale.is_portrait() { 2.0 } else { 3.0 };
    let gap = page.px(16.0);
    let inner = page.scale.width - 2.0 * page.px(40.0) - (columns - 1.0) * gap;
    let width = (inner / columns).floor();
    let hidden = participants.len() - visible.min(participants.len());
    // The chip about the hidden ones takes the place of one more.
    let cards = participants.iter().take(visible).enumerate();
    let mut chips: Vec<Node> = cards.map(|(i, p)| chip(page, p, i).width(width)).collect();
    chips.extend((hidden > 0).then(|| others(page, hidden).width(width)));
    row(chips)
        .gap(gap)
        .align(taffy::AlignItems::STRETCH)
        .wrapping()
}

fn alone(page: &Page<'_>) -> Node {
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let what = page
        .words
        .tell(Message::Participants, [("count", 0.into())]);
    let hint = page.words.say(Message::AloneHint);
    let message = page.message(Icon::People, circle, &what, &hint);
    row([message.means(Meaning::new("alone", Role::Status, what).described(hint))]).centred()
}

fn chip(page: &Page<'_>, participant: &Participant, index: usize) -> Node {
    let name = page.title(&participant.name);
    let (mark, state) = activity(page, participant);
    let colour = if participant.speaking {
        page.theme.accent.0
    } else {
        page.theme.text_quiet.0
    };
    let words = column([
        text(name.clone(), page.font(Type::Strong), page.theme.text.0),
        row([
            icon(mark, page.px(18.0), colour),
            text(state.clone(), page.font(Type::Small), colour),
        ])
        .gap(page.px(8.0)),
    ])
    .gap(page.px(4.0))
    .share();
    let content = row([initials(page, participant), words])
        .gap(page.px(16.0))
        .padding(page.px(16.0));
    let card = page.card(content);
    let card = if participant.speaking {
        card.ring(page.px(3.0), page.theme.good.0)
    } else {
        card
    };
    card.means(Meaning::new(format!("participant:{index}"), Role::ListItem, name).described(state))
}

fn activity(page: &Page<'_>, participant: &Participant) -> (Icon, String) {
    let (mark, message) = match participant {
        Participant { speaking: true, .. } => (Icon::Speaking, Message::Speaking),
        Participant { content: true, .. } => (Icon::Presenting, Message::Presenting),
        Participant {
            microphone: false, ..
        } => (Icon::MicrophoneOff, Message::MicrophoneOffThere),
        _ => (Icon::Microphone, Message::MicrophoneOn),
    };
    (mark, page.words.say(message))
}

/// A circle with the first letters of a name, in a colour that stays with the person.
fn initials(page: &Page<'_>, participant: &Participant) -> Node {
    let name = plain(&participant.name);
    let letters: String = name
        .split(' ')
        .filter_map(|word| word.graphemes(true).next())
        .filter(|first| first.chars().all(char::is_alphanumeric))
        .take(2)
        .collect();
    let sum = participant.id.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31) + usize::from(byte)
    });
    let colours = &page.theme.people;
    let colour = colours
        .get(sum % colours.len().max(1))
        .unwrap_or(&page.theme.accent);
    let size = page.px(60.0);
    let on = page.theme.on_people.0;
    let inside = if letters.is_empty() {
        icon(Icon::Person, page.px(30.0), on)
    } else {
        text(letters.to_uppercase(), page.font(Type::Strong), on).rigid()
    };
    row([inside])
        .centred()
        .fixed(size, size)
        .fill(colour.0)
        .round(size / 2.0)
}

fn others(page: &Page<'_>, hidden: usize) -> Node {
    let count = i64::try_from(hidden).unwrap_or(i64::MAX);
    let words = page
        .words
        .tell(Message::MorePeople, [("count", count.into())]);
    row([text(
        words.clone(),
        page.font(Type::Strong),
        page.theme.text_quiet.0,
    )])
    .centred()
    .padding(page.px(16.0))
    .at_least(0.0, page.px(92.0))
    .fill(page.theme.button.0)
    .round(page.px(20.0))
    .means(Meaning::new("more", Role::Text, words))
}

fn controls(page: &Page<'_>, muted: Muted) -> Node {
    row([
        microphone(page, muted.microphone),
        camera(page, muted.camera),
        leave(page),
    ])
    .gap(page.px(16.0))
    .align(taffy::AlignItems::STRETCH)
    .rigid()
}

fn microphone(page: &Page<'_>, muted: bool) -> Node {
    let (mark, state, action) = if muted {
        (Icon::MicrophoneOff, Message::MicrophoneOff, Message::Unmute)
    } else {
        (Icon::Microphone, Message::MicrophoneOn, Message::Mute)
    };
    let meaning = Meaning::new(
        "microphone",
        Role::Switch,
        page.words.say(Message::Microphone),
    )
    .described(page.words.say(action))
    .pressed(!muted)
    .intent(Intent::Toggle(SourceKind::Microphone));
    control(
        page,
        mark,
        state,
        action,
        switch_tones(page, muted),
        meaning,
    )
}

fn camera(page: &Page<'_>, muted: bool) -> Node {
    let (mark, state, action) = if muted {
        (Icon::CameraOff, Message::CameraOff, Message::CameraStart)
    } else {
        (Icon::Camera, Message::CameraOn, Message::CameraStop)
    };
    let meaning = Meaning::new("camera", Role::Switch, page.words.say(Message::Camera))
        .described(page.words.say(action))
        .pressed(!muted)
        .intent(Intent::Toggle(SourceKind::Camera));
    control(
        page,
        mark,
        state,
        action,
        switch_tones(page, muted),
        meaning,
    )
}

fn leave(page: &Page<'_>) -> Node {
    let label = page.words.say(Message::Leave);
    let hint = page.words.say(Message::LeaveHint);
    let meaning = leaving(Meaning::new("leave", Role::Button, label).described(hint));
    control(
        page,
        Icon::HangUp,
        Message::Leave,
        Message::LeaveHint,
        page.danger(),
        meaning,
    )
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
    state: Message,
    action: Message,
    tones: Tones,
    meaning: Meaning,
) -> Node {
    let narrow = page.scale.is_portrait();
    let (state, action) = (page.words.say(state), page.words.say(action));
    let (strong, small) = (page.font(Type::Strong), page.font(Type::Small));
    let mark = icon(mark, page.px(40.0), tones.on);
    let words = |state, action| column([state, action]).gap(page.px(2.0));
    let content = if narrow {
        let state = text(state, strong.centred(), tones.on).rigid();
        let action = text(action, small.lines(2).centred(), tones.on);
        let words = words(state, action).align(taffy::AlignItems::CENTER);
        column([mark, words]).gap(page.px(10.0))
    } else {
        let state = text(state, strong, tones.on).rigid();
        let words = words(state, text(action, small, tones.on).rigid());
        row([mark, words]).gap(page.px(20.0))
    };
    let fill = page.tone(tones, &meaning.id);
    page.card(content)
        .fill(fill)
        .centred()
        .paddings(page.px(16.0), page.px(16.0))
        .at_least(0.0, page.scale.touch(112.0))
        .share()
        .means(meaning)
}
