//! Moments as they stand in an object, and as they are written back into it.

use jiff::{Timestamp, civil, tz::TimeZone};

use super::object::{Component, Property};
use crate::ics::{When, Zones};

/// How a moment is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `20261126T080000Z`
    Utc,
    /// `20261126T090000`: on the clock of whoever reads it.
    Floating,
    /// `;TZID=Europe/Berlin:20261126T090000`
    Zoned(String, TimeZone),
    /// `;VALUE=DATE:20261126`
    Day,
}

/// `20261126T080000Z`
pub(super) fn utc(at: Timestamp) -> String {
    let utc = TimeZone::UTC.to_datetime(at);
    utc.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A moment and its form; `None` where that can't be read.
pub(super) fn read(property: &Property, zones: &Zones<'_>) -> Option<(When, Form)> {
    let value = property.value();
    let value = value.trim();
    if value.len() == 8 {
        let day = civil::Date::strptime("%Y%m%d", value).ok()?;
        let when = When {
            civil: day.to_datetime(civil::Time::midnight()),
            zone: zones.room().clone(),
            whole_day: true,
        };
        return Some((when, Form::Day));
    }
    let (local, is_utc) = match value.strip_suffix(['Z', 'z']) {
        Some(local) => (local, true),
        None => (value, false),
    };
    let civil = civil::DateTime::strptime("%Y%m%dT%H%M%S", local).ok()?;
    let (zone, form) = match (is_utc, property.parameter("TZID")) {
        (true, _) => (TimeZone::UTC, Form::Utc),
        (false, None) => (zones.room().clone(), Form::Floating),
        (false, Some(name)) => {
            let zone = zones.get(&name).unwrap_or_else(|| zones.room().clone());
            (zone.clone(), Form::Zoned(name, zone))
        }
    };
    let when = When {
        civil,
        zone,
        whole_day: false,
    };
    Some((when, form))
}

/// A moment in the form of another.
pub(super) fn write(name: &str, at: Timestamp, form: &Form, zones: &Zones<'_>) -> Property {
    let local = |zone: &TimeZone| zone.to_datetime(at).strftime("%Y%m%dT%H%M%S").to_string();
    match form {
        Form::Utc => Property::new(name, &utc(at)),
        Form::Floating => Property::new(name, &local(zones.room())),
        Form::Day => {
            let day = zones.room().to_datetime(at).strftime("%Y%m%d").to_string();
            Property::new(&format!("{name};VALUE=DATE"), &day)
        }
        Form::Zoned(zone_name, zone) => {
            // Names like `(UTC+01:00) Amsterdam, Berlin` are quoted.
            let plain = !zone_name.contains([':', ';', ',']);
            let quote = if plain { "" } else { "\"" };
            let name = format!("{name};TZID={quote}{zone_name}{quote}");
            Property::new(&name, &local(zone))
        }
    }
}

/// A component's moment by its name.
pub(super) fn of(component: &Component, name: &str, zones: &Zones<'_>) -> Option<(When, Form)> {
    read(component.property(name)?, zones)
}
