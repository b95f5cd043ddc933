//! Meetings that nobody planned for this room: what people type on the panel, and where they were lately.

use jiff::{SignedDuration, Timestamp};
use saal_meeting::{Destination, LinkTarget, Meeting, MeetingId};

use super::Room;
use crate::{Effect, Now, Offer, Phase, PhoneDoor};

/// Whoever comes back after a break still finds the meeting; the day after, nobody reads where others were.
const KEPT: SignedDuration = SignedDuration::from_hours(12);
/// As many as people look through.
const MOST: usize = 6;

/// Meetings that people typed, the last one first. In memory alone.
#[derive(Debug, Default)]
pub(super) struct Recent(Vec<(Timestamp, Meeting)>);

impl Recent {
    fn note(&mut self, now: Now, meeting: &Meeting) {
        self.0.retain(|(_, known)| known.id != meeting.id);
        self.0.insert(0, (now.wall, meeting.clone()));
        self.0.truncate(MOST);
    }

    fn at(&self, now: Now) -> impl Iterator<Item = &Meeting> {
        let fresh = move |at: &Timestamp| now.wall.duration_since(*at) < KEPT;
        let kept = self.0.iter().filter(move |(at, _)| fresh(at));
        kept.map(|(_, meeting)| meeting)
    }
}

/// Where people can go that is not in the room's day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The Jitsi installation at which a name alone is a meeting.
    pub names_at: Option<String>,
    /// Meetings that were typed and entered here in the last hours, the last one first; none that needed a secret.
    pub recent: Vec<Meeting>,
    /// A phone may say where.
    pub phones: bool,
    /// How a phone gets in that says where, once people wanted that.
    pub phone: Option<PhoneDoor>,
    /// Where one would like the room to go.
    pub offer: Option<Offer>,
}

impl Room {
    /// Where people can go by typing; `None` where IT does not want that.
    #[must_use]
    pub fn elsewhere(&self, now: Now) -> Option<Elsewhere> {
        let links = &self.config.as_ref()?.links;
        links.typed.then(|| Elsewhere {
            names_at: links.names_at.as_ref().map(|host| host.as_str().to_owned()),
            recent: self.recent.at(now).cloned().collect(),
            phones: self.takes_phones(),
            phone: self.phone_door().cloned(),
            offer: self.offer().cloned(),
        })
    }

    /// Whether people may type where they want to go.
    #[must_use]
    pub fn may_go_elsewhere(&self) -> bool {
        let config = self.config.as_ref();
        config.is_some_and(|config| config.links.typed)
    }

    /// Enters what somebody typed. What leads nowhere is not entered: the panel says so while it is typed.
    pub(super) fn join_typed(&mut self, now: Now, text: &str) {
        let Some(elsewhere) = self.elsewhere(now) else {
            return;
        };
        if self.phase != Phase::Home {
            return;
        }
        if let Ok(target) = LinkTarget::typed(text, elsewhere.names_at.as_deref()) {
            self.join_target(now, target);
        }
    }

    pub(super) fn join_again(&mut self, now: Now, id: &MeetingId) {
        if self.phase != Phase::Home || self.elsewhere(now).is_none() {
            return;
        }
        let known = self.recent.at(now).find(|meeting| meeting.id == *id);
        if let Some(meeting) = known.cloned() {
            self.enter_anew(now, meeting);
        }
    }

    pub(super) fn forget_recent(&mut self) {
        self.recent = Recent::default();
        self.effect(Effect::Redraw);
    }

    /// The room is in it: that is a place to come back to, unless its way in is a secret, which the next people here may not know.
    pub(super) fn note_recent(&mut self, now: Now) {
        let meeting = self.phase.meeting().filter(|meeting| {
            let typed = meeting.id.0.starts_with(super::call::AD_HOC);
            typed && !has_secret(&meeting.destination)
        });
        if let Some(meeting) = meeting {
            self.recent.note(now, meeting);
        }
    }
}

fn has_secret(destination: &Destination) -> bool {
    match destination {
        Destination::Matrix { password, .. } => password.is_some(),
        // Tokens and passwords stand in the query and the fragment, which are not shown.
        Destination::Jitsi { link, password, .. } => {
            password.is_some() || link.to_string() != link.reveal()
        }
        Destination::Caller { .. } | Destination::Nowhere { .. } => true,
    }
}
