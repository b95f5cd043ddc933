//! The room state `net.nordeck.meetings.metadata` of Nordeck's NeoDateFix.
//!
//! Today's form has `calendar`, a list of entries in iCalendar's words; the form before it had
//! one `start_time` and `end_time`. Described in
//! <https://github.com/nordeck/matrix-meetings>. Other fields are the widget's and not read.

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    entry::{Entry, Span},
    problem::{Problem, quoted},
    recurrence::{Rule, Series, read_civil},
};

/// Entries of one room; a Matrix event of 64 KiB holds hardly more.
const MOST_ENTRIES: usize = 500;
/// Series of one room; NeoDateFix makes one.
const MOST_SERIES: usize = 16;

#[derive(Deserialize)]
struct Moment {
    tzid: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalendarEntry {
    uid: String,
    dtstart: Moment,
    dtend: Moment,
    rrule: Option<String>,
    exdate: Option<Vec<Moment>>,
    rdate: Option<Vec<Moment>>,
    recurrence_id: Option<Moment>,
}

#[derive(Deserialize)]
struct Former {
    start_time: String,
    end_time: String,
}

/// Reads an event's content: what is understood, and what is not.
pub(crate) fn read(content: &Value, zones: &TimeZoneDatabase) -> (Vec<Entry>, Vec<Problem>) {
    let listed: Vec<(String, &Value)> = match content.get("calendar") {
        Some(Value::Array(all)) => {
            let named = all.iter().enumerate();
            named.map(|(i, v)| (format!("calendar[{i}]"), v)).collect()
        }
        // The documentation's example has one entry without a list around it.
        Some(one) => vec![("calendar".to_owned(), one)],
        None => return read_former(content),
    };
    read_all(&listed, zones)
}

fn read_all(listed: &[(String, &Value)], zones: &TimeZoneDatabase) -> (Vec<Entry>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    if listed.is_empty() {
        problems.push(Problem::at("calendar", "is empty"));
    }
    if listed.len() > MOST_ENTRIES {
        let what = format!("has {} entries, only {MOST_ENTRIES} are read", listed.len());
        problems.push(Problem::at("calendar", what));
    }
    let mut series = 0;
    for (place, value) in listed.iter().take(MOST_ENTRIES) {
        match read_entry(value, zones) {
            Ok(Entry::Series(_)) if series == MOST_SERIES => {
                let what = format!("only {MOST_SERIES} series are read");
                problems.push(Problem::at("rrule", what).inside(place));
            }
            Ok(entry) => {
                series += usize::from(matches!(entry, Entry::Series(_)));
                entries.push(entry);
            }
            Err(problem) => problems.push(problem.inside(place)),
        }
    }
    (entries, problems)
}

fn read_former(content: &Value) -> (Vec<Entry>, Vec<Problem>) {
    let span = || {
        if content.get("start_time").is_none() && content.get("end_time").is_none() {
            return Err(Problem::at("calendar", "is missing"));
        }
        let former: Former = parse(content)?;
        span(
            ("start_time", iso("start_time", &former.start_time)?),
            ("end_time", iso("end_time", &former.end_time)?),
        )
    };
    match span() {
        Ok(span) => (vec![Entry::Single(span)], Vec::new()),
        Err(problem) => (Vec::new(), vec![problem]),
    }
}

fn read_entry(value: &Value, zones: &TimeZoneDatabase) -> Result<Entry, Problem> {
    let entry: CalendarEntry = parse(value)?;
    let (first, zone, start) = place("dtstart", &entry.dtstart, zones)?;
    let end = instant("dtend", &entry.dtend, zones)?;
    let span = span(("dtstart", start), ("dtend", end))?;
    match (&entry.rrule, &entry.recurrence_id) {
        (_, Some(id)) => Ok(Entry::Moved {
            from: instant("recurrenceId", id, zones)?,
            uid: entry.uid,
            to: span,
        }),
        (Some(rule), None) => Ok(Entry::Series(Box::new(Series {
            rule: Some(Rule::read(rule, first, &zone)?),
            uid: entry.uid,
            zone,
            first,
            length: span.end.duration_since(span.start),
            without: instants("exdate", entry.exdate, zones)?
                .into_iter()
                .collect(),
            besides: instants("rdate", entry.rdate, zones)?,
        }))),
        (None, None) => Ok(Entry::Single(span)),
    }
}

/// Names the field that is missing or of another type.
fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|e| {
        let path = e.path().to_string();
        match path.as_str() {
            "." => Problem::at("entry", e.inner()),
            field => Problem::at(field, e.inner()),
        }
    })
}

fn span(from: (&str, Timestamp), to: (&str, Timestamp)) -> Result<Span, Problem> {
    let (start, end) = (from.1, to.1);
    if end < start {
        return Err(Problem::at(
            to.0,
            format!("{end} is before {} {start}", from.0),
        ));
    }
    Ok(Span { start, end })
}

fn place(
    field: &str,
    moment: &Moment,
    zones: &TimeZoneDatabase,
) -> Result<(DateTime, TimeZone, Timestamp), Problem> {
    let civil = read_civil(&moment.value).ok_or_else(|| {
        let what = format!("{} is not like 20261123T090000", quoted(&moment.value));
        Problem::at(&format!("{field}.value"), what)
    })?;
    let zone = zones.get(&moment.tzid).map_err(|_| {
        let what = format!(
            "{} is no time zone like Europe/Berlin",
            quoted(&moment.tzid)
        );
        Problem::at(&format!("{field}.tzid"), what)
    })?;
    let at = zone
        .to_timestamp(civil)
        .map_err(|e| Problem::at(&format!("{field}.value"), e))?;
    Ok((civil, zone, at))
}

fn instant(field: &str, moment: &Moment, zones: &TimeZoneDatabase) -> Result<Timestamp, Problem> {
    place(field, moment, zones).map(|(_, _, at)| at)
}

fn instants(
    field: &str,
    moments: Option<Vec<Moment>>,
    zones: &TimeZoneDatabase,
) -> Result<Vec<Timestamp>, Problem> {
    let all = moments.unwrap_or_default();
    let one = |(i, m): (usize, &Moment)| instant(&format!("{field}[{i}]"), m, zones);
    all.iter().enumerate().map(one).collect()
}

fn iso(field: &str, text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        let what = format!("{} is not like 2026-11-23T09:00:00+01:00", quoted(text));
        Problem::at(field, what)
    })
}
