//! A call from Join to `Ended`, pure. The driver performs the [`Effect`]s and feeds back what
//! came of them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use livekit_protocol::{SignalRequest, SignalResponse};
use saal_media_protocol::{SourceKind, TransportEvent};
use saal_meeting::{CallEvent, CallId, EndReason, JoinStage, Participant};

use super::{
    links::{ConnectionId, Link, LinkState, TransportIds},
    people,
};
use crate::{
    livekit::{Output, Roster, Session, Setup, publish, session::Publisher},
    rtc::{
        Device, Member,
        keeper::{Action, Keeper, Outcome, Standing},
        membership,
        resume::Resume,
    },
};

/// The first connection has to stand within this time; later ones are tried until people leave.
const JOIN_WITHIN: Duration = Duration::from_secs(25);

/// Time as an argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub instant: Instant,
    /// Milliseconds since 1970.
    pub unix_ms: u64,
    /// 0..1, to spread attempts.
    pub jitter: f64,
}

/// What a call is made from.
#[derive(Clone, Debug)]
pub(crate) struct CallSetup {
    pub call: CallId,
    pub own: Device,
    pub room_id: String,
    /// `livekit_service_url` that the room sends to.
    pub focus: String,
    pub microphone: bool,
    pub camera: bool,
    /// Of an earlier process in this very call.
    pub delay_id: Option<String>,
    /// In the call's room state now.
    pub members: Vec<Member>,
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Emit(CallEvent),
    /// Ask the homeserver, answer with [`Machine::handle_outcome`].
    Membership(Action),
    /// Get a token of `focus` and open the socket.
    Connect {
        connection: ConnectionId,
        focus: String,
    },
    Send {
        connection: ConnectionId,
        request: Box<SignalRequest>,
    },
    /// Close the socket after what was sent.
    Disconnect {
        connection: ConnectionId,
    },
    /// Find out what the room calls a user.
    LearnName {
        user: String,
    },
}

/// Why a connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectFailure {
    /// Asking again is no use.
    pub refused: bool,
    pub reason: String,
}

#[derive(Debug, PartialEq)]
enum Phase {
    Joining {
        give_up_at: Instant,
    },
    Joined,
    Reconnecting,
    /// Until the membership is taken back.
    Ending(EndReason),
    Over,
}

/// The machine.
#[derive(Debug)]
pub(crate) struct Machine {
    setup: CallSetup,
    phase: Phase,
    keeper: Keeper,
    links: Vec<Link>,
    ids: TransportIds,
    next_connection: u64,
    members: Vec<Member>,
    names: BTreeMap<String, String>,
    asked_names: BTreeSet<String>,
    told_participants: Vec<Participant>,
    told_delay: Option<String>,
    last_failure: String,
    effects: VecDeque<Effect>,
}

impl Machine {
    pub(crate) fn new(setup: CallSetup, now: Now) -> Self {
        let keeper = Keeper::enter(now.instant, setup.delay_id.clone());
        let mut machine = Self {
            phase: Phase::Joining {
                give_up_at: now.instant + JOIN_WITHIN,
            },
            keeper,
            links: vec![Link::new(setup.focus.clone(), true, now.instant)],
            ids: TransportIds::of_call(setup.call.0),
            next_connection: 0,
            members: setup.members.clone(),
            names: BTreeMap::new(),
            asked_names: BTreeSet::new(),
            told_participants: Vec::new(),
            told_delay: None,
            last_failure: String::new(),
            effects: VecDeque::new(),
            setup,
        };
        machine.emit(CallEvent::Progress(JoinStage::Connecting));
        machine.choose_links(now);
        machine.settle(now);
        machine
    }

    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// `Ended` was said.
    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Taking leave: nothing new is begun.
    fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending(_) | Phase::Over)
    }

    fn emit(&mut self, event: CallEvent) {
        self.effects.push_back(Effect::Emit(event));
    }

    // What the daemon says.

    pub(crate) fn set_muted(&mut self, now: Now, source: SourceKind, muted: bool) {
        match source {
            SourceKind::Microphone => self.setup.microphone = !muted,
            SourceKind::Camera => self.setup.camera = !muted,
            SourceKind::Content | SourceKind::ContentAudio => return,
        }
        for link in &mut self.links {
            if let Some(session) = link.session_mut() {
                session.set_muted(source, muted);
            }
        }
        self.settle(now);
    }

    pub(crate) fn leave(&mut self, now: Now) {
        self.end(now, EndReason::Left);
        self.settle(now);
    }

    /// Every transport is gone: go through the door again, as the same participant.
    pub(crate) fn media_restarted(&mut self, now: Now) {
        if self.is_ending() {
            return;
        }
        for index in 0..self.links.len() {
            self.drop_connection(index, now, Duration::ZERO);
        }
        self.reconnecting("the media engine was restarted");
        self.settle(now);
    }

    pub(crate) fn handle_transport(&mut self, now: Now, event: TransportEvent) {
        let transport = event.transport();
        let session = self
            .links
            .iter_mut()
            .filter_map(Link::session_mut)
            .find(|session| session.owns(transport));
        // Events of a transport that was closed meanwhile are late, not wrong.
        if let Some(session) = session {
            session.handle_transport(now.instant, event);
        }
        self.settle(now);
    }

    // What Matrix says.

    pub(crate) fn handle_outcome(&mut self, now: Now, outcome: Outcome) {
        self.keeper.handle_outcome(now.instant, outcome);
        self.settle(now);
    }

    /// The call's members in the room state, ourselves too.
    pub(crate) fn handle_members(&mut self, now: Now, members: Vec<Member>) {
        self.members = members;
        let present = membership::active(&self.members, now.unix_ms)
            .iter()
            .any(|member| member.device == self.setup.own);
        self.keeper.handle_own_state(now.instant, present);
        self.choose_links(now);
        self.settle(now);
    }

    pub(crate) fn handle_name(&mut self, now: Now, user: String, name: String) {
        self.names.insert(user, name);
        self.settle(now);
    }

    /// The account is no longer in the Matrix room.
    pub(crate) fn handle_expelled(&mut self, now: Now) {
        self.end(now, EndReason::Removed);
        self.settle(now);
    }

    /// Content of our membership event.
    pub(crate) fn membership_content(&self, periods: u32) -> serde_json::Value {
        let prolonged = (periods > 1).then(|| {
            let own = self
                .members
                .iter()
                .find(|member| member.device == self.setup.own);
            let created_ms = own.map_or(0, |member| member.created_ms);
            (
                created_ms,
                membership::DEFAULT_EXPIRES_MS * u64::from(periods),
            )
        });
        let setup = &self.setup;
        membership::content(&setup.own, &setup.room_id, &setup.focus, prolonged)
    }

    // What the media servers say.

    pub(crate) fn handle_connected(&mut self, now: Now, connection: ConnectionId) {
        let others = membership::active(&self.members, now.unix_ms)
            .iter()
            .filter(|member| member.device != self.setup.own)
            .count();
        let (microphone_muted, camera_muted) = (!self.setup.microphone, !self.setup.camera);
        let Some(link) = self
            .links
            .iter_mut()
            .find(|l| l.connection() == Some(connection))
        else {
            self.effects.push_back(Effect::Disconnect { connection });
            return;
        };
        let subscriber = self.ids.take();
        let publisher = link.own.then(|| Publisher {
            transport: self.ids.take(),
            video: publish::video_send(others),
            microphone_muted,
            camera_muted,
        });
        let session = Box::new(Session::new(Setup {
            subscriber,
            publisher,
        }));
        link.state = LinkState::Up {
            connection,
            session,
        };
        self.settle(now);
    }

    pub(crate) fn handle_signal(
        &mut self,
        now: Now,
        connection: ConnectionId,
        response: SignalResponse,
    ) {
        let link = self
            .links
            .iter_mut()
            .find(|l| l.connection() == Some(connection));
        if let Some(session) = link.and_then(Link::session_mut) {
            session.handle_signal(now.instant, response);
        }
        self.settle(now);
    }

    /// The socket could not be opened, or is closed.
    pub(crate) fn handle_disconnected(
        &mut self,
        now: Now,
        connection: ConnectionId,
        failure: ConnectFailure,
    ) {
        let index = self
            .links
            .iter()
            .position(|link| link.connection() == Some(connection));
        let Some(index) = index else { return };
        if failure.refused && self.links[index].own && matches!(self.phase, Phase::Joining { .. }) {
            self.end(
                now,
                EndReason::NotAllowed {
                    reason: failure.reason,
                },
            );
        } else {
            self.lose(now, index, failure.reason);
        }
        self.settle(now);
    }

    // Time.

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let give_up = match self.phase {
            Phase::Joining { give_up_at } => Some(give_up_at),
            _ => None,
        };
        let links = self.links.iter().filter_map(Link::deadline);
        links.chain(give_up).chain(self.keeper.deadline()).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.keeper.handle_timeout(now.instant);
        for link in &mut self.links {
            if let Some(session) = link.session_mut() {
                session.handle_timeout(now.instant, now.unix_ms);
            }
        }
        if matches!(self.phase, Phase::Joining { give_up_at } if give_up_at <= now.instant) {
            let reason = match self.last_failure.as_str() {
                "" => "joining took too long".to_owned(),
                failure => failure.to_owned(),
            };
            self.end(now, EndReason::Failed { reason });
        }
        self.settle(now);
    }

    // Decisions.

    /// Links to our media server and to those of the others.
    fn choose_links(&mut self, now: Now) {
        if self.is_ending() {
            return;
        }
        let own = &self.setup.own;
        let mut active = membership::active(&self.members, now.unix_ms);
        active.retain(|member| member.device != *own);
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
        for focus in wanted {
            if !self.links.iter().any(|link| link.focus == focus) {
                self.links.push(Link::new(focus, false, now.instant));
            }
        }
    }

    /// Follows everything that follows from a change.
    fn settle(&mut self, now: Now) {
        while let Some(action) = self.keeper.poll() {
            self.effects.push_back(Effect::Membership(action));
        }
        self.settle_membership(now);
        self.connect_due(now);
        for index in 0..self.links.len() {
            self.drain_session(now, index);
        }
        if !self.is_ending() {
            self.tell_participants();
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
        for link in &mut self.links {
            if matches!(link.state, LinkState::Waiting(at) if at <= now.instant) {
                self.next_connection += 1;
                let connection = ConnectionId(self.next_connection);
                link.state = LinkState::Connecting(connection);
                let focus = link.focus.clone();
                self.effects
                    .push_back(Effect::Connect { connection, focus });
            }
        }
    }

    fn drain_session(&mut self, now: Now, index: usize) {
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
                    let request = Box::new(request);
                    self.effects.push_back(Effect::Send {
                        connection,
                        request,
                    });
                }
                Output::Transport(command) => self.emit(CallEvent::Transport(command)),
                Output::Roster => {}
                Output::Connected => self.links[index].backoff.reset(),
                Output::Lost { reason } => self.lose(now, index, reason),
                Output::Removed { .. } if own => {
                    self.end(now, EndReason::Removed);
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

    fn lose(&mut self, now: Now, index: usize, reason: String) {
        if self.is_ending() {
            return;
        }
        let wait = self.links[index].backoff.after_failure(now.jitter);
        // A connection that stood is worth one try at once.
        let stood = self.links[index].is_connected();
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
                    let request = Box::new(request);
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

    fn reconnecting(&mut self, reason: &str) {
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
        let member = *self.keeper.standing() == Standing::Member;
        let waiting = matches!(self.phase, Phase::Joining { .. } | Phase::Reconnecting);
        if waiting && connected && member {
            self.phase = Phase::Joined;
            self.emit(CallEvent::Joined);
        }
    }

    fn end(&mut self, now: Now, reason: EndReason) {
        if self.is_ending() {
            return;
        }
        self.phase = Phase::Ending(reason);
        for index in 0..self.links.len() {
            self.leave_link(index);
        }
        self.links.clear();
        self.keeper.leave(now.instant);
        self.settle_membership(now);
    }

    fn tell_participants(&mut self) {
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
        let people = people::participants(rosters(), &self.setup.own, &self.names);
        let users: BTreeSet<String> = rosters()
            .flat_map(Roster::iter)
            .filter_map(|(identity, _)| Device::from_identity(identity))
            .map(|device| device.user)
            .filter(|user| *user != self.setup.own.user)
            .collect();
        for user in users {
            if self.asked_names.insert(user.clone()) {
                self.effects.push_back(Effect::LearnName { user });
            }
        }
        if people != self.told_participants {
            self.told_participants.clone_from(&people);
            self.emit(CallEvent::Participants(people));
        }
    }

    fn tell_resume(&mut self) {
        let Some(delay_id) = self.keeper.delay_id() else {
            return;
        };
        if self.told_delay.as_deref() != Some(delay_id) {
            let resume = Resume::new(&self.setup.room_id, &self.setup.own.device, delay_id);
            self.told_delay = Some(delay_id.to_owned());
            self.emit(CallEvent::Resume(resume.to_token()));
        }
    }
}

#[cfg(test)]
mod tests;
