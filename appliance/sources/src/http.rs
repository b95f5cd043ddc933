//! HTTP as calendars need it: no redirects of its own, no answer without an end.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, header::HeaderMap, redirect::Policy};
use url::Url;

use crate::{Failure, Login};

/// A year of a busy room with all its attendees is a tenth of it.
pub(crate) const MOST_BYTES: usize = 50 * 1024 * 1024;
/// For the answer's head.
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// For all of it.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }
}

pub(crate) fn client(proxy: Option<&Url>) -> Result<Client, Failure> {
    let builder = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        .user_agent(concat!("Saal/", env!("CARGO_PKG_VERSION")));
    let builder = match proxy {
        Some(proxy) => {
            let proxy = reqwest::Proxy::all(proxy.as_str());
            builder.proxy(proxy.map_err(|error| failure(&error))?)
        }
        None => builder.no_proxy(),
    };
    builder.build().map_err(|error| failure(&error))
}

pub(crate) fn with_login(request: RequestBuilder, login: Option<&Login>) -> RequestBuilder {
    match login {
        Some(login) => request.basic_auth(&login.user, Some(login.password.reveal())),
        None => request,
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, Failure> {
    let response = request.send().await.map_err(|error| failure(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = body(response).await?;
    Ok(Answer {
        status,
        headers,
        body,
    })
}

async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if bytes.len() + chunk.len() > MOST_BYTES {
            let most = MOST_BYTES / 1024 / 1024;
            return Err(Failure::Http(format!(
                "the answer is larger than {most} MiB"
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// All causes in one line; the address is left out, which may be a secret.
fn failure(error: &reqwest::Error) -> Failure {
    let mut line = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        line = error.to_string();
        cause = error.source();
    }
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "the server can't be reached"
    } else {
        "the connection failed"
    };
    let line = if line.is_empty() {
        String::new()
    } else {
        format!(": {line}")
    };
    Failure::Http(format!("{kind}{line}"))
}
