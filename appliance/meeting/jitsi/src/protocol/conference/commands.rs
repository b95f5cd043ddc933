//! What the daemon asks for.

use std::time::Instant;

use saal_media_protocol::SourceKind;
use saal_meeting::{CallEvent, EndReason, MeetingAction, MeetingCommand};

use super::{Conference, Pending, Phase};
use crate::protocol::{
    bridge, jingle, ns, reactions,
    sending::{Layers, OwnSource},
    xml::Element,
};

impl Conference {
    pub(super) fn command(&mut self, now: Instant, command: MeetingCommand) {
        if self.is_ending() {
            return;
        }
        match command {
            MeetingCommand::SetMuted { source, muted, .. } => self.set_muted(source, muted),
            MeetingCommand::GivePassword { password, .. } => {
                self.password = Some(password);
                if matches!(self.phase, Phase::Password | Phase::Lobby) {
                    // The focus may have left while people looked for the password.
                    self.ask_focus(now);
                }
            }
            MeetingCommand::Watch { pictures, .. } => {
                if self.watched.as_ref() != Some(&pictures) {
                    self.watched = Some(pictures);
                    self.tell_constraints();
                }
            }
            MeetingCommand::Act { action, .. } => self.act(now, action),
            MeetingCommand::Leave { .. } => self.leave(now, EndReason::Left),
            MeetingCommand::MediaRestarted { .. } => self.media_restarted(now),
            MeetingCommand::Transport { event, .. } => self.transport_event(now, event),
            MeetingCommand::Encodes { codecs, .. } => self.encodes(codecs),
            MeetingCommand::Join { .. }
            | MeetingCommand::Try { .. }
            | MeetingCommand::Decline { .. }
            | MeetingCommand::Account(_) => {}
        }
    }

    fn set_muted(&mut self, source: SourceKind, muted: bool) {
        if !muted && !self.may_unmute(source) {
            self.emit(CallEvent::MutedByOther { source, by: None });
            return;
        }
        match source {
            SourceKind::Microphone => self.media.microphone = !muted,
            SourceKind::Camera => {
                if !muted && !self.media.camera {
                    self.tell_video_type(SourceKind::Camera);
                }
                self.media.camera = !muted;
            }
            SourceKind::Content | SourceKind::ContentAudio => return,
        }
        self.publish_sources();
        if !muted {
            self.speaks_again(source);
        }
    }

    /// What the focus has muted goes through the bridge again once the participant itself asks the focus for it.
    fn speaks_again(&mut self, source: SourceKind) {
        if self.media.held.remove(&source) {
            let us = self.endpoint.clone();
            self.mute(&us, source, false);
        }
    }

    /// The engine has forgotten every connection.
    fn media_restarted(&mut self, now: Instant) {
        self.end_peer("failed-transport");
        self.restart_media(now, "the media engine was restarted");
    }

    fn act(&mut self, now: Instant, action: MeetingAction) {
        match action {
            MeetingAction::RaiseHand { raised } => {
                self.own.hand_raised = Some(if raised { self.unix_ms(now) } else { 0 });
                self.tell_presence();
            }
            MeetingAction::React { emoji } => {
                if let Some(message) = reactions::message(&emoji, self.unix_ms(now)) {
                    self.say(bridge::endpoint_message("", &message));
                }
            }
            MeetingAction::Admit { knocker } => self.admit(&knocker),
            MeetingAction::Reject { knocker } => self.reject(&knocker),
            MeetingAction::Mute {
                participant,
                source,
            } => self.mute(&participant, source, true),
            MeetingAction::AllowUnmute {
                participant,
                source,
            } => self.allow_unmute(&participant, source),
            MeetingAction::Remove { participant } => self.remove(&participant),
            MeetingAction::EndForAll => self.end_for_all(),
            MeetingAction::Consent => self.consent(),
            MeetingAction::LobbyMessage { text } => self.say_in_lobby(text),
            MeetingAction::Present { on: true } => self.present(),
            MeetingAction::Present { on: false } => self.stop_presenting(),
            MeetingAction::PresentSound { on } => self.present_sound(on),
            MeetingAction::Dtmf { tones } => self.sound_tones(tones),
        }
    }

    /// Sounds telephone tones where the media flow.
    fn sound_tones(&mut self, tones: String) {
        let peer = self.peer.as_mut().filter(|peer| peer.live);
        let session = peer.map(|peer| &mut peer.session);
        if let Some(session) = session.or(self.bridge.as_mut()) {
            session.sound_tones(tones);
        }
        self.drain_media();
    }

    /// Sends content as a second picture.
    fn present(&mut self) {
        if std::mem::replace(&mut self.media.presenting, true) {
            return;
        }
        self.add_content(SourceKind::Content, false);
        self.add_content(SourceKind::Content, true);
        self.tell_video_type(SourceKind::Content);
        self.publish_sources();
        self.speaks_again(SourceKind::Content);
    }

    /// Sends the sound of what is presented as a second one, or mutes it.
    fn present_sound(&mut self, on: bool) {
        if std::mem::replace(&mut self.media.presents_sound, on) == on {
            return;
        }
        if on {
            self.add_content(SourceKind::ContentAudio, false);
            self.add_content(SourceKind::ContentAudio, true);
        } else {
            self.stop_sending(SourceKind::ContentAudio);
        }
        self.publish_sources();
    }

    /// Puts a source of content into a session, once, and sends it where the media flow.
    fn add_content(&mut self, what: SourceKind, to_peer: bool) {
        let live = to_peer == self.peer_is_live();
        let layers = if to_peer {
            Layers::Single
        } else {
            Layers::Simulcast
        };
        let endpoint = self.endpoint.clone();
        let own = OwnSource::new(&endpoint, what, layers, &mut self.ids);
        let session = if to_peer {
            self.peer.as_mut().map(|peer| &mut peer.session)
        } else {
            self.bridge.as_mut()
        };
        let Some(session) = session else { return };
        let known = session.sources.iter().any(|s| s.source == what);
        let mut add = None;
        if !known {
            session.sources.push(own.clone());
            let told = session.local.is_some();
            add = told.then(|| jingle::source_add(&session.offer, session.initiator(), &own));
        }
        let to = session.with.clone();
        if live {
            session.send(what);
        }
        if let Some(add) = add {
            self.ask(&to, "set", add, Pending::Nothing);
        }
    }

    /// The source stays known and is muted, as web clients do.
    pub(super) fn stop_presenting(&mut self) {
        if !std::mem::replace(&mut self.media.presenting, false) {
            return;
        }
        self.stop_sending(SourceKind::Content);
        self.present_sound(false);
        self.publish_sources();
    }

    fn stop_sending(&mut self, what: SourceKind) {
        let peer = self.peer.as_mut().map(|peer| &mut peer.session);
        for session in self.bridge.iter_mut().chain(peer) {
            session.stop(what);
        }
    }

    fn jid_of(&self, participant: &str) -> String {
        format!("{}/{participant}", self.room)
    }

    fn mute(&mut self, participant: &str, source: SourceKind, muted: bool) {
        let namespace = match source {
            SourceKind::Microphone => ns::MUTE_AUDIO,
            SourceKind::Camera => ns::MUTE_VIDEO,
            SourceKind::Content | SourceKind::ContentAudio => ns::MUTE_DESKTOP,
        };
        let mute = Element::new("mute", namespace)
            .with("jid", self.jid_of(participant))
            .text_node(if muted { "true" } else { "false" });
        let focus = self.jid_of(super::room::FOCUS);
        self.ask(&focus, "set", mute, Pending::Nothing);
    }

    fn allow_unmute(&mut self, participant: &str, source: SourceKind) {
        let media = match source {
            SourceKind::Microphone => "audio",
            SourceKind::Camera => "video",
            SourceKind::Content | SourceKind::ContentAudio => "desktop",
        };
        let allow = Element::new("av_moderation", ns::CLIENT)
            .with("jidToWhitelist", self.jid_of(participant))
            .with("mediaType", media);
        let component = self.components.av_moderation.clone();
        self.tell_component(component, allow);
    }

    fn tell_component(&mut self, component: Option<String>, child: Element) {
        let Some(to) = component else {
            tracing::warn!(what = child.name, "the server has no component for this");
            return;
        };
        let message = Element::new("message", ns::CLIENT)
            .with("to", to)
            .child(child);
        self.send(&message);
    }

    fn remove(&mut self, participant: &str) {
        let room = self.room.clone();
        self.kick(&room, participant);
    }

    /// Takes somebody out of a MUC (XEP-0045 section 8.2).
    pub(super) fn kick(&mut self, room: &str, nick: &str) {
        let item = Element::new("item", ns::MUC_ADMIN)
            .with("nick", nick)
            .with("role", "none")
            .child(Element::new("reason", ns::MUC_ADMIN));
        let query = Element::new("query", ns::MUC_ADMIN).child(item);
        self.ask(room, "set", query, Pending::Nothing);
    }

    fn end_for_all(&mut self) {
        let component = self.components.end_conference.clone();
        self.tell_component(component, Element::new("end_conference", ns::CLIENT));
    }
}
