//! The room's time: who has it, who wants it next, and what people do about it.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use jiff::Timestamp;
use saal_fleet_protocol::config::{Day as DayConfig, Language};
use saal_meeting::{BookingSpan, DayAction, Meeting, MeetingId};

use super::{Room, moved::MovedAway};
use crate::{
    Agenda, Booking, Bookings, CalendarChange, ChangeRefused, DayNotice, Effect, Now, Phase,
    SpanChoice, Trouble,
    day::{END_BEFORE, NEXT_BEFORE, choices, title, until},
    day_words,
};

/// What the room knows of its day.
#[derive(Debug, Default)]
pub(super) struct Day {
    /// As the calendars say.
    pub(super) calendars: Vec<Meeting>,
    /// What was among these, and begins after all that they tell of now.
    pub(super) put_off: Vec<Meeting>,
    pub(super) bookings: Bookings,
    /// A calendar can be written to.
    writable: bool,
    /// Meetings that the room was in: it goes there once by itself.
    pub(super) entered: BTreeSet<MeetingId>,
    /// Nobody else is in the meeting since then (monotonic).
    pub(super) alone_since: Option<Duration>,
    /// People want to stay in it.
    pub(super) stays: bool,
    /// What the calendar did to the meeting that the room is in, until people have read it.
    pub(super) news: Option<DayNotice>,
    /// What was moved away from people who were about to enter it, until they have read it.
    pub(super) moved_away: Option<MovedAway>,
    /// What people were told last.
    pub(super) told: Vec<DayNotice>,
}

impl Room {
    /// From how long before its start a meeting can be joined.
    #[must_use]
    pub fn join_before(&self) -> Duration {
        self.day_config().join_before_minutes.get()
    }

    /// Whether this meeting can be entered now.
    #[must_use]
    pub fn can_join(&self, now: Now, meeting: &Meeting) -> bool {
        Agenda::can_join(now.wall, meeting, self.join_before())
    }

    pub(super) fn day_config(&self) -> DayConfig {
        self.config
            .as_ref()
            .map_or_else(DayConfig::default, |config| config.day.clone())
    }

    /// What people may book from now on; empty while the room is taken, or no calendar would know of it.
    #[must_use]
    pub fn bookable(&self, now: Now) -> Vec<SpanChoice> {
        let free = self.phase == Phase::Home && self.holder(now).is_none();
        if !free || !self.may_book() {
            return Vec::new();
        }
        let start = floor_minute(now.wall);
        choices(start, self.needed_at(now.wall, None))
    }

    /// By how much this meeting may keep the room longer.
    #[must_use]
    pub fn extensions(&self, id: &MeetingId) -> Vec<SpanChoice> {
        let end = self.changeable(id).and_then(|meeting| meeting.end);
        end.map_or_else(Vec::new, |end| choices(end, self.needed_at(end, Some(id))))
    }

    /// What people should know about the room's time now, what matters most first.
    #[must_use]
    pub fn day_notices(&self, now: Now) -> Vec<DayNotice> {
        match &self.phase {
            Phase::Home => {
                let check_in = self.check_in_wanted(now).into_iter();
                let prepared = self.prepared_notices();
                let moved = self.moved_away(now);
                check_in
                    .chain(moved)
                    .chain(prepared)
                    .chain(self.taken(now))
                    .collect()
            }
            Phase::Call(_) | Phase::Reconnecting(_) => {
                let alone = self.is_leaving_alone(now).then_some(DayNotice::Alone);
                let next = self.next_needs(now);
                let ending = self.ending(now).filter(|_| next.is_none());
                let all = [alone, next, self.day.news.clone(), ending];
                all.into_iter().flatten().collect()
            }
            Phase::Joining(_) | Phase::Leaving(_) => Vec::new(),
        }
    }

    /// Whether people may change how long this meeting has the room.
    #[must_use]
    pub fn can_change(&self, id: &MeetingId) -> bool {
        self.changeable(id).is_some()
    }

    /// Whether the room has the time that is asked for.
    #[must_use]
    pub fn fits(&self, now: Now, action: &DayAction) -> bool {
        match action {
            DayAction::Book { span } => self.booked_until(now, *span).is_some(),
            DayAction::Extend { meeting, span } => self.extended_until(meeting, *span).is_some(),
            _ => true,
        }
    }

    fn booked_until(&self, now: Now, span: BookingSpan) -> Option<Timestamp> {
        if self.bookable(now).is_empty() {
            return None;
        }
        let start = floor_minute(now.wall);
        until(start, self.needed_at(now.wall, None), span)
    }

    fn extended_until(&self, id: &MeetingId, span: BookingSpan) -> Option<Timestamp> {
        let end = self.changeable(id)?.end?;
        until(end, self.needed_at(end, Some(id)), span)
    }

    fn may_book(&self) -> bool {
        self.day_config().booking && self.day.writable
    }

    /// The meeting that has the room now, by appointment.
    pub(super) fn holder(&self, now: Now) -> Option<&Meeting> {
        let has = |meeting: &&Meeting| {
            let begun = meeting.start.is_some_and(|start| start <= now.wall);
            begun && meeting.end.is_some_and(|end| end > now.wall)
        };
        self.meetings.iter().filter(has).min_by_key(|m| m.start)
    }

    /// When a meeting other than this one needs the room after a moment.
    fn needed_at(&self, from: Timestamp, but: Option<&MeetingId>) -> Option<Timestamp> {
        let others = self.meetings.iter().filter(|m| Some(&m.id) != but);
        let needs = others.filter(|m| m.end.is_none_or(|end| end > from));
        needs.filter_map(|m| m.start).map(|at| at.max(from)).min()
    }

    /// A meeting of a calendar that takes changes.
    pub(super) fn changeable(&self, id: &MeetingId) -> Option<&Meeting> {
        let known = self.meetings.iter().find(|meeting| meeting.id == *id);
        known.filter(|m| self.may_book() && m.start.is_some() && m.id.0.starts_with("calendar/"))
    }

    fn taken(&self, now: Now) -> Option<DayNotice> {
        let holder = self.holder(now)?;
        let meeting = self.changeable(&holder.id)?;
        Some(DayNotice::Taken {
            meeting: meeting.id.clone(),
            title: title(meeting),
            end: meeting.end?,
        })
    }

    /// The end of the meeting that the room is in, where people may put it off.
    fn ending(&self, now: Now) -> Option<DayNotice> {
        let meeting = self.changeable(&self.phase.meeting()?.id)?;
        let end = meeting.end?;
        let near = end > now.wall && end.duration_since(now.wall) <= END_BEFORE;
        (near && !self.extensions(&meeting.id).is_empty()).then(|| DayNotice::Taken {
            meeting: meeting.id.clone(),
            title: title(meeting),
            end,
        })
    }

    /// The meeting after the one that the room is in, when it needs the room.
    fn next_needs(&self, now: Now) -> Option<DayNotice> {
        let call = self.phase.in_call()?;
        let here = &call.meeting;
        let after = here.start.map_or(call.since, |start| start.min(call.since));
        let (next, start) = self
            .meetings
            .iter()
            .filter(|other| is_another(here, other))
            .filter_map(|other| Some((other, other.start?)))
            .filter(|(other, start)| {
                let over = other.end.is_some_and(|end| end <= now.wall);
                *start > after && !over && start.duration_since(now.wall) <= NEXT_BEFORE
            })
            .min_by_key(|(other, start)| (*start, other.id.clone()))?;
        Some(DayNotice::Next {
            meeting: next.id.clone(),
            title: title(next),
            start,
            joinable: self.can_join(now, next),
        })
    }

    /// Whether a touch on "Join" leads from the meeting that the room is in to this one.
    pub(super) fn is_next(&self, now: Now, id: &MeetingId) -> bool {
        matches!(self.next_needs(now), Some(DayNotice::Next { meeting, joinable: true, .. }) if meeting == *id)
    }
}

/// What people do, and what the calendars say to it.
impl Room {
    pub(super) fn on_day(&mut self, now: Now, action: DayAction) {
        match action {
            DayAction::Book { span } => self.book(now, span),
            DayAction::CheckIn { meeting } => self.check_in(now, &meeting),
            DayAction::Release { meeting } => self.release(now, &meeting, false),
            DayAction::Extend { meeting, span } => self.extend(now, &meeting, span),
            DayAction::End { meeting } => self.end_early(now, &meeting),
            DayAction::Stay {} => self.day.stays = true,
            DayAction::Read {} => (self.day.news, self.day.moved_away) = (None, None),
        }
    }

    fn book(&mut self, now: Now, span: BookingSpan) {
        if let Some(end) = self.booked_until(now, span) {
            let booking = self.booking(floor_minute(now.wall), end);
            self.add_booking(booking);
        }
    }

    fn booking(&self, start: Timestamp, end: Timestamp) -> Booking {
        Booking {
            uid: uid(&self.name(), start),
            title: day_words::booked_here(self.language()).to_owned(),
            start,
            end,
        }
    }

    fn language(&self) -> Language {
        let config = self.config.as_ref();
        config.map(|c| c.room.language).unwrap_or_default()
    }

    fn add_booking(&mut self, booking: Booking) {
        self.day.bookings.made.push(booking.clone());
        self.day_changed();
        self.effect(Effect::Calendar(CalendarChange::Book(booking)));
    }

    pub(super) fn check_in(&mut self, now: Now, id: &MeetingId) {
        let Some(meeting) = self.changeable(id).cloned() else {
            return;
        };
        if self.day.bookings.has_checked_in(id) {
            return;
        }
        self.day.bookings.change(&meeting, now.wall).checked_in = true;
        self.day_changed();
        let (meeting, at) = (id.clone(), now.wall);
        self.effect(Effect::Calendar(CalendarChange::CheckIn { meeting, at }));
    }

    pub(super) fn release(&mut self, now: Now, id: &MeetingId, unused: bool) {
        let Some(meeting) = self.changeable(id).cloned() else {
            return;
        };
        self.day.bookings.change(&meeting, now.wall).released = true;
        self.day_changed();
        let (meeting, reason) = (
            id.clone(),
            day_words::released(self.language(), unused).to_owned(),
        );
        self.effect(Effect::Calendar(CalendarChange::Release {
            meeting,
            reason,
        }));
    }

    fn extend(&mut self, now: Now, id: &MeetingId, span: BookingSpan) {
        let end = self.extended_until(id, span);
        if let Some((meeting, end)) = self.changeable(id).cloned().zip(end) {
            self.end_at(now, &meeting, end);
        }
    }

    fn end_early(&mut self, now: Now, id: &MeetingId) {
        if self
            .phase
            .meeting()
            .is_some_and(|meeting| meeting.id == *id)
        {
            self.leave(now);
        }
        let Some(meeting) = self.changeable(id).cloned() else {
            return;
        };
        if meeting.start.is_some_and(|start| start >= now.wall) {
            return self.release(now, id, false);
        }
        if meeting.end.is_some_and(|end| end > now.wall) {
            self.end_at(now, &meeting, now.wall);
        }
    }

    fn end_at(&mut self, now: Now, meeting: &Meeting, at: Timestamp) {
        self.day.bookings.change(meeting, at.max(now.wall)).end = Some(at);
        self.day_changed();
        let meeting = meeting.id.clone();
        self.effect(Effect::Calendar(CalendarChange::End { meeting, at }));
    }

    pub(super) fn on_calendar_changed(
        &mut self,
        now: Now,
        change: &CalendarChange,
        refused: Option<ChangeRefused>,
    ) {
        match (refused, change) {
            (None, _) => {}
            (Some(ChangeRefused::NotOurs), CalendarChange::End { meeting, at }) => {
                self.end_otherwise(now, meeting, *at);
            }
            (Some(_), _) => self.on_change_failed(now, change),
        }
    }

    /// Somebody else's meeting can't be made longer, but the time after it can be booked; it can't be made shorter, but the
    /// room can decline the rest.
    fn end_otherwise(&mut self, now: Now, id: &MeetingId, at: Timestamp) {
        let planned = self.day.calendars.iter().find(|m| m.id == *id).cloned();
        let Some((planned, end)) = planned.and_then(|m| m.end.map(|end| (m, end))) else {
            return;
        };
        if at <= end {
            return self.release(now, id, false);
        }
        self.day.bookings.change(&planned, now.wall).end = None;
        let booking = self.booking(end, at);
        self.add_booking(booking);
    }

    /// What others can't see must not look as if they could; a room that was given back stays free here.
    fn on_change_failed(&mut self, now: Now, change: &CalendarChange) {
        match change {
            CalendarChange::Book(booking) => {
                self.day
                    .bookings
                    .made
                    .retain(|made| made.uid != booking.uid);
            }
            CalendarChange::End { meeting, at } if *at > now.wall => {
                if let Some(changed) = self.day.bookings.changed.get_mut(meeting) {
                    changed.end = None;
                }
            }
            // The room keeps it for those who are there.
            CalendarChange::CheckIn { .. } => return,
            CalendarChange::End { .. } | CalendarChange::Release { .. } => {}
        }
        self.day_changed();
        self.raise(Trouble::NotInCalendar);
    }

    pub(super) fn on_calendar_writable(&mut self, writable: bool) {
        if std::mem::replace(&mut self.day.writable, writable) != writable {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_saved_bookings(&mut self, saved: Bookings) {
        self.day.bookings = saved;
        self.recount();
    }

    /// The calendars say something else than before.
    pub(super) fn on_calendars(&mut self, now: Now, meetings: Vec<Meeting>, put_off: Vec<Meeting>) {
        let all: Vec<Meeting> = meetings.iter().chain(&put_off).cloned().collect();
        self.follow_series(now, &all);
        self.follow_appointment(now, &all);
        let known = |id: &MeetingId| meetings.iter().any(|meeting| meeting.id == *id);
        self.day.entered.retain(known);
        self.follow_moved(now, &all);
        self.keep_readiness(&meetings);
        let moved = self.day.bookings.follow(&self.day.calendars, &meetings);
        (self.day.calendars, self.day.put_off) = (meetings, put_off);
        if self.day.bookings.tidy(&self.day.calendars, now.wall) || moved {
            self.save_bookings();
        }
        self.recount();
    }

    fn day_changed(&mut self) {
        self.save_bookings();
        self.recount();
    }

    pub(super) fn save_bookings(&mut self) {
        self.day.bookings.version = Bookings::VERSION;
        let bookings = Box::new(self.day.bookings.clone());
        self.effect(Effect::SaveBookings(bookings));
    }

    fn recount(&mut self) {
        self.meetings = self.day.bookings.on_top_of(&self.day.calendars);
        self.effect(Effect::Redraw);
    }
}

/// What every UID of an appointment that a room made ends with.
pub(super) const UID_OF_ROOM: &str = "@booked.saal";

fn uid(room: &str, start: Timestamp) -> String {
    let mut hasher = DefaultHasher::new();
    room.hash(&mut hasher);
    format!(
        "{:x}-{:016x}{UID_OF_ROOM}",
        start.as_second(),
        hasher.finish()
    )
}

fn floor_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second().div_euclid(60) * 60;
    Timestamp::from_second(second).unwrap_or(at)
}

/// Neither the same meeting by another way nor a part of it.
fn is_another(here: &Meeting, other: &Meeting) -> bool {
    let part = |a: &Meeting, b: &Meeting| a.part_of.as_ref().is_some_and(|main| main.id == b.id);
    let place = here.destination.place();
    let same_place = !place.is_empty() && place == other.destination.place();
    here.id != other.id && !same_place && !part(here, other) && !part(other, here)
}
