//! Whether a new configuration stays. Pure: looks at the room and the time are arguments.

use std::{collections::BTreeSet, time::Duration};

use saal_control::DayStatus;
use saal_fleet_protocol::fleet::wire::{Failure, RoomState};

/// It has to be well so many times in a row.
const STEADY: u32 = 2;

/// The room as its daemon tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// `home`, `call`, …
    pub phase: String,
    /// The account has said how it is and the engine runs.
    pub settled: bool,
    /// Codes of what is wrong.
    pub troubles: BTreeSet<String>,
    /// When it is taken, and whether its next meeting needs another room.
    pub day: DayStatus,
}

impl Look {
    /// Nobody is disturbed by another configuration.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.phase == "home"
    }

    fn serious(&self) -> BTreeSet<&str> {
        let codes = self.troubles.iter().map(String::as_str);
        codes
            .filter(|code| RoomState::SERIOUS.contains(code))
            .collect()
    }
}

/// What to do with the trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is too early to say.
    Wait,
    /// It is good.
    Confirm,
    /// It is not.
    RollBack(Failure, String),
}

/// A trial under way.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What was wrong before is not held against it.
    before: BTreeSet<String>,
    /// So long it may take.
    patience: Duration,
    /// Well so many times in a row.
    well: u32,
    reached: bool,
    /// What was wrong last.
    wrong: String,
}

impl Watch {
    /// Begins; `before` is how the room was, `None` if it did not answer.
    #[must_use]
    pub fn new(before: Option<&Look>, patience: Duration) -> Self {
        Self {
            before: before.map(|look| look.troubles.clone()).unwrap_or_default(),
            patience,
            well: 0,
            reached: false,
            wrong: "the room's daemon does not answer".to_owned(),
        }
    }

    /// The server answered over a connection that was opened with the new configuration.
    pub fn reach(&mut self) {
        self.reached = true;
    }

    /// Another look at the room, so long after the beginning.
    pub fn look(&mut self, look: Option<&Look>, elapsed: Duration) -> Verdict {
        match self.fault(look) {
            None => self.well += 1,
            Some(fault) => {
                self.well = 0;
                self.wrong = fault;
            }
        }
        let well = self.well >= STEADY;
        if well && self.reached {
            return Verdict::Confirm;
        }
        if elapsed < self.patience {
            return Verdict::Wait;
        }
        if well {
            let detail = format!(
                "the server was not reached within {} s",
                self.patience.as_secs()
            );
            return Verdict::RollBack(Failure::CutOff, detail);
        }
        Verdict::RollBack(Failure::Health, self.wrong.clone())
    }

    fn fault(&self, look: Option<&Look>) -> Option<String> {
        let Some(look) = look else {
            return Some("the room's daemon does not answer".to_owned());
        };
        let serious = look.serious();
        let new: Vec<&str> = serious
            .into_iter()
            .filter(|code| !self.before.contains(*code))
            .collect();
        if !new.is_empty() {
            return Some(format!("the room says: {}", new.join(", ")));
        }
        (!look.settled).then(|| "account and media engine are not ready".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn look(settled: bool, troubles: &[&str]) -> Look {
        Look {
            phase: "home".to_owned(),
            settled,
            troubles: troubles.iter().map(|code| (*code).to_owned()).collect(),
            ..Look::default()
        }
    }

    #[test]
    fn it_stays_when_the_room_is_well_and_the_server_answers() {
        let mut watch = Watch::new(Some(&look(true, &[])), LONG);
        let well = look(true, &["calendar"]);
        assert_eq!(watch.look(Some(&well), LONG / 60), Verdict::Wait);
        assert_eq!(watch.look(Some(&well), LONG / 30), Verdict::Wait);
        watch.reach();
        assert_eq!(watch.look(Some(&well), LONG / 20), Verdict::Confirm);
    }

    #[test]
    fn what_was_broken_before_is_not_its_fault_but_what_is_new() {
        let mut watch = Watch::new(Some(&look(true, &["homeserver_unreachable"])), LONG);
        watch.reach();
        let old = look(true, &["homeserver_unreachable"]);
        assert_eq!(watch.look(Some(&old), LONG / 60), Verdict::Wait);
        let new = look(true, &["homeserver_unreachable", "signed_out"]);
        assert_eq!(watch.look(Some(&new), LONG / 30), Verdict::Wait);
        let verdict = watch.look(Some(&new), LONG);
        let expected = Verdict::RollBack(Failure::Health, "the room says: signed_out".to_owned());
        assert_eq!(verdict, expected);
    }

    #[test]
    fn a_room_without_its_server_goes_back() {
        let mut watch = Watch::new(None, LONG);
        let well = look(true, &[]);
        assert_eq!(watch.look(Some(&well), LONG / 2), Verdict::Wait);
        let verdict = watch.look(Some(&well), LONG);
        assert!(
            matches!(verdict, Verdict::RollBack(Failure::CutOff, _)),
            "{verdict:?}"
        );
    }

    #[test]
    fn a_silent_room_goes_back() {
        let mut watch = Watch::new(None, LONG);
        watch.reach();
        let verdict = watch.look(None, LONG);
        assert!(
            matches!(verdict, Verdict::RollBack(Failure::Health, _)),
            "{verdict:?}"
        );
    }
}
