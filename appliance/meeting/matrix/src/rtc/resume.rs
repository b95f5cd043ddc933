//! What a new process needs to go on as the same participant: no secret, versioned.

use saal_meeting::ResumeToken;
use serde::{Deserialize, Serialize};

use super::Mode;

/// Version of [`Resume`]; another one is as good as none.
const VERSION: u16 = 2;

/// What the call left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resume {
    version: u16,
    /// The call's room.
    pub room_id: String,
    /// The device that is in the call.
    pub device_id: String,
    /// The delayed leave that the homeserver holds (MSC4140).
    pub delay_id: String,
    /// As who: coming back in another way would leave a ghost until the delayed leave.
    pub mode: Mode,
}

impl Resume {
    pub(crate) fn new(room_id: &str, device_id: &str, delay_id: &str, mode: Mode) -> Self {
        Self {
            version: VERSION,
            room_id: room_id.to_owned(),
            device_id: device_id.to_owned(),
            delay_id: delay_id.to_owned(),
            mode,
        }
    }

    pub(crate) fn to_token(&self) -> ResumeToken {
        ResumeToken(serde_json::to_string(self).expect("strings and a number are always JSON"))
    }

    /// `None` for what another version or another call wrote.
    pub(crate) fn from_token(token: &ResumeToken, room_id: &str, device_id: &str) -> Option<Self> {
        let resume: Self = serde_json::from_str(&token.0).ok()?;
        (resume.version == VERSION && resume.room_id == room_id && resume.device_id == device_id)
            .then_some(resume)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_in_the_same_call_only() {
        let member_id = "m".to_owned();
        let mode = Mode::Sticky { member_id };
        let token = Resume::new("!r:hs", "DEV", "syd_1", mode.clone()).to_token();
        let back = Resume::from_token(&token, "!r:hs", "DEV").unwrap();
        assert_eq!((back.delay_id.as_str(), &back.mode), ("syd_1", &mode));
        assert_eq!(Resume::from_token(&token, "!other:hs", "DEV"), None);
        assert_eq!(Resume::from_token(&token, "!r:hs", "NEW"), None);
    }

    #[test]
    fn other_versions_and_rubbish_are_ignored() {
        for text in [
            r#"{"version":1,"room_id":"!r:hs","device_id":"D","delay_id":"x"}"#,
            r#"{"version":9,"room_id":"!r:hs","device_id":"D","delay_id":"x","mode":"compatibility"}"#,
            "",
            "7",
        ] {
            assert_eq!(
                Resume::from_token(&ResumeToken(text.into()), "!r:hs", "D"),
                None
            );
        }
    }
}
