//! One answered 1:1 call: the caller offers, the room answers and never offers itself.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    time::{Duration, Instant},
};

use saal_media_protocol::{
    ANSWER_STREAM, Candidate, DescriptionKind, IceServer, RemoteTrack, SourceKind,
    TransportCommand, TransportEvent, TransportId, TransportRole, TransportState,
};
use saal_meeting::{CallEvent, EndReason, JoinStage, Participant};

use super::events::{CallMessage, Kept, Outgoing, Signal, Streams};
use crate::{livekit::publish::video_send, ring::machine::Answered};

/// Track ids of what the room sends.
const MICROPHONE: &str = "microphone";
const CAMERA: &str = "camera";
/// Candidates that come at about the same time are told together.
const GATHER: Duration = Duration::from_millis(200);
/// As long as browsers look for a way.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
/// A caller who hangs up closes the connection, and the word of it takes longer than that.
const WORD_WITHIN: Duration = Duration::from_secs(5);

/// What an answered call begins with.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub call: Answered,
    pub transport: TransportId,
    pub ice_servers: Vec<IceServer>,
    pub kept: Kept,
}

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Emit(CallEvent),
    Send(Outgoing),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The engine makes the answer.
    Answering,
    /// The caller has the answer; until this moment there has to be a connection.
    Connecting {
        until: Instant,
    },
    /// People see and hear each other.
    Talking,
    /// The connection is gone for good; until this moment the caller may say that it hung up.
    Lost {
        until: Instant,
    },
    Over,
}

/// An answered call.
#[derive(Debug)]
pub(crate) struct Machine {
    setup: Setup,
    stage: Stage,
    /// What the caller said of its streams; `None`: nothing.
    streams: Option<Streams>,
    /// By track id.
    tracks: BTreeMap<String, RemoteTrack>,
    /// Track and what it was assigned as.
    assigned: BTreeMap<String, SourceKind>,
    told: Option<Participant>,
    candidates: Vec<String>,
    tell_candidates: Option<Instant>,
    effects: VecDeque<Effect>,
}

impl Machine {
    pub(crate) fn new(mut setup: Setup) -> Self {
        let invite = setup.call.invite.clone();
        let candidates = mem::take(&mut setup.call.candidates);
        let mut machine = Self {
            stage: Stage::Answering,
            streams: invite.streams,
            tracks: BTreeMap::new(),
            assigned: BTreeMap::new(),
            told: None,
            candidates: Vec::new(),
            tell_candidates: None,
            effects: VecDeque::new(),
            setup,
        };
        machine.emit(CallEvent::Progress(JoinStage::Connecting));
        machine.open(&invite.sdp);
        machine.add_candidates(candidates);
        machine.tell_participant();
        machine
    }

    fn open(&mut self, sdp: &str) {
        let transport = self.setup.transport;
        self.order(TransportCommand::Open {
            transport,
            role: TransportRole::Answerer,
            ice_servers: self.setup.ice_servers.clone(),
        });
        self.order(TransportCommand::Publish {
            transport,
            track: MICROPHONE.to_owned(),
            source: SourceKind::Microphone,
            video: None,
        });
        self.order(TransportCommand::Publish {
            transport,
            track: CAMERA.to_owned(),
            source: SourceKind::Camera,
            video: Some(video_send(1)),
        });
        self.describe(sdp);
    }

    fn describe(&mut self, sdp: &str) {
        self.order(TransportCommand::Describe {
            transport: self.setup.transport,
            kind: DescriptionKind::Offer,
            sdp: sdp.to_owned(),
        });
    }

    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over && self.effects.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let connected = match self.stage {
            Stage::Connecting { until } | Stage::Lost { until } => Some(until),
            _ => None,
        };
        [connected, self.tell_candidates]
            .into_iter()
            .flatten()
            .min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.tell_candidates.is_some_and(|at| at <= now) {
            self.tell_candidates = None;
            let candidates = mem::take(&mut self.candidates);
            self.send(self.setup.call.speaker.candidates(&candidates));
        }
        if matches!(self.stage, Stage::Connecting { until } if until <= now) {
            self.fail("ice_failed", "no way to the caller was found");
        }
        if matches!(self.stage, Stage::Lost { until } if until <= now) {
            self.fail("ice_failed", "the connection was lost");
        }
    }

    /// Takes in what the caller, or another device of the room's account, says of this call.
    pub(crate) fn handle_signal(&mut self, sender: &str, message: CallMessage) {
        let caller = &self.setup.call.caller;
        if (caller.user.as_str(), &caller.party) != (sender, &message.party) {
            return;
        }
        match message.signal {
            Signal::Candidates(candidates) => self.add_candidates(candidates),
            Signal::Hangup | Signal::Reject => self.end(EndReason::HungUp),
            Signal::SelectAnswer { party } if party != self.setup.call.speaker.party => {
                self.end(EndReason::AnsweredElsewhere);
            }
            Signal::Negotiate {
                kind: DescriptionKind::Offer,
                sdp,
                streams,
            } => {
                self.streams = streams.or(self.streams.take());
                self.describe(&sdp);
            }
            Signal::Streams(streams) => {
                self.streams = Some(streams);
                self.assign();
                self.tell_participant();
            }
            // The room offers nothing that could be answered.
            Signal::Invite(_)
            | Signal::Answer
            | Signal::SelectAnswer { .. }
            | Signal::Negotiate { .. } => {}
        }
    }

    fn add_candidates(&mut self, candidates: Vec<String>) {
        let transport = self.setup.transport;
        // Browsers without permission for the camera hide their addresses behind names that only
        // their own network knows.
        for candidate in candidates.into_iter().filter(|c| has_address(c)) {
            let candidate = Candidate {
                candidate,
                mid: None,
            };
            self.order(TransportCommand::AddCandidate {
                transport,
                candidate,
            });
        }
    }

    pub(crate) fn handle_transport(&mut self, now: Instant, event: TransportEvent) {
        if event.transport() != self.setup.transport || self.stage == Stage::Over {
            return;
        }
        match event {
            TransportEvent::Description {
                kind: DescriptionKind::Answer,
                sdp,
                ..
            } => self.answer(now, &sdp),
            TransportEvent::Candidate { candidate, .. } => self.found(now, candidate.candidate),
            TransportEvent::State { state, .. } => self.transport_is(now, state),
            TransportEvent::RemoteTracks { tracks, .. } => {
                self.tracks = tracks.into_iter().map(|t| (t.track.clone(), t)).collect();
                self.assign();
                self.tell_participant();
            }
            TransportEvent::Refused { reason, .. } => self.refused(&reason),
            _ => {}
        }
    }

    fn answer(&mut self, now: Instant, sdp: &str) {
        let stream = (ANSWER_STREAM, self.setup.kept);
        if self.stage == Stage::Answering {
            let until = now + CONNECT_WITHIN;
            self.stage = Stage::Connecting { until };
            self.send(self.setup.call.speaker.answer(sdp, stream));
        } else {
            self.send(self.setup.call.speaker.negotiate(sdp, stream));
        }
    }

    /// Candidates that were there before the answer stand in it.
    fn found(&mut self, now: Instant, candidate: String) {
        if self.stage != Stage::Answering {
            self.candidates.push(candidate);
            self.tell_candidates.get_or_insert(now + GATHER);
        }
    }

    fn transport_is(&mut self, now: Instant, state: TransportState) {
        match state {
            TransportState::Connected => {
                self.stage = Stage::Talking;
                self.emit(CallEvent::Joined);
            }
            TransportState::Disconnected if self.stage == Stage::Talking => self.reconnecting(),
            TransportState::Failed if self.stage == Stage::Talking => {
                let until = now + WORD_WITHIN;
                self.stage = Stage::Lost { until };
                self.reconnecting();
            }
            TransportState::Failed => self.fail("ice_failed", "the connection failed"),
            TransportState::Connecting | TransportState::Disconnected => {}
        }
    }

    fn reconnecting(&mut self) {
        let reason = "nothing is heard from the caller".to_owned();
        self.emit(CallEvent::Reconnecting { reason });
    }

    /// Without the first description there is no call; later ones change less.
    fn refused(&mut self, reason: &str) {
        if self.stage == Stage::Answering {
            return self.fail("unknown_error", reason);
        }
        tracing::warn!(reason, "the caller's change was not taken");
    }

    /// Whose the tracks are, and what they show.
    fn assign(&mut self) {
        let transport = self.setup.transport;
        let wanted: BTreeMap<String, SourceKind> = self
            .tracks
            .values()
            .map(|track| (track.track.clone(), self.source(track)))
            .collect();
        let before = mem::replace(&mut self.assigned, wanted.clone());
        for track in before.keys().filter(|track| !wanted.contains_key(*track)) {
            self.order(TransportCommand::Unassign {
                transport,
                track: track.clone(),
            });
        }
        let participant = self.setup.call.caller.user.clone();
        for (track, source) in wanted {
            if before.get(&track) != Some(&source) {
                self.order(TransportCommand::Assign {
                    transport,
                    track,
                    participant: participant.clone(),
                    source,
                });
            }
        }
    }

    fn source(&self, track: &RemoteTrack) -> SourceKind {
        let said = self.streams.as_ref().and_then(|s| s.get(&track.stream));
        let screen = said.is_some_and(super::events::Stream::is_screen);
        match (track.picture, screen) {
            (true, true) => SourceKind::Content,
            (true, false) => SourceKind::Camera,
            (false, true) => SourceKind::ContentAudio,
            (false, false) => SourceKind::Microphone,
        }
    }

    /// Tracks that are sent and not said to be muted.
    fn is_on(&self, source: SourceKind) -> bool {
        self.tracks.values().any(|track| {
            let said = self.streams.as_ref().and_then(|s| s.get(&track.stream));
            let muted = said.is_some_and(|stream| match track.picture {
                true => stream.video_muted,
                false => stream.audio_muted,
            });
            self.source(track) == source && !muted
        })
    }

    fn tell_participant(&mut self) {
        let caller = &self.setup.call.caller;
        let participant = Participant {
            id: caller.user.clone(),
            name: caller.name.clone(),
            microphone: self.is_on(SourceKind::Microphone),
            camera: self.is_on(SourceKind::Camera),
            content: self.is_on(SourceKind::Content),
            ..Participant::default()
        };
        if self.told.as_ref() != Some(&participant) {
            self.told = Some(participant.clone());
            self.emit(CallEvent::Participants(vec![participant]));
        }
    }

    /// Tells the caller what the room keeps to itself.
    pub(crate) fn set_muted(&mut self, source: SourceKind, muted: bool) {
        let kept = &mut self.setup.kept;
        let place = match source {
            SourceKind::Microphone => &mut kept.microphone,
            SourceKind::Camera => &mut kept.camera,
            SourceKind::Content | SourceKind::ContentAudio => return,
        };
        let changed = mem::replace(place, muted) != muted;
        if changed && matches!(self.stage, Stage::Connecting { .. } | Stage::Talking) {
            let stream = (ANSWER_STREAM, self.setup.kept);
            self.send(self.setup.call.speaker.streams_changed(stream));
        }
    }

    /// People hang up.
    pub(crate) fn leave(&mut self) {
        self.hang_up("user_hangup");
        self.end(EndReason::Left);
    }

    /// The engine is new and has no connection; a caller does not offer twice.
    pub(crate) fn media_restarted(&mut self) {
        self.fail("user_media_failed", "picture and sound had to be restarted");
    }

    fn fail(&mut self, reason: &str, words: &str) {
        self.hang_up(reason);
        let reason = words.to_owned();
        self.end(EndReason::Failed { reason });
    }

    fn hang_up(&mut self, reason: &str) {
        let (speaker, caller) = (&self.setup.call.speaker, &self.setup.call.caller);
        match self.stage {
            Stage::Answering => self.send(speaker.reject(caller.party.as_deref())),
            Stage::Connecting { .. } | Stage::Talking | Stage::Lost { .. } => {
                self.send(speaker.hang_up(reason));
            }
            Stage::Over => {}
        }
    }

    fn end(&mut self, reason: EndReason) {
        if mem::replace(&mut self.stage, Stage::Over) == Stage::Over {
            return;
        }
        self.tell_candidates = None;
        let transport = self.setup.transport;
        self.order(TransportCommand::Close { transport });
        self.emit(CallEvent::Ended(reason));
    }

    fn order(&mut self, command: TransportCommand) {
        self.emit(CallEvent::Transport(command));
    }

    fn emit(&mut self, event: CallEvent) {
        self.effects.push_back(Effect::Emit(event));
    }

    fn send(&mut self, event: Outgoing) {
        self.effects.push_back(Effect::Send(event));
    }
}

/// Whether a candidate's address, the fifth field (RFC 8839), is one.
fn has_address(candidate: &str) -> bool {
    let address = candidate.split_whitespace().nth(4);
    address.is_some_and(|address| address.parse::<std::net::IpAddr>().is_ok())
}

#[cfg(test)]
mod tests;
