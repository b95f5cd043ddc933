//! Nothing is changed silently: from the log alone the fleet can be built again as it is.

mod told;

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use saal_fleet_protocol::fleet::{
    Scope,
    api::{
        Act, Actor, ActorKind, Change, Claim, Edit, Expected, Grant, NewAccess, NewAlertRule,
        NewSecret, NewToken, NewWebhook, Role, Serials,
    },
    wire::{Enrol, Failure, KeyProof, Outcome, Report},
};
use serde_json::json;

use self::told::{stored, told};
use super::{
    access::{self, Caller},
    alerts,
    audit::{self, Stamp},
    devices, enrolment, hooks, settings, tokens,
};
use crate::{
    error::FleetError,
    keys::Keys,
    store::{
        Store, Tx,
        testing::{self, Fresh},
    },
};

const SCOPES: [&str; 4] = ["/", "kassel", "kassel/rathaus", "kassel/rathaus/lahn"];
const ROOMS: [&str; 3] = [
    "kassel/rathaus/lahn",
    "kassel/rathaus/fulda",
    "fulda/schloss/eder",
];
const NAMES: [&str; 3] = ["one", "two", "three"];
const KEYS: [&str; 3] = ["room.name", "panel.theme", "panel.left_handed"];

/// What somebody does, well or not.
#[derive(Clone, Debug)]
enum Step {
    Set(usize, usize, u8, bool),
    Unset(usize, usize),
    Secret(usize, usize, Option<u8>),
    Token(usize, u32),
    RemoveToken(usize),
    Expect(usize, usize),
    /// A device asks: which one, with which token.
    Ask(usize, Option<usize>),
    Claim(usize, usize, bool),
    Move(usize, usize),
    Revoke(usize),
    Report(usize, u8),
    Grant(usize, usize),
    RemoveAccess(usize),
    Hook(usize),
    RemoveHook(usize),
    Rule(usize, usize),
    RemoveRule(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0..SCOPES.len();
    prop_oneof![
        (place.clone(), 0..3usize, any::<u8>(), any::<bool>())
            .prop_map(|(s, k, v, l)| Step::Set(s, k, v, l)),
        (place.clone(), 0..3usize).prop_map(|(s, k)| Step::Unset(s, k)),
        (place, 0..3usize, any::<Option<u8>>()).prop_map(|(s, n, c)| Step::Secret(s, n, c)),
        (0..3usize, 0..3u32).prop_map(|(n, uses)| Step::Token(n, uses)),
        (0..3usize).prop_map(Step::RemoveToken),
        (0..3usize, 0..3usize).prop_map(|(s, r)| Step::Expect(s, r)),
        (0..3usize, proptest::option::of(0..3usize)).prop_map(|(d, t)| Step::Ask(d, t)),
        (0..3usize, 0..3usize, any::<bool>()).prop_map(|(d, r, x)| Step::Claim(d, r, x)),
        (0..3usize, 0..3usize).prop_map(|(d, r)| Step::Move(d, r)),
        (0..3usize).prop_map(Step::Revoke),
        (0..3usize, 0..3u8).prop_map(|(d, o)| Step::Report(d, o)),
        (0..3usize, 0..4usize).prop_map(|(n, s)| Step::Grant(n, s)),
        (0..3usize).prop_map(Step::RemoveAccess),
        (0..3usize).prop_map(Step::Hook),
        (0..3usize).prop_map(Step::RemoveHook),
        (0..3usize, 0..4usize).prop_map(|(n, s)| Step::Rule(n, s)),
        (0..3usize).prop_map(Step::RemoveRule),
    ]
}

struct World {
    _folder: Fresh,
    keys: Keys,
    database: Store,
    issued: BTreeMap<usize, String>,
    now: i64,
}

fn scope(at: usize) -> Scope {
    SCOPES[at].parse().unwrap()
}

fn room(at: usize) -> Scope {
    ROOMS[at].parse().unwrap()
}

impl World {
    fn new() -> Self {
        let folder = Fresh::new();
        Self {
            keys: Keys::open(folder.path()).unwrap(),
            database: folder.store(),
            _folder: folder,
            issued: BTreeMap::new(),
            now: 1_000_000,
        }
    }

    fn take(&mut self, step: &Step) {
        self.now += 1;
        let (keys, issued, now) = (&self.keys, &mut self.issued, self.now);
        // What can't be done is not done in part.
        let _ = self.database.now(|tx| act(tx, keys, issued, now, step));
    }
}

fn act(
    tx: &Tx<'_>,
    keys: &Keys,
    issued: &mut BTreeMap<usize, String>,
    now: i64,
    step: &Step,
) -> Result<(), FleetError> {
    let now = Timestamp::from_second(now).unwrap();
    let grant = Grant {
        role: Role::Administrator,
        scope: Scope::organisation(),
    };
    let by = Actor {
        kind: ActorKind::Person,
        name: "anna".to_owned(),
    };
    let caller = Caller {
        by,
        grants: vec![grant],
    };
    let stamp = caller.stamp(now);
    match step {
        Step::Set(..) | Step::Unset(..) | Step::Secret(..) => configure(tx, keys, &stamp, step),
        Step::Ask(..) | Step::Claim(..) | Step::Move(..) | Step::Revoke(..) | Step::Report(..) => {
            handle(tx, issued, &stamp, step)
        }
        Step::Token(name, uses) => {
            let new = NewToken {
                name: NAMES[*name].to_owned(),
                uses: *uses,
                hours: 1,
                room: None,
            };
            let token = tokens::issue(tx, &new, &stamp)?.token;
            issued.insert(*name, token);
            Ok(())
        }
        Step::RemoveToken(name) => tokens::remove(tx, NAMES[*name], &stamp),
        Step::Expect(serial, at) => {
            let expected = Expected {
                serial: format!("SN{serial}"),
                room: Some(room(*at)),
            };
            tokens::expect(
                tx,
                &Serials {
                    serials: vec![expected],
                },
                &stamp,
            )
        }
        Step::Grant(..)
        | Step::RemoveAccess(..)
        | Step::Hook(..)
        | Step::RemoveHook(..)
        | Step::Rule(..)
        | Step::RemoveRule(..) => let_in(tx, keys, &caller, &stamp, step),
    }
}

/// What programs and other systems are given.
fn let_in(
    tx: &Tx<'_>,
    keys: &Keys,
    caller: &Caller,
    stamp: &Stamp,
    step: &Step,
) -> Result<(), FleetError> {
    match step {
        Step::Grant(name, at) => {
            let new = NewAccess {
                name: NAMES[*name].to_owned(),
                role: Role::Viewer,
                scope: scope(*at),
                days: Some(1),
            };
            access::grant(tx, &new, stamp).map(|_| ())
        }
        Step::RemoveAccess(name) => access::remove(tx, NAMES[*name], caller, stamp),
        Step::Hook(name) => {
            let new = NewWebhook {
                name: NAMES[*name].to_owned(),
                url: "https://example.org/".to_owned(),
                scope: scope(1),
                acts: vec![Act::DeviceMoved],
            };
            hooks::add(tx, keys, &new, stamp).map(|_| ())
        }
        Step::RemoveHook(name) => hooks::remove(tx, NAMES[*name], caller, stamp),
        Step::Rule(name, at) => {
            let plan = json!({"name": NAMES[*name], "scope": SCOPES[*at], "kinds": ["offline"],
                "channel": {"webhook": {"url": "https://example.org/"}}});
            let plan = serde_json::from_value(plan).unwrap();
            alerts::add(tx, keys, &NewAlertRule { plan, secret: None }, stamp).map(|_| ())
        }
        Step::RemoveRule(name) => alerts::remove(tx, NAMES[*name], caller, stamp),
        other => unreachable!("{other:?}"),
    }
}

fn configure(tx: &Tx<'_>, keys: &Keys, stamp: &Stamp, step: &Step) -> Result<(), FleetError> {
    let key = |key: usize| KEYS[key].parse().unwrap();
    let (at, edit) = match step {
        Step::Set(at, of, value, locked) => {
            let value = match of {
                0 => format!("Raum {}", value % 3).into(),
                1 => ["light", "dark"][usize::from(value % 2)].into(),
                _ => (value % 2 == 0).into(),
            };
            let edit = Edit::Set {
                key: key(*of),
                value,
                locked: *locked,
            };
            (*at, edit)
        }
        Step::Unset(at, of) => (*at, Edit::Unset { key: key(*of) }),
        Step::Secret(at, name, content) => {
            let new = NewSecret {
                scope: scope(*at),
                name: NAMES[*name].parse().unwrap(),
                content: content.map(|content| format!("geheim {content}")),
            };
            return settings::secret(tx, keys, &new, stamp).map(|_| ());
        }
        other => unreachable!("{other:?}"),
    };
    let change = Change {
        scope: scope(at),
        edits: vec![edit],
    };
    settings::change(tx, keys, &change, stamp).map(|_| ())
}

fn handle(
    tx: &Tx<'_>,
    issued: &BTreeMap<usize, String>,
    stamp: &Stamp,
    step: &Step,
) -> Result<(), FleetError> {
    let device = |serial: usize| {
        let found = devices::with_serial(tx, &format!("SN{serial}"))?;
        found.ok_or_else(|| FleetError::NotFound {
            what: "device".to_owned(),
        })
    };
    match step {
        Step::Ask(serial, token) => {
            let token = token.and_then(|token| issued.get(&token).cloned());
            enrolment::ask(tx, &enrol(*serial, token, stamp.now), stamp.now).map(|_| ())
        }
        Step::Claim(serial, at, replace) => {
            let asked = enrolment::ask(tx, &enrol(*serial, None, stamp.now), stamp.now)?;
            let enrolment::Entry::Waits(code) = asked else {
                return Ok(());
            };
            let claim = Claim {
                code,
                room: room(*at),
                replace: *replace,
            };
            enrolment::claim(tx, &claim, stamp).map(|_| ())
        }
        Step::Move(serial, at) => devices::move_to(tx, &device(*serial)?, &room(*at), stamp),
        Step::Revoke(serial) => devices::revoke(tx, &device(*serial)?, stamp),
        Step::Report(serial, outcome) => {
            let detail = "x".to_owned();
            let outcome = match outcome {
                0 => Outcome::Confirmed {},
                1 => Outcome::RolledBack {
                    to: 1,
                    why: Failure::Health,
                    detail,
                },
                _ => Outcome::Refused { detail },
            };
            let report = Report {
                generation: 2,
                outcome,
            };
            devices::report(tx, &device(*serial)?, &report, stamp.now)
        }
        other => unreachable!("{other:?}"),
    }
}

/// Each time another key, as a device that was reset has.
fn enrol(serial: usize, token: Option<String>, now: Timestamp) -> Enrol {
    Enrol {
        key: KeyProof {
            key: format!("key {now}"),
            proof: String::new(),
        },
        seal_key: String::new(),
        serial: format!("SN{serial}"),
        model: "Saal".to_owned(),
        token,
        root: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: testing::cases(64), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fleet_can_be_told_from_its_log(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            let look = |tx: &Tx<'_>| Ok((audit::after(tx, 0, 1000)?, stored(tx), audit::check(tx)?));
            let (entries, stored, check) = world.database.now(look).unwrap();
            let mut told = told(&entries);
            // What a device confirmed later is no longer its last word.
            told.retain(|key, _| key.0 != "report" || stored.contains_key(key));
            prop_assert_eq!(told, stored, "after {:?}", step);
            prop_assert_eq!(check.broken_at, None);
        }
    }
}

/// A log of a few lines; what is done to it; where it is seen.
fn after_meddling(sql: &str) -> Option<u64> {
    let mut world = World::new();
    for at in 0..3 {
        world.take(&Step::Expect(at, 0));
    }
    let head = world.database.now(audit::check).unwrap().head;
    assert_eq!(head.len(), 64);
    let refused = world.database.now(|tx| Ok(tx.execute(sql, ())?));
    assert!(refused.is_err(), "the database itself does not do it");
    let meddle = |tx: &Tx<'_>| {
        for trigger in ["audit_is_not_changed", "audit_is_not_shortened"] {
            tx.drop_trigger(trigger, "audit");
        }
        Ok(tx.execute(sql, ())?)
    };
    world.database.now(meddle).unwrap();
    let check = world.database.now(audit::check).unwrap();
    if check.broken_at.is_none() {
        assert_ne!(check.head, head, "who kept the head sees it");
    }
    check.broken_at
}

#[test]
fn a_changed_log_is_seen() {
    assert_eq!(
        after_meddling("UPDATE audit SET name = 'otto' WHERE number = 2"),
        Some(2)
    );
    assert_eq!(
        after_meddling("UPDATE audit SET after = NULL WHERE number = 1"),
        Some(1)
    );
    assert_eq!(
        after_meddling("UPDATE audit SET act = 'x' WHERE number = 3"),
        Some(3)
    );
    assert_eq!(
        after_meddling("DELETE FROM audit WHERE number = 2"),
        Some(3)
    );
    assert_eq!(after_meddling("DELETE FROM audit WHERE number = 3"), None);
}

#[test]
fn who_looks_after_a_site_reads_of_nothing_else() {
    let mut world = World::new();
    for at in 0..SCOPES.len() {
        world.take(&Step::Grant(at.min(2), at));
    }
    world.take(&Step::Expect(0, 0));
    let seen = |scope: &str, query: audit::Query| {
        let grant = Grant {
            role: Role::Viewer,
            scope: scope.parse().unwrap(),
        };
        let list = |tx: &Tx<'_>| audit::list(tx, &[grant], &query);
        world.database.now(list).unwrap()
    };
    let scopes = |page: &saal_fleet_protocol::fleet::api::AuditPage| {
        let scopes = page.items.iter().map(|entry| entry.scope.to_string());
        scopes.collect::<Vec<_>>()
    };
    assert_eq!(seen("/", audit::Query::default()).items.len(), 4);
    let site = seen("kassel", audit::Query::default());
    assert_eq!(scopes(&site), ["kassel/rathaus", "kassel"]);
    assert!(seen("kass", audit::Query::default()).items.is_empty());
    let first = audit::Query {
        limit: Some(1),
        ..audit::Query::default()
    };
    let first = seen("kassel", first);
    assert_eq!((first.items.len(), first.next), (1, Some(3)));
    let second = audit::Query {
        older_than: first.next,
        ..audit::Query::default()
    };
    let second = seen("kassel", second);
    assert_eq!(
        (scopes(&second), second.next),
        (vec!["kassel".to_owned()], None)
    );
}
