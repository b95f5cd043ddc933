//! An address that gives iCalendar, asked with what it said of itself the last time (RFC 9110 section 13).

use std::time::Duration;

use reqwest::{Client, header};
use saal_calendar::caldav::CalDavError;
use url::Url;

use crate::{Failure, Login, http};

/// Publishers move their feeds once or twice.
const MOST_REDIRECTS: usize = 5;

/// What the server said of the version that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Version {
    etag: Option<String>,
    modified: Option<String>,
}

/// The file, or `None` where it is the one that is known.
pub(crate) async fn get(
    client: &Client,
    url: &Url,
    login: Option<&Login>,
    version: &mut Version,
) -> Result<Option<Vec<u8>>, Failure> {
    let mut at = web(url);
    for _ in 0..=MOST_REDIRECTS {
        let mut request = client
            .get(at.clone())
            .header(header::ACCEPT, "text/calendar, */*;q=0.1");
        if let Some(etag) = &version.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(modified) = &version.modified {
            request = request.header(header::IF_MODIFIED_SINCE, modified);
        }
        // Another host gets no password.
        let login = login.filter(|_| at.host_str() == url.host_str());
        let answer = http::send(http::with_login(request, login)).await?;
        match (answer.status, answer.header("location")) {
            (304, _) => return Ok(None),
            (200..=299, _) => {
                version.etag = answer.header("etag");
                version.modified = answer.header("last-modified");
                return Ok(Some(answer.body));
            }
            (301 | 302 | 303 | 307 | 308, Some(location)) => at = next(&at, &location)?,
            (status, _) => return Err(refused(status, &answer)),
        }
    }
    Err(Failure::Http(
        "the address leads round in circles".to_owned(),
    ))
}

/// `webcal:` is how feeds are published for programs that know it.
fn web(url: &Url) -> Url {
    let text = url.as_str();
    let https = text
        .strip_prefix("webcal://")
        .or_else(|| text.strip_prefix("webcals://"));
    https
        .and_then(|rest| Url::parse(&format!("https://{rest}")).ok())
        .unwrap_or_else(|| url.clone())
}

fn next(at: &Url, location: &str) -> Result<Url, Failure> {
    let bad = || Failure::Http("the server leads to no address".to_owned());
    let url = at.join(location).map_err(|_| bad())?;
    // What was asked for by TLS is not fetched without.
    if at.scheme() == "https" && url.scheme() != "https" {
        return Err(Failure::Http(
            "the server leads to an address without TLS".to_owned(),
        ));
    }
    Ok(url)
}

fn refused(status: u16, answer: &http::Answer) -> Failure {
    match status {
        401 | 403 => CalDavError::Unauthorized.into(),
        404 | 410 => Failure::Http("there is no calendar at this address".to_owned()),
        429 | 503 => {
            let after = answer
                .header("retry-after")
                .and_then(|after| after.trim().parse().ok());
            CalDavError::Busy(Duration::from_secs(after.unwrap_or(60).min(900))).into()
        }
        status => CalDavError::Status(status).into(),
    }
}
