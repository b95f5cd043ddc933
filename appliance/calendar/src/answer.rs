//! What the room answers to invitations: it comes where it is free, and declines where it is taken.
//!
//! A series whose meetings collide in part is accepted, and those that collide are declined one by one, as RFC 6638 section
//! 3.2.2.3 has it. Who was invited first comes first.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    entry::Span,
    ics::{CalendarFile, Invitation, Invited, Reading, shared},
};

/// More collisions than this within a year, and the organiser had better look for another room.
const MOST_DECLINED: usize = 50;

/// An answer to one invitation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For the meeting or the series.
    pub whole: Option<Reply>,
    /// For single meetings of a series, by the time they were planned for.
    pub meetings: Vec<(Timestamp, Reply)>,
}

/// Whether the room comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It does.
    Accept,
    /// It does not.
    Decline {
        /// For the organiser; tells nothing of the meetings of others.
        reason: String,
    },
}

/// The answers to all invitations in a calendar that wait for one, by UID; `others` are the room's other calendars.
#[must_use]
pub fn answers(
    own: &CalendarFile,
    others: &[&CalendarFile],
    now: Timestamp,
    reason: &str,
) -> BTreeMap<String, Answer> {
    let window = Span {
        start: now,
        end: now.checked_add(Reading::YEAR).unwrap_or(Timestamp::MAX),
    };
    let files: Vec<&CalendarFile> = std::iter::once(&own).chain(others).copied().collect();
    let shared = shared(&files);
    let mut taken = Taken::default();
    for (uid, group) in files.iter().flat_map(|file| file.groups()) {
        // Where one has it at another time, the latest version counts.
        let group = shared.get(uid).unwrap_or(group);
        taken.add(uid, &group.invitations(window).unwrap_or_default());
    }
    let mut open = Vec::new();
    for (uid, group) in own.groups() {
        // What can't be counted is left to people.
        let found = group.invitations(window).unwrap_or_default();
        if found.iter().any(|i| i.invited == Invited::Open) {
            open.push((uid, found));
        }
    }
    open.sort_by_key(|(uid, found)| (found.iter().map(|i| i.sent).min(), *uid));
    let mut answers = BTreeMap::new();
    for (uid, found) in open {
        let answer = answer(uid, &found, &mut taken, reason);
        answers.insert(uid.to_owned(), answer);
    }
    answers
}

/// When the room is taken, and by which meeting.
#[derive(Debug, Default)]
struct Taken<'a> {
    by_start: BTreeMap<(Timestamp, &'a str), Span>,
    longest: SignedDuration,
}

impl<'a> Taken<'a> {
    fn add(&mut self, uid: &'a str, meetings: &[Invitation]) {
        let comes = |i: &&Invitation| matches!(i.invited, Invited::No | Invited::Accepted);
        for meeting in meetings.iter().filter(comes).filter(|i| !i.free) {
            self.take(uid, meeting.span);
        }
    }

    fn take(&mut self, uid: &'a str, span: Span) {
        self.longest = self.longest.max(span.end.duration_since(span.start));
        self.by_start.insert((span.start, uid), span);
    }

    /// By another meeting than this.
    fn collides(&self, uid: &str, span: Span) -> bool {
        let first = span.start.checked_sub(self.longest);
        let range = (first.unwrap_or(Timestamp::MIN), "")..(span.end, "");
        let mut near = self.by_start.range(range);
        near.any(|((_, by), taken)| *by != uid && taken.meets(span))
    }
}

fn answer<'a>(
    uid: &'a str,
    meetings: &[Invitation],
    taken: &mut Taken<'a>,
    reason: &str,
) -> Answer {
    let decline = || Reply::Decline {
        reason: reason.to_owned(),
    };
    let (mut answer, mut free, mut collide) = (Answer::default(), Vec::new(), Vec::new());
    for meeting in meetings.iter().filter(|m| m.invited == Invited::Open) {
        let collides = !meeting.free && taken.collides(uid, meeting.span);
        if collides { &mut collide } else { &mut free }.push(meeting);
    }
    let of_series = |list: &[&Invitation]| list.iter().any(|m| !m.alone);
    let comes = of_series(&free) && collide.len() <= MOST_DECLINED;
    if of_series(&free) || of_series(&collide) {
        answer.whole = Some(if comes { Reply::Accept } else { decline() });
    }
    // What the answer to the series says is not said again.
    let free = free.into_iter().filter(|m| comes || m.alone);
    let free: Vec<&Invitation> = free.collect();
    let collide = collide.into_iter().filter(|m| comes || m.alone);
    let alone = free.iter().filter(|m| m.alone);
    let accepted = alone.map(|m| (m.planned, Reply::Accept));
    answer.meetings = accepted
        .chain(collide.map(|m| (m.planned, decline())))
        .collect();
    answer.meetings.sort_by_key(|(planned, _)| *planned);
    for meeting in free.iter().filter(|m| !m.free) {
        taken.take(uid, meeting.span);
    }
    answer
}
