//! Joining, being in a call, leaving.

use saal_media_protocol::{MediaCommand, SourceKind, Tile};
use saal_meeting::{
    CallEvent, CallId, Destination, EndReason, LinkTarget, Meeting, MeetingCommand, MeetingId,
    MeetingLink, Participant, ResumeToken,
};

use super::Room;
use crate::{
    Arrangement, Effect, Joining, Leaving, Muted, Now, Phase, SavedCall, Stage, Trouble,
    TroubleCode, content_tiles, layout::tiles, screen_text::pictures_size,
};

/// Ids of meetings that nobody planned begin so.
pub(super) const AD_HOC: &str = "link/";

impl Room {
    pub(super) fn join(&mut self, now: Now, id: &MeetingId) {
        if self.phase != Phase::Home {
            return self.go_over(now, id);
        }
        let wanted = self.meetings.iter().find(|m| m.id == *id);
        let Some(meeting) = wanted.filter(|m| self.can_join(now, m)).cloned() else {
            return;
        };
        self.enter_anew(now, meeting);
    }

    /// By another way than the likeliest; what a touch on "Join" leads out of, this does not.
    pub(super) fn join_at(&mut self, now: Now, id: &MeetingId, place: &str) {
        if self.phase != Phase::Home {
            return;
        }
        let wanted = self.meetings.iter().find(|m| m.id == *id);
        let wanted = wanted.filter(|m| self.can_join(now, m));
        if let Some(meeting) = wanted.and_then(|meeting| meeting.at_place(place)) {
            self.enter_anew(now, meeting);
        }
    }

    /// Out of a breakout session into the meeting that it belongs to, or into the meeting that needs the room now.
    fn go_over(&mut self, now: Now, id: &MeetingId) {
        let session = self
            .phase
            .meeting()
            .filter(|_| self.phase.in_call().is_some());
        let main = session.and_then(|meeting| meeting.part_of.as_ref());
        let back = main.is_some_and(|main| main.id == *id);
        if !back && !self.is_next(now, id) {
            return;
        }
        self.leave(now);
        self.then = Some(id.clone());
    }

    /// Where the room wanted to go when it left.
    pub(super) fn go_on(&mut self, now: Now) {
        if self.phase == Phase::Home
            && let Some(id) = self.then.take()
            && !self.leaving_for_good
        {
            self.join(now, &id);
        }
        if self.phase == Phase::Home {
            self.answer_waiting(now);
        }
    }

    pub(super) fn enter_anew(&mut self, now: Now, meeting: Meeting) {
        let camera = meeting.destination.is_audio_only() || self.goes_unseen(&meeting.id);
        self.enter_muted(
            now,
            meeting,
            Muted {
                camera,
                ..Muted::default()
            },
        );
    }

    pub(super) fn enter_muted(&mut self, now: Now, meeting: Meeting, muted: Muted) {
        self.muted = muted;
        let call = CallId(self.next_call);
        self.enter(now, Joining::enter(call, meeting, false), None);
    }

    pub(super) fn on_saved_call(&mut self, now: Now, saved: SavedCall) {
        if self.phase != Phase::Home {
            return;
        }
        // The number comes from a file: whatever stands there, counting goes on.
        self.next_call = self.next_call.max(saved.call.0.saturating_add(1));
        if !saved.is_fresh(now.wall) {
            self.effect(Effect::SaveCall(None));
            return;
        }
        self.muted = saved.muted;
        let call = CallId(self.next_call);
        self.enter(now, Joining::enter(call, saved.meeting, true), saved.resume);
    }

    /// A meeting that is in the room's calendar keeps its name and time.
    pub(super) fn join_link(&mut self, now: Now, link: MeetingLink) {
        if self.phase != Phase::Home {
            return;
        }
        let target = match LinkTarget::of(&link) {
            Ok(target) => target,
            Err(error) => {
                let reason = error.to_string();
                self.raise(Trouble::JoinFailed {
                    title: String::new(),
                    reason: EndReason::BadLink { reason },
                });
                return;
            }
        };
        self.join_target(now, target);
    }

    pub(super) fn join_target(&mut self, now: Now, target: LinkTarget) {
        let known = self.meetings.iter().find_map(|known| {
            let mut places = known.places();
            let place = places.find(|place| leads_to(&target, place))?.place();
            known.at_place(&place)
        });
        let meeting = match known {
            Some(known) => with_password(known, target.destination),
            None => ad_hoc(target),
        };
        self.enter_anew(now, meeting);
    }

    pub(super) fn enter(&mut self, now: Now, joining: Joining, resume: Option<ResumeToken>) {
        self.next_call = joining.call.0.saturating_add(1);
        self.before_consent = None;
        self.troubles.clear(TroubleCode::JoinFailed);
        self.resume.clone_from(&resume);
        self.day_enters(now, &joining.meeting);
        let (call, destination) = (joining.call, joining.meeting.destination.clone());
        self.phase = Phase::Joining(joining);
        self.watched.clear();
        self.follow_device_choice();
        self.send_media_state();
        let (microphone, camera) = (!self.muted.microphone, !self.muted.camera);
        self.effect(Effect::Meeting(MeetingCommand::Join {
            call,
            destination,
            name: self.name(),
            microphone,
            camera,
            resume,
            encodes: self.encodes.clone(),
        }));
        self.save_call(now);
        self.effect(Effect::Redraw);
    }

    pub(super) fn leave(&mut self, now: Now) {
        let (Some(call), Some(meeting)) = (self.phase.call(), self.phase.meeting()) else {
            return;
        };
        if matches!(self.phase, Phase::Leaving(_)) {
            return;
        }
        let leaving = Leaving::enter(call, meeting.clone(), now);
        self.end_view_with_meeting();
        self.phase = Phase::Leaving(leaving);
        self.effect(Effect::Meeting(MeetingCommand::Leave { call }));
        self.clear_displays();
        self.effect(Effect::SaveCall(None));
        self.effect(Effect::Redraw);
    }

    /// Outside of a call nothing is on that could be turned off.
    pub(super) fn toggle(&mut self, now: Now, source: SourceKind) {
        if self.phase.call().is_some() {
            self.set_muted(now, source, !self.muted.get(source));
        }
    }

    pub(super) fn set_muted(&mut self, now: Now, source: SourceKind, muted: bool) {
        let Some(call) = self.phase.call() else {
            if source == SourceKind::Camera {
                self.prepare_unseen(now, muted);
            }
            return;
        };
        if !muted && self.waits_for_consent() {
            return;
        }
        if !muted && self.muted.get(source) && self.unmute_is_refused(now, source) {
            return;
        }
        if !self.muted.set(source, muted) {
            return;
        }
        if source == SourceKind::Camera {
            // The room's own picture comes or goes.
            self.send_tiles();
            if !muted {
                self.is_seen_after_all();
            }
        }
        self.effect(Effect::Media(MediaCommand::SetMuted { source, muted }));
        self.effect(Effect::Meeting(MeetingCommand::SetMuted {
            call,
            source,
            muted,
        }));
        self.save_call(now);
        self.effect(Effect::Redraw);
    }

    pub(super) fn on_call(&mut self, now: Now, call: CallId, event: CallEvent) {
        let event = match event {
            CallEvent::Tried(way) => return self.on_tried(now, call, way),
            CallEvent::Socket(way) => return self.on_socket(now, call, way),
            event => event,
        };
        if self.phase.call() != Some(call) {
            return;
        }
        match event {
            CallEvent::Progress(stage) => {
                if let Phase::Joining(joining) = &mut self.phase {
                    joining.stage = stage;
                    joining.obstacle = None;
                }
            }
            CallEvent::Joined => self.on_joined(now),
            CallEvent::Resume(token) => {
                self.resume = Some(token);
                self.save_call(now);
            }
            CallEvent::Participants(participants) => self.on_participants(now, participants),
            CallEvent::Reconnecting { .. } => self.on_reconnecting(),
            CallEvent::Ended(reason) => {
                self.on_ended(reason);
                self.go_on(now);
            }
            // The daemon gives these to the engine and never to the room.
            CallEvent::Transport(_) => {}
            about_the_meeting => self.on_meeting(now, about_the_meeting),
        }
        self.effect(Effect::Redraw);
    }

    fn on_joined(&mut self, now: Now) {
        let television = self.config.as_ref().map(|config| &config.television);
        let arrangement = television.map(Arrangement::of).unwrap_or_default();
        self.phase = match std::mem::take(&mut self.phase) {
            Phase::Joining(joining) => Phase::Call(joining.joined(now, arrangement)),
            Phase::Reconnecting(state) => Phase::Call(state.back()),
            other => other,
        };
        self.note_recent(now);
        self.hear_speakers(now);
        if self.laptops.is_showing() {
            self.show_laptop(now);
        } else {
            self.send_tiles();
        }
    }

    fn on_reconnecting(&mut self) {
        self.phase = match std::mem::take(&mut self.phase) {
            Phase::Call(in_call) => Phase::Reconnecting(in_call.lost()),
            other => other,
        };
    }

    fn on_participants(&mut self, now: Now, participants: Vec<Participant>) {
        let place = match &mut self.phase {
            Phase::Joining(state) => &mut state.participants,
            Phase::Call(state) => &mut state.participants,
            Phase::Reconnecting(state) => &mut state.in_call.participants,
            Phase::Home | Phase::Leaving(_) => return,
        };
        *place = participants;
        self.hear_speakers(now);
        self.send_tiles();
    }

    fn hear_speakers(&mut self, now: Now) {
        if let Some(call) = self.phase.in_call_mut() {
            call.arrangement.hear(now.mono, &call.participants);
        }
    }

    pub(super) fn on_ended(&mut self, reason: EndReason) {
        let title = self
            .phase
            .meeting()
            .map(|m: &Meeting| m.title.clone())
            .unwrap_or_default();
        // Who hung up says so by it.
        let expected = matches!(reason, EndReason::Left | EndReason::HungUp);
        let by_itself = !matches!(self.phase, Phase::Leaving(_)) && !expected;
        self.end_view_with_meeting();
        self.phase = Phase::Home;
        self.follow_device_choice();
        self.resume = None;
        self.watched.clear();
        self.clear_displays();
        self.send_home_tiles();
        self.effect(Effect::SaveCall(None));
        // There is nothing left to save.
        self.troubles.clear(TroubleCode::CallNotSaved);
        self.sockets_are_through();
        if by_itself {
            self.raise(Trouble::JoinFailed { title, reason });
        }
        if std::mem::take(&mut self.account_waits) {
            self.start_account();
        }
        if self.leaving_for_good {
            self.effect(Effect::Exit);
        }
    }

    /// Everything the engine has to know about a call, also after it was restarted.
    pub(super) fn send_media_state(&mut self) {
        for source in [SourceKind::Microphone, SourceKind::Camera] {
            let muted = self.muted.get(source);
            self.effect(Effect::Media(MediaCommand::SetMuted { source, muted }));
        }
        self.send_tiles();
    }

    pub(super) fn send_tiles(&mut self) {
        let nothing_yet = Arrangement::default();
        let (stage, said) = match (&self.phase, self.phase.in_call()) {
            (_, Some(call)) => (
                call.stage(self.muted.camera, self.displays),
                Some(&call.said),
            ),
            (Phase::Joining(state), _) => {
                let stage = Stage {
                    participants: &state.participants,
                    presenting: self.laptops.is_showing(),
                    own: !self.muted.camera,
                    arrangement: &nothing_yet,
                    displays: self.displays,
                    waits: true,
                };
                (stage, None)
            }
            _ => return,
        };
        let Some(config) = &self.config else { return };
        let (width, height) = (
            config.television.width.get(),
            config.television.height.get(),
        );
        let content = content_tiles(&stage, width, height);
        let (width, height) = match said {
            Some(said) => pictures_size(said, width, height),
            None => (width, height),
        };
        let mut tiles = tiles(&stage, width, height);
        self.show_own(&mut tiles, width, height);
        self.watch(&tiles, &content);
        self.effect(Effect::Media(MediaCommand::SetTiles { tiles }));
        self.send_content_tiles(content);
    }

    pub(super) fn clear_displays(&mut self) {
        self.effect(Effect::Media(MediaCommand::SetTiles { tiles: Vec::new() }));
        self.send_content_tiles(Vec::new());
    }

    pub(super) fn send_content_tiles(&mut self, tiles: Vec<Tile>) {
        if tiles != self.content_tiles {
            self.content_tiles.clone_from(&tiles);
            self.effect(Effect::Media(MediaCommand::SetContentTiles { tiles }));
        }
    }

    /// Nothing is saved on the way out: a restart must not go back in.
    pub(super) fn save_call(&mut self, now: Now) {
        let (Some(call), Some(meeting)) = (self.phase.call(), self.phase.meeting()) else {
            return;
        };
        if matches!(self.phase, Phase::Leaving(_)) {
            return;
        }
        let saved = SavedCall {
            version: SavedCall::VERSION,
            call,
            meeting: meeting.clone(),
            muted: self.muted,
            resume: self.resume.clone(),
            saved_at: now.wall,
        };
        self.effect(Effect::SaveCall(Some(Box::new(saved))));
    }
}

/// A link to a Jitsi meeting counts with its token; a Matrix room is the same room by any link.
pub(super) fn leads_to(target: &LinkTarget, known: &Destination) -> bool {
    match (&target.destination, known) {
        (Destination::Jitsi { link, .. }, Destination::Jitsi { link: known, .. }) => link == known,
        (Destination::Matrix { room, .. }, Destination::Matrix { room: known, .. }) => {
            room == known
        }
        _ => false,
    }
}

/// The calendar does not know the password that is in a link.
fn with_password(mut known: Meeting, wanted: Destination) -> Meeting {
    if let Destination::Matrix { password, .. } = &mut known.destination
        && let Destination::Matrix {
            password: Some(given),
            ..
        } = wanted
    {
        *password = Some(given);
    }
    known
}

/// A meeting that nobody planned for this room; its address is its name.
fn ad_hoc(target: LinkTarget) -> Meeting {
    let LinkTarget {
        mut destination,
        title,
    } = target;
    if let Destination::Matrix { visit, .. } = &mut destination {
        *visit = true;
    }
    let id = format!("{AD_HOC}{}", destination.place());
    Meeting::without_time(id, title, destination)
}
