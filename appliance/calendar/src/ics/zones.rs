//! Which time zone a `TZID` means.
//!
//! Calendars name zones in their own ways and define them wrongly more often than not. So a name that stands for a zone of
//! the IANA database, in whatever dress (`/mozilla.org/20050126_1/Europe/Berlin`, `W. Europe Standard Time`), is that zone
//! as jiff knows it, as CalConnect recommends (CC/R 0602). Only a name that nobody knows is read from its definition.

use std::collections::HashMap;

use calcard::{
    Entry, Parser,
    common::{PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency,
        ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue, ICalendarWeekday,
    },
};
use jiff::{
    civil::{self, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::moment::civil_of;

/// Zones that a file names and defines.
pub(crate) struct Zones<'a> {
    database: &'a TimeZoneDatabase,
    room: &'a TimeZone,
    defined: HashMap<String, TimeZone>,
}

impl<'a> Zones<'a> {
    pub(crate) fn new(database: &'a TimeZoneDatabase, room: &'a TimeZone) -> Self {
        let defined = HashMap::new();
        Self {
            database,
            room,
            defined,
        }
    }

    /// The room's own.
    pub(crate) fn room(&self) -> &TimeZone {
        self.room
    }

    /// Takes a `VTIMEZONE`; what can't be read defines nothing.
    pub(crate) fn define(&mut self, component: &str) {
        let Entry::ICalendar(read) = Parser::new(component).entry() else {
            return;
        };
        let Some(zone) = read.components.first() else {
            return;
        };
        let Some(name) = text_of(zone, "TZID") else {
            return;
        };
        let place = text_of(zone, "X-LIC-LOCATION").and_then(|place| self.named(&place));
        if let Some(found) = place.or_else(|| by_rules(&read)) {
            self.defined.insert(name, found);
        }
    }

    /// The zone of this name.
    pub(crate) fn get(&self, name: &str) -> Option<TimeZone> {
        let name = name.trim();
        let known = self.named(name);
        let known = known.or_else(|| self.defined.get(name).cloned());
        known.or_else(|| self.of_offset(name))
    }

    /// A zone of the database, by its name in any dress.
    fn named(&self, name: &str) -> Option<TimeZone> {
        if let Ok(zone) = self.database.get(name) {
            return Some(zone);
        }
        match name.parse() {
            Ok(Tz::Tz(zone)) if !zone.name().starts_with("Etc/GMT") => {
                self.database.get(zone.name()).ok()
            }
            _ => None,
        }
    }

    /// `(UTC+01:00) Somewhere`, when nothing else is known.
    fn of_offset(&self, name: &str) -> Option<TimeZone> {
        match name.parse().ok()? {
            Tz::Tz(zone) => self.database.get(zone.name()).ok(),
            Tz::Fixed(offset) => {
                let offset = jiff::tz::Offset::from_seconds(offset.local_minus_utc()).ok()?;
                Some(TimeZone::fixed(offset))
            }
            Tz::Floating => None,
        }
    }
}

fn text_of(component: &ICalendarComponent, name: &str) -> Option<String> {
    let entry = component
        .entries
        .iter()
        .find(|entry| entry.name.as_str() == name)?;
    entry.values.first()?.as_text().map(str::to_owned)
}

/// One of the two halves of a year.
struct Observance {
    /// On the clock that holds until then, as POSIX has it too.
    since: civil::DateTime,
    to: i32,
    rule: Option<ICalendarRecurrenceRule>,
}

/// The zone that the newest observances describe, as POSIX would: older ones are of past years.
fn by_rules(zone: &ICalendar) -> Option<TimeZone> {
    let newest = |kind: &ICalendarComponentType| {
        let of_kind = zone.components.iter().filter(|c| c.component_type == *kind);
        of_kind.filter_map(observance).max_by_key(|o| o.since)
    };
    let standard = newest(&ICalendarComponentType::Standard);
    let daylight = newest(&ICalendarComponentType::Daylight);
    let posix = match (standard, daylight) {
        (Some(standard), Some(daylight)) => format!(
            "STD{}DST{},{},{}",
            offset(standard.to),
            offset(daylight.to),
            change(&daylight)?,
            change(&standard)?,
        ),
        (Some(only), None) | (None, Some(only)) => format!("STD{}", offset(only.to)),
        (None, None) => return None,
    };
    TimeZone::posix(&posix).ok()
}

fn observance(component: &ICalendarComponent) -> Option<Observance> {
    let value = |name: &ICalendarProperty| {
        let entry = component.entries.iter().find(|entry| entry.name == *name)?;
        entry.values.first()
    };
    let date = |name| match value(name) {
        Some(ICalendarValue::PartialDateTime(date)) => Some(&**date),
        _ => None,
    };
    let rule = match value(&ICalendarProperty::Rrule) {
        Some(ICalendarValue::RecurrenceRule(rule)) => Some((**rule).clone()),
        _ => None,
    };
    Some(Observance {
        since: civil_of(date(&ICalendarProperty::Dtstart)?)?,
        to: seconds(date(&ICalendarProperty::Tzoffsetto)?)?,
        rule,
    })
}

/// East of Greenwich.
fn seconds(offset: &PartialDateTime) -> Option<i32> {
    let hours = i32::from(offset.tz_hour?);
    let minutes = i32::from(offset.tz_minute.unwrap_or(0));
    let seconds = hours * 3600 + minutes * 60;
    Some(if offset.tz_minus { -seconds } else { seconds })
}

/// POSIX counts westward.
fn offset(east: i32) -> String {
    let sign = if east > 0 { "-" } else { "" };
    let (hours, rest) = (east.abs() / 3600, east.abs() % 3600);
    format!("{sign}{hours}:{:02}", rest / 60)
}

/// `M3.5.0/2`: when it begins each year, on the clock before it.
fn change(observance: &Observance) -> Option<String> {
    let since = observance.since;
    let yearly = observance.rule.as_ref();
    let yearly = yearly.filter(|rule| rule.freq == ICalendarFrequency::Yearly);
    let month = yearly
        .and_then(|rule| rule.bymonth.first())
        .map(|month| month.month());
    let month = month.map_or(since.month(), |month| i8::try_from(month).unwrap_or(1));
    let by_day = yearly.and_then(|rule| rule.byday.first());
    let weekday = by_day.map_or(since.weekday(), |day| weekday(day.weekday));
    let week = match by_day.and_then(|day| day.ordwk) {
        Some(-1) => 5,
        Some(week @ 1..=5) => week,
        _ => week_of(yearly, since),
    };
    let (hour, minute) = (since.hour(), since.minute());
    let weekday = weekday.to_sunday_zero_offset();
    Some(format!("M{month}.{week}.{weekday}/{hour}:{minute:02}"))
}

/// `BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU`, or from the date alone.
fn week_of(rule: Option<&ICalendarRecurrenceRule>, since: civil::DateTime) -> i16 {
    let first = rule.and_then(|rule| rule.bymonthday.iter().min().copied());
    let day = first.map_or(i16::from(since.day()), i16::from);
    let last_week = i16::from(since.date().days_in_month()) - 7;
    if first.is_none() && i16::from(since.day()) > last_week {
        return 5;
    }
    if day < 1 { 5 } else { (day - 1) / 7 + 1 }
}

fn weekday(day: ICalendarWeekday) -> Weekday {
    match day {
        ICalendarWeekday::Sunday => Weekday::Sunday,
        ICalendarWeekday::Monday => Weekday::Monday,
        ICalendarWeekday::Tuesday => Weekday::Tuesday,
        ICalendarWeekday::Wednesday => Weekday::Wednesday,
        ICalendarWeekday::Thursday => Weekday::Thursday,
        ICalendarWeekday::Friday => Weekday::Friday,
        ICalendarWeekday::Saturday => Weekday::Saturday,
    }
}
