//! Who calls the room now, and what becomes of it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use saal_meeting::{Destination, MeetingEvent, Ring, RingId};

use super::{
    heard::Heard,
    notification::{self, Notification},
};
use crate::{
    legacy::events::{CallMessage, Invite, Outgoing, Signal, Speaker},
    rtc::Device,
};

/// More at once are not shown; their callers are told that the room does not answer.
const MOST: usize = 4;
/// Nobody waits longer in front of a ringing telephone.
const LONGEST: Duration = Duration::from_secs(120);
/// More than any network has ways.
const MOST_CANDIDATES: usize = 100;

/// The two clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub instant: Instant,
    /// Milliseconds since 1970.
    pub unix_ms: u64,
}

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    Say(MeetingEvent),
    Send { room_id: String, event: Outgoing },
}

/// A 1:1 call that is taken.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub room_id: String,
    pub caller: Caller,
    pub invite: Invite,
    /// What came with the invitation and since.
    pub candidates: Vec<String>,
    pub speaker: Speaker,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caller {
    pub user: String,
    pub name: String,
    /// The device; `None` before version 1.
    pub party: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    ring: Ring,
    until: Instant,
    call: Call,
}

#[derive(Debug)]
enum Call {
    Direct(Answered),
    Meeting {
        room_id: String,
        /// The notification's event.
        event_id: String,
        caller: String,
        /// The caller was in the meeting's call; who leaves it waits no longer.
        seen: bool,
    },
}

impl Call {
    fn direct(&self) -> Option<&Answered> {
        match self {
            Self::Direct(call) => Some(call),
            Self::Meeting { .. } => None,
        }
    }

    fn is_direct(&self, room_id: &str, call_id: &str) -> bool {
        self.direct()
            .is_some_and(|call| call.room_id == room_id && call.speaker.call_id == call_id)
    }

    fn is_meeting_in(&self, wanted: &str) -> bool {
        matches!(self, Self::Meeting { room_id, .. } if room_id == wanted)
    }
}

/// All calls that were not answered yet.
#[derive(Debug)]
pub(crate) struct Ringing {
    /// Servers whose users may call.
    allowed: Vec<String>,
    waiting: Vec<Waiting>,
    outputs: VecDeque<Output>,
}

impl Ringing {
    pub(crate) fn new(allowed: Vec<String>) -> Self {
        Self {
            allowed,
            waiting: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the next one gives up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.end(|waiting| waiting.until <= now);
    }

    /// Takes in what a room said about a 1:1 call that is not answered.
    pub(crate) fn handle(&mut self, now: Now, own: &Device, heard: &Heard, message: CallMessage) {
        let ours = heard.event.sender == own.user;
        let call_id = message.call_id.clone();
        let of_it = |waiting: &Waiting| waiting.call.is_direct(&heard.room_id, &call_id);
        match message.signal {
            Signal::Invite(invite) if !ours => {
                let call = Answered {
                    room_id: heard.room_id.clone(),
                    caller: Caller {
                        user: heard.event.sender.clone(),
                        name: heard.sender_name.clone(),
                        party: message.party,
                    },
                    invite,
                    candidates: Vec::new(),
                    speaker: Speaker {
                        call_id: message.call_id,
                        party: own.device.clone(),
                    },
                };
                self.invited(now, own, heard, call);
            }
            // Another device of this account has decided.
            Signal::Answer | Signal::Reject | Signal::Hangup if ours => self.end(of_it),
            signal => {
                let waiting = self.waiting.iter_mut().find(|w| of_it(w));
                let Some(Call::Direct(call)) = waiting.map(|w| &mut w.call) else {
                    return;
                };
                let from = (&heard.event.sender, &message.party);
                if (&call.caller.user, &call.caller.party) != from {
                    return;
                }
                match signal {
                    Signal::Candidates(candidates) => {
                        let room = MOST_CANDIDATES.saturating_sub(call.candidates.len());
                        call.candidates.extend(candidates.into_iter().take(room));
                    }
                    Signal::Hangup | Signal::SelectAnswer { .. } => self.end(of_it),
                    _ => {}
                }
            }
        }
    }

    fn invited(&mut self, now: Now, own: &Device, heard: &Heard, call: Answered) {
        let named = call.invite.invitee.as_deref();
        let for_us = match named {
            Some(invitee) => invitee == own.user,
            // Calls without a name are for the other one of two.
            None => heard.members <= 2,
        };
        let lifetime = Duration::from_millis(call.invite.lifetime_ms).min(LONGEST);
        let age = Duration::from_millis(heard.event.age_ms(now.unix_ms));
        let known = |w: &Waiting| w.call.is_direct(&call.room_id, &call.speaker.call_id);
        if !for_us || age >= lifetime || self.waiting.iter().any(known) {
            return;
        }
        if !self.has_room_for(heard) {
            return self.refuse(&call);
        }
        let ring = Ring {
            id: RingId(format!("{}/{}", call.room_id, call.speaker.call_id)),
            from: call.caller.name.clone(),
            meeting: None,
            pictures: call.invite.pictures(),
            destination: Destination::Caller {
                room_id: call.room_id.clone(),
                call_id: call.speaker.call_id.clone(),
            },
        };
        self.ring(now.instant + (lifetime - age), ring, Call::Direct(call));
    }

    /// Whether the caller may call, and people still see who does.
    fn has_room_for(&self, heard: &Heard) -> bool {
        let allowed = self.allowed.iter().any(|name| name == heard.event.server());
        let room = self.waiting.len() < MOST;
        if !allowed || !room {
            let (place, caller) = (&heard.room_id, &heard.event.sender);
            tracing::warn!(room = place, caller, allowed, "refused a call to the room");
        }
        allowed && room
    }

    /// Takes in that a meeting's call has begun.
    pub(crate) fn handle_notification(
        &mut self,
        now: Now,
        own: &Device,
        heard: &Heard,
        notification: &Notification,
    ) {
        let for_us = notification.room || notification.users.contains(&own.user);
        let remaining = notification.remaining(&heard.event, now.unix_ms);
        let known = |w: &Waiting| w.call.is_meeting_in(&heard.room_id);
        let ours = heard.event.sender == own.user;
        if !notification.rings
            || !for_us
            || ours
            || remaining.is_zero()
            || self.waiting.iter().any(known)
            || !self.has_room_for(heard)
        {
            return;
        }
        let ring = Ring {
            id: RingId(heard.event.event_id.clone()),
            from: heard.sender_name.clone(),
            meeting: (heard.members > 2).then(|| heard.room_name.clone()),
            pictures: notification.pictures,
            destination: Destination::matrix(heard.room_id.clone()),
        };
        let call = Call::Meeting {
            room_id: heard.room_id.clone(),
            event_id: heard.event.event_id.clone(),
            caller: heard.event.sender.clone(),
            seen: false,
        };
        self.ring(now.instant + remaining, ring, call);
    }

    fn ring(&mut self, until: Instant, ring: Ring, call: Call) {
        self.say(MeetingEvent::Ringing(ring.clone()));
        self.waiting.push(Waiting { ring, until, call });
    }

    /// Another device of this account declined a notification.
    pub(crate) fn handle_declined(&mut self, own: &Device, heard: &Heard, notification: &str) {
        if heard.event.sender == own.user {
            self.end(|waiting| {
                matches!(&waiting.call, Call::Meeting { event_id, .. } if event_id == notification)
            });
        }
    }

    /// Who is in the call of a room now: whoever rang and left waits no longer, and another device
    /// of this account may have answered.
    pub(crate) fn follow_members(&mut self, own: &Device, in_call: impl Fn(&str) -> Vec<Device>) {
        let mut over = Vec::new();
        for waiting in &mut self.waiting {
            let Call::Meeting {
                room_id,
                caller,
                seen,
                ..
            } = &mut waiting.call
            else {
                continue;
            };
            let members = in_call(room_id);
            let there = members.iter().any(|member| member.user == *caller);
            let elsewhere = members.iter().any(|m| m.user == own.user && m != own);
            if elsewhere || (*seen && !there) {
                over.push(waiting.ring.id.clone());
            }
            *seen |= there;
        }
        self.end(|waiting| over.contains(&waiting.ring.id));
    }

    /// People take a 1:1 call; `None` when it is over.
    pub(crate) fn answer(&mut self, room_id: &str, call_id: &str) -> Option<Answered> {
        let of_it = |waiting: &Waiting| waiting.call.is_direct(room_id, call_id);
        let place = self.waiting.iter().position(of_it)?;
        let taken = self.waiting.remove(place);
        let ring = taken.ring.id;
        self.say(MeetingEvent::RingEnded { ring });
        match taken.call {
            Call::Direct(call) => Some(call),
            Call::Meeting { .. } => None,
        }
    }

    /// The room enters the call of a Matrix room.
    pub(crate) fn joined(&mut self, room_id: &str) {
        self.end(|waiting| waiting.call.is_meeting_in(room_id));
    }

    /// People do not take it.
    pub(crate) fn decline(&mut self, ring: &RingId) {
        let Some(place) = self.waiting.iter().position(|w| w.ring.id == *ring) else {
            return;
        };
        let declined = self.waiting.remove(place);
        match declined.call {
            Call::Direct(call) => self.refuse(&call),
            Call::Meeting {
                room_id, event_id, ..
            } => {
                let event = notification::decline(&event_id);
                self.outputs.push_back(Output::Send { room_id, event });
            }
        }
        let ring = declined.ring.id;
        self.say(MeetingEvent::RingEnded { ring });
    }

    fn refuse(&mut self, call: &Answered) {
        self.outputs.push_back(Output::Send {
            room_id: call.room_id.clone(),
            event: call.speaker.reject(call.caller.party.as_deref()),
        });
    }

    fn end(&mut self, over: impl Fn(&Waiting) -> bool) {
        let waiting = std::mem::take(&mut self.waiting);
        let (over, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(over);
        self.waiting = waiting;
        for ended in over {
            let ring = ended.ring.id;
            self.say(MeetingEvent::RingEnded { ring });
        }
    }

    fn say(&mut self, event: MeetingEvent) {
        self.outputs.push_back(Output::Say(event));
    }
}

#[cfg(test)]
mod tests;
