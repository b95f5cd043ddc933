//! A site goes down and comes back: what is told of it, and what is not.

use saal_fleet_protocol::fleet::{
    Scope,
    api::{Actor, ActorKind, AlertGroup, AlertKind},
};

use super::*;
use crate::{
    fleet::presence,
    store::{Store, testing::Fresh},
};

const SINCE: i64 = 1_000_000;
const MINUTE: i64 = 60;

struct World {
    folder: Fresh,
    keys: Keys,
    store: Store,
    /// When the server began to look.
    watched: i64,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn caller() -> Caller {
    let grant = Grant {
        role: Role::Administrator,
        scope: Scope::organisation(),
    };
    let by = Actor {
        kind: ActorKind::Person,
        name: "anna".to_owned(),
    };
    Caller {
        by,
        grants: vec![grant],
    }
}

/// `after` 10 minutes, `gather` 60 s, `pause` 15 minutes.
fn new(name: &str, more: &serde_json::Value) -> NewAlertRule {
    let mut plan = json!({"name": name, "scope": "/", "channel": {"webhook": {"url": "https://example.org/"}}});
    plan.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    NewAlertRule {
        plan: serde_json::from_value(plan).unwrap(),
        secret: None,
    }
}

/// A message as lines: how many of what where, and `-` for what is over.
fn lines(message: &Message) -> Vec<String> {
    let line = |sign: &str, group: &AlertGroup| {
        let code = group
            .code
            .as_ref()
            .map_or_else(String::new, |code| format!(" {code}"));
        format!(
            "{sign}{} {} of {} {}{code}",
            group.kind.as_str(),
            group.count,
            group.of,
            group.place
        )
    };
    let began = message.began.iter().map(|group| line("", group));
    began
        .chain(message.over.iter().map(|group| line("-", group)))
        .collect()
}

impl World {
    fn new() -> Self {
        let folder = Fresh::new();
        Self {
            keys: Keys::open(folder.path()).unwrap(),
            store: folder.store(),
            folder,
            watched: SINCE,
        }
    }

    fn rule(&self, name: &str, more: &serde_json::Value) {
        let new = new(name, more);
        let add = |tx: &Tx<'_>| add(tx, &self.keys, &new, &Stamp::server(at(SINCE)));
        self.store.now(add).unwrap();
    }

    fn device(&self, name: &str, room: &str) {
        let sql = "INSERT INTO devices (device, key, seal_key, serial, model, room, claimed, last_seen) VALUES (?1, ?1, '', ?1, '', ?2, ?3, ?3)";
        self.store
            .now(|tx| Ok(tx.execute(sql, params![name, room, SINCE])?))
            .unwrap();
    }

    fn set(&self, sql: &str, device: &str, value: impl crate::store::ToValue) {
        self.store
            .now(|tx| Ok(tx.execute(sql, params![device, value])?))
            .unwrap();
    }

    fn comes(&self, device: &str) {
        let id = device.parse().unwrap();
        self.store
            .now(|tx| presence::note(tx, 1, &[id], &[]))
            .unwrap();
    }

    fn goes(&self, device: &str, now: i64) {
        let id = device.parse().unwrap();
        self.store
            .now(|tx| presence::note(tx, 1, &[], &[id]))
            .unwrap();
        self.set(
            "UPDATE devices SET last_seen = ?2 WHERE device = ?1",
            device,
            now,
        );
    }

    fn troubles(&self, device: &str, codes: &[&str]) {
        let state = json!({"phase": "home", "troubles": codes}).to_string();
        self.set(
            "UPDATE devices SET state = ?2 WHERE device = ?1",
            device,
            state,
        );
    }

    fn rules(&self) -> Vec<AlertRule> {
        self.store.now(|tx| rules(tx, &caller())).unwrap()
    }

    /// A look at this second; what is to be sent then.
    fn look(&self, second: i64) -> Vec<(String, Message)> {
        let now = at(second);
        let wrong = self
            .store
            .now(|tx| wrong(tx, at(self.watched), now))
            .unwrap();
        while self.store.now(|tx| step(tx, &wrong, now)).unwrap() {}
        let due = self.store.now(|tx| due(tx, &self.keys, now)).unwrap();
        due.into_iter()
            .map(|one| (one.plan.name, one.message))
            .collect()
    }

    /// The same, and each is taken.
    fn told(&self, second: i64) -> Vec<String> {
        let mut all = Vec::new();
        for (name, message) in self.look(second) {
            let took = |tx: &Tx<'_>| took(tx, (&name, &message.id), None, at(second));
            self.store.now(took).unwrap();
            all.extend(lines(&message));
        }
        all
    }
}

fn device(number: usize) -> String {
    format!("{number:016x}")
}

#[test]
fn a_sites_outage_is_one_message_and_so_is_its_end() {
    let world = World::new();
    world.rule("night", &json!({}));
    world.rule("fulda", &json!({"scope": "fulda"}));
    for number in 0..6 {
        world.device(&device(number), &format!("kassel/rathaus/r{number}"));
        world.comes(&device(number));
    }
    assert!(world.told(SINCE + 100).is_empty());
    let gone = SINCE + 1000;
    // Not all at once.
    for number in 0..6 {
        world.goes(&device(number), gone + i64::try_from(number).unwrap() * 5);
    }
    assert!(world.told(gone + 9 * MINUTE).is_empty(), "it may come back");
    assert!(
        world.told(gone + 10 * MINUTE + 20).is_empty(),
        "more may come"
    );
    let told = world.told(gone + 11 * MINUTE);
    assert_eq!(told, ["offline 6 of 6 kassel/rathaus"]);
    assert!(world.told(gone + 60 * MINUTE).is_empty(), "it is known");

    for number in 0..5 {
        world.comes(&device(number));
    }
    let back = gone + 61 * MINUTE;
    assert!(world.told(back).is_empty(), "more may come back");
    assert_eq!(
        world.told(back + MINUTE),
        ["-offline 5 of 6 kassel/rathaus"]
    );
    world.comes(&device(5));
    assert!(
        world.told(back + 3 * MINUTE).is_empty(),
        "too soon after the last one"
    );
    assert_eq!(
        world.told(back + 17 * MINUTE),
        ["-offline 1 of 1 kassel/rathaus/r5"]
    );
    let open = world.store.now(|tx| open(tx, &caller().grants)).unwrap();
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_message_that_nobody_takes_waits_over_a_restart_and_what_came_meanwhile_comes_after_it() {
    let mut world = World::new();
    world.rule(
        "night",
        &json!({"gather_seconds": 0, "pause_minutes": 0, "kinds": ["offline"]}),
    );
    world.device(&device(1), "kassel/rathaus/lahn");
    world.device(&device(2), "fulda/dom/eder");
    world.comes(&device(2));
    let now = SINCE + 20 * MINUTE;
    let first = world.look(now);
    assert_eq!(lines(&first[0].1), ["offline 1 of 1 kassel/rathaus/lahn"]);
    let (name, id) = (first[0].0.as_str(), first[0].1.id.as_str());
    let refuse = |second: i64, random: u8| {
        let failed =
            |tx: &Tx<'_>| failed(tx, (name, id), "Verbindung abgelehnt", (at(second), random));
        world.store.now(failed).unwrap();
    };
    refuse(now, 255);
    assert!(world.look(now + 9).is_empty(), "it rests");
    assert_eq!(world.look(now + 10), first, "and comes again as it was");
    refuse(now + 10, 0);
    assert_eq!(world.look(now + 20), first, "earlier, where chance says so");
    let rules = world.rules();
    assert_eq!(
        (rules[0].failures, rules[0].waits, rules[0].open),
        (2, true, 1)
    );
    assert_eq!(rules[0].problem.as_deref(), Some("Verbindung abgelehnt"));

    // Another process with the same database, an hour later; meanwhile one came back, and one went and came.
    world.store = world.folder.store();
    world.watched = now + 60 * MINUTE;
    world.comes(&device(1));
    world.goes(&device(2), now + 61 * MINUTE);
    let later = now + 75 * MINUTE;
    assert_eq!(world.look(later), first);
    world.comes(&device(2));
    assert_eq!(world.told(later + 1), lines(&first[0].1));
    assert_eq!(
        world.told(later + 2),
        [
            "-offline 1 of 1 fulda/dom/eder",
            "-offline 1 of 1 kassel/rathaus/lahn"
        ],
        "nothing is lost"
    );
    assert!(world.told(later + 3).is_empty());
    let rules = world.rules();
    assert_eq!(
        (
            rules[0].failures,
            rules[0].waits,
            rules[0].problem.is_none()
        ),
        (0, false, true)
    );
}

#[test]
fn a_server_that_was_off_misses_nobody_at_its_start() {
    let mut world = World::new();
    world.rule("night", &json!({"gather_seconds": 0}));
    world.device(&device(1), "kassel/rathaus/lahn");
    world.watched = SINCE + 86_400;
    assert!(
        world.told(world.watched + 9 * MINUTE).is_empty(),
        "it has had no time to come"
    );
    assert_eq!(world.told(world.watched + 10 * MINUTE).len(), 1);
}

#[test]
fn what_a_room_says_is_told_by_kind_and_what_does_not_last_is_not() {
    let world = World::new();
    world.rule("all", &json!({"gather_seconds": 0, "pause_minutes": 0}));
    world.device(&device(1), "kassel/rathaus/lahn");
    world.comes(&device(1));
    world.troubles(&device(1), &["camera", "other_room", "not_ready_camera"]);
    assert_eq!(
        world.told(SINCE),
        ["not_ready 1 of 1 kassel/rathaus/lahn not_ready_camera"]
    );
    world.troubles(&device(1), &["microphone"]);
    assert_eq!(
        world.told(SINCE + MINUTE),
        ["-not_ready 1 of 1 kassel/rathaus/lahn not_ready_camera"],
        "a camera that was back after a minute is nobody's business"
    );
    assert_eq!(
        world.told(SINCE + 12 * MINUTE),
        ["trouble 1 of 1 kassel/rathaus/lahn microphone"]
    );
    // Nobody knows how its microphone is while it is away.
    world.goes(&device(1), SINCE + 12 * MINUTE);
    assert_eq!(
        world.told(SINCE + 30 * MINUTE),
        ["offline 1 of 1 kassel/rathaus/lahn"]
    );
    world.troubles(&device(1), &[]);
    world.comes(&device(1));
    assert_eq!(
        world.told(SINCE + 31 * MINUTE),
        [
            "-offline 1 of 1 kassel/rathaus/lahn",
            "-trouble 1 of 1 kassel/rathaus/lahn microphone"
        ]
    );
}

#[test]
fn a_certificate_that_is_not_renewed_and_a_rollout_that_stopped_are_told_once() {
    let world = World::new();
    world.rule("all", &json!({"gather_seconds": 0, "pause_minutes": 0, "kinds": ["certificate", "rollout_stopped"]}));
    world.device(&device(1), "kassel/rathaus/lahn");
    world.comes(&device(1));
    let day = 24 * 60 * MINUTE;
    let ends = SINCE + 100 * day;
    let id = device(1).parse().unwrap();
    world
        .store
        .now(|tx| crate::fleet::devices::certified(tx, &id, ends))
        .unwrap();
    assert!(world.told(ends - 21 * day).is_empty());
    assert_eq!(
        world.told(ends - 19 * day),
        ["certificate 1 of 1 kassel/rathaus/lahn"]
    );
    world
        .store
        .now(|tx| crate::fleet::devices::certified(tx, &id, ends + 90 * day))
        .unwrap();
    assert_eq!(
        world.told(ends - 18 * day),
        ["-certificate 1 of 1 kassel/rathaus/lahn"]
    );

    let stopped = |by: Stamp, name: &str| {
        let deed = Deed {
            act: Act::RolloutStopped,
            scope: &"kassel".parse().unwrap(),
            object: name,
            before: None,
            after: Some(json!({"why": "3 of 10 are worse off"})),
        };
        world.store.now(|tx| audit::record(tx, &by, deed)).unwrap();
    };
    stopped(caller().stamp(at(ends)), "by anna");
    stopped(Stamp::server(at(ends)), "winter");
    let sent = world.look(ends);
    let (name, message) = &sent[0];
    assert_eq!(message.began[0].names, ["winter"]);
    assert_eq!(
        message.began[0].detail.as_deref(),
        Some("3 of 10 are worse off")
    );
    let took = |tx: &Tx<'_>| took(tx, (name, &message.id), None, at(ends));
    world.store.now(took).unwrap();
    assert!(world.told(ends + day).is_empty());
}

#[test]
fn a_back_up_shows_no_secret_and_a_rule_is_its_places() {
    let world = World::new();
    let mut new = new(
        "mail",
        &json!({"scope": "kassel", "kinds": [AlertKind::Offline], "channel": {"mail": {
        "server": "localhost", "port": 25, "security": "start_tls", "user": "saal", "from": "a@b", "to": ["c@d"]}}}),
    );
    new.secret = Some("nobody reads this".to_owned());
    let stamp = Stamp::server(at(SINCE));
    world
        .store
        .now(|tx| add(tx, &world.keys, &new, &stamp))
        .unwrap();
    let text = |tx: &Tx<'_>| {
        let all = tx.query_map("SELECT * FROM alert_rules", (), |row| {
            Ok(format!(
                "{} {:?}",
                row.get::<_, String>("plan")?,
                row.get::<_, Vec<u8>>("secret")?
            ))
        });
        Ok(all?.concat())
    };
    assert!(!world.store.now(text).unwrap().contains("nobody reads this"));
    let there = world
        .store
        .now(|tx| trial(tx, &world.keys, "mail", &caller(), at(SINCE)))
        .unwrap();
    assert_eq!(there.secret.as_deref(), Some("nobody reads this"));
    let mut elsewhere = caller();
    elsewhere.grants[0].scope = "fulda".parse().unwrap();
    assert!(
        world
            .store
            .now(|tx| rules(tx, &elsewhere))
            .unwrap()
            .is_empty()
    );
    let removed = world.store.now(|tx| remove(tx, "mail", &elsewhere, &stamp));
    assert!(matches!(removed, Err(FleetError::Forbidden { .. })));
    world
        .store
        .now(|tx| remove(tx, "mail", &caller(), &stamp))
        .unwrap();
}

#[test]
fn what_people_with_keys_have_to_do_is_told_until_it_is_done() {
    let world = World::new();
    world.rule(
        "keys",
        &json!({"gather_seconds": 0, "pause_minutes": 0, "kinds": ["root", "unsigned"]}),
    );
    world.device(&device(1), "kassel/rathaus/lahn");
    world.comes(&device(1));
    let root = world
        .store
        .now(|tx| crate::fleet::roots::begin(tx, &world.keys, None, at(SINCE)))
        .unwrap();
    let ends = root.unwrap().root().expires.as_second();
    let day = 24 * 60 * MINUTE;
    assert!(world.told(ends - 31 * day).is_empty());
    assert_eq!(world.told(ends - 29 * day), ["root 1 of 1 /"]);

    let pending = "UPDATE devices SET update_pending = ?2 WHERE device = ?1";
    world.set(pending, &device(1), 1_i64);
    let begun = ends - 28 * day;
    assert!(world.told(begun).is_empty(), "it may be signed at once");
    assert_eq!(world.told(begun + 11 * MINUTE), ["unsigned 1 of 1 /"]);
    world.set(pending, &device(1), 0_i64);
    assert_eq!(world.told(begun + 12 * MINUTE), ["-unsigned 1 of 1 /"]);
}

#[test]
fn an_authority_that_ends_soon_is_told_until_it_is_signed_again() {
    let world = World::new();
    world.rule(
        "keys",
        &json!({"gather_seconds": 0, "pause_minutes": 0, "kinds": ["authority"]}),
    );
    world.device(&device(1), "kassel/rathaus/lahn");
    world.comes(&device(1));
    let day = 24 * 60 * MINUTE;
    let good_for = |days: i64| crate::fleet::authority::InForce {
        chain: format!("good for {days} days"),
        until: at(SINCE + days * day),
    };
    let begun = good_for(40);
    world
        .store
        .now(|tx| crate::fleet::authority::begin(tx, &begun))
        .unwrap();
    assert!(world.told(SINCE + 9 * day).is_empty());
    assert_eq!(world.told(SINCE + 11 * day), ["authority 1 of 1 /"]);
    let (next, stamp) = (good_for(400), Stamp::server(at(SINCE + 12 * day)));
    world
        .store
        .now(|tx| crate::fleet::authority::install(tx, &next, &stamp))
        .unwrap();
    assert_eq!(world.told(SINCE + 12 * day), ["-authority 1 of 1 /"]);
}
