//! A call from Join to `Ended`, pure. The driver performs the [`Effect`]s and feeds back what
//! came of them.

mod decisions;
mod media_keys;
mod resuming;
mod talk;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use livekit_protocol::{SignalRequest, SignalResponse};
use saal_media_protocol::{SourceKind, TransportEvent};
use saal_meeting::{CallEvent, CallId, EndReason, JoinStage, MeetingState, Participant, Watched};

use super::links::{ConnectionId, Link, LinkState, TransportIds};
use crate::{
    livekit::{Grant, Session, Setup, publish, session::Publisher},
    rtc::{
        Device, Member, Mode,
        keeper::{Action, Keeper, Outcome, Terms},
        keys::{CallKeys, Entropy, Generation, KeyBytes, VouchId},
        membership,
    },
};

pub(crate) use media_keys::MediaSecret;
pub(crate) use talk::{Talk, Talked};

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
    /// For the key that may be due.
    pub entropy: Entropy,
}

/// What a call is made from.
#[derive(Clone, Debug)]
pub(crate) struct CallSetup {
    pub call: CallId,
    pub own: Device,
    pub room_id: String,
    /// What stands in its state is encrypted.
    pub encrypts_state: bool,
    /// `livekit_service_url` that the room sends to while nobody needs it elsewhere.
    pub focus: String,
    pub microphone: bool,
    pub camera: bool,
    /// What the room presents: a picture, and perhaps its sound.
    pub presents: BTreeSet<SourceKind>,
    /// Of an earlier process in this very call.
    pub delay_id: Option<String>,
    /// In the call now, by state and by sticky events.
    pub members: Vec<Member>,
    pub media_secret: MediaSecret,
    /// As whom the room says that it is in the call.
    pub mode: Mode,
    /// On what terms that stands.
    pub terms: Terms,
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
        /// The others look for us there, under the name that our membership gives us.
        publishes: bool,
    },
    /// Open a socket with this grant, on which the media server takes up the stay with this id again.
    Resume {
        connection: ConnectionId,
        grant: Grant,
        stay: String,
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
    /// Send a key of ours, answer with [`Machine::handle_key_sent`].
    SendKey {
        generation: Generation,
        index: u8,
        key: KeyBytes,
        to: Vec<Device>,
    },
    /// Find out whether a device is its owner's and has this Olm key, answer with
    /// [`Machine::handle_vouched`].
    Vouch {
        id: VouchId,
        device: Device,
        curve25519: String,
    },
    /// Answer with [`Machine::handle_talk`].
    Talk(Talk),
}

/// Why a connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectFailure {
    /// Asking again is no use; how a call that has not begun ends by it.
    pub ends: Option<EndReason>,
    /// The media server answered and does not want it: what it was asked is no use.
    pub refused: bool,
    /// The media server that would open a socket, as it says, if the network let it through.
    pub blocked: Option<String>,
    /// For the log.
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
    /// The media server of our own choice; `setup.focus` is the one in use.
    home_focus: String,
    phase: Phase,
    keeper: Keeper,
    links: Vec<Link>,
    ids: TransportIds,
    next_connection: u64,
    members: Vec<Member>,
    /// Our membership was among them.
    own_seen: bool,
    said: talk::Said,
    asked_names: BTreeSet<String>,
    told_participants: Vec<Participant>,
    told_state: MeetingState,
    watched: Option<Vec<Watched>>,
    told_delay: Option<String>,
    last_failure: String,
    /// Media servers that the network lets no socket to, by their call services.
    blocked: BTreeMap<String, String>,
    /// Of calls in which each member has its own.
    keys: Option<CallKeys>,
    /// Participants whose media arrive and can't be decrypted.
    undecryptable: BTreeSet<String>,
    /// When this process came back into an encrypted call: the others send their keys again to a
    /// member that is new.
    reborn_ms: Option<u64>,
    effects: VecDeque<Effect>,
}

impl Machine {
    pub(crate) fn new(setup: CallSetup, now: Now) -> Self {
        let keeper = Keeper::enter(now.instant, setup.terms, setup.delay_id.clone());
        let mut machine = Self {
            phase: Phase::Joining {
                give_up_at: now.instant + JOIN_WITHIN,
            },
            keeper,
            links: vec![Link::new(setup.focus.clone(), true, now.instant)],
            ids: TransportIds::of_call(setup.call.0),
            next_connection: 0,
            members: setup.members.clone(),
            own_seen: false,
            said: talk::Said::default(),
            asked_names: BTreeSet::new(),
            told_participants: Vec::new(),
            told_state: MeetingState::default(),
            watched: None,
            told_delay: None,
            last_failure: String::new(),
            blocked: BTreeMap::new(),
            keys: setup.media_secret.keys(now, &setup.room_id),
            undecryptable: BTreeSet::new(),
            reborn_ms: None,
            effects: VecDeque::new(),
            home_focus: setup.focus.clone(),
            setup,
        };
        if machine.keys.is_some() && machine.setup.delay_id.is_some() {
            machine.reborn_ms = Some(now.unix_ms);
        }
        machine.emit(CallEvent::Progress(JoinStage::Connecting));
        machine.set_password();
        machine.meet_peers(now);
        for talk in [Talk::LearnMembers, Talk::LearnHistory] {
            machine.effects.push_back(Effect::Talk(talk));
        }
        machine.choose_links(now);
        machine.settle(now);
        machine
    }

    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// `livekit_service_url` that the room sends to now.
    pub(crate) fn focus(&self) -> &str {
        &self.setup.focus
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

    /// Begins or ends the room's presentation, or its sound.
    pub(crate) fn present(&mut self, now: Now, what: SourceKind, on: bool) {
        match on {
            true => self.setup.presents.insert(what),
            false => self.setup.presents.remove(&what),
        };
        for session in self.links.iter_mut().filter_map(Link::session_mut) {
            session.present(what, on);
        }
        self.settle(now);
    }

    /// Sessions that come later are told the same.
    pub(crate) fn watch(&mut self, now: Now, pictures: Vec<Watched>) {
        for session in self.links.iter_mut().filter_map(Link::session_mut) {
            session.watch(pictures.clone());
        }
        self.watched = Some(pictures);
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
        for link in &mut self.links {
            if let Some(connection) = link.connection() {
                self.effects.push_back(Effect::Disconnect { connection });
            }
            link.state = LinkState::Waiting(now.instant);
        }
        self.repeat_keys();
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
        match (session, event) {
            (
                Some(_),
                TransportEvent::Decrypts {
                    participant,
                    decrypts,
                    ..
                },
            ) => self.decrypts(participant, decrypts),
            (Some(session), event) => session.handle_transport(now.instant, event),
            (None, _) => {}
        }
        self.settle(now);
    }

    // What Matrix says.

    pub(crate) fn handle_outcome(&mut self, now: Now, outcome: Outcome) {
        if let Outcome::MemberPut(Ok(event)) = &outcome {
            self.own_event(event);
        }
        self.keeper.handle_outcome(now.instant, outcome);
        self.settle(now);
    }

    /// Others have come who can't read what we said of us.
    pub(crate) fn say_again(&mut self, now: Now) {
        self.keeper.say_again(now.instant);
        self.settle(now);
    }

    /// The call's members by state and by sticky events, ourselves too.
    pub(crate) fn handle_members(&mut self, now: Now, members: Vec<Member>) {
        self.members = members;
        let present = membership::active(&self.members, now.unix_ms)
            .iter()
            .any(|member| self.setup.mode.is_own(&self.setup.own, member));
        // Where sticky events do not come back to us, that ours are missing says nothing.
        self.own_seen |= present;
        let told = self.own_seen || self.setup.mode == Mode::Compatibility;
        self.keeper.handle_own_state(now.instant, present || !told);
        self.meet_peers(now);
        self.choose_links(now);
        self.settle(now);
    }

    pub(crate) fn handle_name(&mut self, now: Now, user: &str, name: &str) {
        self.said.names_mut().learn(user, Some(name));
        self.settle(now);
    }

    /// The account is no longer in the Matrix room.
    pub(crate) fn handle_expelled(&mut self, now: Now) {
        self.end(now, removed());
        self.settle(now);
    }

    /// Content of our membership event.
    pub(crate) fn membership_content(&self, periods: u32) -> serde_json::Value {
        let prolonged = (periods > 1 || self.reborn_ms.is_some()).then(|| {
            let own = self
                .members
                .iter()
                .find(|member| self.setup.mode.is_own(&self.setup.own, member));
            let created_ms = own.map_or(0, |member| member.created_ms);
            (
                self.reborn_ms.unwrap_or(created_ms),
                membership::DEFAULT_EXPIRES_MS * u64::from(periods),
            )
        });
        let setup = &self.setup;
        setup
            .mode
            .content(&setup.own, &setup.room_id, &setup.focus, prolonged)
    }

    // What the media servers say.

    pub(crate) fn handle_connected(&mut self, now: Now, connection: ConnectionId, grant: Grant) {
        self.through(connection);
        if self.resumes_on(connection) {
            return;
        }
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
            presents: self.setup.presents.clone(),
        });
        let mut session = Box::new(Session::new(Setup {
            subscriber,
            publisher,
            encrypted: self.setup.media_secret.encrypts(),
        }));
        if let Some(watched) = &self.watched {
            session.watch(watched.clone());
        }
        link.state = LinkState::Up {
            connection,
            session,
        };
        link.grant = Some(grant);
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

    // Time.

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let give_up = match self.phase {
            Phase::Joining { give_up_at } => Some(give_up_at),
            _ => None,
        };
        let links = self.links.iter().filter_map(Link::deadline);
        let keys = self.keys.as_ref().and_then(CallKeys::deadline);
        let others = [give_up, keys, self.keeper.deadline()];
        links.chain(others.into_iter().flatten()).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.keeper.handle_timeout(now.instant);
        if let Some(keys) = &mut self.keys {
            keys.handle_timeout(now.instant);
        }
        for link in &mut self.links {
            if let Some(session) = link.session_mut() {
                session.handle_timeout(now.instant, now.unix_ms);
            }
        }
        if matches!(self.phase, Phase::Joining { give_up_at } if give_up_at <= now.instant) {
            self.end(now, self.took_too_long());
        }
        self.settle(now);
    }
}

/// Neither server passes on what a moderator wrote.
fn removed() -> EndReason {
    EndReason::Removed {
        message: String::new(),
    }
}

#[cfg(test)]
mod tests;
