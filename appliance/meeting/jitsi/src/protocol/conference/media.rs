//! The media session with the bridge.

use std::time::{Duration, Instant};

use saal_media_protocol::{ChannelOffer, SourceKind, TransportEvent, TransportState};
use saal_meeting::{CallEvent, Role};

use super::{Conference, Output, Pending, Phase, Timer, channel::Channel, room};
use crate::protocol::{
    ids,
    jingle::{self, AcceptedBy, Action, Offer},
    ns,
    presence::SourceInfo,
    sending::{Layers, OwnSource, source_name},
    session::MediaSession,
    sources::Source,
    xml::Element,
};

/// A connection that breaks for a moment comes back by itself; the engine says after three seconds
/// of silence that it broke.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// The focus invites again at once.
const AGAIN_WITHIN: Duration = Duration::from_secs(15);

/// What a channel is called that the bridge understands.
/// Why stream and media begin anew.
const MOVED: &str = "this room's address changed";
const CHANNEL_LABEL: &str = "JVB data channel";
const CHANNEL_PROTOCOL: &str = "http://jitsi.org/protocols/colibri";

impl Conference {
    /// Somebody's session of this number is ours.
    pub(super) fn has_session(&self, from: &str, sid: &str) -> bool {
        self.sessions()
            .any(|session| session.with == from && session.offer.sid == sid)
    }

    fn sessions(&self) -> impl Iterator<Item = &MediaSession> {
        self.bridge
            .iter()
            .chain(self.peer.iter().map(|peer| &peer.session))
    }

    pub(super) fn session_action(&mut self, now: Instant, from: &str, action: Action) {
        match action {
            Action::Initiate(offer) if self.is_focus(from) => {
                self.invited(now, from, *offer);
            }
            Action::Initiate(offer) => self.called(now, from, *offer),
            action if self.is_peer(from) => self.peer_action(action),
            Action::TransportInfo(transport) => {
                if let Some(session) = &mut self.bridge {
                    session.add_candidates(transport.candidates);
                }
            }
            Action::SourceAdd(sources) => self.sources_added(sources),
            Action::SourceRemove(sources) => {
                if let Some(session) = &mut self.bridge {
                    sources
                        .iter()
                        .for_each(|source| session.remove(&source.name));
                }
            }
            Action::TransportReplace(offer) => {
                let reject = jingle::transport_reject(&offer, from);
                self.ask(from, "set", reject, Pending::Nothing);
                self.restart_media(now, "the bridge moves");
            }
            Action::Terminate(reason) => {
                let why = format!("{} {}", reason.condition, reason.text);
                self.bridge_ended(now, why.trim());
            }
            Action::Modify(_) | Action::Info => {}
            Action::Accept(_) => self.not_understood("an answer to no offer"),
            Action::Other(name) => {
                let what = format!("the Jingle action {name}");
                self.not_understood(&what);
            }
        }
    }

    /// The focus invites; a new invitation replaces the session before.
    fn invited(&mut self, now: Instant, from: &str, offer: Offer) {
        self.drop_bridge();
        self.start_muted(offer.start_muted);
        let sources = self.own_sources(Layers::Simulcast);
        let transport = self.take_transport();
        let mut session = MediaSession::new(from.to_owned(), offer, transport, sources);
        self.channel = Channel::of(&session.offer);
        let over_sctp = matches!(self.channel, Channel::Data { .. });
        let channel = over_sctp.then(|| ChannelOffer {
            label: CHANNEL_LABEL.to_owned(),
            protocol: CHANNEL_PROTOCOL.to_owned(),
            open: true,
        });
        if !session.open(self.ice_servers.clone(), channel) {
            self.channel = Channel::None;
            self.not_understood("an invitation without a transport");
            return;
        }
        session.show(!self.peer_is_live());
        let sources = std::mem::take(&mut session.offer.sources);
        self.bridge = Some(session);
        self.sources_added(sources);
        self.drain_media();
        self.open_bridge_socket();
        self.timers.set(Timer::MediaBy, now + room::MEDIA_WITHIN);
    }

    /// Large meetings begin quietly. Only the first invitation asks for it.
    pub(super) fn start_muted(&mut self, (microphone, camera): (bool, bool)) {
        if self.joined {
            return;
        }
        let wishes = [
            (microphone, SourceKind::Microphone),
            (camera, SourceKind::Camera),
        ];
        for (_, source) in wishes.into_iter().filter(|(muted, _)| *muted) {
            self.muted_by_other(source, None);
        }
    }

    pub(super) fn own_sources(&mut self, layers: Layers) -> Vec<OwnSource> {
        // The audience sees and hears only.
        if self.state.role == Role::Visitor {
            return Vec::new();
        }
        let mut kinds = vec![SourceKind::Microphone, SourceKind::Camera];
        if self.media.presenting {
            kinds.push(SourceKind::Content);
        }
        if self.media.presents_sound {
            kinds.push(SourceKind::ContentAudio);
        }
        let endpoint = self.endpoint.clone();
        kinds
            .into_iter()
            .map(|kind| OwnSource::new(&endpoint, kind, layers, &mut self.ids))
            .collect()
    }

    pub(super) fn sources_added(&mut self, sources: Vec<Source>) {
        for source in sources {
            let told = self.told_kind(&source.owner, &source.name);
            let kind = told.filter(|_| source.is_picture());
            if let Some(session) = &mut self.bridge {
                let kind = kind.unwrap_or(source.kind);
                session.receive(Source { kind, ..source });
            }
        }
    }

    /// What somebody's presence says that a picture of theirs is. It goes before what the bridge says, which may not
    /// know yet when a presentation begins.
    fn told_kind(&self, owner: &str, source: &str) -> Option<SourceKind> {
        let info = self.occupants.get(owner)?.sources.get(source)?;
        match info.video_type.as_deref()? {
            "desktop" => Some(SourceKind::Content),
            "camera" => Some(SourceKind::Camera),
            _ => None,
        }
    }

    /// Somebody's presence is here, perhaps with other words about their pictures.
    pub(super) fn pictures_retyped(&mut self, endpoint: &str) {
        let Some(mut session) = self.bridge.take() else {
            return;
        };
        session.retype(endpoint, |source| self.told_kind(endpoint, source));
        self.bridge = Some(session);
    }

    pub(super) fn forget_sources(&mut self, endpoint: &str) {
        if let Some(session) = &mut self.bridge {
            session.remove_owner(endpoint);
        }
        let peer = self.peer.as_ref();
        if peer.is_some_and(|peer| ids::resource(&peer.session.with) == endpoint) {
            self.back_to_bridge();
        }
    }

    pub(super) fn transport_event(&mut self, now: Instant, event: TransportEvent) {
        let of = event.transport();
        let is = |session: &MediaSession| session.transport == of;
        if self.peer.as_ref().is_some_and(|peer| is(&peer.session)) {
            self.peer_event(now, event);
            return;
        }
        // Events of a connection that was closed meanwhile are late, not wrong.
        if !self.bridge.as_ref().is_some_and(is) {
            return;
        }
        match event {
            TransportEvent::Opened { local, .. } => {
                if let Some(session) = &mut self.bridge {
                    session.local = Some(local);
                }
                self.accept_bridge();
            }
            TransportEvent::State { state, .. } => self.bridge_state(now, state),
            TransportEvent::Moved { .. } => self.moved(now),
            TransportEvent::ChannelOpen { .. } => self.channel_open(),
            TransportEvent::ChannelText { text, .. } => self.channel_text(now, &text),
            TransportEvent::Refused { reason, .. } => self.engine_refuses(now, &reason),
            // The bridge finds us by itself.
            TransportEvent::Candidate { .. }
            | TransportEvent::Route { .. }
            | TransportEvent::Probed { .. }
            | TransportEvent::Description { .. }
            | TransportEvent::RemoteTracks { .. }
            | TransportEvent::Decrypts { .. } => {}
        }
    }

    fn accept_bridge(&mut self) {
        let Some(session) = &mut self.bridge else {
            return;
        };
        let Some(local) = &session.local else { return };
        let by = AcceptedBy {
            initiator: &session.with,
            responder: self.stream.jid(),
        };
        let accept = jingle::accept(&session.offer, by, local, &session.sources);
        let (to, sid) = (session.with.clone(), session.offer.sid.clone());
        if self.peer.as_ref().is_none_or(|peer| !peer.live) {
            session.send_all();
        }
        self.ask(&to, "set", accept, Pending::SessionAccept { sid });
        self.publish_sources();
    }

    fn engine_refuses(&mut self, now: Instant, reason: &str) {
        let opened = self.bridge.as_ref().is_some_and(|b| b.local.is_some());
        if opened {
            tracing::warn!(reason, "the media engine refuses");
        } else {
            self.restart_media(now, "the media engine refuses");
        }
    }

    /// The bridge would follow to another address only once its own checks have failed, and the
    /// stream to the server hangs at the old one.
    fn moved(&mut self, now: Instant) {
        self.outputs.push_back(Output::CloseLink);
        self.link_lost(now, MOVED.to_owned(), None);
        self.restart_media(now, MOVED);
    }

    fn bridge_state(&mut self, now: Instant, state: TransportState) {
        if let Some(session) = &mut self.bridge {
            session.state = state;
        }
        match state {
            TransportState::Connected => {
                self.timers.cancel(Timer::MediaBy);
                self.timers.cancel(Timer::MediaBack);
                self.backoffs.media.reset();
            }
            TransportState::Disconnected => {
                self.timers.set_once(Timer::MediaBack, now + BACK_WITHIN);
            }
            TransportState::Failed => self.restart_media(now, "the media's connection failed"),
            TransportState::Connecting => {}
        }
    }

    /// Gives the bridge up and asks the focus for another invitation.
    pub(super) fn restart_media(&mut self, now: Instant, reason: &str) {
        let Some(session) = &self.bridge else { return };
        let (to, restart) = (
            session.with.clone(),
            jingle::restart(&session.offer, &session.with, reason),
        );
        self.drop_bridge();
        if !self.peer_is_live() {
            self.trouble(reason);
        }
        self.ask(&to, "set", restart, Pending::Restart);
        self.timers.set(Timer::MediaBy, now + AGAIN_WITHIN);
    }

    /// The focus ends the session: alone in the room there is none, else another one follows.
    fn bridge_ended(&mut self, now: Instant, reason: &str) {
        self.drop_bridge();
        if !self.occupants.is_empty() && !self.peer_is_live() {
            self.trouble(&format!("the bridge's session ended: {reason}"));
            self.timers.set(Timer::MediaBy, now + AGAIN_WITHIN);
        }
    }

    pub(super) fn media_took_too_long(&mut self, now: Instant) {
        if self.phase == Phase::InRoom && !self.occupants.is_empty() && !self.media_flow() {
            self.rejoin(now, "no media");
        }
    }

    /// Somebody can be seen and heard.
    pub(super) fn media_flow(&self) -> bool {
        self.sessions().any(MediaSession::is_connected)
    }

    pub(super) fn drop_bridge(&mut self) {
        self.timers.cancel(Timer::MediaBy);
        self.timers.cancel(Timer::MediaBack);
        self.close_channel();
        if let Some(mut session) = self.bridge.take() {
            session.close();
            drain(&mut session, &mut self.outputs);
        }
    }

    /// Everything that the engine makes for this conference ends.
    pub(super) fn drop_media(&mut self) {
        self.drop_peer();
        self.drop_bridge();
    }

    /// Hands what the sessions want to the driver.
    pub(super) fn drain_media(&mut self) {
        if let Some(session) = &mut self.bridge {
            drain(session, &mut self.outputs);
        }
        if let Some(peer) = &mut self.peer {
            drain(&mut peer.session, &mut self.outputs);
        }
    }

    /// Tells the others what is on and what is off, where it changed.
    pub(super) fn publish_sources(&mut self) {
        let visitor = self.state.role == Role::Visitor;
        if visitor || self.bridge.as_ref().is_none_or(|b| b.local.is_none()) {
            return;
        }
        let mut sources = self.own.sources.clone();
        let mut put = |kind, muted, video_type: Option<&str>| {
            let info = SourceInfo {
                muted,
                video_type: video_type.map(str::to_owned),
            };
            sources.insert(source_name(&self.endpoint, kind), info);
        };
        put(SourceKind::Microphone, !self.media.microphone, None);
        put(SourceKind::Camera, !self.media.camera, None);
        let content = source_name(&self.endpoint, SourceKind::Content);
        if self.media.presenting || self.own.sources.contains_key(&content) {
            put(SourceKind::Content, !self.media.presenting, Some("desktop"));
        }
        let sound = source_name(&self.endpoint, SourceKind::ContentAudio);
        if self.media.presents_sound || self.own.sources.contains_key(&sound) {
            put(SourceKind::ContentAudio, !self.media.presents_sound, None);
        }
        if sources != self.own.sources {
            self.own.sources = sources;
            self.tell_presence();
        }
    }

    pub(super) fn tell_presence(&mut self) {
        if self.phase == Phase::InRoom {
            let presence = self.own.update();
            self.send(&presence);
        }
    }

    /// Somebody else mutes us: the engine is told by the core, the others by us.
    pub(super) fn muted_by_other(&mut self, source: SourceKind, by: Option<String>) {
        match source {
            SourceKind::Microphone => self.media.microphone = false,
            SourceKind::Camera => self.media.camera = false,
            SourceKind::Content | SourceKind::ContentAudio => self.stop_presenting(),
        }
        self.publish_sources();
        self.emit(CallEvent::MutedByOther { source, by });
    }

    /// `<mute/>` from the focus. What mutes is obeyed, what would unmute is only passed on.
    pub(super) fn told_to_mute(&mut self, from: &str, mute: &Element) {
        if !self.is_focus(from) {
            return;
        }
        let source = match mute.ns.as_str() {
            ns::MUTE_AUDIO => SourceKind::Microphone,
            ns::MUTE_VIDEO => SourceKind::Camera,
            _ => SourceKind::Content,
        };
        if mute.text().trim() == "true" {
            let actor = mute.attr("actor").map(ids::resource);
            let by = actor.and_then(|endpoint| self.name_of(endpoint));
            self.media.held.insert(source);
            self.muted_by_other(source, by);
        } else {
            self.emit(CallEvent::UnmuteAllowed { source });
        }
    }
}

pub(super) fn drain(session: &mut MediaSession, outputs: &mut std::collections::VecDeque<Output>) {
    while let Some(command) = session.poll() {
        outputs.push_back(Output::Transport(command));
    }
}
