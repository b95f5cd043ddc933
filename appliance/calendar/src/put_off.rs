//! Meetings that were told of, and that their organisers put off beyond the days that are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use saal_meeting::{Meeting, MeetingId};

use crate::{Reading, entry::Span};

/// What was told, until its time is over: after that nobody waits for it.
#[derive(Debug, Default)]
pub(crate) struct PutOff {
    /// With the end that it had when it was among the day's meetings.
    told: BTreeMap<MeetingId, Timestamp>,
    now: Vec<Meeting>,
}

/// The weeks after the window.
pub(crate) struct Later {
    /// What there is.
    pub(crate) found: Vec<Meeting>,
    /// What there was before the last change.
    pub(crate) before: BTreeSet<MeetingId>,
}

impl PutOff {
    pub(crate) fn meetings(&self) -> &[Meeting] {
        &self.now
    }

    /// Looks for what is gone from the day's meetings in the weeks after their window; `later` says what these places have
    /// there, and is asked only then.
    pub(crate) fn follow(
        &mut self,
        now: Timestamp,
        window: Span,
        meetings: &[Meeting],
        later: impl FnOnce(&BTreeSet<&str>, Span) -> Later,
    ) {
        let ids: BTreeSet<&MeetingId> = meetings.iter().map(|meeting| &meeting.id).collect();
        let mut gone = std::mem::take(&mut self.told);
        gone.retain(|id, end| *end > now && !ids.contains(id));
        self.now = Vec::new();
        if !gone.is_empty() {
            let here: BTreeSet<&str> = ids.iter().map(|id| series(id)).collect();
            let wanted: BTreeSet<&str> = gone.keys().map(series).collect();
            let weeks = Span {
                start: window.end,
                end: now.checked_add(Reading::WEEKS).unwrap_or(Timestamp::MAX),
            };
            let Later { found, before } =
                later(&gone.keys().map(place).collect(), weeks.in_hours());
            // Where one of a series stays, those that are gone were left out, and the next one is no other time for them.
            let stays: BTreeSet<&str> = found
                .iter()
                .filter(|there| before.contains(&there.id))
                .map(|there| series(&there.id))
                .chain(here)
                .collect();
            let moved: BTreeSet<String> = wanted
                .difference(&stays)
                .map(|of| (*of).to_owned())
                .collect();
            self.now = found;
            self.now.retain(|there| {
                let whole = moved.contains(series(&there.id));
                let after = there.start.is_some_and(|start| start >= window.end);
                after && (gone.contains_key(&there.id) || whole)
            });
        }
        let found: BTreeSet<&str> = self.now.iter().map(|there| series(&there.id)).collect();
        gone.retain(|id, _| found.contains(series(id)));
        let timed = meetings.iter().filter_map(|m| Some((m.id.clone(), m.end?)));
        self.told = gone.into_iter().chain(timed).collect();
    }
}

/// What names all meetings of a series; of one without a series what names itself.
fn series(id: &MeetingId) -> &str {
    match id.0.rsplit_once('/') {
        Some((series, planned)) if planned.parse::<Timestamp>().is_ok() => series,
        _ => &id.0,
    }
}

/// Where it is kept: the Matrix room, or some calendar.
fn place(id: &MeetingId) -> &str {
    let id = id.0.strip_suffix("/jitsi").unwrap_or(&id.0);
    id.rsplit_once('/').map_or(id, |(place, _)| place)
}
