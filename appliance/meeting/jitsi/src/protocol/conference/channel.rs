//! The bridge's channel, over the data channel or a WebSocket.

use std::time::Instant;

use saal_media_protocol::{SourceKind, TransportCommand, TransportState};
use saal_meeting::{CallEvent, SocketWay};
use serde_json::{Value, json};
use url::Url;

use super::{BridgeEvent, Conference, Output, Timer};
use crate::protocol::{
    bridge::{self, FromBridge},
    jingle::Offer,
    reactions,
    receiving::Constraints,
    sending::source_name,
    sources::Mapped,
};

/// Attempts to open its socket that fail in a row before people are told, six seconds at least. By then it would show at the media if
/// the bridge itself were gone.
const FAILURES_TO_TELL: usize = 5;

/// Whom an address leads to; it may carry a password.
fn host(url: &str) -> String {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or_default().to_owned()
}

/// The way to the bridge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Channel {
    #[default]
    None,
    Data {
        open: bool,
    },
    Socket {
        url: String,
        open: bool,
        /// People were told that it can't be opened.
        blocked: bool,
    },
}

impl Channel {
    /// What the offer offers; the data channel needs no port beside that of the media.
    pub(super) fn of(offer: &Offer) -> Self {
        match (&offer.transport.sctp, &offer.transport.web_socket) {
            (Some(_), _) => Self::Data { open: false },
            (None, Some(url)) => Self::Socket {
                url: url.clone(),
                open: false,
                blocked: false,
            },
            (None, None) => Self::None,
        }
    }

    fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Data { open: true } | Self::Socket { open: true, .. }
        )
    }
}

impl Conference {
    pub(super) fn open_bridge_socket(&mut self) {
        if let Channel::Socket {
            url, open: false, ..
        } = &self.channel
        {
            let url = url.clone();
            self.outputs.push_back(Output::OpenBridge { url });
        }
    }

    pub(super) fn close_channel(&mut self) {
        self.timers.cancel(Timer::Bridge);
        self.channel_is_through();
        if matches!(self.channel, Channel::Socket { .. }) {
            self.outputs.push_back(Output::CloseBridge);
        }
        self.channel = Channel::None;
        self.backoffs.bridge.reset();
    }

    /// A few failures are a bridge that starts anew. More are a wall, while media come from the same bridge.
    fn channel_failed(&mut self, reason: &str) {
        let failures = self.backoffs.bridge.failures();
        let session = self.bridge.as_ref();
        let lives = session.is_some_and(|session| session.state == TransportState::Connected);
        let Channel::Socket { url, blocked, .. } = &mut self.channel else {
            return;
        };
        if lives && failures >= FAILURES_TO_TELL && !std::mem::replace(blocked, true) {
            let way = SocketWay::Blocked {
                server: host(url),
                needed: false,
                reason: reason.to_owned(),
            };
            self.emit(CallEvent::Socket(way));
        }
    }

    fn channel_is_through(&mut self) {
        if let Channel::Socket { blocked, .. } = &mut self.channel
            && std::mem::take(blocked)
        {
            self.emit(CallEvent::Socket(SocketWay::Through));
        }
    }

    pub(super) fn bridge_event(&mut self, now: Instant, event: BridgeEvent<'_>) {
        let Channel::Socket { open, .. } = &mut self.channel else {
            return;
        };
        match event {
            BridgeEvent::Opened => {
                *open = true;
                self.backoffs.bridge.reset();
                self.channel_is_through();
                self.channel_opened();
            }
            BridgeEvent::Text(text) => self.channel_text(now, text),
            BridgeEvent::Closed(reason) => {
                *open = false;
                // The media go on; only their control waits.
                let wait = self.backoffs.bridge.after_failure(self.ids.jitter());
                self.timers.set(Timer::Bridge, now + wait);
                self.channel_failed(reason);
            }
        }
    }

    /// The data channel is open.
    pub(super) fn channel_open(&mut self) {
        if let Channel::Data { open } = &mut self.channel {
            *open = true;
            self.channel_opened();
        }
    }

    /// The bridge knows nothing of us yet.
    fn channel_opened(&mut self) {
        self.tell_video_type(SourceKind::Camera);
        if self.media.presenting {
            self.tell_video_type(SourceKind::Content);
        }
        self.tell_constraints();
    }

    pub(super) fn tell_video_type(&mut self, source: SourceKind) {
        let name = source_name(&self.endpoint, source);
        let video_type = match source {
            SourceKind::Content => "desktop",
            _ => "camera",
        };
        let message = bridge::source_video_type(&name, video_type);
        self.say(message);
    }

    /// Which pictures we want, and how high; from the bridge none while a peer sends them.
    pub(super) fn tell_constraints(&mut self) {
        let wanted = match &self.watched {
            None => Constraints::default(),
            Some(watched) => {
                Constraints::from_watched(watched, |who, what| self.name_of_source(who, what))
            }
        };
        if self.peer_is_live() {
            let heights: Vec<(String, u32)> = wanted.by_source.into_iter().collect();
            self.tell_peer_heights(&heights);
            self.say(bridge::receiver_constraints(&Constraints::nothing()));
        } else {
            self.say(bridge::receiver_constraints(&wanted));
        }
    }

    /// What somebody calls their source: some present in their first one.
    fn name_of_source(&self, participant: &str, source: SourceKind) -> String {
        let desktop = self.occupants.get(participant).and_then(|occupant| {
            let mut sources = occupant.sources.iter();
            sources.find(|(_, info)| info.video_type.as_deref() == Some("desktop"))
        });
        match (source, desktop) {
            (SourceKind::Content, Some((name, _))) => name.clone(),
            _ => source_name(participant, source),
        }
    }

    pub(super) fn say(&mut self, text: String) {
        if !self.channel.is_open() {
            return;
        }
        self.drain_media();
        match (&self.channel, &self.bridge) {
            (Channel::Data { .. }, Some(session)) => {
                let transport = session.transport;
                let command = TransportCommand::ChannelSend { transport, text };
                self.outputs.push_back(Output::Transport(command));
            }
            (Channel::Socket { .. }, _) => self.outputs.push_back(Output::SendBridge(text)),
            _ => {}
        }
    }

    pub(super) fn channel_text(&mut self, now: Instant, text: &str) {
        match FromBridge::read(text) {
            FromBridge::VideoSources(mapped) => self.mapped(mapped, true),
            FromBridge::AudioSources(mapped) => self.mapped(mapped, false),
            FromBridge::SenderConstraints { source, max_height } => {
                if let Some(session) = &mut self.bridge {
                    session.need(&source, max_height);
                }
            }
            FromBridge::Dominant { endpoint, silence } => {
                self.dominant(now, endpoint, silence);
            }
            FromBridge::Endpoint { from, payload } => self.endpoint_message(now, &from, &payload),
            FromBridge::Hello | FromBridge::Forwarded(_) | FromBridge::Notice => {}
            FromBridge::Unknown(class) => {
                let what = format!("the bridge's {class}");
                self.not_understood(&what);
            }
        }
    }

    fn mapped(&mut self, mapped: Vec<Mapped>, picture: bool) {
        let sources = mapped.into_iter().map(|entry| entry.into_source(picture));
        self.sources_added(sources.collect());
    }

    /// Whoever speaks tells the component that counts it.
    /// What somebody tells us or all, over the bridge.
    fn endpoint_message(&mut self, _now: Instant, from: &str, payload: &Value) {
        let kind = payload["type"].as_str().unwrap_or_default();
        let name = payload["name"].as_str().unwrap_or_default();
        match (kind, name) {
            (_, "endpoint-reaction") => {
                let from = self.name_of(from).unwrap_or_default();
                for emoji in reactions::read(&payload["reactions"]) {
                    let from = from.clone();
                    self.emit(CallEvent::Reaction { from, emoji });
                }
            }
            ("e2e-ping-request", _) => {
                let answer = json!({ "type": "e2e-ping-response", "id": payload["id"] });
                let message = bridge::endpoint_message(from, &answer);
                self.say(message);
            }
            ("transcription-result", _) => self.caption(payload),
            // Messages of other applications, such as statistics, are not for us.
            _ => {}
        }
    }
}
