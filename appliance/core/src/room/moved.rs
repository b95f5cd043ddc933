//! Meetings that their organisers move or cancel, while people are in them or about to enter.

use jiff::Timestamp;
use saal_meeting::{Meeting, MeetingId};

use super::Room;
use crate::{Agenda, DayNotice, Effect, Now, Phase, bookings, day::title};

/// A meeting that was moved away from people who were about to enter it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MovedAway {
    meeting: MeetingId,
    /// Until when people may come for it.
    until: Option<Timestamp>,
}

impl Room {
    /// A series that was moved as a whole: what is known of each of its meetings is known under its new name.
    pub(super) fn follow_series(&mut self, now: Now, meetings: &[Meeting]) {
        let all = bookings::moved_series(&self.day.calendars, meetings, now.wall);
        let mut saved = false;
        for (from, to) in all {
            saved |= self.day.bookings.rename(&from, &to);
            self.rename_meeting(now, &from, &to);
        }
        if saved {
            self.save_bookings();
        }
    }

    fn rename_meeting(&mut self, now: Now, from: &MeetingId, to: &MeetingId) {
        let known = self.day.calendars.iter_mut();
        for meeting in known.filter(|meeting| meeting.id == *from) {
            meeting.id = to.clone();
        }
        if self.day.entered.remove(from) {
            self.day.entered.insert(to.clone());
        }
        self.readiness.rename(from, to);
        if let Some(prepared) = self.prepared.as_mut().filter(|p| p.meeting == *from) {
            prepared.meeting = to.clone();
        }
        let here = self.phase.meeting_mut().filter(|here| here.id == *from);
        if let Some(here) = here {
            here.id = to.clone();
            self.save_call(now);
        }
    }

    /// What the organiser does to the meeting that the room is in.
    pub(super) fn follow_appointment(&mut self, now: Now, meetings: &[Meeting]) {
        let Some(place) = self.phase.meeting_mut() else {
            return;
        };
        let by_id = |all: &[Meeting]| all.iter().find(|m| m.id == place.id).cloned();
        let was = by_id(&self.day.calendars).or_else(|| by_id(&self.day.put_off));
        match (was, by_id(meetings)) {
            (_, Some(is)) if is.start.is_some() => {
                let moved = is.start.filter(|start| Some(*start) != place.start);
                (place.start, place.end, place.title) = (is.start, is.end, is.title);
                match (moved, &self.day.news) {
                    (Some(start), _) => self.day.news = Some(DayNotice::Moved { start }),
                    (None, Some(DayNotice::Cancelled)) => self.day.news = None,
                    (None, _) => {}
                }
            }
            (Some(was), None)
                if was.start.is_some() && was.end.is_none_or(|end| end > now.wall) =>
            {
                self.day.news = Some(DayNotice::Cancelled);
            }
            _ => {}
        }
    }

    /// What was moved to later begins anew; who stands here for it now reads when it is.
    pub(super) fn follow_moved(&mut self, now: Now, meetings: &[Meeting]) {
        let (before, home) = (self.join_before(), self.phase == Phase::Home);
        let mut news = false;
        for (was, is) in bookings::moved(&self.day.calendars, meetings) {
            let ahead = is.start.is_some_and(|start| start > now.wall);
            if ahead {
                self.day.entered.remove(&is.id);
                self.readiness.try_again_for(&is.id);
            }
            let could = Agenda::can_join(now.wall, was, before);
            let can = Agenda::can_join(now.wall, is, before);
            if home && ahead && could && !can {
                news = true;
                self.day.moved_away = Some(MovedAway {
                    meeting: is.id.clone(),
                    until: was.end,
                });
            }
        }
        if news {
            self.effect(Effect::Redraw);
        }
    }

    /// For who stands here now: the meeting that was to be at this time is at another one.
    pub(super) fn moved_away(&self, now: Now) -> Option<DayNotice> {
        let moved = self.day.moved_away.as_ref()?;
        let waits = moved.until.is_none_or(|until| until > now.wall);
        let mut put_off = self.day.put_off.iter();
        let put_off = put_off.find(|meeting| meeting.id == moved.meeting);
        let meeting = self.meeting(&moved.meeting).or(put_off);
        let meeting = meeting.filter(|_| waits)?;
        let joinable = self.can_join(now, meeting);
        (!joinable).then(|| DayNotice::MovedAway {
            title: title(meeting),
            start: meeting.start.unwrap_or(now.wall),
        })
    }
}
