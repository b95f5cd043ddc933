//! Tokens that the room makes itself (RFC 7519, HS256), as Jitsi's token authentication reads them.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use saal_meeting::Secret;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::settings::OpenIdToken;

/// Long enough for a clock that is behind, and for a call that comes back after an outage.
const VALID_SECONDS: u64 = 3 * 3600;
/// For a clock that is ahead.
const EARLIER_SECONDS: u64 = 300;
/// Element signs with this word: the installation looks at the OpenID token alone.
const UNUSED_KEY: &str = "notused";

/// For a room of an installation whose secret this device has.
pub(crate) fn of_room(app_id: &str, key: &Secret, place: &Place<'_>, unix_s: u64) -> Secret {
    let claims = json!({
        "iss": app_id,
        "aud": app_id,
        "sub": place.domain,
        "room": place.room,
        "nbf": unix_s.saturating_sub(EARLIER_SECONDS),
        "exp": unix_s + VALID_SECONDS,
        "context": { "user": { "name": place.name } },
    });
    sign(&claims, key.reveal())
}

/// For a conference that belongs to a Matrix room (`openidtoken-jwt`).
pub(crate) fn of_matrix(openid: &OpenIdToken, matrix_room: &str, place: &Place<'_>) -> Secret {
    let claims = json!({
        "iss": place.domain,
        "aud": format!("https://{}", place.domain),
        "sub": place.domain,
        "room": "*",
        "context": {
            "matrix": {
                "token": openid.access_token.reveal(),
                "room_id": matrix_room,
                "server_name": openid.server_name,
            },
            "user": { "name": place.name },
        },
    });
    sign(&claims, UNUSED_KEY)
}

/// Where the token is for.
pub(crate) struct Place<'a> {
    pub(crate) domain: &'a str,
    pub(crate) room: &'a str,
    pub(crate) name: &'a str,
}

fn sign(claims: &Value, key: &str) -> Secret {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({ "alg": "HS256", "typ": "JWT" }));
    let signed = format!("{head}.{}", part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length is a key");
    mac.update(signed.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Secret::new(format!("{signed}.{signature}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(token: &Secret) -> Value {
        let part = token.reveal().split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    const PLACE: Place<'_> = Place {
        domain: "meet.example.org",
        room: "lahn",
        name: "Raum Lahn",
    };

    #[test]
    fn a_made_token_names_room_and_time() {
        let token = of_room("app", &Secret::new("key"), &PLACE, 1_000_000);
        let claims = claims(&token);
        assert_eq!(
            (&claims["iss"], &claims["room"]),
            (&json!("app"), &json!("lahn"))
        );
        assert!(claims["exp"].as_u64() > Some(1_000_000));
        assert_eq!(claims["context"]["user"]["name"], "Raum Lahn");
    }

    /// Computed with Python's hmac module.
    #[test]
    fn the_signature_is_the_standard_one() {
        let token = sign(&json!({ "a": 1 }), "key");
        let signed = token.reveal();
        let expected = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.Z4rGK-v6a2sWAUQdmALR3aYbXZviLr8j26a9ndx_bM4";
        assert_eq!(signed, expected);
    }

    #[test]
    fn a_matrix_room_proves_its_member() {
        let openid = OpenIdToken {
            access_token: Secret::new("opaque"),
            server_name: "example.org".into(),
        };
        let claims = claims(&of_matrix(&openid, "!r:example.org", &PLACE));
        assert_eq!(claims["context"]["matrix"]["room_id"], "!r:example.org");
        assert_eq!(claims["aud"], "https://meet.example.org");
    }
}
