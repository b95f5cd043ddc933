//! From an open stream into the room.

use std::time::{Duration, Instant};

use saal_meeting::{CallEvent, EndReason, JoinStage, Waiting};

use super::{Conference, Credentials, JOIN_WITHIN, Output, Pending, Phase, Timer};
use crate::protocol::{
    focus::{ConferenceRequest, FocusAnswer},
    ids, ns,
    presence::Refusal,
    services,
    xml::Element,
};

/// A host who opens the meeting should not wait for us long.
const HOST_EVERY: Duration = Duration::from_secs(5);
/// The room answers presence at once.
const ENTER_AGAIN: Duration = Duration::from_secs(15);
/// Jicofo answers at once, or after a restart that takes half a minute.
const FOCUS_ANSWERS_WITHIN: Duration = Duration::from_secs(8);
/// Servers that restart are up by then; nobody stands before a panel longer.
const SERVERS_UP_WITHIN: Duration = Duration::from_secs(5 * 60);
/// One failure is often none.
const FAILURES_TO_TELL: usize = 2;
/// Failures of one kind before joining is given up.
const PATIENCE: usize = 4;

impl Conference {
    /// The stream is there.
    pub(super) fn online(&mut self, now: Instant, resumed: bool) {
        self.backoffs.link.reset();
        self.watch_link(now);
        if resumed {
            return;
        }
        self.pending.clear();
        self.lobby = None;
        self.say_words_again();
        self.leave_behind(now, "the server took the room for gone");
        self.endpoint = own_endpoint(self.stream.jid())
            .filter(|name| !self.former.contains(name))
            .unwrap_or_else(|| self.ids.endpoint());
        self.leave_for_predecessor();
        self.ask_server();
        self.ask_focus(now);
    }

    /// What the room was until now is no more.
    pub(super) fn leave_behind(&mut self, now: Instant, reason: &str) {
        if !self.endpoint.is_empty() {
            self.former.insert(self.endpoint.clone());
        }
        self.drop_media();
        self.stop_speaking(now);
        self.occupants.clear();
        self.part_company();
        self.focus_seen = false;
        self.own.sources.clear();
        self.own.hand_raised = None;
        if self.joined {
            self.trouble(reason);
        }
    }

    fn ask_server(&mut self) {
        let main = self.setup.hosts.main.clone();
        let question = services::question(ns::SERVICES_2);
        self.ask(&main, "get", question, Pending::Services { older: false });
        let question = Element::new("query", ns::DISCO_INFO);
        self.ask(&main, "get", question, Pending::Components);
    }

    /// Asks the focus for the conference.
    pub(super) fn ask_focus(&mut self, now: Instant) {
        if self.audience.knows_the_way() {
            self.enter(now);
            return;
        }
        self.phase = Phase::Asking;
        let request = ConferenceRequest {
            room: self.room.clone(),
            machine_uid: self.setup.machine_uid.clone(),
            session_id: self.focus_session.clone(),
            token: self.setup.token.as_ref().map(|t| t.reveal().to_owned()),
            visitor: false,
        };
        if let Some(url) = self.setup.hosts.conference_request.clone() {
            self.next_request += 1;
            self.outputs.push_back(Output::Http {
                request: self.next_request,
                url,
                body: request.to_json(),
            });
        } else {
            let to = self.setup.hosts.focus.clone();
            self.ask(&to, "set", request.to_element(), Pending::Focus);
        }
        self.timers.set(Timer::FocusBy, now + FOCUS_ANSWERS_WITHIN);
    }

    pub(super) fn focus_is_silent(&mut self, now: Instant) {
        if self.phase == Phase::Asking {
            self.wait_for_server(now);
            self.focus_failed(now, "the focus does not answer");
        }
    }

    pub(super) fn http_answer(&mut self, now: Instant, request: u64, answer: Option<(u16, &str)>) {
        if request != self.next_request || self.phase != Phase::Asking {
            return;
        }
        let answer = match answer {
            Some((status, body)) => FocusAnswer::from_http(status, body),
            None => FocusAnswer::Failed {
                reason: "the conference request is not answered".to_owned(),
            },
        };
        self.focus_answer(now, answer);
    }

    pub(super) fn focus_answer(&mut self, now: Instant, answer: FocusAnswer) {
        if self.phase != Phase::Asking {
            return;
        }
        self.timers.cancel(Timer::Focus);
        self.timers.cancel(Timer::FocusBy);
        match answer {
            FocusAnswer::Ready(ready) => {
                self.backoffs.focus.reset();
                self.focus.extend(ready.focus);
                self.focus_session = ready.session_id.or(self.focus_session.take());
                self.enter(now);
            }
            FocusAnswer::NotReady { authentication } => {
                if authentication {
                    self.wait_for(Waiting::Host);
                }
                self.ask_focus_later(now);
            }
            FocusAnswer::NotLive => self.wait_for_host(now),
            FocusAnswer::NotAuthorized => self.not_authorized(now),
            FocusAnswer::Redirect { vnode, focus } => self.redirected(vnode, &focus),
            FocusAnswer::SessionInvalid => {
                self.focus_session = None;
                self.focus_failed(now, "the focus has forgotten the login");
            }
            FocusAnswer::Reservation { code, text } => {
                let message = if text.is_empty() { code } else { text };
                self.end(EndReason::Refused { message });
            }
            FocusAnswer::Failed { reason } => self.focus_failed(now, &reason),
        }
    }

    /// With a login or a token no host will make it better.
    fn not_authorized(&mut self, now: Instant) {
        let anonymous = self.setup.credentials == Credentials::Anonymous;
        if anonymous && self.setup.token.is_none() {
            self.wait_for_host(now);
        } else {
            let reason = "the focus does not accept the login".to_owned();
            self.end(EndReason::LoginNeeded { reason });
        }
    }

    pub(super) fn wait_for_host(&mut self, now: Instant) {
        self.wait_for(Waiting::Host);
        self.phase = Phase::Asking;
        self.timers.set(Timer::Focus, now + HOST_EVERY);
    }

    fn ask_focus_later(&mut self, now: Instant) {
        let wait = self.backoffs.focus.after_failure(self.ids.jitter());
        self.phase = Phase::Asking;
        self.timers.set(Timer::Focus, now + wait);
        if self.backoffs.focus.failures() >= FAILURES_TO_TELL {
            self.wait_for_server(now);
        }
    }

    fn focus_failed(&mut self, now: Instant, reason: &str) {
        self.note_failure(reason);
        self.ask_focus_later(now);
    }

    /// What somebody reads in the log who asks why the room is not in: each cause once.
    pub(super) fn note_failure(&mut self, reason: &str) {
        if self.last_failure != reason {
            tracing::info!(reason, "the conference can't be entered yet");
            reason.clone_into(&mut self.last_failure);
        }
    }

    /// Without its servers the conference can't begin; people are told, and may give up before.
    pub(super) fn wait_for_server(&mut self, now: Instant) {
        if self.joined || self.is_ending() {
            return;
        }
        self.timers.cancel(Timer::JoinBy);
        self.timers.set_once(Timer::GiveUp, now + SERVERS_UP_WITHIN);
        self.tell_waiting(Waiting::Server);
    }

    fn tell_waiting(&mut self, waiting: Waiting) {
        if self.told.waiting.replace(waiting) != Some(waiting) {
            self.emit(CallEvent::Waiting(waiting));
        }
    }

    /// Goes into the room.
    pub(super) fn enter(&mut self, now: Instant) {
        self.phase = Phase::Entering;
        self.own.to = format!("{}/{}", self.room, self.endpoint);
        if !self.joined {
            // Nobody is waited for, until it turns out otherwise.
            if self.told.waiting.take() == Some(Waiting::Server) {
                self.timers.set(Timer::JoinBy, now + JOIN_WITHIN);
            }
            self.emit(CallEvent::Progress(JoinStage::Connecting));
        }
        let password = self.password.as_ref().map(|p| p.reveal().to_owned());
        let presence = self.own.enter(password.as_deref());
        self.send(&presence);
        self.timers.set(Timer::Enter, now + ENTER_AGAIN);
    }

    /// The room does not let us in.
    pub(super) fn refused(&mut self, now: Instant, refusal: Refusal) {
        self.timers.cancel(Timer::Enter);
        match refusal {
            Refusal::Password => self.ask_password(),
            Refusal::Lobby {
                lobby,
                waiting_for_host,
            } => self.sent_to_lobby(now, lobby, waiting_for_host),
            Refusal::Full => self.end(EndReason::Full),
            Refusal::LoginNeeded { text } => self.end(EndReason::LoginNeeded { reason: text }),
            Refusal::NotPromoted => self.not_promoted(now),
            Refusal::NotAllowed { text } => self.end(EndReason::NotAllowed { reason: text }),
            Refusal::NameNeeded => self.end(EndReason::Refused {
                message: "the meeting wants a name".to_owned(),
            }),
            Refusal::Conflict => {
                self.endpoint = self.ids.endpoint();
                self.enter(now);
            }
            Refusal::RoomGone if !self.joined && self.backoffs.focus.failures() >= PATIENCE => {
                self.end(EndReason::NotFound);
            }
            Refusal::RoomGone => self.ask_focus_later(now),
            Refusal::Other { reason } => self.focus_failed(now, &reason),
        }
    }

    fn ask_password(&mut self) {
        let refused = self.password.take().is_some();
        self.phase = Phase::Password;
        self.take_time();
        self.emit(CallEvent::PasswordNeeded { refused });
    }

    /// People have to act: nothing takes too long from here on.
    pub(super) fn wait_for(&mut self, waiting: Waiting) {
        self.take_time();
        self.tell_waiting(waiting);
    }

    pub(super) fn take_time(&mut self) {
        self.timers.cancel(Timer::JoinBy);
        self.timers.cancel(Timer::GiveUp);
    }

    pub(super) fn join_took_too_long(&mut self, now: Instant) {
        if self.joined || self.is_ending() {
            return;
        }
        let reason = match self.last_failure.as_str() {
            "" => "joining took too long".to_owned(),
            failure => failure.to_owned(),
        };
        self.leave(now, EndReason::Failed { reason });
    }
}

/// Guests are called by the beginning of their JID, which is a UUID; the room's rules for names
/// are letters, digits and underscores.
fn own_endpoint(jid: &str) -> Option<String> {
    let name = ids::local(jid).get(..8)?.to_ascii_lowercase();
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then_some(name)
}
