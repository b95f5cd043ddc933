//! Waiting for people: the clock, what is on now and what comes next.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::{Severity, Sharing, Trouble};

use super::{Page, day_time, elsewhere, laptop, parts::Tones, rows::Agenda};
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::Message,
    navigation::Step,
    node::{Meaning, Node, column, row, spacer, text},
    plain::{isolated, plain},
    style::Type,
    view::Screen,
};

pub(super) fn home(page: &Page<'_>, agenda: &Agenda<'_>, visible: usize, sharing: Sharing) -> Node {
    let main = main(page, agenda, visible, sharing);
    let root = if page.scale.is_narrow() {
        column([header(page), main])
    } else {
        row([side(page), main])
            .align(taffy::AlignItems::STRETCH)
            .mirrors()
    };
    root.fill(page.theme.background.0)
}

/// What stands beside the clock, or below it, is so wide.
pub(super) fn main_width(page: &Page<'_>) -> f32 {
    let side = if page.scale.is_narrow() {
        0.0
    } else {
        side_width(page)
    };
    page.scale.width - side - 2.0 * page.px(40.0)
}

fn side_width(page: &Page<'_>) -> f32 {
    (page.scale.width * 0.36).round()
}

/// The coloured column of landscape panels.
fn side(page: &Page<'_>) -> Node {
    column([
        room(page),
        spacer(),
        clock(page),
        date(page),
        spacer(),
        row([status(page).share(), access(page)]).gap(page.px(16.0)),
    ])
    .padding(page.px(40.0))
    .width(side_width(page))
    .shade(page.theme.side_top.0, page.theme.side_bottom.0)
}

/// The same on top of portrait panels.
fn header(page: &Page<'_>) -> Node {
    let name = room(page).share();
    let moment = moment(page).above(page.px(24.0));
    let parts = if page.scale.is_close() {
        // Beside each other they would leave the name no room for a word.
        let first = row([name, access(page)]).gap(page.px(24.0));
        vec![first, moment, status(page).above(page.px(12.0))]
    } else {
        let first = row([name, status(page), access(page)]).gap(page.px(24.0));
        vec![first, moment]
    };
    column(parts)
        .padding(page.px(40.0))
        .rigid()
        .shade(page.theme.side_top.0, page.theme.side_bottom.0)
}

/// The clock and the date, beside each other where both are words of a line.
fn moment(page: &Page<'_>) -> Node {
    let parts = [clock(page), date(page)];
    if page.scale.is_enlarged() {
        return row(parts).gaps(page.px(24.0), 0.0).wrapping();
    }
    column(parts)
}

fn room(page: &Page<'_>) -> Node {
    let name = plain(&page.view.room);
    let style = page
        .font(Type::Title)
        .lines(if page.scale.is_narrow() { 1 } else { 2 });
    text(isolated(&name), style, page.theme.on_side.0).means(Meaning::new(
        "room",
        Role::Heading,
        name,
    ))
}

/// The widest time is so many ems wide.
const CLOCK_EMS: f32 = 2.85;

fn clock(page: &Page<'_>) -> Node {
    let clock = page.moments.clock();
    let room = if page.scale.is_narrow() {
        page.scale.width
    } else {
        side_width(page)
    };
    let of = if page.scale.is_enlarged() && page.scale.is_narrow() {
        // Large enough, and the meetings come sooner.
        Type::Display
    } else {
        Type::Clock
    };
    let style = page
        .font(of)
        .at_most((room - 2.0 * page.px(40.0)) / CLOCK_EMS);
    text(clock.clone(), style, page.theme.on_side.0)
        .rigid()
        .means(Meaning::new("clock", Role::Timer, clock))
}

fn date(page: &Page<'_>) -> Node {
    let today = page.moments.today();
    text(
        today.clone(),
        page.font(Type::Lead).lines(2),
        page.theme.on_side_quiet.0,
    )
    .rigid()
    .means(Meaning::new("date", Role::Text, today))
}

/// Free or not, and until when; nothing where that is not known.
fn status(page: &Page<'_>) -> Node {
    let Some((lamp, words)) = occupation(page) else {
        return Node::default();
    };
    let size = page.em(14.0);
    row([
        Node::default()
            .fixed(size, size)
            .fill(lamp)
            .round(size / 2.0),
        text(
            words.clone(),
            page.font(Type::Strong).lines(2),
            page.theme.on_side.0,
        )
        .whole(),
    ])
    .gap(page.px(12.0))
    .means(Meaning::new("status", Role::Status, words))
}

/// The way to larger text, more contrast, speech: in sight before anybody asks.
fn access(page: &Page<'_>) -> Node {
    let tones = Tones {
        rest: page.theme.side_top.0,
        pressed: page.theme.side_bottom.0,
        on: page.theme.on_side.0,
    };
    let meaning = Meaning::new("access", Role::Button, page.words.say(Message::Access))
        .step(Step::Open(Sheet::Access));
    page.square(Icon::Access, tones, meaning)
}

pub(super) fn occupation(page: &Page<'_>) -> Option<(Rgb888, String)> {
    let Screen::Home {
        under_way, next, ..
    } = &page.view.screen
    else {
        return None;
    };
    let until = |some, none, moment: Option<jiff::Timestamp>| match moment {
        Some(at) => page
            .words
            .tell(some, [("time", (&page.moments.time(at)).into())]),
        None => page.words.say(none),
    };
    if let Some(first) = under_way.first() {
        let end = first.end.filter(|at| *at > page.view.now);
        return Some((
            page.theme.busy.0,
            until(Message::BusyUntil, Message::Busy, end),
        ));
    }
    // A room without its server has no idea.
    if next.is_empty() && page.blocking() {
        return None;
    }
    let start = next.first().and_then(|meeting| meeting.start);
    let start = start.filter(|at| page.moments.is_today(*at));
    Some((
        page.theme.good.0,
        until(Message::FreeUntil, Message::Free, start),
    ))
}

fn main(page: &Page<'_>, agenda: &Agenda<'_>, visible: usize, sharing: Sharing) -> Node {
    let content = match (agenda.len(), page.blocking()) {
        (0, true) => column([spacer(), row([page.worst()]).centred(), spacer()]),
        (0, false) => column([spacer(), row([free(page)]).centred(), spacer()]),
        _ => {
            let label = page.words.say(Message::AllMeetings);
            column(agenda.cards(page, visible))
                .gap(page.px(12.0))
                .means(Meaning::new("meetings", Role::List, label))
        }
    };
    let banners = if agenda.len() == 0 && page.blocking() {
        page.banners_but_worst()
    } else {
        page.banners()
    };
    let ways = [elsewhere::way(page), laptop::way(page, sharing)];
    let parts = [
        Some(content.grow()),
        day_time::notices(page),
        laptop::shown(page, sharing),
        Some(banners),
        // Below what comes and goes, so that they stay where fingers expect them.
        day_time::ways(page, ways.into_iter().flatten()),
    ];
    column(parts.into_iter().flatten())
        .padding(page.px(40.0))
        .share()
}

fn free(page: &Page<'_>) -> Node {
    let circle = (page.theme.accent_soft.0, page.theme.on_accent_soft.0);
    let what = page.words.say(Message::NothingMore);
    let hint = page.words.say(Message::NothingMoreHint);
    page.message(Icon::Free, circle, &what, &hint)
        .means(Meaning::new("free", Role::Status, what).described(hint))
}

impl Page<'_> {
    /// Meetings are not possible, or nobody knows of them.
    pub(super) fn blocking(&self) -> bool {
        let unknown = |t: &Trouble| matches!(t, Trouble::CalendarUnreachable { at: None, .. });
        let worst = self.view.troubles.first();
        worst.is_some_and(|t| t.severity() == Severity::Blocking || unknown(t))
    }
}
