//! Whether two are alone, so that they may talk directly; and who of them begins.

use std::{collections::BTreeSet, time::Instant};

use saal_meeting::Role;

use super::{Conference, Phase, Timer};
use crate::protocol::{presence::Occupant, xml::Element};

/// Who is there beside the people that are shown, and with whom the room may talk directly.
#[derive(Clone, Debug, Default)]
pub(super) struct Company {
    /// Recorders and transcribers, who hear nothing of a direct session.
    pub(super) hidden: BTreeSet<String>,
    /// There is an audience, which sees only what the bridge does.
    audience: bool,
    partner: Option<String>,
    /// Somebody was there when this was looked at last.
    accompanied: bool,
}

impl Conference {
    /// The only other one, where nobody needs the bridge.
    pub(super) fn partner(&self) -> Option<&Occupant> {
        let mut others = self.occupants.values();
        let partner = others.next()?;
        let bridge = others.next().is_some()
            || !self.company.hidden.is_empty()
            || self.company.audience
            || self.state.transcription
            || self.state.role == Role::Visitor
            || partner.visitor
            || partner.telephone;
        (self.setup.peer_to_peer && !bridge).then_some(partner)
    }

    /// Follows who is there: a direct session ends when it may not be any more, and begins when it
    /// may. As web clients do, at once with the first one who comes, and after a while where others
    /// were there, who may come back.
    pub(super) fn follow_company(&mut self, now: Instant) {
        if self.phase != Phase::InRoom {
            return;
        }
        let partner = self.partner().map(|one| one.endpoint.clone());
        let accompanied = !self.occupants.is_empty();
        let was = std::mem::replace(&mut self.company.accompanied, accompanied);
        if self.company.partner == partner {
            return;
        }
        self.company.partner.clone_from(&partner);
        self.timers.cancel(Timer::CallPeer);
        self.end_peer(super::peer::OVER);
        // Of two the one with the smaller name begins; the other one waits for it.
        let begins = partner.is_some_and(|partner| self.endpoint < partner);
        if begins && was {
            let at = now + self.setup.peer_to_peer_after;
            self.timers.set(Timer::CallPeer, at);
        } else if begins {
            self.call_peer(now);
        }
    }

    /// The others are not known any more.
    pub(super) fn part_company(&mut self) {
        self.company = Company::default();
        self.timers.cancel(Timer::CallPeer);
    }

    /// The focus says how large the audience is.
    pub(super) fn note_audience(&mut self, presence: &Element) {
        if let Some(properties) = presence.find("conference-properties") {
            let mut all = properties.all("property");
            let count = all.find(|property| property.attr("key") == Some("visitor-count"));
            let count = count.and_then(|property| property.attr("value")?.parse::<u64>().ok());
            self.company.audience = count.is_some_and(|count| count > 0);
        }
    }
}
