use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const ROOM: &str = "!r:hs";
const NONE: [u8; 0] = [];

struct World {
    keys: CallKeys,
    start: Instant,
    now: Instant,
    drawn: u8,
}

fn device(user: &str) -> Device {
    Device {
        user: format!("@{user}:hs"),
        device: "D".into(),
    }
}

fn peer(user: &str) -> Peer {
    Peer {
        device: device(user),
        stay: 1,
        participant: device(user).identity(),
    }
}

fn sent_by(user: &str, index: u8, key: &[u8], sent_ms: u64) -> KeyEvent {
    let sender = device(user);
    let content = content(
        &sender,
        &sender.identity(),
        ROOM,
        index,
        &KeyBytes(key.to_vec()),
        sent_ms,
    );
    KeyEvent {
        sender: sender.user,
        origin: Some(Origin {
            device: sender.device,
            curve25519: format!("{user}'s"),
        }),
        content,
    }
}

impl World {
    fn new(first_index: u8) -> Self {
        let now = Instant::now();
        let entropy = Entropy {
            key: [0; KEY_LENGTH],
            index: first_index,
        };
        Self {
            keys: CallKeys::new(now, ROOM, entropy),
            start: now,
            now,
            drawn: 0,
        }
    }

    fn after(&mut self, seconds: u64) -> Vec<KeyEffect> {
        self.now += Duration::from_secs(seconds);
        self.keys.handle_timeout(self.now);
        self.drain()
    }

    fn drain(&mut self) -> Vec<KeyEffect> {
        std::iter::from_fn(|| self.keys.poll()).collect()
    }

    fn members(&mut self, users: &[&str]) -> Vec<KeyEffect> {
        let peers: Vec<Peer> = users.iter().map(|user| peer(user)).collect();
        self.peers(&peers)
    }

    fn peers(&mut self, peers: &[Peer]) -> Vec<KeyEffect> {
        self.drawn += 1;
        let entropy = Entropy {
            key: [self.drawn; KEY_LENGTH],
            index: 77,
        };
        self.keys.handle_members(self.now, peers, entropy);
        self.drain()
    }

    /// What was sent arrives.
    fn arrive(&mut self, effects: &[KeyEffect]) -> Vec<KeyEffect> {
        self.arrive_but(effects, &[])
    }

    fn arrive_but(&mut self, effects: &[KeyEffect], failed: &[&str]) -> Vec<KeyEffect> {
        let failed: Vec<Device> = failed.iter().map(|user| device(user)).collect();
        for effect in effects {
            if let KeyEffect::Send { generation, to, .. } = effect {
                self.keys.handle_sent(self.now, *generation, to, &failed);
            }
        }
        self.drain()
    }

    /// A key event whose sender is vouched for.
    fn hears(&mut self, event: &KeyEvent) -> Vec<KeyEffect> {
        self.keys.handle_event(event);
        let asked = self.drain();
        for effect in &asked {
            if let KeyEffect::Vouch { id, .. } = effect {
                self.keys.handle_vouched(self.now, *id, None);
            }
        }
        self.drain()
    }
}

/// (index, to whom) of everything sent.
fn sends(effects: &[KeyEffect]) -> Vec<(u8, Vec<String>)> {
    let send = |effect: &KeyEffect| match effect {
        KeyEffect::Send { index, to, .. } => Some((
            *index,
            to.iter().map(|device| device.user.clone()).collect(),
        )),
        _ => None,
    };
    effects.iter().filter_map(send).collect()
}

fn uses(effects: &[KeyEffect]) -> Vec<u8> {
    let used = |effect: &KeyEffect| match effect {
        KeyEffect::UseOwn { index, .. } => Some(*index),
        _ => None,
    };
    effects.iter().filter_map(used).collect()
}

fn to(users: &[&str]) -> Vec<String> {
    users.iter().map(|user| device(user).user).collect()
}

fn theirs(user: &str, index: u8, key: &[u8]) -> KeyEffect {
    KeyEffect::UseTheirs {
        participant: device(user).identity(),
        index,
        key: KeyBytes(key.to_vec()),
    }
}

#[test]
fn the_first_key_is_used_at_once_and_sent_to_everybody() {
    let mut world = World::new(3);
    assert_eq!(uses(&world.drain()), [3]);
    let sent = world.members(&["anna", "ben"]);
    assert_eq!(sends(&sent), [(3, to(&["anna", "ben"]))]);
    assert_eq!(world.arrive(&sent), []);
    assert_eq!(world.keys.deadline(), None, "nothing more to do");
}

#[test]
fn somebody_who_joins_soon_gets_the_key_that_is_there() {
    let mut world = World::new(0);
    let sent = world.members(&["anna"]);
    world.arrive(&sent);
    world.after(10);
    assert_eq!(sends(&world.members(&["anna", "ben"])), [(0, to(&["ben"]))]);
}

#[test]
fn a_late_joiner_gets_the_used_key_too_and_the_new_one_is_used_five_seconds_after_it_was_sent() {
    let mut world = World::new(0);
    let sent = world.members(&["anna"]);
    world.arrive(&sent);
    world.after(11);
    let sent = world.members(&["anna", "ben"]);
    assert_eq!(
        sends(&sent),
        [(0, to(&["ben"])), (1, to(&["anna", "ben"]))],
        "nothing is dark for Ben meanwhile"
    );
    assert_eq!(uses(&sent), NONE);
    world.after(3);
    world.arrive(&sent);
    assert_eq!(uses(&world.after(4)), NONE);
    assert_eq!(uses(&world.after(1)), [1]);
    assert_eq!(world.keys.deadline(), None);
}

#[test]
fn a_key_that_nobody_has_yet_is_replaced_at_once() {
    let mut world = World::new(0);
    world.drain();
    world.after(60);
    let sent = world.members(&["anna"]);
    assert_eq!(uses(&sent), [1]);
    assert_eq!(sends(&sent), [(1, to(&["anna"]))]);
}

#[test]
fn every_leave_replaces_the_key_and_who_left_gets_none() {
    let mut world = World::new(255);
    let sent = world.members(&["anna", "ben", "carla"]);
    world.arrive(&sent);
    let sent = world.members(&["anna", "carla"]);
    assert_eq!(
        sends(&sent),
        [(0, to(&["anna", "carla"]))],
        "the index wraps"
    );
    world.arrive(&sent);
    world.after(2);
    let sent = world.members(&["anna"]);
    assert_eq!(sends(&sent), [(1, to(&["anna"]))]);
    world.arrive(&sent);
    assert_eq!(uses(&world.after(3)), [0], "the first one's time has come");
    assert_eq!(uses(&world.after(2)), [1]);
    assert_eq!(
        uses(&world.members(&[])),
        [2],
        "nobody is left who would be in the dark"
    );
}

#[test]
fn a_device_that_came_back_gets_the_keys_again() {
    let mut world = World::new(0);
    let sent = world.members(&["anna", "ben"]);
    world.arrive(&sent);
    let back = Peer {
        stay: 2,
        ..peer("ben")
    };
    let sent = world.peers(&[peer("anna"), back]);
    assert_eq!(sends(&sent), [(0, to(&["ben"])), (1, to(&["anna", "ben"]))]);
}

#[test]
fn a_device_that_can_not_be_reached_is_tried_again_ever_less_often() {
    let mut world = World::new(0);
    let mut sent = world.members(&["anna", "ben"]);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        world.arrive_but(&sent, &["ben"]);
        let at = world.keys.deadline().expect("Ben is tried again");
        pauses.push((at - world.now).as_secs());
        world.now = at;
        sent = world.after(0);
        assert_eq!(sends(&sent), [(0, to(&["ben"]))]);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 30, 30]);
    world.arrive(&sent);
    assert_eq!(world.keys.deadline(), None);
}

#[test]
fn who_seems_not_to_have_got_a_key_may_have_it_and_delays_nobody() {
    let mut world = World::new(0);
    let sent = world.members(&["anna", "ben", "carla"]);
    world.arrive_but(&sent, &["ben", "carla"]);
    let left = world.members(&["anna", "carla"]);
    assert_eq!(
        sends(&left),
        [(1, to(&["anna"]))],
        "Carla's turn has not come"
    );
    let left = world.members(&["carla"]);
    assert_eq!(uses(&left), [2], "nobody who is there has a key");
    assert_eq!(sends(&world.after(2)), [(2, to(&["carla"]))]);
}

#[test]
fn fast_coming_and_going_ends_with_the_newest_key() {
    let mut world = World::new(0);
    for _ in 0..20 {
        let sent = world.members(&["anna", "ben"]);
        world.arrive(&sent);
        let sent = world.members(&["anna"]);
        world.arrive(&sent);
    }
    assert_eq!(uses(&world.after(5)), [20]);
    assert_eq!(uses(&world.after(60)), NONE);
}

#[test]
fn a_members_key_is_used_whenever_it_came() {
    let mut world = World::new(0);
    world.drain();
    let early = sent_by("anna", 4, b"first", 1_000);
    assert_eq!(
        world.hears(&early),
        [],
        "nobody knows that Anna is a member"
    );
    assert!(
        world
            .members(&["anna"])
            .contains(&theirs("anna", 4, b"first"))
    );
    let next = sent_by("anna", 5, b"second", 2_000);
    assert_eq!(world.hears(&next), [theirs("anna", 5, b"second")]);
    assert_eq!(world.hears(&next), [], "once more is nothing new");
}

#[test]
fn a_replayed_key_is_refused() {
    let mut world = World::new(0);
    world.members(&["anna"]);
    let old = sent_by("anna", 0, b"old", 1_000);
    let new = sent_by("anna", 0, b"new", 2_000);
    assert_eq!(world.hears(&old), [theirs("anna", 0, b"old")]);
    assert_eq!(world.hears(&new), [theirs("anna", 0, b"new")]);
    assert_eq!(world.hears(&old), []);
    let same_time = sent_by("anna", 0, b"other", 2_000);
    assert_eq!(world.hears(&same_time), []);
    world.members(&[]);
    world.members(&["anna"]);
    assert_eq!(world.hears(&old), [], "not after a leave either");
}

#[test]
fn a_replay_that_waited_for_its_sender_is_refused() {
    let mut world = World::new(0);
    world.hears(&sent_by("anna", 0, b"new", 2_000));
    world.hears(&sent_by("anna", 0, b"old", 1_000));
    let effects = world.members(&["anna"]);
    assert!(effects.contains(&theirs("anna", 0, b"new")));
    assert!(!effects.contains(&theirs("anna", 0, b"old")));
}

#[test]
fn keys_that_do_not_come_from_the_member_are_refused() {
    let good = sent_by("anna", 0, b"key", 1_000);
    let with = |change: &dyn Fn(&mut KeyEvent)| {
        let mut event = good.clone();
        change(&mut event);
        event
    };
    let bad: [(&str, KeyEvent); 9] = [
        ("not encrypted", with(&|event| event.origin = None)),
        (
            "another device of hers",
            with(&|event| {
                event.origin.as_mut().unwrap().device = "OTHER".into();
            }),
        ),
        (
            "another room",
            with(&|event| event.content["room_id"] = "!other:hs".into()),
        ),
        (
            "an index of 256",
            with(&|event| event.content["keys"]["index"] = 256.into()),
        ),
        (
            "an empty key",
            with(&|event| event.content["keys"]["key"] = "".into()),
        ),
        (
            "no base64",
            with(&|event| event.content["keys"]["key"] = "?".into()),
        ),
        (
            "no time",
            with(&|event| event.content["sent_ts"] = Value::Null),
        ),
        (
            "no call",
            with(&|event| event.content["session"]["application"] = "m.chess".into()),
        ),
        ("nothing", with(&|event| event.content = json!(7))),
    ];
    for (what, event) in bad {
        let mut world = World::new(0);
        world.members(&["anna", "ben"]);
        assert_eq!(world.hears(&event), [], "{what}");
    }
    let mut world = World::new(0);
    world.members(&["anna", "ben"]);
    let mut impostor = good.clone();
    impostor.sender = device("ben").user;
    assert_eq!(
        world.hears(&impostor),
        [theirs("ben", 0, b"key")],
        "whose key it is says the server, not the event"
    );
}

#[test]
fn a_device_that_its_owner_did_not_sign_is_asked_about_again_and_believed_when_it_is_signed() {
    let mut world = World::new(0);
    world.members(&["anna"]);
    world.keys.handle_event(&sent_by("anna", 0, b"key", 1_000));
    let vouch = |effects: &[KeyEffect]| match effects {
        [
            KeyEffect::Vouch {
                id,
                device: asked,
                curve25519,
            },
        ] => {
            assert_eq!((asked, curve25519.as_str()), (&device("anna"), "anna's"));
            *id
        }
        other => panic!("{other:?}"),
    };
    let id = vouch(&world.drain());
    world
        .keys
        .handle_vouched(world.now, id, Some("its owner has not verified it".into()));
    assert_eq!(world.drain(), []);
    let id = vouch(&world.after(10));
    world.keys.handle_vouched(world.now, id, None);
    assert_eq!(world.drain(), [theirs("anna", 0, b"key")]);
}

#[test]
fn a_flood_of_keys_drops_only_the_floods_own() {
    let mut world = World::new(0);
    world.hears(&sent_by("anna", 0, b"key", 1_000));
    for index in 0..200 {
        world.hears(&sent_by("mallory", index, b"key", 1_000));
    }
    let effects = world.members(&["anna", "mallory"]);
    assert!(effects.contains(&theirs("anna", 0, b"key")));
    let accepted = |effect: &&KeyEffect| matches!(effect, KeyEffect::UseTheirs { .. });
    assert_eq!(effects.iter().filter(accepted).count(), 1 + 8);
}

#[test]
fn a_new_engine_is_told_all_keys_that_are_in_use() {
    let mut world = World::new(9);
    world.members(&["anna", "ben"]);
    world.hears(&sent_by("anna", 1, b"a", 1_000));
    world.hears(&sent_by("ben", 2, b"b", 1_000));
    world.members(&["anna"]);
    world.keys.repeat();
    let told = world.drain();
    assert_eq!(uses(&told), [9]);
    assert_eq!(told[1..], [theirs("anna", 1, b"a")], "Ben has left");
}

#[test]
fn what_is_sent_is_what_element_call_sends() {
    let own = Device {
        user: "@bob:hs".into(),
        device: "DCMNNLMYUQ".into(),
    };
    let key = KeyBytes((0..16).collect());
    let sent = content(&own, "@bob:hs:DCMNNLMYUQ", ROOM, 1, &key, 1_795_419_163_353);
    let expected = json!({
        "keys": { "index": 1, "key": "AAECAwQFBgcICQoLDA0ODw==" },
        "room_id": ROOM,
        "member": { "claimed_device_id": "DCMNNLMYUQ", "id": "@bob:hs:DCMNNLMYUQ" },
        "session": { "call_id": "", "application": "m.call", "scope": "m.room" },
        "sent_ts": 1_795_419_163_353_u64,
    });
    assert_eq!(sent, expected);
}

#[test]
fn neither_key_shows_itself() {
    let shown = format!(
        "{:?} {:?}",
        Entropy {
            key: [7; 16],
            index: 7
        },
        KeyBytes(vec![7; 16])
    );
    assert!(!shown.contains('7'), "{shown}");
}

/// Whoever comes, goes, comes back and can't be reached, in any order: only members are sent keys,
/// everybody who can be reached ends up with the used one, and nobody who left has it.
#[test]
fn in_any_order_the_used_key_is_known_to_the_members_alone() {
    let users = ["anna", "ben", "carla", "dan"];
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut world = World::new(random.u8(..));
        let mut known: Vec<(u8, String)> = Vec::new();
        let mut inside: Vec<&str> = Vec::new();
        let mut used = uses(&world.drain());
        for _ in 0..30 {
            inside = users.into_iter().filter(|_| random.bool()).collect();
            let mut effects = world.members(&inside);
            let failed: Vec<&str> = inside
                .iter()
                .copied()
                .filter(|_| random.u8(..4) == 0)
                .collect();
            let mut left: Vec<KeyEffect> = world.arrive_but(&effects, &failed);
            effects.append(&mut left);
            effects.append(&mut world.after(random.u64(..20)));
            used.extend(uses(&effects));
            for (index, to) in sends(&effects) {
                for user in to {
                    assert!(
                        inside.iter().any(|one| device(one).user == user),
                        "seed {seed}"
                    );
                    known.push((index, user));
                }
            }
            let open: Vec<KeyEffect> = effects
                .iter()
                .filter(|e| matches!(e, KeyEffect::Send { .. }))
                .cloned()
                .collect();
            world.arrive(&open);
        }
        for _ in 0..10 {
            let effects = world.after(30);
            used.extend(uses(&effects));
            known.extend(
                sends(&effects)
                    .into_iter()
                    .flat_map(|(index, to)| to.into_iter().map(move |user| (index, user))),
            );
            world.arrive(&effects);
        }
        let last = *used.last().unwrap();
        for user in users {
            let knows = known.contains(&(last, device(user).user));
            assert_eq!(knows, inside.contains(&user), "seed {seed}: {user}");
        }
        assert!(world.now > world.start);
    }
}
