//! In which of the two ways the room says that it is in a call.
//!
//! Clients of today read both kinds of membership, whichever they send (Element Call 0.26 in each
//! of its modes), but a device that sends both is two people to them: the two kinds have different
//! names on the media server. So the room sends one: what the others in the call send, when they
//! agree and the servers can do it, else the older kind, which every client ever read.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Device, Member, membership, sticky};

/// How a membership is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// State event (Element Call's mode "compatibility").
    Compatibility,
    /// Sticky event with this `member.id` (Element Call's mode "matrix_2_0").
    Sticky {
        /// Unique for each stay in a call.
        member_id: String,
    },
}

impl Mode {
    /// `active`: the members that count, without ourselves. `able`: home server and call service
    /// do sticky events and hashed names. `member_id` is used if it is needed.
    pub(crate) fn choose(active: &[&Member], able: bool, member_id: String) -> Self {
        let all_sticky = !active.is_empty() && active.iter().all(|m| m.sticky_id.is_some());
        if able && all_sticky {
            Self::Sticky { member_id }
        } else {
            Self::Compatibility
        }
    }

    /// `member.id` of a sticky membership.
    pub(crate) fn member_id(&self) -> Option<&str> {
        match self {
            Self::Compatibility => None,
            Self::Sticky { member_id } => Some(member_id),
        }
    }

    /// Our name on media servers.
    pub(crate) fn identity(&self, own: &Device) -> String {
        match self {
            Self::Compatibility => own.identity(),
            Self::Sticky { member_id } => sticky::identity(own, member_id),
        }
    }

    /// True when `member` is the membership that this room sends in this mode.
    pub(crate) fn is_own(&self, own: &Device, member: &Member) -> bool {
        member.device == *own && member.sticky_id.as_deref() == self.member_id()
    }

    /// Content of our membership; `prolonged`: see [`membership::content`].
    pub(crate) fn content(
        &self,
        own: &Device,
        room_id: &str,
        focus: &str,
        prolonged: Option<(u64, u64)>,
    ) -> Value {
        match self {
            Self::Compatibility => membership::content(own, room_id, focus, prolonged),
            Self::Sticky { member_id } => sticky::content(own, member_id, focus),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(sticky_id: Option<&str>) -> Member {
        let device = Device {
            user: "@anna:hs".into(),
            device: "A".into(),
        };
        let content = membership::content(&device, "!r:hs", "https://f", None);
        let event = serde_json::json!({
            "type": membership::EVENT_TYPE, "sender": device.user, "state_key": "", "content": content,
        });
        let event = serde_json::from_value(event).unwrap();
        let mut member = membership::parse(&event).unwrap().remove(0);
        member.sticky_id = sticky_id.map(str::to_owned);
        member
    }

    #[test]
    fn the_room_speaks_as_the_others_do_and_the_older_way_when_alone() {
        let (old, new) = (member(None), member(Some("m")));
        let sticky = Mode::Sticky {
            member_id: "ours".into(),
        };
        let choose = |others: &[&Member], able| Mode::choose(others, able, "ours".into());
        assert_eq!(choose(&[&new, &new], true), sticky);
        assert_eq!(choose(&[&new], false), Mode::Compatibility);
        assert_eq!(choose(&[&new, &old], true), Mode::Compatibility);
        assert_eq!(choose(&[], true), Mode::Compatibility);
    }
}
