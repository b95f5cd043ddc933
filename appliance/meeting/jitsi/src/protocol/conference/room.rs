//! Presence in the room: who is there, what they show, who may do what.

use std::time::{Duration, Instant};

use saal_meeting::{EndReason, Role};

use super::{Conference, Pending, Phase, Timer, speaking};
use crate::protocol::{
    ids, ns,
    presence::{Departure, Occupant, Presence},
    xml::Element,
};

/// The focus invites and the media connect within this time, or something is wrong.
pub(super) const MEDIA_WITHIN: Duration = Duration::from_secs(20);
/// The focus's nickname.
pub(super) const FOCUS: &str = "focus";

impl Conference {
    pub(super) fn presence(&mut self, now: Instant, stanza: &Element) {
        let from = stanza.attr("from").unwrap_or_default();
        if self.is_lobby(ids::bare(from)) {
            self.lobby_presence(now, stanza);
            return;
        }
        // Presence of other rooms is late, not wrong: we moved on.
        if ids::bare(from) != self.room {
            return;
        }
        if self.former.contains(ids::resource(from)) {
            self.former_presence(stanza);
            return;
        }
        match Presence::read(stanza) {
            Presence::Here(occupant) if self.is_ours(&occupant.endpoint, &occupant.status) => {
                self.own_presence(now, &occupant);
            }
            Presence::Here(occupant) if occupant.endpoint == FOCUS => {
                self.focus_presence(&occupant, stanza);
            }
            Presence::Here(occupant) => self.here(now, *occupant),
            Presence::Gone(departure) if self.is_ours(&departure.endpoint, &departure.status) => {
                self.sent_away(now, &departure);
            }
            Presence::Gone(departure) if departure.endpoint == FOCUS => self.focus_left(now),
            Presence::Gone(departure) => self.gone(now, &departure.endpoint),
            Presence::Refused(refusal) if self.phase == Phase::Entering => {
                self.refused(now, refusal);
            }
            Presence::Refused(_) if self.is_ending() => self.over(),
            Presence::Refused(_) => self.rejoin(now, "the room refuses our presence"),
        }
    }

    /// We were somebody else before: that one's presence says nothing about us.
    fn former_presence(&mut self, stanza: &Element) {
        let name = ids::resource(stanza.attr("from").unwrap_or_default());
        let leaves = stanza.attr("type") == Some("unavailable");
        if leaves {
            self.former.remove(name);
        }
        // An error is the answer to a goodbye that came too late.
        if stanza.attr("type") != Some("error") {
            self.ghost_seen(name, leaves);
        }
    }

    fn is_ours(&self, endpoint: &str, status: &[u16]) -> bool {
        endpoint == self.endpoint || status.contains(&110)
    }

    fn own_presence(&mut self, now: Instant, occupant: &Occupant) {
        if self.is_ending() {
            return;
        }
        // Servers may give another name than asked for (status 210).
        if !occupant.endpoint.is_empty() && occupant.endpoint != self.endpoint {
            self.endpoint.clone_from(&occupant.endpoint);
            self.own.to = format!("{}/{}", self.room, self.endpoint);
        }
        self.state.role = match (occupant.moderator, occupant.visitor) {
            (true, _) => Role::Moderator,
            (false, true) => Role::Visitor,
            (false, false) => Role::Participant,
        };
        if self.phase == Phase::Entering {
            self.entered(now);
        }
        self.lay_ghost();
        self.watch_lobby();
    }

    fn entered(&mut self, now: Instant) {
        self.phase = Phase::InRoom;
        self.told.waiting = None;
        self.timers.cancel(Timer::Enter);
        self.timers.set(Timer::MediaBy, now + MEDIA_WITHIN);
        self.leave_lobby();
        let room = self.room.clone();
        let question = Element::new("query", ns::DISCO_INFO);
        self.ask(&room, "get", question, Pending::RoomInfo);
    }

    fn here(&mut self, now: Instant, occupant: Occupant) {
        if self.is_hidden(&occupant) {
            self.company.hidden.insert(occupant.endpoint.clone());
            self.note_transcriber(&occupant);
            return;
        }
        if occupant.encrypts {
            self.leave(now, EndReason::EncryptionNeeded);
            return;
        }
        if self.occupants.is_empty() && self.phase == Phase::InRoom {
            self.timers.set_once(Timer::MediaBy, now + MEDIA_WITHIN);
        }
        let endpoint = occupant.endpoint.clone();
        self.occupants.insert(endpoint.clone(), occupant);
        self.pictures_retyped(&endpoint);
    }

    fn gone(&mut self, now: Instant, endpoint: &str) {
        self.occupants.remove(endpoint);
        self.company.hidden.remove(endpoint);
        self.transcriber_left(endpoint);
        self.forget_sources(endpoint);
        if self.dominant == endpoint {
            self.stop_speaking(now);
        }
    }

    /// Our own presence is over: whose wish was it?
    fn sent_away(&mut self, now: Instant, departure: &Departure) {
        if self.is_ending() {
            self.over();
            return;
        }
        match &departure.destroyed {
            Some(Some(room)) if !room.is_empty() && *room != self.room => {
                let room = room.clone();
                self.move_to(now, room);
            }
            Some(_) => self.end(EndReason::EndedForAll),
            // 333 beside it: nobody's wish, but a fault.
            None if departure.status.contains(&333) => {
                self.rejoin(now, "the server took us out of the room");
            }
            None if departure.status.contains(&307) || departure.status.contains(&301) => {
                let message = departure.reason.clone();
                self.end(EndReason::Removed { message });
            }
            None if departure.status.contains(&322) || departure.status.contains(&321) => {
                let reason = "the room is for members only now".to_owned();
                self.end(EndReason::NotAllowed { reason });
            }
            None => self.rejoin(now, "the server took us out of the room"),
        }
    }

    /// Jicofo restarts, or has moved: nothing works without it.
    fn focus_left(&mut self, now: Instant) {
        self.focus_seen = false;
        if self.phase == Phase::InRoom {
            self.rejoin(now, "the focus left the room");
        }
    }

    /// Leaves and comes back as somebody new.
    pub(super) fn rejoin(&mut self, now: Instant, reason: &str) {
        if self.is_ending() {
            return;
        }
        if self.phase == Phase::InRoom {
            let presence = self.own.leave();
            self.send(&presence);
        }
        self.leave_behind(now, reason);
        self.endpoint = self.ids.endpoint();
        reason.clone_into(&mut self.last_failure);
        self.phase = Phase::Asking;
        let wait = self.backoffs.media.after_failure(self.ids.jitter());
        self.timers.cancel(Timer::MediaBy);
        self.timers.set(Timer::Focus, now + wait);
    }

    /// Goes to another room of the same conference.
    pub(super) fn move_to(&mut self, now: Instant, room: String) {
        if self.phase == Phase::InRoom {
            let presence = self.own.leave();
            self.send(&presence);
        }
        tracing::info!(room, "moved");
        self.leave_behind(now, "moved to another room");
        self.speaking = speaking::Speaking::default();
        self.former.clear();
        self.room = room;
        self.ask_focus(now);
    }

    /// What Jicofo says about the conference. Somebody may have taken its name before it came.
    fn focus_presence(&mut self, occupant: &Occupant, stanza: &Element) {
        let jid = ids::bare(&occupant.jid);
        if jid.is_empty() || self.focus.is_empty() || self.focus.contains(jid) {
            self.focus_seen = true;
            self.note_recordings(stanza);
            self.note_audience(stanza);
        }
    }

    /// A stanza from the focus, whose presence was seen.
    pub(super) fn is_focus(&self, from: &str) -> bool {
        self.focus_seen && ids::bare(from) == self.room && ids::resource(from) == FOCUS
    }

    /// How somebody is called; `None` for one who is not there.
    pub(super) fn name_of(&self, endpoint: &str) -> Option<String> {
        let occupant = self.occupants.get(endpoint)?;
        Some(match occupant.name.as_str() {
            "" => endpoint.to_owned(),
            name => name.to_owned(),
        })
    }

    /// Recorders and transcribers are in the room as well; nobody wants to see their tile.
    fn is_hidden(&self, occupant: &Occupant) -> bool {
        let domain = ids::domain(&occupant.jid);
        let hosts = &self.setup.hosts;
        let named = hosts.hidden.as_deref() == Some(domain);
        // Who comes in by the door of members may say so, and is shown nevertheless.
        let member = domain.is_empty() || domain == hosts.main || domain == hosts.domain;
        named || domain.starts_with("recorder.") || (occupant.transcribes.is_some() && !member)
    }
}
