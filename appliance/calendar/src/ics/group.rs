//! All that a calendar says about one UID: a meeting, or a series with what was changed in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::{
    Appointment,
    event::{Event, Invited},
};
use crate::{
    entry::Span,
    problem::Problem,
    recurrence::{Series, TooMany},
};

/// Changed occurrences of one series that are looked at.
const MOST_CHANGES: usize = 2_000;

/// Clocks of one zone differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_hours(26);

/// The event that tells about a meeting, when that was planned for, and when it begins.
type Told<'a> = (&'a Event, Timestamp, Timestamp);

/// What the room's invitation to one meeting says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invitation {
    /// When it was planned for.
    pub(crate) planned: Timestamp,
    pub(crate) span: Span,
    pub(crate) invited: Invited,
    /// An event of its own speaks for it, not the series.
    pub(crate) alone: bool,
    /// It takes no time of the room.
    pub(crate) free: bool,
    /// When it was sent, in seconds.
    pub(crate) sent: i64,
}

/// Which of several versions of an event is the later one: compared in this order, in any calendar that has it (RFC 5546
/// section 2.1.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// `SEQUENCE`: the organiser counts it up whenever people have to come at another time.
    pub(crate) sequence: i64,
    /// `LAST-MODIFIED`, else `DTSTAMP` where that tells the same, in seconds.
    pub(crate) changed: i64,
    /// `DTSTAMP`, in seconds.
    pub(crate) sent: i64,
}

/// Events of one UID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    whole: Option<Arc<Event>>,
    /// By the time they were planned for.
    changes: BTreeMap<Timestamp, Arc<Event>>,
    /// From a planned time on.
    later: BTreeMap<Timestamp, Arc<Event>>,
}

impl Group {
    /// Takes an event in; of two versions the later one holds.
    pub(super) fn add(&mut self, event: Event) {
        self.take(Arc::new(event), |known, new| known.version <= new.version);
    }

    /// What several calendars say of a UID: of two copies of a version the one that knows whether the room comes.
    pub(super) fn together<'a>(groups: impl Iterator<Item = &'a Self>) -> Self {
        let rank = |event: &Event| (event.version, event.invited != Invited::No);
        let mut all = Self::default();
        for group in groups {
            let changes = group.changes.values().chain(group.later.values());
            for event in group.whole.iter().chain(changes) {
                all.take(event.clone(), |known, new| rank(known) < rank(new));
            }
        }
        all
    }

    fn take(&mut self, event: Arc<Event>, wins: impl Fn(&Event, &Event) -> bool) {
        let Some(planned) = &event.planned else {
            if self.whole.as_ref().is_none_or(|known| wins(known, &event)) {
                self.whole = Some(event);
            }
            return;
        };
        let at = planned.when.timestamp();
        let list = if planned.and_later {
            &mut self.later
        } else {
            &mut self.changes
        };
        let known = list.get(&at);
        let newer = known.is_none_or(|known| wins(known, &event));
        if newer && (known.is_some() || list.len() < MOST_CHANGES) {
            list.insert(at, event);
        }
    }

    /// The meetings in the window that are the room's: not cancelled, and not declined.
    pub(crate) fn appointments(&self, window: Span) -> Result<Vec<Appointment<'_>>, Problem> {
        let mut found = self.told(window)?;
        found.retain(|(event, ..)| event.invited != Invited::Declined);
        let told = found.into_iter();
        Ok(told
            .map(|(event, at, start)| appointment(event, at, start))
            .collect())
    }

    /// What the room's invitation says of each meeting in the window.
    pub(crate) fn invitations(&self, window: Span) -> Result<Vec<Invitation>, Problem> {
        let told = self.told(window)?.into_iter();
        let invitation = |(event, planned, start): Told<'_>| Invitation {
            planned,
            span: Span::of(start, length_of(event, start)),
            invited: event.invited,
            alone: event.planned.is_some(),
            free: event.free,
            sent: event.version.sent,
        };
        Ok(told.map(invitation).collect())
    }

    /// The meetings in the window that are not cancelled.
    fn told(&self, window: Span) -> Result<Vec<Told<'_>>, Problem> {
        let mut found = match &self.whole {
            Some(whole) => self.of_series(whole, window)?,
            // The room was invited to some meetings of a series only.
            None => {
                let changes = self.changes.iter().chain(&self.later);
                changes
                    .map(|(at, event)| (&**event, *at, event.start.timestamp()))
                    .collect()
            }
        };
        found.retain(|(event, _, start)| {
            let here = Span::of(*start, length_of(event, *start)).meets(window);
            here && !event.cancelled
        });
        Ok(found)
    }

    /// Which event tells about a meeting, when it was planned for and when it begins.
    fn of_series<'a>(&'a self, whole: &'a Event, window: Span) -> Result<Vec<Told<'a>>, Problem> {
        let zone = &whole.start.zone;
        let (mut found, mut used) = (Vec::<Told<'a>>::new(), BTreeSet::new());
        for planned in self.starts(whole, window)? {
            let changed = self.changes.iter().find(|(at, event)| {
                let when = event.planned.as_ref().map(|planned| &planned.when);
                **at == planned || when.is_some_and(|when| when.is(planned, zone))
            });
            if let Some((at, event)) = changed {
                used.insert(*at);
                found.push((event, planned, event.start.timestamp()));
            } else {
                found.push(self.as_planned(whole, planned));
            }
        }
        // Moved here from a time beyond the window, or left behind by a series that was changed since.
        for (planned, event) in &self.changes {
            let here = span_of(event).meets(window);
            if here && !used.contains(planned) && self.belongs(whole, *planned, event)? {
                found.push((event, *planned, event.start.timestamp()));
            }
        }
        Ok(found)
    }

    /// When meetings were planned that may have a moment in the window.
    fn starts(&self, whole: &Event, window: Span) -> Result<BTreeSet<Timestamp>, Problem> {
        let mut starts =
            series(whole)
                .starts(self.widened(whole, window))
                .map_err(|_: TooMany| {
                    let what = format!("too many meetings since {} to count", whole.start.civil);
                    Problem::at(&format!("{:?}.RRULE", whole.title), what)
                })?;
        let zone = &whole.start.zone;
        starts.retain(|start| !whole.without.iter().any(|when| when.is(*start, zone)));
        Ok(starts)
    }

    /// Meetings of a part that was moved come from elsewhere.
    fn widened(&self, whole: &Event, window: Span) -> Span {
        let shifts = self.later.values().map(|event| {
            let by = shift(whole, event);
            (by, event.length)
        });
        let (mut back, mut ahead) = (SignedDuration::ZERO, SignedDuration::ZERO);
        for (by, length) in shifts {
            let longer = length.saturating_sub(whole.length);
            // Between two days on the clock there are up to so many hours more or less.
            back = back.max(by.saturating_add(longer).saturating_add(CLOCKS));
            ahead = ahead.max((-by).saturating_add(CLOCKS));
        }
        Span {
            start: window.start.checked_sub(back).unwrap_or(Timestamp::MIN),
            end: window.end.checked_add(ahead).unwrap_or(Timestamp::MAX),
        }
    }

    /// As the series says, or the last change that holds from then on.
    fn as_planned<'a>(&'a self, whole: &'a Event, planned: Timestamp) -> Told<'a> {
        let Some((_, event)) = self.later.range(..=planned).next_back() else {
            return (whole, planned, planned);
        };
        // On the clock: a meeting that was moved from ten to eleven stays at eleven.
        let zone = &event.start.zone;
        let start = on_the_clock(whole, planned, zone).saturating_add(shift(whole, event));
        let start = zone.to_timestamp(start).unwrap_or(planned);
        (event, planned, start)
    }

    /// Whether a changed occurrence is one of the series. A change that is older than the series is left over; one that is
    /// newer knows better.
    fn belongs(&self, whole: &Event, planned: Timestamp, event: &Event) -> Result<bool, Problem> {
        if event.version.sequence >= whole.version.sequence {
            return Ok(true);
        }
        let window = Span::of(planned, SignedDuration::from_secs(1));
        Ok(self.starts(whole, window)?.contains(&planned))
    }
}

fn series(whole: &Event) -> Series {
    let first = whole.start.timestamp();
    let mut besides = whole.besides.clone();
    // RFC 5545 section 3.8.5.3: the start is the first of the series, whatever the rule says.
    besides.push(first);
    let zone = whole.start.zone.clone();
    let longest = whole.lengths.values().copied().max();
    Series {
        uid: whole.uid.to_string(),
        first: whole.start.civil,
        length: longest.map_or(whole.length, |longest| longest.max(whole.length)),
        rule: whole.rule.clone(),
        without: BTreeSet::new(),
        besides,
        zone,
    }
}

/// By how much an event puts off what it changes from a planned time on: on the clock of its own zone.
fn shift(whole: &Event, event: &Event) -> SignedDuration {
    let zone = &event.start.zone;
    let since = event.planned.as_ref().map(|planned| &planned.when);
    let since = since.map_or(event.start.civil, |when| {
        let at = if when.is_date(&whole.start.zone) {
            let civil = when.civil.date().to_datetime(whole.start.civil.time());
            whole
                .start
                .zone
                .to_timestamp(civil)
                .unwrap_or(Timestamp::MAX)
        } else {
            when.timestamp()
        };
        on_the_clock(whole, at, zone)
    });
    event.start.civil.duration_since(since)
}

/// When one of a series is planned for on a zone's clock: where that skips its time, as the series says and not as it then is.
fn on_the_clock(whole: &Event, planned: Timestamp, zone: &TimeZone) -> civil::DateTime {
    let clock = zone.to_datetime(planned);
    let as_said = clock.date().to_datetime(whole.start.civil.time());
    let same =
        *zone == whole.start.zone && zone.to_timestamp(as_said).is_ok_and(|at| at == planned);
    if same { as_said } else { clock }
}

fn span_of(event: &Event) -> Span {
    Span::of(event.start.timestamp(), event.length)
}

/// Some of a series last as long as they say themselves.
fn length_of(event: &Event, planned: Timestamp) -> SignedDuration {
    event.lengths.get(&planned).copied().unwrap_or(event.length)
}

fn appointment(event: &Event, planned: Timestamp, start: Timestamp) -> Appointment<'_> {
    let span = Span::of(start, length_of(event, planned));
    Appointment {
        uid: &event.uid,
        planned,
        in_series: event.is_of_series(),
        start: span.start,
        end: span.end,
        whole_day: event.start.whole_day,
        title: &event.title,
        organizer: &event.organizer,
        tentative: event.tentative,
        private: event.private,
        free: event.free,
        checked_in: event.checked_in,
        found: &event.found,
    }
}
