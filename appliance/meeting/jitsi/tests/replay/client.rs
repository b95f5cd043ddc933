//! The conference with a driver that plays a trace to it: what came in comes in, what the web
//! client did is done by commands.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use roxmltree::{Document, Node};
use saal_jitsi::protocol::{
    BridgeEvent, Conference, ConferenceSetup, ConsentRule, Credentials, Hosts, LinkEvent, Output,
};
use saal_media_protocol::{
    Candidate, Codec, DtlsSetup, Fingerprint, IceCredentials, LocalTransport, SourceKind,
    TransportCommand, TransportEvent, TransportId, TransportState,
};
use saal_meeting::{CallEvent, CallId, MeetingAction, MeetingCommand, Secret, Watched};

use crate::trace::Line;

pub(crate) const CALL: CallId = CallId(1);

/// What both sides said, in order.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) xmpp: Vec<String>,
    pub(crate) bridge: Vec<String>,
}

pub(crate) struct Client {
    pub(crate) conference: Conference,
    pub(crate) ours: Said,
    pub(crate) theirs: Said,
    pub(crate) events: Vec<CallEvent>,
    pub(crate) commands: Vec<TransportCommand>,
    begun: Instant,
    pub(crate) now: Instant,
    /// Ids of our questions that wait for an answer, by what they ask.
    asked: BTreeMap<String, VecDeque<String>>,
    /// Their ids to what they asked.
    their_questions: BTreeMap<String, String>,
    /// Their nicknames in lobbies, and ours.
    nicks: Vec<(String, String)>,
    channel_open: bool,
}

/// What a question asks, to find ours that is like theirs.
fn question(iq: Node<'_, '_>) -> Option<String> {
    if !iq.has_tag_name(("jabber:client", "iq")) {
        return None;
    }
    let kind = iq
        .attribute("type")
        .filter(|t| matches!(*t, "get" | "set"))?;
    let child = iq.first_element_child()?;
    let attributes = ["node", "action", "room"].map(|a| child.attribute(a).unwrap_or_default());
    let name = child.tag_name();
    let to = iq.attribute("to").unwrap_or_default();
    Some(format!(
        "{kind} {to} {} {:?} {attributes:?}",
        name.name(),
        name.namespace()
    ))
}

pub(crate) fn setup(lines: &[Line]) -> ConferenceSetup {
    let out = |needle: &str| {
        let mut lines = lines.iter().filter(|l| l.is_out());
        lines.find_map(|l| l.data.split_once(needle).map(|(_, rest)| rest.to_owned()))
    };
    let until = |text: String, end: char| text.split(end).next().unwrap().to_owned();
    let room = until(out(" room=\"").unwrap(), '@');
    let name = out("protocol/nick\">").map_or_else(String::new, |t| until(t, '<'));
    let password = out("<password>").map(|t| Secret::new(until(t, '<')));
    ConferenceSetup {
        call: CALL,
        room,
        hosts: Hosts {
            domain: "meet.localtest".into(),
            main: "meet.localtest".into(),
            muc: "conference.meet.localtest".into(),
            focus: "focus.meet.localtest".into(),
            conference_request: None,
            hidden: None,
        },
        credentials: Credentials::Anonymous,
        token: None,
        password,
        name,
        microphone: true,
        camera: true,
        codecs: vec![Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1],
        encodes: vec![Codec::Vp8],
        peer_to_peer: true,
        peer_to_peer_after: Duration::from_secs(5),
        seed: 7,
        unix_ms: 1_795_417_900_000,
        machine_uid: "0123456789abcdef0123456789abcdef".into(),
        consent: ConsentRule::Asked,
        predecessor: None,
    }
}

impl Client {
    pub(crate) fn new(setup: ConferenceSetup) -> Self {
        let now = Instant::now();
        let mut client = Self {
            conference: Conference::new(now, setup),
            ours: Said::default(),
            theirs: Said::default(),
            events: Vec::new(),
            commands: Vec::new(),
            begun: now,
            now,
            asked: BTreeMap::new(),
            their_questions: BTreeMap::new(),
            nicks: Vec::new(),
            channel_open: false,
        };
        client.take();
        client
    }

    pub(crate) fn play(&mut self, line: &Line) {
        self.now = self.now.max(self.begun + Duration::from_secs_f64(line.t));
        match (line.is_out(), line.is_bridge()) {
            (true, _) => self.they_say(line),
            (false, true) => self.bridge_says(line),
            (false, false) => self.server_says(&line.data),
        }
        self.take();
    }

    fn server_says(&mut self, data: &str) {
        if data.starts_with("#opened") {
            self.conference.handle_link(self.now, LinkEvent::Opened);
        } else if data.starts_with("#closed") {
            let lost = LinkEvent::Lost {
                reason: data.to_owned(),
                untrusted: None,
            };
            self.conference.handle_link(self.now, lost);
        } else {
            let frame = self.translate(data);
            self.conference.handle_stanza(self.now, &frame);
        }
    }

    /// Puts our ids and nicknames where theirs are.
    fn translate(&mut self, data: &str) -> String {
        let mut frame = data.to_owned();
        for (theirs, ours) in &self.nicks {
            frame = frame.replace(theirs, ours);
        }
        let document = Document::parse(data).unwrap();
        let stanza = document.root_element();
        let answers = matches!(stanza.attribute("type"), Some("result" | "error"));
        let their_id = stanza.attribute("id").unwrap_or_default();
        let asked = self.their_questions.get(their_id).filter(|_| answers);
        let ours = asked.and_then(|q| self.asked.get_mut(q)?.pop_front());
        match ours {
            Some(ours) => frame.replace(their_id, &ours),
            None => frame,
        }
    }

    fn bridge_says(&mut self, line: &Line) {
        if line.ch == "bridge-dc" {
            self.open_channel();
            let event = TransportEvent::ChannelText {
                transport: self.transport(),
                text: line.data.clone(),
            };
            self.conference.handle_transport(self.now, event);
            return;
        }
        let event = match line.data.as_str() {
            data if data.starts_with("#opened") => BridgeEvent::Opened,
            data if data.starts_with("#closed") => BridgeEvent::Closed("closed by the server"),
            text => BridgeEvent::Text(text),
        };
        self.conference.handle_bridge(self.now, event);
    }

    fn open_channel(&mut self) {
        if !std::mem::replace(&mut self.channel_open, true) {
            let transport = self.transport();
            let event = TransportEvent::ChannelOpen { transport };
            self.conference.handle_transport(self.now, event);
            self.take();
        }
    }

    /// The connection with the bridge; one that never was where there is none.
    pub(crate) fn transport(&self) -> TransportId {
        let opened = self
            .commands
            .iter()
            .rev()
            .find_map(|command| match command {
                TransportCommand::OpenDeclared { transport, .. } => Some(*transport),
                _ => None,
            });
        opened.unwrap_or(TransportId(u64::MAX))
    }

    fn they_say(&mut self, line: &Line) {
        if line.ch == "bridge-dc" {
            self.open_channel();
        }
        if line.data.starts_with('#') {
            return;
        }
        if line.is_bridge() {
            self.theirs.bridge.push(line.data.clone());
            self.imitate_bridge(&line.data);
            return;
        }
        self.theirs.xmpp.push(line.data.clone());
        let document = Document::parse(&line.data).unwrap();
        let stanza = document.root_element();
        let id = stanza.attribute("id").unwrap_or_default();
        if let Some(question) = question(stanza) {
            self.their_questions.insert(id.to_owned(), question);
        }
        if let Some((bare, nick)) = entering(stanza) {
            let same = self.ours.xmpp.iter().rev().find_map(|frame| {
                let document = Document::parse(frame).ok()?;
                let (to, nick) = entering(document.root_element())?;
                (to == bare).then_some(nick)
            });
            self.nicks.extend(same.map(|ours| (nick, ours)));
        }
        for command in crate::imitate::commands(stanza) {
            self.command(command);
        }
    }

    pub(crate) fn command(&mut self, command: MeetingCommand) {
        self.conference.handle_command(self.now, command);
        self.take();
    }

    /// The television shows what the web client asked for by name.
    fn imitate_bridge(&mut self, text: &str) {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let Some(wishes) = json["constraints"].as_object().filter(|c| !c.is_empty()) else {
            return;
        };
        let pictures = wishes.iter().map(|(source, wish)| {
            let (participant, suffix) = source.rsplit_once('-').unwrap();
            Watched {
                participant: participant.to_owned(),
                source: match suffix {
                    "v1" => SourceKind::Content,
                    _ => SourceKind::Camera,
                },
                height: u32::try_from(wish["maxHeight"].as_u64().unwrap()).unwrap(),
            }
        });
        let pictures = pictures.collect();
        self.command(MeetingCommand::Watch {
            call: CALL,
            pictures,
        });
    }

    /// Performs what the conference wants.
    pub(crate) fn take(&mut self) {
        while let Some(output) = self.conference.poll() {
            match output {
                Output::Send(frame) => self.we_say(frame),
                Output::SendBridge(text) => self.ours.bridge.push(text),
                Output::Emit(event) => self.events.push(event),
                Output::Transport(command) => self.engine(command),
                Output::OpenLink { .. }
                | Output::CloseLink
                | Output::OpenBridge { .. }
                | Output::CloseBridge
                | Output::Http { .. } => {}
            }
        }
    }

    fn we_say(&mut self, frame: String) {
        let document = Document::parse(&frame).unwrap();
        let stanza = document.root_element();
        if let Some(question) = question(stanza) {
            let id = stanza.attribute("id").unwrap_or_default().to_owned();
            self.asked.entry(question).or_default().push_back(id);
        }
        self.ours.xmpp.push(frame);
    }

    fn engine(&mut self, command: TransportCommand) {
        if let TransportCommand::OpenDeclared { transport, .. } = command {
            let candidate = Candidate {
                candidate: "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host".into(),
                mid: None,
            };
            let local = LocalTransport {
                ice: IceCredentials {
                    ufrag: "abcd".into(),
                    pwd: "0123456789abcdef01234567".into(),
                },
                fingerprint: Fingerprint {
                    hash: "sha-256".into(),
                    value: "AA:BB".into(),
                },
                setup: DtlsSetup::Active,
            };
            self.commands.push(command);
            let opened = TransportEvent::Opened { transport, local };
            self.conference.handle_transport(self.now, opened);
            let found = TransportEvent::Candidate {
                transport,
                candidate,
            };
            self.conference.handle_transport(self.now, found);
            let state = TransportState::Connected;
            let connected = TransportEvent::State { transport, state };
            self.conference.handle_transport(self.now, connected);
            return;
        }
        if let TransportCommand::ChannelSend { text, .. } = &command {
            self.ours.bridge.push(text.clone());
        }
        self.commands.push(command);
    }
}

/// Where a presence enters, and as whom.
fn entering(stanza: Node<'_, '_>) -> Option<(String, String)> {
    let muc = ("http://jabber.org/protocol/muc", "x");
    stanza.children().find(|child| child.has_tag_name(muc))?;
    let (bare, nick) = stanza.attribute("to")?.split_once('/')?;
    Some((bare.to_owned(), nick.to_owned()))
}

pub(crate) fn act(action: MeetingAction) -> MeetingCommand {
    MeetingCommand::Act { call: CALL, action }
}

pub(crate) fn leave() -> MeetingCommand {
    MeetingCommand::Leave { call: CALL }
}

pub(crate) fn set_muted(source: SourceKind, muted: bool) -> MeetingCommand {
    MeetingCommand::SetMuted {
        call: CALL,
        source,
        muted,
    }
}
