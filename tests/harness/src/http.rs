//! Asking servers over HTTP with errors that name what was asked.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::error::{Error, Result};

/// The one client for loopback servers; making one costs 0.1 s, for certificates that loopback never shows.
pub(crate) fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let make = || {
        reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .no_proxy()
            .build()
    };
    CLIENT
        .get_or_init(|| make().expect("the system's certificates load"))
        .clone()
}

/// Asks with JSON (or without a body) and gives the JSON of a successful answer (null for an empty one).
pub(crate) async fn json(
    client: &reqwest::Client,
    method: Method,
    url: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Result<Value> {
    let bytes = bytes(client, method, url, token, body).await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|_| Error::Answer {
        what: url.to_owned(),
        answer: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Asks and gives the body of a successful answer.
pub(crate) async fn bytes(
    client: &reqwest::Client,
    method: Method,
    url: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Result<Vec<u8>> {
    let no_answer = |source| Error::NoAnswer {
        method: method.to_string(),
        url: url.to_owned(),
        source,
    };
    let mut request = client.request(method.clone(), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.map_err(no_answer)?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(no_answer)?.to_vec();
    if status.is_success() {
        return Ok(bytes);
    }
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Err(Error::Refused {
        method: method.to_string(),
        url: url.to_owned(),
        status: status.as_u16(),
        body,
    })
}

/// Whether `url` answers with success.
pub(crate) async fn answers(client: &reqwest::Client, url: &str) -> bool {
    client
        .get(url)
        .send()
        .await
        .is_ok_and(|response| response.status().is_success())
}
