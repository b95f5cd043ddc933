//! An ID token (OpenID Connect Core 1.0, section 3.1.3.7): whether it is the provider's, for us, of now, and of this sign-in.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::Value;

/// Clocks may differ by so much, in seconds.
const TOLERANCE: i64 = 60;
/// A token of an earlier day is of another sign-in, whatever it says of its end.
const OLDEST: i64 = 10 * 60;

/// A key of the provider (RFC 7517, 7518, 8037).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    used_for: Option<String>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Whoever says that something is critical means others (RFC 7515, section 4.1.11).
    #[serde(default)]
    crit: Option<Value>,
}

/// What it has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: i64,
}

/// Base64 as tokens have it (RFC 7515, section 2): of URLs, without its end.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['+', '/', '=']) {
        return None;
    }
    let mut usual = text.replace('-', "+").replace('_', "/");
    usual.push_str(&"=".repeat((4 - usual.len() % 4) % 4));
    saal_fleet_protocol::fleet::wire::from_text(&usual)
}

/// The other way round.
pub(super) fn encode(bytes: &[u8]) -> String {
    let usual = saal_fleet_protocol::fleet::wire::to_text(bytes);
    usual
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&decode(part)?).ok()
}

impl Key {
    /// Whether it signed this. Only what a key of its kind can do: a token does not choose.
    fn signed(&self, alg: &str, message: &[u8], signature: &[u8]) -> bool {
        let with = |algorithm: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
            UnparsedPublicKey::new(algorithm, key)
                .verify(message, signature)
                .is_ok()
        };
        let point = || Some([vec![4], decode(&self.x)?, decode(&self.y)?].concat());
        match (self.kty.as_str(), self.crv.as_str(), alg) {
            ("RSA", _, "RS256" | "PS256") => {
                let (Some(n), Some(e)) = (decode(&self.n), decode(&self.e)) else {
                    return false;
                };
                let parameters = if alg == "RS256" {
                    &RSA_PKCS1_2048_8192_SHA256
                } else {
                    &RSA_PSS_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            ("EC", "P-256", "ES256") => {
                point().is_some_and(|key| with(&ECDSA_P256_SHA256_FIXED, key))
            }
            ("EC", "P-384", "ES384") => {
                point().is_some_and(|key| with(&ECDSA_P384_SHA384_FIXED, key))
            }
            ("OKP", "Ed25519", "EdDSA") => decode(&self.x).is_some_and(|key| with(&ED25519, key)),
            _ => false,
        }
    }

    fn may_be(&self, kid: Option<&String>) -> bool {
        let signs = self.used_for.as_deref().is_none_or(|used| used == "sig");
        signs && kid.is_none_or(|kid| self.kid.as_ref() == Some(kid))
    }
}

/// The claims of a token that is good.
///
/// # Errors
/// What is wrong with it, for the log.
pub(super) fn claims(
    token: &str,
    keys: &[Key],
    expected: &Expected<'_>,
) -> Result<Value, &'static str> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, body, signature] = parts[..] else {
        return Err("it is no token");
    };
    let read: Header = json(header).ok_or("its header can't be read")?;
    if read.crit.is_some() {
        return Err("it says what this server does not understand");
    }
    let signature = decode(signature).ok_or("its signature can't be read")?;
    let message = &token.as_bytes()[..header.len() + 1 + body.len()];
    let mut those = keys.iter().filter(|key| key.may_be(read.kid.as_ref()));
    if !those.any(|key| key.signed(&read.alg, message, &signature)) {
        return Err("none of the provider's keys signed it");
    }
    let claims: Value = json(body).ok_or("its claims can't be read")?;
    check(&claims, expected)?;
    Ok(claims)
}

fn check(claims: &Value, expected: &Expected<'_>) -> Result<(), &'static str> {
    let text = |name: &str| claims[name].as_str();
    if text("iss") != Some(expected.issuer) {
        return Err("it is of another issuer");
    }
    let ours = |value: &Value| value.as_str() == Some(expected.client_id);
    let (meant, alone) = match &claims["aud"] {
        Value::Array(all) => (all.iter().any(ours), all.len() == 1),
        one => (ours(one), true),
    };
    // Whom it was issued to says azp where it is for several.
    let azp = claims.get("azp");
    if !meant || azp.is_some_and(|azp| !ours(azp)) || (!alone && azp.is_none()) {
        return Err("it is for somebody else");
    }
    if text("nonce") != Some(expected.nonce) {
        return Err("it is of another sign-in");
    }
    let (issued, ends) = (claims["iat"].as_i64(), claims["exp"].as_i64());
    let (Some(issued), Some(ends)) = (issued, ends) else {
        return Err("it does not say since when and until when");
    };
    if ends + TOLERANCE <= expected.now {
        return Err("it is over; look at both clocks");
    }
    if issued > expected.now + TOLERANCE || issued + OLDEST < expected.now {
        return Err("it was not made now; look at both clocks");
    }
    if text("sub").is_none_or(|sub| sub.is_empty() || sub.len() > 255) {
        return Err("it does not say who it is");
    }
    Ok(())
}
