//! Series against a plain reference that goes through all days, one by one (RFC 5545 section 3.3.10).
#![allow(clippy::unwrap_used, reason = "a test")]

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Weekday, date},
    tz::TimeZone,
};
use proptest::{collection::vec, prelude::*, sample::subsequence, test_runner::RngSeed};
use saal_calendar::{CalendarFile, Reading, link::JitsiHosts};

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// How far the reference looks for a first meeting.
const YEARS: i16 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freq {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Debug)]
struct Rule {
    freq: Freq,
    interval: i16,
    months: Vec<i8>,
    month_days: Vec<i8>,
    /// The nth of the month, or all with 0.
    days: Vec<(i8, usize)>,
    positions: Vec<i32>,
    week_start: usize,
    count: Option<usize>,
    until: Option<Date>,
}

impl Rule {
    fn text(&self) -> String {
        let list = |name: &str, values: Vec<String>| match values.is_empty() {
            true => String::new(),
            false => format!(";{name}={}", values.join(",")),
        };
        let numbers = |values: &[i8]| values.iter().map(ToString::to_string).collect();
        let days = self.days.iter().map(|(nth, day)| match nth {
            0 => DAYS[*day].to_owned(),
            nth => format!("{nth}{}", DAYS[*day]),
        });
        let freq = format!("{:?}", self.freq).to_uppercase();
        let mut text = format!("FREQ={freq};INTERVAL={}", self.interval);
        text += &list("BYMONTH", numbers(&self.months));
        text += &list("BYMONTHDAY", numbers(&self.month_days));
        text += &list("BYDAY", days.collect());
        text += &list(
            "BYSETPOS",
            self.positions.iter().map(ToString::to_string).collect(),
        );
        if self.week_start != 0 {
            text += &format!(";WKST={}", DAYS[self.week_start]);
        }
        if let Some(count) = self.count {
            text += &format!(";COUNT={count}");
        }
        if let Some(until) = self.until {
            text += &format!(";UNTIL={}", until.strftime("%Y%m%d"));
        }
        text
    }

    /// In which period of its kind a day is: day, week, month or year.
    fn period(&self, day: Date) -> i64 {
        let epoch = date(1970, 1, 5); // a Monday
        let days = i64::from((day - epoch).get_days());
        match self.freq {
            Freq::Daily => days,
            Freq::Weekly => (days - i64::try_from(self.week_start).unwrap()).div_euclid(7),
            Freq::Monthly => i64::from(day.year()) * 12 + i64::from(day.month()),
            Freq::Yearly => i64::from(day.year()),
        }
    }

    fn has(&self, day: Date, first: Date) -> bool {
        let month = self.months.is_empty() || self.months.contains(&day.month());
        let from_end = day.day() - day.days_in_month() - 1;
        let of_month = self.month_days.is_empty()
            || self.month_days.contains(&day.day())
            || self.month_days.contains(&from_end);
        let weekday = self.days.is_empty()
            || self.days.iter().any(|(nth, weekday)| {
                let same = index(day.weekday()) == *weekday;
                let nth_here = (day.day() - 1) / 7 + 1;
                let nth_from_end = -((day.days_in_month() - day.day()) / 7 + 1);
                same && (*nth == 0 || *nth == nth_here || *nth == nth_from_end)
            });
        let free = self.month_days.is_empty() && self.days.is_empty();
        let as_first = match self.freq {
            Freq::Daily => true,
            Freq::Weekly => !self.days.is_empty() || day.weekday() == first.weekday(),
            Freq::Monthly => !free || day.day() == first.day(),
            Freq::Yearly => {
                (!free || day.day() == first.day())
                    && (!self.months.is_empty() || !free || day.month() == first.month())
            }
        };
        month && of_month && weekday && as_first
    }

    /// All days of the rule from the first on; those of the last period may lack some that it would have.
    fn dates(&self, first: Date, last: Date) -> Vec<Date> {
        let mut found: Vec<Date> = Vec::new();
        // From the beginning of the first period, which positions count from.
        let mut day = first.saturating_sub(1.year());
        let mut of_period: Vec<Date> = Vec::new();
        let start = self.period(first);
        let mut close = |days: &mut Vec<Date>| {
            for (at, day) in days.iter().enumerate() {
                let from_front = i32::try_from(at).unwrap() + 1;
                let from_back = from_front - i32::try_from(days.len()).unwrap() - 1;
                let here = self.positions.is_empty()
                    || self.positions.contains(&from_front)
                    || self.positions.contains(&from_back);
                if here && *day >= first {
                    found.push(*day);
                }
            }
            days.clear();
        };
        let mut period = self.period(day);
        while day <= last {
            if self.period(day) != period {
                close(&mut of_period);
                period = self.period(day);
            }
            let turn = (period - start).rem_euclid(i64::from(self.interval)) == 0;
            if turn && self.has(day, first) {
                of_period.push(day);
            }
            day = day.saturating_add(1.day());
        }
        close(&mut of_period);
        found.retain(|day| self.until.is_none_or(|until| *day <= until));
        found.truncate(self.count.unwrap_or(usize::MAX));
        found
    }
}

fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap()
}

fn rules() -> impl Strategy<Value = Rule> {
    let freq = prop_oneof![
        Just(Freq::Daily),
        Just(Freq::Weekly),
        Just(Freq::Monthly),
        Just(Freq::Yearly)
    ];
    let months = prop_oneof![
        Just(vec![]),
        subsequence((1..=12).collect::<Vec<i8>>(), 1..4)
    ];
    let of_month = prop_oneof![
        Just(vec![]),
        subsequence(vec![1_i8, 2, 13, 28, 29, 30, 31, -1, -2], 1..3)
    ];
    let nth = prop_oneof![Just(0_i8), 1_i8..=4, Just(-1_i8), Just(5)];
    let days = prop_oneof![Just(vec![]), vec((nth, 0_usize..7), 1..4)];
    let positions = prop_oneof![3 => Just(vec![]), 1 => Just(vec![1]), 1 => Just(vec![-1]), 1 => Just(vec![2, -1])];
    let end = prop_oneof![
        Just((None, None)),
        (1_usize..40).prop_map(|count| (Some(count), None)),
        (0_i64..900).prop_map(|days| (None, Some(days)))
    ];
    let numbers = (1_i16..5, 0_usize..7);
    (freq, numbers, months, of_month, days, positions, end).prop_map(
        |(freq, (interval, week_start), months, month_days, days, positions, (count, until))| {
            let weekly = matches!(freq, Freq::Daily | Freq::Weekly);
            // RFC 5545: no BYMONTHDAY with weeks, no nth of a day or a week; nth of a year is another thing.
            let month_days = if freq == Freq::Weekly {
                vec![]
            } else {
                month_days
            };
            let plain = weekly || (freq == Freq::Yearly && months.is_empty());
            let days = days
                .into_iter()
                .map(|(nth, day)| if plain { (0, day) } else { (nth, day) });
            let mut days: Vec<(i8, usize)> = days.collect();
            days.sort_unstable();
            days.dedup();
            let free = month_days.is_empty() && days.is_empty() && months.is_empty();
            Rule {
                positions: if free { vec![] } else { positions },
                until: until.map(|days| date(2026, 1, 1).saturating_add(days.days())),
                freq,
                interval,
                months,
                month_days,
                days,
                week_start,
                count,
            }
        },
    )
}

fn found(first: DateTime, rule: &str, zone: &TimeZone, now: Timestamp) -> Vec<Date> {
    let start = first.strftime("%Y%m%dT%H%M%S");
    let name = zone.iana_name().unwrap();
    let file = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID={name}:{start}\r\nDURATION:PT1H\r\n\
         RRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let reading = Reading {
        now,
        zone,
        room: &[],
        jitsi: &JitsiHosts::Any,
        ahead: Reading::WEEKS,
    };
    let file = CalendarFile::read(file.as_bytes(), reading);
    let week = SignedDuration::from_hours(7 * 24);
    let (found, problems) = file.appointments(now, now + week);
    assert!(problems.is_empty(), "{problems:?}");
    let at = |start: Timestamp| {
        let civil = zone.to_datetime(start);
        assert_eq!(civil.time(), first.time(), "on the clock");
        civil.date()
    };
    found.iter().map(|a| at(a.start)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn series_are_what_the_plain_reference_says(
        rule in rules(),
        begin in 0_i64..365,
        look in 0_i64..1000,
        zone in prop_oneof![Just("Europe/Berlin"), Just("America/St_Johns"), Just("Asia/Kathmandu"), Just("Australia/Lord_Howe")],
    ) {
        let zone = TimeZone::get(zone).unwrap();
        let begin = date(2026, 1, 1).saturating_add(begin.days());
        let last = date(2026 + YEARS, 12, 31);
        // A series begins with its first meeting.
        let counted = Rule { count: None, ..rule.clone() };
        let Some(first) = counted.dates(begin, last).first().copied() else { return Ok(()) };
        let looked = first.saturating_add(look.days());
        // Noon: no clock changes then.
        let first = first.at(12, 0, 0, 0);
        let now = zone.to_timestamp(looked.at(0, 0, 0, 0)).unwrap();
        let end = now + SignedDuration::from_hours(7 * 24);
        let expected: Vec<Date> = rule
            .dates(first.date(), looked.saturating_add(2.years()))
            .into_iter()
            .filter(|day| {
                let start = zone.to_timestamp(day.at(12, 0, 0, 0)).unwrap();
                start < end && start + SignedDuration::from_hours(1) > now
            })
            .collect();
        prop_assert_eq!(found(first, &rule.text(), &zone, now), expected, "{}", rule.text());
    }
}
