//! Keeps the room's own call membership alive, and takes it back.
//!
//! The homeserver holds a delayed "left" event (MSC4140) that is restarted every few seconds: when
//! this room dies, the others see it leave. This machine decides what to ask the homeserver and
//! when; the driver asks and reports the [`Outcome`].

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Mode, membership::DEFAULT_EXPIRES_MS, sticky};

/// The same where the call service restarts it and has it sent when we are gone (as Element Call).
pub(crate) const DELEGATED_DELAY: Duration = Duration::from_secs(60 * 60);
/// How often the delayed leave is restarted: four failures in a row are survived.
const RESTART_EVERY: Duration = Duration::from_secs(4);
/// Pause after a request that failed for the moment.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Our own state may look gone in a sync that began before we sent it: ask the server to keep it
/// no more often than this.
const RESEND_PAUSE: Duration = Duration::from_secs(1);
/// A membership is prolonged this long before it ends.
const RENEW_BEFORE: Duration = Duration::from_secs(10 * 60);
/// Leaving is tried this long; then the delayed leave has to do it.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// On what terms a membership stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// After how long without a word from us the homeserver sends our leave.
    pub leave_delay: Duration,
    /// The call service can take the delayed leave over.
    pub delegated: bool,
    /// How long the others count a membership event.
    pub valid: Duration,
}

impl Terms {
    /// `leave_delay` is what this room watches over itself.
    pub(crate) fn new(mode: &Mode, leave_delay: Duration, delegated: bool) -> Self {
        let valid_ms = match mode {
            Mode::Compatibility => DEFAULT_EXPIRES_MS,
            Mode::Sticky { .. } => sticky::DURATION_MS,
        };
        Self {
            leave_delay,
            delegated,
            valid: Duration::from_millis(valid_ms),
        }
    }

    fn delay(&self) -> Duration {
        if self.delegated {
            DELEGATED_DELAY
        } else {
            self.leave_delay
        }
    }

    /// A service that forgot us is noticed by the delay's own end.
    fn restart_every(&self) -> Duration {
        if self.delegated {
            DELEGATED_DELAY * 3 / 4
        } else {
            RESTART_EVERY.min(self.leave_delay / 4)
        }
    }
}

/// What to ask the homeserver, or the call service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Have it send "left" after this time.
    DelayLeave { after: Duration },
    /// Hand the delayed leave to the call service.
    DelegateLeave { delay_id: String },
    /// Forget a delayed leave.
    CancelLeave { delay_id: String },
    /// Start the delay anew.
    RestartLeave { delay_id: String },
    /// Put our membership into the room state. With a number: prolonged to that many periods.
    PutMember { periods: u32 },
    /// Send the delayed "left" now.
    SendLeave { delay_id: String },
    /// Say "left" at once.
    ClearMember,
}

/// Why a request did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server does not know it (any more), or does not do such things.
    Gone,
    /// Not allowed; asking again is no use.
    Forbidden(String),
    /// Unreachable, overloaded, or told to wait.
    Temporary(String),
}

/// What the homeserver said to an [`Action`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// To `DelayLeave`: the delay's id.
    Delayed(Result<String, Failure>),
    /// To `DelegateLeave`.
    Delegated(Result<(), Failure>),
    /// To `CancelLeave`; nothing depends on it.
    Cancelled,
    /// To `RestartLeave`.
    Restarted(Result<(), Failure>),
    /// To `PutMember`: the event's id.
    MemberPut(Result<String, Failure>),
    /// To `SendLeave`.
    LeaveSent(Result<(), Failure>),
    /// To `ClearMember`.
    Cleared(Result<(), Failure>),
}

/// How our membership is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The others don't see us yet.
    Entering,
    /// The others see us.
    Member,
    /// Taking it back.
    Leaving,
    /// The others see us no more, or the delayed leave will tell them.
    Out,
    /// The room does not let us in.
    Refused(String),
}

#[derive(Debug, PartialEq, Eq)]
enum Delay {
    /// To be asked for at this time.
    Wanted(Instant),
    Asked,
    /// To be restarted at this time.
    Held {
        id: String,
        restart_at: Instant,
    },
    Restarting {
        id: String,
    },
    /// The server has no delayed events.
    Unsupported,
}

#[derive(Debug, PartialEq, Eq)]
enum Put {
    /// When the delayed leave stands.
    AfterDelay,
    Wanted(Instant),
    Asked,
    Done {
        at: Instant,
        renew_at: Instant,
    },
}

/// The machine.
#[derive(Debug)]
pub(crate) struct Keeper {
    terms: Terms,
    standing: Standing,
    delay: Delay,
    put: Put,
    /// Our state vanished while the put was on its way.
    put_again: bool,
    first_put: Option<Instant>,
    periods: u32,
    leave_by: Option<Instant>,
    clearing: Clearing,
    actions: VecDeque<Action>,
}

#[derive(Debug, PartialEq, Eq)]
enum Clearing {
    No,
    Asked,
    /// At this time once more, without the delayed event.
    Again(Instant),
}

impl Keeper {
    /// Starts to enter. With the delay of an earlier life that one is used again.
    pub(crate) fn enter(now: Instant, terms: Terms, earlier_delay: Option<String>) -> Self {
        let mut keeper = Self {
            terms,
            standing: Standing::Entering,
            delay: Delay::Wanted(now),
            put: Put::AfterDelay,
            put_again: false,
            first_put: None,
            periods: 1,
            leave_by: None,
            clearing: Clearing::No,
            actions: VecDeque::new(),
        };
        if let Some(id) = earlier_delay {
            // The earlier membership most likely stands; putting the same again changes nothing.
            keeper.delay = Delay::Held {
                id,
                restart_at: now,
            };
            keeper.put = Put::Wanted(now);
        }
        keeper.handle_timeout(now);
        keeper
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The delayed leave that the server holds for us.
    pub(crate) fn delay_id(&self) -> Option<&str> {
        match &self.delay {
            Delay::Held { id, .. } | Delay::Restarting { id } => Some(id),
            _ => None,
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        let delay = match &self.delay {
            Delay::Wanted(at) | Delay::Held { restart_at: at, .. } => Some(*at),
            _ => None,
        };
        let put = match &self.put {
            Put::Wanted(at) | Put::Done { renew_at: at, .. } => Some(*at),
            _ => None,
        };
        if self.standing == Standing::Leaving {
            let again = match self.clearing {
                Clearing::Again(at) => Some(at),
                _ => None,
            };
            return [again, self.leave_by].into_iter().flatten().min();
        }
        [delay, put].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self.standing {
            Standing::Entering | Standing::Member => self.keep(now),
            Standing::Leaving => self.keep_leaving(now),
            Standing::Out | Standing::Refused(_) => {}
        }
    }

    fn keep(&mut self, now: Instant) {
        match &self.delay {
            Delay::Wanted(at) if *at <= now => {
                self.delay = Delay::Asked;
                let after = self.terms.delay();
                self.actions.push_back(Action::DelayLeave { after });
            }
            Delay::Held { id, restart_at } if *restart_at <= now => {
                let id = id.clone();
                self.actions.push_back(Action::RestartLeave {
                    delay_id: id.clone(),
                });
                self.delay = Delay::Restarting { id };
            }
            _ => {}
        }
        match self.put {
            Put::Wanted(at) if at <= now => self.ask_put(),
            Put::Done { renew_at, .. } if renew_at <= now => {
                self.periods += 1;
                self.ask_put();
            }
            _ => {}
        }
    }

    fn ask_put(&mut self) {
        self.put = Put::Asked;
        self.put_again = false;
        self.actions.push_back(Action::PutMember {
            periods: self.periods,
        });
    }

    pub(crate) fn handle_outcome(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Delayed(result) => self.delayed(now, result),
            Outcome::Delegated(result) => self.delegated(now, result),
            Outcome::Cancelled => {}
            Outcome::Restarted(result) => self.restarted(now, result),
            Outcome::MemberPut(result) => self.member_put(now, result.map(drop)),
            Outcome::LeaveSent(Ok(())) | Outcome::Cleared(Ok(())) => self.out(),
            // Gone: the delay fired or is lost, so clear by hand. Otherwise try what is simpler.
            Outcome::LeaveSent(Err(Failure::Gone)) => self.clearing = Clearing::Again(now),
            Outcome::LeaveSent(Err(_)) => self.clearing = Clearing::Again(now + RETRY_AFTER / 4),
            Outcome::Cleared(Err(Failure::Temporary(_))) => {
                self.clearing = Clearing::Again(now + RETRY_AFTER);
            }
            Outcome::Cleared(Err(_)) => self.out(),
        }
        self.handle_timeout(now);
    }

    fn delayed(&mut self, now: Instant, result: Result<String, Failure>) {
        match result {
            Ok(id) => {
                let delay_id = id.clone();
                self.hold(now, id);
                if self.terms.delegated {
                    // Until somebody watches over us nobody is to see us.
                    return self.actions.push_back(Action::DelegateLeave { delay_id });
                }
            }
            Err(Failure::Gone) => self.delay = Delay::Unsupported,
            Err(Failure::Forbidden(reason)) => return self.refuse(reason),
            Err(Failure::Temporary(_)) => {
                self.delay = Delay::Wanted(now + RETRY_AFTER);
                return;
            }
        }
        if self.put == Put::AfterDelay {
            self.put = Put::Wanted(now);
        }
    }

    fn hold(&mut self, now: Instant, id: String) {
        let restart_at = now + self.terms.restart_every();
        self.delay = Delay::Held { id, restart_at };
    }

    /// A service that does not take the leave over leaves it to us, with a shorter delay.
    fn delegated(&mut self, now: Instant, result: Result<(), Failure>) {
        if result.is_err() {
            self.terms.delegated = false;
            self.renew_delay(now);
        } else if self.put == Put::AfterDelay {
            self.put = Put::Wanted(now);
        }
    }

    /// The delayed leave that stands is of no use any more.
    fn renew_delay(&mut self, now: Instant) {
        if let Some(delay_id) = self.delay_id().map(str::to_owned) {
            self.actions.push_back(Action::CancelLeave { delay_id });
            self.delay = Delay::Wanted(now);
        }
    }

    fn restarted(&mut self, now: Instant, result: Result<(), Failure>) {
        let Delay::Restarting { id } = &self.delay else {
            return;
        };
        let id = id.clone();
        match result {
            Ok(()) => self.hold(now, id),
            Err(Failure::Temporary(_)) => {
                self.delay = Delay::Held {
                    id,
                    restart_at: now + RETRY_AFTER.min(self.terms.restart_every()),
                };
            }
            // It was sent or forgotten: whatever it is, a new one, and say again that we are here.
            Err(Failure::Gone | Failure::Forbidden(_)) => {
                self.delay = Delay::Wanted(now);
                self.want_put(now);
            }
        }
    }

    fn member_put(&mut self, now: Instant, result: Result<(), Failure>) {
        match result {
            Ok(()) => {
                let first = *self.first_put.get_or_insert(now);
                let valid = self.terms.valid * self.periods;
                self.put = Put::Done {
                    at: now,
                    renew_at: first + valid - RENEW_BEFORE,
                };
                if self.standing == Standing::Entering {
                    self.standing = Standing::Member;
                }
                if self.put_again {
                    self.put = Put::Wanted(now + RESEND_PAUSE);
                }
            }
            Err(Failure::Temporary(_)) => self.put = Put::Wanted(now + RETRY_AFTER),
            Err(Failure::Forbidden(reason)) => self.refuse(reason),
            Err(Failure::Gone) => self.refuse("the server does not know the room".to_owned()),
        }
    }

    /// A sync shows whether our membership stands in the room state.
    pub(crate) fn handle_own_state(&mut self, now: Instant, present: bool) {
        if !present && self.standing == Standing::Member {
            // The call service had the leave sent when it missed us on its media server.
            if self.terms.delegated {
                self.renew_delay(now);
            }
            self.want_put(now);
            self.handle_timeout(now);
        }
    }

    /// What the membership says has changed: where our media are.
    pub(crate) fn put_again(&mut self, now: Instant) {
        self.want_put(now);
        self.handle_timeout(now);
    }

    /// Somebody can read neither that we are here nor that we leave: both are said anew.
    pub(crate) fn say_again(&mut self, now: Instant) {
        if self.standing == Standing::Member {
            self.renew_delay(now);
            self.put_again(now);
        }
    }

    fn want_put(&mut self, now: Instant) {
        match self.put {
            Put::Asked => self.put_again = true,
            Put::Done { at, .. } => self.put = Put::Wanted((at + RESEND_PAUSE).max(now)),
            Put::AfterDelay | Put::Wanted(_) => {}
        }
    }

    /// Takes the membership back.
    pub(crate) fn leave(&mut self, now: Instant) {
        if !matches!(self.standing, Standing::Entering | Standing::Member) {
            return;
        }
        let untouched = self.put == Put::AfterDelay && self.delay_id().is_none();
        if untouched && self.delay != Delay::Asked {
            self.standing = Standing::Out;
            return;
        }
        self.standing = Standing::Leaving;
        self.leave_by = Some(now + LEAVE_WITHIN);
        self.keep_leaving(now);
    }

    fn keep_leaving(&mut self, now: Instant) {
        if self.leave_by.is_some_and(|by| by <= now) {
            return self.out();
        }
        // A put that is still on its way could arrive after the leave.
        if self.put == Put::Asked || self.delay == Delay::Asked {
            return;
        }
        match self.clearing {
            Clearing::No => {
                self.actions.push_back(match self.delay_id() {
                    Some(id) => Action::SendLeave {
                        delay_id: id.to_owned(),
                    },
                    None => Action::ClearMember,
                });
                self.clearing = Clearing::Asked;
            }
            Clearing::Again(at) if at <= now => {
                self.actions.push_back(Action::ClearMember);
                self.clearing = Clearing::Asked;
            }
            _ => {}
        }
    }

    fn out(&mut self) {
        self.standing = Standing::Out;
    }

    fn refuse(&mut self, reason: String) {
        self.standing = match self.standing {
            Standing::Leaving => Standing::Out,
            _ => Standing::Refused(reason),
        };
    }

    fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Out | Standing::Refused(_))
    }
}

#[cfg(test)]
mod tests;
