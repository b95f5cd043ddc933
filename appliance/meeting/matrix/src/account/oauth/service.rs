//! The account's service, as the client-server API profiles it ("OAuth 2.0 API"): discovery
//! (RFC 8414), registration (RFC 7591), device authorization (RFC 8628), revocation (RFC 7009).

use std::time::Duration;

use matrix_sdk::SessionTokens;
use reqwest::{StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::homeserver::{Homeserver, RequestError};

/// `grant_type` of the device authorization grant (RFC 8628, section 3.4).
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The whole client-server API. Services of 2024 know no stable name of it, those of today both.
const SCOPE_API: &str = "urn:matrix:org.matrix.msc2967.client:api:*";
/// What stands before the device's id.
const SCOPE_DEVICE: &str = "urn:matrix:org.matrix.msc2967.client:device:";

/// The longest code that people are asked to type.
const MOST_LETTERS: usize = 32;
/// The longest address that a code on the panel leads to.
const MOST_LINK: usize = 512;

/// A request to the service that did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// There is no such service, or it does not offer what the room needs.
    #[error("{0}")]
    NotOffered(String),
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The service's error (RFC 6749, section 5.2).
    #[error("{what}: {error} {description}")]
    Refused {
        what: &'static str,
        error: String,
        description: String,
    },
}

/// What the room has to know of the service (RFC 8414).
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: Url,
    token_endpoint: Url,
    registration_endpoint: Option<Url>,
    device_authorization_endpoint: Option<Url>,
    revocation_endpoint: Option<Url>,
}

/// The service of a home server's accounts.
#[derive(Debug)]
pub(crate) struct Service {
    http: reqwest::Client,
    metadata: Metadata,
    devices: Url,
    /// It may do without TLS: the home server is on this very machine and does.
    plain: bool,
}

/// What begins a sign-in (RFC 8628, section 3.2).
#[derive(Clone, Deserialize)]
pub(crate) struct DeviceAuthorization {
    device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    /// Seconds.
    pub expires_in: u64,
    /// Seconds between two questions.
    #[serde(default = "five")]
    interval: u64,
}

impl DeviceAuthorization {
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(self.interval)
    }

    /// What people can type, and browsers open (RFC 8628, section 6.1).
    fn check(&self, plain: bool) -> Result<(), String> {
        let code = self.user_code.as_str();
        let typed = (1..=MOST_LETTERS).contains(&code.len());
        if !typed || !code.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(format!("the code {code:?} is none that people type"));
        }
        let links = [
            Some(&self.verification_uri),
            self.verification_uri_complete.as_ref(),
        ];
        for link in links.into_iter().flatten() {
            let web = Url::parse(link)
                .is_ok_and(|url| url.scheme() == "https" || (plain && url.scheme() == "http"));
            if !web || link.len() > MOST_LINK {
                return Err(format!("{link:?} is no web address that can be shown"));
            }
        }
        Ok(())
    }
}

/// Where nothing is said (RFC 8628, section 3.2).
fn five() -> u64 {
    5
}

/// How it stands with a sign-in (RFC 8628, section 3.5).
pub(crate) enum Answer {
    Allowed(SessionTokens),
    Pending,
    SlowDown,
    Denied,
    Expired,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: String,
    error_description: String,
}

impl Service {
    /// Asks the home server who it leaves its accounts to (MSC2965).
    pub(crate) async fn discover(homeserver: &Homeserver) -> Result<Self, ServiceError> {
        let what = "asking who has the home server's accounts";
        for place in [&["v1"][..], &["unstable", "org.matrix.msc2965"]] {
            let client = ["_matrix", "client"].iter();
            let path: Vec<&str> = client.chain(place).copied().collect();
            let url = homeserver.url(&[&path[..], &["auth_metadata"]].concat());
            let (status, body) = homeserver.answer(what, homeserver.http().get(url)).await?;
            if status.is_success() {
                return Self::of(homeserver, body);
            }
            let error = RequestError::of(what, status, &body);
            if !error.is_not_found() {
                return Err(error.into());
            }
        }
        let reason = "the home server does not use OAuth 2.0 (no auth_metadata)".to_owned();
        Err(ServiceError::NotOffered(reason))
    }

    fn of(homeserver: &Homeserver, body: Value) -> Result<Self, ServiceError> {
        let metadata = Metadata::deserialize(body);
        let metadata = metadata.map_err(|error| {
            let reason = format!("auth_metadata of the home server is not understood: {error}");
            ServiceError::NotOffered(reason)
        })?;
        // A home server on this very machine may have its service there too.
        let plain = homeserver.base().scheme() == "http";
        if let Some(url) = metadata.addresses().find(|url| url.scheme() != "https")
            && !plain
        {
            let reason = format!("{url} in the home server's auth_metadata is not https");
            return Err(ServiceError::NotOffered(reason));
        }
        let Some(devices) = metadata.device_authorization_endpoint.clone() else {
            let reason = format!("{} offers no device authorization grant", metadata.issuer);
            return Err(ServiceError::NotOffered(reason));
        };
        let http = homeserver.http().clone();
        Ok(Self {
            http,
            metadata,
            devices,
            plain,
        })
    }

    pub(crate) fn issuer(&self) -> &Url {
        &self.metadata.issuer
    }

    /// Makes the room known to the service; as which client. `about` is a page about it.
    pub(crate) async fn register(&self, name: &str, about: &Url) -> Result<String, ServiceError> {
        let what = "registering as a client";
        let Some(endpoint) = self.metadata.registration_endpoint.clone() else {
            let reason = format!(
                "{} takes no clients that register themselves: matrix.oauth_client_id is needed",
                self.issuer()
            );
            return Err(ServiceError::NotOffered(reason));
        };
        let body = json!({
            "client_name": name,
            "client_uri": about,
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "grant_types": [DEVICE_CODE, "refresh_token"],
            "response_types": [],
            "redirect_uris": [],
        });
        #[derive(Deserialize)]
        struct Registered {
            client_id: String,
        }
        let request = self.http.post(endpoint).json(&body);
        let registered: Registered = self.ask(what, request).await?;
        Ok(registered.client_id)
    }

    /// Begins to sign `device` in.
    pub(crate) async fn begin(
        &self,
        client_id: &str,
        device: &str,
    ) -> Result<DeviceAuthorization, ServiceError> {
        let scope = format!("{SCOPE_API} {SCOPE_DEVICE}{device}");
        let request = self.form(
            &self.devices,
            &[("client_id", client_id), ("scope", &scope)],
        );
        let what = "asking for a code";
        let code: DeviceAuthorization = self.ask(what, request).await?;
        match code.check(self.plain) {
            Ok(()) => Ok(code),
            Err(reason) => Err(ServiceError::NotOffered(reason)),
        }
    }

    /// Asks whether somebody has allowed it.
    pub(crate) async fn look(
        &self,
        client_id: &str,
        of: &DeviceAuthorization,
    ) -> Result<Answer, ServiceError> {
        let fields = [
            ("grant_type", DEVICE_CODE),
            ("client_id", client_id),
            ("device_code", &of.device_code),
        ];
        let request = self.form(&self.metadata.token_endpoint, &fields);
        match self.ask("asking whether it is allowed", request).await {
            Ok(Tokens {
                access_token,
                refresh_token,
            }) => Ok(Answer::Allowed(SessionTokens {
                access_token,
                refresh_token,
            })),
            Err(ServiceError::Refused { error, .. }) if error == "authorization_pending" => {
                Ok(Answer::Pending)
            }
            Err(ServiceError::Refused { error, .. }) if error == "slow_down" => {
                Ok(Answer::SlowDown)
            }
            Err(ServiceError::Refused { error, .. }) if error == "access_denied" => {
                Ok(Answer::Denied)
            }
            Err(ServiceError::Refused { error, .. }) if error == "expired_token" => {
                Ok(Answer::Expired)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends a session that is not used.
    pub(crate) async fn revoke(&self, client_id: &str, token: &str) -> Result<(), ServiceError> {
        let Some(endpoint) = &self.metadata.revocation_endpoint else {
            return Ok(());
        };
        let request = self.form(endpoint, &[("client_id", client_id), ("token", token)]);
        self.ask::<Value>("ending a session", request)
            .await
            .map(drop)
    }

    fn form(&self, url: &Url, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body = form.extend_pairs(fields).finish();
        let request = self.http.post(url.clone());
        let kind = "application/x-www-form-urlencoded";
        request.header(CONTENT_TYPE, kind).body(body)
    }

    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        what: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ServiceError> {
        let answer = request
            .send()
            .await
            .map_err(|error| unreachable(what, &error))?;
        let status = answer.status();
        let body = answer
            .bytes()
            .await
            .map_err(|error| unreachable(what, &error))?;
        read(what, status, &body)
    }
}

impl Metadata {
    fn addresses(&self) -> impl Iterator<Item = &Url> {
        let optional = [
            &self.registration_endpoint,
            &self.device_authorization_endpoint,
            &self.revocation_endpoint,
        ];
        let required = [&self.issuer, &self.token_endpoint];
        required.into_iter().chain(optional.into_iter().flatten())
    }
}

fn unreachable(what: &'static str, error: &reqwest::Error) -> ServiceError {
    let reason = crate::homeserver::plain(error);
    RequestError::Unreachable { what, reason }.into()
}

/// An answer of the service; an error without a body of OAuth's is a broken service.
fn read<T: for<'de> Deserialize<'de>>(
    what: &'static str,
    status: StatusCode,
    body: &[u8],
) -> Result<T, ServiceError> {
    if status.is_success() {
        // Revocation answers with nothing.
        let body = if body.is_empty() { b"null" } else { body };
        return serde_json::from_slice(body).map_err(|error| {
            // Where it is wrong, not what stands there: that may be a token.
            let reason = format!("{:?} at column {}", error.classify(), error.column());
            RequestError::Unreachable { what, reason }.into()
        });
    }
    let error: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    if error.error.is_empty() {
        let reason = status.to_string();
        return Err(RequestError::Unreachable { what, reason }.into());
    }
    Err(ServiceError::Refused {
        what,
        error: error.error,
        description: error.error_description,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Credential;

    fn of(base: &str, change: impl FnOnce(&mut Value)) -> Result<Service, ServiceError> {
        let base = base.parse().unwrap();
        let homeserver = Homeserver::new(base, Credential::new(None)).unwrap();
        let mut body = json!({
            "issuer": "https://account.hs/",
            "token_endpoint": "https://account.hs/token",
            "registration_endpoint": "https://account.hs/register",
            "device_authorization_endpoint": "https://account.hs/device",
            "revocation_endpoint": "https://account.hs/revoke",
            "authorization_endpoint": "https://account.hs/authorize",
        });
        change(&mut body);
        Service::of(&homeserver, body)
    }

    #[test]
    fn a_service_that_offers_too_little_is_named_with_what_it_lacks() {
        assert!(of("https://hs/", |_| {}).is_ok());
        let lacks = |key: &str| {
            let service = of("https://hs/", |body| {
                drop(body.as_object_mut().unwrap().remove(key))
            });
            service.unwrap_err().to_string()
        };
        assert!(lacks("token_endpoint").contains("token_endpoint"));
        assert!(lacks("device_authorization_endpoint").contains("https://account.hs/"));
    }

    #[test]
    fn tokens_go_over_tls_unless_the_home_server_is_on_this_machine() {
        let plain = |body: &mut Value| body["token_endpoint"] = json!("http://account.hs/token");
        let error = of("https://hs/", plain).unwrap_err();
        assert!(
            error.to_string().contains("http://account.hs/token"),
            "{error}"
        );
        assert!(of("http://127.0.0.1:8008/", plain).is_ok());
    }

    #[test]
    fn what_the_service_answers_is_never_quoted_where_it_may_be_a_token() {
        let body = br#"{"access_token":"mat_secret","refresh_token":7}"#;
        let error = read::<Tokens>("asking", StatusCode::OK, body)
            .err()
            .unwrap();
        assert!(!error.to_string().contains("mat_secret"), "{error}");
        let body = br#"{"error":"invalid_scope","error_description":"no devices today"}"#;
        let error = read::<Tokens>("asking", StatusCode::FORBIDDEN, body)
            .err()
            .unwrap();
        assert!(error.to_string().contains("no devices today"), "{error}");
        let broken = read::<Tokens>("asking", StatusCode::BAD_GATEWAY, b"<html>")
            .err()
            .unwrap();
        assert!(matches!(
            broken,
            ServiceError::Request(RequestError::Unreachable { .. })
        ));
    }

    #[test]
    fn codes_and_addresses_that_cannot_be_shown_are_refused() {
        let good = DeviceAuthorization {
            device_code: "secret".into(),
            user_code: "WDJB-MJHT".into(),
            verification_uri: "https://account.hs/link".into(),
            verification_uri_complete: None,
            expires_in: 600,
            interval: 5,
        };
        assert_eq!(good.check(false), Ok(()));
        for code in ["", "\u{202e}TJHM", "W\n", &"W".repeat(33)] {
            let user_code = code.to_owned();
            assert!(
                DeviceAuthorization {
                    user_code,
                    ..good.clone()
                }
                .check(false)
                .is_err(),
                "{code}"
            );
        }
        let verification_uri = "http://127.0.0.1/link".to_owned();
        let here = DeviceAuthorization {
            verification_uri,
            ..good.clone()
        };
        assert!(here.check(false).is_err() && here.check(true).is_ok());
        for link in [
            "javascript:alert(1)",
            "link",
            &format!("https://hs/{}", "x".repeat(512)),
        ] {
            let verification_uri_complete = Some(link.to_owned());
            let bad = DeviceAuthorization {
                verification_uri_complete,
                ..good.clone()
            };
            assert!(bad.check(false).is_err(), "{link}");
        }
    }
}
