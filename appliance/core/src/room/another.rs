//! Another room, where this one can't do what its next meeting needs. Which ones there are, only a fleet knows; it is told when
//! this room is taken, and never by what.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use saal_media_protocol::{DeviceUse, MediaTrouble};
use saal_meeting::Meeting;

use super::Room;
use crate::{Effect, Now, Part, Phase, Severity, Trouble, TroubleCode};

/// What of the day a fleet is told.
const AHEAD: SignedDuration = SignedDuration::from_hours(12);
/// So long a meeting without an end is taken for.
const OPEN_END: SignedDuration = SignedDuration::from_hours(1);
/// A room that nobody names any more may be taken by now.
const GOOD_FOR: Duration = Duration::from_secs(150);
/// More than people read.
const MOST: usize = 3;

/// Without these people can't see, hear or be seen and heard.
const NEEDED: [DeviceUse; 4] = [
    DeviceUse::Camera,
    DeviceUse::Microphone,
    DeviceUse::Loudspeaker,
    DeviceUse::Display,
];

/// A room that is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherRoom {
    /// What people call it.
    pub name: String,
    /// Until then; `None`: nobody is known to need it today.
    pub until: Option<Timestamp>,
}

/// From then until then.
pub type TakenTime = (Timestamp, Timestamp);

impl Room {
    /// When meetings have the room within the next hours, in order; those that touch are one.
    #[must_use]
    pub fn taken_times(&self, now: Now) -> Vec<TakenTime> {
        let horizon = now.wall.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        let times = self.meetings.iter().filter_map(time_of);
        let mut times: Vec<_> = times
            .filter(|(from, until)| *until > now.wall && *from < horizon)
            .collect();
        times.sort_unstable();
        let mut merged: Vec<TakenTime> = Vec::new();
        for (from, until) in times {
            match merged.last_mut() {
                Some((_, end)) if *end >= from => *end = until.max(*end),
                _ => merged.push((from, until)),
            }
        }
        merged
    }

    /// Nothing is known to be wrong that a meeting here would suffer from.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let hurts = |trouble: &&Trouble| {
            trouble.severity() != Severity::Notice && !trouble.is_dismissable()
        };
        !self.troubles.sorted().iter().any(hurts)
    }

    /// When the next meeting would need another room, because this one can't do what it needs.
    #[must_use]
    pub fn seeks_another(&self, now: Now) -> Option<TakenTime> {
        let next = self.expected(now)?;
        // Who chose to do without a picture stays.
        let unseen = self.goes_unseen(&next.id);
        let fails = Part::ALL.into_iter().any(|part| {
            let matters = part.is_needed() && !(unseen && part == Part::Camera);
            matters && self.troubles.get(TroubleCode::NotReady(part)).is_some()
        });
        let lacks = |device| !(unseen && device == DeviceUse::Camera) && self.lacks(device);
        let fails = fails || NEEDED.into_iter().any(lacks);
        (fails && self.phase == Phase::Home).then(|| time_of(next))?
    }

    /// It is known to be gone or broken, as one that is pulled between two trials; what another device does instead, or people
    /// closed, is no reason to go.
    fn lacks(&self, device: DeviceUse) -> bool {
        let trouble = self.troubles.get(TroubleCode::Device(device));
        trouble.is_some_and(|trouble| {
            matches!(
                trouble,
                Trouble::Device(
                    MediaTrouble::Missing { .. }
                        | MediaTrouble::Busy { .. }
                        | MediaTrouble::Failed { .. }
                )
            )
        })
    }

    pub(super) fn on_other_rooms(&mut self, now: Now, mut rooms: Vec<OtherRoom>) {
        rooms.truncate(MOST);
        let wanted = self.seeks_another(now).is_some() && !rooms.is_empty();
        if wanted {
            self.readiness.others_until = Some(now.mono + GOOD_FOR);
            self.raise(Trouble::OtherRoom { rooms });
        } else {
            self.forget_other_rooms();
        }
    }

    /// Nobody needs them any more, or nobody speaks of them.
    pub(super) fn follow_other_rooms(&mut self, now: Now) {
        let Some(until) = self.readiness.others_until else {
            return;
        };
        if until <= now.mono || self.seeks_another(now).is_none() {
            self.forget_other_rooms();
        }
    }

    fn forget_other_rooms(&mut self) {
        self.readiness.others_until = None;
        if self.troubles.clear(TroubleCode::OtherRoom) {
            self.effect(Effect::Redraw);
        }
    }
}

/// By its appointment.
pub(super) fn time_of(meeting: &Meeting) -> Option<TakenTime> {
    let start = meeting.start?;
    let open = || start.saturating_add(OPEN_END).unwrap_or(Timestamp::MAX);
    Some((start, meeting.end.unwrap_or_else(open)))
}
