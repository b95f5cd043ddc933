//! Series of meetings: RFC 5545 section 3.8.5.3, within limits.
//!
//! Rules are expanded on the wall clock of the series' zone, then each start is put on the
//! time line: a meeting at ten stays at ten when the clocks change. Section 3.3.5 says what a
//! time means that a change of clocks skips or repeats; jiff's "compatible" is the same.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeZone as _};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{self, Date},
    tz::TimeZone,
};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

use crate::{
    entry::Span,
    problem::{Problem, quoted},
};

/// Longer rules are no rules that a person made.
const MOST_RULE_BYTES: usize = 500;
/// Meetings in one day; more is a mistake and costs time on each look.
const MOST_TIMES_A_DAY: usize = 24;
/// Steps to find the meetings of a window; a daily meeting reaches half a century.
const MOST_STEPS: usize = 20_000;
/// Years in which a series may begin.
const YEARS: std::ops::RangeInclusive<i16> = 1601..=2199;

/// Meetings that repeat.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) uid: String,
    pub(crate) zone: TimeZone,
    /// The first one on the zone's wall clock.
    pub(crate) first: civil::DateTime,
    pub(crate) length: SignedDuration,
    /// `None`: only what is listed beside it.
    pub(crate) rule: Option<Rule>,
    /// Starts that are left out.
    pub(crate) without: BTreeSet<Timestamp>,
    /// Starts beside the rule.
    pub(crate) besides: Vec<Timestamp>,
}

/// A rule that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    rule: RRule<Unvalidated>,
    /// The last moment on the wall clock; kept apart because the rule is moved along.
    until: Option<civil::DateTime>,
}

/// The meetings could not be counted within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Rule {
    /// Reads `FREQ=…;…` for a series that begins at `first`.
    pub(crate) fn read(
        text: &str,
        first: civil::DateTime,
        zone: &TimeZone,
    ) -> Result<Self, Problem> {
        if text.len() > MOST_RULE_BYTES {
            let what = format!("longer than {MOST_RULE_BYTES} bytes");
            return Err(Problem::at("rrule", what));
        }
        let bad = |what: String| Problem::at("rrule", format!("{}: {what}", quoted(text)));
        let (rest, until) = take_until(text.trim().trim_start_matches("RRULE:"));
        let until = until.map(|u| read_until(u, zone).ok_or_else(|| bad(format!("UNTIL={u}"))));
        let until = until.transpose()?;
        let rest = with_each_day_counted(&rest);
        let rule: RRule<Unvalidated> = rest.parse().map_err(|e| bad(format!("{e}")))?;
        check_limits(&rule, first).map_err(|what| bad(what.to_owned()))?;
        let valid = rule.clone().validate(floating(first));
        let valid = valid.map_err(|e| bad(format!("{e}")))?;
        // The thirtieth of February: the search is long, so it is made once.
        let set = RRuleSet::new(floating(first)).rrule(valid).limit();
        if set.into_iter().next().is_none() {
            return Err(bad("never takes place".to_owned()));
        }
        Ok(Self { rule, until })
    }
}

/// UNTIL is taken out because its zone is ours to interpret.
fn take_until(text: &str) -> (String, Option<&str>) {
    let mut until = None;
    let mut rest = Vec::new();
    for part in text.split(';').filter(|p| !p.is_empty()) {
        match part.split_once('=') {
            Some((key, value)) if key.eq_ignore_ascii_case("UNTIL") => until = Some(value),
            _ => rest.push(part),
        }
    }
    (rest.join(";"), until)
}

/// `BYDAY=MO,1TU` as `1MO,2MO,3MO,4MO,5MO,1TU`: of a list with both kinds, the crate gives the days that are of both, which are
/// none.
fn with_each_day_counted(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    let counted =
        |day: &str| day.starts_with(['+', '-']) || day.starts_with(|c: char| c.is_ascii_digit());
    let most = if upper.contains("FREQ=YEARLY") && !upper.contains("BYMONTH=") {
        53
    } else {
        5
    };
    let of = |part: &str| {
        let days = part.strip_prefix("BYDAY=")?;
        if !days.split(',').any(counted) || days.split(',').all(counted) {
            return None;
        }
        let each = days.split(',').flat_map(|day| match counted(day) {
            true => vec![day.to_owned()],
            false => (1..=most).map(|nth| format!("{nth}{day}")).collect(),
        });
        Some(format!("BYDAY={}", each.collect::<Vec<_>>().join(",")))
    };
    let parts = upper
        .split(';')
        .map(|part| of(part).unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join(";")
}

/// A date means until its end; `Z` means UTC; else the wall clock of the series.
fn read_until(text: &str, zone: &TimeZone) -> Option<civil::DateTime> {
    if let Some(utc) = text.strip_suffix('Z') {
        let civil = read_civil(utc)?;
        // The end of all days, in any zone.
        let at = TimeZone::UTC.to_timestamp(civil);
        return Some(at.map_or(civil, |at| zone.to_datetime(at)));
    }
    if text.len() == 8 {
        return read_civil(&format!("{text}T235959"));
    }
    read_civil(text)
}

/// `20261123T090000`
pub(crate) fn read_civil(text: &str) -> Option<civil::DateTime> {
    let shape = |(i, b): (usize, u8)| {
        if i == 8 {
            b == b'T'
        } else {
            b.is_ascii_digit()
        }
    };
    if text.len() != 15 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let number = |range| text.get(range).and_then(|t: &str| t.parse::<i16>().ok());
    let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(number(0..4)?, small(4..6)?, small(6..8)?).ok()?;
    let time = civil::Time::new(small(9..11)?, small(11..13)?, small(13..15)?, 0).ok()?;
    Some(date.to_datetime(time))
}

fn check_limits(rule: &RRule<Unvalidated>, first: civil::DateTime) -> Result<(), &'static str> {
    let often = matches!(
        rule.get_freq(),
        Frequency::Hourly | Frequency::Minutely | Frequency::Secondly
    );
    let times = [
        rule.get_by_hour(),
        rule.get_by_minute(),
        rule.get_by_second(),
    ]
    .iter()
    .map(|list| list.len().max(1))
    .product::<usize>();
    if often || times > MOST_TIMES_A_DAY {
        return Err("repeats too often; at most 24 times a day, by BYHOUR");
    }
    if rule.get_interval() == 0 {
        return Err("INTERVAL is at least 1");
    }
    if !YEARS.contains(&first.year()) {
        return Err("a series begins between 1601 and 2199");
    }
    Ok(())
}

impl Series {
    /// Starts of the meetings that have a moment in the window.
    pub(crate) fn starts(&self, window: Span) -> Result<BTreeSet<Timestamp>, TooMany> {
        let earliest = window
            .start
            .checked_sub(self.length)
            .unwrap_or(Timestamp::MIN);
        let mut starts = self.by_rule(earliest, window.end)?;
        starts.extend(&self.besides);
        starts.retain(|s| Span::of(*s, self.length).meets(window) && !self.without.contains(s));
        Ok(starts)
    }

    /// Whether a meeting of this series is planned to begin at this moment.
    pub(crate) fn has(&self, start: Timestamp) -> Result<bool, TooMany> {
        let listed = self.besides.contains(&start) || self.by_rule(start, start)?.contains(&start);
        Ok(listed && !self.without.contains(&start))
    }

    /// What the rule alone gives between two moments, both inclusive, and perhaps some around.
    fn by_rule(&self, from: Timestamp, to: Timestamp) -> Result<BTreeSet<Timestamp>, TooMany> {
        let Some(rule) = &self.rule else {
            return Ok(BTreeSet::new());
        };
        // Clocks of a zone are never a day apart.
        let last = self.zone.to_datetime(to).saturating_add(1.day());
        let last = rule.until.map_or(last, |until| until.min(last));
        let earliest = self.zone.to_datetime(from).saturating_sub(1.day());
        let mut starts = BTreeSet::new();
        if self.first > last {
            return Ok(starts);
        }
        let Some(set) = self.moved_along(&rule.rule, earliest) else {
            return Ok(starts);
        };
        for (step, date) in set.into_iter().enumerate() {
            let civil = settled(&date);
            if civil > last {
                break;
            }
            if step >= MOST_STEPS {
                return Err(TooMany);
            }
            if civil >= earliest
                && let Ok(start) = self.zone.to_timestamp(civil)
            {
                starts.insert(start);
            }
        }
        Ok(starts)
    }

    /// The rule from its beginning, or from a later meeting that leads to the same ones; `None` where all that it counts come
    /// before `earliest`.
    fn moved_along(
        &self,
        rule: &RRule<Unvalidated>,
        earliest: civil::DateTime,
    ) -> Option<RRuleSet> {
        let days = match rule.get_freq() {
            Frequency::Daily => i64::from(rule.get_interval()),
            Frequency::Weekly => 7 * i64::from(rule.get_interval()),
            _ => 0,
        };
        let ahead = i64::from((earliest - self.first).get_days());
        let movable = days > 0 && ahead > days && is_counted_by_periods(rule);
        let periods = if movable { ahead / days } else { 0 };
        let left = match rule.get_count() {
            Some(count) => {
                let left = u32::try_from(i64::from(count) - periods).ok();
                rule.clone().count(left.filter(|left| *left > 0)?)
            }
            None => rule.clone(),
        };
        let begin = self.first.saturating_add((periods * days).days());
        let set = |rule: RRule<Unvalidated>, begin| {
            let valid = rule.validate(floating(begin)).ok()?;
            Some(RRuleSet::new(floating(begin)).rrule(valid).limit())
        };
        let whole = || set(rule.clone(), self.first);
        let set = set(left, begin).or_else(whole);
        Some(set.expect("Rule::read has validated it for the first meeting"))
    }
}

/// Whether it is known how many meetings so many days or weeks have, or does not matter: a rule without COUNT, or one
/// meeting in each.
fn is_counted_by_periods(rule: &RRule<Unvalidated>) -> bool {
    let plain = rule.get_by_weekday().is_empty()
        && rule.get_by_month().is_empty()
        && rule.get_by_month_day().is_empty()
        && rule.get_by_year_day().is_empty()
        && rule.get_by_week_no().is_empty()
        && rule.get_by_set_pos().is_empty()
        && rule.get_by_hour().is_empty()
        && rule.get_by_minute().is_empty()
        && rule.get_by_second().is_empty();
    rule.get_count().is_none() || plain
}

/// A wall clock's time as the rule's arithmetic wants it: without a zone, in UTC's clothes.
fn floating(civil: civil::DateTime) -> DateTime<Tz> {
    let at = TimeZone::UTC
        .to_timestamp(civil)
        .map_or(0, Timestamp::as_second);
    Tz::UTC
        .timestamp_opt(at, 0)
        .single()
        .expect("UTC skips and repeats nothing")
}

fn settled(date: &DateTime<Tz>) -> civil::DateTime {
    let at = Timestamp::from_second(date.timestamp()).unwrap_or(Timestamp::MAX);
    TimeZone::UTC.to_datetime(at)
}
