//! The meetings of the home screen: one card each.

use saal_core::{Agenda as CoreAgenda, Intent};
use saal_meeting::Meeting;
use taffy::AlignItems;

use super::Page;
use crate::{
    element::Role,
    icon::Icon,
    language::{Message, Value},
    node::{Meaning, Node, column, icon, row, spacer, text},
    plain::unisolated,
    style::Type,
};

/// The meetings in the order of the panel, under the headings of their days.
pub(super) struct Agenda<'a> {
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    meeting: &'a Meeting,
    heading: String,
    under_way: bool,
}

impl<'a> Agenda<'a> {
    pub(super) fn new(page: &Page<'_>, under_way: &'a [Meeting], next: &'a [Meeting]) -> Self {
        let now = under_way.iter().map(|meeting| Entry {
            meeting,
            heading: page.words.say(Message::Now),
            under_way: true,
        });
        let later = next.iter().map(|meeting| Entry {
            meeting,
            heading: meeting
                .start
                .map_or_else(String::new, |start| page.moments.day(start)),
            under_way: false,
        });
        Self {
            entries: now.chain(later).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Cards for the first `visible` meetings and a line about the others.
    pub(super) fn cards(&self, page: &Page<'_>, visible: usize) -> Vec<Node> {
        let mut cards = Vec::new();
        let mut heading = "";
        for (index, entry) in self.entries.iter().take(visible).enumerate() {
            if entry.heading != heading {
                heading = &entry.heading;
                let label = page.label(&format!("day:{index}"), heading);
                cards.push(label.above(if index == 0 { 0.0 } else { page.px(16.0) }));
            }
            cards.push(card(page, entry, index));
        }
        let hidden = self.entries.len() - visible.min(self.entries.len());
        cards.extend((hidden > 0).then(|| more(page, hidden)));
        cards
    }
}

fn more(page: &Page<'_>, hidden: usize) -> Node {
    let count = i64::try_from(hidden).unwrap_or(i64::MAX);
    let words = page.words.tell(Message::AndMore, [("count", count.into())]);
    text(
        words.clone(),
        page.font(Type::Small),
        page.theme.text_quiet.0,
    )
    .rigid()
    .above(page.px(4.0))
    .means(Meaning::new("more", Role::Text, words))
}

fn card(page: &Page<'_>, entry: &Entry<'_>, index: usize) -> Node {
    let meeting = entry.meeting;
    let title = page.title(&meeting.title);
    let prominent = entry.under_way && index == 0;
    let description = description(page, meeting);
    let style = page.font(if prominent { Type::Title } else { Type::Strong });
    let facts = facts(page, meeting, prominent);
    let words = column(
        [text(title.clone(), style.lines(2), page.theme.text.0)]
            .into_iter()
            .chain(facts),
    )
    .gap(page.px(if prominent { 10.0 } else { 4.0 }))
    .share();
    let content = row([
        (!prominent).then(|| times(page, meeting)),
        Some(words),
        Some(action(page, meeting, index, &title, &description)),
    ]
    .into_iter()
    .flatten())
    .gap(page.px(24.0))
    .paddings(page.px(28.0), page.px(if prominent { 28.0 } else { 16.0 }))
    .rigid();
    page.card(content).means(
        Meaning::new(format!("meeting:{index}"), Role::ListItem, title).described(description),
    )
}

/// Start and end one above the other, all cards aligned.
fn times(page: &Page<'_>, meeting: &Meeting) -> Node {
    let time = |moment: Option<jiff::Timestamp>| moment.map(|at| page.moments.time(at));
    let lines = [
        time(meeting.start)
            .map(|start| text(start, page.font(Type::Strong).figures(), page.theme.text.0)),
        time(meeting.end).map(|end| {
            text(
                end,
                page.font(Type::Small).figures(),
                page.theme.text_quiet.0,
            )
        }),
    ];
    column(lines.into_iter().flatten())
        .gap(page.px(4.0))
        .width(page.px(68.0))
}

/// When it is, how far it is, who is there; nothing where the times beside say it all.
fn facts(page: &Page<'_>, meeting: &Meeting, prominent: bool) -> Option<Node> {
    let quiet = page.theme.text_quiet.0;
    let small = page.font(Type::Small);
    let fact = |mark, words: String, colour| {
        row([
            icon(mark, page.px(20.0), colour),
            text(words, small, colour),
        ])
        .gap(page.px(8.0))
    };
    let when = when(page, meeting, prominent).map(|when| fact(Icon::Clock, when, quiet));
    let people = (meeting.in_call > 0)
        .then(|| fact(Icon::People, people(page, meeting), page.theme.accent.0));
    let main = main(page, meeting).map(|main| fact(Icon::Breakout, main, quiet));
    if when.is_none() && people.is_none() && main.is_none() {
        return None;
    }
    Some(
        row(main.into_iter().chain(when).chain(people))
            .gaps(page.px(20.0), page.px(6.0))
            .wrapping(),
    )
}

fn when(page: &Page<'_>, meeting: &Meeting, prominent: bool) -> Option<String> {
    let state = meeting.start.and_then(|start| page.moments.state(start));
    // The other cards have their times beside the title.
    if !prominent && meeting.start.is_some() {
        return state;
    }
    let range = page.moments.range(meeting);
    Some(state.map_or(range.clone(), |state| format!("{range} · {state}")))
}

/// The meeting that this is a breakout session of.
fn main(page: &Page<'_>, meeting: &Meeting) -> Option<String> {
    let title = page.title(&meeting.part_of.as_ref()?.title);
    let values = [("title", Value::Foreign(&title))];
    Some(page.words.tell(Message::BreakoutOf, values))
}

fn people(page: &Page<'_>, meeting: &Meeting) -> String {
    page.words.tell(
        Message::PeopleInCall,
        [("count", i64::from(meeting.in_call).into())],
    )
}

fn description(page: &Page<'_>, meeting: &Meeting) -> String {
    let state = meeting.start.and_then(|start| page.moments.state(start));
    let people = (meeting.in_call > 0).then(|| people(page, meeting));
    let main = main(page, meeting).map(|main| unisolated(&main));
    let facts = [main, Some(page.moments.range(meeting)), state, people];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The button, or since when there will be one.
fn action(page: &Page<'_>, meeting: &Meeting, index: usize, title: &str, facts: &str) -> Node {
    if !CoreAgenda::can_join(page.view.now, meeting) {
        return not_yet(page, meeting, index);
    }
    let label = page.words.say(Message::Join);
    let meaning = Meaning::new(format!("join:{index}"), Role::Button, label.clone())
        .described(format!("{}, {facts}", unisolated(title)))
        .intent(Intent::Join(meeting.id.clone()));
    page.button(Icon::Join, &label, page.accent(), meaning)
}

fn not_yet(page: &Page<'_>, meeting: &Meeting, index: usize) -> Node {
    let ahead = jiff::SignedDuration::try_from(saal_core::JOIN_BEFORE).expect("ten minutes fit");
    let from = meeting
        .start
        .and_then(|start| start.checked_sub(ahead).ok());
    let Some(from) = from.filter(|from| page.moments.is_today(*from)) else {
        return spacer().fixed(0.0, page.scale.touch(64.0));
    };
    let time = page.moments.time(from);
    let words = page
        .words
        .tell(Message::JoinableFrom, [("time", (&time).into())]);
    row([text(
        words.clone(),
        page.font(Type::Small),
        page.theme.text_quiet.0,
    )])
    .align(AlignItems::CENTER)
    .height(page.scale.touch(64.0))
    .means(Meaning::new(format!("joinable:{index}"), Role::Text, words))
}
