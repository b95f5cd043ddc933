//! A stay in a conference from Join to `Ended`, pure. The driver performs the [`Output`]s and
//! feeds back what came of them.
//!
//! ```text
//!   OpenLink ──> LinkEvent::Opened ──> Send / handle_stanza … ──> CloseLink
//!   Http ──────> handle_http
//!   OpenBridge > BridgeEvent::Opened ─> SendBridge / BridgeEvent::Text … ─> CloseBridge
//!   Transport ─> handle_transport            (the media engine)
//!   Emit ──────> the daemon                  handle_command <── the daemon
//! ```
//!
//! After every call of a `handle_…` the driver takes all outputs by [`Conference::poll`], in
//! order, and waits until [`Conference::deadline`] at the latest. `now` never goes backwards.

mod calling;
mod channel;
mod codec;
mod commands;
mod company;
mod consent;
mod iq;
mod joining;
mod leaving;
mod link;
mod lobby;
mod media;
mod messages;
mod notices;
mod peer;
mod place;
mod room;
mod settle;
mod speaking;
mod timers;
mod visiting;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use saal_media_protocol::{
    Codec, IceServer, SourceKind, TransportCommand, TransportEvent, TransportId,
};
use saal_meeting::{
    CallEvent, CallId, EndReason, JoinStage, MeetingCommand, MeetingState, Secret, Watched,
};

pub use super::stream::Credentials;
use super::{
    disco::{Components, RoomInfo},
    ids::Ids,
    predecessor::Predecessor,
    presence::{Occupant, OwnPresence},
    session::MediaSession,
    stream::Stream,
    xml::Element,
};
pub use consent::ConsentRule;
use timers::{Backoffs, Timer, Timers};

/// With servers that answer the room has to be in, or waiting for people, within this time.
const JOIN_WITHIN: Duration = Duration::from_secs(25);
/// Between looks at what can't be done now.
const RETRY: Duration = Duration::from_secs(1);
/// Where the conference is on its installation (`config.js`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Domain of the stream: the guests' where guests are separate, else the main one.
    pub domain: String,
    /// Main domain, which is asked for services and components.
    pub main: String,
    /// Domain of the rooms, such as `conference.example.org`, with the tenant in front where
    /// there is one.
    pub muc: String,
    /// JID of the focus component, such as `focus.example.org`.
    pub focus: String,
    /// Address for conference requests over HTTP, where there is one.
    pub conference_request: Option<String>,
    /// Domain of recorders and transcribers, whom nobody is shown.
    pub hidden: Option<String>,
}

/// What a stay is made from.
#[derive(Clone, Debug)]
pub struct ConferenceSetup {
    /// Its number.
    pub call: CallId,
    /// Room name as the server wants it (`ConferenceLink::room`).
    pub room: String,
    /// The installation.
    pub hosts: Hosts,
    /// How the room logs in.
    pub credentials: Credentials,
    /// The link's token; the driver also puts it into the link's address.
    pub token: Option<Secret>,
    /// From beside the link.
    pub password: Option<Secret>,
    /// What the others are to call the room.
    pub name: String,
    /// Enter with the microphone on.
    pub microphone: bool,
    /// Enter with the camera on.
    pub camera: bool,
    /// Pictures that the engine can decode.
    pub codecs: Vec<Codec>,
    /// Pictures that the engine can encode.
    pub encodes: Vec<Codec>,
    /// Talk directly where two are alone.
    pub peer_to_peer: bool,
    /// How long two have to be alone for that after others were there.
    pub peer_to_peer_after: Duration,
    /// Any number; ids and SSRCs follow from it.
    pub seed: u64,
    /// Milliseconds since 1970 at the call of [`Conference::new`].
    pub unix_ms: u64,
    /// The same for every stay of this device, 32 hexadecimal digits.
    pub machine_uid: String,
    /// When people agree to being recorded.
    pub consent: ConsentRule,
    /// Who the room was in this conference when its process died.
    pub predecessor: Option<Predecessor>,
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Connect to the server, by WebSocket or BOSH; answer with [`Conference::handle_link`]. An
    /// open link is closed first.
    OpenLink {
        /// Go on with this stream, or in its place: its name belongs into the address as `previd`.
        resume: Option<String>,
        /// A visitor node: its name belongs into the address as `vnode`.
        vnode: Option<String>,
        /// The name under which a moderator lets us take part: belongs there as `customusername`.
        username: Option<String>,
    },
    /// Close the link after what was sent.
    CloseLink,
    /// Send a frame on the link.
    Send(String),
    /// POST a conference request as JSON, with the token as bearer; answer with
    /// [`Conference::handle_http`].
    Http {
        /// For the answer.
        request: u64,
        /// Where.
        url: String,
        /// What.
        body: String,
    },
    /// Open the bridge's WebSocket; answer with [`Conference::handle_bridge`]. An open one is
    /// closed first.
    OpenBridge {
        /// `ws:` or `wss:`
        url: String,
    },
    /// Send a text on the bridge's WebSocket.
    SendBridge(String),
    /// Close the bridge's WebSocket.
    CloseBridge,
    /// To the media engine.
    Transport(TransportCommand),
    /// To the daemon.
    Emit(CallEvent),
}

/// What happened to the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// It is open.
    Opened,
    /// It could not be opened, or is closed.
    Lost {
        /// For the log.
        reason: String,
        /// This server's certificate is not trusted: trying again is no use.
        untrusted: Option<String>,
    },
}

/// What happened to the bridge's WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BridgeEvent<'a> {
    /// It is open.
    Opened,
    /// A text came.
    Text(&'a str),
    /// It could not be opened, or is closed; why, for the log.
    Closed(&'a str),
}

/// How far the stay is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// The stream is being opened.
    Linking,
    /// The focus is asked.
    Asking,
    /// Presence was sent.
    Entering,
    /// In the lobby's MUC.
    Lobby,
    /// The panel asks people.
    Password,
    /// A member of the room.
    InRoom,
    /// The others are being told.
    Leaving(EndReason),
    Over,
}

/// What an IQ of ours was for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pending {
    Services {
        older: bool,
    },
    Components,
    RoomInfo,
    Focus,
    SessionAccept {
        sid: String,
    },
    /// Our offer or answer to a peer.
    Peer {
        sid: String,
    },
    Restart,
    Ping,
    /// Nothing depends on it.
    Nothing,
}

/// What the room itself shows and says.
#[derive(Clone, Debug, Default)]
struct OwnMedia {
    microphone: bool,
    camera: bool,
    presenting: bool,
    /// What is presented is heard too.
    presents_sound: bool,
    /// The focus muted these, and the bridge lets nothing of them through until the room says that it speaks again.
    held: BTreeSet<SourceKind>,
}

/// A stay in a conference.
#[derive(Debug)]
pub struct Conference {
    setup: ConferenceSetup,
    begun_at: Instant,
    ids: Ids,
    phase: Phase,
    stream: Stream,
    backoffs: Backoffs,
    timers: Timers,
    pending: BTreeMap<String, Pending>,
    next_transport: u64,
    next_request: u64,
    components: Components,
    ice_servers: Vec<IceServer>,
    /// Whether we are in the audience of a large meeting.
    audience: visiting::Audience,
    /// Bare JID of the MUC that the room is in or goes to.
    room: String,
    room_info: RoomInfo,
    /// Our name in the room.
    endpoint: String,
    /// Bare JIDs of the focus.
    focus: BTreeSet<String>,
    /// It is in the room.
    focus_seen: bool,
    focus_session: Option<String>,
    own: OwnPresence,
    media: OwnMedia,
    password: Option<Secret>,
    occupants: BTreeMap<String, Occupant>,
    /// Names that we had ourselves before a reconnect.
    former: BTreeSet<String>,
    /// Who an earlier process of this room was, until that one is gone.
    ghost: Option<place::Ghost>,
    bridge: Option<MediaSession>,
    peer: Option<peer::Peer>,
    company: company::Company,
    channel: channel::Channel,
    lobby: Option<lobby::Lobby>,
    /// What people say there and the server has not taken yet.
    words: Vec<lobby::Word>,
    watched: Option<Vec<Watched>>,
    dominant: String,
    speaking: speaking::Speaking,
    notices: notices::Notices,
    state: MeetingState,
    told: settle::Told,
    joined: bool,
    /// `Reconnecting` was said.
    troubled: bool,
    last_failure: String,
    unknown: u64,
    outputs: VecDeque<Output>,
}

impl Conference {
    /// Begins.
    #[must_use]
    pub fn new(now: Instant, setup: ConferenceSetup) -> Self {
        let room = format!("{}@{}", setup.room, setup.hosts.muc);
        let own = codec::presence(&setup);
        let former = setup.predecessor.as_ref().map(|p| p.endpoint.clone());
        let mut conference = Self {
            begun_at: now,
            ids: Ids::new(setup.seed),
            phase: Phase::Linking,
            stream: place::stream(&setup, &setup.hosts.domain),
            backoffs: Backoffs::default(),
            timers: Timers::default(),
            pending: BTreeMap::new(),
            // Numbers are never used twice while a daemon lives; no stay makes as many.
            next_transport: setup.call.0 << 16,
            next_request: 0,
            components: Components::default(),
            ice_servers: Vec::new(),
            audience: visiting::Audience::default(),
            room,
            room_info: RoomInfo::default(),
            endpoint: String::new(),
            focus: BTreeSet::new(),
            focus_seen: false,
            focus_session: None,
            own,
            media: OwnMedia {
                microphone: setup.microphone,
                camera: setup.camera,
                ..OwnMedia::default()
            },
            password: setup.password.clone(),
            occupants: BTreeMap::new(),
            ghost: former.clone().map(place::Ghost::new),
            former: former.into_iter().collect(),
            bridge: None,
            peer: None,
            company: company::Company::default(),
            channel: channel::Channel::None,
            lobby: None,
            words: Vec::new(),
            watched: None,
            dominant: String::new(),
            speaking: speaking::Speaking::default(),
            notices: notices::Notices::default(),
            state: MeetingState::default(),
            told: settle::Told::default(),
            joined: false,
            troubled: false,
            last_failure: String::new(),
            unknown: 0,
            outputs: VecDeque::new(),
            setup,
        };
        conference.timers.set(Timer::JoinBy, now + JOIN_WITHIN);
        conference.emit(CallEvent::Progress(JoinStage::Contacting));
        conference.open_link();
        conference
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_deadline`] is to be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// `Ended` was said; nothing follows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// How many messages of server and bridge were not understood.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// A frame came on the link.
    pub fn handle_stanza(&mut self, now: Instant, frame: &str) {
        match Element::parse(frame) {
            Ok(element) => self.frame(now, element),
            Err(error) => self.not_understood(&format!("a frame: {error}")),
        }
        self.settle(now);
    }

    /// Something happened to the link.
    pub fn handle_link(&mut self, now: Instant, event: LinkEvent) {
        self.link_event(now, event);
        self.settle(now);
    }

    /// Something happened to the bridge's WebSocket.
    pub fn handle_bridge(&mut self, now: Instant, event: BridgeEvent<'_>) {
        self.bridge_event(now, event);
        self.settle(now);
    }

    /// The answer to a conference request; `None`: there was none.
    pub fn handle_http(&mut self, now: Instant, request: u64, answer: Option<(u16, &str)>) {
        self.http_answer(now, request, answer);
        self.settle(now);
    }

    /// The media engine says something.
    pub fn handle_transport(&mut self, now: Instant, event: TransportEvent) {
        self.transport_event(now, event);
        self.settle(now);
    }

    /// The daemon says something; the call's number is not looked at.
    pub fn handle_command(&mut self, now: Instant, command: MeetingCommand) {
        self.command(now, command);
        self.settle(now);
    }

    /// Time has passed.
    pub fn handle_deadline(&mut self, now: Instant) {
        while let Some(timer) = self.timers.due(now) {
            self.timer(now, timer);
        }
        self.settle(now);
    }

    fn timer(&mut self, now: Instant, timer: Timer) {
        match timer {
            Timer::JoinBy | Timer::GiveUp => self.join_took_too_long(now),
            Timer::Link => self.open_link(),
            // What waits for the link is tried again once it is there.
            Timer::Focus | Timer::FocusBy | Timer::Enter if !self.stream.is_online() => {
                self.timers.set(timer, now + RETRY);
            }
            Timer::Focus => self.ask_focus(now),
            Timer::FocusBy => self.focus_is_silent(now),
            Timer::Enter => self.enter(now),
            Timer::Ping => self.ping(now),
            Timer::PingBy => self.link_is_silent(now),
            Timer::MediaBy => self.media_took_too_long(now),
            Timer::MediaBack => self.restart_media(now, "the media's connection is lost"),
            Timer::Bridge => self.open_bridge_socket(),
            Timer::Speaking => self.look_at_speaking(now),
            Timer::CallPeer => self.call_peer(now),
            Timer::PeerBy => self.end_peer("connectivity-error"),
            Timer::LeaveBy => self.over(),
        }
    }

    fn emit(&mut self, event: CallEvent) {
        self.outputs.push_back(Output::Emit(event));
    }

    /// Sends a stanza.
    fn send(&mut self, stanza: &Element) {
        self.stream.send(stanza);
        self.flush();
    }

    /// Hands the stream's frames to the driver.
    fn flush(&mut self) {
        while let Some(frame) = self.stream.poll() {
            self.outputs.push_back(Output::Send(frame));
        }
    }

    fn take_transport(&mut self) -> TransportId {
        let transport = TransportId(self.next_transport);
        self.next_transport += 1;
        transport
    }

    fn not_understood(&mut self, what: &str) {
        self.unknown += 1;
        tracing::debug!(what, "not understood");
    }

    fn unix_ms(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.begun_at).as_millis();
        self.setup.unix_ms + u64::try_from(since).unwrap_or_default()
    }

    fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Leaving(_) | Phase::Over)
    }
}

#[cfg(test)]
mod tests;
