//! What follows from a change: links to be made, things to be said, the end.

use std::{collections::BTreeSet, time::Duration};

use saal_media_protocol::SourceKind;
use saal_meeting::{CallEvent, EndReason, MeetingState};

use super::{Effect, Machine, Now, Phase};
use crate::{
    call::{
        links::{ConnectionId, Link, LinkState},
        people,
    },
    livekit::{Output, Roster, Session},
    rtc::{keeper::Standing, membership, resume::Resume},
};

impl Machine {
    /// Links to our media server and to those of the others.
    pub(super) fn choose_links(&mut self, now: Now) {
        if self.is_ending() {
            return;
        }
        let own = &self.setup.own;
        let mut active = membership::active(&self.members, now.unix_ms);
        active.retain(|member| member.device != *own);
        let focus = membership::publishing_focus(&active, &self.home_focus).to_owned();
        let wanted: BTreeSet<String> = membership::foci(&active)
            .into_iter()
            .map(str::to_owned)
            .collect();
        for index in (0..self.links.len()).rev() {
            if !self.links[index].own && !wanted.contains(&self.links[index].focus) {
                self.leave_link(index);
                self.links.remove(index);
            }
        }
        self.publish_on(now, focus);
        for focus in wanted {
            if !self.links.iter().any(|link| link.focus == focus) {
                self.links.push(Link::new(focus, false, now.instant));
            }
        }
    }

    /// Takes our media to another server.
    fn publish_on(&mut self, now: Now, focus: String) {
        if self.setup.focus == focus {
            return;
        }
        tracing::info!(focus, "publishing where all of the others look");
        for index in (0..self.links.len()).rev() {
            if self.links[index].own || self.links[index].focus == focus {
                self.leave_link(index);
                self.links.remove(index);
            }
        }
        self.links.push(Link::new(focus.clone(), true, now.instant));
        self.setup.focus = focus;
        self.keeper.put_again(now.instant);
        self.reconnecting("the others look at another media server");
    }

    /// Follows everything that follows from a change.
    pub(super) fn settle(&mut self, now: Now) {
        while let Some(action) = self.keeper.poll() {
            self.effects.push_back(Effect::Membership(action));
        }
        self.settle_membership(now);
        self.settle_keys();
        self.connect_due(now);
        for index in 0..self.links.len() {
            self.drain_session(now, index);
        }
        if !self.is_ending() {
            self.hush();
            self.settle_hands(now);
            self.tell_participants(now);
            self.tell_state();
            self.tell_resume();
            self.settle_phase();
        }
    }

    fn settle_membership(&mut self, now: Now) {
        match self.keeper.standing() {
            Standing::Refused(reason) => {
                let reason = reason.clone();
                self.end(now, EndReason::NotAllowed { reason });
                self.finish();
            }
            Standing::Out => self.finish(),
            Standing::Entering | Standing::Member | Standing::Leaving => {}
        }
        while let Some(action) = self.keeper.poll() {
            self.effects.push_back(Effect::Membership(action));
        }
    }

    fn finish(&mut self) {
        if let Phase::Ending(_) = self.phase
            && let Phase::Ending(reason) = std::mem::replace(&mut self.phase, Phase::Over)
        {
            self.emit(CallEvent::Ended(reason));
        }
    }

    fn connect_due(&mut self, now: Now) {
        if self.is_ending() {
            return;
        }
        for index in 0..self.links.len() {
            self.resume_due(now, index);
            let link = &mut self.links[index];
            if matches!(link.state, LinkState::Waiting(at) if at <= now.instant) {
                self.next_connection += 1;
                let connection = ConnectionId(self.next_connection);
                link.state = LinkState::Connecting(connection);
                self.effects.push_back(Effect::Connect {
                    connection,
                    focus: link.focus.clone(),
                    publishes: link.own,
                });
            }
        }
    }

    pub(super) fn drain_session(&mut self, now: Now, index: usize) {
        // An output may end the call, and with it the links.
        while let Some(link) = self.links.get_mut(index) {
            let connection = link.connection();
            let own = link.own;
            let Some(output) = link.session_mut().and_then(Session::poll) else {
                return;
            };
            match output {
                Output::Request(request) => {
                    let connection = connection.expect("a session has a connection");
                    self.effects.push_back(Effect::Send {
                        connection,
                        request,
                    });
                }
                Output::Transport(command) => self.emit(CallEvent::Transport(command)),
                Output::Roster => {}
                Output::Muted(source) => self.muted_by_other(source),
                Output::Connected => self.links[index].backoff.reset(),
                Output::Resume { reason, again } => self.resume(now, index, reason, again),
                Output::Lost { reason } => self.lose(now, index, reason),
                Output::Removed { .. } if own => {
                    self.end(now, super::removed());
                }
                Output::Replaced if own => {
                    let reason = "another device joined as this room".to_owned();
                    self.end(now, EndReason::Failed { reason });
                }
                Output::Removed { .. } | Output::Replaced => {
                    self.lose(
                        now,
                        index,
                        "not wanted on another member's media server".into(),
                    );
                }
            }
        }
    }

    /// On every media server, and until the room itself unmutes.
    fn muted_by_other(&mut self, source: SourceKind) {
        match source {
            SourceKind::Microphone => self.setup.microphone = false,
            SourceKind::Camera => self.setup.camera = false,
            SourceKind::Content | SourceKind::ContentAudio => return,
        }
        self.emit(CallEvent::MutedByOther { source, by: None });
    }

    pub(super) fn lose(&mut self, now: Now, index: usize, reason: String) {
        if self.is_ending() {
            return;
        }
        let wait = self.links[index].backoff.after_failure(now.jitter);
        // A connection that stood is worth one try at once.
        let stood = self.links[index].session().is_some_and(Session::stood);
        self.drop_connection(index, now, if stood { Duration::ZERO } else { wait });
        tracing::warn!(focus = %self.links[index].focus, reason, "lost a media server");
        self.last_failure.clone_from(&reason);
        if self.links[index].own {
            self.reconnecting(&reason);
        }
    }

    fn drop_connection(&mut self, index: usize, now: Now, wait: Duration) {
        if let Some(session) = self.links[index].session_mut() {
            session.close();
            self.flush_session(index);
        }
        if let Some(connection) = self.links[index].connection() {
            self.effects.push_back(Effect::Disconnect { connection });
        }
        self.links[index].state = LinkState::Waiting(now.instant + wait);
    }

    /// What a closing session still wants said.
    fn flush_session(&mut self, index: usize) {
        let connection = self.links[index].connection();
        while let Some(output) = self.links[index].session_mut().and_then(Session::poll) {
            match (output, connection) {
                (Output::Request(request), Some(connection)) => {
                    self.effects.push_back(Effect::Send {
                        connection,
                        request,
                    });
                }
                (Output::Transport(command), _) => self.emit(CallEvent::Transport(command)),
                _ => {}
            }
        }
    }

    fn leave_link(&mut self, index: usize) {
        if let Some(session) = self.links[index].session_mut() {
            session.leave();
            self.flush_session(index);
        }
        if let Some(connection) = self.links[index].connection() {
            self.effects.push_back(Effect::Disconnect { connection });
        }
    }

    pub(super) fn reconnecting(&mut self, reason: &str) {
        if self.phase == Phase::Joined {
            self.phase = Phase::Reconnecting;
            self.emit(CallEvent::Reconnecting {
                reason: reason.to_owned(),
            });
        }
    }

    fn settle_phase(&mut self) {
        let connected = self
            .links
            .iter()
            .any(|link| link.own && link.is_connected());
        if !connected && self.phase == Phase::Joined {
            let reason = self.last_failure.clone();
            self.reconnecting(&reason);
        }
        let member = *self.keeper.standing() == Standing::Member;
        let waiting = matches!(self.phase, Phase::Joining { .. } | Phase::Reconnecting);
        if waiting && connected && member {
            self.phase = Phase::Joined;
            self.emit(CallEvent::Joined);
        }
    }

    pub(super) fn end(&mut self, now: Now, reason: EndReason) {
        if self.is_ending() {
            return;
        }
        self.phase = Phase::Ending(reason);
        for index in 0..self.links.len() {
            self.leave_link(index);
        }
        self.links.clear();
        self.keys = None;
        self.forget_keys();
        self.keeper.leave(now.instant);
        self.settle_membership(now);
    }

    fn tell_participants(&mut self, now: Now) {
        // While a media server is lost, its people stay on the panel: they are still in the call.
        if self.phase == Phase::Reconnecting
            && !self
                .links
                .iter()
                .any(|link| link.own && link.is_connected())
        {
            return;
        }
        let rosters = || {
            self.links
                .iter()
                .filter_map(Link::session)
                .map(Session::roster)
        };
        let members = &self.members;
        let mut people =
            people::participants(rosters(), &self.setup.own, members, self.said.names());
        let active = membership::active(members, now.unix_ms);
        people.retain_mut(|person| {
            person.key_missing = self.undecryptable.contains(&person.id);
            let member = active.iter().find(|member| member.identity == person.id);
            person.hand_raised = member.is_some_and(|member| self.said.has_hand_up(member));
            let device = people::device(members, &person.id);
            !device.is_some_and(|device| self.said.is_ignored(&device.user))
        });
        let users: BTreeSet<String> = rosters()
            .flat_map(Roster::iter)
            .filter_map(|(identity, _)| people::device(members, identity))
            .map(|device| device.user)
            .filter(|user| *user != self.setup.own.user)
            .collect();
        for user in users {
            if !self.said.names().knows(&user) && self.asked_names.insert(user.clone()) {
                self.effects.push_back(Effect::LearnName { user });
            }
        }
        if people != self.told_participants {
            self.told_participants.clone_from(&people);
            self.emit(CallEvent::Participants(people));
        }
    }

    /// Element Call knows no more of it; the chat is the Matrix room's.
    fn tell_state(&mut self) {
        let state = MeetingState {
            presenting: self.setup.presents.contains(&SourceKind::Content),
            hand_raised: self.said.is_hand_raised(),
            chat: true,
            ..MeetingState::default()
        };
        if state != self.told_state {
            self.told_state = state.clone();
            self.emit(CallEvent::State(Box::new(state)));
        }
    }

    fn tell_resume(&mut self) {
        let Some(delay_id) = self.keeper.delay_id() else {
            return;
        };
        if self.told_delay.as_deref() != Some(delay_id) {
            let setup = &self.setup;
            let mode = setup.mode.clone();
            let resume = Resume::new(&setup.room_id, &setup.own.device, delay_id, mode);
            self.told_delay = Some(delay_id.to_owned());
            self.emit(CallEvent::Resume(resume.to_token()));
        }
    }
}
