//! One stay on one media server, pure: what the server says and what the media engine reports go
//! in, requests to the server and commands to the engine come out.

mod answers;
mod candidates;
mod health;
mod ignoring;
mod resuming;
mod sending;
mod watching;

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use livekit_protocol::{
    self as proto, leave_request::Action, signal_request::Message as Request,
    signal_response::Message as Response,
};
use saal_media_protocol::{
    DescriptionKind, IceServer, SourceKind, TransportCommand, TransportEvent, TransportId,
    TransportRole, VideoSend,
};

use super::roster::Roster;
use crate::settings::Secret;

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
    /// Media are end-to-end encrypted, in both directions.
    pub encrypted: bool,
}

/// What the room sends.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    pub transport: TransportId,
    pub video: VideoSend,
    pub microphone_muted: bool,
    pub camera_muted: bool,
    /// What of content is sent too.
    pub presents: BTreeSet<SourceKind>,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// To the server.
    Request(Box<proto::SignalRequest>),
    /// To the engine.
    Transport(TransportCommand),
    /// Somebody came, went, or changed.
    Roster,
    /// Media flow (or none are to flow).
    Connected,
    /// Go on over another socket, as the same participant. `again`: the last attempt at that failed.
    Resume { reason: String, again: bool },
    /// The server muted what the room sends; only the room opens it again.
    Muted(SourceKind),
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
    /// What the server's own frames end with.
    server_trailer: Vec<u8>,
    own_identity: String,
    /// The server's id of this stay.
    sid: String,
    /// The server's newest token for coming back.
    token: Option<Secret>,
    /// When the server let the room in, or took it back.
    joined_at: Option<Instant>,
    resuming: Option<resuming::Resuming>,
    /// When it began to go on over another socket the last time.
    went_on_at: Option<Instant>,
    roster: Roster,
    /// Whose tracks are not for this room.
    ignored: BTreeSet<String>,
    watching: watching::Watching,
    tracks: Vec<LocalTrack>,
    /// Presentations so far; each is a track of its own.
    presentations: u32,
    /// The offer that the server has not answered yet.
    offer_pending: bool,
    /// The same of an offer that only restarts ICE.
    restart_pending: bool,
    offers_made: u32,
    answers: answers::Answers,
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
    /// The next offer is to come without it.
    ended: bool,
}

impl Session {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            setup,
            ice_servers: Vec::new(),
            server_trailer: Vec::new(),
            own_identity: String::new(),
            sid: String::new(),
            token: None,
            joined_at: None,
            resuming: None,
            went_on_at: None,
            roster: Roster::default(),
            ignored: BTreeSet::new(),
            watching: watching::Watching::default(),
            tracks: Vec::new(),
            presentations: 0,
            offer_pending: false,
            restart_pending: false,
            offers_made: 0,
            answers: answers::Answers::default(),
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

    /// Without a socket nothing is said; what has to be known is said again with the next one.
    fn request(&mut self, message: Request) {
        if self.is_detached() {
            return;
        }
        let message = Some(message);
        let request = Box::new(proto::SignalRequest { message });
        self.outputs.push_back(Output::Request(request));
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

    pub(crate) fn handle_signal(&mut self, now: Instant, response: proto::SignalResponse) {
        self.heard_at = Some(now);
        let Some(message) = response.message else {
            return;
        };
        match message {
            Response::Join(join) => self.joined(now, join),
            Response::Offer(offer) => {
                self.answers.owe(offer.id);
                let transport = self.setup.subscriber;
                self.describe(transport, DescriptionKind::Offer, offer.sdp);
            }
            Response::Answer(answer) => self.answered(answer),
            Response::Trickle(trickle) => self.trickled(&trickle),
            Response::Update(update) => {
                for info in &update.participants {
                    self.participant(info);
                }
                self.check_connected();
            }
            Response::TrackPublished(published) => self.track_published(&published),
            Response::SpeakersChanged(changed) => self.speakers(&changed),
            Response::SubscribedQualityUpdate(update) => self.qualities(&update),
            Response::Leave(leave) => self.told_to_leave(now, &leave),
            Response::Mute(mute) => self.muted_by_server(&mute),
            Response::Reconnect(_) => self.taken_back(now),
            Response::RefreshToken(token) => self.token = Some(token.into()),
            // Nothing here depends on the others: region, quality marks, data.
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
        let own = join.participant.unwrap_or_default();
        (self.own_identity, self.sid) = (own.identity, own.sid);
        self.ice_servers = join
            .ice_servers
            .into_iter()
            .map(candidates::ice_server)
            .collect();
        self.server_trailer = join.sif_trailer;
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
            for what in publisher.presents {
                self.announce_content(publisher.transport, what);
            }
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
        if self.setup.encrypted {
            let server_trailer = self.server_trailer.clone();
            self.command(TransportCommand::Encrypt {
                transport,
                server_trailer,
            });
        }
    }

    fn describe(&mut self, transport: TransportId, kind: DescriptionKind, sdp: String) {
        self.command(TransportCommand::Describe {
            transport,
            kind,
            sdp,
        });
    }

    fn speakers(&mut self, changed: &proto::SpeakersChanged) {
        if self.roster.speakers(changed) {
            self.outputs.push_back(Output::Roster);
        }
    }

    fn participant(&mut self, info: &proto::ParticipantInfo) {
        // Not by sid: the server may still list the connection that this one replaces.
        if info.identity == self.own_identity {
            return;
        }
        let changes = self.roster.update(info);
        let transport = self.setup.subscriber;
        for track in changes.removed {
            self.forget_picture(&track);
            self.command(TransportCommand::Unassign { transport, track });
        }
        for (track, participant, source) in changes.added {
            if self.ignored.contains(&participant) {
                self.hide(track);
            } else {
                self.assign(track, participant, source);
            }
        }
        self.outputs.push_back(Output::Roster);
    }

    fn assign(&mut self, track: String, participant: String, source: SourceKind) {
        if matches!(source, SourceKind::Camera | SourceKind::Content) {
            self.welcome_picture(track.clone(), &participant, source);
        }
        self.command(TransportCommand::Assign {
            transport: self.setup.subscriber,
            track,
            participant,
            source,
        });
    }

    fn told_to_leave(&mut self, now: Instant, leave: &proto::LeaveRequest) {
        use proto::DisconnectReason as Reason;
        let reason = leave.reason().as_str_name().to_owned();
        if leave.action() == Action::Resume {
            return self.interrupt(now, format!("the media server says {reason}"));
        }
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
                let Some(id) = self.answers.given() else {
                    return;
                };
                let r#type = "answer".to_owned();
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
            TransportEvent::Refused { transport, reason } => self.refused(transport, &reason),
            TransportEvent::Moved { .. } => self.moved(now),
            // Decryption is the call's matter; the others are of declared connections, which this
            // service does not make.
            TransportEvent::Decrypts { .. }
            | TransportEvent::Route { .. }
            | TransportEvent::Probed { .. }
            | TransportEvent::Opened { .. }
            | TransportEvent::ChannelOpen { .. }
            | TransportEvent::ChannelText { .. } => {}
        }
    }

    /// Without an offer or an answer there is no going on; without a candidate there is.
    fn refused(&mut self, transport: TransportId, reason: &str) {
        let needed = if transport == self.setup.subscriber {
            self.answers.given().is_some()
        } else {
            self.offer_pending
        };
        if needed {
            self.end(Output::Lost {
                reason: format!("the media engine refuses: {reason}"),
            });
        } else {
            tracing::warn!(transport = transport.0, reason, "the media engine refuses");
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
        if let Some((identity, source)) = self.roster.find_track(sid)
            && !self.ignored.contains(identity)
        {
            let participant = identity.to_owned();
            self.command(TransportCommand::Assign {
                transport,
                track,
                participant,
                source,
            });
        }
    }
}

fn seconds(value: i32) -> Option<Duration> {
    u64::try_from(value)
        .ok()
        .filter(|s| *s > 0)
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
