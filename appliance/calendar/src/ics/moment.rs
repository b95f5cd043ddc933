//! Moments and lengths as they stand in a file.

use calcard::{common::PartialDateTime, icalendar::ICalendarDuration};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{self, Date},
    tz::TimeZone,
};

/// A moment as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// On the wall clock of its zone; midnight for whole days.
    pub(crate) civil: civil::DateTime,
    pub(crate) zone: TimeZone,
    /// A date without a time.
    pub(crate) whole_day: bool,
}

impl When {
    pub(crate) fn timestamp(&self) -> Timestamp {
        self.zone.to_timestamp(self.civil).unwrap_or(Timestamp::MAX)
    }

    /// Whether something that begins at this moment, on this zone's clock, is meant. Exchange writes midnight where a date
    /// is meant; midnight of another zone is a moment.
    pub(crate) fn is(&self, start: Timestamp, zone: &TimeZone) -> bool {
        let of_day = || zone.to_datetime(start).date() == self.civil.date();
        self.timestamp() == start || (self.is_date(zone) && of_day())
    }

    pub(super) fn is_date(&self, zone: &TimeZone) -> bool {
        let midnight = self.civil.time() == civil::Time::midnight();
        self.whole_day || (midnight && self.zone == *zone)
    }
}

/// The wall clock's time; midnight where there is none.
pub(super) fn civil_of(date: &PartialDateTime) -> Option<civil::DateTime> {
    let small = |n: Option<u8>| i8::try_from(n.unwrap_or(0)).ok();
    let year = i16::try_from(date.year?).ok()?;
    let day = Date::new(year, small(date.month)?, small(date.day)?).ok()?;
    // A leap second is the one before it.
    let second = small(date.second)?.min(59);
    let time = civil::Time::new(small(date.hour)?, small(date.minute)?, second, 0).ok()?;
    Some(day.to_datetime(time))
}

pub(super) fn fixed(hours: u8, minutes: u8, minus: bool) -> TimeZone {
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    let seconds = if minus { -seconds } else { seconds };
    match jiff::tz::Offset::from_seconds(seconds) {
        Ok(offset) if seconds != 0 => TimeZone::fixed(offset),
        _ => TimeZone::UTC,
    }
}

/// Days are as long as their clock makes them.
pub(super) fn days(count: i64, start: &When) -> SignedDuration {
    let end = When {
        civil: start.civil.saturating_add(count.days()),
        ..start.clone()
    };
    end.timestamp().duration_since(start.timestamp())
}

/// RFC 5545 section 3.3.6: days on the clock, then exact hours.
pub(super) fn duration_of(duration: &ICalendarDuration, start: &When) -> SignedDuration {
    let whole = i64::from(duration.weeks) * 7 + i64::from(duration.days);
    let exact = i64::from(duration.hours) * 3600
        + i64::from(duration.minutes) * 60
        + i64::from(duration.seconds);
    let length = days(whole.min(1000), start).saturating_add(SignedDuration::from_secs(exact));
    if duration.neg { -length } else { length }
}

/// A date beside a series of times is at the series' time.
pub(super) fn at_time_of(start: &When, when: &When) -> Timestamp {
    if when.whole_day && !start.whole_day {
        let civil = when.civil.date().to_datetime(start.civil.time());
        let zone = start.zone.clone();
        return When {
            civil,
            zone,
            whole_day: false,
        }
        .timestamp();
    }
    when.timestamp()
}
