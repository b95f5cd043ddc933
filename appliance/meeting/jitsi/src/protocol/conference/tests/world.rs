//! A server, a focus, a bridge and an engine, as small as the tests need them.

use saal_media_protocol::{
    DtlsSetup, Fingerprint, IceCredentials, LocalTransport, SourceKind, TransportState,
};
use saal_meeting::{MeetingAction, Role};

use super::super::*;
use crate::protocol::ns;

pub(super) const ROOM: &str = "weekly@conference.example.org";
pub(super) const ME: &str = "0a1b2c3d";

pub(super) fn setup() -> ConferenceSetup {
    ConferenceSetup {
        call: CallId(3),
        room: "weekly".into(),
        hosts: Hosts {
            domain: "example.org".into(),
            main: "example.org".into(),
            muc: "conference.example.org".into(),
            focus: "focus.example.org".into(),
            conference_request: None,
            hidden: Some("hidden.example.org".into()),
        },
        credentials: Credentials::Anonymous,
        token: None,
        password: None,
        name: "Room 4".into(),
        microphone: true,
        camera: true,
        codecs: vec![Codec::Vp8, Codec::H264],
        encodes: vec![Codec::Vp8],
        peer_to_peer: false,
        peer_to_peer_after: Duration::from_secs(5),
        seed: 1,
        unix_ms: 1_000_000,
        machine_uid: "m".into(),
        consent: ConsentRule::Asked,
        predecessor: None,
    }
}

pub(super) struct World {
    pub(super) room: Conference,
    pub(super) now: Instant,
    /// What was not looked at yet.
    pub(super) outputs: Vec<Output>,
    /// The server answers nothing, not even pings.
    pub(super) silent: bool,
    sessions: u32,
}

impl World {
    pub(super) fn new(setup: ConferenceSetup) -> Self {
        let now = Instant::now();
        let mut world = Self {
            room: Conference::new(now, setup),
            now,
            outputs: Vec::new(),
            silent: false,
            sessions: 0,
        };
        world.collect();
        world
    }

    /// In the stream, the focus is asked.
    pub(super) fn online(setup: ConferenceSetup) -> Self {
        let mut world = Self::new(setup);
        world.link_opens();
        world.log_in("0a1b2c3d-aaaa-bbbb-cccc-0123456789ab");
        world
    }

    pub(super) fn link_opens(&mut self) {
        self.room.handle_link(self.now, LinkEvent::Opened);
        self.collect();
        self.hears(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms \
             xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>",
        );
        self.hears("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        self.hears(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><sm xmlns='urn:xmpp:sm:3'/>\
             <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
        );
    }

    pub(super) fn log_in(&mut self, user: &str) {
        self.hears(&format!(
            "<iq xmlns='jabber:client' id='bind' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>{user}@example.org/r</jid></bind></iq>"
        ));
        self.hears("<enabled xmlns='urn:xmpp:sm:3' id='sm' resume='true'/>");
    }

    /// In the room with these people; the bridge is connected where there are any.
    pub(super) fn joined(setup: ConferenceSetup, people: &[&str]) -> Self {
        let mut world = Self::online(setup);
        world.focus_is_ready();
        for who in people {
            world.comes(who);
        }
        world.enters(ME);
        if !people.is_empty() {
            world.invites();
            world.connects();
        }
        assert!(world.events().contains(&CallEvent::Joined));
        world.components();
        world.outputs.clear();
        world
    }

    /// The server's components are known.
    fn components(&mut self) {
        let kinds = [
            "av_moderation",
            "breakout_rooms",
            "end_conference",
            "polls",
            "room_metadata",
            "speakerstats",
        ];
        let identities: String = kinds
            .iter()
            .map(|kind| {
                format!("<identity category='component' type='{kind}' name='{kind}.example.org'/>")
            })
            .collect();
        let xml = format!("<query xmlns='{}'>{identities}</query>", ns::DISCO_INFO);
        self.room.components.read(&Element::parse(&xml).unwrap());
    }

    pub(super) fn hears(&mut self, xml: &str) {
        self.room.handle_stanza(self.now, xml);
        self.collect();
    }

    pub(super) fn collect(&mut self) {
        self.outputs.extend(std::iter::from_fn(|| self.room.poll()));
    }

    pub(super) fn passes(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some(next) = self.room.deadline().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.room.handle_deadline(self.now);
            self.collect();
            self.answer_pings();
        }
        self.now = until;
    }

    fn answer_pings(&mut self) {
        let is_ping =
            |output: &Output| matches!(output, Output::Send(f) if f.contains("urn:xmpp:ping"));
        let pings: Vec<Output> = self.outputs.extract_if(.., |o| is_ping(o)).collect();
        for ping in pings.iter().filter(|_| !self.silent) {
            let Output::Send(frame) = ping else { continue };
            let id = Element::parse(frame)
                .unwrap()
                .attr("id")
                .unwrap()
                .to_owned();
            let answer = format!("<iq xmlns='jabber:client' type='result' id='{id}'/>");
            self.room.handle_stanza(self.now, &answer);
        }
        self.collect();
    }

    pub(super) fn command(&mut self, command: MeetingCommand) {
        self.room.handle_command(self.now, command);
        self.collect();
    }

    pub(super) fn act(&mut self, action: MeetingAction) {
        let call = CallId(3);
        self.command(MeetingCommand::Act { call, action });
    }

    pub(super) fn set_muted(&mut self, source: SourceKind, muted: bool) {
        let call = CallId(3);
        self.command(MeetingCommand::SetMuted {
            call,
            source,
            muted,
        });
    }

    // What the room did.

    pub(super) fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    pub(super) fn events(&self) -> Vec<CallEvent> {
        let events = self.outputs.iter().filter_map(|output| match output {
            Output::Emit(event) => Some(event.clone()),
            _ => None,
        });
        events.collect()
    }

    pub(super) fn has(&self, event: &CallEvent) -> bool {
        self.events().contains(event)
    }

    pub(super) fn commands(&self) -> Vec<TransportCommand> {
        let commands = self.outputs.iter().filter_map(|output| match output {
            Output::Transport(command) => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }

    pub(super) fn said(&self) -> Vec<Element> {
        let frames = self.outputs.iter().filter_map(|output| match output {
            Output::Send(frame) => Some(Element::parse(frame).unwrap()),
            _ => None,
        });
        frames.collect()
    }

    /// The last frame that the room sent with this in it.
    pub(super) fn said_with(&self, needle: &str) -> Option<Element> {
        self.said()
            .into_iter()
            .rev()
            .find(|frame| frame.to_xml().contains(needle))
    }

    pub(super) fn shows(&self) -> &MeetingState {
        &self.room.told.state
    }

    pub(super) fn people(&self) -> Vec<&str> {
        let people = self.room.told.participants.iter();
        people.map(|p| p.id.as_str()).collect()
    }

    // What the others do.

    /// Answers the room's last question that has this in it.
    pub(super) fn answers(&mut self, needle: &str, kind: &str, inner: &str) {
        let question = self
            .said_with(needle)
            .unwrap_or_else(|| panic!("{needle} was not asked"));
        let id = question.attr("id").unwrap();
        self.hears(&format!(
            "<iq xmlns='jabber:client' type='{kind}' id='{id}' from='{}'>{inner}</iq>",
            question.attr("to").unwrap()
        ));
    }

    pub(super) fn focus_is_ready(&mut self) {
        self.answers(
            "<conference",
            "result",
            "<conference xmlns='http://jitsi.org/protocol/focus' ready='true' focusjid='focus@auth.example.org'/>",
        );
    }

    /// The focus is in the room.
    pub(super) fn focus_comes(&mut self) {
        self.presence("focus", "role='moderator'", "");
    }

    pub(super) fn presence(&mut self, who: &str, item: &str, inner: &str) {
        self.hears(&format!(
            "<presence xmlns='jabber:client' from='{ROOM}/{who}'>{inner}<x xmlns='{}'>\
             <item jid='{who}@auth.example.org/r' {item}/></x></presence>",
            ns::MUC_USER
        ));
    }

    pub(super) fn comes(&mut self, who: &str) {
        let sources = format!(
            "<SourceInfo>{{\"{who}-a0\":{{\"muted\":false}}}}</SourceInfo><nick>{who} B.</nick>"
        );
        self.presence(who, "role='participant'", &sources);
    }

    pub(super) fn leaves(&mut self, who: &str) {
        self.hears(&format!(
            "<presence xmlns='jabber:client' type='unavailable' from='{ROOM}/{who}'/>"
        ));
    }

    /// The server confirms that we are in.
    pub(super) fn enters(&mut self, me: &str) {
        self.enters_as(me, Role::Participant);
    }

    pub(super) fn enters_as(&mut self, me: &str, role: Role) {
        let role = match role {
            Role::Moderator => "moderator",
            Role::Participant => "participant",
            Role::Visitor => "visitor",
        };
        self.hears(&format!(
            "<presence xmlns='jabber:client' from='{}/{me}'><x xmlns='{}'>\
             <item role='{role}' affiliation='none'/><status code='110'/></x></presence>",
            self.room.room.clone(),
            ns::MUC_USER
        ));
        self.focus_comes();
    }

    /// Our presence ends.
    pub(super) fn sent_away(&mut self, inner: &str) {
        let me = &self.room.endpoint;
        self.hears(&format!(
            "<presence xmlns='jabber:client' type='unavailable' from='{ROOM}/{me}'><x xmlns='{}'>{inner}\
             <status code='110'/></x></presence>",
            ns::MUC_USER
        ));
    }

    pub(super) fn refuses(&mut self, inner: &str) {
        let me = &self.room.endpoint;
        self.hears(&format!(
            "<presence xmlns='jabber:client' type='error' from='{ROOM}/{me}'>{inner}</presence>"
        ));
    }

    pub(super) fn order(&mut self, from: &str, inner: &str) {
        self.hears(&format!(
            "<iq xmlns='jabber:client' type='set' id='o1' from='{ROOM}/{from}'>{inner}</iq>"
        ));
    }

    pub(super) fn component(&mut self, component: &str, json: &str) {
        let text = Element::new("json-message", ns::JITMEET).text_node(json);
        let message = Element::new("message", ns::CLIENT)
            .with("from", format!("{component}.example.org"))
            .child(text);
        self.hears(&message.to_xml());
    }

    fn offer(&mut self, inner: &str) -> String {
        self.sessions += 1;
        format!(
            "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s{}'>\
             <content name='audio'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>\
             <payload-type id='111' name='opus' clockrate='48000' channels='2'/></description>\
             <transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='u' pwd='p'>\
             <fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>AA</fingerprint>\
             {inner}</transport></content>\
             <content name='video'><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>\
             <payload-type id='100' name='VP8' clockrate='90000'/>\
             <payload-type id='107' name='H264' clockrate='90000'><parameter name='profile-level-id' \
             value='42e01f;level-asymmetry-allowed=1;packetization-mode=1;'/></payload-type></description></content>\
             <bridge-session xmlns='http://jitsi.org/protocol/focus' id='b{}'/></jingle>",
            self.sessions, self.sessions
        )
    }

    /// The focus invites, with the bridge's data channel.
    pub(super) fn invites(&mut self) {
        let offer = self.offer(
            "<sctpmap xmlns='urn:xmpp:jingle:transports:dtls-sctp:1' number='5000' protocol='webrtc-datachannel'/>",
        );
        self.order("focus", &offer);
    }

    /// The focus invites, with the bridge's WebSocket.
    pub(super) fn invites_to_socket(&mut self) {
        let offer = self.offer(
            "<web-socket xmlns='http://jitsi.org/protocol/colibri' url='wss://example.org/colibri-ws/1'/>",
        );
        self.order("focus", &offer);
    }

    pub(super) fn calls_directly(&mut self, who: &str) {
        let offer = self.offer("");
        self.order(who, &offer);
    }

    /// The connection that the engine was told to make last.
    pub(super) fn transport(&self) -> TransportId {
        let session = self.room.peer.as_ref().map(|p| p.session.transport);
        let bridge = self.room.bridge.as_ref().map(|b| b.transport);
        session.max(bridge).expect("no connection")
    }

    pub(super) fn engine(&mut self, event: TransportEvent) {
        self.room.handle_transport(self.now, event);
        self.collect();
    }

    pub(super) fn media(&mut self, state: TransportState) {
        let transport = self.transport();
        self.engine(TransportEvent::State { transport, state });
    }

    /// The engine makes the connection and it stands.
    pub(super) fn connects(&mut self) {
        let transport = self.transport();
        let local = LocalTransport {
            ice: IceCredentials {
                ufrag: "u".into(),
                pwd: "p".into(),
            },
            fingerprint: Fingerprint {
                hash: "sha-256".into(),
                value: "BB".into(),
            },
            setup: DtlsSetup::Passive,
        };
        self.engine(TransportEvent::Opened { transport, local });
        self.engine(TransportEvent::ChannelOpen { transport });
        self.media(TransportState::Connected);
    }

    pub(super) fn bridge_says(&mut self, json: &str) {
        let transport = self.room.bridge.as_ref().unwrap().transport;
        let text = json.to_owned();
        self.engine(TransportEvent::ChannelText { transport, text });
    }

    pub(super) fn link_is_lost(&mut self) {
        let lost = LinkEvent::Lost {
            reason: "cable".into(),
            untrusted: None,
        };
        self.room.handle_link(self.now, lost);
        self.collect();
    }
}
