//! Everything of Matrix that strangers send, one entry each, for fuzzers: nothing here may panic,
//! hang or grow without end.
//!
//! Events are given as JSON, as a home server hands them out; messages of a media server as bytes.

mod in_call;
mod ringing;

use std::collections::BTreeSet;

use livekit_protocol::{self as proto, signal_response::Message as Said};
use prost::Message as _;
use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    account::RoomState,
    discovery, homeserver,
    livekit::socket,
    rtc::{
        Device, Member, Mode, StateEvent,
        keys::{KeyEvent, Origin, Peer},
        membership,
        sticky::{self, Book, StickyEvent},
        transports,
    },
};
use in_call::InCall;

/// The clock of everything here, milliseconds since 1970.
const NOW_MS: u64 = 1_800_000_000_000;
/// The Matrix room of everything here.
const ROOM: &str = "!room:example.org";
/// Of [`sticky::Book`], and of what one event may name.
const MOST_MEMBERS: usize = 2_000;

fn own() -> Device {
    Device {
        user: "@room:example.org".to_owned(),
        device: "ROOM".to_owned(),
    }
}

/// Who is in a call: state and sticky events, in any order.
///
/// # Panics
/// When somebody speaks for another, or is in the call twice.
pub fn members(events: &[Value]) {
    let members = read_members(events);
    let active = membership::active(&members, NOW_MS);
    let devices: BTreeSet<&Device> = active.iter().map(|member| &member.device).collect();
    assert_eq!(devices.len(), active.len(), "each device once: {active:?}");
    for focus in membership::foci(&active) {
        assert!(url::Url::parse(focus).is_ok(), "{focus:?}");
    }
    let _ = membership::publishing_focus(&active, "https://ours.example.org");
    let _ = Mode::choose(&active, true, "id".to_owned());
    for member in active {
        let _ = Peer::of(member);
    }
    let mut call = InCall::enter(&[]);
    call.members(members);
    call.members(Vec::new());
    call.go_on();
}

fn read_members(events: &[Value]) -> Vec<Member> {
    let states = events
        .iter()
        .filter_map(|e| StateEvent::deserialize(e).ok());
    let states: Vec<StateEvent> = states.collect();
    for event in &states {
        let named = membership::parse(event).unwrap_or_default();
        let own = |member: &Member| member.device.user == event.sender;
        assert!(named.iter().all(own), "nobody speaks for another");
    }
    let mut book = Book::default();
    for event in events {
        if let Ok(event) = StickyEvent::deserialize(event) {
            let _ = book.enter(event, NOW_MS);
        }
        let _ = sticky::closes_slot(&event["content"]);
    }
    let room = RoomState::from_events(ROOM, "Room".to_owned(), &states);
    let _ = room.in_call(Some(&book), &own(), NOW_MS);
    let mut all = room.everybody(Some(&book));
    all.truncate(MOST_MEMBERS);
    all
}

/// Keys of others by to-device events; one that names an `origin` came encrypted from that device.
pub fn keys(events: &[Value]) {
    let mut call = InCall::enter(events);
    for event in events {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let origin = &event["origin"];
        let origin = text(&origin["device"]).zip(text(&origin["curve25519"]));
        call.key(&KeyEvent {
            sender: text(&event["sender"]).unwrap_or_default(),
            origin: origin.map(|(device, curve25519)| Origin { device, curve25519 }),
            content: event["content"].clone(),
        });
    }
    call.go_on();
}

/// What is said and shown in a call: hands, signs, chat, names, as history and as news.
pub fn talk(events: &[Value]) {
    let mut call = InCall::enter(events);
    call.history(events.to_vec());
    call.hears(events.to_vec());
    call.history(events.to_vec());
    call.go_on();
}

/// Calls to the room: notifications, and `m.call.*` events from the invitation to the end.
pub fn calls(events: &[Value]) {
    ringing::play(events);
}

/// Answers of servers: where the home server is, which call service it names, sticky events, the
/// address of the media server.
pub fn answer(answer: &Value) {
    let _ = discovery::address("example.org", reqwest::StatusCode::OK, answer);
    for list in [
        transports::from_endpoint(answer),
        transports::from_well_known(answer),
    ] {
        assert!(list.is_none_or(|url| url::Url::parse(&url).is_ok()));
    }
    let news = homeserver::events::sticky_news(answer);
    members(&news.rooms.into_values().flatten().collect::<Vec<_>>());
    if let Some(address) = answer["url"].as_str()
        && let Some(url) = socket::signalling_url(address)
    {
        assert!(matches!(url.scheme(), "ws" | "wss"));
    }
}

/// A media server's messages, each behind its length (protobuf's varint).
pub fn signalling(mut data: &[u8]) {
    let mut call = InCall::enter(&[]);
    while let Ok(message) = proto::SignalResponse::decode_length_delimited(&mut data) {
        call.signal(message);
        if data.is_empty() {
            break;
        }
    }
    call.go_on();
}

/// A conversation with a media server, to begin from.
#[must_use]
pub fn signalling_seed() -> Vec<u8> {
    let anna = proto::ParticipantInfo {
        sid: "PA_a".to_owned(),
        identity: "@anna:example.org:ANNA".to_owned(),
        tracks: vec![proto::TrackInfo {
            sid: "TR_a".to_owned(),
            r#type: proto::TrackType::Video as i32,
            ..Default::default()
        }],
        ..Default::default()
    };
    let description = |sdp: &str| proto::SessionDescription {
        sdp: sdp.to_owned(),
        ..Default::default()
    };
    let candidate = r#"{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0"}"#;
    let said = [
        Said::Join(proto::JoinResponse {
            other_participants: vec![anna.clone()],
            ping_interval: 5,
            ..Default::default()
        }),
        Said::TrackPublished(proto::TrackPublishedResponse {
            cid: "0-camera".to_owned(),
            track: Some(proto::TrackInfo::default()),
        }),
        Said::Offer(description("v=0")),
        Said::Answer(description("v=0")),
        Said::Trickle(proto::TrickleRequest {
            candidate_init: candidate.to_owned(),
            ..Default::default()
        }),
        Said::Update(proto::ParticipantUpdate {
            participants: vec![anna],
        }),
        Said::Leave(proto::LeaveRequest::default()),
    ];
    let messages = said.map(|message| proto::SignalResponse {
        message: Some(message),
    });
    let bytes = messages
        .iter()
        .map(proto::SignalResponse::encode_length_delimited_to_vec);
    bytes.collect::<Vec<_>>().concat()
}
