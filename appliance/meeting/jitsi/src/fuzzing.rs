//! Everything that strangers send, one entry each, for fuzzers: nothing here may panic, hang or
//! grow without end.

use std::time::{Duration, Instant};

use saal_media_protocol::{
    Codec, DtlsSetup, Fingerprint, IceCredentials, LocalTransport, TransportCommand,
    TransportEvent, TransportState,
};
use saal_meeting::{CallId, MeetingLink};

use crate::{
    link::ConferenceLink,
    protocol::{
        BridgeEvent, Conference, ConferenceSetup, ConsentRule, Credentials, Hosts, LinkEvent,
        Output,
    },
    server_config::ServerConfig,
};

/// A frame from the server, before and in the room.
pub fn stanza(now: Instant, frame: &str) {
    let mut conference = Conference::new(now, setup());
    drain(now, &mut conference);
    conference.handle_stanza(now, frame);
    drain(now, &mut conference);
    in_room(now, |conference| conference.handle_stanza(now, frame));
}

/// The inside of a Jingle IQ from the focus and from a peer.
pub fn jingle(now: Instant, inner: &str) {
    for from in ["focus", "aaaa"] {
        let frame = format!(
            "<iq xmlns='jabber:client' type='set' id='f' from='r@conference.example.org/{from}'>{inner}</iq>"
        );
        in_room(now, |conference| conference.handle_stanza(now, &frame));
    }
}

/// A text on the bridge's channel.
pub fn bridge(now: Instant, text: &str) {
    in_room(now, |conference| {
        conference.handle_bridge(now, BridgeEvent::Text(text));
    });
}

/// `config.js`.
pub fn server_config(text: &str) {
    if let Ok(config) = ServerConfig::read(text)
        && let Ok(link) = ConferenceLink::parse(&MeetingLink::new("https://m.example/r"))
    {
        let _ = config.websocket_url(&link, &Default::default());
        let _ = config.bosh_url(&link, &Default::default());
    }
}

/// A link.
pub fn link(text: &str) {
    let _ = ConferenceLink::parse(&MeetingLink::new(text));
}

fn setup() -> ConferenceSetup {
    ConferenceSetup {
        call: CallId(1),
        room: "r".to_owned(),
        hosts: Hosts {
            domain: "example.org".to_owned(),
            main: "example.org".to_owned(),
            muc: "conference.example.org".to_owned(),
            focus: "focus.example.org".to_owned(),
            conference_request: None,
            hidden: None,
        },
        credentials: Credentials::Anonymous,
        token: None,
        password: None,
        name: "Room".to_owned(),
        microphone: true,
        camera: true,
        codecs: vec![Codec::Vp8],
        encodes: vec![Codec::Vp8, Codec::H264],
        peer_to_peer: true,
        peer_to_peer_after: Duration::from_secs(5),
        seed: 1,
        unix_ms: 0,
        machine_uid: "m".to_owned(),
        consent: ConsentRule::Asked,
        predecessor: None,
    }
}

const INTO_THE_ROOM: &[&str] = &[
    "<f:features xmlns:f='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
     <mechanism>ANONYMOUS</mechanism></mechanisms></f:features>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<f:features xmlns:f='http://etherx.jabber.org/streams'><sm xmlns='urn:xmpp:sm:3'/></f:features>",
    "<iq xmlns='jabber:client' id='bind' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
     <jid>0a1b2c3d@example.org/r</jid></bind></iq>",
    "<enabled xmlns='urn:xmpp:sm:3' id='sm' resume='true'/>",
];

const IN_THE_ROOM: &[&str] = &[
    "<presence xmlns='jabber:client' from='r@conference.example.org/focus'/>",
    "<presence xmlns='jabber:client' from='r@conference.example.org/aaaa'/>",
    "<presence xmlns='jabber:client' from='r@conference.example.org/0a1b2c3d'/>",
    "<iq xmlns='jabber:client' type='set' id='i' from='r@conference.example.org/focus'><jingle xmlns='urn:xmpp:jingle:1' \
     action='session-initiate' sid='s'><content name='audio'><description media='audio'/><transport ufrag='u' pwd='p'>\
     <fingerprint hash='sha-256'>AA</fingerprint><web-socket url='wss://example.org/'/></transport></content></jingle></iq>",
];

/// Does something in a room with somebody in it and a bridge, and lets time pass.
fn in_room(now: Instant, act: impl FnOnce(&mut Conference)) {
    let mut conference = Conference::new(now, setup());
    drain(now, &mut conference);
    conference.handle_link(now, LinkEvent::Opened);
    for frame in INTO_THE_ROOM {
        conference.handle_stanza(now, frame);
    }
    if let Some(id) = question(&mut conference) {
        let ready = format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'>\
             <conference xmlns='http://jitsi.org/protocol/focus' ready='true'/></iq>"
        );
        conference.handle_stanza(now, &ready);
    }
    for frame in IN_THE_ROOM {
        conference.handle_stanza(now, frame);
        drain(now, &mut conference);
    }
    conference.handle_bridge(now, BridgeEvent::Opened);
    act(&mut conference);
    drain(now, &mut conference);
    for _ in 0..8 {
        let Some(next) = conference.deadline() else {
            break;
        };
        conference.handle_deadline(next + Duration::from_secs(1));
        drain(next, &mut conference);
    }
}

/// Id of the conference request.
fn question(conference: &mut Conference) -> Option<String> {
    let mut id = None;
    while let Some(output) = conference.poll() {
        let Output::Send(frame) = output else {
            continue;
        };
        if frame.contains("<conference") {
            let (_, rest) = frame.split_once("id=\"")?;
            id = rest.split('"').next().map(str::to_owned);
        }
    }
    id
}

/// Takes all outputs and lets the engine answer.
fn drain(now: Instant, conference: &mut Conference) {
    while let Some(output) = conference.poll() {
        let Output::Transport(TransportCommand::OpenDeclared { transport, .. }) = output else {
            continue;
        };
        let local = LocalTransport {
            ice: IceCredentials {
                ufrag: "u".to_owned(),
                pwd: "p".to_owned(),
            },
            fingerprint: Fingerprint {
                hash: "sha-256".to_owned(),
                value: "AA".to_owned(),
            },
            setup: DtlsSetup::Passive,
        };
        conference.handle_transport(now, TransportEvent::Opened { transport, local });
        let state = TransportState::Connected;
        conference.handle_transport(now, TransportEvent::State { transport, state });
    }
}
