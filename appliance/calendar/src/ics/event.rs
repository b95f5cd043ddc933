//! One `VEVENT`.

use std::collections::{BTreeMap, BTreeSet};

use calcard::{
    Entry, Parser,
    common::PartialDateTime,
    icalendar::{
        ICalendarClassification, ICalendarComponent, ICalendarEntry, ICalendarParameterName,
        ICalendarParameterValue, ICalendarParticipationStatus, ICalendarPeriod, ICalendarProperty,
        ICalendarStatus, ICalendarTransparency, ICalendarValue,
    },
};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::{
    Reading,
    group::Version,
    moment::{When, at_time_of, civil_of, days, duration_of, fixed},
    parts::{Method, Part},
    zones::Zones,
};
use crate::{
    link::{self, Field, Found},
    problem::{Problem, quoted},
    recurrence::Rule,
};

/// Titles are cut to what a panel may ever show, in characters.
const LONGEST_TITLE: usize = 500;
/// More dates of one kind in one appointment are no dates that a person set.
const MOST_DATES: usize = 5_000;
/// Some producers leave the end away; a meeting of this length is told.
const USUAL: SignedDuration = SignedDuration::from_mins(30);
/// Nothing lasts longer; an end beyond is a mistake.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Which occurrence of a series an event speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) when: When,
    /// `RANGE=THISANDFUTURE`: and of all later ones.
    pub(crate) and_later: bool,
}

/// What the room has to do with a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invited {
    /// It is not among the invited, or invites itself.
    No,
    /// It has not answered.
    Open,
    /// It comes, or perhaps.
    Accepted,
    Declined,
}

/// What a `VEVENT` says, as far as a room needs it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) uid: Box<str>,
    pub(crate) planned: Option<Planned>,
    pub(crate) version: Version,
    pub(crate) title: Box<str>,
    pub(crate) start: When,
    pub(crate) length: SignedDuration,
    pub(crate) rule: Option<Rule>,
    pub(crate) besides: Vec<Timestamp>,
    /// Of those that last as long as they say, not as the series.
    pub(crate) lengths: BTreeMap<Timestamp, SignedDuration>,
    pub(crate) without: Vec<When>,
    pub(crate) cancelled: bool,
    pub(crate) invited: Invited,
    pub(crate) tentative: bool,
    /// Only that the room is taken may be shown.
    pub(crate) private: bool,
    /// It takes no time of the room: a birthday, a holiday.
    pub(crate) free: bool,
    /// When people came, as the room wrote it there.
    pub(crate) checked_in: Option<Timestamp>,
    pub(crate) organizer: Box<str>,
    pub(crate) found: Found,
}

impl Event {
    /// It repeats, or speaks of one meeting of what does.
    pub(crate) fn is_of_series(&self) -> bool {
        self.planned.is_some() || self.rule.is_some() || !self.besides.is_empty()
    }
}

/// An event, and what of it could not be read.
pub(super) struct Read {
    pub(super) event: Event,
    pub(super) problems: Vec<Problem>,
}

/// Reads a component.
pub(super) fn read(
    part: &Part<'_>,
    zones: &Zones<'_>,
    reading: Reading<'_>,
) -> Result<Read, Problem> {
    let Entry::ICalendar(read) = Parser::new(part.text).entry() else {
        return Err(Problem::at("VEVENT", "this can't be read"));
    };
    let component = read.components.first();
    let component = component.ok_or_else(|| Problem::at("VEVENT", "it is empty"))?;
    let mut reader = Reader {
        component,
        method: part.method,
        zones,
        problems: Vec::new(),
    };
    let title = reader.title();
    let event = reader.event(&title, reading);
    let event = event.map_err(|problem| problem.inside(&quoted(&title)))?;
    let problems = reader.problems.into_iter();
    let problems = problems
        .map(|problem| problem.inside(&quoted(&title)))
        .collect();
    Ok(Read { event, problems })
}

struct Reader<'a> {
    component: &'a ICalendarComponent,
    method: Method,
    zones: &'a Zones<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn event(&mut self, title: &str, reading: Reading<'_>) -> Result<Event, Problem> {
        let planned = self.planned()?;
        // Exceptions without a start of their own take place as planned.
        let start = match self.moment(&ICalendarProperty::Dtstart)? {
            Some(start) => start,
            None => match &planned {
                Some(planned) => planned.when.clone(),
                None => return Err(Problem::at("DTSTART", "it is missing")),
            },
        };
        let length = self.length(&start);
        let rule = self.rule(&start);
        let (besides, lengths) = self.besides(&start);
        let (text_of, is) = (
            |name| self.text(name),
            |a: Option<&str>, b: &str| a.is_some_and(|a| a.eq_ignore_ascii_case(b)),
        );
        let busy = text_of(&other("X-MICROSOFT-CDO-BUSYSTATUS"));
        let transparent = matches!(
            self.value(&ICalendarProperty::Transp),
            Some(ICalendarValue::Transparency(
                ICalendarTransparency::Transparent
            ))
        );
        let status = match self.value(&ICalendarProperty::Status) {
            Some(ICalendarValue::Status(status)) => Some(status.clone()),
            _ => None,
        };
        let uid = self
            .text(&ICalendarProperty::Uid)
            .map(str::trim)
            .unwrap_or_default();
        let uid = if uid.is_empty() {
            // Without one it is known by what and when it is.
            format!("{title}/{}", start.timestamp())
        } else {
            uid.to_owned()
        };
        Ok(Event {
            uid: uid.into(),
            version: self.version(),
            title: title.into(),
            length,
            lengths,
            besides,
            without: self.dates(&ICalendarProperty::Exdate),
            cancelled: status == Some(ICalendarStatus::Cancelled) || self.method == Method::Cancel,
            invited: self.invited(reading.room),
            checked_in: self.checked_in(),
            tentative: status == Some(ICalendarStatus::Tentative) || is(busy, "TENTATIVE"),
            private: self.is_private(),
            free: transparent || is(busy, "FREE"),
            organizer: self.organizer().into(),
            found: link::find(self.fields(), reading.jitsi),
            rule,
            start,
            planned,
        })
    }

    fn entry(&self, name: &ICalendarProperty) -> Option<&'a ICalendarEntry> {
        self.component
            .entries
            .iter()
            .find(|entry| entry.name == *name)
    }

    fn value(&self, name: &ICalendarProperty) -> Option<&'a ICalendarValue> {
        self.entry(name)?.values.first()
    }

    fn text(&self, name: &ICalendarProperty) -> Option<&'a str> {
        self.value(name)?.as_text()
    }

    fn title(&self) -> String {
        let title = self.text(&ICalendarProperty::Summary).unwrap_or_default();
        let words = title.split_whitespace().collect::<Vec<_>>().join(" ");
        words.chars().take(LONGEST_TITLE).collect()
    }

    fn version(&self) -> Version {
        let sequence = self.value(&ICalendarProperty::Sequence);
        let sent = self.stamp(&ICalendarProperty::Dtstamp);
        // A feed's stamp says when somebody asked for it.
        let like_changed = sent.filter(|_| self.method != Method::Publish);
        let changed = self.stamp(&ICalendarProperty::LastModified);
        Version {
            sequence: sequence.and_then(ICalendarValue::as_integer).unwrap_or(0),
            changed: changed.or(like_changed).unwrap_or(0),
            sent: sent.unwrap_or(0),
        }
    }

    fn stamp(&self, name: &ICalendarProperty) -> Option<i64> {
        match self.value(name)? {
            ICalendarValue::PartialDateTime(stamp) => stamp.to_timestamp(),
            _ => None,
        }
    }

    fn is_private(&self) -> bool {
        // RFC 5545 section 3.8.1.3: what is not known is private.
        let class = self.value(&ICalendarProperty::Class);
        let public = ICalendarValue::Classification(ICalendarClassification::Public);
        class.is_some_and(|class| *class != public)
    }

    fn organizer(&self) -> String {
        let Some(entry) = self.entry(&ICalendarProperty::Organizer) else {
            return String::new();
        };
        let name = entry.parameter(&ICalendarParameterName::Cn);
        let name = name.and_then(ICalendarParameterValue::as_text);
        let name = name
            .or_else(|| entry.calendar_address())
            .unwrap_or_default();
        name.chars().take(LONGEST_TITLE).collect()
    }

    /// Of several of the room's addresses the most definite answer holds.
    fn invited(&self, room: &[String]) -> Invited {
        let organizer = self.entry(&ICalendarProperty::Organizer);
        if organizer.is_some_and(|entry| is_room(entry, room)) {
            return Invited::No;
        }
        let attendees = self.component.properties(&ICalendarProperty::Attendee);
        let of_room = attendees.filter(|entry| is_room(entry, room));
        let answers: Vec<Invited> = of_room.map(answer).collect();
        let definite = [Invited::Declined, Invited::Accepted, Invited::Open];
        let found = definite.into_iter().find(|of| answers.contains(of));
        found.unwrap_or(Invited::No)
    }

    fn checked_in(&self) -> Option<Timestamp> {
        let text = self.text(&other(crate::edit::CHECKED_IN))?;
        let civil = civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text.trim()).ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    }

    fn planned(&mut self) -> Result<Option<Planned>, Problem> {
        let name = ICalendarProperty::RecurrenceId;
        let Some(when) = self.moment(&name)? else {
            return Ok(None);
        };
        let range = self.entry(&name);
        let and_later = range.is_some_and(|e| e.has_parameter(&ICalendarParameterName::Range));
        Ok(Some(Planned { when, and_later }))
    }

    /// A moment, in its zone.
    fn moment(&mut self, name: &ICalendarProperty) -> Result<Option<When>, Problem> {
        let Some(entry) = self.entry(name) else {
            return Ok(None);
        };
        let Some(ICalendarValue::PartialDateTime(date)) = entry.values.first() else {
            let what = entry.values.first().and_then(ICalendarValue::as_text);
            let what = format!("{} is no date", quoted(what.unwrap_or_default()));
            return Err(Problem::at(name.as_str(), what));
        };
        let when = self.when(date, entry);
        when.map(Some)
            .ok_or_else(|| Problem::at(name.as_str(), "there is no such day or time"))
    }

    fn when(&mut self, date: &PartialDateTime, entry: &ICalendarEntry) -> Option<When> {
        let civil = civil_of(date)?;
        if !date.has_time() {
            return Some(When {
                civil,
                zone: self.zones.room().clone(),
                whole_day: true,
            });
        }
        let zone = match (date.tz_hour, entry.tz_id()) {
            (Some(hours), _) => fixed(hours, date.tz_minute.unwrap_or(0), date.tz_minus),
            (None, None) => self.zones.room().clone(),
            (None, Some(name)) => self.zone(entry.name.as_str(), name),
        };
        Some(When {
            civil,
            zone,
            whole_day: false,
        })
    }

    /// A zone that nobody knows is taken for the room's own, and told.
    fn zone(&mut self, property: &str, name: &str) -> TimeZone {
        if let Some(zone) = self.zones.get(name) {
            return zone;
        }
        let field = format!("{property}.TZID");
        let what = format!("unknown time zone {}; taken for the room's", quoted(name));
        self.problems.push(Problem::at(&field, what));
        self.zones.room().clone()
    }

    fn length(&mut self, start: &When) -> SignedDuration {
        let end = match self.moment(&ICalendarProperty::Dtend) {
            Ok(end) => end,
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        };
        let length = match (end, self.value(&ICalendarProperty::Duration)) {
            (Some(end), _) => end.timestamp().duration_since(start.timestamp()),
            (None, Some(ICalendarValue::Duration(duration))) => duration_of(duration, start),
            // RFC 5545 section 3.6.1: a date lasts its day, a time lasts no time, which no meeting does.
            (None, _) if start.whole_day => days(1, start),
            (None, _) => USUAL,
        };
        if length < SignedDuration::ZERO || length > LONGEST {
            let what = "the end is before the start or a year after it";
            self.problems.push(Problem::at("DTEND", what));
            return USUAL;
        }
        match (length.is_zero(), start.whole_day) {
            (true, true) => days(1, start),
            (true, false) => USUAL,
            (false, _) => length,
        }
    }

    fn rule(&mut self, start: &When) -> Option<Rule> {
        let value = self.value(&ICalendarProperty::Rrule)?;
        let text = match value {
            ICalendarValue::RecurrenceRule(rule) => rule.to_string(),
            other => other.as_text().unwrap_or_default().to_owned(),
        };
        match Rule::read(&text, start.civil, &start.zone) {
            Ok(rule) => Some(rule),
            Err(problem) => {
                // Its first meeting is better than none.
                self.problems.push(problem);
                None
            }
        }
    }

    fn dates(&mut self, name: &ICalendarProperty) -> Vec<When> {
        let mut found = Vec::new();
        for entry in self.component.properties(name) {
            for value in &entry.values {
                if let ICalendarValue::PartialDateTime(date) = value
                    && found.len() < MOST_DATES
                    && let Some(when) = self.when(date, entry)
                {
                    found.push(when);
                }
            }
        }
        found
    }

    /// `RDATE`: dates, times, and periods, which have their own length.
    fn besides(&mut self, start: &When) -> (Vec<Timestamp>, BTreeMap<Timestamp, SignedDuration>) {
        let (mut found, mut lengths) = (BTreeSet::new(), BTreeMap::new());
        for when in self.dates(&ICalendarProperty::Rdate) {
            found.insert(at_time_of(start, &when));
        }
        for entry in self.component.properties(&ICalendarProperty::Rdate) {
            for value in &entry.values {
                if let ICalendarValue::Period(period) = value
                    && let Some((at, length)) = self.period(period, entry)
                {
                    found.insert(at);
                    lengths.insert(at, length);
                }
            }
        }
        (found.into_iter().take(MOST_DATES).collect(), lengths)
    }

    fn period(
        &mut self,
        period: &ICalendarPeriod,
        entry: &ICalendarEntry,
    ) -> Option<(Timestamp, SignedDuration)> {
        let (ICalendarPeriod::Range { start, .. } | ICalendarPeriod::Duration { start, .. }) =
            period;
        let start = self.when(start, entry)?;
        let length = match period {
            ICalendarPeriod::Range { end, .. } => {
                let end = self.when(end, entry)?;
                end.timestamp().duration_since(start.timestamp())
            }
            ICalendarPeriod::Duration { duration, .. } => duration_of(duration, &start),
        };
        let sane = length > SignedDuration::ZERO && length <= LONGEST;
        sane.then(|| (start.timestamp(), length))
    }

    /// Where the place may be written.
    fn fields(&self) -> Vec<(Field, &'a str)> {
        let mut fields = Vec::new();
        for entry in &self.component.entries {
            let Some(field) = field(entry) else { continue };
            let values = entry.values.iter().filter_map(ICalendarValue::as_text);
            fields.extend(values.map(|text| (field, text)));
        }
        fields
    }
}

fn is_room(entry: &ICalendarEntry, room: &[String]) -> bool {
    // A principal or a number is the address for some; RFC 7986 section 6.2 has the mail's beside it.
    let email = entry.parameter(&ICalendarParameterName::Email);
    let email = email.and_then(ICalendarParameterValue::as_text);
    let addresses = [entry.calendar_address(), email];
    addresses.iter().flatten().any(|address| {
        let bare = address.strip_prefix("mailto:").unwrap_or(address);
        room.iter().any(|known| known.eq_ignore_ascii_case(bare))
    })
}

/// Without a word it has not answered, RFC 5545 section 3.2.12.
fn answer(attendee: &ICalendarEntry) -> Invited {
    use ICalendarParticipationStatus as Status;
    match attendee.parameter(&ICalendarParameterName::Partstat) {
        Some(ICalendarParameterValue::Partstat(Status::Declined)) => Invited::Declined,
        Some(ICalendarParameterValue::Partstat(Status::NeedsAction)) | None => Invited::Open,
        Some(_) => Invited::Accepted,
    }
}

/// What may hold the meeting's link.
fn field(entry: &ICalendarEntry) -> Option<Field> {
    match &entry.name {
        // Of several the one for pictures or sound; `FEATURE=PHONE` alone has a number.
        ICalendarProperty::Conference => Some(Field::Conference),
        ICalendarProperty::Url => Some(Field::Url),
        ICalendarProperty::Location => Some(Field::Location),
        ICalendarProperty::Description => Some(Field::Description),
        ICalendarProperty::StyledDescription => Some(Field::Html),
        ICalendarProperty::Other(name) => {
            let name = name.to_ascii_uppercase();
            match name.as_str() {
                "X-ALT-DESC" => Some(Field::Html),
                _ if VENDORS.iter().any(|word| name.contains(word)) => Some(Field::Vendor),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Words in the names of producers' properties for links: `X-GOOGLE-CONFERENCE`, `X-MICROSOFT-SKYPETEAMSMEETINGURL`,
/// `X-MICROSOFT-ONLINEMEETINGCONFLINK`, `X-JITSI-URL`, `X-ELEMENT-CALL`.
const VENDORS: [&str; 8] = [
    "CONFERENCE",
    "MEETINGURL",
    "CONFLINK",
    "EXTERNALLINK",
    "JITSI",
    "ELEMENT",
    "JOINURL",
    "ONLINE-MEETING",
];

fn other(name: &str) -> ICalendarProperty {
    ICalendarProperty::Other(name.to_owned())
}
