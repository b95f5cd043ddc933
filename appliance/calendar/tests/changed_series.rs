//! Series in which something was changed, against a plain reference that goes through all meetings, one by one: left out
//! (EXDATE), added (RDATE), moved and cancelled alone or with all that follow (RECURRENCE-ID, RANGE=THISANDFUTURE), where
//! clocks change. RFC 5545 sections 3.8.4.4 and 3.8.5.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time, date},
    tz::TimeZone,
};
use proptest::{collection::vec, option, prelude::*, sample::select, test_runner::RngSeed};
use saal_calendar::{CalendarFile, Reading, link::JitsiHosts};

/// Zones, and days on which their clocks change in 2026: by an hour, by half of one, never.
const ZONES: [(&str, [Date; 2]); 4] = [
    ("Europe/Berlin", [date(2026, 3, 29), date(2026, 10, 25)]),
    ("America/St_Johns", [date(2026, 3, 8), date(2026, 11, 1)]),
    ("Asia/Kathmandu", [date(2026, 3, 29), date(2026, 10, 25)]),
    ("Australia/Lord_Howe", [date(2026, 4, 5), date(2026, 10, 4)]),
];
/// Times at which something happens: clocks change, days begin here or in UTC.
const TIMES: [(i8, i8); 14] = [
    (0, 0),
    (0, 30),
    (1, 0),
    (1, 30),
    (2, 0),
    (2, 15),
    (2, 30),
    (3, 0),
    (5, 45),
    (10, 30),
    (11, 0),
    (20, 30),
    (21, 30),
    (23, 45),
];
/// A series of more is not looked at as a whole.
const MOST: usize = 45;

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    OnTheClock,
    Utc,
    Date,
}

/// What becomes of a meeting.
#[derive(Clone, Copy, Debug)]
struct Change {
    days: i64,
    time: Time,
    minutes: i64,
    cancelled: bool,
}

#[derive(Clone, Debug)]
struct Plan {
    zone: TimeZone,
    first: DateTime,
    /// Days between two meetings.
    every: i64,
    weekly: bool,
    count: Option<usize>,
    minutes: i64,
    /// By number in the series.
    without: Vec<(usize, Form)>,
    besides: Vec<DateTime>,
    changed: Vec<(usize, Form, Change)>,
    later: Option<(usize, Form, Change)>,
    /// The week that is looked at.
    look: Date,
}

impl Plan {
    fn at(&self, civil: DateTime) -> Timestamp {
        self.zone.to_timestamp(civil).unwrap()
    }

    /// On the clock, changed by nothing.
    fn by_rule(&self) -> Vec<DateTime> {
        let count = self.count.unwrap_or(MOST);
        let number = |n: usize| i64::try_from(n).unwrap();
        (0..count)
            .map(|n| self.first + (number(n) * self.every).days())
            .collect()
    }

    /// When a change puts the meeting that was planned for `civil`.
    fn moved(civil: DateTime, change: &Change) -> DateTime {
        (civil.date() + change.days.days()).to_datetime(change.time)
    }

    fn written(&self, civil: DateTime, form: Form) -> String {
        let name = self.zone.iana_name().unwrap();
        match form {
            Form::OnTheClock => format!(";TZID={name}:{}", civil.strftime("%Y%m%dT%H%M%S")),
            Form::Utc => {
                let utc = TimeZone::UTC.to_datetime(self.at(civil));
                format!(":{}", utc.strftime("%Y%m%dT%H%M%SZ"))
            }
            Form::Date => format!(";VALUE=DATE:{}", civil.strftime("%Y%m%d")),
        }
    }

    fn file(&self) -> String {
        let all = self.by_rule();
        let freq = if self.weekly { "WEEKLY" } else { "DAILY" };
        let interval = if self.weekly {
            self.every / 7
        } else {
            self.every
        };
        let count = self.count.map_or(String::new(), |n| format!(";COUNT={n}"));
        let mut series = format!("RRULE:FREQ={freq};INTERVAL={interval}{count}\r\n");
        for (n, form) in &self.without {
            series += &format!("EXDATE{}\r\n", self.written(all[*n], *form));
        }
        for civil in &self.besides {
            series += &format!("RDATE{}\r\n", self.written(*civil, Form::OnTheClock));
        }
        let mut text = self.event(self.first, self.minutes, &series);
        let one = self
            .changed
            .iter()
            .map(|(n, form, change)| (n, form, "", change));
        let later = self.later.iter();
        let later = later.map(|(n, form, change)| (n, form, ";RANGE=THISANDFUTURE", change));
        for (n, form, range, change) in one.chain(later) {
            let mut more = format!("RECURRENCE-ID{range}{}\r\n", self.written(all[*n], *form));
            if change.cancelled {
                more += "STATUS:CANCELLED\r\n";
            }
            text += &self.event(Self::moved(all[*n], change), change.minutes, &more);
        }
        format!("BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n")
    }

    fn event(&self, start: DateTime, minutes: i64, more: &str) -> String {
        let start = self.written(start, Form::OnTheClock);
        format!(
            "BEGIN:VEVENT\r\nUID:a\r\nDTSTART{start}\r\nDURATION:PT{minutes}M\r\n{more}END:VEVENT\r\n"
        )
    }

    /// What takes place: from when until when.
    fn expected(&self, window: (Timestamp, Timestamp)) -> BTreeSet<(Timestamp, Timestamp)> {
        let all = self.by_rule();
        let left_out = |civil: DateTime| {
            self.without.iter().any(|(n, form)| match form {
                Form::Date => all[*n].date() == civil.date(),
                _ => all[*n] == civil,
            })
        };
        let planned: BTreeSet<DateTime> = all.iter().chain(&self.besides).copied().collect();
        let meetings = planned.into_iter().filter(|civil| !left_out(*civil));
        let meetings = meetings.filter_map(|civil| {
            let alone = self.changed.iter().find(|(n, ..)| all[*n] == civil);
            let since = self.later.as_ref().filter(|(n, ..)| all[*n] <= civil);
            let (start, change) = match (alone, since) {
                (Some((.., change)), _) => (Self::moved(civil, change), *change),
                (None, Some((n, _, change))) => {
                    let by = Self::moved(all[*n], change).duration_since(all[*n]);
                    (civil + by, *change)
                }
                (None, None) => {
                    let unchanged = Change {
                        days: 0,
                        time: civil.time(),
                        minutes: self.minutes,
                        cancelled: false,
                    };
                    (civil, unchanged)
                }
            };
            let start = self.at(start);
            let end = start + SignedDuration::from_mins(change.minutes);
            let here = start < window.1 && end > window.0;
            (here && !change.cancelled).then_some((start, end))
        });
        meetings.collect()
    }

    fn window(&self) -> (Timestamp, Timestamp) {
        let now = self.at(self.look.at(0, 0, 0, 0));
        (now, now + SignedDuration::from_hours(7 * 24))
    }

    fn found(&self, window: (Timestamp, Timestamp)) -> BTreeSet<(Timestamp, Timestamp)> {
        let reading = Reading {
            now: window.0,
            zone: &self.zone,
            room: &[],
            jitsi: &JitsiHosts::Any,
            ahead: Reading::WEEKS,
        };
        let file = CalendarFile::read(self.file().as_bytes(), reading);
        let (found, problems) = file.appointments(window.0, window.1);
        assert!(problems.is_empty(), "{problems:?}");
        found.iter().map(|a| (a.start, a.end)).collect()
    }
}

fn times() -> impl Strategy<Value = Time> {
    select(&TIMES[..]).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
}

fn forms() -> impl Strategy<Value = Form> {
    select(&[Form::OnTheClock, Form::Utc, Form::Date][..])
}

fn changes() -> impl Strategy<Value = Change> {
    (-2_i64..=2, times(), 30_i64..200, prop::bool::weighted(0.3)).prop_map(
        |(days, time, minutes, cancelled)| Change {
            days,
            time,
            minutes,
            cancelled,
        },
    )
}

fn plans() -> impl Strategy<Value = Plan> {
    let series = (
        select(&ZONES[..]),
        0_usize..2,
        times(),
        (1_i64..4, any::<bool>()),
        option::of(1_usize..MOST),
        30_i64..200,
    );
    // The first meeting up to three weeks before clocks change, the week that is looked at around that.
    let days = (0_i64..21, -6_i64..8);
    let changed = (
        vec((0_usize..MOST, forms()), 0..4),
        vec((0_i64..25, times()), 0..4),
        vec((0_usize..MOST, forms(), changes()), 0..5),
        option::of((0_usize..MOST, forms(), changes())),
    );
    (series, days, changed).prop_map(|(series, (before, look), changed)| {
        let ((zone, turns), turn, time, (interval, weekly), count, minutes) = series;
        let (without, besides, alone, later) = changed;
        let day = turns[turn];
        let mut plan = Plan {
            zone: TimeZone::get(zone).unwrap(),
            first: (day - before.days()).to_datetime(time),
            every: if weekly { 7 * interval } else { interval },
            weekly,
            count,
            minutes,
            without,
            besides: Vec::new(),
            changed: alone,
            later,
            look: day + look.days(),
        };
        let first = plan.first.date();
        let besides = besides.into_iter();
        plan.besides = besides
            .map(|(days, time)| (first + days.days()).to_datetime(time))
            .collect();
        plan.makes_sense();
        plan
    })
}

impl Plan {
    /// Each meeting is changed once, a date alone names one meeting, and nobody adds one at a time that the clock skips.
    fn makes_sense(&mut self) {
        let zone = self.zone.clone();
        let is_skipped = |civil: DateTime| {
            let at = zone.to_timestamp(civil).unwrap();
            zone.to_datetime(at) != civil
        };
        self.besides.retain(|civil| !is_skipped(*civil));
        let all = self.by_rule();
        let dates: BTreeSet<Date> = all.iter().map(|civil| civil.date()).collect();
        self.besides
            .retain(|civil| all.contains(civil) || !dates.contains(&civil.date()));
        let mut used = BTreeSet::new();
        let mut is_new = |n: usize| n < all.len() && used.insert(n);
        self.without.retain(|(n, _)| is_new(*n));
        self.changed.retain(|(n, ..)| is_new(*n));
        self.later = self.later.take().filter(|(n, ..)| is_new(*n));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_was_changed_in_a_series_is_what_the_plain_reference_says(plan in plans()) {
        let window = plan.window();
        prop_assert_eq!(plan.found(window), plan.expected(window), "{}", plan.file());
    }
}
