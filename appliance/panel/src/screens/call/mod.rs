//! In a meeting: who is there, what is going on, four large buttons, and sheets for everything else.

mod arrangement;
mod camera;
mod chat;
mod controls;
mod keypad;
mod laptop;
pub(super) mod more;
pub(super) mod news;
mod people;
mod person;
mod phone;
mod polls;
mod question;
mod roster;
pub(super) mod sheet;
mod sound;

use saal_core::DayNotice;
use saal_meeting::Role as MeetingRole;

pub(super) use self::controls::leave;
use super::{Density, Fit, Page};
use crate::{
    Layout, Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, row, spacer, text},
    plain::plain,
    style::Type,
    view::Call,
};

pub(super) fn lay_out(fit: &mut Fit<'_>, call: &Call) -> Layout {
    if call.meeting.consent_asked {
        return fit.most(0, |page, _| question::consent(page, call));
    }
    match fit.page.view.navigation.sheet().cloned() {
        None
        | Some(
            Sheet::RecoveryKey
            | Sheet::SignIn
            | Sheet::Day
            | Sheet::Book
            | Sheet::Ways(_)
            | Sheet::Elsewhere
            | Sheet::TypeLink
            | Sheet::LinkByPhone
            | Sheet::Settings(_)
            | Sheet::About(_),
        ) => fit.most(call.participants.len(), |page, visible| {
            page_of(page, call, visible)
        }),
        Some(Sheet::Time(meeting)) => super::day_time::time(fit, Some(call), &meeting),
        Some(Sheet::More) => more::lay_out(fit, call),
        Some(Sheet::People) => roster::lay_out(fit, call),
        Some(Sheet::Person(id)) => person::lay_out(fit, call, &id),
        Some(Sheet::Remove(id)) => fit.most(0, |page, _| question::remove(page, call, &id)),
        Some(Sheet::Chat) => chat::lay_out(fit, call),
        Some(Sheet::Arrangement) => arrangement::lay_out(fit, call),
        Some(Sheet::Sound) => sound::lay_out(fit, call),
        Some(Sheet::Laptop) => fit.most(0, |page, _| laptop::laptop(page, call)),
        Some(Sheet::Phone) => phone::lay_out(fit, call),
        Some(Sheet::Polls) => polls::lay_out(fit, call),
        Some(Sheet::Keypad) => fit.most(0, |page, _| keypad::keypad(page, call)),
        Some(Sheet::Camera) => fit.most(0, |page, _| camera::aim(page, call)),
        Some(Sheet::SavePosition) => fit.most(0, |page, _| camera::save_position(page, call)),
        Some(Sheet::Cameras) => camera::choose(fit, call),
        Some(Sheet::Access) => super::access::lay_out(fit, Some(call)),
        Some(Sheet::Troubles) => super::troubles::lay_out(fit, Some(call)),
        Some(Sheet::EndForAll) => fit.most(0, |page, _| question::end_for_all(page, call)),
    }
}

fn page_of(page: &Page<'_>, call: &Call, visible: usize) -> Node {
    let title = page.title(&call.title);
    let heading = text(
        title.clone(),
        page.font(Type::Display).lines(2),
        page.theme.text.0,
    )
    .rigid()
    .above(page.px(24.0))
    .means(Meaning::new("title", Role::Heading, title));
    let news = news::news(page, call);
    // Where there is no room for anybody, their number stands above; that nobody is there is said once.
    let said = page.view.day.notices.contains(&DayNotice::Alone);
    let nobody = news.is_some() && visible == 0 && (said || !call.participants.is_empty());
    let people = if nobody {
        spacer()
    } else {
        let people = people::people(page, &call.participants, visible);
        people.grow().above(page.px(28.0))
    };
    let top = [
        Some(page.call_bar(call)),
        Some(heading),
        subject(page, call),
        Some(facts(page, call).above(page.px(12.0))),
    ];
    let controls = controls::controls(page, call).above(page.px(24.0));
    let rest = if page.turned {
        // What people do comes before what they read.
        [Some(controls), news, Some(page.banners()), Some(people)]
    } else {
        [Some(people), news, Some(page.banners()), Some(controls)]
    };
    column(top.into_iter().chain(rest).flatten())
        .padding(page.px(40.0))
        .fill(page.theme.background.0)
}

/// What the moderators say the meeting is about, where that is something else than its name.
fn subject(page: &Page<'_>, call: &Call) -> Option<Node> {
    let subject = plain(call.meeting.subject.as_deref()?);
    let news = !subject.is_empty() && subject != plain(&call.title);
    (news && page.density < Density::Tighter).then(|| {
        let drawn = text(
            page.title(&subject),
            page.font(Type::Body),
            page.theme.text_quiet.0,
        );
        drawn
            .above(page.px(4.0))
            .means(Meaning::new("subject", Role::Text, subject))
    })
}

/// How many, how long, where, and whether the connection is lost.
fn facts(page: &Page<'_>, call: &Call) -> Node {
    let quiet = page.theme.text_quiet.0;
    let fact = |id: &str, role, mark, words: String| {
        row([
            icon(mark, page.em(22.0), quiet),
            text(words.clone(), page.font(Type::Body), quiet).rigid(),
        ])
        .gap(page.px(10.0))
        .means(Meaning::new(id, role, words))
    };
    let count = i64::try_from(call.participants.len()).unwrap_or(i64::MAX);
    let count = page
        .words
        .tell(Message::Participants, [("count", count.into())]);
    let elapsed = page.moments.elapsed(call.since);
    let facts = [
        fact("participants", Role::Status, Icon::People, count),
        fact("elapsed", Role::Timer, Icon::Clock, elapsed),
    ];
    row(facts.into_iter().chain(states(page, call)))
        .gaps(page.px(20.0), page.px(8.0))
        .at_least(0.0, page.em(40.0))
        .wrapping()
        .rigid()
}

/// What is out of the ordinary.
fn states(page: &Page<'_>, call: &Call) -> impl Iterator<Item = Node> {
    let t = page.theme;
    let pill = |id: &str, role, mark, words: String, tones| {
        page.pill(mark, &words, tones)
            .means(Meaning::new(id, role, words))
    };
    let soft = (t.accent_soft.0, t.on_accent_soft.0);
    let warning = (t.warning_soft.0, t.on_warning_soft.0);
    let lost = call.reconnecting.then(|| {
        let words = page.words.say(Message::Reconnecting);
        pill("reconnecting", Role::Alert, Icon::Reconnect, words, warning)
    });
    let breakout = call.meeting.breakout.as_deref().map(|name| {
        let values = [("name", Value::Foreign(name))];
        let words = page.words.tell(Message::Breakout, values);
        pill("breakout", Role::Status, Icon::Breakout, words, soft)
    });
    let listening = (call.meeting.role == MeetingRole::Visitor).then(|| {
        let words = page.words.say(Message::Visitor);
        pill("visitor", Role::Status, Icon::Listening, words, soft)
    });
    let hand = call.meeting.hand_raised.then(|| {
        let words = page.words.say(Message::HandRaised);
        pill("hand-raised", Role::Status, Icon::Hand, words, warning)
    });
    [lost, breakout, listening, hand].into_iter().flatten()
}
