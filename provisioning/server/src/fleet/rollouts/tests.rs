//! Whatever devices and people do, a rollout lets no more in than its wave allows.

use std::collections::BTreeSet;

use proptest::prelude::*;
use saal_fleet_protocol::fleet::{
    api::AuditEntry,
    update::{Step, System, UpdateFailure, UpdateOrder, UpdateState},
    wire::RoomState,
};

use super::*;
use crate::{
    fleet::{
        devices,
        rollouts::plan::allowed,
        updates::{self, Due},
    },
    keys::Keys,
    store::{
        Store,
        testing::{self, Fresh},
    },
};

const DEVICES: usize = 14;

#[derive(Clone, Debug)]
enum Happens {
    /// The clock and the server go on.
    Minutes(u8),
    /// A device says the next of what it has to say, well or not.
    Tell(usize, u8),
    /// A room falls ill, or is well again.
    Room(usize, bool),
    /// A device comes or goes.
    Online(usize, bool),
    Revoke(usize),
    Order(u8),
}

fn acts() -> impl Strategy<Value = Vec<Happens>> {
    let one = prop_oneof![
        4 => (0..40u8).prop_map(Happens::Minutes),
        8 => (0..DEVICES, 0..20u8).prop_map(|(d, how)| Happens::Tell(d, how)),
        1 => (0..DEVICES, any::<bool>()).prop_map(|(d, ill)| Happens::Room(d, ill)),
        2 => (0..DEVICES, any::<bool>()).prop_map(|(d, on)| Happens::Online(d, on)),
        1 => (0..DEVICES).prop_map(Happens::Revoke),
        2 => (0..6u8).prop_map(Happens::Order),
    ];
    proptest::collection::vec(one, 1..90)
}

struct World {
    _folder: Fresh,
    keys: Keys,
    database: Store,
    online: BTreeSet<DeviceId>,
    now: i64,
}

fn name() -> RolloutName {
    "november".parse().unwrap()
}

fn device(number: usize) -> DeviceId {
    DeviceId::from_random([number.try_into().unwrap(); 8])
}

fn system(version: &str, update: Option<UpdateState>) -> System {
    System {
        compatible: "saal".parse().unwrap(),
        version: version.parse().unwrap(),
        slot: "a".to_owned(),
        update,
    }
}

fn plan(stop_at_percent: u8) -> NewRollout {
    let wave = |percent, soak_minutes, approval| Wave {
        percent,
        soak_minutes,
        approval,
    };
    NewRollout {
        name: name(),
        release: "2".parse().unwrap(),
        scope: "kassel".parse().unwrap(),
        waves: vec![wave(10, 60, false), wave(50, 30, true), wave(100, 0, false)],
        stop_at_percent,
        needed_percent: 80,
    }
}

impl World {
    fn new(stop_at_percent: u8) -> Self {
        let folder = Fresh::new();
        let database = folder.store();
        let mut world = Self {
            keys: Keys::open(folder.path()).unwrap(),
            _folder: folder,
            database,
            online: (0..DEVICES).map(device).collect(),
            now: 1_000_000,
        };
        for number in 0..DEVICES {
            let sql = "INSERT INTO devices (device, key, seal_key, serial, model, room, claimed) \
                       VALUES (?1, ?1, '', ?1, 'Saal', ?2, 0)";
            let room = format!("kassel/rathaus/r{number}");
            let id = device(number);
            let those = params![id.as_str(), room];
            world
                .database
                .now(|tx| Ok(tx.execute(sql, those)?))
                .unwrap();
            world.tell(number, &system("1", None));
        }
        let release = saal_fleet_protocol::fleet::update::Release {
            version: "2".parse().unwrap(),
            compatible: "saal".parse().unwrap(),
            size: 9,
            sha256: "ab".repeat(32).parse().unwrap(),
        };
        let stamp = world.stamp();
        let begun = world.database.now(|tx| {
            releases::add(tx, &release, &stamp)?;
            start(tx, &plan(stop_at_percent), &stamp)
        });
        begun.unwrap();
        world
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_second(self.now).unwrap()
    }

    fn stamp(&self) -> Stamp {
        Stamp::server(self.time())
    }

    fn tell(&mut self, number: usize, system: &System) {
        let now = self.time();
        let told = |tx: &Tx<'_>| updates::told(tx, &self.keys, &device(number), system, now);
        self.database.now(told).unwrap();
    }

    fn room(&mut self, number: usize, troubles: &[&str]) {
        let state = RoomState {
            phase: "home".to_owned(),
            ready: true,
            taken: Vec::new(),
            troubles: troubles.iter().map(|code| (*code).to_owned()).collect(),
        };
        let now = self.time();
        let told = |tx: &Tx<'_>| devices::room_state(tx, &device(number), &state, now);
        self.database.now(told).unwrap();
    }

    /// What the server wants of a device.
    fn due(&mut self, number: usize) -> Option<Result<UpdateOrder, ()>> {
        let key = self.keys.signing.verifying_key();
        let due = self.database.now(|tx| updates::due(tx, &device(number)));
        match due.unwrap()? {
            Due::Update(signed) => Some(Ok(UpdateOrder::verify(&signed, &[key]).unwrap())),
            Due::None => Some(Err(())),
        }
    }

    /// A device says that it is at this step.
    fn at(&mut self, number: usize, step: Step) {
        let Some(Ok(order)) = self.due(number) else {
            return;
        };
        let runs = if matches!(step, Step::Done {}) {
            "2"
        } else {
            "1"
        };
        let update = UpdateState {
            number: order.number,
            version: order.release.version,
            step,
            fetched: None,
        };
        self.tell(number, &system(runs, Some(update)));
    }

    fn rollout(&mut self) -> Rollout {
        let kept = self.database.now(|tx| get(tx, &name()));
        kept.unwrap().rollout
    }

    /// The server goes on until it has nothing to do.
    fn step(&mut self) {
        for _ in 0..100 {
            let before = self.rollout();
            let (now, online) = (self.time(), self.online.clone());
            let is_online = |device: &DeviceId| online.contains(device);
            let step = |tx: &Tx<'_>| step::step(tx, &self.keys, &is_online, now);
            let done = self.database.now(step).unwrap();
            let after = self.rollout();
            check(&before, &after);
            if !done.changed {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn order(&mut self, order: Order) -> Result<Vec<DeviceId>, FleetError> {
        let stamp = self.stamp();
        self.database
            .now(|tx| super::order(tx, &name(), order, &stamp))
    }

    fn take(&mut self, act: &Happens) {
        match act {
            Happens::Minutes(minutes) => self.now += 60 * i64::from(*minutes),
            Happens::Tell(number, how) => self.at(*number, said(*how)),
            Happens::Room(number, true) => self.room(*number, &["engine_failing"]),
            Happens::Room(number, false) => self.room(*number, &[]),
            Happens::Online(number, true) => drop(self.online.insert(device(*number))),
            Happens::Online(number, false) => drop(self.online.remove(&device(*number))),
            Happens::Revoke(number) => {
                let stamp = self.stamp();
                let revoke = |tx: &Tx<'_>| devices::revoke(tx, &device(*number), &stamp);
                self.database.now(revoke).unwrap();
            }
            Happens::Order(which) => {
                let order = [Order::Pause, Order::Resume, Order::Approve];
                let order = order.get(usize::from(*which)).copied();
                // Not each is possible at each moment.
                let _ = self.order(order.unwrap_or(Order::Approve));
            }
        }
    }

    fn log(&mut self) -> Vec<AuditEntry> {
        self.database.now(|tx| audit::after(tx, 0, 1000)).unwrap()
    }
}

/// Most go well.
fn said(how: u8) -> Step {
    match how {
        0 => Step::Failed {
            why: UpdateFailure::Install,
            detail: "not signed".to_owned(),
        },
        1..=3 => Step::Restarts {},
        4..=6 => Step::Downloads { percent: 5 * how },
        _ => Step::Done {},
    }
}

/// What no step may do.
fn check(before: &Rollout, after: &Rollout) {
    let more = after.counts.let_in - before.counts.let_in;
    if more > 0 {
        assert_eq!(before.state, RolloutState::Running, "{before:?}");
        let wave = &after.plan.waves[after.wave];
        let most = allowed(wave, after.counts.devices);
        assert!(after.counts.let_in <= most, "{after:?} let in {more} more");
    }
    if after.wave > before.wave {
        assert_eq!(after.wave, before.wave + 1);
        let most = allowed(&before.plan.waves[before.wave], before.counts.devices);
        assert!(before.counts.done * 100 >= 80 * most, "{before:?}");
        let soaked = before.soaks_since.expect("it was watched");
        assert!(soaked >= before.began);
    }
    if after.wave == 1 && after.counts.let_in > before.counts.let_in {
        assert_eq!(before.state, RolloutState::Running, "it was allowed");
    }
    let bad = after.counts.bad() * 100;
    let threshold = u64::from(after.plan.stop_at_percent) * before.counts.let_in;
    assert!(more == 0 || bad <= threshold, "{before:?} {after:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: testing::cases(40), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rollout_never_exceeds_its_wave(stop_at in prop_oneof![Just(2u8), Just(30)], acts in acts()) {
        let mut world = World::new(stop_at);
        world.step();
        for act in &acts {
            world.take(act);
            world.step();
        }
        let check = world.database.now(audit::check).unwrap();
        prop_assert_eq!(check.broken_at, None);
    }
}

fn let_in(world: &mut World) -> Vec<usize> {
    (0..DEVICES)
        .filter(|number| matches!(world.due(*number), Some(Ok(_))))
        .collect()
}

#[test]
fn waves_come_one_after_the_other_until_all_devices_have_it() {
    let mut world = World::new(20);
    world.step();
    let first = let_in(&mut world);
    assert_eq!(first.len(), 2, "a tenth of 14, rounded up");
    for number in &first {
        world.at(*number, Step::Done {});
    }
    world.step();
    world.now += 59 * 60;
    world.step();
    assert_eq!(world.rollout().wave, 0, "it is watched for an hour");
    world.now += 60;
    world.step();
    assert_eq!(world.rollout().state, RolloutState::Approval);
    assert_eq!(
        let_in(&mut world),
        Vec::<usize>::new(),
        "nobody has allowed the second"
    );
    world.order(Order::Approve).unwrap();
    world.step();
    let second = let_in(&mut world);
    assert_eq!(second.len(), 5, "half of 14 are 7");
    for number in second {
        world.at(number, Step::Done {});
    }
    world.step();
    world.now += 30 * 60;
    world.step();
    let last = let_in(&mut world);
    assert_eq!(last.len(), 7);
    for number in last {
        world.at(number, Step::Done {});
    }
    world.step();
    assert_eq!(world.rollout().state, RolloutState::Done);
    let acts: Vec<Act> = world.log().iter().map(|entry| entry.act).collect();
    assert_eq!(
        acts,
        [
            Act::ReleaseAdded,
            Act::RolloutStarted,
            Act::RolloutAdvanced,
            Act::RolloutApproved,
            Act::RolloutAdvanced,
            Act::RolloutFinished
        ]
    );
}

#[test]
fn a_device_that_does_not_come_back_stops_the_rollout_and_the_others_are_called_back() {
    let mut world = World::new(20);
    world.step();
    let first = let_in(&mut world);
    world.at(first[0], Step::Restarts {});
    world.at(first[1], Step::Downloads { percent: 50 });
    world.now += 29 * 60;
    world.step();
    assert_eq!(world.rollout().state, RolloutState::Running);
    world.now += 60;
    world.step();
    let stopped = world.rollout();
    assert_eq!(stopped.state, RolloutState::Stopped);
    let problem = stopped.problem.unwrap();
    assert!(problem.contains("1 lost"), "{problem}");
    assert_eq!(world.due(first[1]), Some(Err(())), "it is called back");
    let acts: Vec<Act> = world.log().iter().map(|entry| entry.act).collect();
    assert!(
        acts.ends_with(&[Act::UpdateFailed, Act::RolloutStopped]),
        "{acts:?}"
    );
}

#[test]
fn what_breaks_in_the_room_after_an_update_counts_against_it_but_not_what_was_broken_before() {
    let mut world = World::new(20);
    world.room(0, &["homeserver_unreachable"]);
    world.step();
    let first = let_in(&mut world);
    for number in &first {
        world.at(*number, Step::Done {});
        world.room(*number, &["homeserver_unreachable", "calendar"]);
    }
    let ill = world.rollout().counts.ill;
    let sound = first.iter().filter(|number| **number != 0).count();
    assert_eq!(ill, sound as u64);
    world.step();
    assert_eq!(world.rollout().state, RolloutState::Stopped);
}

#[test]
fn a_held_rollout_calls_back_and_goes_on_with_the_same_orders() {
    let mut world = World::new(20);
    world.step();
    let first = let_in(&mut world);
    let order = world.due(first[0]);
    world.order(Order::Pause).unwrap();
    world.step();
    assert_eq!(world.due(first[0]), Some(Err(())));
    assert!(world.order(Order::Approve).is_err());
    world.order(Order::Resume).unwrap();
    assert_eq!(world.due(first[0]), order);
    world.order(Order::Stop).unwrap();
    assert!(world.order(Order::Resume).is_err(), "it is over");
}

#[test]
fn two_rollouts_do_not_meet_at_a_device_and_a_release_in_use_stays() {
    let world = World::new(20);
    let stamp = world.stamp();
    let mut other = plan(20);
    other.name = "december".parse().unwrap();
    other.scope = "kassel/rathaus".parse().unwrap();
    let start = |other: &NewRollout| world.database.now(|tx| start(tx, other, &stamp));
    let error = start(&other).unwrap_err();
    assert!(matches!(error, FleetError::Overlaps(_)), "{error}");
    other.scope = "fulda".parse().unwrap();
    start(&other).unwrap();
    let release = "2".parse().unwrap();
    let remove = |tx: &Tx<'_>| releases::remove(tx, &release, &stamp);
    let error = world.database.now(remove).unwrap_err();
    assert!(matches!(error, FleetError::InUse { .. }), "{error}");
}

#[test]
fn a_device_that_knows_a_newer_order_than_the_server_gets_one_above_it() {
    let mut world = World::new(20);
    world.step();
    let number = let_in(&mut world)[0];
    let state = UpdateState {
        number: 40,
        version: "1".parse().unwrap(),
        step: Step::Done {},
        fetched: None,
    };
    world.tell(number, &system("1", Some(state)));
    let Some(Ok(order)) = world.due(number) else {
        panic!("it is to have the release")
    };
    assert_eq!(order.number, 41);
}
