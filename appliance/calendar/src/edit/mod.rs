//! Changes to an object of a calendar that leave everything else in it as it was: answers to invitations, bookings, what
//! becomes of a meeting. Pure: text in, text out; who sends it is `saal-sources`.
//!
//! What a room may change in an invitation is what an attendee may (RFC 6638 section 3.2.2.1): its own participation, for one
//! meeting or all, and a comment.

mod message;
mod object;
mod when;

use jiff::{
    SignedDuration, Span, SpanRelativeTo, Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use thiserror::Error;

pub use self::message::Message;
use self::{
    object::{Component, Item, Property},
    when::Form,
};
use crate::{
    answer::{Answer, Reply},
    ics::Zones,
};

/// When people came, in UTC; on the meeting itself, so that every panel and every reader of the calendar knows.
pub(crate) const CHECKED_IN: &str = "X-SAAL-CHECKED-IN";
/// Of what the room makes itself.
const PRODUCER: &str = concat!("-//Saal//", env!("CARGO_PKG_VERSION"), "//EN");

/// Something to be changed in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An event of the room's own. Whether it is free then is for the caller to know.
    Book(NewEvent),
    /// One meeting that is there.
    Meeting {
        /// Of its series.
        uid: String,
        /// When it was planned for, which names it within its series; `None`: it is in none.
        planned: Option<Timestamp>,
        /// What becomes of it.
        edit: Edit,
    },
}

/// An event to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Nobody else's.
    pub uid: String,
    /// What people call it.
    pub title: String,
    /// Inclusive.
    pub start: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
    /// Where it takes place.
    pub link: Option<String>,
}

/// What becomes of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// People came.
    CheckIn {
        /// When.
        at: Timestamp,
    },
    /// The room is free again. What is the room's own goes; an invitation is declined.
    Release {
        /// For the organiser.
        reason: String,
    },
    /// It ends then, earlier or later; of the room's own alone.
    End {
        /// When.
        at: Timestamp,
    },
}

/// What an object is afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// This text.
    Text(String),
    /// Nothing is left of it.
    Gone,
    /// As it was.
    Same,
}

/// Why it can't be changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EditError {
    /// The object has no such meeting.
    #[error("there is no such meeting")]
    Unknown,
    /// Somebody else's, and the room is not among the invited.
    #[error("the meeting is somebody else's")]
    NotOurs,
    /// It lasts whole days.
    #[error("the meeting lasts whole days")]
    WholeDay,
    /// It would end before it begins.
    #[error("the meeting would end before it begins")]
    TooEarly,
    /// It can't be taken apart, and so not be put together again.
    #[error("the calendar's entry can't be changed: {0}")]
    Malformed(String),
}

/// What a change depends on beside the object.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When it is made.
    pub now: Timestamp,
    /// The zone of times without one.
    pub zone: &'a TimeZone,
    /// The room's addresses, without `mailto:`.
    pub room: &'a [String],
}

/// The object of a new event.
#[must_use]
pub fn new_object(event: &NewEvent, now: Timestamp) -> String {
    let property = |name: &str, value: &str| Item::Property(Property::new(name, value));
    let text = |name: &str, value: &str| Item::Property(Property::text(name, value));
    let mut items = vec![
        text("UID", &event.uid),
        property("DTSTAMP", &when::utc(now)),
        property("CREATED", &when::utc(now)),
        property("DTSTART", &when::utc(event.start)),
        property("DTEND", &when::utc(event.end)),
        text("SUMMARY", &event.title),
        property("STATUS", "CONFIRMED"),
    ];
    items.extend(event.link.as_deref().map(|link| property("URL", link)));
    let event = Component {
        name: "VEVENT".to_owned(),
        items,
    };
    let calendar = Component {
        name: "VCALENDAR".to_owned(),
        items: vec![
            property("VERSION", "2.0"),
            property("PRODID", PRODUCER),
            Item::Component(event),
        ],
    };
    calendar.text()
}

/// Whether an object is of this UID.
#[must_use]
pub fn is_of(text: &str, uid: &str) -> bool {
    // UIDs of Exchange are longer than a line.
    let beginning: String = uid.chars().take(40).collect();
    let plain = Property::text("UID", &beginning).value();
    text.contains(&plain)
        && object::read(text).is_ok_and(|calendar| {
            let mut events = calendar.components("VEVENT");
            events.any(|event| has_uid(event, uid))
        })
}

/// One meeting of an object, changed; of a series, the one that was planned for a time.
///
/// # Errors
///
/// Where the meeting is not there, or must not be changed so; the object is then as it was.
pub fn apply(
    text: &str,
    uid: &str,
    planned: Option<Timestamp>,
    edit: &Edit,
    context: Context<'_>,
) -> Result<Edited, EditError> {
    let database = TimeZoneDatabase::bundled();
    let mut editor = Editor::new(text, uid, context, &database)?;
    match edit {
        Edit::CheckIn { at } => editor.check_in(planned, *at)?,
        Edit::Release { reason } => editor.release(planned, reason)?,
        Edit::End { at } => editor.end(planned, *at)?,
    }
    Ok(editor.finish(text))
}

/// An object with the room's answer to its invitation.
///
/// # Errors
///
/// Where the room is not invited; the object is then as it was.
pub fn answered(
    text: &str,
    uid: &str,
    answer: &Answer,
    context: Context<'_>,
) -> Result<Edited, EditError> {
    let database = TimeZoneDatabase::bundled();
    let mut editor = Editor::new(text, uid, context, &database)?;
    if let Some(reply) = &answer.whole {
        let whole = editor.whole().ok_or(EditError::Unknown)?;
        editor.reply(whole, reply)?;
    }
    for (planned, reply) in &answer.meetings {
        let at = editor.meeting(Some(*planned))?;
        editor.reply(at, reply)?;
    }
    Ok(editor.finish(text))
}

/// An object being changed.
struct Editor<'a> {
    calendar: Component,
    uid: &'a str,
    context: Context<'a>,
    zones: Zones<'a>,
}

impl<'a> Editor<'a> {
    fn new(
        text: &str,
        uid: &'a str,
        context: Context<'a>,
        database: &'a TimeZoneDatabase,
    ) -> Result<Self, EditError> {
        let calendar = object::read(text)?;
        let mut zones = Zones::new(database, context.zone);
        let defined = calendar.components("VTIMEZONE");
        defined.for_each(|zone| zones.define(&zone.text()));
        Ok(Self {
            calendar,
            uid,
            context,
            zones,
        })
    }

    fn finish(self, before: &str) -> Edited {
        if self.calendar.components("VEVENT").next().is_none() {
            return Edited::Gone;
        }
        let text = self.calendar.text();
        let same = object::read(before).is_ok_and(|before| before.text() == text);
        if same {
            Edited::Same
        } else {
            Edited::Text(text)
        }
    }

    /// Where an event of this UID is among the calendar's items.
    fn position(&self, is: impl Fn(&Component) -> bool) -> Option<usize> {
        self.calendar.items.iter().position(|item| match item {
            Item::Component(c) => c.name == "VEVENT" && has_uid(c, self.uid) && is(c),
            Item::Property(_) => false,
        })
    }

    fn event(&self, at: usize) -> Result<&Component, EditError> {
        match self.calendar.items.get(at) {
            Some(Item::Component(event)) => Ok(event),
            _ => Err(EditError::Unknown),
        }
    }

    fn event_mut(&mut self, at: usize) -> Result<&mut Component, EditError> {
        match self.calendar.items.get_mut(at) {
            Some(Item::Component(event)) => Ok(event),
            _ => Err(EditError::Unknown),
        }
    }

    /// The meeting, or the whole series.
    fn whole(&self) -> Option<usize> {
        self.position(|event| event.property("RECURRENCE-ID").is_none())
    }

    /// The event of one changed meeting.
    fn changed(&self, planned: Option<Timestamp>) -> Option<usize> {
        let planned = planned?;
        self.position(|event| {
            let when = when::of(event, "RECURRENCE-ID", &self.zones);
            when.is_some_and(|(when, _)| when.is(planned, &when.zone))
        })
    }

    /// The event that speaks of this meeting alone; made, where the series spoke for it so far.
    fn meeting(&mut self, planned: Option<Timestamp>) -> Result<usize, EditError> {
        if let Some(at) = self.changed(planned) {
            return Ok(at);
        }
        let whole = self.whole().ok_or(EditError::Unknown)?;
        let event = self.event(whole)?;
        if !repeats(event) {
            return Ok(whole);
        }
        // A meeting that became a series meanwhile is all of its meetings.
        let planned = planned.ok_or(EditError::Unknown)?;
        let from_a_day_on = |event: &Component| {
            let planned = event.property("RECURRENCE-ID");
            planned.is_some_and(|p| p.parameter("RANGE").is_some())
        };
        if self.position(from_a_day_on).is_some() {
            let what = "its series was changed from a day on";
            return Err(EditError::Malformed(what.to_owned()));
        }
        let single = self.single(event, planned)?;
        self.calendar.items.push(Item::Component(single));
        Ok(self.calendar.items.len() - 1)
    }

    /// One meeting of a series, as the series has it.
    fn single(&self, series: &Component, planned: Timestamp) -> Result<Component, EditError> {
        let (start, form) = self.start(series)?;
        let length = self.length(series, start);
        let mut single = series.clone();
        single.remove(&["RRULE", "RDATE", "EXDATE", "EXRULE", "DURATION"]);
        let of = |name, at| when::write(name, at, &form, &self.zones);
        single.set(of("DTSTART", planned));
        if let Some(length) = length {
            let end = planned.checked_add(length).unwrap_or(Timestamp::MAX);
            single.set(of("DTEND", end));
        }
        single.set(of("RECURRENCE-ID", planned));
        Ok(single)
    }

    fn start(&self, event: &Component) -> Result<(Timestamp, Form), EditError> {
        let start = when::of(event, "DTSTART", &self.zones);
        let malformed = || EditError::Malformed("its DTSTART can't be read".to_owned());
        let (start, form) = start.ok_or_else(malformed)?;
        Ok((start.timestamp(), form))
    }

    fn length(&self, event: &Component, start: Timestamp) -> Option<SignedDuration> {
        let end = when::of(event, "DTEND", &self.zones).map(|(end, _)| end.timestamp());
        let length = || {
            let length = event.property("DURATION")?.value();
            let length: Span = length.trim().parse().ok()?;
            length.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
        };
        end.map(|end| end.duration_since(start)).or_else(length)
    }

    /// The room made it, or nobody is said to have.
    fn is_ours(&self, event: &Component) -> bool {
        let organizer = event.property("ORGANIZER");
        organizer.is_none_or(|organizer| is_room(organizer, self.context.room))
    }

    fn check_in(&mut self, planned: Option<Timestamp>, at: Timestamp) -> Result<(), EditError> {
        let index = self.meeting(planned)?;
        let (room, now) = (self.context.room, self.context.now);
        let event = self.event_mut(index)?;
        if event.property(CHECKED_IN).is_some() {
            return Ok(());
        }
        event.set(Property::new(CHECKED_IN, &when::utc(at)));
        participate(event, room, "ACCEPTED");
        event.set(Property::new("LAST-MODIFIED", &when::utc(now)));
        Ok(())
    }

    fn release(&mut self, planned: Option<Timestamp>, reason: &str) -> Result<(), EditError> {
        let at = self.changed(planned).or_else(|| self.whole());
        let event = self.event(at.ok_or(EditError::Unknown)?)?;
        if !self.is_ours(event) {
            let at = self.meeting(planned)?;
            let reason = reason.to_owned();
            return self.reply(at, &Reply::Decline { reason });
        }
        if let Some(changed) = self.changed(planned) {
            self.calendar.items.remove(changed);
        }
        let Some(whole) = self.whole() else {
            return Ok(());
        };
        if !repeats(self.event(whole)?) {
            self.calendar.items.remove(whole);
            return Ok(());
        }
        let planned = planned.ok_or(EditError::Unknown)?;
        let (_, form) = self.start(self.event(whole)?)?;
        let without = when::write("EXDATE", planned, &form, &self.zones);
        self.event_mut(whole)?.add(without);
        self.modified(whole)
    }

    fn end(&mut self, planned: Option<Timestamp>, end: Timestamp) -> Result<(), EditError> {
        let at = self.changed(planned).or_else(|| self.whole());
        if !self.is_ours(self.event(at.ok_or(EditError::Unknown)?)?) {
            return Err(EditError::NotOurs);
        }
        let at = self.meeting(planned)?;
        let (start, form) = self.start(self.event(at)?)?;
        if form == Form::Day {
            return Err(EditError::WholeDay);
        }
        if end <= start {
            return Err(EditError::TooEarly);
        }
        let end = when::write("DTEND", end, &form, &self.zones);
        let event = self.event_mut(at)?;
        event.remove(&["DURATION"]);
        event.set(end);
        self.modified(at)
    }

    /// A new version of what is the room's own.
    fn modified(&mut self, at: usize) -> Result<(), EditError> {
        let now = when::utc(self.context.now);
        let event = self.event_mut(at)?;
        let sequence = event.property("SEQUENCE").map(Property::value);
        let sequence = sequence.and_then(|number| number.trim().parse::<u32>().ok());
        let next = sequence.unwrap_or(0).saturating_add(1).to_string();
        event.set(Property::new("SEQUENCE", &next));
        event.set(Property::new("DTSTAMP", &now));
        event.set(Property::new("LAST-MODIFIED", &now));
        Ok(())
    }

    fn reply(&mut self, at: usize, reply: &Reply) -> Result<(), EditError> {
        let (room, now) = (self.context.room, self.context.now);
        let event = self.event_mut(at)?;
        let is = match reply {
            Reply::Accept => participate(event, room, "ACCEPTED"),
            Reply::Decline { reason } => {
                let is = participate(event, room, "DECLINED");
                let comment = Property::text("COMMENT", reason);
                if !event.properties().any(|known| *known == comment) {
                    event.add(comment);
                }
                is
            }
        };
        event.set(Property::new("LAST-MODIFIED", &when::utc(now)));
        if is { Ok(()) } else { Err(EditError::NotOurs) }
    }
}

/// Says for the room whether it takes part; whether it is among the invited.
fn participate(event: &mut Component, room: &[String], how: &str) -> bool {
    let mut is = false;
    event.change("ATTENDEE", |attendee| {
        let ours = is_room(attendee, room);
        is |= ours;
        ours.then(|| attendee.with("PARTSTAT", how))
    });
    is
}

fn is_room(property: &Property, room: &[String]) -> bool {
    // RFC 7986 section 6.2: where the address itself is of another kind, the mail's stands beside it.
    let addresses = [Some(property.value()), property.parameter("EMAIL")];
    addresses.into_iter().flatten().any(|address| {
        let scheme = address
            .get(..7)
            .filter(|s| s.eq_ignore_ascii_case("mailto:"));
        let bare = scheme.map_or(address.as_str(), |_| &address[7..]);
        room.iter()
            .any(|known| known.eq_ignore_ascii_case(bare.trim()))
    })
}

fn has_uid(event: &Component, uid: &str) -> bool {
    let escaped = Property::text("UID", uid).value();
    let found = event.property("UID").map(Property::value);
    found.is_some_and(|found| found.trim() == uid || found.trim() == escaped)
}

fn repeats(event: &Component) -> bool {
    event.property("RRULE").is_some() || event.property("RDATE").is_some()
}
