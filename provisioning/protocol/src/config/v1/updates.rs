//! When and how the room gets another release of its system.

use jiff::civil::{DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

use url::Url;

use super::super::values::Kilobytes;

/// When and how the room gets another release of its system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Updates {
    /// Only then, by the room's clock.
    pub windows: Vec<Window>,
    /// So much a second is fetched at most.
    pub kilobytes_per_second: Kilobytes,
    /// A server nearer by that has bundles, each under its SHA-256 with `.raucb` behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheAddress>,
}

impl Default for Updates {
    fn default() -> Self {
        Self {
            windows: vec![Window::night()],
            kilobytes_per_second: Kilobytes::default(),
            cache: None,
        }
    }
}

impl Updates {
    /// Whether one of the windows is open.
    #[must_use]
    pub fn are_open(&self, here: DateTime) -> bool {
        self.windows.iter().any(|window| window.contains(here))
    }
}

/// Where bundles are nearer by: `https:` or `http:`, as what comes from there is checked before it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CacheAddress(Url);

impl CacheAddress {
    /// Where one bundle is.
    #[must_use]
    pub fn bundle(&self, sha256: &str) -> Url {
        self.file(&format!("{sha256}.raucb"))
    }

    /// Where the list of its pieces is, if the cache has it.
    #[must_use]
    pub fn pieces(&self, sha256: &str) -> Url {
        self.file(&format!("{sha256}.pieces"))
    }

    fn file(&self, name: &str) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        url
    }
}

impl TryFrom<String> for CacheAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(Self(url)),
            _ => Err(format!(
                "\"{text}\" is no address of a cache; write \"https://cache.example.org/saal\""
            )),
        }
    }
}

impl From<CacheAddress> for String {
    fn from(value: CacheAddress) -> String {
        value.0.into()
    }
}

/// Days of the week, the first one first.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Hours in which the room may be worked on: `02:00-05:00`, `sat,sun 00:00-24:00`, `mon-fri 22:00-06:00`.
///
/// Hours that go over midnight belong to the day on which they begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    days: [bool; 7],
    from: Time,
    /// `None`: the end of the day.
    until: Option<Time>,
    text: String,
}

impl Window {
    fn night() -> Self {
        let text = "02:00-05:00".to_owned();
        text.try_into().expect("a window as people write it")
    }

    fn is_on(&self, day: Weekday) -> bool {
        self.days[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// Whether it is open at a time of the room's clock.
    #[must_use]
    pub fn contains(&self, here: DateTime) -> bool {
        let (day, at) = (here.weekday(), here.time());
        match self.until {
            None => self.is_on(day) && at >= self.from,
            Some(until) if self.from < until => self.is_on(day) && at >= self.from && at < until,
            Some(until) => {
                let began_today = self.is_on(day) && at >= self.from;
                began_today || (self.is_on(day.previous()) && at < until)
            }
        }
    }
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (days, hours) = match text.split_once(' ') {
            Some((days, hours)) => (days_of(days), hours.trim()),
            None => (Some([true; 7]), text.as_str()),
        };
        let read = || {
            let (from, until) = hours.split_once('-')?;
            let until = match until {
                "24:00" => None,
                until => Some(time(until)?),
            };
            Some((days?, time(from)?, until))
        };
        match read() {
            Some((days, from, until)) if until != Some(from) => Ok(Self {
                days,
                from,
                until,
                text,
            }),
            _ => Err(format!(
                "\"{text}\" is no window; write it as \"02:00-05:00\", \"mon-fri 22:00-06:00\" or \"sat,sun 00:00-24:00\""
            )),
        }
    }
}

impl From<Window> for String {
    fn from(window: Window) -> String {
        window.text
    }
}

fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text).ok()
}

/// `sat,sun` or `mon-fri`; from Sunday on it goes on with Monday.
fn days_of(text: &str) -> Option<[bool; 7]> {
    let at = |name: &str| DAYS.iter().position(|(known, _)| *known == name);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (at(first)?, at(last)?);
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn window(text: &str) -> Window {
        text.to_owned().try_into().unwrap()
    }

    /// In the week of Monday, 2 November 2026.
    fn at(day: i8, hour: i8, minute: i8) -> DateTime {
        date(2026, 11, 1 + day).at(hour, minute, 0, 0)
    }

    #[test]
    fn a_night_is_open_from_its_first_minute_to_its_last() {
        let night = window("02:00-05:00");
        let open: Vec<bool> = [(1, 59), (2, 0), (4, 59), (5, 0)]
            .map(|(hour, minute)| night.contains(at(3, hour, minute)))
            .to_vec();
        assert_eq!(open, [false, true, true, false]);
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        let nights = window("mon-fri 22:00-06:00");
        assert!(!nights.contains(at(1, 5, 0)), "Monday before the first");
        assert!(nights.contains(at(1, 22, 0)));
        assert!(nights.contains(at(6, 5, 59)), "the end of Friday's");
        assert!(!nights.contains(at(6, 22, 0)), "Saturday");
    }

    #[test]
    fn whole_days_and_days_around_the_weekend() {
        let weekend = window("sat,sun 00:00-24:00");
        assert!(weekend.contains(at(7, 23, 59)) && !weekend.contains(at(8, 0, 0)));
        let around = window("fri-mon 12:00-13:00");
        let days: Vec<bool> = (1..=7).map(|day| around.contains(at(day, 12, 0))).collect();
        assert_eq!(days, [true, false, false, false, true, true, true]);
    }

    #[test]
    fn a_bundle_lies_below_the_cache() {
        for text in [
            "http://cache.example.org/saal",
            "http://cache.example.org/saal/",
        ] {
            let cache: CacheAddress = text.to_owned().try_into().unwrap();
            assert_eq!(
                cache.bundle("ab").as_str(),
                "http://cache.example.org/saal/ab.raucb"
            );
        }
        assert!(CacheAddress::try_from("file:///x".to_owned()).is_err());
    }

    #[test]
    fn what_is_no_window_is_said() {
        for wrong in [
            "02:00",
            "02:00-02:00",
            "24:00-02:00",
            "x 02:00-05:00",
            "mon-x 02:00-05:00",
            "",
            "25:00-26:00",
        ] {
            let error = Window::try_from(wrong.to_owned()).unwrap_err();
            assert!(error.contains("no window"), "{wrong}: {error}");
        }
        assert_eq!(String::from(window("sat 01:00-02:00")), "sat 01:00-02:00");
    }
}
