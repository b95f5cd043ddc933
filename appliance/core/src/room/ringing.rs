//! People who call the room, and whether it answers.

use saal_media_protocol::MediaCommand;
use saal_meeting::{CallId, Destination, Meeting, MeetingCommand, Ring, RingId};

use super::Room;
use crate::{Effect, Joining, Muted, Now, Phase};

/// More are not kept; services bound them too.
const MOST: usize = 8;

impl Room {
    /// Who calls the room now, the first one first.
    #[must_use]
    pub fn rings(&self) -> &[Ring] {
        &self.rings
    }

    pub(super) fn on_ringing(&mut self, ring: Ring) {
        if self.rings.len() < MOST && self.rings.iter().all(|known| known.id != ring.id) {
            self.rings.push(ring);
            self.effect(Effect::Redraw);
        }
    }

    pub(super) fn on_ring_ended(&mut self, ring: &RingId) {
        let before = self.rings.len();
        self.rings.retain(|known| known.id != *ring);
        if self.rings.len() != before {
            self.effect(Effect::Redraw);
        }
    }

    /// The loudspeaker rings where nobody is disturbed.
    pub(super) fn send_ringing(&mut self) {
        let on = self.phase == Phase::Home && !self.rings.is_empty();
        if std::mem::replace(&mut self.rings_aloud, on) != on {
            self.effect(Effect::Media(MediaCommand::SetRinging { on }));
        }
    }

    /// Nobody can be answered through an account that is gone.
    pub(super) fn forget_rings(&mut self) {
        self.rings.clear();
        self.answer_next = None;
    }

    pub(super) fn decline(&mut self, ring: &RingId) {
        if self.rings.iter().any(|known| known.id == *ring) {
            let ring = ring.clone();
            self.on_ring_ended(&ring);
            self.effect(Effect::Meeting(MeetingCommand::Decline { ring }));
        }
    }

    /// Takes a call; out of another one the room leaves first.
    pub(super) fn answer(&mut self, now: Now, id: RingId, camera: bool) {
        if !self.rings.iter().any(|known| known.id == id) {
            return;
        }
        if self.phase == Phase::Home {
            self.take_ring(now, &id, camera);
        } else {
            self.answer_next = Some((id, camera));
            self.leave(now);
        }
    }

    /// The call before is over.
    pub(super) fn answer_waiting(&mut self, now: Now) {
        let Some((ring, camera)) = self.answer_next.take() else {
            return;
        };
        if !self.leaving_for_good {
            self.take_ring(now, &ring, camera);
        }
    }

    fn take_ring(&mut self, now: Now, id: &RingId, camera: bool) {
        let Some(place) = self.rings.iter().position(|known| known.id == *id) else {
            return;
        };
        let ring = self.rings.remove(place);
        let known = match &ring.destination {
            Destination::Caller { .. } => None,
            place => self.meetings.iter().find(|m| m.destination == *place),
        };
        let meeting = known.cloned().unwrap_or_else(|| called_to(&ring));
        self.muted = Muted {
            microphone: false,
            // Who was called without pictures does not expect to be seen.
            camera: !camera || !ring.pictures,
        };
        let call = CallId(self.next_call);
        self.enter(now, Joining::enter(call, meeting, false), None);
    }
}

/// A meeting that is in no calendar: its caller is its name.
fn called_to(ring: &Ring) -> Meeting {
    let title = ring.meeting.clone().unwrap_or_else(|| ring.from.clone());
    Meeting::without_time(
        format!("ring/{}", ring.id.0),
        title,
        ring.destination.clone(),
    )
}
