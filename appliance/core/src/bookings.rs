//! What people changed of the day in the room itself, until its calendar says the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use saal_meeting::{Destination, Meeting, MeetingId, NoWay};
use serde::{Deserialize, Serialize};

/// What was changed is kept so long after it was over.
const KEEP: SignedDuration = SignedDuration::from_hours(12);

/// In the place of a planned time: there is no other meeting of this UID.
const ONCE: &str = "once";

/// What people changed of the day, as it is saved too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bookings {
    /// Version of this format: [`Self::VERSION`].
    pub version: u32,
    /// Appointments that were made here and that no calendar has shown yet.
    pub made: Vec<Booking>,
    /// Meetings of calendars that are here otherwise than there.
    pub changed: BTreeMap<MeetingId, Changed>,
}

/// An appointment that was made in the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// Its UID (RFC 5545, 3.8.4.7).
    pub uid: String,
    /// On the panel and in the calendar.
    pub title: String,
    /// Inclusive.
    pub start: Timestamp,
    /// Exclusive.
    pub end: Timestamp,
}

/// How a meeting is otherwise than its calendar says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// It ends then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
    /// The room is free of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// People said that they are there, or entered its call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checked_in: bool,
    /// Until when it matters.
    pub until: Timestamp,
}

/// The name of a meeting of `[[calendars]]`: `calendar/UID/2026-11-23T09:00:00Z` for one of a series, by the time it was
/// planned for, and `calendar/UID/once` for a meeting of its own, which keeps its name when it is moved.
#[must_use]
pub fn id_in_calendar(uid: &str, planned: Option<Timestamp>) -> MeetingId {
    MeetingId(match planned {
        Some(planned) => format!("calendar/{uid}/{planned}"),
        None => format!("calendar/{uid}/{ONCE}"),
    })
}

/// Which meeting of `[[calendars]]` this is: its UID, and, for one of a series, when it was planned for. `None`: it comes
/// from elsewhere.
#[must_use]
pub fn meeting_in_calendar(id: &MeetingId) -> Option<(String, Option<Timestamp>)> {
    let (uid, planned) = id.0.strip_prefix("calendar/")?.rsplit_once('/')?;
    let planned = match planned {
        ONCE => None,
        planned => Some(planned.parse().ok()?),
    };
    Some((uid.to_owned(), planned))
}

impl Booking {
    /// As the calendar will name it once it has it.
    #[must_use]
    pub fn id(&self) -> MeetingId {
        id_in_calendar(&self.uid, None)
    }

    fn meeting(&self) -> Meeting {
        Meeting {
            id: self.id(),
            title: self.title.clone(),
            start: Some(self.start),
            end: Some(self.end),
            destination: Destination::Nowhere { why: NoWay::NoLink },
            in_call: 0,
            private: false,
            part_of: None,
            others: Vec::new(),
            tentative: false,
        }
    }
}

impl Bookings {
    /// The format's version.
    pub const VERSION: u32 = 1;

    /// The day of the calendars with what was changed here.
    pub(crate) fn on_top_of(&self, calendars: &[Meeting]) -> Vec<Meeting> {
        let changed = calendars.iter().filter_map(|meeting| self.changed(meeting));
        let made = self.made.iter().map(Booking::meeting);
        let made = made.filter(|own| !calendars.iter().any(|known| known.id == own.id));
        let made = made.filter_map(|meeting| self.changed(&meeting));
        changed.chain(made).collect()
    }

    fn changed(&self, meeting: &Meeting) -> Option<Meeting> {
        let Some(change) = self.changed.get(&meeting.id) else {
            return Some(meeting.clone());
        };
        // Whoever is in its call counts, whatever was released.
        if change.released && meeting.in_call == 0 {
            return None;
        }
        // It may have been moved while nobody looked.
        let lasts = |end: &Timestamp| meeting.start.is_none_or(|start| start < *end);
        let end = change.end.filter(lasts).or(meeting.end);
        Some(Meeting {
            end,
            ..meeting.clone()
        })
    }

    pub(crate) fn has_checked_in(&self, id: &MeetingId) -> bool {
        self.changed.get(id).is_some_and(|c| c.checked_in)
    }

    /// What is here otherwise of a meeting from now on.
    pub(crate) fn change(&mut self, meeting: &Meeting, now: Timestamp) -> &mut Changed {
        let until = meeting.end.unwrap_or(now).max(now);
        let known = self.changed.entry(meeting.id.clone()).or_insert(Changed {
            end: None,
            released: false,
            checked_in: false,
            until,
        });
        known.until = known.until.max(until);
        known
    }

    /// A meeting has another name now.
    pub(crate) fn rename(&mut self, from: &MeetingId, to: &MeetingId) -> bool {
        let known = self.changed.remove(from);
        let news = known.is_some();
        self.changed
            .extend(known.map(|change| (to.clone(), change)));
        news
    }

    /// Meetings that were moved. A room that was given back was so for the time before; what people said of their meeting
    /// holds while it goes on at another time, and not for one of another day.
    pub(crate) fn follow(&mut self, was: &[Meeting], is: &[Meeting]) -> bool {
        let mut news = false;
        for (before, after) in moved(was, is) {
            let Some(change) = self.changed.get_mut(&after.id) else {
                continue;
            };
            news = true;
            if change.released || !overlap(before, after) {
                self.changed.remove(&after.id);
            }
        }
        news
    }

    /// Drops what the calendars say by now, and what is long over. True when something went.
    pub(crate) fn tidy(&mut self, calendars: &[Meeting], now: Timestamp) -> bool {
        let before = (self.made.len(), self.changed.len());
        let is_old = |end: Timestamp| end.checked_add(KEEP).unwrap_or(Timestamp::MAX) < now;
        let known = |id: &MeetingId| calendars.iter().any(|meeting| meeting.id == *id);
        self.made
            .retain(|own| !known(&own.id()) && !is_old(own.end));
        self.changed.retain(|_, change| !is_old(change.until));
        for meeting in calendars {
            if let Some(change) = self.changed.get_mut(&meeting.id)
                && change.end == meeting.end
            {
                change.end = None;
            }
        }
        before != (self.made.len(), self.changed.len())
    }
}

/// Meetings that begin at another time than before.
pub(crate) fn moved<'a>(
    was: &'a [Meeting],
    is: &'a [Meeting],
) -> impl Iterator<Item = (&'a Meeting, &'a Meeting)> {
    is.iter().filter_map(|after| {
        let before = was.iter().find(|before| before.id == after.id)?;
        (before.start != after.start).then_some((before, after))
    })
}

/// Series of which every meeting in view was planned for another time before: their organiser moved them as a whole. The old
/// and the new name of each meeting that is not over, of those that are nearest to each other.
pub(crate) fn moved_series(
    was: &[Meeting],
    is: &[Meeting],
    now: Timestamp,
) -> Vec<(MeetingId, MeetingId)> {
    let ahead = was.iter().filter(|m| m.end.is_none_or(|end| end > now));
    let (was, is) = (by_series(ahead), by_series(is.iter()));
    let mut renamed = Vec::new();
    for (series, before) in was {
        let Some(after) = is.get(series) else {
            continue;
        };
        // Where one stayed, the others were left out or changed alone.
        if before.keys().any(|planned| after.contains_key(planned)) {
            continue;
        }
        let pairs = before
            .iter()
            .flat_map(|old| after.iter().map(move |new| (old, new)));
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_by_key(|((old, _), (new, _))| (new.duration_since(**old).abs(), **old));
        let (mut gone, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for ((_, old), (_, new)) in pairs {
            if !gone.contains(old) && !taken.contains(new) {
                gone.insert(*old);
                taken.insert(*new);
                renamed.push(((*old).clone(), (*new).clone()));
            }
        }
    }
    renamed
}

/// Meetings of series, by what names the series, and by the time they were planned for.
fn by_series<'a>(
    meetings: impl Iterator<Item = &'a Meeting>,
) -> BTreeMap<&'a str, BTreeMap<Timestamp, &'a MeetingId>> {
    let mut all: BTreeMap<&str, BTreeMap<Timestamp, &MeetingId>> = BTreeMap::new();
    for meeting in meetings {
        if let Some((series, planned)) = meeting.id.0.rsplit_once('/')
            && let Ok(planned) = planned.parse()
        {
            all.entry(series).or_default().insert(planned, &meeting.id);
        }
    }
    all
}

fn overlap(a: &Meeting, b: &Meeting) -> bool {
    let begins_in = |a: &Meeting, b: &Meeting| a.start < b.end || b.end.is_none();
    begins_in(a, b) && begins_in(b, a)
}
