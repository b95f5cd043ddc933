use super::*;
use crate::rtc::membership;

fn bob() -> Device {
    Device {
        user: "@bob:localhost:18448".into(),
        device: "BHCHGPPKHT".into(),
    }
}

const ID: &str = "e695bcc9-0522-44bd-8e38-226e395b8f12";

/// As Element Call 0.26.1 sent it and Synapse 1.163 gave it out.
fn recorded() -> Value {
    json!({
        "content": {
            "application": { "m.call.intent": "video", "type": "m.call" },
            "member": { "device_id": "BHCHGPPKHT", "id": ID, "user_id": "@bob:localhost:18448" },
            "msc4354_sticky_key": ID, "slot_id": "m.call#ROOM",
            "transports": {
                "can_subscribe": ["livekit"],
                "published": [{ "livekit_service_url": "http://127.0.0.1:18080", "type": "livekit" }],
            },
            "versions": [],
        },
        "event_id": "$dmuDggNZCGEP3S1wfkboeponPfO0fjIX8y2hEJCASpM",
        "msc4354_sticky": { "duration_ms": 3_600_000 },
        "origin_server_ts": 1_795_417_447_612_u64,
        "sender": "@bob:localhost:18448",
        "type": "org.matrix.msc4143.rtc.member",
        "unsigned": { "age": 316, "msc4354_sticky_duration_ttl_ms": 3_599_684 },
    })
}

fn event(value: Value) -> StickyEvent {
    serde_json::from_value(value).unwrap()
}

fn left_at(ts: u64) -> StickyEvent {
    let mut value = recorded();
    value["content"] = left(ID);
    value["event_id"] = format!("$left{ts}").into();
    value["origin_server_ts"] = ts.into();
    event(value)
}

const NOW: u64 = 1_795_417_448_000;

#[test]
fn element_calls_is_read_and_named_as_the_token_service_names_it() {
    let mut book = Book::default();
    assert!(book.enter(event(recorded()), NOW));
    let members = book.members();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].device, bob());
    assert_eq!(members[0].expires_ms, NOW + 3_599_684);
    // The identity in the token that the service issued.
    let identity = "uOkWdR/lmRN21VOICxzyhrZv4236TWy7cNV55WYyMoY";
    assert_eq!(members[0].identity, identity);
    let foci = membership::foci(&members.iter().collect::<Vec<_>>())
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    assert_eq!(foci, ["http://127.0.0.1:18080"]);
}

#[test]
fn ours_has_all_that_element_call_sends() {
    let ours = content(&bob(), ID, "http://127.0.0.1:18080");
    for (key, value) in recorded()["content"].as_object().unwrap() {
        assert_eq!(&ours[key], value, "{key}");
    }
}

#[test]
fn the_older_name_of_transports_is_read() {
    let mut value = recorded();
    let published = value["content"]["transports"]["published"].take();
    value["content"]["rtc_transports"] = published;
    value["content"]
        .as_object_mut()
        .unwrap()
        .remove("transports");
    let mut book = Book::default();
    book.enter(event(value), NOW);
    assert_eq!(book.members().len(), 1);
}

#[test]
fn leaving_ends_it_and_what_comes_late_changes_nothing() {
    let mut book = Book::default();
    let ts = event(recorded()).origin_server_ts;
    assert!(book.enter(left_at(ts + 10), NOW));
    assert!(book.members().is_empty());
    assert!(!book.enter(event(recorded()), NOW), "it was sent before");
    assert!(book.members().is_empty());
    assert!(!book.enter(left_at(ts + 10), NOW), "the same once more");
}

#[test]
fn it_expires_by_our_clock_and_never_later_than_it_may() {
    let mut value = recorded();
    value["unsigned"] = json!({});
    value["msc4354_sticky"]["duration_ms"] = u64::MAX.into();
    let mut book = Book::default();
    assert!(book.enter(event(value.clone()), NOW));
    assert!(book.members()[0].expires_ms <= NOW + DURATION_MS);
    assert!(!Book::default().enter(event(value.clone()), NOW + DURATION_MS));
    value.as_object_mut().unwrap().remove("msc4354_sticky");
    assert!(!Book::default().enter(event(value), NOW), "not sticky");
}

#[test]
fn nobody_speaks_for_another_and_rubbish_hides_nobody() {
    let mut book = Book::default();
    book.enter(event(recorded()), NOW);
    let changes = [
        (
            "member",
            json!({ "device_id": "D", "id": "1", "user_id": "@eve:hs" }),
        ),
        ("member", json!(7)),
        ("transports", json!({ "published": 7 })),
        ("slot_id", json!("m.call#other")),
        ("slot_id", json!(null)),
        ("application", json!({ "type": "m.whiteboard" })),
    ];
    for (number, (field, wrong)) in changes.into_iter().enumerate() {
        let mut value = recorded();
        value["content"][field] = wrong;
        value["content"]["msc4354_sticky_key"] = number.to_string().into();
        book.enter(event(value), NOW);
        assert_eq!(book.members().len(), 1, "case {number}");
    }
}

#[test]
fn a_slot_is_open_only_when_it_says_so() {
    let open = json!({ "status": "open", "application": { "type": "m.call" } });
    assert!(!closes_slot(&open));
    for closed in [json!({}), json!({ "status": "closed" }), json!(null)] {
        assert!(closes_slot(&closed));
    }
}
