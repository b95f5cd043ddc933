//! Performs what a [`CalDav`] wants to ask, and what is to be changed in its calendars.

use jiff::Timestamp;
use reqwest::{Client, Method, header};
use saal_calendar::{
    caldav::{CalDav, CalDavError, Condition, Request, Response, Step},
    edit::{self, EditError, Edited},
};
use url::Url;

use crate::{ChangeError, Failure, Login, http, names::NameServers};

/// A look that asks more than this goes round in circles.
const MOST_QUESTIONS: usize = 2_000;
/// A meeting that others change as often while it is written is left to them.
const MOST_TRIES: usize = 3;

/// One look, to its end; whether anything changed.
pub(crate) async fn look(
    dav: &mut CalDav,
    client: &Client,
    login: Option<&Login>,
    names: &NameServers,
) -> Result<bool, Failure> {
    let mut step = dav.look(Timestamp::now());
    // Where a domain's name server knows nothing either, this is what is wrong.
    let mut first = None;
    for _ in 0..MOST_QUESTIONS {
        match step {
            Step::Done { changed } => return Ok(changed),
            // Somebody answered, and would get the password.
            Step::Failed(error @ CalDavError::Elsewhere(_)) => return Err(error.into()),
            Step::Failed(error) => return Err(first.unwrap_or(error.into())),
            Step::Ask(request) => match ask(client, login, request).await {
                Ok(response) => step = dav.answer(Timestamp::now(), &response),
                Err(failure) => match dav.unanswered() {
                    Some(next) => {
                        first.get_or_insert(failure);
                        step = next;
                    }
                    None => return Err(first.unwrap_or(failure)),
                },
            },
            Step::LookUp { name } => {
                let found = names.services(&name).await;
                let found = found.map_err(|failure| first.take().unwrap_or(failure))?;
                step = dav.services(Timestamp::now(), found);
            }
        }
    }
    Err(Failure::Http("the server never comes to an end".to_owned()))
}

/// An object that is to be changed, and how.
pub(crate) struct Changing<'a, F> {
    pub(crate) uid: &'a str,
    pub(crate) by: F,
    pub(crate) client: &'a Client,
    pub(crate) login: Option<&'a Login>,
}

/// Changes one object; when others were quicker (412) it is fetched again and decided again.
pub(crate) async fn change<F>(
    dav: &mut CalDav,
    mut what: Changing<'_, F>,
) -> Result<(), ChangeError>
where
    F: FnMut(&CalDav, &str) -> Result<Edited, EditError>,
{
    for _ in 0..MOST_TRIES {
        let found = dav.find(what.uid).ok_or(ChangeError::Unknown)?;
        let (url, etag, before) = found;
        let text = match (what.by)(dav, &before)? {
            Edited::Same => return Ok(()),
            Edited::Gone => None,
            Edited::Text(text) => Some(text),
        };
        // RFC 9110 section 13.1.1: a weak one never matches.
        let strong = etag.filter(|etag| !etag.starts_with("W/"));
        let method = if text.is_some() { "PUT" } else { "DELETE" };
        let mut request = Request::of_object(method, url.clone(), strong.map(Condition::Is));
        request.body = text.clone().unwrap_or_default();
        let response = ask(what.client, what.login, request).await?;
        if response.status != 412 {
            written(&response)?;
            dav.learn(&url, None, text);
            return Ok(());
        }
        let request = Request::of_object("GET", url.clone(), None);
        let now = ask(what.client, what.login, request).await?;
        match now.status {
            404 | 410 => dav.learn(&url, None, None),
            _ => {
                written(&now)?;
                dav.learn(&url, now.etag, Some(now.body));
            }
        }
    }
    Err(ChangeError::Conflict)
}

/// Makes an object.
pub(crate) async fn create(
    dav: &mut CalDav,
    event: &edit::NewEvent,
    client: &Client,
    login: Option<&Login>,
) -> Result<(), ChangeError> {
    let url = dav
        .calendar()
        .and_then(|calendar| file_of(calendar, &event.uid));
    let url = url.ok_or(ChangeError::Unknown)?;
    let mut request = Request::of_object("PUT", url, Some(Condition::IsNew));
    request.body = edit::new_object(event, Timestamp::now());
    let response = ask(client, login, request).await?;
    if response.status == 412 {
        return Err(ChangeError::Conflict);
    }
    written(&response)?;
    // Under which address it is now, the server says.
    dav.compare();
    Ok(())
}

fn file_of(calendar: &Url, uid: &str) -> Option<Url> {
    calendar
        .join(&format!("{}.ics", crate::folder::safe_name(uid)))
        .ok()
}

fn written(response: &Response) -> Result<(), ChangeError> {
    match response.status {
        200..=299 => Ok(()),
        404 | 410 => Err(ChangeError::Unknown),
        412 => Err(ChangeError::Conflict),
        429 | 500.. => Err(ChangeError::Failed(format!(
            "the server answered with {}",
            response.status
        ))),
        status => Err(ChangeError::Refused(format!(
            "the server answered with {status}"
        ))),
    }
}

pub(crate) async fn ask(
    client: &Client,
    login: Option<&Login>,
    request: Request,
) -> Result<Response, Failure> {
    let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
    let mut asked = client.request(method, request.url);
    if !request.body.is_empty() {
        let kind = (header::CONTENT_TYPE, request.content_type);
        asked = asked.header(kind.0, kind.1).body(request.body);
    }
    if let Some(depth) = request.depth {
        asked = asked.header("Depth", depth);
    }
    asked = match request.condition {
        Some(Condition::Is(etag)) => asked.header(header::IF_MATCH, etag),
        Some(Condition::IsNew) => asked.header(header::IF_NONE_MATCH, "*"),
        None => asked,
    };
    let answer = http::send(http::with_login(asked, login)).await?;
    Ok(Response {
        status: answer.status,
        location: answer.header("location"),
        etag: answer.header("etag"),
        retry_after: answer
            .header("retry-after")
            .and_then(|after| after.trim().parse().ok()),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}
