//! Days, times and spans in the words of a language.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use saal_meeting::Meeting;

use crate::language::{Message, Words};

/// Speaks about time in one room.
pub(crate) struct Moments<'a> {
    words: &'a Words,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl<'a> Moments<'a> {
    pub(crate) fn new(words: &'a Words, zone: &'a TimeZone, now: Timestamp) -> Self {
        Self { words, zone, now }
    }

    fn here(&self, moment: Timestamp) -> DateTime {
        self.zone.to_datetime(moment)
    }

    /// `14:05`
    pub(crate) fn time(&self, moment: Timestamp) -> String {
        let here = self.here(moment);
        let two = |n: i8| format!("{n:02}");
        let (hour, minute) = (two(here.hour()), two(here.minute()));
        self.words.tell(
            Message::Time,
            [("hour", (&hour).into()), ("minute", (&minute).into())],
        )
    }

    /// The room's clock.
    pub(crate) fn clock(&self) -> String {
        self.time(self.now)
    }

    /// `Montag, 23. November`
    pub(crate) fn today(&self) -> String {
        self.date(self.here(self.now).date())
    }

    fn date(&self, date: Date) -> String {
        let number = i64::from(date.weekday().to_monday_one_offset());
        let weekday = self
            .words
            .tell(Message::Weekday, [("number", number.into())]);
        let month = self
            .words
            .tell(Message::Month, [("number", i64::from(date.month()).into())]);
        self.words.tell(
            Message::Date,
            [
                ("weekday", (&weekday).into()),
                ("day", i64::from(date.day()).into()),
                ("month", (&month).into()),
            ],
        )
    }

    /// The day of a meeting, for headings: today, tomorrow or the date.
    pub(crate) fn day(&self, moment: Timestamp) -> String {
        let (today, day) = (self.here(self.now).date(), self.here(moment).date());
        if day == today {
            self.words.say(Message::Today)
        } else if today.tomorrow().is_ok_and(|tomorrow| tomorrow == day) {
            self.words.say(Message::Tomorrow)
        } else {
            self.date(day)
        }
    }

    /// Whether that is another day than today.
    pub(crate) fn is_today(&self, moment: Timestamp) -> bool {
        self.here(self.now).date() == self.here(moment).date()
    }

    /// `14:00 – 15:00`, or what is known of it.
    pub(crate) fn range(&self, meeting: &Meeting) -> String {
        match (meeting.start, meeting.end) {
            (None, _) => self.words.say(Message::WithoutAppointment),
            (Some(start), None) => self
                .words
                .tell(Message::TimeOpen, [("start", (&self.time(start)).into())]),
            (Some(start), Some(end)) => self.words.tell(
                Message::TimeRange,
                [
                    ("start", (&self.time(start)).into()),
                    ("end", (&self.time(end)).into()),
                ],
            ),
        }
    }

    /// `beginnt in 5 Minuten`, `läuft seit 5 Minuten`; nothing for meetings of other days.
    pub(crate) fn state(&self, start: Timestamp) -> Option<String> {
        let ahead = minutes_between(self.now, start);
        let since = minutes_between(start, self.now);
        match (ahead, since) {
            (0, 0) if start > self.now => Some(self.minutes(Message::StartsIn, 1)),
            (0, 0) => Some(self.minutes(Message::RunningSince, 0)),
            (0, since) => Some(self.span(Message::RunningSince, Message::RunningSinceHours, since)),
            // A meeting in four minutes and some seconds begins in five: better early than late.
            (ahead, _) if self.is_today(start) => {
                let rest = start.as_second() - self.now.as_second() - ahead * 60;
                let ahead = ahead + i64::from(rest > 0);
                Some(self.span(Message::StartsIn, Message::StartsInHours, ahead))
            }
            _ => None,
        }
    }

    /// How long a call lasts: `12 Min.`
    pub(crate) fn elapsed(&self, since: Timestamp) -> String {
        self.span(
            Message::Elapsed,
            Message::ElapsedHours,
            minutes_between(since, self.now),
        )
    }

    fn span(&self, short: Message, long: Message, minutes: i64) -> String {
        if minutes < 60 {
            return self.minutes(short, minutes);
        }
        let (hours, minutes) = (minutes / 60, minutes % 60);
        self.words
            .tell(long, [("hours", hours.into()), ("minutes", minutes.into())])
    }

    fn minutes(&self, message: Message, minutes: i64) -> String {
        self.words.tell(message, [("minutes", minutes.into())])
    }
}

/// Whole minutes, 0 when `to` is before `from`.
fn minutes_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).max(0) / 60
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::config::Language;

    use super::*;

    fn in_berlin(language: Language, check: impl Fn(&Moments<'_>)) {
        in_zone("Europe/Berlin", language, "2026-11-23T13:05:00Z", check);
    }

    fn in_zone(zone: &str, language: Language, now: &str, check: impl Fn(&Moments<'_>)) {
        let zone = TimeZone::get(zone).unwrap();
        check(&Moments::new(Words::of(language), &zone, at(now)));
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn german_days_and_times() {
        in_berlin(Language::De, |moments| {
            assert_eq!(moments.clock(), "14:05");
            assert_eq!(moments.today(), "Montag, 23. November");
            assert_eq!(moments.day(at("2026-11-23T22:00:00Z")), "Heute");
            assert_eq!(moments.day(at("2026-11-23T23:30:00Z")), "Morgen");
            assert_eq!(
                moments.day(at("2026-11-25T08:00:00Z")),
                "Mittwoch, 25. November"
            );
        });
    }

    #[test]
    fn english_days_and_times() {
        in_berlin(Language::En, |moments| {
            assert_eq!(moments.today(), "Monday, 23 November");
            assert_eq!(
                moments.state(at("2026-11-23T13:04:00Z")).unwrap(),
                "started a minute ago"
            );
        });
    }

    #[test]
    fn meetings_begin_and_run() {
        in_berlin(Language::De, |moments| {
            let state = |text| moments.state(at(text));
            assert_eq!(
                state("2026-11-23T13:05:00Z").unwrap(),
                "hat gerade begonnen"
            );
            assert_eq!(
                state("2026-11-23T13:05:20Z").unwrap(),
                "beginnt in einer Minute"
            );
            assert_eq!(
                state("2026-11-23T13:09:20Z").unwrap(),
                "beginnt in 5 Minuten"
            );
            assert_eq!(
                state("2026-11-23T13:00:00Z").unwrap(),
                "läuft seit 5 Minuten"
            );
            assert_eq!(
                state("2026-11-23T15:35:00Z").unwrap(),
                "beginnt in 2 Std. 30 Min."
            );
            assert_eq!(
                state("2026-11-24T09:00:00Z"),
                None,
                "tomorrow's need no countdown"
            );
        });
    }

    #[test]
    fn each_zone_has_its_own_day_and_time() {
        let now = "2026-12-31T11:20:00Z";
        for (zone, clock, today) in [
            ("America/St_Johns", "07:50", "Thursday, 31 December"),
            ("Pacific/Pago_Pago", "00:20", "Thursday, 31 December"),
            ("Asia/Kathmandu", "17:05", "Thursday, 31 December"),
            // On the other side of the date line the year is over.
            ("Pacific/Auckland", "00:20", "Friday, 1 January"),
            ("Pacific/Kiritimati", "01:20", "Friday, 1 January"),
        ] {
            in_zone(zone, Language::En, now, |moments| {
                assert_eq!(
                    (moments.clock().as_str(), moments.today().as_str()),
                    (clock, today),
                    "{zone}"
                );
            });
        }
    }

    #[test]
    fn a_day_ends_at_the_rooms_own_midnight() {
        in_zone(
            "Asia/Kathmandu",
            Language::De,
            "2026-12-31T17:00:00Z",
            |moments| {
                let day = |text| moments.day(at(text));
                assert_eq!(day("2026-12-31T18:14:59Z"), "Heute");
                assert_eq!(day("2026-12-31T18:15:00Z"), "Morgen");
                assert_eq!(day("2027-01-01T18:15:00Z"), "Samstag, 2. Januar");
                assert_eq!(day("2026-12-30T18:14:59Z"), "Mittwoch, 30. Dezember");
                assert!(moments.is_today(at("2026-12-30T18:15:00Z")));
            },
        );
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart_by_how_long_it_takes() {
        // Clocks go from 03:00 back to 02:00 at 01:00 UTC.
        in_zone(
            "Europe/Berlin",
            Language::De,
            "2026-10-25T00:30:00Z",
            |moments| {
                let (now, later) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
                assert_eq!(
                    (moments.time(now), moments.time(later)),
                    ("02:30".to_owned(), "02:30".to_owned())
                );
                assert_eq!(moments.state(later).unwrap(), "beginnt in 1 Std. 0 Min.");
                assert_eq!(
                    moments.state(at("2026-10-25T22:59:00Z")).unwrap(),
                    "beginnt in 22 Std. 29 Min."
                );
                assert_eq!(moments.day(at("2026-10-25T22:59:59Z")), "Heute");
                assert_eq!(moments.day(at("2026-10-25T23:00:00Z")), "Morgen");
            },
        );
    }

    #[test]
    fn the_hour_that_is_left_out_is_in_no_time() {
        // Clocks go from 02:00 on to 03:00 at 07:00 UTC.
        in_zone(
            "America/New_York",
            Language::En,
            "2026-03-08T06:45:00Z",
            |moments| {
                assert_eq!(moments.clock(), "01:45");
                assert_eq!(moments.time(at("2026-03-08T07:00:00Z")), "03:00");
                assert_eq!(
                    moments.state(at("2026-03-08T07:00:00Z")).unwrap(),
                    "starts in 15 minutes"
                );
                assert_eq!(moments.day(at("2026-03-09T03:59:59Z")), "Today");
                assert_eq!(moments.day(at("2026-03-09T04:00:00Z")), "Tomorrow");
            },
        );
    }
}
