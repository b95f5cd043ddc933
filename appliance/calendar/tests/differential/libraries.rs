//! Both libraries as their own documentation uses them.

use std::collections::BTreeSet;

use calcard::{
    Entry, Parser,
    common::timezone::Tz,
    icalendar::{ICalendarComponentType, ICalendarProperty, ICalendarStatus, ICalendarValue},
};
use chrono::{NaiveDateTime, NaiveTime};
use icalendar::{
    Calendar, CalendarDateTime, Component, DatePerhapsTime, Event, EventLike, EventStatus,
    parser::{read_calendar, unfold},
};
use jiff::{civil::DateTime, tz::TimeZone};

use crate::File;

/// Series are expanded this far.
const MOST: u16 = 5_000;

/// When meetings that are not cancelled begin, in seconds, as calcard has it.
pub(crate) fn calcard(file: &File) -> Vec<i64> {
    let zone: Tz = file.zone.iana_name().unwrap().parse().unwrap();
    let mut parser = Parser::new(&file.text);
    let mut starts = Vec::new();
    loop {
        let calendar = match parser.entry() {
            Entry::ICalendar(calendar) => calendar,
            Entry::Eof => return starts,
            _ => continue,
        };
        for event in calendar.expand_dates(zone, MOST.into()).events {
            let component = &calendar.components[event.comp_id as usize];
            let status = component.property(&ICalendarProperty::Status);
            let status = status.and_then(|status| status.values.first());
            let cancelled = status == Some(&ICalendarValue::Status(ICalendarStatus::Cancelled));
            let is_event = component.component_type == ICalendarComponentType::VEvent;
            let (start, end) = event.timestamps();
            if is_event && !cancelled && file.has(start, end - start) {
                starts.push(start);
            }
        }
    }
}

/// The same as icalendar has it; `None` where it can't read the file.
pub(crate) fn icalendar(file: &File) -> Option<Vec<i64>> {
    let text = unfold(&file.text);
    let calendar: Calendar = read_calendar(&text).ok()?.into();
    let events: Vec<&Event> = calendar
        .components
        .iter()
        .filter_map(|component| component.as_event())
        .collect();
    let mut starts = Vec::new();
    for event in &events {
        if event.get_status() == Some(EventStatus::Cancelled) {
            continue;
        }
        let changed = events
            .iter()
            .filter(|other| other.get_uid() == event.get_uid());
        let changed: BTreeSet<i64> = changed.filter_map(|other| planned(other, file)).collect();
        let (of_event, length) = meetings(event, file);
        let stay = of_event
            .into_iter()
            .filter(|start| !repeats(event) || !changed.contains(start));
        starts.extend(stay.filter(|start| file.has(*start, length)));
    }
    Some(starts)
}

fn repeats(event: &Event) -> bool {
    let has =
        |name| event.properties().contains_key(name) || event.multi_properties().contains_key(name);
    has("RRULE") || has("RDATE")
}

/// When an event begins, each time, and how long it is, in seconds.
fn meetings(event: &Event, file: &File) -> (Vec<i64>, i64) {
    let start = event.get_start().and_then(|start| second(&start, file));
    let end = event.get_end().and_then(|end| second(&end, file));
    let length = start.zip(end).map_or(0, |(start, end)| end - start);
    let series = repeats(event)
        .then(|| event.get_recurrence().ok())
        .flatten();
    let starts = match series {
        None => start.into_iter().collect(),
        Some(series) => {
            let dates = series.all(MOST).dates;
            let second = |date: chrono::DateTime<icalendar::Tz>| {
                if date.timezone() == icalendar::Tz::LOCAL {
                    in_zone(&file.zone, date.naive_local())
                } else {
                    Some(date.timestamp())
                }
            };
            dates.into_iter().filter_map(second).collect()
        }
    };
    (starts, length)
}

/// Which meeting of a series an event changes.
fn planned(event: &Event, file: &File) -> Option<i64> {
    let planned = event.properties().get("RECURRENCE-ID")?;
    second(&DatePerhapsTime::from_property(planned)?, file)
}

fn second(moment: &DatePerhapsTime, file: &File) -> Option<i64> {
    match moment {
        DatePerhapsTime::Date(date) => in_zone(&file.zone, date.and_time(NaiveTime::MIN)),
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => Some(at.timestamp()),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(at)) => in_zone(&file.zone, *at),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid }) => {
            in_zone(&TimeZone::get(tzid).ok()?, *date_time)
        }
    }
}

fn in_zone(zone: &TimeZone, at: NaiveDateTime) -> Option<i64> {
    let civil: DateTime = at.format("%Y-%m-%dT%H:%M:%S").to_string().parse().ok()?;
    Some(zone.to_timestamp(civil).ok()?.as_second())
}
