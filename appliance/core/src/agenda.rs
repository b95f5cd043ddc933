//! The day as the panel shows it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use saal_meeting::{Destination, Meeting};

/// A meeting can be joined from this long before its start unless the configuration says otherwise.
pub const JOIN_BEFORE: Duration = Duration::from_secs(600);

/// Meetings that are not over, in the order of the panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda<'a> {
    /// Going on now, by appointment or because somebody is in the call.
    pub under_way: Vec<&'a Meeting>,
    /// Later ones, the next first.
    pub next: Vec<&'a Meeting>,
}

impl<'a> Agenda<'a> {
    /// Sorts meetings at this moment.
    #[must_use]
    pub fn at(now: Timestamp, meetings: &'a [Meeting]) -> Self {
        let mut agenda = Self::default();
        for meeting in meetings.iter().filter(|m| !is_over(m, now)) {
            if is_under_way(meeting, now) {
                agenda.under_way.push(meeting);
            } else {
                agenda.next.push(meeting);
            }
        }
        let order = |m: &&Meeting| (m.start.unwrap_or(Timestamp::MIN), m.id.clone());
        agenda.under_way.sort_by_key(order);
        agenda.next.sort_by_key(order);
        under_their_meetings(&mut agenda.under_way);
        under_their_meetings(&mut agenda.next);
        agenda
    }

    /// Whether this meeting can be entered now, where that is possible from `before` its start.
    #[must_use]
    pub fn can_join(now: Timestamp, meeting: &Meeting, before: Duration) -> bool {
        let ahead = SignedDuration::try_from(before).unwrap_or(SignedDuration::MAX);
        if matches!(meeting.destination, Destination::Nowhere { .. }) {
            return false;
        }
        let near = meeting
            .start
            .is_none_or(|start| start <= now.saturating_add_or_max(ahead));
        (near && !is_over(meeting, now)) || meeting.in_call > 0
    }
}

/// Breakout sessions follow the meeting that they belong to, where it is in the list.
fn under_their_meetings(meetings: &mut Vec<&Meeting>) {
    let main = |meeting: &Meeting| meeting.part_of.as_ref().map(|main| main.id.clone());
    let listed: Vec<_> = meetings.iter().map(|m| m.id.clone()).collect();
    let (sessions, mut all): (Vec<&Meeting>, Vec<&Meeting>) = meetings
        .drain(..)
        .partition(|m| main(m).is_some_and(|id| id != m.id && listed.contains(&id)));
    // From behind, so that several stay in their order.
    for session in sessions.into_iter().rev() {
        let at = all
            .iter()
            .position(|m| main(session).as_ref() == Some(&m.id));
        all.insert(at.map_or(all.len(), |at| at + 1), session);
    }
    *meetings = all;
}

trait SaturatingAdd {
    fn saturating_add_or_max(self, by: SignedDuration) -> Timestamp;
}

impl SaturatingAdd for Timestamp {
    fn saturating_add_or_max(self, by: SignedDuration) -> Timestamp {
        self.checked_add(by).unwrap_or(Timestamp::MAX)
    }
}

fn is_over(meeting: &Meeting, now: Timestamp) -> bool {
    meeting.in_call == 0 && meeting.end.is_some_and(|end| end <= now)
}

fn is_under_way(meeting: &Meeting, now: Timestamp) -> bool {
    meeting.in_call > 0 || meeting.start.is_none_or(|start| start <= now)
}
