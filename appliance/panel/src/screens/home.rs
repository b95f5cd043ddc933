//! Waiting for people: the clock, what is on now and what comes next.

use embedded_graphics::pixelcolor::Rgb888;
use saal_core::{Severity, Sharing};

use super::{Page, laptop, rows::Agenda};
use crate::{
    element::Role,
    icon::Icon,
    language::Message,
    node::{Meaning, Node, column, row, spacer, text},
    plain::{isolated, plain},
    style::Type,
    view::Screen,
};

pub(super) fn home(page: &Page<'_>, agenda: &Agenda<'_>, visible: usize, sharing: Sharing) -> Node {
    let main = main(page, agenda, visible, sharing);
    let root = if page.scale.is_portrait() {
        column([header(page), main])
    } else {
        row([side(page), main]).align(taffy::AlignItems::STRETCH)
    };
    root.fill(page.theme.background.0)
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
        status(page),
    ])
    .padding(page.px(40.0))
    .width(side_width(page))
    .shade(page.theme.side_top.0, page.theme.side_bottom.0)
}

/// The same on top of portrait panels.
fn header(page: &Page<'_>) -> Node {
    column([
        row([room(page).share(), status(page)]).gap(page.px(24.0)),
        clock(page).above(page.px(24.0)),
        date(page),
    ])
    .padding(page.px(40.0))
    .rigid()
    .shade(page.theme.side_top.0, page.theme.side_bottom.0)
}

fn room(page: &Page<'_>) -> Node {
    let name = plain(&page.view.room);
    let style = page
        .font(Type::Title)
        .lines(if page.scale.is_portrait() { 1 } else { 2 });
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
    let room = if page.scale.is_portrait() {
        page.scale.width
    } else {
        side_width(page)
    };
    let style = page
        .font(Type::Clock)
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
    let size = page.px(14.0);
    row([
        Node::default()
            .fixed(size, size)
            .fill(lamp)
            .round(size / 2.0),
        text(words.clone(), page.font(Type::Strong), page.theme.on_side.0),
    ])
    .gap(page.px(12.0))
    .means(Meaning::new("status", Role::Status, words))
}

fn occupation(page: &Page<'_>) -> Option<(Rgb888, String)> {
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
        _ => column(agenda.cards(page, visible)).gap(page.px(12.0)),
    };
    let banners = if agenda.len() == 0 && page.blocking() {
        page.banners_but_worst()
    } else {
        page.banners()
    };
    let laptop = laptop::strip(page, sharing);
    column(
        [Some(content.grow()), laptop, Some(banners)]
            .into_iter()
            .flatten(),
    )
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
    /// Meetings are not possible.
    fn blocking(&self) -> bool {
        self.view
            .troubles
            .first()
            .is_some_and(|t| t.severity() == Severity::Blocking)
    }
}
