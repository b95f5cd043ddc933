//! The meetings of the home screen: one card each.

use saal_core::{Agenda as CoreAgenda, Intent};
use saal_meeting::{Destination, Meeting, NoWay};
use taffy::AlignItems;

use super::Page;
use crate::{
    Sheet,
    element::Role,
    icon::Icon,
    language::{Message, Value},
    navigation::Step,
    node::{Meaning, Node, column, icon, row, spacer, text},
    plain::{plain, unisolated},
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

    /// The day, where it is another one than that of the meeting before.
    fn heading(&self, page: &Page<'_>, index: usize) -> Option<Node> {
        let of = |index: usize| self.entries.get(index).map(|entry| &entry.heading);
        let before = index.checked_sub(1).and_then(of);
        let heading = of(index).filter(|heading| before != Some(heading))?;
        let some = !heading.is_empty();
        some.then(|| page.label(&format!("day:{index}"), heading))
    }

    /// The card of a meeting, below its day.
    pub(super) fn titled(&self, page: &Page<'_>, index: usize) -> Node {
        let card = self
            .entries
            .get(index)
            .map(|entry| card(page, entry, index));
        let heading = self.heading(page, index);
        let heading = heading.map(|label| label.above(Self::space_above(page, index)));
        let parts = heading.into_iter().chain(card);
        column(parts).gap(page.px(12.0))
    }

    /// A heading is nearer to what it is about than to what was before.
    fn space_above(page: &Page<'_>, index: usize) -> f32 {
        if index == 0 { 0.0 } else { page.px(16.0) }
    }

    /// Cards for the first `visible` meetings and a line about the others.
    pub(super) fn cards(&self, page: &Page<'_>, visible: usize) -> Vec<Node> {
        let mut cards = Vec::new();
        for (index, entry) in self.entries.iter().take(visible).enumerate() {
            let above = Self::space_above(page, index);
            cards.extend(self.heading(page, index).map(|label| label.above(above)));
            cards.push(card(page, entry, index));
        }
        let hidden = self.entries.len() - visible.min(self.entries.len());
        cards.extend((hidden > 0).then(|| more(page, hidden)));
        cards
    }
}

/// The way to those that there is no room for.
fn more(page: &Page<'_>, hidden: usize) -> Node {
    let count = i64::try_from(hidden).unwrap_or(i64::MAX);
    let words = page.words.tell(Message::AndMore, [("count", count.into())]);
    let meaning = Meaning::new("more", Role::Button, words.clone())
        .described(page.words.say(Message::AllMeetings))
        .step(Step::Open(Sheet::Day));
    row([page.small_button(&words, page.quiet(), meaning), spacer()])
        .rigid()
        .above(page.px(4.0))
}

fn card(page: &Page<'_>, entry: &Entry<'_>, index: usize) -> Node {
    let meeting = entry.meeting;
    let title = title(page, meeting);
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
    let times = (!prominent).then(|| times(page, meeting));
    let told = times.into_iter().chain([words]);
    let action = action(page, meeting, index, &title, &description);
    let content = if page.scale.is_close() {
        column([row(told).gap(page.px(24.0)), row([action])]).gap(page.px(12.0))
    } else {
        row(told.chain([action])).gap(page.px(24.0))
    };
    let content = content
        .paddings(page.px(28.0), page.px(if prominent { 28.0 } else { 16.0 }))
        .rigid();
    page.card(content).means(
        Meaning::new(format!("meeting:{index}"), Role::ListItem, title).described(description),
    )
}

/// What may be read of it.
pub(super) fn title(page: &Page<'_>, meeting: &Meeting) -> String {
    if meeting.private {
        return page.words.say(Message::PrivateMeeting);
    }
    page.title(&meeting.title)
}

/// Why the room can't go there; nothing for people who meet in the room itself.
fn no_way(page: &Page<'_>, meeting: &Meeting) -> Option<String> {
    let Destination::Nowhere { why } = &meeting.destination else {
        return None;
    };
    let tell = |message, name: &str| {
        let name = plain(name);
        Some(page.words.tell(message, [("name", Value::Foreign(&name))]))
    };
    match why {
        NoWay::NoLink => None,
        NoWay::OtherService { name } => tell(Message::OtherService, name),
        NoWay::Rewritten { gateway, .. } => tell(Message::LinkRewritten, gateway),
        NoWay::NotAllowed { host } => tell(Message::HostNotAllowed, host),
        NoWay::Unreadable { .. } => Some(page.words.say(Message::LinkUnreadable)),
    }
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
        .width(page.em(68.0))
}

/// When it is, how far it is, who is there; nothing where the times beside say it all.
fn facts(page: &Page<'_>, meeting: &Meeting, prominent: bool) -> Option<Node> {
    let quiet = page.theme.text_quiet.0;
    let small = page.font(Type::Small);
    let fact = |mark, words: String, colour| {
        row([
            icon(mark, page.em(20.0), colour),
            text(words, small.lines(2), colour),
        ])
        .gap(page.px(8.0))
    };
    let when = when(page, meeting, prominent).map(|when| fact(Icon::Clock, when, quiet));
    let people = (meeting.in_call > 0)
        .then(|| fact(Icon::People, people(page, meeting), page.theme.accent.0));
    let main = main(page, meeting).map(|main| fact(Icon::Breakout, main, quiet));
    let unsure = unsure(page, meeting).map(|words| fact(Icon::Unsure, words, quiet));
    let no_way = no_way(page, meeting).map(|why| {
        let mark = icon(Icon::Notice, page.em(20.0), quiet);
        row([mark, text(why, small.lines(3), quiet).share()])
            .align(AlignItems::FLEX_START)
            .gap(page.px(8.0))
    });
    let all = [main, when, unsure, people];
    let facts: Vec<Node> = all.into_iter().flatten().collect();
    if facts.is_empty() {
        return no_way;
    }
    let facts = row(facts).gaps(page.px(20.0), page.px(6.0)).wrapping();
    Some(match no_way {
        Some(no_way) => column([facts, no_way]).gap(page.px(6.0)),
        None => facts,
    })
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

/// Its organiser is not sure yet.
pub(super) fn unsure(page: &Page<'_>, meeting: &Meeting) -> Option<String> {
    meeting
        .tentative
        .then(|| page.words.say(Message::Tentative))
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
    let no_way = no_way(page, meeting).map(|why| unisolated(&why));
    let facts = [
        main,
        Some(page.moments.range(meeting)),
        state,
        unsure(page, meeting),
        people,
        no_way,
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The button, or since when there will be one.
fn action(page: &Page<'_>, meeting: &Meeting, index: usize, title: &str, facts: &str) -> Node {
    if matches!(meeting.destination, Destination::Nowhere { .. }) {
        return Node::default().fixed(0.0, high(page));
    }
    if !CoreAgenda::can_join(page.view.now, meeting, page.view.day.join_before) {
        return not_yet(page, meeting, index);
    }
    let label = page.words.say(Message::Join);
    let meaning = Meaning::new(format!("join:{index}"), Role::Button, label.clone())
        .described(format!("{}, {facts}", unisolated(title)))
        .intent(Intent::Join(meeting.id.clone()));
    let join = page.button(Icon::Join, &label, page.accent(), meaning);
    if meeting.others.is_empty() {
        return join;
    }
    let other = Meaning::new(
        format!("ways:{index}"),
        Role::Button,
        page.words.say(Message::Ways),
    )
    .described(unisolated(title))
    .step(Step::Open(Sheet::Ways(meeting.id.clone())));
    let other = page.square(Icon::Ways, page.quiet(), other);
    row([other, join]).gap(page.px(16.0)).rigid()
}

/// A card is as high without a button as with one beside its title.
fn high(page: &Page<'_>) -> f32 {
    if page.scale.is_close() {
        return 0.0;
    }
    page.scale.touch(64.0)
}

fn not_yet(page: &Page<'_>, meeting: &Meeting, index: usize) -> Node {
    let ahead = jiff::SignedDuration::try_from(page.view.day.join_before).unwrap_or_default();
    let from = meeting
        .start
        .and_then(|start| start.checked_sub(ahead).ok());
    let Some(from) = from.filter(|from| page.moments.is_today(*from)) else {
        return spacer().fixed(0.0, high(page));
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
    .at_least(0.0, high(page))
    .means(Meaning::new(format!("joinable:{index}"), Role::Text, words))
}
