//! Whether the room may be worked on now: the time and the room's day are arguments.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use saal_fleet_protocol::{
    config::{self, Config, Updates},
    fleet::update::Wait,
};

/// Before a meeting nothing is done for so long.
const BEFORE: SignedDuration = SignedDuration::from_mins(30);
/// A daemon that has said nothing for so long holds no meeting; perhaps the update mends it.
const GIVEN_UP: Duration = Duration::from_secs(10 * 60);

/// A meeting, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// `None`: a call without an appointment.
    pub start: Option<Timestamp>,
    /// People are in its call, or it goes on by appointment.
    pub under_way: bool,
}

/// The room's day, as its daemon tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Day {
    /// It answers.
    Known {
        /// Nobody is in a call at the room.
        idle: bool,
        /// What is not over.
        meetings: Vec<Appointment>,
    },
    /// It has not answered for so long.
    Silent(Duration),
}

/// When a room may be worked on: its windows, by its own clock.
#[derive(Clone, Debug)]
pub struct Rules {
    zone: TimeZone,
    updates: Updates,
}

impl Rules {
    /// Those of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            zone: config.room.time_zone.zone(),
            updates: config.updates.clone(),
        }
    }

    /// How updates come.
    #[must_use]
    pub fn updates(&self) -> &Updates {
        &self.updates
    }

    /// Whether something may be done now.
    ///
    /// # Errors
    /// What it has to wait for.
    pub fn check(&self, now: Timestamp, day: &Day) -> Result<(), Wait> {
        if !self.updates.are_open(self.zone.to_datetime(now)) {
            return Err(Wait::Window);
        }
        let (idle, meetings) = match day {
            Day::Known { idle, meetings } => (*idle, meetings),
            Day::Silent(long) if *long >= GIVEN_UP => return Ok(()),
            Day::Silent(_) => return Err(Wait::Room),
        };
        if !idle || meetings.iter().any(|meeting| meeting.under_way) {
            return Err(Wait::Meeting);
        }
        let soon = |meeting: &Appointment| {
            let left = meeting.start.map(|start| start.duration_since(now));
            left.is_some_and(|left| !left.is_negative() && left <= BEFORE)
        };
        if meetings.iter().any(soon) {
            return Err(Wait::MeetingSoon);
        }
        Ok(())
    }
}

/// Those of the configuration in use.
pub(super) fn rules(path: &Path) -> Option<Rules> {
    let text = std::fs::read_to_string(path).ok()?;
    let config = config::parse(&text);
    config.ok().map(|config| Rules::of(&config))
}

#[cfg(test)]
mod tests {
    use saal_fleet_protocol::config;

    use super::*;

    fn rules(windows: &str) -> Rules {
        let text = format!(
            "version = 1\n[room]\nname = \"Lahn\"\ntime_zone = \"Europe/Berlin\"\n[fleet]\nserver = \"f.example.org\"\n\
             [updates]\nwindows = {windows}\n"
        );
        Rules::of(&config::parse(&text).unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn free() -> Day {
        Day::Known {
            idle: true,
            meetings: Vec::new(),
        }
    }

    #[test]
    fn windows_are_those_of_the_rooms_clock_in_summer_and_winter() {
        let night = rules("[\"02:00-05:00\"]");
        assert_eq!(night.check(at("2026-11-26T01:30:00Z"), &free()), Ok(()));
        assert_eq!(
            night.check(at("2026-11-26T00:30:00Z"), &free()),
            Err(Wait::Window)
        );
        assert_eq!(night.check(at("2026-07-26T00:30:00Z"), &free()), Ok(()));
        assert_eq!(
            rules("[]").check(at("2026-07-26T00:30:00Z"), &free()),
            Err(Wait::Window)
        );
    }

    #[test]
    fn nothing_is_done_in_the_half_hour_before_a_meeting_nor_in_one() {
        let always = rules("[\"00:00-24:00\"]");
        let now = at("2026-11-26T10:00:00Z");
        let with = |start: Option<&str>, under_way| Day::Known {
            idle: true,
            meetings: vec![Appointment {
                start: start.map(at),
                under_way,
            }],
        };
        let checked = |day| always.check(now, &day);
        assert_eq!(checked(with(Some("2026-11-26T10:30:01Z"), false)), Ok(()));
        for soon in ["2026-11-26T10:30:00Z", "2026-11-26T10:00:00Z"] {
            assert_eq!(checked(with(Some(soon), false)), Err(Wait::MeetingSoon));
        }
        let began = Some("2026-11-26T09:00:00Z");
        assert_eq!(checked(with(began, true)), Err(Wait::Meeting));
        assert_eq!(checked(with(None, true)), Err(Wait::Meeting));
        // A standing meeting in which nobody is.
        assert_eq!(checked(with(None, false)), Ok(()));
        let call = Day::Known {
            idle: false,
            meetings: Vec::new(),
        };
        assert_eq!(checked(call), Err(Wait::Meeting));
    }

    #[test]
    fn a_silent_room_is_waited_for_but_not_for_ever() {
        let always = rules("[\"00:00-24:00\"]");
        let now = at("2026-11-26T10:00:00Z");
        let silent = |seconds| Day::Silent(Duration::from_secs(seconds));
        assert_eq!(always.check(now, &silent(599)), Err(Wait::Room));
        assert_eq!(always.check(now, &silent(600)), Ok(()));
    }
}
