//! From a server name to the home server's address (Matrix specification, client-server API,
//! "Server discovery"): `https://NAME/.well-known/matrix/client`.
//!
//! SRV records are for home servers among themselves; clients do not look for them.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use url::{Host, Url};

use crate::{homeserver::plain, trust::distrusts};

const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Where a home server is is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {reason}")]
pub struct Undiscovered {
    /// What was asked for.
    pub url: String,
    /// For the log.
    pub reason: String,
    /// The server's certificate is not trusted, or not meant for it.
    pub untrusted: bool,
}

/// Looks up where the client-server API of a server name is.
///
/// # Errors
/// Why it is not known.
pub async fn discover(name: &str) -> Result<Url, Undiscovered> {
    let url = format!("https://{name}/.well-known/matrix/client");
    let failed = |reason, untrusted| Undiscovered {
        url: url.clone(),
        reason,
        untrusted,
    };
    let unasked = |error: reqwest::Error| failed(plain(&error), distrusts(&error));
    let client = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .user_agent(concat!("saal/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(unasked)?;
    let answer = client.get(&url).send().await.map_err(unasked)?;
    let status = answer.status();
    let file = answer.json().await.unwrap_or_default();
    address(name, status, &file).map_err(|reason| failed(reason, false))
}

/// A server without the file answers under its own name.
pub(crate) fn address(name: &str, status: StatusCode, file: &Value) -> Result<Url, String> {
    if status == StatusCode::NOT_FOUND {
        return Url::parse(&format!("https://{name}/")).map_err(|error| error.to_string());
    }
    if !status.is_success() {
        return Err(status.to_string());
    }
    let address = file["m.homeserver"]["base_url"].as_str();
    let address = address.ok_or("m.homeserver.base_url is missing")?;
    let url = Url::parse(address).map_err(|error| format!("base_url {address:?}: {error}"))?;
    let here = match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(format!("base_url {address:?} is not https")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: u16, file: &Value) -> Result<String, String> {
        let status = StatusCode::from_u16(status).unwrap();
        address("example.org", status, file).map(String::from)
    }

    fn file(address: &str) -> Value {
        json!({ "m.homeserver": { "base_url": address } })
    }

    #[test]
    fn the_file_names_the_address_and_without_one_the_name_is_it() {
        let there = of(200, &file("https://matrix.example.org"));
        assert_eq!(there.as_deref(), Ok("https://matrix.example.org/"));
        assert_eq!(of(404, &json!(null)).as_deref(), Ok("https://example.org/"));
        let here = of(200, &file("http://127.0.0.1:8008"));
        assert_eq!(here.as_deref(), Ok("http://127.0.0.1:8008/"));
    }

    #[test]
    fn a_file_that_leads_nowhere_safe_is_refused_with_its_reason() {
        let refused = |file: &Value| of(200, file).unwrap_err();
        assert!(refused(&json!({})).contains("is missing"));
        assert!(refused(&json!(null)).contains("is missing"));
        assert!(refused(&file("http://matrix.example.org")).contains("is not https"));
        assert!(refused(&file("ftp://127.0.0.1")).contains("is not https"));
        assert!(refused(&file("matrix.example.org")).contains("base_url"));
        assert!(of(502, &json!({})).unwrap_err().contains("502"));
    }
}
