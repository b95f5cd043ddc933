//! From calendar entries to the meetings of the day.
//!
//! [`Calendar`] keeps what the account sees ([`Invitation`]s) and answers at any moment which
//! meetings there are around it. What can't be read is reported by room and field and never
//! hides the rest; the work for one entry is bounded, whatever somebody wrote into it.

pub mod answer;
pub mod caldav;
pub mod edit;
mod entry;
mod ics;
mod jitsi_widget;
pub mod link;
mod nordeck;
mod problem;
mod put_off;
mod recurrence;
mod room;
mod sources;

pub use ics::{Appointment, CalendarFile, Reading, Shape};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZoneDatabase};
use saal_core::CalendarProblem;
use saal_meeting::{Destination, Invitation, LinkTarget, Meeting, MeetingLink, PartOf};

use crate::{
    entry::Span,
    put_off::{Later, PutOff},
    room::Room,
    sources::Sources,
};

/// Meetings that ended so long ago are no longer told.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// Meetings that start later than this are not told yet: today and tomorrow in every zone.
const AHEAD: SignedDuration = SignedDuration::from_hours(48);
/// Who is in a call belongs to another appointment after a while; so often it is asked again.
const STEP_SECONDS: i64 = 300;

/// The meetings that the account's rooms speak of.
#[derive(Debug)]
pub struct Calendar {
    zones: TimeZoneDatabase,
    rooms: Vec<Room>,
    /// As they were before their entries changed, until that was compared.
    replaced: Vec<Room>,
    standing: Vec<Meeting>,
    /// Links of standing meetings that can't be read.
    unread: Vec<CalendarProblem>,
    /// What CalDAV servers, feeds and folders say, by their names.
    sources: Sources,
    /// What was told and begins later now.
    put_off: PutOff,
}

impl Default for Calendar {
    /// An empty calendar; the zone database is the one compiled in.
    fn default() -> Self {
        Self {
            zones: TimeZoneDatabase::bundled(),
            rooms: Vec::new(),
            replaced: Vec::new(),
            standing: Vec::new(),
            unread: Vec::new(),
            sources: Sources::default(),
            put_off: PutOff::default(),
        }
    }
}

impl Calendar {
    /// Replaces everything the calendar knows. Rooms whose entry did not change are not read
    /// again.
    pub fn update(&mut self, invitations: Vec<Invitation>) {
        let mut before = std::mem::take(&mut self.rooms);
        for invitation in invitations {
            let known = before.iter().position(|r| r.has_same_entry(&invitation));
            let room = match known {
                Some(at) => before.swap_remove(at).with(invitation),
                None => Room::read(invitation, &self.zones),
            };
            self.rooms.push(room);
        }
        self.replaced.extend(before);
    }

    /// Meetings that are always there: title and link, as the configuration names them.
    pub fn set_standing<'a>(&mut self, meetings: impl IntoIterator<Item = (&'a str, &'a str)>) {
        (self.standing, self.unread) = (Vec::new(), Vec::new());
        for (title, link) in meetings {
            match LinkTarget::of(&MeetingLink::new(link)) {
                Ok(target) => self.standing.push(standing(title, target.destination)),
                Err(error) => self.unread.push(CalendarProblem {
                    place: title.to_owned(),
                    reason: error.to_string(),
                }),
            }
        }
    }

    /// What a source of calendars says now, in the place of what it said before.
    pub fn set_source(&mut self, name: &str, file: Arc<CalendarFile>) {
        self.sources.set(name, file);
    }

    /// Forgets sources that are no longer configured.
    pub fn keep_sources(&mut self, names: &[&str]) {
        self.sources.keep(names);
    }

    /// The meetings from a day ago to two days ahead, and the entries that can't be read, both
    /// in a stable order. Counting is done once an hour; in between this is quick.
    #[must_use]
    pub fn meetings(&mut self, now: Timestamp) -> (Vec<Meeting>, Vec<CalendarProblem>) {
        let window = window(now);
        let (mut standing, mut meetings) = (self.standing.clone(), Vec::new());
        let mut problems = self.unread.clone();
        for room in &mut self.rooms {
            let (of_room, unread) = room.meetings(now, window);
            let always = standing.iter_mut().find(|m| room.is_at(&m.destination));
            meetings.extend(match always {
                Some(always) => with_its_call(always, of_room),
                None => of_room,
            });
            problems.extend(unread);
        }
        meetings.extend(standing);
        self.find_main_meetings(&mut meetings);
        self.sources.add_to(&mut meetings, window, &mut problems);
        meetings.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        problems.sort();
        let (rooms, replaced) = (&self.rooms, std::mem::take(&mut self.replaced));
        let sources = &mut self.sources;
        self.put_off
            .follow(now, window, &meetings, |places, hours| {
                let of = |all: &[Room]| -> Vec<Meeting> {
                    let there = all.iter().filter(|room| places.contains(&*room.place()));
                    there.flat_map(|room| room.appointments(hours)).collect()
                };
                let before = of(&replaced).into_iter().map(|meeting| meeting.id);
                Later {
                    before: before.chain(sources.before(hours)).collect(),
                    found: of(rooms).into_iter().chain(sources.within(hours)).collect(),
                }
            });
        sources.forget_before();
        (meetings, problems)
    }

    /// What [`Self::meetings`] told before and did not tell last, because it begins later now: of the weeks that sources read.
    #[must_use]
    pub fn put_off(&self) -> &[Meeting] {
        self.put_off.meetings()
    }

    /// Breakout sessions belong to the occurrence of their main meeting that is nearest to their own
    /// start.
    fn find_main_meetings(&self, meetings: &mut [Meeting]) {
        for (session, main) in self.rooms.iter().filter_map(Room::breakout) {
            let of_main = |m: &&Meeting| m.id.0.starts_with(&format!("{main}/"));
            let mains: Vec<Meeting> = meetings.iter().filter(of_main).cloned().collect();
            let sessions = meetings
                .iter_mut()
                .filter(|m| m.id.0.starts_with(&format!("{session}/")));
            for session in sessions {
                session.part_of = main_of(session, &mains);
            }
        }
    }

    /// When [`Self::meetings`] may answer something else than now; `None` while no room has a
    /// calendar entry.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.rooms.iter().any(Room::has_entries) && self.sources.is_empty() {
            return None;
        }
        let step = now.as_second().div_euclid(STEP_SECONDS) + 1;
        Timestamp::from_second(step * STEP_SECONDS).ok()
    }
}

fn main_of(session: &Meeting, mains: &[Meeting]) -> Option<PartOf> {
    let far = |main: &&Meeting| match (main.start, session.start) {
        (Some(main), Some(session)) => main.duration_since(session).abs(),
        _ => SignedDuration::ZERO,
    };
    let main = mains.iter().min_by_key(far)?;
    Some(PartOf {
        id: main.id.clone(),
        title: main.title.clone(),
    })
}

fn standing(title: &str, destination: Destination) -> Meeting {
    let id = format!("standing/{}", destination.place());
    Meeting::without_time(id, title.to_owned(), destination)
}

/// A call without an appointment in the room of a standing meeting is that meeting's.
fn with_its_call(standing: &mut Meeting, of_room: Vec<Meeting>) -> Vec<Meeting> {
    let is_call = |m: &Meeting| m.start.is_none() && m.in_call > 0;
    let (calls, others): (Vec<_>, _) = of_room.into_iter().partition(is_call);
    standing.in_call = calls.iter().map(|call| call.in_call).sum();
    others
}

fn window(now: Timestamp) -> Span {
    Span {
        start: now.checked_sub(BACK).unwrap_or(Timestamp::MIN),
        end: now.checked_add(AHEAD).unwrap_or(Timestamp::MAX),
    }
}
