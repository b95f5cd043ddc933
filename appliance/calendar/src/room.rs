//! One room: its appointments and who is in its call.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZoneDatabase};
use saal_core::CalendarProblem;
use saal_meeting::{Destination, Invitation, Meeting, MeetingId};

use crate::{
    entry::{Entry, Occurrence, Span},
    jitsi_widget, nordeck,
    problem::Problem,
    recurrence::Series,
};

/// People come early and stay longer; a call further from any appointment is one of its own.
const NEAR: SignedDuration = SignedDuration::from_hours(1);

/// Meetings of one series that were moved into the three days of the window; each is looked up.
const MOST_MOVED: usize = 50;

/// A room with its entry read.
#[derive(Debug)]
pub(crate) struct Room {
    invitation: Invitation,
    /// The conference of its first Jitsi widget that can be read.
    conference: Option<Destination>,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    counted: Option<Counted>,
}

/// The room's appointments in some hours; it is asked far more often than they change.
#[derive(Debug)]
struct Counted {
    hours: Span,
    /// By the time they were planned for.
    occurrences: Vec<Occurrence>,
    problems: Vec<Problem>,
}

impl Room {
    pub(crate) fn read(invitation: Invitation, zones: &TimeZoneDatabase) -> Self {
        let content = invitation.calendar_event.as_ref();
        let (entries, mut problems) = content.map(|c| nordeck::read(c, zones)).unwrap_or_default();
        let conference = conference(&invitation, &mut problems);
        Self {
            invitation,
            conference,
            entries,
            problems,
            counted: None,
        }
    }

    pub(crate) fn has_same_entry(&self, other: &Invitation) -> bool {
        self.invitation.destination == other.destination
            && self.invitation.calendar_event == other.calendar_event
            && self.invitation.jitsi_widgets == other.jitsi_widgets
    }

    /// The same entry under another name or with others in the call.
    pub(crate) fn with(self, invitation: Invitation) -> Self {
        Self { invitation, ..self }
    }

    pub(crate) fn has_entries(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The room's meetings in the window, and what can't be read.
    pub(crate) fn meetings(
        &mut self,
        now: Timestamp,
        window: Span,
    ) -> (Vec<Meeting>, Vec<CalendarProblem>) {
        let hours = window.in_hours();
        let counted = match self.counted.take() {
            Some(counted) if counted.hours == hours => counted,
            _ => self.count(hours),
        };
        let here = counted.occurrences.iter().filter(|o| o.span.meets(window));
        let meetings = self.with_call(now, here.copied().collect());
        let problems = self.problems.iter().chain(&counted.problems);
        let problems = problems.map(|p| self.problem(p)).collect();
        self.counted = Some(counted);
        (meetings, problems)
    }

    /// The room's appointments in hours that are not asked for often, whoever is in its call.
    pub(crate) fn appointments(&self, window: Span) -> Vec<Meeting> {
        let counted = self.count(window);
        let mut meetings = Vec::new();
        for occurrence in counted.occurrences {
            self.add(&mut meetings, self.meeting(occurrence, 0));
        }
        meetings
    }

    /// Appointments as meetings, with the people in the call at the one that is now.
    fn with_call(&self, now: Timestamp, occurrences: Vec<Occurrence>) -> Vec<Meeting> {
        let in_call = self.invitation.in_call;
        let nearest = occurrences
            .iter()
            .filter(|o| in_call > 0 && o.span.distance(now) <= NEAR)
            .min_by_key(|o| (o.span.distance(now), std::cmp::Reverse(o.span.start)))
            .map(|o| o.planned);
        let here = |o: &Occurrence| {
            if nearest == Some(o.planned) {
                in_call
            } else {
                0
            }
        };
        let mut meetings: Vec<Meeting> = Vec::new();
        for occurrence in occurrences {
            let here = here(&occurrence);
            self.add(&mut meetings, self.meeting(occurrence, here));
        }
        // A room with a conference and no appointment meets at any time.
        let always = self.entries.is_empty() && self.conference.is_some();
        if (in_call > 0 && nearest.is_none()) || always {
            self.add(&mut meetings, self.call_without_appointment());
        }
        meetings
    }

    /// People who meet in the Matrix room itself are not left for an empty conference, which stays
    /// within reach.
    fn add(&self, meetings: &mut Vec<Meeting>, meeting: Meeting) {
        let Some(conference) = &self.conference else {
            return meetings.push(meeting);
        };
        let there = Meeting {
            destination: conference.clone(),
            in_call: 0,
            ..meeting.clone()
        };
        if meeting.in_call == 0 {
            return meetings.push(there);
        }
        let (id, title) = (&meeting.id.0, &meeting.title);
        let there = Meeting {
            id: MeetingId(format!("{id}/jitsi")),
            title: format!("{title} (Jitsi)"),
            ..there
        };
        meetings.extend([meeting, there]);
    }

    /// Two meetings that were planned for the same time are one.
    fn count(&self, window: Span) -> Counted {
        let only = self.entries.len() == 1;
        let mut problems = Vec::new();
        let mut all: BTreeMap<Timestamp, Occurrence> = BTreeMap::new();
        let mut add = |new: Occurrence| {
            let known = all.entry(new.planned).or_insert(new);
            known.span.end = known.span.end.max(new.span.end);
        };
        for entry in &self.entries {
            match entry {
                Entry::Single(span) if span.meets(window) => add(Occurrence {
                    planned: span.start,
                    only,
                    span: *span,
                }),
                Entry::Series(series) => match self.of_series(series, window) {
                    Some(found) => found.into_iter().for_each(&mut add),
                    None => problems.push(too_many(series)),
                },
                Entry::Single(_) | Entry::Moved { .. } => {}
            }
        }
        Counted {
            hours: window,
            occurrences: all.into_values().collect(),
            problems,
        }
    }

    /// The series' meetings in the window, those that were moved at their new time; `None` when
    /// there are too many to count.
    fn of_series(&self, series: &Series, window: Span) -> Option<Vec<Occurrence>> {
        let moved = || {
            self.entries.iter().filter_map(|entry| match entry {
                Entry::Moved { uid, from, to } if *uid == series.uid => Some((*from, *to)),
                _ => None,
            })
        };
        let stay = series.starts(window).ok()?.into_iter();
        let mut found: Vec<Occurrence> = stay
            .filter(|start| !moved().any(|(from, _)| from == *start))
            .map(|start| Occurrence {
                planned: start,
                only: false,
                span: Span::of(start, series.length),
            })
            .collect();
        let here: Vec<_> = moved().filter(|(_, to)| to.meets(window)).collect();
        if here.len() > MOST_MOVED {
            return None;
        }
        for (planned, span) in here {
            // What is left of a series that was changed since is no meeting.
            if series.has(planned).ok()? {
                found.push(Occurrence {
                    planned,
                    only: false,
                    span,
                });
            }
        }
        Some(found)
    }

    fn meeting(&self, occurrence: Occurrence, in_call: u32) -> Meeting {
        let planned = occurrence.planned.to_string();
        Meeting {
            id: self.id(if occurrence.only { "once" } else { &planned }),
            title: self.title(),
            start: Some(occurrence.span.start),
            end: Some(occurrence.span.end),
            destination: self.invitation.destination.clone(),
            in_call,
            private: false,
            part_of: None,
            others: Vec::new(),
            tentative: false,
        }
    }

    fn call_without_appointment(&self) -> Meeting {
        Meeting {
            id: self.id("now"),
            title: self.title(),
            start: None,
            end: None,
            destination: self.invitation.destination.clone(),
            in_call: self.invitation.in_call,
            private: false,
            part_of: None,
            others: Vec::new(),
            tentative: false,
        }
    }

    fn id(&self, occurrence: &str) -> MeetingId {
        MeetingId(format!("{}/{occurrence}", self.place()))
    }

    pub(crate) fn place(&self) -> String {
        self.invitation.destination.place()
    }

    /// Its place and that of the meeting whose breakout session it is.
    pub(crate) fn breakout(&self) -> Option<(String, &str)> {
        let main = self.invitation.part_of.as_deref()?;
        Some((self.place(), main))
    }

    /// Whether this is the room that a link leads to, by its id or by an alias.
    pub(crate) fn is_at(&self, destination: &Destination) -> bool {
        let place = destination.place();
        self.place() == place || self.invitation.aliases.contains(&place)
    }

    /// NeoDateFix keeps the title in the room's name. A nameless room still has an address.
    fn title(&self) -> String {
        match self.invitation.name.trim() {
            "" => self.place(),
            name => name.to_owned(),
        }
    }

    fn problem(&self, problem: &Problem) -> CalendarProblem {
        CalendarProblem {
            place: self.title(),
            reason: problem.0.clone(),
        }
    }
}

fn conference(invitation: &Invitation, problems: &mut Vec<Problem>) -> Option<Destination> {
    let Destination::Matrix { room, .. } = &invitation.destination else {
        return None;
    };
    let read = |widget| jitsi_widget::read(widget, room.as_str());
    let (found, unread): (Vec<_>, Vec<_>) = invitation
        .jitsi_widgets
        .iter()
        .map(read)
        .partition(Result::is_ok);
    problems.extend(unread.into_iter().filter_map(Result::err));
    found.into_iter().find_map(Result::ok)
}

fn too_many(series: &Series) -> Problem {
    let what = format!("too many meetings since {} to count", series.first);
    Problem::at("rrule", what)
}
