//! What CalDAV servers, feeds and folders say, side by side, and beside the Matrix rooms.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use saal_core::{CalendarProblem, id_in_calendar};
use saal_meeting::{Destination, Meeting, MeetingId, NoWay};

use crate::{
    entry::Span,
    ics::{Appointment, CalendarFile, Group, shared},
};

/// Nobody looks through more ways into one meeting.
const MOST_OTHERS: usize = 5;

/// Sources by their names.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: BTreeMap<String, Arc<CalendarFile>>,
    counted: Option<Counted>,
    /// The same of the weeks after that, while a meeting of the day went there.
    later: Option<Counted>,
    /// What sources said before they said something else, until that was compared.
    replaced: BTreeMap<String, Arc<CalendarFile>>,
}

/// What is in some hours; it is asked far more often than it changes.
#[derive(Debug)]
struct Counted {
    hours: Span,
    meetings: Vec<Meeting>,
    problems: Vec<CalendarProblem>,
}

impl Sources {
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(crate) fn set(&mut self, name: &str, file: Arc<CalendarFile>) {
        if let Some(before) = self.files.insert(name.to_owned(), file) {
            self.replaced.entry(name.to_owned()).or_insert(before);
        }
        (self.counted, self.later) = (None, None);
    }

    pub(crate) fn keep(&mut self, names: &[&str]) {
        self.files.retain(|name, _| names.contains(&name.as_str()));
        self.replaced.clear();
        (self.counted, self.later) = (None, None);
    }

    /// Adds what is in the window. An appointment that several calendars have is one, and one whose meeting is there
    /// already, by another way, adds nothing.
    pub(crate) fn add_to(
        &mut self,
        meetings: &mut Vec<Meeting>,
        window: Span,
        problems: &mut Vec<CalendarProblem>,
    ) {
        let hours = window.in_hours();
        let counted = match self.counted.take() {
            Some(counted) if counted.hours == hours => counted,
            _ => self.count(hours),
        };
        let here = |meeting: &&Meeting| {
            let span = meeting.start.zip(meeting.end);
            span.is_some_and(|(start, end)| Span { start, end }.meets(window))
        };
        let found = counted.meetings.iter().filter(here);
        found.for_each(|meeting| add(meetings, meeting.clone()));
        problems.extend_from_slice(&counted.problems);
        self.counted = Some(counted);
    }

    /// What is in hours that are not asked for often, each once.
    pub(crate) fn within(&mut self, window: Span) -> Vec<Meeting> {
        let counted = match self.later.take() {
            Some(counted) if counted.hours == window => counted,
            _ => self.count(window),
        };
        let mut meetings = Vec::new();
        let found = counted.meetings.iter().cloned();
        found.for_each(|meeting| add(&mut meetings, meeting));
        self.later = Some(counted);
        meetings
    }

    /// Names of meetings that were there in these hours, where sources changed since this was asked last.
    pub(crate) fn before(&mut self, window: Span) -> BTreeSet<MeetingId> {
        let replaced = std::mem::take(&mut self.replaced);
        let of = |file: &Arc<CalendarFile>| {
            let (appointments, _) = file.appointments(window.start, window.end);
            appointments.iter().map(id).collect::<Vec<_>>()
        };
        replaced.values().flat_map(of).collect()
    }

    /// What changed since was compared.
    pub(crate) fn forget_before(&mut self) {
        self.replaced.clear();
    }

    fn count(&self, hours: Span) -> Counted {
        let files: Vec<&CalendarFile> = self.files.values().map(|file| &**file).collect();
        let shared = shared(&files);
        let latest = latest(&shared, hours);
        let (mut meetings, mut problems) = (Vec::new(), Vec::new());
        // Birthdays and holidays take no room; a link makes a meeting of them.
        let counts = |a: &&Appointment<'_>| !a.free || !a.found.destinations.is_empty();
        // First what holds; the copies have at most another way in.
        let holds = latest.values().flatten();
        meetings.extend(holds.filter(counts).map(meeting));
        for (name, file) in &self.files {
            let (appointments, unread) = file.appointments(hours.start, hours.end);
            problems.extend(unread.into_iter().map(|reason| CalendarProblem {
                place: name.clone(),
                reason,
            }));
            let told = appointments.iter().filter(counts);
            let told = told.filter(|told| is_latest(told, &latest));
            meetings.extend(told.map(meeting));
        }
        Counted {
            hours,
            meetings,
            problems,
        }
    }
}

/// The appointments of UIDs that several sources have; what can't be counted is not told here.
fn latest<'a>(
    shared: &'a BTreeMap<&str, Group>,
    hours: Span,
) -> BTreeMap<&'a str, Vec<Appointment<'a>>> {
    let counted = shared.iter().filter_map(|(uid, group)| {
        let appointments = group.appointments(hours).ok()?;
        Some((*uid, appointments))
    });
    counted.collect()
}

/// No other source knows that this was moved, cancelled or declined since.
fn is_latest(told: &Appointment<'_>, latest: &BTreeMap<&str, Vec<Appointment<'_>>>) -> bool {
    let Some(known) = latest.get(told.uid) else {
        return true;
    };
    let mut known = known.iter();
    known.any(|known| (known.planned, known.start) == (told.planned, told.start))
}

fn add(meetings: &mut Vec<Meeting>, new: Meeting) {
    let same = meetings
        .iter_mut()
        .find(|known| known.id == new.id || is_same(known, &new));
    match same {
        // Of two copies one may have lost its link at a gateway.
        Some(known) if is_nowhere(known) && !is_nowhere(&new) => {
            (known.destination, known.others) = (new.destination, new.others);
        }
        Some(known) => add_places(known, new),
        None => meetings.push(new),
    }
}

/// At the same time in the same place, by whichever of its ways.
fn is_same(known: &Meeting, new: &Meeting) -> bool {
    known.start == new.start && known.places().any(|place| has(new, place))
}

fn has(meeting: &Meeting, place: &Destination) -> bool {
    let place = place.place();
    !place.is_empty() && meeting.places().any(|known| known.place() == place)
}

/// What one copy of a meeting names beside the others.
fn add_places(known: &mut Meeting, new: Meeting) {
    let more = std::iter::once(new.destination).chain(new.others);
    for place in more {
        let is_one = !matches!(place, Destination::Nowhere { .. });
        if is_one && !has(known, &place) && known.others.len() < MOST_OTHERS {
            known.others.push(place);
        }
    }
}

fn is_nowhere(meeting: &Meeting) -> bool {
    matches!(meeting.destination, Destination::Nowhere { .. })
}

fn id(appointment: &Appointment<'_>) -> MeetingId {
    let planned = appointment.in_series.then_some(appointment.planned);
    id_in_calendar(appointment.uid, planned)
}

fn meeting(appointment: &Appointment<'_>) -> Meeting {
    let found = appointment.found;
    let nowhere = || {
        let why = found.no_way.first().cloned().unwrap_or(NoWay::NoLink);
        Destination::Nowhere { why }
    };
    let others = found.destinations.iter().skip(1);
    let title = if appointment.private {
        ""
    } else {
        appointment.title
    };
    Meeting {
        id: id(appointment),
        title: title.to_owned(),
        start: Some(appointment.start),
        end: Some(appointment.end),
        destination: found.destinations.first().cloned().unwrap_or_else(nowhere),
        in_call: 0,
        private: appointment.private,
        part_of: None,
        others: others.take(MOST_OTHERS).cloned().collect(),
        tentative: appointment.tentative,
    }
}
