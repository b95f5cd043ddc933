//! What lies in an account's inbox of messages about meetings (RFC 6638 section 2.2).

use url::Url;

use super::{CalDavError, Request, Response, accepted, bodies, multistatus};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it is.
    pub url: Url,
    /// Which version.
    pub etag: Option<String>,
}

/// Asks what there is.
#[must_use]
pub fn list(inbox: &Url) -> Request {
    Request::xml("PROPFIND", inbox.clone(), "1", bodies::members())
}

/// What the answer lists; nothing that is elsewhere.
///
/// # Errors
///
/// Where the server refuses, or its answer can't be read.
pub fn messages(inbox: &Url, response: &Response) -> Result<Vec<Message>, CalDavError> {
    accepted(response, inbox)?;
    let read = multistatus::read(&response.body)?;
    let folder = format!("{}/", inbox.as_str().trim_end_matches('/'));
    let messages = read.resources.into_iter().filter_map(|resource| {
        let url = inbox.join(&resource.href).ok()?;
        let name = url.as_str().strip_prefix(&folder)?;
        (!name.is_empty()).then_some(())?;
        let etag = resource.etag;
        Some(Message { url, etag })
    });
    Ok(messages.collect())
}
