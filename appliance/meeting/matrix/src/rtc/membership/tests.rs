use super::*;

fn event(content: Value) -> StateEvent {
    StateEvent {
        kind: EVENT_TYPE.into(),
        event_id: "$joined".into(),
        sender: "@bob:localhost:18448".into(),
        state_key: "_@bob:localhost:18448_BBMWEWOCTX_m.call".into(),
        origin_server_ts: 1_795_418_647_690,
        content,
    }
}

/// As Element Call 0.26.1 sent it.
fn element_call() -> Value {
    json!({
        "application": "m.call", "call_id": "", "device_id": "BBMWEWOCTX", "expires": 14_400_000,
        "foci_preferred": [{
            "livekit_alias": "!dmibIRSC0mTQ1TUgQhHLqQUcdsNmXEXeXbPj4i26svQ",
            "livekit_service_url": "http://127.0.0.1:18080", "type": "livekit",
        }],
        "focus_active": { "focus_selection": "multi_sfu", "type": "livekit" },
        "m.call.intent": "video", "membershipID": "@bob:localhost:18448:BBMWEWOCTX",
        "scope": "m.room",
    })
}

fn bob() -> Device {
    Device {
        user: "@bob:localhost:18448".into(),
        device: "BBMWEWOCTX".into(),
    }
}

#[test]
fn ours_is_what_element_call_sends() {
    let ours = content(
        &bob(),
        "!dmibIRSC0mTQ1TUgQhHLqQUcdsNmXEXeXbPj4i26svQ",
        "http://127.0.0.1:18080",
        None,
    );
    assert_eq!(ours, element_call());
    assert_eq!(bob().state_key(), event(Value::Null).state_key);
}

#[test]
fn element_calls_is_read() {
    let members = parse(&event(element_call())).unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].device, bob());
    assert_eq!(members[0].created_ms, 1_795_418_647_690);
    assert_eq!(members[0].expires_ms, 1_795_418_647_690 + 14_400_000);
    assert_eq!(
        foci(&members.iter().collect::<Vec<_>>()),
        ["http://127.0.0.1:18080"]
    );
}

#[test]
fn an_empty_content_is_nobody() {
    assert_eq!(parse(&event(json!({}))), Ok(vec![]));
}

#[test]
fn a_prolonged_membership_counts_from_when_it_was_created() {
    let prolonged = content(
        &bob(),
        "!r:hs",
        "http://f",
        Some((1_000, 2 * DEFAULT_EXPIRES_MS)),
    );
    let members = parse(&event(prolonged)).unwrap();
    assert_eq!(members[0].created_ms, 1_000);
    assert_eq!(members[0].expires_ms, 1_000 + 2 * DEFAULT_EXPIRES_MS);
}

#[test]
fn the_older_shape_with_a_list_is_read() {
    let members = parse(&event(json!({ "memberships": [
        { "application": "m.call", "device_id": "A", "expires": 1000, "created_ts": 5 },
        { "application": "m.call", "device_id": "B", "expires_ts": 7000 },
    ]})))
    .unwrap();
    let read: Vec<_> = members
        .iter()
        .map(|m| (m.device.device.as_str(), m.expires_ms))
        .collect();
    assert_eq!(read, [("A", 1005), ("B", 7000)]);
}

#[test]
fn what_cannot_be_read_says_why() {
    let cases = [
        (json!(7), Malformed::NotAnObject),
        (
            json!({ "memberships": {} }),
            Malformed::Field("memberships"),
        ),
        (json!({ "device_id": "A" }), Malformed::Field("application")),
        (
            json!({ "application": "m.call", "device_id": 3 }),
            Malformed::Field("device_id"),
        ),
        (
            json!({ "application": "m.call", "device_id": "A", "expires": "soon" }),
            Malformed::Field("expires"),
        ),
        (
            json!({ "application": "m.whiteboard", "device_id": "A" }),
            Malformed::Application("m.whiteboard".into()),
        ),
    ];
    for (content, expected) in cases {
        assert_eq!(parse(&event(content)), Err(expected));
    }
}

#[test]
fn expired_members_count_no_more_and_each_device_counts_once_as_it_said_last() {
    let first = parse(&event(element_call())).unwrap().remove(0);
    let mut again = first.clone();
    again.created_ms += 1;
    let members = [first.clone(), again.clone()];
    assert_eq!(active(&members, first.expires_ms - 1), [&again]);
    assert!(active(&members, first.expires_ms).is_empty());
}

#[test]
fn members_that_follow_the_oldest_are_found_where_it_is() {
    let member = |device: &str, created_ms, focus: &str, selection: &str| {
        parse(&event(json!({
            "application": "m.call", "device_id": device, "created_ts": created_ms,
            "focus_active": { "type": "livekit", "focus_selection": selection },
            "foci_preferred": [{ "type": "livekit", "livekit_service_url": focus }],
        })))
        .unwrap()
        .remove(0)
    };
    let members = [
        member("NEW", 20, "https://b.example", "oldest_membership"),
        member("OLD", 10, "https://a.example/", "oldest_membership"),
        member("MULTI", 30, "https://c.example", "multi_sfu"),
    ];
    let all = members.iter().collect::<Vec<_>>();
    let active = active(&members, 100);
    assert_eq!(active[0].device.device, "OLD");
    assert_eq!(
        publishing_focus(&active, "https://us.example"),
        "https://a.example"
    );
    assert_eq!(
        publishing_focus(&all[2..], "https://us.example"),
        "https://us.example"
    );
    assert_eq!(
        publishing_focus(&[], "https://us.example"),
        "https://us.example"
    );
    assert_eq!(foci(&active), ["https://a.example", "https://c.example"]);
}

#[test]
fn identities_name_user_and_device() {
    assert_eq!(Device::from_identity(&bob().identity()), Some(bob()));
    assert_eq!(
        Device::from_identity("4AKZzdqqdTz9jn1V47+0yQMP1cOHFSGgYSW47fAarzA"),
        None
    );
}

/// Every membership that was recorded in a call of three can be read, and follows who was there.
#[test]
fn the_recorded_call_of_three_empties_at_its_end() {
    let recorded = include_str!("../../../testdata/call-of-three.jsonl");
    let mut room = std::collections::BTreeMap::new();
    let mut most = 0;
    for line in recorded.lines() {
        let event: StateEvent = serde_json::from_str(line).unwrap();
        let now_ms = event.origin_server_ts;
        room.insert(event.state_key.clone(), parse(&event).unwrap());
        let members: Vec<Member> = room.values().flatten().cloned().collect();
        most = most.max(active(&members, now_ms).len());
    }
    assert_eq!(most, 3);
    assert!(room.values().all(Vec::is_empty));
}
