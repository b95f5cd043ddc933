//! Call membership as state events: `org.matrix.msc3401.call.member` in the three shapes that
//! clients send (one event a device, one event a user with a list, and empty for "left").
//!
//! Sticky `rtc.member` events are the other way to make [`Member`]s ([`super::sticky`]).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The state event's type.
pub(crate) const EVENT_TYPE: &str = "org.matrix.msc3401.call.member";

/// How long a membership is valid unless it says otherwise (Element Call: 4 h).
pub(crate) const DEFAULT_EXPIRES_MS: u64 = 4 * 60 * 60 * 1000;

/// A device of a Matrix user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Device {
    /// `@name:server`
    pub user: String,
    /// Device id.
    pub device: String,
}

impl Device {
    /// The participant's identity on the media server and `membershipID`.
    pub(crate) fn identity(&self) -> String {
        format!("{}:{}", self.user, self.device)
    }

    /// The state key of this device's membership. The leading underscore lets a user own a key
    /// that is not exactly the user id (MSC3779's work-around).
    pub(crate) fn state_key(&self) -> String {
        format!("_{}_{}_m.call", self.user, self.device)
    }

    /// Splits `@name:server:DEVICE`; server names may have a port, device ids have no colon.
    pub(crate) fn from_identity(identity: &str) -> Option<Self> {
        let (user, device) = identity.rsplit_once(':')?;
        (user.starts_with('@') && user.contains(':') && !device.is_empty()).then(|| Self {
            user: user.to_owned(),
            device: device.to_owned(),
        })
    }
}

/// The parts of a state event that matter here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StateEvent {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub event_id: String,
    pub sender: String,
    pub state_key: String,
    #[serde(default)]
    pub origin_server_ts: u64,
    #[serde(default)]
    pub content: Value,
}

/// Where a member says that its media are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FocusChoice {
    /// Publishes on its own first focus.
    Own,
    /// Everybody publishes on the oldest member's first focus.
    OldestMember,
}

/// One device in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub device: Device,
    /// The event that says so: reactions refer to it. Empty where it is not known.
    pub event_id: String,
    /// Its name on the media server.
    pub identity: String,
    /// `member.id` of a sticky event; `None` for one in the room state.
    pub sticky_id: Option<String>,
    /// When it joined, ms since 1970 of its server's clock.
    pub created_ms: u64,
    /// From when on it counts no more, ms since 1970.
    pub expires_ms: u64,
    /// `livekit_service_url` of its first LiveKit focus.
    pub(super) focus: Option<String>,
    pub(super) choice: FocusChoice,
}

/// A membership event that can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("content is not an object")]
    NotAnObject,
    #[error("{0} is missing or has another type")]
    Field(&'static str),
    #[error("memberships of the application {0:?} are not calls")]
    Application(String),
}

/// Content of our membership (what Element Call sends in its compatibility mode).
/// `created_ms` and `expires_ms` matter only when a membership is prolonged: the first time it is
/// created by being sent.
pub(crate) fn content(
    device: &Device,
    room_id: &str,
    focus: &str,
    prolonged: Option<(u64, u64)>,
) -> Value {
    let mut content = json!({
        "application": "m.call",
        "call_id": "",
        "scope": "m.room",
        "device_id": device.device,
        "membershipID": device.identity(),
        "expires": DEFAULT_EXPIRES_MS,
        "m.call.intent": "video",
        "focus_active": { "type": "livekit", "focus_selection": "multi_sfu" },
        "foci_preferred": [{
            "type": "livekit",
            "livekit_service_url": focus,
            "livekit_alias": room_id,
        }],
    });
    if let Some((created_ms, expires_ms)) = prolonged {
        content["created_ts"] = created_ms.into();
        content["expires"] = expires_ms.into();
    }
    content
}

/// The members that one state event names; empty when it says "left".
pub(crate) fn parse(event: &StateEvent) -> Result<Vec<Member>, Malformed> {
    let content = event.content.as_object().ok_or(Malformed::NotAnObject)?;
    if content.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(memberships) = content.get("memberships") {
        let list = memberships
            .as_array()
            .ok_or(Malformed::Field("memberships"))?;
        return list
            .iter()
            .map(|one| member(event, one.as_object().ok_or(Malformed::NotAnObject)?))
            .collect();
    }
    Ok(vec![member(event, content)?])
}

fn member(event: &StateEvent, content: &Map<String, Value>) -> Result<Member, Malformed> {
    match content.get("application").and_then(Value::as_str) {
        Some("m.call") => {}
        Some(other) => return Err(Malformed::Application(other.to_owned())),
        None => return Err(Malformed::Field("application")),
    }
    let device = content
        .get("device_id")
        .and_then(Value::as_str)
        .ok_or(Malformed::Field("device_id"))?
        .to_owned();
    let created_ms = number(content, "created_ts")?.unwrap_or(event.origin_server_ts);
    let expires_ms = match number(content, "expires_ts")? {
        Some(absolute) => absolute,
        None => {
            created_ms.saturating_add(number(content, "expires")?.unwrap_or(DEFAULT_EXPIRES_MS))
        }
    };
    // The sender is what the server vouches for, whatever the state key says.
    let device = Device {
        user: event.sender.clone(),
        device,
    };
    Ok(Member {
        identity: device.identity(),
        device,
        event_id: event.event_id.clone(),
        sticky_id: None,
        created_ms,
        expires_ms,
        focus: first_focus(content),
        choice: focus_choice(content),
    })
}

fn number(content: &Map<String, Value>, key: &'static str) -> Result<Option<u64>, Malformed> {
    match content.get(key) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(Malformed::Field(key)),
    }
}

fn first_focus(content: &Map<String, Value>) -> Option<String> {
    let foci = content
        .get("foci_preferred")
        .or_else(|| content.get("foci_active"))?;
    foci.as_array()?
        .iter()
        .find_map(super::transports::livekit_service_url)
}

fn focus_choice(content: &Map<String, Value>) -> FocusChoice {
    let selection = content
        .get("focus_active")
        .and_then(|focus| focus.get("focus_selection"));
    match selection.and_then(Value::as_str) {
        Some("oldest_membership") => FocusChoice::OldestMember,
        _ => FocusChoice::Own,
    }
}

/// The members that count now, oldest first, each device once: by what it said last. A client that
/// died and came back in another mode has left a membership of the other kind behind.
pub(crate) fn active(members: &[Member], now_ms: u64) -> Vec<&Member> {
    let mut newest: std::collections::BTreeMap<&Device, &Member> = Default::default();
    for member in members.iter().filter(|m| m.expires_ms > now_ms) {
        let known = newest.entry(&member.device).or_insert(member);
        if member.created_ms > known.created_ms {
            *known = member;
        }
    }
    let mut active: Vec<&Member> = newest.into_values().collect();
    active.sort_by_key(|m| (m.created_ms, &m.device));
    active
}

/// Where the media of each of `active` are, without duplicates.
pub(crate) fn foci<'a>(active: &[&'a Member]) -> Vec<&'a str> {
    let oldest = active.first().and_then(|m| m.focus.as_deref());
    let mut foci: Vec<&str> = active
        .iter()
        .filter_map(|m| match m.choice {
            FocusChoice::Own => m.focus.as_deref(),
            FocusChoice::OldestMember => oldest,
        })
        .collect();
    foci.sort_unstable();
    foci.dedup();
    foci
}

/// Where a device that prefers `own` is to publish so that all of `active` see it. Clients of the
/// oldest kind look at one media server only, the oldest member's: while one of them is there,
/// everybody publishes there. All others look wherever a member says that it is.
pub(crate) fn publishing_focus<'a>(active: &[&'a Member], own: &'a str) -> &'a str {
    let follows = |m: &&Member| m.choice == FocusChoice::OldestMember;
    if !active.iter().any(follows) {
        return own;
    }
    active
        .first()
        .and_then(|oldest| oldest.focus.as_deref())
        .unwrap_or(own)
}

#[cfg(test)]
mod tests;
