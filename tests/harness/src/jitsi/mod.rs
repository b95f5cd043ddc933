//! A Jitsi installation of parts from registries: Prosody of Debian, a focus and a bridge of ours, a web client from npm.
//!
//! ```text
//! JitsiServers   one base URL: config.js, XMPP over WebSocket and BOSH, conference requests, bridge channel, client page
//!   prosody      Debian's, with modules of ours for what only Jitsi's own modules do
//!   focus        stands in for Jicofo
//!   bridge       stands in for Jitsi Videobridge
//! JitsiCaller    a participant in Chromium with lib-jitsi-meet
//! JitsiSite      an installation that somebody else runs
//! ```
//!
//! The stand-ins speak what traces of real conferences show, and nothing else.

mod bridge;
mod caller;
mod crowd;
mod focus;
mod front;
mod prosody;
mod script;
mod servers;
mod site;
mod sources;
mod token;
mod xmpp;

pub use bridge::{BridgeView, EndpointView};
pub use caller::{
    JitsiCaller, JitsiJoin, JitsiParticipant, JitsiState, JitsiTrack, Knocker, Said, Sentence,
    TranscriptWay,
};
pub use crowd::JitsiCrowd;
pub use script::{BridgeScript, JitsiScript};
pub use servers::JitsiServers;
pub use site::JitsiSite;
pub use token::jitsi_token;

/// The XMPP domain. A reserved top level domain (RFC 6761): no lookup may ever leave the machine.
pub const DOMAIN: &str = "meet.saal.test";

/// How clients reach the bridge with messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Channel {
    /// A WebRTC data channel, as current installations have it.
    #[default]
    Sctp,
    /// A WebSocket, as installations before May 2026 have it.
    WebSocket,
}

/// Why the focus refuses a conference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Only somebody who has logged in may begin: clients wait for the host.
    NotAuthorized,
    /// The reservation system has no such meeting.
    Reservation,
    /// The installation is about to stop.
    GracefulShutdown,
}

/// What an installation is like.
#[derive(Debug, Clone)]
pub struct JitsiOptions {
    /// How clients reach the bridge with messages.
    pub channel: Channel,
    /// How many participants there have to be before the focus invites anybody.
    pub least_participants: usize,
    /// Key of the tokens (HS256) that clients have to bring; nobody needs one without.
    pub token_key: Option<String>,
    /// Why the focus refuses every conference.
    pub refusal: Option<Refusal>,
    /// How many participants a room takes; any number without.
    pub max_occupants: Option<u32>,
    /// No WebSocket gets through to XMPP, nor the room's to the bridge, as behind some firewalls, although config.js names it.
    pub no_websocket: bool,
    /// The port of 127.0.0.1 of a relay ([`crate::TurnServer`]) that the server names to whoever asks (XEP-0215), over
    /// UDP and TCP; none without.
    pub relay: Option<u16>,
    /// What else this computer is called by somebody who takes part, such as a virtual machine behind the address translation
    /// of its own network; media come there too.
    pub also_at: Option<std::net::IpAddr>,
    /// Its address is https, with a certificate of the tests' authority for these names and addresses; http on loopback, which
    /// is there all the same, without any.
    pub https: Vec<String>,
    /// More lines at the end of config.js.
    pub config: String,
}

impl Default for JitsiOptions {
    fn default() -> Self {
        Self {
            channel: Channel::default(),
            least_participants: 2,
            token_key: None,
            refusal: None,
            max_occupants: None,
            no_websocket: false,
            relay: None,
            also_at: None,
            https: Vec::new(),
            config: String::new(),
        }
    }
}

impl JitsiOptions {
    /// The condition of the error, and what else belongs into it.
    fn refusal(&self) -> Option<(&'static str, &'static str)> {
        Some(match self.refusal? {
            Refusal::NotAuthorized => ("not-authorized", ""),
            Refusal::Reservation => (
                "service-unavailable",
                "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>There is no such meeting.</text>\
                 <reservation-error xmlns='http://jitsi.org/protocol/focus' error-code='404'/>",
            ),
            Refusal::GracefulShutdown => (
                "service-unavailable",
                "<graceful-shutdown xmlns='http://jitsi.org/protocol/focus'/>",
            ),
        })
    }
}
