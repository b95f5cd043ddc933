//! One stay on one media server, pure: what the server says and what the media engine reports go
//! in, requests to the server and commands to the engine come out.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use livekit_protocol::{
    self as proto, leave_request::Action, signal_request::Message as Request,
    signal_response::Message as Response,
};
use saal_media_protocol::{
    Candidate, DescriptionKind, IceServer, SourceKind, TransportCommand, TransportEvent,
    TransportId, TransportRole, TransportState, VideoSend,
};
use serde::{Deserialize, Serialize};

use super::{publish, roster::Roster};

/// Media have to be connected this long after the server let us in.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// ICE may find another way for this long before the room starts anew.
const DISCONNECTED_FOR: Duration = Duration::from_secs(5);
/// What servers say when they say nothing about pings.
const PING_EVERY: Duration = Duration::from_secs(5);
const SILENT_FOR: Duration = Duration::from_secs(15);

/// How a session starts.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Receives.
    pub subscriber: TransportId,
    /// Sends; `None` on servers where the room only receives.
    pub publisher: Option<Publisher>,
}

/// What the room sends.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    pub transport: TransportId,
    pub video: VideoSend,
    pub microphone_muted: bool,
    pub camera_muted: bool,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// To the server.
    Request(proto::SignalRequest),
    /// To the engine.
    Transport(TransportCommand),
    /// Somebody came, went, or changed.
    Roster,
    /// Media flow (or none are to flow).
    Connected,
    /// Start anew.
    Lost { reason: String },
    /// The server does not want this participant.
    Removed { reason: String },
    /// Another device took this identity over; coming back would only fight with it.
    Replaced,
}

/// The session.
#[derive(Debug)]
pub(crate) struct Session {
    setup: Setup,
    ice_servers: Vec<IceServer>,
    own_sid: String,
    joined_at: Option<Instant>,
    roster: Roster,
    tracks: Vec<LocalTrack>,
    /// The offer that the server has not answered yet.
    offer_pending: bool,
    offers_made: u32,
    last_server_offer: u32,
    subscriber: Link,
    publisher: Link,
    connected: bool,
    over: bool,
    ping_every: Duration,
    silent_for: Duration,
    next_ping: Option<Instant>,
    heard_at: Option<Instant>,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Link {
    connected: bool,
    disconnected_at: Option<Instant>,
}

#[derive(Debug)]
struct LocalTrack {
    cid: String,
    source: SourceKind,
    video: Option<VideoSend>,
    muted: bool,
    /// The server's id, once it knows the track.
    sid: Option<String>,
    /// The engine was told to offer it.
    published: bool,
}

/// A candidate as browsers write it (RTCIceCandidateInit).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CandidateInit {
    candidate: String,
    #[serde(default)]
    sdp_mid: Option<String>,
    #[serde(default, rename = "sdpMLineIndex")]
    sdp_mline_index: Option<u16>,
}

impl Session {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            setup,
            ice_servers: Vec::new(),
            own_sid: String::new(),
            joined_at: None,
            roster: Roster::default(),
            tracks: Vec::new(),
            offer_pending: false,
            offers_made: 0,
            last_server_offer: 0,
            subscriber: Link::default(),
            publisher: Link::default(),
            connected: false,
            over: false,
            ping_every: PING_EVERY,
            silent_for: SILENT_FOR,
            next_ping: None,
            heard_at: None,
            outputs: VecDeque::new(),
        }
    }

    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Media flow, or none are to flow.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// True when an event of this transport is for this session.
    pub(crate) fn owns(&self, transport: TransportId) -> bool {
        self.transports().any(|own| own == transport)
    }

    fn transports(&self) -> impl Iterator<Item = TransportId> {
        let publisher = self.setup.publisher.as_ref().map(|p| p.transport);
        std::iter::once(self.setup.subscriber).chain(publisher)
    }

    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn request(&mut self, message: Request) {
        self.outputs
            .push_back(Output::Request(proto::SignalRequest {
                message: Some(message),
            }));
    }

    fn command(&mut self, command: TransportCommand) {
        self.outputs.push_back(Output::Transport(command));
    }

    fn end(&mut self, output: Output) {
        if !self.over {
            self.over = true;
            self.outputs.push_back(output);
        }
    }

    /// Says goodbye and gives the transports back.
    pub(crate) fn leave(&mut self) {
        let leave = proto::LeaveRequest {
            reason: proto::DisconnectReason::ClientInitiated as i32,
            ..Default::default()
        };
        self.request(Request::Leave(leave));
        self.close();
    }

    /// Gives the transports back without a word to the server.
    pub(crate) fn close(&mut self) {
        self.over = true;
        if self.joined_at.is_some() {
            for transport in self.transports().collect::<Vec<_>>() {
                self.command(TransportCommand::Close { transport });
            }
        }
    }

    pub(crate) fn set_muted(&mut self, source: SourceKind, muted: bool) {
        if let Some(publisher) = &mut self.setup.publisher {
            match source {
                SourceKind::Microphone => publisher.microphone_muted = muted,
                SourceKind::Camera => publisher.camera_muted = muted,
                SourceKind::Content | SourceKind::ContentAudio => {}
            }
        }
        let Some(track) = self.tracks.iter_mut().find(|track| track.source == source) else {
            return;
        };
        track.muted = muted;
        // A track that the server does not know yet is corrected when it does.
        if let Some(sid) = track.sid.clone() {
            self.request(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
    }

    pub(crate) fn handle_signal(&mut self, now: Instant, response: proto::SignalResponse) {
        self.heard_at = Some(now);
        let Some(message) = response.message else {
            return;
        };
        match message {
            Response::Join(join) => self.joined(now, join),
            Response::Offer(offer) => {
                self.last_server_offer = offer.id;
                let transport = self.setup.subscriber;
                self.describe(transport, DescriptionKind::Offer, offer.sdp);
            }
            Response::Answer(answer) => self.answered(answer.sdp),
            Response::Trickle(trickle) => self.trickled(&trickle),
            Response::Update(update) => {
                for info in &update.participants {
                    self.participant(info);
                }
                self.check_connected();
            }
            Response::TrackPublished(published) => self.track_published(&published),
            Response::SpeakersChanged(changed) => {
                if self.roster.speakers(&changed) {
                    self.outputs.push_back(Output::Roster);
                }
            }
            Response::SubscribedQualityUpdate(update) => self.qualities(&update),
            Response::Leave(leave) => self.told_to_leave(&leave),
            Response::Mute(mute) => {
                tracing::info!(track = %mute.sid, muted = mute.muted, "the server muted a track of ours");
            }
            // Nothing here depends on the others: region, quality marks, tokens for a resume that
            // is not used, data.
            _ => {}
        }
    }

    fn joined(&mut self, now: Instant, join: proto::JoinResponse) {
        if self.joined_at.replace(now).is_some() {
            return;
        }
        self.ping_every = seconds(join.ping_interval).unwrap_or(PING_EVERY);
        self.silent_for = seconds(join.ping_timeout).unwrap_or(SILENT_FOR);
        self.next_ping = Some(now + self.ping_every);
        self.own_sid = join.participant.map(|own| own.sid).unwrap_or_default();
        self.ice_servers = join.ice_servers.into_iter().map(ice_server).collect();
        if let Some(publisher) = self.setup.publisher.clone() {
            self.open(publisher.transport, TransportRole::Publisher);
            let transport = publisher.transport.0;
            let muted = publisher.microphone_muted;
            self.announce(
                format!("{transport}-microphone"),
                SourceKind::Microphone,
                None,
                muted,
            );
            let (video, muted) = (Some(publisher.video), publisher.camera_muted);
            self.announce(
                format!("{transport}-camera"),
                SourceKind::Camera,
                video,
                muted,
            );
        }
        self.open(self.setup.subscriber, TransportRole::Subscriber);
        for info in &join.other_participants {
            self.participant(info);
        }
        self.outputs.push_back(Output::Roster);
        self.check_connected();
    }

    fn open(&mut self, transport: TransportId, role: TransportRole) {
        let ice_servers = self.ice_servers.clone();
        self.command(TransportCommand::Open {
            transport,
            role,
            ice_servers,
        });
    }

    fn announce(&mut self, cid: String, source: SourceKind, video: Option<VideoSend>, muted: bool) {
        let request = publish::add_track(&cid, source, video.as_ref(), muted);
        self.request(Request::AddTrack(request));
        self.tracks.push(LocalTrack {
            cid,
            source,
            video,
            muted,
            sid: None,
            published: false,
        });
    }

    fn track_published(&mut self, published: &proto::TrackPublishedResponse) {
        let Some(info) = &published.track else { return };
        let Some(track) = self
            .tracks
            .iter_mut()
            .find(|track| track.cid == published.cid)
        else {
            return;
        };
        track.sid = Some(info.sid.clone());
        if track.muted != info.muted {
            let mute = proto::MuteTrackRequest {
                sid: info.sid.clone(),
                muted: track.muted,
            };
            self.request(Request::Mute(mute));
        }
        self.publish_next();
    }

    /// Has the engine offer one more track, unless an offer is on its way.
    fn publish_next(&mut self) {
        let Some(transport) = self.setup.publisher.as_ref().map(|p| p.transport) else {
            return;
        };
        if self.offer_pending {
            return;
        }
        let next = self
            .tracks
            .iter_mut()
            .find(|track| track.sid.is_some() && !track.published);
        if let Some(track) = next {
            track.published = true;
            let command = TransportCommand::Publish {
                transport,
                track: track.cid.clone(),
                source: track.source,
                video: track.video.clone(),
            };
            self.offer_pending = true;
            self.command(command);
        }
    }

    fn answered(&mut self, sdp: String) {
        let Some(transport) = self.setup.publisher.as_ref().map(|p| p.transport) else {
            return;
        };
        self.describe(transport, DescriptionKind::Answer, sdp);
        self.offer_pending = false;
        self.publish_next();
    }

    fn describe(&mut self, transport: TransportId, kind: DescriptionKind, sdp: String) {
        self.command(TransportCommand::Describe {
            transport,
            kind,
            sdp,
        });
    }

    fn trickled(&mut self, trickle: &proto::TrickleRequest) {
        let transport = match trickle.target() {
            proto::SignalTarget::Subscriber => Some(self.setup.subscriber),
            proto::SignalTarget::Publisher => self.setup.publisher.as_ref().map(|p| p.transport),
        };
        let init = serde_json::from_str::<CandidateInit>(&trickle.candidate_init);
        match (transport, init) {
            (Some(transport), Ok(init)) if !init.candidate.is_empty() => {
                let candidate = Candidate {
                    candidate: init.candidate,
                    mid: init.sdp_mid,
                };
                self.command(TransportCommand::AddCandidate {
                    transport,
                    candidate,
                });
            }
            (_, Err(error)) => tracing::warn!(%error, "the server sent a malformed candidate"),
            _ => {}
        }
    }

    fn participant(&mut self, info: &proto::ParticipantInfo) {
        if info.sid == self.own_sid {
            return;
        }
        let changes = self.roster.update(info);
        let transport = self.setup.subscriber;
        for track in changes.removed {
            self.command(TransportCommand::Unassign { transport, track });
        }
        for (track, participant, source) in changes.added {
            if matches!(source, SourceKind::Camera | SourceKind::Content) {
                self.ask_for_full_picture(&track);
            }
            self.command(TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            });
        }
        self.outputs.push_back(Output::Roster);
    }

    fn ask_for_full_picture(&mut self, track: &str) {
        self.request(Request::TrackSetting(proto::UpdateTrackSettings {
            track_sids: vec![track.to_owned()],
            quality: proto::VideoQuality::High as i32,
            ..Default::default()
        }));
    }

    fn qualities(&mut self, update: &proto::SubscribedQualityUpdate) {
        let Some(transport) = self.setup.publisher.as_ref().map(|p| p.transport) else {
            return;
        };
        let track = self
            .tracks
            .iter()
            .find(|t| t.sid.as_deref() == Some(&update.track_sid));
        if let Some((track, video)) = track.and_then(|t| Some((t.cid.clone(), t.video.as_ref()?))) {
            let active = publish::active_layers(video, update);
            self.command(TransportCommand::SetActiveLayers {
                transport,
                track,
                active,
            });
        }
    }

    fn told_to_leave(&mut self, leave: &proto::LeaveRequest) {
        use proto::DisconnectReason as Reason;
        let reason = leave.reason().as_str_name().to_owned();
        self.end(match (leave.reason(), leave.action()) {
            (Reason::DuplicateIdentity, _) => Output::Replaced,
            (Reason::ParticipantRemoved | Reason::UserRejected, Action::Disconnect) => {
                Output::Removed { reason }
            }
            _ => Output::Lost {
                reason: format!("the media server says {reason}"),
            },
        });
    }

    pub(crate) fn handle_transport(&mut self, now: Instant, event: TransportEvent) {
        match event {
            TransportEvent::Description {
                kind: DescriptionKind::Offer,
                sdp,
                ..
            } => {
                self.offers_made += 1;
                let (r#type, id) = ("offer".to_owned(), self.offers_made);
                let offer = proto::SessionDescription {
                    r#type,
                    sdp,
                    id,
                    ..Default::default()
                };
                self.request(Request::Offer(offer));
            }
            TransportEvent::Description {
                kind: DescriptionKind::Answer,
                sdp,
                ..
            } => {
                let (r#type, id) = ("answer".to_owned(), self.last_server_offer);
                let answer = proto::SessionDescription {
                    r#type,
                    sdp,
                    id,
                    ..Default::default()
                };
                self.request(Request::Answer(answer));
            }
            TransportEvent::Candidate {
                transport,
                candidate,
            } => {
                self.found_candidate(transport, candidate);
            }
            TransportEvent::State { transport, state } => self.state(now, transport, state),
            TransportEvent::RemoteTracks { transport, tracks } => {
                for track in tracks {
                    self.name_remote_track(transport, &track.stream, track.track);
                }
            }
            TransportEvent::Refused { reason, .. } => {
                self.end(Output::Lost {
                    reason: format!("the media engine refuses: {reason}"),
                });
            }
        }
    }

    /// With one connection the track part of msid is made up by the receiver; the stream part
    /// then carries the server's id behind the participant's.
    fn name_remote_track(&mut self, transport: TransportId, stream: &str, track: String) {
        if self.roster.knows_track(&track) {
            return;
        }
        let Some((_, sid)) = stream.split_once('|') else {
            return;
        };
        if let Some((identity, source)) = self.roster.find_track(sid) {
            let participant = identity.to_owned();
            self.command(TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            });
        }
    }

    fn found_candidate(&mut self, transport: TransportId, candidate: Candidate) {
        let target = if transport == self.setup.subscriber {
            proto::SignalTarget::Subscriber
        } else {
            proto::SignalTarget::Publisher
        };
        let init = CandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.mid.or_else(|| Some("0".to_owned())),
            sdp_mline_index: Some(0),
        };
        self.request(Request::Trickle(proto::TrickleRequest {
            candidate_init: serde_json::to_string(&init).expect("strings are always JSON"),
            target: target as i32,
            r#final: false,
        }));
    }

    fn state(&mut self, now: Instant, transport: TransportId, state: TransportState) {
        let (name, link) = if transport == self.setup.subscriber {
            ("receiving", &mut self.subscriber)
        } else {
            ("sending", &mut self.publisher)
        };
        match state {
            TransportState::Connecting => {}
            TransportState::Connected => {
                *link = Link {
                    connected: true,
                    disconnected_at: None,
                }
            }
            TransportState::Disconnected => {
                link.disconnected_at.get_or_insert(now);
            }
            TransportState::Failed => {
                self.end(Output::Lost {
                    reason: format!("the {name} connection failed"),
                });
            }
        }
        self.check_connected();
    }

    fn check_connected(&mut self) {
        let ready = self.joined_at.is_some()
            && if self.roster.has_tracks() {
                self.subscriber.connected
            } else {
                self.setup.publisher.is_none() || self.publisher.connected
            };
        if ready && !self.connected {
            self.connected = true;
            self.outputs.push_back(Output::Connected);
        }
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.over {
            return None;
        }
        [
            self.next_ping,
            self.silent_at(),
            self.unconnected_at(),
            self.disconnected_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn silent_at(&self) -> Option<Instant> {
        self.next_ping?;
        self.heard_at.map(|at| at + self.silent_for)
    }

    fn unconnected_at(&self) -> Option<Instant> {
        self.joined_at
            .filter(|_| !self.connected)
            .map(|at| at + CONNECT_WITHIN)
    }

    fn disconnected_at(&self) -> Option<Instant> {
        [
            self.subscriber.disconnected_at,
            self.publisher.disconnected_at,
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|at| at + DISCONNECTED_FOR)
    }

    /// `unix_ms` is what the ping tells the server.
    pub(crate) fn handle_timeout(&mut self, now: Instant, unix_ms: u64) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.silent_at()) {
            self.end(Output::Lost {
                reason: "the media server went silent".to_owned(),
            });
        } else if due(self.unconnected_at()) {
            self.end(Output::Lost {
                reason: "media did not connect in time".to_owned(),
            });
        } else if due(self.disconnected_at()) {
            self.end(Output::Lost {
                reason: "media were disconnected for too long".to_owned(),
            });
        } else if due(self.next_ping) {
            self.next_ping = Some(now + self.ping_every);
            let timestamp = i64::try_from(unix_ms).unwrap_or(i64::MAX);
            self.request(Request::PingReq(proto::Ping { timestamp, rtt: 0 }));
        }
    }
}

fn seconds(value: i32) -> Option<Duration> {
    u64::try_from(value)
        .ok()
        .filter(|s| *s > 0)
        .map(Duration::from_secs)
}

fn ice_server(server: proto::IceServer) -> IceServer {
    IceServer {
        urls: server.urls,
        username: server.username,
        credential: server.credential,
    }
}

#[cfg(test)]
mod tests;
