//! What the daemon is told after each step: whether the room is in, who is there, how it stands.

use std::time::Instant;

use saal_media_protocol::SourceKind;
use saal_meeting::{CallEvent, MeetingState, Participant, Role, Waiting};

use super::{Conference, Phase, Timer};
use crate::protocol::{predecessor::Predecessor, presence::Occupant};

/// What the daemon knows.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) state: MeetingState,
    pub(super) participants: Vec<Participant>,
    pub(super) waiting: Option<Waiting>,
    pub(super) place: Option<Predecessor>,
}

impl Conference {
    pub(super) fn settle(&mut self, now: Instant) {
        self.follow_company(now);
        self.choose_codec();
        self.drain_media();
        if self.is_ending() {
            return;
        }
        self.check_joined(now);
        self.tell_participants(now);
        self.tell_state();
        self.tell_place();
        self.tell_words();
    }

    /// Alone in the room there are no media; with others they have to flow.
    fn check_joined(&mut self, now: Instant) {
        let media = self.media_flow();
        let alone = self.occupants.is_empty();
        if self.phase != Phase::InRoom || !(media || alone) {
            return;
        }
        self.timers.cancel(Timer::MediaBy);
        if self.joined && !self.troubled {
            return;
        }
        self.joined = true;
        self.troubled = false;
        self.last_failure.clear();
        self.take_time();
        self.watch_link(now);
        self.emit(CallEvent::Joined);
    }

    /// The room is on its way back.
    pub(super) fn trouble(&mut self, reason: &str) {
        reason.clone_into(&mut self.last_failure);
        if self.joined && !self.troubled && !self.is_ending() {
            self.troubled = true;
            self.emit(CallEvent::Reconnecting {
                reason: reason.to_owned(),
            });
        }
    }

    fn tell_participants(&mut self, now: Instant) {
        // While the room comes back the others are still there.
        if self.phase != Phase::InRoom {
            return;
        }
        let participants: Vec<Participant> = self
            .occupants
            .values()
            .map(|occupant| self.participant(now, occupant))
            .collect();
        if participants != self.told.participants {
            self.told.participants.clone_from(&participants);
            self.emit(CallEvent::Participants(participants));
        }
    }

    fn participant(&self, now: Instant, occupant: &Occupant) -> Participant {
        let on = |suffix: &str| {
            let source = format!("{}-{suffix}", occupant.endpoint);
            occupant.sources.get(&source).is_some_and(|s| !s.muted)
        };
        let presents = |info: &crate::protocol::presence::SourceInfo| {
            !info.muted && info.video_type.as_deref() == Some("desktop")
        };
        let content = occupant.sources.values().any(presents);
        let desktop_first = occupant
            .sources
            .get(&format!("{}-v0", occupant.endpoint))
            .is_some_and(presents);
        Participant {
            id: occupant.endpoint.clone(),
            name: occupant.name.clone(),
            microphone: on("a0"),
            camera: on("v0") && !desktop_first,
            content,
            speaking: occupant.endpoint == self.dominant,
            hand_raised: occupant.hand_raised,
            key_missing: false,
            role: match (occupant.moderator, occupant.visitor) {
                (true, _) => Role::Moderator,
                (false, true) => Role::Visitor,
                (false, false) => Role::Participant,
            },
            spoken_minutes: self.speaking.minutes(now, &occupant.endpoint),
        }
    }

    fn tell_state(&mut self) {
        let state = MeetingState {
            hand_raised: self.own.raises_hand(),
            presenting: self.media.presenting,
            microphone_moderated: !self.may_unmute(SourceKind::Microphone),
            camera_moderated: !self.may_unmute(SourceKind::Camera),
            dial_in: self.occupants.values().any(|o| o.telephone),
            chat: true,
            ..self.state.clone()
        };
        if self.phase == Phase::InRoom && state != self.told.state {
            self.told.state = state.clone();
            self.emit(CallEvent::State(Box::new(state)));
        }
    }
}
