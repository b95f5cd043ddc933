//! The room's door: free, soon taken or taken, what is on now and what comes next.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use saal_core::{Agenda, DayNotice, Intent, Now, Room};
use saal_fleet_protocol::config::Language;
use saal_meeting::Meeting;

use crate::{
    Comfort, Navigation, Screen, Sheet, Step, View,
    icon::Icon,
    language::{Message, words_of},
    markup::{Document, PHONE, Writer, escaped, found, icons},
    moments::Moments,
    node::{Meaning, Node},
    screens,
};

/// From so long before a meeting the room is no longer free for another one.
const SOON: SignedDuration = SignedDuration::from_mins(15);
/// Meetings that are listed as the next ones; more are read by nobody in a corridor.
const MOST_NEXT: usize = 3;

/// Whether people may go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupancy {
    /// Nobody needs the room before this moment, today.
    Free {
        /// `None`: all day.
        until: Option<Timestamp>,
    },
    /// Somebody needs it in a moment.
    Soon {
        /// Then.
        from: Timestamp,
    },
    /// Somebody has it.
    Taken {
        /// `None`: open end.
        until: Option<Timestamp>,
    },
}

/// What the door shows.
#[derive(Clone, Debug, PartialEq)]
pub struct DoorView {
    view: View,
    /// Whether people may go in.
    pub occupancy: Occupancy,
    /// What is on.
    pub now: Option<Meeting>,
    /// What comes next today.
    pub next: Vec<Meeting>,
    /// What meetings are called may be read in the corridor.
    titles: bool,
}

impl DoorView {
    /// At this moment, in this language or the room's; `None`: the room does not know yet.
    #[must_use]
    pub fn of(
        room: &Room,
        now: Now,
        navigation: &Navigation,
        language: Option<Language>,
    ) -> Option<Self> {
        let config = room.config()?;
        let titles = config.door.as_ref().is_some_and(|door| door.titles);
        let mut view = View::of(room, now, navigation);
        (view.width, view.height) = PHONE;
        view.comfort = Comfort::default();
        if let Some(language) = language {
            (view.language, view.file) = (language, None);
        }
        if view.navigation.sheet() == Some(&Sheet::Book) && view.day.bookable.is_empty() {
            view.navigation.take(Step::Close);
        }
        view.day.notices.retain(is_for_the_corridor);
        if !titles {
            view.day.notices.iter_mut().for_each(hide_title);
        }
        let agenda = room.agenda(now);
        let call = room.phase().meeting();
        let on = call.or_else(|| appointment(&agenda, now.wall)).cloned();
        let words = words_of(view.language, view.file.as_ref());
        let moments = Moments::new(words, &view.time_zone, view.now);
        let today = |m: &&&Meeting| m.start.is_some_and(|at| moments.is_today(at));
        let next: Vec<Meeting> = agenda
            .next
            .iter()
            .filter(today)
            .map(|meeting| (*meeting).clone())
            .collect();
        let first = next.first().and_then(|meeting| meeting.start);
        let occupancy = match (&on, first) {
            (Some(meeting), _) => Occupancy::Taken {
                until: meeting.end.filter(|end| *end > now.wall),
            },
            (None, Some(from)) if from.duration_since(now.wall) <= SOON => Occupancy::Soon { from },
            (None, until) => Occupancy::Free { until },
        };
        Some(Self {
            view,
            occupancy,
            now: on,
            next: next.into_iter().take(MOST_NEXT).collect(),
            titles,
        })
    }
}

/// Which devices a meeting has is its people's business.
fn is_for_the_corridor(notice: &DayNotice) -> bool {
    !matches!(
        notice,
        DayNotice::WithoutPicture { .. }
            | DayNotice::OtherCamera { .. }
            | DayNotice::OtherSound { .. }
    )
}

/// What meetings are called is not for the corridor.
fn hide_title(notice: &mut DayNotice) {
    match notice {
        DayNotice::Next { title, .. }
        | DayNotice::CheckIn { title, .. }
        | DayNotice::MovedAway { title, .. }
        | DayNotice::WithoutPicture { title, .. }
        | DayNotice::OtherCamera { title, .. }
        | DayNotice::OtherSound { title, .. }
        | DayNotice::Taken { title, .. } => title.clear(),
        DayNotice::Alone | DayNotice::Cancelled | DayNotice::Moved { .. } => {}
    }
}

impl DoorView {
    /// What people can do about the room's time, while nobody is in a call.
    fn day(&self) -> Option<Node> {
        let home = matches!(self.view.screen, Screen::Home { .. });
        home.then(|| screens::outline_of_the_day(&self.view))?
    }
}

/// What has the room; what is always there has it only while somebody is in it.
fn appointment<'a>(agenda: &Agenda<'a>, now: Timestamp) -> Option<&'a Meeting> {
    let has =
        |m: &&&Meeting| m.start.is_some_and(|at| at <= now) && m.end.is_none_or(|at| at > now);
    agenda.under_way.iter().find(has).copied()
}

/// The door's page.
#[must_use]
pub fn door(of: &DoorView) -> Document {
    let view = &of.view;
    let words = words_of(view.language, view.file.as_ref());
    let moments = Moments::new(words, &view.time_zone, view.now);
    let page = Page { of, moments };
    let say = |message| escaped(&words.say(message));
    let mut main = page.state(&|message| words.say(message));
    if let Some(day) = of.day() {
        let day = Writer::new(view, allowed).below(&day);
        let _ = write!(main, "<div id=\"day\">{day}</div>");
        if view.navigation.sheet().is_some() {
            return page.document(main);
        }
    }
    let _ = write!(main, "<section id=\"now\"><h2>{}</h2>", say(Message::Now));
    match &of.now {
        Some(meeting) => main += &page.meeting(meeting, &say(Message::DoorReserved)),
        None => {
            let _ = write!(main, "<p>{}</p>", say(Message::DoorNobody));
        }
    }
    let _ = write!(
        main,
        "</section><section id=\"next\"><h2>{}</h2>",
        say(Message::DoorNext)
    );
    if of.next.is_empty() {
        let _ = write!(main, "<p>{}</p>", say(Message::DoorNothing));
    }
    for meeting in &of.next {
        main += &page.meeting(meeting, &say(Message::DoorReserved));
    }
    main += "</section>";
    page.document(main)
}

/// What people in the corridor may do with it; `None`: nothing.
fn allowed(meaning: &Meaning) -> Option<(Option<Intent>, Option<Step>)> {
    let step = match &meaning.step {
        None => None,
        Some(Step::Open(sheet)) if !sheet.is_for_the_door() => return None,
        Some(step @ (Step::Open(_) | Step::Close)) => Some(step.clone()),
        Some(_) => return None,
    };
    let intent = meaning.intent.clone().filter(Intent::is_for_the_door);
    let there = !meaning.state.disabled && (intent.is_some() || step.is_some());
    there.then_some((intent, step))
}

/// What pressing this element of the door's page means, if it still stands there so.
#[must_use]
pub fn door_pressed(
    of: &DoorView,
    id: &str,
    on: Option<bool>,
) -> Option<(Option<Intent>, Option<Step>)> {
    allowed(found(&of.day()?, id, on)?)
}

struct Page<'a> {
    of: &'a DoorView,
    moments: Moments<'a>,
}

impl Page<'_> {
    fn document(&self, main: String) -> Document {
        let view = &self.of.view;
        Document {
            title: crate::plain(&view.room),
            ..Document::around(view.language, view.file.as_ref(), main)
        }
    }

    /// In colour, sign and words; each says it alone.
    fn state(&self, say: &dyn Fn(Message) -> String) -> String {
        let view = &self.of.view;
        let words = words_of(view.language, view.file.as_ref());
        let at = |message, moment: Timestamp| {
            words.tell(message, [("time", (&self.moments.time(moment)).into())])
        };
        let (class, icon, what, when) = match self.of.occupancy {
            Occupancy::Free { until } => (
                "free",
                Icon::Available,
                Message::DoorFree,
                until.map(|moment| at(Message::DoorUntil, moment)),
            ),
            Occupancy::Soon { from } => (
                "soon",
                Icon::Clock,
                Message::DoorSoon,
                Some(at(Message::DoorFrom, from)),
            ),
            Occupancy::Taken { until } => (
                "taken",
                Icon::Occupied,
                Message::DoorTaken,
                until.map(|moment| at(Message::DoorUntil, moment)),
            ),
        };
        let room = escaped(&crate::plain(&view.room));
        let clock = escaped(&self.moments.clock());
        let (sign, what) = (icons::svg(icon), escaped(&say(what)));
        let when = when.map(|when| format!("<span id=\"when\">{}</span>", escaped(&when)));
        format!(
            "<div id=\"state\" class=\"{class}\"><div class=\"row\"><h1 id=\"room\">{room}</h1>\
             <div id=\"clock\" role=\"timer\">{clock}</div></div>\
             <div id=\"occupancy\" role=\"status\">{sign}<span id=\"what\">{what}</span>{}</div></div>",
            when.unwrap_or_default()
        )
    }

    fn meeting(&self, meeting: &Meeting, reserved: &str) -> String {
        let title = if self.of.titles && !meeting.private {
            escaped(&crate::plain(&meeting.title))
        } else {
            reserved.to_owned()
        };
        let range = match meeting.start {
            Some(_) => escaped(&self.moments.range(meeting)),
            None => String::new(),
        };
        let unsure = if meeting.tentative {
            let view = &self.of.view;
            let words = words_of(view.language, view.file.as_ref());
            format!(" <span>{}</span>", escaped(&words.say(Message::Tentative)))
        } else {
            String::new()
        };
        format!(
            "<p class=\"meeting\"><span class=\"strong\">{title}</span> <span>{range}</span>{unsure}</p>"
        )
    }
}
