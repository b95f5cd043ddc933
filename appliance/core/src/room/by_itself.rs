//! What the room does by itself: enter a meeting, leave one in which nobody else is, release a room that nobody uses.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use saal_meeting::{Destination, Meeting};

use super::{Room, day::UID_OF_ROOM};
use crate::{
    DayNotice, Effect, Muted, Now, Phase,
    day::{ALONE_WARNING, title},
    day_words,
};

/// The room enters a meeting by itself within this time from its start, and not when it is told later.
const PROMPT: SignedDuration = SignedDuration::from_mins(2);

impl Room {
    /// A meeting is entered: its people are there.
    pub(super) fn day_enters(&mut self, now: Now, meeting: &Meeting) {
        self.day.entered.insert(meeting.id.clone());
        self.day.alone_since = None;
        self.day.stays = false;
        self.day.news = None;
        self.day.moved_away = None;
        self.forget_readiness();
        if self.day_config().check_in_minutes.get().is_some() {
            self.check_in(now, &meeting.id);
        }
    }

    /// Looks at the day after whatever happened.
    pub(super) fn follow_day(&mut self, now: Now) {
        self.follow_alone(now);
        self.release_unused(now);
        self.enter_by_itself(now);
        let notices = self.day_notices(now);
        if notices != self.day.told {
            self.day.told = notices;
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn day_deadline(&self, now: Now) -> Option<Duration> {
        let leave = self.leaves_alone_at()?;
        let warn = leave.saturating_sub(self.alone_warning());
        [warn, leave].into_iter().find(|at| *at > now.mono)
    }

    /// What the television says of it in a call.
    pub(super) fn day_text(&self, now: Now) -> Option<String> {
        let room = &self.config.as_ref()?.room;
        let zone = room.time_zone.zone();
        let time = |at| zone.to_datetime(at).strftime("%H:%M").to_string();
        let first = self.day.told.first()?;
        day_words::notice(room.language, first, now.wall, time)
    }

    /// When the room leaves a meeting in which nobody else is (monotonic).
    fn leaves_alone_at(&self) -> Option<Duration> {
        let after = self.day_config().leave_alone_minutes.get()?;
        let since = self.day.alone_since.filter(|_| !self.day.stays)?;
        Some(since + after)
    }

    fn alone_warning(&self) -> Duration {
        let after = self.day_config().leave_alone_minutes.get();
        after.map_or(ALONE_WARNING, |after| ALONE_WARNING.min(after / 2))
    }

    pub(super) fn is_leaving_alone(&self, now: Now) -> bool {
        let at = self.leaves_alone_at();
        at.is_some_and(|at| at.saturating_sub(self.alone_warning()) <= now.mono)
    }

    fn follow_alone(&mut self, now: Now) {
        let alone = match &self.phase {
            Phase::Call(call) => {
                let one_to_one = matches!(call.meeting.destination, Destination::Caller { .. });
                call.participants.is_empty() && !one_to_one && !self.laptops.is_showing()
            }
            // Nobody knows who is there: it is counted anew when the room is back.
            Phase::Reconnecting(_) => {
                self.day.alone_since = None;
                return;
            }
            _ => false,
        };
        if !alone {
            self.day.alone_since = None;
            self.day.stays = false;
            return;
        }
        // Who comes early waits for the others.
        let start = self.phase.meeting().and_then(|meeting| meeting.start);
        let ahead = start.map(|start| start.duration_since(now.wall));
        match ahead.and_then(|ahead| Duration::try_from(ahead).ok()) {
            Some(ahead) if !ahead.is_zero() => self.day.alone_since = Some(now.mono + ahead),
            _ => {
                self.day.alone_since.get_or_insert(now.mono);
            }
        }
        if self.leaves_alone_at().is_some_and(|at| at <= now.mono) {
            self.leave(now);
        }
    }

    /// Who has to say that they are there, and until when.
    pub(super) fn check_in_wanted(&self, now: Now) -> Option<DayNotice> {
        let (meeting, until) = self.awaited(now)?;
        (until > now.wall).then(|| DayNotice::CheckIn {
            meeting: meeting.id.clone(),
            title: title(meeting),
            until,
        })
    }

    /// The first meeting whose people have to say that they are there, and until when.
    fn awaited(&self, now: Now) -> Option<(&Meeting, Timestamp)> {
        let grace = SignedDuration::try_from(self.day_config().check_in_minutes.get()?).ok()?;
        let ahead = SignedDuration::try_from(self.join_before()).ok()?;
        let waits = |meeting: &&Meeting| {
            let near = meeting
                .start
                .is_some_and(|start| start.duration_since(now.wall) <= ahead);
            let over = meeting.end.is_none_or(|end| end <= now.wall);
            let here = meeting.in_call > 0 || self.day.bookings.has_checked_in(&meeting.id);
            let own = self.made_here(&meeting.id);
            near && !over && !here && !own && self.changeable(&meeting.id).is_some()
        };
        let meeting = self.meetings.iter().filter(waits).min_by_key(|m| m.start)?;
        let until = meeting.start?.checked_add(grace).ok()?;
        Some((meeting, until))
    }

    /// Who books on the spot is there.
    fn made_here(&self, id: &saal_meeting::MeetingId) -> bool {
        id.0.contains(UID_OF_ROOM)
    }

    fn release_unused(&mut self, now: Now) {
        if self.phase != Phase::Home {
            return;
        }
        let late = self.awaited(now).filter(|(_, until)| *until <= now.wall);
        if let Some(id) = late.map(|(meeting, _)| meeting.id.clone()) {
            self.release(now, &id, true);
        }
    }

    /// Nobody may know yet that the room is in the meeting, so it is neither heard nor seen.
    fn enter_by_itself(&mut self, now: Now) {
        let idle = self.phase == Phase::Home && self.rings.is_empty() && !self.leaving_for_good;
        if !idle || !self.day_config().join_automatically {
            return;
        }
        let due = |meeting: &&Meeting| {
            let begun = meeting.start.map(|start| now.wall.duration_since(start));
            let prompt = begun.is_some_and(|since| (SignedDuration::ZERO..PROMPT).contains(&since));
            prompt && !self.day.entered.contains(&meeting.id) && self.can_join(now, meeting)
        };
        let first = self.meetings.iter().filter(due);
        if let Some(first) = first.min_by_key(|m| (m.start, &m.id)).cloned() {
            let muted = Muted {
                microphone: true,
                camera: true,
            };
            self.enter_muted(now, first, muted);
        }
    }
}
