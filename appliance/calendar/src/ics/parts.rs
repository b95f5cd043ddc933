//! A file as its components: text between `BEGIN` and `END`, not yet read.

use std::borrow::Cow;

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::entry::Span;

/// A longer component is no appointment, in bytes: a picture somebody attached.
const MOST_BYTES: usize = 1024 * 1024;
/// Appointments without an end that began so long before may still go on.
const LONGEST_DAYS: i32 = 62;

/// One component of the top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// With its `BEGIN` and `END`.
    pub(super) text: &'a str,
    /// `VTIMEZONE`; else `VEVENT`.
    pub(super) is_zone: bool,
    /// Of the calendar that it is in.
    pub(super) method: Method,
}

/// Why a calendar was sent, as far as that changes what its components mean (RFC 5546 section 1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Method {
    #[default]
    Other,
    /// It is made anew each time somebody asks, and its `DTSTAMP`s with it (RFC 5545 section 3.8.7.2).
    Publish,
    /// What is in it does not take place.
    Cancel,
}

impl Method {
    fn line(self) -> &'static str {
        match self {
            Self::Other => "",
            Self::Publish => "METHOD:PUBLISH\r\n",
            Self::Cancel => "METHOD:CANCEL\r\n",
        }
    }
}

/// What a file consists of.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) list: Vec<Part<'a>>,
    /// It says that it is a calendar.
    pub(super) is_calendar: bool,
}

/// UTF-8 as the RFC wants it, though a character may be folded in the middle; else Latin-1, which old exports are in.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        if has_calendar(text) {
            return Cow::Borrowed(text);
        }
        // Each line may be folded, the first too.
        let unfolded = String::from_utf8(unfolded(bytes)).unwrap_or_default();
        let found = has_calendar(&unfolded);
        return if found {
            Cow::Owned(unfolded)
        } else {
            Cow::Borrowed(text)
        };
    }
    match String::from_utf8(unfolded(bytes)) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

fn has_calendar(text: &str) -> bool {
    text.lines()
        .any(|line| line.trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR"))
}

/// RFC 5545 section 3.1.
fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut whole: Vec<u8> = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let [b' ' | b'\t', more @ ..] = line {
            while matches!(whole.last(), Some(b'\r' | b'\n')) {
                whole.pop();
            }
            whole.extend_from_slice(more);
        } else {
            whole.extend_from_slice(line);
        }
    }
    whole
}

/// Takes a file apart. A component that does not end, ends where the next of its kind begins.
pub(super) fn of(text: &str) -> Parts<'_> {
    let mut parts = Parts::default();
    let mut open: Option<(usize, bool)> = None;
    let (mut at, mut method) = (0, Method::Other);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let word = line.trim_end();
        let is = |what: &str| word.eq_ignore_ascii_case(what);
        let begins_zone = is("BEGIN:VTIMEZONE");
        if begins_zone || is("BEGIN:VEVENT") || is("END:VCALENDAR") {
            close(&mut parts, text, open.take(), start, method);
            open = (begins_zone || is("BEGIN:VEVENT")).then_some((start, begins_zone));
        } else if is("END:VEVENT") || is("END:VTIMEZONE") {
            close(&mut parts, text, open.take(), at, method);
        } else if is("BEGIN:VCALENDAR") {
            parts.is_calendar = true;
            method = Method::Other;
        } else if open.is_none() && is("METHOD:CANCEL") {
            method = Method::Cancel;
        } else if open.is_none() && is("METHOD:PUBLISH") {
            method = Method::Publish;
        }
    }
    close(&mut parts, text, open, text.len(), method);
    parts
}

/// Components as a file again, in their order, each in a calendar of its method.
pub(super) fn together<'a>(list: impl Iterator<Item = &'a Part<'a>>) -> Vec<u8> {
    let (mut text, mut method) = (String::from("BEGIN:VCALENDAR\r\n"), Method::Other);
    for part in list {
        if part.method != method {
            method = part.method;
            text.push_str("END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n");
            text.push_str(method.line());
        }
        text.push_str(part.text);
        if !part.text.ends_with('\n') {
            text.push_str("\r\n");
        }
    }
    text.push_str("END:VCALENDAR\r\n");
    text.into_bytes()
}

fn close<'a>(
    parts: &mut Parts<'a>,
    text: &'a str,
    open: Option<(usize, bool)>,
    end: usize,
    method: Method,
) {
    if let Some((start, is_zone)) = open
        && end - start <= MOST_BYTES
    {
        let text = &text[start..end];
        parts.list.push(Part {
            text,
            is_zone,
            method,
        });
    }
}

/// Whether the appointment may have a moment in the window; `true` in doubt. This looks at the dates alone, so that ten
/// years of past meetings cost no more than their bytes.
pub(super) fn may_meet(component: &str, window: Span) -> bool {
    // A zone is at most a day away from UTC.
    let day = |at| TimeZone::UTC.to_datetime(at).date();
    let first = day(window.start).saturating_sub(1.day());
    let last = day(window.end).saturating_add(1.day());
    let mut dates = Dates::default();
    for property in properties(component) {
        dates.look_at(&property);
    }
    if dates.repeats {
        // `UNTIL` may be in any zone, and moved meetings come on their own.
        return dates
            .until
            .is_none_or(|until| until >= first.saturating_sub(LONGEST_DAYS.days()));
    }
    let Some(start) = dates.start else {
        return true;
    };
    let end = dates
        .end
        .unwrap_or_else(|| start.saturating_add(LONGEST_DAYS.days()));
    let meets = |from: Date, to: Date| from <= last && to >= first;
    meets(start, end.max(start)) || dates.planned.is_some_and(|planned| meets(planned, planned))
}

#[derive(Default)]
struct Dates {
    start: Option<Date>,
    end: Option<Date>,
    /// `RECURRENCE-ID`: there, something does not take place.
    planned: Option<Date>,
    repeats: bool,
    until: Option<Date>,
    /// In an alarm or another component inside.
    inside: u8,
}

impl Dates {
    fn look_at(&mut self, property: &str) {
        let end = property.find([';', ':']).unwrap_or(property.len());
        let (name, rest) = property.split_at(end);
        let is = |what: &str| name.eq_ignore_ascii_case(what);
        if is("BEGIN") {
            self.inside = self.inside.saturating_add(1);
        } else if is("END") {
            self.inside = self.inside.saturating_sub(1);
        } else if self.inside > 1 {
            // Of an alarm.
        } else if is("DTSTART") {
            self.start = date(rest);
        } else if is("DTEND") {
            self.end = date(rest);
        } else if is("RECURRENCE-ID") {
            self.planned = date(rest);
            // From there on, for ever.
            self.repeats |= rest.to_ascii_uppercase().contains("THISANDFUTURE");
        } else if is("RDATE") {
            self.repeats = true;
        } else if is("RRULE") {
            self.repeats = true;
            let until = rest.to_ascii_uppercase();
            let until = until
                .split_once("UNTIL=")
                .map(|(_, until)| until.to_owned());
            self.until = until.and_then(|until| date(&format!(":{until}")));
        }
    }
}

/// Lines with what is folded under them.
fn properties(component: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut lines = component.split_inclusive('\n').peekable();
    std::iter::from_fn(move || {
        let mut whole = Cow::Borrowed(lines.next()?.trim_end_matches(['\r', '\n']));
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            let more = more[1..].trim_end_matches(['\r', '\n']);
            // A description is of no interest here, and long.
            if whole.len() < 500 {
                whole.to_mut().push_str(more);
            }
        }
        Some(whole)
    })
}

/// The date in `;TZID=…:20261126T090000`.
fn date(rest: &str) -> Option<Date> {
    let value = rest.rsplit(':').next()?.trim();
    let number = |range: std::ops::Range<usize>| value.get(range)?.parse::<i16>().ok();
    let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
    Date::new(number(0..4)?, small(4..6)?, small(6..8)?).ok()
}
