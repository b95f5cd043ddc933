//! Signing in at a provider (OpenID Connect Core 1.0, authorization code with PKCE), beside the accounts of this server.
//!
//! What a sign-in needs until its end lies sealed in the browser's cookie, so that any node ends what another one began.

mod settings;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Mutex;

use jiff::Timestamp;
use saal_fleet_protocol::fleet::api::Grant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;

pub(crate) use self::settings::Settings;
use self::token::{Expected, Key, claims, decode, encode};
use crate::{
    alerts::{failed, http},
    error::FleetError,
    keys::Keys,
};

/// Where the provider sends people back to.
pub(crate) const BACK: &str = "/sign-in/provider/back";
/// So long somebody has to sign in there, in seconds.
pub(crate) const PATIENCE: i64 = 600;
/// What the cookie is sealed to.
const PLACE: &str = "sign-in";

/// What the provider says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Clone, Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    end_session_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207: the provider says on the way back who it is.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// The provider.
#[derive(Debug)]
pub(crate) struct Provider {
    settings: Settings,
    known: Mutex<Option<Document>>,
}

/// What a sign-in needs until its end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    to: String,
    ends: i64,
}

/// What the provider sends people back with.
#[derive(Debug, Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    error_description: Option<String>,
}

/// Somebody who signed in there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// Issuer and subject: the same person for good (OpenID Connect Core 1.0, section 5.7).
    pub(crate) subject: String,
    /// What the provider calls them.
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
    /// Where they go on.
    pub(crate) to: String,
}

fn refused(why: impl Into<String>) -> FleetError {
    FleetError::Provider(why.into())
}

fn guess() -> Result<String, FleetError> {
    Ok(encode(&crate::random::<32>()?))
}

impl Provider {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            known: Mutex::new(None),
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    fn http(&self) -> Result<reqwest::Client, FleetError> {
        http(self.settings.authority.as_deref()).map_err(refused)
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        url: &str,
        what: &str,
    ) -> Result<T, FleetError> {
        let sent = self
            .http()?
            .get(url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        let answer = sent.map_err(|e| refused(format!("{what}: {}", failed(e))))?;
        answer
            .json()
            .await
            .map_err(|e| refused(format!("{what}: {}", failed(e))))
    }

    /// What it says of itself, asked once.
    async fn document(&self) -> Result<Document, FleetError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let issuer = &self.settings.issuer;
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let read: Document = self.get(&url, "the provider's description").await?;
        if &read.issuer != issuer {
            return Err(refused(format!(
                "the provider calls itself {}",
                read.issuer
            )));
        }
        let all = [
            &read.authorization_endpoint,
            &read.token_endpoint,
            &read.jwks_uri,
        ];
        let all = all
            .into_iter()
            .chain(&read.userinfo_endpoint)
            .chain(&read.end_session_endpoint);
        for url in all {
            crate::fleet::hooks::check_url(url.as_str())?;
        }
        *self
            .known
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(read.clone());
        Ok(read)
    }

    /// Sends somebody there: to which address, and what their browser keeps until they are back.
    ///
    /// # Errors
    /// [`FleetError::Provider`].
    pub(crate) async fn begin(
        &self,
        keys: &Keys,
        here: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<(Url, String), FleetError> {
        let document = self.document().await?;
        let pending = Pending {
            state: guess()?,
            nonce: guess()?,
            verifier: guess()?,
            to: to.to_owned(),
            ends: now.as_second() + PATIENCE,
        };
        // RFC 7636, section 4.2.
        let challenge = encode(&Sha256::digest(pending.verifier.as_bytes()));
        let mut url = document.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &format!("{here}{BACK}"))
            .append_pair("scope", &self.settings.scopes)
            .append_pair("state", &pending.state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let text = serde_json::to_vec(&pending).expect("plain data is JSON");
        Ok((url, encode(&keys.seal(PLACE, &text)?)))
    }

    /// They are back; who it is, and what they may do.
    ///
    /// # Errors
    /// [`FleetError::Provider`]: they are not who they say, or the provider fails.
    pub(crate) async fn end(
        &self,
        keys: &Keys,
        here: &str,
        (kept, back): (&str, &Returned),
        now: Timestamp,
    ) -> Result<Guest, FleetError> {
        let old = || refused("this sign-in was not begun here, or is too old; begin again");
        let opened = decode(kept).and_then(|sealed| keys.open_sealed(PLACE, &sealed).ok());
        let pending: Option<Pending> = opened.and_then(|text| serde_json::from_slice(&text).ok());
        let pending = pending
            .filter(|pending| pending.ends > now.as_second())
            .ok_or_else(old)?;
        if !bool::from(pending.state.as_bytes().ct_eq(back.state.as_bytes())) {
            return Err(old());
        }
        let document = self.document().await?;
        let sender = back.iss.as_ref();
        if sender.is_some_and(|iss| *iss != document.issuer)
            || (sender.is_none() && document.authorization_response_iss_parameter_supported)
        {
            return Err(refused("the answer is of another provider"));
        }
        if let Some(error) = &back.error {
            let more = back.error_description.as_deref().unwrap_or_default();
            return Err(refused(
                format!("the provider says {error} {more}")
                    .trim_end()
                    .to_owned(),
            ));
        }
        let (id, access) = self
            .exchange(&document, here, &back.code, &pending.verifier)
            .await?;
        let expected = Expected {
            issuer: &document.issuer,
            client_id: &self.settings.client_id,
            nonce: &pending.nonce,
            now: now.as_second(),
        };
        let keys = self.keys(&document).await?;
        let mut said = claims(&id, &keys, &expected)
            .map_err(|why| refused(format!("the provider's token: {why}")))?;
        self.complete(&document, &mut said, &access).await?;
        Ok(self.guest(&said, pending.to))
    }

    fn guest(&self, said: &Value, to: String) -> Guest {
        let sub = said["sub"].as_str().unwrap_or_default();
        Guest {
            subject: format!("{}\n{sub}", self.settings.issuer),
            name: self.settings.person(said).unwrap_or(sub).to_owned(),
            grants: self.settings.grants(said),
            to,
        }
    }

    /// The keys that are of a kind that is known here.
    async fn keys(&self, document: &Document) -> Result<Vec<Key>, FleetError> {
        let set: KeySet = self
            .get(document.jwks_uri.as_str(), "the provider's keys")
            .await?;
        let known = set
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok());
        Ok(known.collect())
    }

    /// The code for an ID token and an access token (RFC 6749, section 4.1.3).
    async fn exchange(
        &self,
        document: &Document,
        here: &str,
        code: &str,
        verifier: &str,
    ) -> Result<(String, String), FleetError> {
        #[derive(Deserialize)]
        struct Tokens {
            id_token: String,
            access_token: String,
        }
        let back = format!("{here}{BACK}");
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
            ("code_verifier", verifier),
        ];
        let mut request = self.http()?.post(document.token_endpoint.clone());
        let methods = &document.token_endpoint_auth_methods_supported;
        let by_post = methods.iter().any(|one| one == "client_secret_post")
            && !methods.iter().any(|one| one == "client_secret_basic");
        match &self.settings.client_secret {
            // Both are encoded as in a form before (RFC 6749, section 2.3.1).
            Some(secret) if !by_post => {
                let written = |text: &str| {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                request =
                    request.basic_auth(written(&self.settings.client_id), Some(written(secret)));
            }
            Some(secret) => form.extend([
                ("client_id", self.settings.client_id.as_str()),
                ("client_secret", secret),
            ]),
            None => form.push(("client_id", &self.settings.client_id)),
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.map_err(|e| refused(failed(e)))?;
        let status = answer.status();
        if !status.is_success() {
            let said: Value = answer.json().await.unwrap_or_default();
            let why = said["error"].as_str().unwrap_or_default();
            return Err(refused(
                format!("the provider does not take the code: {status} {why}")
                    .trim_end()
                    .to_owned(),
            ));
        }
        let tokens: Tokens = answer.json().await.map_err(|e| refused(failed(e)))?;
        Ok((tokens.id_token, tokens.access_token))
    }

    /// What the token leaves out the provider tells by its user information (OpenID Connect Core 1.0, section 5.3).
    async fn complete(
        &self,
        document: &Document,
        said: &mut Value,
        access: &str,
    ) -> Result<(), FleetError> {
        let complete = self.settings.says_groups(said) && self.settings.person(said).is_some();
        let Some(url) = document.userinfo_endpoint.clone().filter(|_| !complete) else {
            return Ok(());
        };
        let sent = self.http()?.get(url).bearer_auth(access).send().await;
        let answer = sent
            .and_then(reqwest::Response::error_for_status)
            .map_err(|e| refused(failed(e)))?;
        let more: Value = answer.json().await.map_err(|e| refused(failed(e)))?;
        // Section 5.3.2: another subject is somebody else.
        if more["sub"] != said["sub"] {
            return Err(refused(
                "the provider's user information is somebody else's",
            ));
        }
        if let (Value::Object(said), Value::Object(more)) = (said, more) {
            for (name, value) in more {
                said.entry(name).or_insert(value);
            }
        }
        Ok(())
    }

    /// Where somebody signs out there too (RP-Initiated Logout 1.0), if the provider has such a place.
    pub(crate) async fn goodbye(&self, here: &str) -> Option<Url> {
        let mut url = self.document().await.ok()?.end_session_endpoint?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", &format!("{here}/sign-in"));
        Some(url)
    }
}
