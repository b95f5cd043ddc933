//! Whatever happens between a server and a device, and in whichever order: in the end the device has
//! what it should have, or the server knows why not.

#[path = "../../../agent/tests/support/disk.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the tests of the agent use the rest"
)]
mod disk;

use std::collections::VecDeque;

use jiff::Timestamp;
use proptest::prelude::*;
use saal_agent::{
    identity::Identity,
    ledger::{Ledger, Stale},
};
use saal_fleet_protocol::fleet::{
    DeviceId,
    api::{Change, Claim, Edit},
    order::{DOCUMENT, Order},
    wire::{Enrol, Failure, FromDevice, FromServer, Hello, KeyProof, Outcome},
};

use super::{audit::Stamp, devices, enrolment, listing, orders, settings};
use crate::{
    keys::Keys,
    store::{
        Store, Tx, rows,
        testing::{self, Fresh},
    },
};

const ROOM: &str = "kassel/rathaus/lahn";
/// A document with this in it makes the room ill.
const POISON: &str = "left_handed = true";

#[derive(Clone, Debug)]
enum Step {
    /// IT changes something that is good for the room, or is not.
    Change {
        value: u8,
        poison: bool,
    },
    Connect,
    Disconnect,
    /// The next message on its way arrives.
    ServerHears,
    DeviceHears,
    /// The trial comes to its end.
    TrialEnds,
    /// The power goes between two writes, and comes back.
    PowerCut {
        seed: u64,
    },
    /// A back-up is made.
    BackUp,
    /// The server's disk broke; the back-up takes its place.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (60u8..70, proptest::bool::weighted(0.3)).prop_map(|(value, poison)| Step::Change { value, poison }),
        3 => Just(Step::Connect),
        1 => Just(Step::Disconnect),
        6 => Just(Step::ServerHears),
        6 => Just(Step::DeviceHears),
        4 => Just(Step::TrialEnds),
        1 => any::<u64>().prop_map(|seed| Step::PowerCut { seed }),
        1 => Just(Step::BackUp),
        1 => Just(Step::Restore),
    ]
}

struct World {
    folder: Fresh,
    keys: Keys,
    database: Store,
    back_up: Option<(Fresh, Store)>,
    device: DeviceId,
    identity: Identity,
    disk: disk::Model,
    ledger: Ledger<disk::Model>,
    waiting: Option<(Order, String)>,
    /// What is under way, while there is a connection.
    link: Option<(VecDeque<FromDevice>, VecDeque<FromServer>)>,
    /// The order's generation that it was told last over it.
    told: u64,
    now: i64,
}

fn edit(key: &str, value: impl Into<toml::Value>) -> Edit {
    Edit::Set {
        key: key.parse().unwrap(),
        value: value.into(),
        locked: false,
    }
}

/// The same database once more.
fn copied(database: &Store) -> (Fresh, Store) {
    let folder = Fresh::new();
    let copy = folder.store();
    let copying = database.now(|from| copy.now(|to| Ok(rows::copy(from, to)?)));
    copying.unwrap();
    (folder, copy)
}

impl World {
    /// A device that was claimed a moment ago.
    fn new() -> Self {
        let folder = Fresh::new();
        let keys = Keys::open(folder.path()).unwrap();
        let database = folder.store();
        let identity = Identity::unkept().unwrap();
        let device = claimed(&database, &keys, &identity);
        let disk = disk::Model::default();
        let ledger = Ledger::open(disk.clone(), "version = 1").unwrap();
        Self {
            folder,
            keys,
            database,
            back_up: None,
            device,
            identity,
            disk,
            ledger,
            waiting: None,
            link: None,
            told: 0,
            now: 1_000_000,
        }
    }

    fn take(&mut self, step: &Step) {
        self.now += 1;
        match step {
            Step::Change { value, poison } => self.change(*value, *poison),
            Step::Connect => self.connect(),
            Step::Disconnect => self.link = None,
            Step::ServerHears => {
                if let Some(message) = self.link.as_mut().and_then(|(up, _)| up.pop_front()) {
                    self.server_hears(message);
                }
            }
            Step::DeviceHears => {
                if let Some(message) = self.link.as_mut().and_then(|(_, down)| down.pop_front()) {
                    self.device_hears(message);
                }
            }
            Step::TrialEnds => self.end_trial(),
            Step::PowerCut { seed } => {
                (self.link, self.waiting) = (None, None);
                self.disk.crash(*seed);
                self.ledger = Ledger::open(self.disk.clone(), "version = 1").unwrap();
            }
            Step::BackUp => self.back_up = Some(copied(&self.database)),
            Step::Restore => {
                if let Some((_, back_up)) = &self.back_up {
                    self.link = None;
                    (self.folder, self.database) = copied(back_up);
                }
            }
        }
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap()
    }

    fn change(&mut self, value: u8, poison: bool) {
        let edits = vec![
            edit("television.width", i64::from(value) * 16),
            edit("panel.left_handed", poison),
        ];
        let change = Change {
            scope: "kassel".parse().unwrap(),
            edits,
        };
        let stamp = Stamp::server(self.time());
        let changed = |tx: &Tx<'_>| settings::change(tx, &self.keys, &change, &stamp);
        let (_, changed) = self.database.now(changed).unwrap();
        if !changed.is_empty() && self.link.is_some() {
            self.order(None);
        }
    }

    fn connect(&mut self) {
        let hello = FromDevice::Hello(Box::new(Hello {
            agent: "test".to_owned(),
            generation: self.ledger.good(),
            seen: self.ledger.seen(),
            seen_digest: self.ledger.seen_digest().to_owned(),
            report: self.ledger.report().cloned(),
            room: None,
            system: None,
            helps: true,
            trust: None,
        }));
        self.link = Some((VecDeque::from([hello]), VecDeque::new()));
        self.told = 0;
    }

    fn server_hears(&mut self, message: FromDevice) {
        let (device, now) = (self.device.clone(), self.time());
        let heard = self.database.now(|tx| match message {
            FromDevice::Hello(hello) => {
                devices::hello(tx, &self.keys, &device, &hello, now)?;
                Ok(Some(hello.generation))
            }
            FromDevice::Report(report) => {
                devices::report(tx, &device, &report, now)?;
                Ok(None)
            }
            other => panic!("{other:?}"),
        });
        let answer = heard.unwrap();
        if answer.is_some() {
            self.order(answer);
        }
    }

    fn order(&mut self, answer: Option<u64>) {
        let (device, now) = (self.device.clone(), self.time());
        let due = self
            .database
            .now(|tx| orders::due(tx, &self.keys, &device, now));
        let due = due.unwrap();
        let (_, down) = self.link.as_mut().unwrap();
        match (due, answer) {
            (Some((generation, _)), None) if generation == self.told => {}
            (Some((generation, order)), _) => {
                self.told = generation;
                down.push_back(FromServer::Order(order));
            }
            (None, Some(generation)) => down.push_back(FromServer::Current { generation }),
            (None, None) => {}
        }
    }

    fn device_hears(&mut self, message: FromServer) {
        let FromServer::Order(signed) = message else {
            return;
        };
        let order = signed.verify(&[self.keys.signing.verifying_key()]).unwrap();
        let digest = crate::hash(signed.order.as_bytes());
        match self.ledger.is_new(order.generation, &digest) {
            Ok(()) => self.waiting = Some((order, digest)),
            Err(Stale::Known) => {}
            // A server that was set back sends what was seen with other content until it is greeted.
            Err(Stale::Refused(_)) => self.link = None,
        }
        self.try_waiting();
    }

    fn try_waiting(&mut self) {
        if self.ledger.trying().is_some() {
            return;
        }
        if let Some((order, digest)) = self.waiting.take() {
            let files = self.identity.files(&order).unwrap();
            self.ledger
                .try_out(order.generation, &digest, &files)
                .unwrap();
            // Only another connection shows that the server is reached.
            self.link = None;
        }
    }

    fn end_trial(&mut self) {
        let Some(generation) = self.ledger.trying().map(|trial| trial.generation) else {
            return;
        };
        if self.document(generation).contains(POISON) {
            self.ledger
                .roll_back(Failure::Health, "ill".to_owned())
                .unwrap();
        } else {
            self.ledger.confirm().unwrap();
        }
        let report = self.ledger.report().cloned().unwrap();
        if let Some((up, _)) = &mut self.link {
            up.push_back(FromDevice::Report(report));
        }
        self.try_waiting();
    }

    fn document(&self, generation: u64) -> String {
        use saal_agent::disk::Disk as _;
        let path = format!("generations/{generation}/{DOCUMENT}");
        let bytes = self
            .disk
            .read(path.as_ref())
            .unwrap()
            .expect("what is in use is there");
        String::from_utf8(bytes).unwrap()
    }

    /// Nothing more happens from outside; what is under way comes to its end.
    fn settle(&mut self) {
        for _ in 0..20 {
            if self.link.is_none() {
                self.connect();
            }
            for step in [
                Step::ServerHears,
                Step::DeviceHears,
                Step::TrialEnds,
                Step::ServerHears,
            ] {
                self.take(&step);
            }
        }
    }

    fn check(&mut self) {
        let look = |tx: &Tx<'_>| {
            let known = listing::show(tx, &self.device)?;
            Ok((
                known,
                orders::Layers::default().count(tx, &ROOM.parse().unwrap())?,
            ))
        };
        let (known, layers) = self.database.now(look).unwrap();
        let wanted = layers.effective.document().unwrap();
        assert_eq!(
            known.generation,
            self.ledger.good(),
            "the server knows what is in use"
        );
        assert_eq!(
            known.wanted,
            self.ledger.seen(),
            "the device has seen the newest"
        );
        assert!(self.ledger.trying().is_none());
        let back = match known
            .report
            .map(|report| (report.generation, report.outcome))
        {
            Some((generation, Outcome::RolledBack { why, .. })) if generation == known.wanted => {
                Some(why)
            }
            _ => None,
        };
        match back {
            None => {
                assert!(!wanted.contains(POISON));
                assert_eq!(self.document(self.ledger.good()), wanted);
            }
            Some(Failure::Interrupted) => {}
            Some(why) => assert!(why == Failure::Health && wanted.contains(POISON)),
        }
        assert!(self.folder.path().exists());
    }
}

/// Puts a device into its room, as somebody who types its code does.
fn claimed(database: &Store, keys: &Keys, identity: &Identity) -> DeviceId {
    let now = Timestamp::from_second(999_999).unwrap();
    let enrol = Enrol {
        key: KeyProof {
            key: "key".to_owned(),
            proof: String::new(),
        },
        seal_key: identity.seal_key().to_owned(),
        serial: "SN1".to_owned(),
        model: "Saal".to_owned(),
        token: None,
        root: None,
    };
    let edits = vec![
        edit("room.name", "Lahn"),
        edit("room.time_zone", "Europe/Berlin"),
        edit("fleet.server", "fleet.example.org"),
    ];
    let change = Change {
        scope: "/".parse().unwrap(),
        edits,
    };
    let claimed = database.now(|tx| {
        let enrolment::Entry::Waits(code) = enrolment::ask(tx, &enrol, now)? else {
            panic!("a new device waits");
        };
        settings::change(tx, keys, &change, &Stamp::server(now))?;
        let claim = Claim {
            code,
            room: ROOM.parse().unwrap(),
            replace: false,
        };
        enrolment::claim(tx, &claim, &Stamp::server(now))
    });
    claimed.unwrap().0.device
}

proptest! {
    #![proptest_config(ProptestConfig { cases: testing::cases(96), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn server_and_device_agree_in_the_end(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.settle();
        world.check();
    }
}
