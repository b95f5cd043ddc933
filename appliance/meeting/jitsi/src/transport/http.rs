//! Requests beside the link: `config.js` and conference requests.

use std::time::Duration;

use saal_meeting::Secret;
use url::Url;

use super::trust;

/// A page that takes longer is no use to people who stand before the panel.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// More than any answer that is read here, in bytes.
const MAX_BYTES: usize = 2 << 20;

/// A request that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unanswered {
    /// For the log.
    pub(crate) reason: String,
    /// The server's certificate is not trusted.
    pub(crate) untrusted: bool,
}

/// A client that goes through the proxy where there is one.
pub(crate) fn client(proxy: Option<&Url>) -> Result<reqwest::Client, Unanswered> {
    let mut builder = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .connect_timeout(ANSWER_WITHIN)
        .user_agent(concat!("Saal/", env!("CARGO_PKG_VERSION")));
    builder = match proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.as_str()).map_err(unanswered)?),
        None => builder.no_proxy(),
    };
    builder.build().map_err(unanswered)
}

/// Status and text of a page.
pub(crate) async fn get(client: &reqwest::Client, url: Url) -> Result<(u16, String), Unanswered> {
    read(client.get(url).send().await.map_err(unanswered)?).await
}

/// Sends JSON, with a token where there is one.
pub(crate) async fn post(
    client: &reqwest::Client,
    url: &str,
    body: String,
    token: Option<&Secret>,
) -> Result<(u16, String), Unanswered> {
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token.reveal());
    }
    read(request.send().await.map_err(unanswered)?).await
}

/// Reads an answer, but no endless one.
pub(crate) async fn read(mut response: reqwest::Response) -> Result<(u16, String), Unanswered> {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            let reason = format!("the answer has more than {MAX_BYTES} bytes");
            let untrusted = false;
            return Err(Unanswered { reason, untrusted });
        }
    }
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

/// Addresses carry tokens, so the error goes without its own; causes say what happened.
pub(crate) fn unanswered(error: reqwest::Error) -> Unanswered {
    use std::error::Error as _;
    let error = error.without_url();
    let untrusted = trust::distrusts(&error);
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    Unanswered { reason, untrusted }
}
