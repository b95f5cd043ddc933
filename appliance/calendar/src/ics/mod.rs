//! iCalendar (RFC 5545, 7986), as calendar servers and feeds send it, read into what a room needs.
//!
//! A file is taken apart into its components first ([`parts`]), so that one that can't be read hides no other, memory stays
//! bounded, and appointments far from now are passed over unread. `calcard` reads a component (docs/adr/0037); dates are put
//! on the time line by jiff ([`zones`]), series are expanded by [`crate::recurrence`].

mod event;
mod group;
mod moment;
mod parts;
mod zones;

pub(crate) use event::Invited;
pub(crate) use group::{Group, Invitation};
pub(crate) use moment::When;
pub(crate) use zones::Zones;

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};

use self::parts::Part;
use crate::{
    entry::Span,
    link::{Found, JitsiHosts},
    problem::Problem,
};

/// Appointments that ended so long ago are passed over.
const BACK: SignedDuration = SignedDuration::from_hours(2 * 24);
/// A file of more is not a room's calendar; the rest is left out and told.
const MOST_EVENTS: usize = 200_000;
/// Of an answer that is no calendar, in bytes: enough to say so again.
const MOST_OF_NO_CALENDAR: usize = 1024;
/// Problems of one file that are told.
const MOST_PROBLEMS: usize = 20;

/// What reading depends on beside the file.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// When it is read: appointments around it are.
    pub now: Timestamp,
    /// The zone of times without one, and of whole days.
    pub zone: &'a TimeZone,
    /// Addresses of the room among the attendees, without `mailto:`.
    pub room: &'a [String],
    /// Which Jitsi installations it goes to.
    pub jitsi: &'a JitsiHosts,
    /// Appointments that start later are passed over; the file is to be read again before they matter.
    pub ahead: SignedDuration,
}

impl Reading<'_> {
    /// What the panel needs: three weeks, read again each twelve hours.
    pub const WEEKS: SignedDuration = SignedDuration::from_hours(21 * 24);
    /// What a room needs that answers invitations: as far as people plan.
    pub const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
}

/// One meeting in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment<'a> {
    /// The same for all meetings of a series, in every calendar that has it.
    pub uid: &'a str,
    /// When it was planned for, which names it within its series.
    pub planned: Timestamp,
    /// It is one of a series; else there is no other meeting of its UID.
    pub in_series: bool,
    /// Inclusive.
    pub start: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
    /// Dates without times.
    pub whole_day: bool,
    /// In one line; empty where there is none.
    pub title: &'a str,
    /// Who invites: a name, else an address; empty where nobody is told.
    pub organizer: &'a str,
    /// It is not sure that it takes place.
    pub tentative: bool,
    /// Only that the room is taken may be shown.
    pub private: bool,
    /// It takes no time of the room.
    pub free: bool,
    /// When people came, as the room wrote it into the calendar.
    pub checked_in: Option<Timestamp>,
    /// Where it is.
    pub found: &'a Found,
}

/// What bytes are that should be a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Something else: a page that asks people to sign in.
    NoCalendar,
    /// A calendar that has no end: perhaps its later part is missing.
    BreaksOff,
    /// A calendar from its beginning to its end.
    Whole,
}

impl Shape {
    /// Of what came from a feed or lies in a file.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let text = parts::text(bytes);
        let is = |line: &str, what: &str| line.trim().eq_ignore_ascii_case(what);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let last = lines.clone().next_back().unwrap_or_default();
        if !lines.any(|line| is(line, "BEGIN:VCALENDAR")) {
            Self::NoCalendar
        } else if is(last, "END:VCALENDAR") {
            Self::Whole
        } else {
            Self::BreaksOff
        }
    }
}

/// A calendar that was read.
#[derive(Clone, Debug, Default)]
pub struct CalendarFile {
    /// By UID.
    groups: BTreeMap<Box<str>, Group>,
    problems: Vec<Problem>,
}

impl CalendarFile {
    /// Reads a file, whatever is in it.
    #[must_use]
    pub fn read(bytes: &[u8], reading: Reading<'_>) -> Self {
        let database = TimeZoneDatabase::bundled();
        let mut file = Self::default();
        file.add_file(bytes, reading, &database);
        file
    }

    /// Reads a calendar that comes in many files, one for each UID, as CalDAV has it.
    #[must_use]
    pub fn read_all<'b>(files: impl IntoIterator<Item = &'b [u8]>, reading: Reading<'_>) -> Self {
        let database = TimeZoneDatabase::bundled();
        let mut all = Self::default();
        for bytes in files {
            all.add_file(bytes, reading, &database);
        }
        all
    }

    /// A file with the appointments alone that reading it now looks at, or will within so long; what is no calendar stays
    /// as its beginning. Of ten years of a busy room a twentieth is left.
    #[must_use]
    pub fn reduced(bytes: &[u8], reading: Reading<'_>, longer: SignedDuration) -> Vec<u8> {
        let text = parts::text(bytes);
        let parts = parts::of(&text);
        if !parts.is_calendar {
            return bytes[..bytes.len().min(MOST_OF_NO_CALENDAR)].to_vec();
        }
        let Span { start, end } = window(reading);
        let end = end.checked_add(longer).unwrap_or(Timestamp::MAX);
        let window = Span { start, end };
        let stays = |part: &&Part<'_>| part.is_zone || parts::may_meet(part.text, window);
        parts::together(parts.list.iter().filter(stays))
    }

    /// The meetings that have a moment between two, by their start, and what could not be read.
    #[must_use]
    pub fn appointments(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> (Vec<Appointment<'_>>, Vec<String>) {
        let window = Span {
            start: from,
            end: to,
        };
        let mut problems: Vec<String> = self.problems.iter().map(|p| p.0.clone()).collect();
        let mut found = Vec::new();
        for group in self.groups.values() {
            match group.appointments(window) {
                Ok(of_group) => found.extend(of_group),
                Err(problem) => problems.push(problem.0),
            }
        }
        found.sort_by_key(|a| (a.start, a.title, a.uid, a.planned));
        (found, problems)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups.iter().map(|(uid, group)| (&**uid, group))
    }

    fn add_file(&mut self, bytes: &[u8], reading: Reading<'_>, database: &TimeZoneDatabase) {
        let text = parts::text(bytes);
        let parts = parts::of(&text);
        if !parts.is_calendar {
            let what = "no BEGIN:VCALENDAR; is the address right?";
            return self.tell(Problem::at("calendar", what));
        }
        let mut zones = Zones::new(database, reading.zone);
        let of_zones = parts.list.iter().filter(|part| part.is_zone);
        of_zones.for_each(|part| zones.define(part.text));
        let window = window(reading);
        let events = parts.list.iter().filter(|part| !part.is_zone);
        for (count, part) in events.enumerate() {
            if count == MOST_EVENTS {
                let what = format!("more than {MOST_EVENTS} appointments; the rest is left out");
                self.tell(Problem::at("calendar", what));
                break;
            }
            if parts::may_meet(part.text, window) {
                self.add(part, &zones, reading);
            }
        }
    }

    fn add(&mut self, part: &Part<'_>, zones: &Zones<'_>, reading: Reading<'_>) {
        match event::read(part, zones, reading) {
            Ok(read) => {
                let problems = read.problems.into_iter();
                problems.for_each(|problem| self.tell(problem));
                let uid = read.event.uid.clone();
                self.groups.entry(uid).or_default().add(read.event);
            }
            Err(problem) => self.tell(problem),
        }
    }

    fn tell(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// The UIDs that several calendars have, with what these say together: of each meeting its latest version. A calendar that
/// is slower than another still has what was moved or cancelled.
pub(crate) fn shared<'a>(files: &[&'a CalendarFile]) -> BTreeMap<&'a str, Group> {
    let mut shared = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        let others = &files[at + 1..];
        for (uid, group) in file.groups().filter(|_| !others.is_empty()) {
            let copies = others.iter().filter_map(|other| other.groups.get(uid));
            let copies: Vec<&Group> = copies.collect();
            if !copies.is_empty() && !shared.contains_key(uid) {
                let all = std::iter::once(group).chain(copies);
                shared.insert(uid, Group::together(all));
            }
        }
    }
    shared
}

/// The days that are read.
fn window(reading: Reading<'_>) -> Span {
    let Reading { now, ahead, .. } = reading;
    Span {
        start: now.checked_sub(BACK).unwrap_or(Timestamp::MIN),
        end: now.checked_add(ahead).unwrap_or(Timestamp::MAX),
    }
}
