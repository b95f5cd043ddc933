use saal_fleet_protocol::fleet::api::ActorKind;

use super::*;
use crate::{
    fleet::{enrolment, listing},
    store::testing::Fresh,
};

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_000_000_000 + milliseconds).unwrap()
}

fn person(name: &str, now: i64) -> Stamp {
    let by = Actor {
        kind: ActorKind::Person,
        name: name.to_owned(),
    };
    Stamp { by, now: at(now) }
}

/// A device in a room, connected to this node.
fn device(tx: &Tx<'_>) -> Result<Device, FleetError> {
    let row = enrolment::in_kassel(tx, at(0))?;
    presence::note(tx, 0, std::slice::from_ref(&row.device), &[])?;
    listing::show(tx, &row.device)
}

const LOOK: AskHelp = AskHelp { touch: false };
const WORK: AskHelp = AskHelp { touch: true };

fn problem<T: std::fmt::Debug>(result: Result<T, FleetError>) -> HelpProblem {
    match result {
        Err(FleetError::Help(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

/// The log: what, by whom, and why.
fn log(tx: &Tx<'_>) -> Vec<(Act, String, serde_json::Value)> {
    let all = audit::after(tx, 0, 100).unwrap().into_iter();
    let helps = all.filter(|line| line.act.as_str().starts_with("help_"));
    helps
        .map(|line| {
            (
                line.act,
                line.by.name,
                line.after.unwrap_or_default()["why"].clone(),
            )
        })
        .collect()
}

fn allow(tx: &Tx<'_>, device: &DeviceId, number: u64) -> Result<(), FleetError> {
    said(tx, device, (number, &HelpNews::Allowed {}), at(0))
}

#[test]
fn one_person_helps_a_room_at_a_time_and_may_begin_anew() {
    let fresh = Fresh::new();
    let all = fresh.store().now(|tx| {
        let device = device(tx)?;
        let name = &device.device;
        assert_eq!(due(tx, name)?, None);
        assert_eq!(ask(tx, &device, LOOK, &person("anna", 0))?.number, 1);
        let helped = HelpProblem::Helped("anna".to_owned());
        assert_eq!(problem(ask(tx, &device, WORK, &person("otto", 1))), helped);
        assert_eq!(problem(look(tx, name, &person("otto", 1).by)), helped);
        assert_eq!(ask(tx, &device, WORK, &person("anna", 2))?.number, 2);
        let told = due(tx, name)?.unwrap();
        assert_eq!(
            (told.number, told.touch, told.name.as_str()),
            (2, true, "anna")
        );
        allow(tx, name, 1)?;
        assert_eq!(
            look(tx, name, &person("anna", 3).by)?.state,
            RoomHelpState::Asked {}
        );
        allow(tx, name, 2)?;
        allow(tx, name, 2)?;
        assert_eq!(
            look(tx, name, &person("anna", 3).by)?.state,
            RoomHelpState::Allowed {}
        );
        assert_eq!(due(tx, name)?.unwrap().looks, 2);
        // Whoever may ask there ends it; then the other one is next.
        stop(tx, name, &person("otto", 4))?;
        stop(tx, name, &person("otto", 5))?;
        assert_eq!(due(tx, name)?, None);
        assert_eq!(
            problem(look(tx, name, &person("anna", 6).by)),
            HelpProblem::NotAllowed
        );
        ask(tx, &device, LOOK, &person("otto", 7))?;
        let (asked, refused) = (Act::HelpAsked, Act::HelpRefused);
        let line = |act, by: &str, why: &str| {
            (
                act,
                by.to_owned(),
                match why {
                    "" => serde_json::Value::Null,
                    why => why.into(),
                },
            )
        };
        let lines = [
            line(asked, "anna", ""),
            line(refused, "anna", "left"),
            line(asked, "anna", ""),
            line(Act::HelpAllowed, name.as_str(), ""),
            line(Act::HelpEnded, "otto", "left"),
            line(asked, "otto", ""),
        ];
        assert_eq!(log(tx), lines);
        Ok(())
    });
    all.unwrap();
}

#[test]
fn touches_are_for_who_may_and_no_faster_than_a_finger() {
    let fresh = Fresh::new();
    let all = fresh.store().now(|tx| {
        let device = device(tx)?;
        let name = &device.device;
        let tap = |x, now, by: &str| {
            let at = TouchPanel { x, y: 9 };
            touch(tx, name, at, &person(by, now))
        };
        assert_eq!(problem(tap(1, 0, "anna")), HelpProblem::NotAllowed);
        ask(tx, &device, LOOK, &person("anna", 0))?;
        allow(tx, name, 1)?;
        assert_eq!(
            problem(tap(1, 0, "anna")),
            HelpProblem::NotAllowed,
            "to look alone"
        );
        ask(tx, &device, WORK, &person("anna", 0))?;
        assert_eq!(
            problem(tap(1, 0, "anna")),
            HelpProblem::NotAllowed,
            "not yet"
        );
        allow(tx, name, 2)?;
        assert_eq!(
            problem(tap(1, 0, "otto")),
            HelpProblem::Helped("anna".to_owned())
        );
        assert!(matches!(
            tap(MOST_PIXELS, 0, "anna"),
            Err(FleetError::Malformed(_))
        ));
        for x in 1..=5 {
            tap(x, i64::from(x) * 100, "anna")?;
        }
        assert_eq!(problem(tap(6, 1099, "anna")), HelpProblem::TooFast);
        tap(6, 1100, "anna")?;
        let touches = due(tx, name)?.unwrap().touches;
        let read: Vec<(u64, u32)> = touches.iter().map(|t| (t.number, t.x)).collect();
        assert_eq!(read, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)]);
        for x in 0..100 {
            tap(x, 10_000 + i64::from(x) * 1000, "anna")?;
        }
        let touches = due(tx, name)?.unwrap().touches;
        assert_eq!(touches.len(), KEPT_TOUCHES);
        assert_eq!(touches.last().unwrap().number, 106, "numbers go on");
        let begun = log(tx)
            .into_iter()
            .filter(|line| line.0 == Act::HelpTouched);
        assert_eq!(
            begun.count(),
            1,
            "that it began is in the log, not each touch"
        );
        Ok(())
    });
    all.unwrap();
}

#[test]
fn what_ended_without_a_word_stands_in_nobody_s_way() {
    let fresh = Fresh::new();
    let all = fresh.store().now(|tx| {
        let device = device(tx)?;
        let name = &device.device;
        let seconds = |count: i64| count * 1000;
        ask(tx, &device, LOOK, &person("anna", 0))?;
        allow(tx, name, 1)?;
        ask(tx, &device, LOOK, &person("otto", seconds(LONGEST + 1)))?;
        assert_eq!(
            log(tx)[2],
            (Act::HelpEnded, "saal-fleet".to_owned(), "lost".into())
        );
        let why = (HelpEnd::Lost, at(0));
        noticed(tx, name, Some(1), why)?;
        assert!(due(tx, name)?.is_some(), "of another help");
        noticed(tx, name, None, why)?;
        assert_eq!(due(tx, name)?, None);
        let shown = show(tx, name, at(seconds(LONGEST + 2)))?.unwrap();
        let why = HelpEnd::Lost;
        assert_eq!(shown.state, RoomHelpState::Ended { why });
        assert_eq!(show(tx, name, at(seconds(LONGEST + 2 + KEPT)))?, None);
        presence::note(tx, 0, &[], std::slice::from_ref(name))?;
        assert_eq!(
            problem(ask(tx, &device, LOOK, &person("anna", 0))),
            HelpProblem::Away
        );
        Ok(())
    });
    all.unwrap();
}
