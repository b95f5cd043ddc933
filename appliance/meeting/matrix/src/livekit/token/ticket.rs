//! What a LiveKit token says of itself. Its signature is the media server's business; that it is for
//! the call that the room asked for is the room's.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Entry;
use crate::rtc::sticky::SLOT_ID;

#[derive(Deserialize)]
struct Claims {
    /// The participant's name.
    sub: String,
    video: VideoGrant,
}

#[derive(Deserialize)]
struct VideoGrant {
    room: String,
}

/// What is wrong with a token; it completes "a token …".
pub(super) fn check(token: &str, entry: &Entry<'_>) -> Result<(), String> {
    let claims = claims(token).ok_or("that can't be read")?;
    if !names(entry.room_id).contains(&claims.video.room) {
        return Err(format!("of another room, {:?}", claims.video.room));
    }
    let own = entry.mode.identity(entry.own);
    if entry.publishes && claims.sub != own {
        return Err(format!("of another participant, {:?}", claims.sub));
    }
    Ok(())
}

fn claims(token: &str) -> Option<Claims> {
    let claims = token.split('.').nth(1)?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// What services call a Matrix room's call on the media server: a hash of room and slot (MSC4195),
/// joined by a bar in the services of early 2026; before, the room's id.
fn names(room_id: &str) -> [String; 3] {
    let hash = |text: String| BASE64_STANDARD_NO_PAD.encode(Sha256::digest(text));
    [
        hash(json!([room_id, SLOT_ID]).to_string()),
        hash(format!("{room_id}|{SLOT_ID}")),
        room_id.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{livekit::token::tests::us, rtc::Mode};

    fn token(room: &str, participant: &str) -> String {
        let claims = json!({ "sub": participant, "video": { "room": room, "roomJoin": true } });
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("e30.{claims}.c2ln")
    }

    fn verdict(token: &str, mode: &Mode, publishes: bool) -> Result<(), String> {
        let (own, openid_token) = us();
        let entry = Entry {
            room_id: "!r:hs",
            own: &own,
            openid_token: &openid_token,
            mode,
            publishes,
            leave: None,
        };
        check(token, &entry)
    }

    #[test]
    fn the_calls_room_is_known_by_each_name_that_services_give_it() {
        let mode = Mode::Compatibility;
        for room in names("!r:hs") {
            assert_eq!(
                verdict(&token(&room, "@room:hs:R"), &mode, true),
                Ok(()),
                "{room}"
            );
        }
        let other = verdict(&token("!other:hs", "@room:hs:R"), &mode, true).unwrap_err();
        assert!(other.contains("another room"), "{other}");
        let other = token(&names("!other:hs")[0], "@room:hs:R");
        assert!(verdict(&other, &mode, false).is_err());
    }

    #[test]
    fn others_would_not_know_the_room_under_another_name() {
        let elses = token("!r:hs", "@eve:hs:E");
        let refused = verdict(&elses, &Mode::Compatibility, true).unwrap_err();
        assert!(refused.contains("another participant"), "{refused}");
        assert_eq!(verdict(&elses, &Mode::Compatibility, false), Ok(()));
        let mode = Mode::Sticky {
            member_id: "m".into(),
        };
        assert!(verdict(&token("!r:hs", "@room:hs:R"), &mode, true).is_err());
        let hashed = token("!r:hs", &mode.identity(&us().0));
        assert_eq!(verdict(&hashed, &mode, true), Ok(()));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["", "a.b.c", "e30.e30.e30", "e30.!!.e30"] {
            assert!(
                verdict(token, &Mode::Compatibility, false).is_err(),
                "{token}"
            );
        }
    }
}
