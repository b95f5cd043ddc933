//! What goes on in a meeting beside picture and sound: obstacles on the way in, moderation, chat.

use saal_media_protocol::{SourceKind, Tile, TileSource};
use saal_meeting::{CallEvent, MeetingAction, MeetingCommand, MeetingState, Role, Secret, Watched};

use super::Room;
use crate::{Effect, Notice, Now, Obstacle, Phase, Reaction};

impl Room {
    /// Everything that a call's service says about the meeting itself.
    pub(super) fn on_meeting(&mut self, now: Now, event: CallEvent) {
        match event {
            CallEvent::Waiting(whom) => self.set_obstacle(Some(Obstacle::Waiting(whom))),
            CallEvent::PasswordNeeded { refused } => {
                self.set_obstacle(Some(Obstacle::Password { refused }));
            }
            CallEvent::State(state) => self.on_state(now, *state),
            CallEvent::MutedByOther { source, by } => {
                self.set_muted(now, source, true);
                self.notify(now, Notice::MutedBy(source, by));
            }
            CallEvent::UnmuteAllowed { source } => {
                if let Some(call) = self.phase.in_call_mut() {
                    call.allow(source);
                }
                self.notify(now, Notice::UnmuteAllowed(source));
            }
            CallEvent::Chat(line) => {
                if let Some(said) = self.phase.chat_mut() {
                    said.hear_chat(line);
                }
            }
            CallEvent::ChatBefore(lines) => {
                if let Some(said) = self.phase.chat_mut() {
                    said.recall_chat(lines);
                }
            }
            CallEvent::ChatRemoved { id } => {
                if let Some(said) = self.phase.chat_mut() {
                    said.remove_chat(&id);
                }
            }
            CallEvent::LobbyMessageTaken { text } => {
                if let Phase::Joining(joining) = &mut self.phase {
                    joining.word_taken(&text);
                }
            }
            CallEvent::Caption(caption) => self.hear_caption(now, caption),
            CallEvent::Reaction { from, emoji } => {
                if let Some(said) = self.phase.said_mut() {
                    said.see_reaction(now, Reaction { from, emoji });
                }
            }
            _ => {}
        }
    }

    pub(super) fn set_obstacle(&mut self, obstacle: Option<Obstacle>) {
        if let Phase::Joining(joining) = &mut self.phase {
            joining.obstacle = obstacle;
        }
    }

    fn on_state(&mut self, now: Now, state: MeetingState) {
        let Some(place) = self.phase.state_mut() else {
            return;
        };
        let presenting = state.presenting != place.presenting;
        let roles = (place.role, state.role);
        match self.phase.in_call_mut() {
            Some(call) => call.stands(state),
            None => {
                if let Some(place) = self.phase.state_mut() {
                    *place = state;
                }
            }
        }
        if presenting {
            self.send_tiles();
            self.present_sound();
        }
        self.on_consent(now);
        self.on_role(now, roles);
    }

    /// Nothing leaves the room until people have agreed to being recorded, or are no longer asked.
    /// Then it is as it was.
    fn on_consent(&mut self, now: Now) {
        let sources = [SourceKind::Microphone, SourceKind::Camera];
        if self.waits_for_consent() {
            self.before_consent.get_or_insert(self.muted);
            for source in sources {
                self.set_muted(now, source, true);
            }
        } else if let Some(before) = self.before_consent.take() {
            for source in sources.into_iter().filter(|source| !before.get(*source)) {
                self.set_muted(now, source, false);
            }
        }
    }

    pub(super) fn waits_for_consent(&mut self) -> bool {
        let state = self.phase.state_mut();
        state.is_some_and(|state| state.consent_asked)
    }

    /// The audience is not heard or seen. Who may take part from now on opens what it wants by a
    /// touch: nobody in the room knows the moment.
    fn on_role(&mut self, now: Now, roles: (Role, Role)) {
        match roles {
            (_, Role::Visitor) => {
                for source in [SourceKind::Microphone, SourceKind::Camera] {
                    self.set_muted(now, source, true);
                }
            }
            (Role::Visitor, _) => self.notify(now, Notice::UnmuteAllowed(SourceKind::Microphone)),
            _ => {}
        }
    }

    fn notify(&mut self, now: Now, notice: Notice) {
        if let Some(said) = self.phase.said_mut() {
            said.notify(now, notice);
        }
    }

    pub(super) fn read_chat(&mut self) {
        if self.phase.said_mut().is_some_and(crate::Said::read_chat) {
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn give_password(&mut self, password: Secret) {
        let Phase::Joining(joining) = &mut self.phase else {
            return;
        };
        if !matches!(joining.obstacle, Some(Obstacle::Password { .. })) {
            return;
        }
        joining.obstacle = None;
        let call = joining.call;
        self.effect(Effect::Meeting(MeetingCommand::GivePassword {
            call,
            password,
        }));
        self.effect(Effect::Redraw);
    }

    /// Only what the meeting allows the room leaves it.
    pub(super) fn act(&mut self, now: Now, action: MeetingAction) {
        let Some(call) = self.phase.call() else {
            return;
        };
        if matches!(self.phase, Phase::Leaving(_)) {
            return;
        }
        let Some(state) = self.phase.state_mut() else {
            return;
        };
        let for_others = needs_moderator(&action) && state.role != Role::Moderator;
        if for_others || matches!(action, MeetingAction::PresentSound { .. }) {
            return;
        }
        if let MeetingAction::Present { on } = action
            && !self.may_present(on)
        {
            return;
        }
        let agrees = action == MeetingAction::Consent;
        if let Some(state) = self.phase.state_mut().filter(|_| agrees) {
            state.consent_asked = false;
        }
        if let (MeetingAction::LobbyMessage { text }, Phase::Joining(joining)) =
            (&action, &mut self.phase)
        {
            joining.say(text.clone());
        }
        let ends = action == MeetingAction::EndForAll;
        self.effect(Effect::Meeting(MeetingCommand::Act { call, action }));
        self.present_sound();
        self.effect(Effect::Redraw);
        self.on_consent(now);
        // The service says the end to the others before it goes.
        if ends {
            self.leave(now);
        }
    }

    /// True when the meeting's rules keep the room's source muted; people are told why.
    pub(super) fn unmute_is_refused(&mut self, now: Now, source: SourceKind) -> bool {
        let refused = self
            .phase
            .in_call()
            .is_some_and(|call| call.keeps_muted(source));
        if refused {
            self.notify(now, Notice::UnmuteRefused(source));
            self.effect(Effect::Redraw);
        }
        refused
    }

    /// Servers send no more than the displays show.
    pub(super) fn watch(&mut self, tiles: &[Tile], content: &[Tile]) {
        let tiles = tiles.iter().chain(content);
        let mut pictures: Vec<Watched> = tiles.filter_map(watched).collect();
        pictures.sort();
        let Some(call) = self.phase.call() else {
            return;
        };
        if pictures != self.watched {
            self.watched.clone_from(&pictures);
            self.effect(Effect::Meeting(MeetingCommand::Watch { call, pictures }));
        }
    }
}

fn needs_moderator(action: &MeetingAction) -> bool {
    match action {
        MeetingAction::Admit { .. }
        | MeetingAction::Reject { .. }
        | MeetingAction::Mute { .. }
        | MeetingAction::AllowUnmute { .. }
        | MeetingAction::Remove { .. }
        | MeetingAction::EndForAll => true,
        MeetingAction::RaiseHand { .. }
        | MeetingAction::React { .. }
        | MeetingAction::Consent
        | MeetingAction::Dtmf { .. }
        | MeetingAction::LobbyMessage { .. }
        | MeetingAction::Present { .. }
        | MeetingAction::PresentSound { .. } => false,
    }
}

fn watched(tile: &Tile) -> Option<Watched> {
    match &tile.source {
        TileSource::Own | TileSource::OwnContent | TileSource::Still => None,
        TileSource::Participant {
            participant,
            source,
        } => Some(Watched {
            participant: participant.clone(),
            source: *source,
            height: tile.rect.height,
        }),
    }
}
