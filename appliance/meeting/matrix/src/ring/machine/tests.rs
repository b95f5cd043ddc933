use serde_json::{Value, json};

use super::*;
use crate::{legacy::events::parse, ring::notification};

const ROOM: &str = "!dm:hs";
const CALLER: &str = "@anna:hs";
/// Milliseconds since 1970.
const SENT: u64 = 1_000_000;

struct Bench {
    ringing: Ringing,
    start: Instant,
    own: Device,
}

impl Bench {
    fn new() -> Self {
        Self {
            ringing: Ringing::new(vec!["hs".into()]),
            start: Instant::now(),
            own: Device {
                user: "@room:hs".into(),
                device: "ROOM".into(),
            },
        }
    }

    fn hear(&mut self, sender: &str, kind: &str, content: Value) -> Vec<Output> {
        self.hear_in(sender, kind, content, 2, 0)
    }

    fn hear_in(
        &mut self,
        sender: &str,
        kind: &str,
        content: Value,
        members: u64,
        age: u64,
    ) -> Vec<Output> {
        let heard = heard(sender, kind, content, members, age);
        let message = parse(kind, &heard.event.content).unwrap().unwrap();
        self.ringing.handle(self.now(), &self.own, &heard, message);
        self.outputs()
    }

    fn now(&self) -> Now {
        Now {
            instant: self.start,
            unix_ms: SENT,
        }
    }

    /// A meeting of many rings.
    fn notify(&mut self, sender: &str, content: Value, age: u64) -> Vec<Output> {
        let kind = "org.matrix.msc4075.rtc.notification";
        let heard = heard(sender, kind, content, 5, age);
        let read = Notification::read(&heard.event).unwrap().unwrap();
        self.ringing
            .handle_notification(self.now(), &self.own, &heard, &read);
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.ringing.poll()).collect()
    }
}

fn heard(sender: &str, kind: &str, content: Value, members: u64, age: u64) -> Heard {
    let event = json!({
        "event_id": "$e", "sender": sender, "origin_server_ts": SENT, "type": kind,
        "content": content, "unsigned": { "age": age },
    });
    Heard {
        room_id: ROOM.into(),
        room_name: "Weekly".into(),
        members,
        sender_name: "Anna".into(),
        event: serde_json::from_value(event).unwrap(),
    }
}

fn call(more: Value) -> Value {
    let mut content = json!({ "call_id": "c", "party_id": "PHONE", "version": "1" });
    content
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    content
}

fn invite() -> Value {
    let sdp = "v=0\r\nm=audio 9 x\r\nm=video 9 x\r\n";
    call(json!({ "lifetime": 60_000, "offer": { "type": "offer", "sdp": sdp } }))
}

fn id() -> RingId {
    RingId(format!("{ROOM}/c"))
}

fn ended() -> Vec<Output> {
    vec![Output::Say(MeetingEvent::RingEnded { ring: id() })]
}

#[test]
fn a_call_rings_with_the_callers_name_until_its_lifetime_is_over() {
    let mut bench = Bench::new();
    let said = bench.hear_in(CALLER, "m.call.invite", invite(), 2, 20_000);
    let Output::Say(MeetingEvent::Ringing(ring)) = &said[0] else {
        panic!("{said:?}")
    };
    assert_eq!((ring.from.as_str(), ring.pictures), ("Anna", true));
    let until = bench.ringing.deadline().unwrap();
    assert_eq!(
        until,
        bench.start + Duration::from_secs(40),
        "20 s are gone"
    );
    bench.ringing.handle_timeout(until);
    assert_eq!(bench.outputs(), ended());
    assert!(bench.ringing.answer(ROOM, "c").is_none(), "nobody waits");
}

#[test]
fn the_same_event_again_rings_once_and_an_old_one_never() {
    let mut bench = Bench::new();
    assert_eq!(bench.hear(CALLER, "m.call.invite", invite()).len(), 1);
    assert_eq!(bench.hear(CALLER, "m.call.invite", invite()), []);
    let mut bench = Bench::new();
    let old = bench.hear_in(CALLER, "m.call.invite", invite(), 2, 60_000);
    assert_eq!(old, []);
}

#[test]
fn who_may_not_invite_the_room_may_not_call_it() {
    let mut bench = Bench::new();
    let said = bench.hear("@anna:elsewhere", "m.call.invite", invite());
    let [Output::Send { event, .. }] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(event.0, "m.call.reject");
    assert_eq!(bench.ringing.deadline(), None);
}

#[test]
fn calls_for_others_do_not_ring() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.hear_in(CALLER, "m.call.invite", invite(), 3, 0),
        [],
        "a call in a group names nobody"
    );
    let mut named = invite();
    named["invitee"] = json!("@carla:hs");
    assert_eq!(bench.hear(CALLER, "m.call.invite", named.clone()), []);
    named["invitee"] = json!("@room:hs");
    assert_eq!(bench.hear_in(CALLER, "m.call.invite", named, 3, 0).len(), 1);
}

#[test]
fn the_caller_gives_up() {
    let mut bench = Bench::new();
    bench.hear(CALLER, "m.call.invite", invite());
    let others = call(json!({}));
    assert_eq!(bench.hear("@carla:hs", "m.call.hangup", others), []);
    let hangup = call(json!({ "reason": "user_hangup" }));
    assert_eq!(bench.hear(CALLER, "m.call.hangup", hangup), ended());
}

#[test]
fn another_device_of_the_account_answers_or_declines() {
    for kind in ["m.call.answer", "m.call.reject"] {
        let mut bench = Bench::new();
        bench.hear(CALLER, "m.call.invite", invite());
        let mut theirs = call(json!({}));
        theirs["party_id"] = json!("TABLET");
        assert_eq!(bench.hear("@room:hs", kind, theirs), ended(), "{kind}");
    }
}

#[test]
fn declining_tells_the_caller() {
    let mut bench = Bench::new();
    bench.hear(CALLER, "m.call.invite", invite());
    bench.ringing.decline(&id());
    let said = bench.outputs();
    let [Output::Send { room_id, event }, over] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!((room_id.as_str(), event.0), (ROOM, "m.call.reject"));
    assert_eq!(event.1["party_id"], "ROOM");
    assert_eq!(*over, ended()[0]);
}

#[test]
fn a_caller_of_version_0_understands_only_the_hangup() {
    let mut bench = Bench::new();
    let mut old = invite();
    old["version"] = json!(0);
    bench.hear(CALLER, "m.call.invite", old);
    bench.ringing.decline(&id());
    let said = bench.outputs();
    assert!(matches!(&said[0], Output::Send { event, .. } if event.0 == "m.call.hangup"));
}

#[test]
fn an_answered_call_brings_the_candidates_that_came_meanwhile() {
    let mut bench = Bench::new();
    bench.hear(CALLER, "m.call.invite", invite());
    let candidates = call(json!({ "candidates": [{ "candidate": "candidate:1" }] }));
    bench.hear(CALLER, "m.call.candidates", candidates);
    let answered = bench.ringing.answer(ROOM, "c").expect("it rings");
    assert_eq!(answered.candidates, ["candidate:1"]);
    assert_eq!(bench.outputs(), ended(), "it rings no more");
    assert!(bench.ringing.answer(ROOM, "c").is_none());
}

#[test]
fn not_more_ring_than_people_can_look_at() {
    let mut bench = Bench::new();
    let mut rings = 0;
    for number in 0..10 {
        let mut one = invite();
        one["call_id"] = json!(format!("c{number}"));
        let said = bench.hear(CALLER, "m.call.invite", one);
        let rang = |o: &Output| matches!(o, Output::Say(MeetingEvent::Ringing(_)));
        rings += said.iter().filter(|o| rang(o)).count();
    }
    assert_eq!(rings, MOST);
}

fn notice() -> Value {
    json!({
        "notification_type": "ring", "sender_ts": SENT, "lifetime": 90_000,
        "m.mentions": { "user_ids": [], "room": true }, "m.call.intent": "video",
        "m.relates_to": { "rel_type": "m.reference", "event_id": "$member" },
    })
}

fn meeting_ended() -> Vec<Output> {
    let ring = RingId("$e".to_owned());
    vec![Output::Say(MeetingEvent::RingEnded { ring })]
}

fn in_call(devices: &[(&str, &str)]) -> impl Fn(&str) -> Vec<Device> + use<> {
    let device = |&(user, device): &(&str, &str)| Device {
        user: user.into(),
        device: device.into(),
    };
    let all: Vec<Device> = devices.iter().map(device).collect();
    move |room| {
        if room == ROOM {
            all.clone()
        } else {
            Vec::new()
        }
    }
}

#[test]
fn a_meeting_rings_with_its_name_and_leads_to_its_call() {
    let mut bench = Bench::new();
    let said = bench.notify(CALLER, notice(), 30_000);
    let [Output::Say(MeetingEvent::Ringing(ring))] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(ring.meeting.as_deref(), Some("Weekly"));
    assert_eq!(ring.destination, Destination::matrix(ROOM));
    let until = bench.ringing.deadline().unwrap();
    assert_eq!(until, bench.start + Duration::from_secs(60));
    assert_eq!(bench.notify(CALLER, notice(), 0), [], "it rings already");
    bench.ringing.joined(ROOM);
    assert_eq!(bench.outputs(), meeting_ended());
}

#[test]
fn only_what_rings_for_the_room_now_rings() {
    let with = |key: &str, value: Value| {
        let mut content = notice();
        content[key] = value;
        content
    };
    let others = json!({ "user_ids": ["@carla:hs"], "room": false });
    for (sender, content, age) in [
        (CALLER, with("notification_type", json!("notification")), 0),
        (CALLER, with("m.mentions", others), 0),
        (CALLER, notice(), 90_000),
        (CALLER, with("sender_ts", json!(SENT - 90_000)), 0),
        ("@room:hs", notice(), 0),
        ("@anna:elsewhere", notice(), 0),
    ] {
        let said = Bench::new().notify(sender, content.clone(), age);
        assert_eq!(said, [], "{sender} {content}");
    }
    let ours = json!({ "user_ids": ["@room:hs"] });
    assert_eq!(
        Bench::new()
            .notify(CALLER, with("m.mentions", ours), 0)
            .len(),
        1
    );
    let mut bench = Bench::new();
    bench.notify(CALLER, with("lifetime", json!(86_400_000)), 0);
    let until = bench.ringing.deadline().unwrap();
    assert_eq!(until, bench.start + LONGEST, "nobody rings for a day");
}

#[test]
fn declining_a_meeting_refers_to_its_notification() {
    let mut bench = Bench::new();
    bench.notify(CALLER, notice(), 0);
    bench.ringing.decline(&RingId("$e".to_owned()));
    let said = bench.outputs();
    let [
        Output::Send {
            room_id,
            event: (kind, content),
        },
        _,
    ] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!(
        (room_id.as_str(), *kind),
        (ROOM, "org.matrix.msc4310.rtc.decline")
    );
    let declined = heard("@room:hs", kind, content.clone(), 5, 0);
    assert_eq!(notification::declined(&declined.event), Some("$e"));
    let mut other = Bench::new();
    other.notify(CALLER, notice(), 0);
    let own = other.own.clone();
    other.ringing.handle_declined(&own, &declined, "$e");
    assert_eq!(other.outputs(), meeting_ended(), "another device said no");
}

#[test]
fn a_caller_who_leaves_the_meeting_waits_no_longer() {
    let mut bench = Bench::new();
    bench.notify(CALLER, notice(), 0);
    let own = bench.own.clone();
    bench.ringing.follow_members(&own, in_call(&[]));
    assert_eq!(bench.outputs(), [], "the sync has not told yet");
    bench
        .ringing
        .follow_members(&own, in_call(&[(CALLER, "PHONE")]));
    assert_eq!(bench.outputs(), []);
    bench
        .ringing
        .follow_members(&own, in_call(&[("@carla:hs", "X")]));
    assert_eq!(bench.outputs(), meeting_ended());
}

#[test]
fn another_device_of_the_account_enters_the_meeting() {
    let mut bench = Bench::new();
    bench.notify(CALLER, notice(), 0);
    let own = bench.own.clone();
    let members = [(CALLER, "PHONE"), ("@room:hs", "TABLET")];
    bench.ringing.follow_members(&own, in_call(&members));
    assert_eq!(bench.outputs(), meeting_ended());
}
