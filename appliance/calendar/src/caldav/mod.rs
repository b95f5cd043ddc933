//! A CalDAV client (RFC 4791) as a pure state machine: it says what to ask, and is given the answers.
//!
//! It finds the calendars behind an address (RFC 6764, 5397, 4791 section 6.2), asks for the weeks around now, and from then
//! on for changes: by sync-token (RFC 6578) where the server has them, else by comparing ETags. Once in a while everything
//! is compared, because servers exist whose tokens tell of no change.

mod bodies;
mod collection;
mod discovery;
pub mod inbox;
mod multistatus;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use url::Url;

use crate::edit;

use self::{
    collection::{Collection, Next},
    discovery::Discovery,
};
pub use discovery::Service;

/// Redirects of one request.
const MOST_REDIRECTS: u8 = 5;
/// So long a server that is busy is left alone where it names no time.
const PAUSE: Duration = Duration::from_secs(60);
/// Longer pauses than this are not obeyed: a room would miss its meetings.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// What to ask the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `PROPFIND`, `REPORT`, `GET`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// Where.
    pub url: Url,
    /// The header `Depth`.
    pub depth: Option<&'static str>,
    /// Under which condition it is to be done (RFC 9110 section 13.1).
    pub condition: Option<Condition>,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// What is sent.
    pub body: String,
}

/// What has to be so before the server does it; else it answers with 412.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `If-Match`: the object is as it was when it had this ETag.
    Is(String),
    /// `If-None-Match: *`: there is no such object.
    IsNew,
}

impl Request {
    fn xml(method: &'static str, url: Url, depth: &'static str, body: String) -> Self {
        Self {
            method,
            url,
            depth: Some(depth),
            condition: None,
            content_type: "application/xml; charset=utf-8",
            body,
        }
    }

    /// About one object.
    #[must_use]
    pub fn of_object(method: &'static str, url: Url, condition: Option<Condition>) -> Self {
        Self {
            method,
            url,
            depth: None,
            condition,
            content_type: "text/calendar; charset=utf-8",
            body: String::new(),
        }
    }
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP's.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `ETag`.
    pub etag: Option<String>,
    /// The header `Retry-After`, where it is a number of seconds.
    pub retry_after: Option<u64>,
    /// What was sent.
    pub body: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask, and give the answer to [`CalDav::answer`], or tell [`CalDav::unanswered`] that there is none.
    Ask(Request),
    /// Look a domain's CalDAV services up (RFC 6764 section 3), and give them to [`CalDav::services`].
    LookUp {
        /// `_caldavs._tcp` or `_caldav._tcp` with its domain.
        name: String,
    },
    /// This look is over; whether anything is other than before.
    Done {
        /// Objects came, went or changed.
        changed: bool,
    },
    /// This look is over without an answer; what was known stays.
    Failed(CalDavError),
}

/// Why a look failed; the message is for people who look after the room.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CalDavError {
    /// 401, 403.
    #[error("the server refuses the user or the password")]
    Unauthorized,
    /// 404, 410, or there is no calendar.
    #[error("there is no calendar at {}", without_query(.0))]
    NoCalendar(Url),
    /// A redirect to another host, which would get the password.
    #[error("the server leads to {}; put that address into the configuration if it is right", without_query(.0))]
    Elsewhere(Url),
    /// 429, 503.
    #[error("the server is busy; asked again in {} s", .0.as_secs())]
    Busy(Duration),
    /// Any other status.
    #[error("the server answered with {0}")]
    Status(u16),
    /// The answer is not what the standard says.
    #[error("the server's answer can't be read: {0}")]
    Malformed(String),
}

/// What a server writes behind an address, or before its host, may open it for everybody who reads the log.
fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // An address without a host has neither.
    let _ = url.set_username("").and(url.set_password(None));
    url
}

/// One account's calendars.
#[derive(Clone, Debug)]
pub struct CalDav {
    base: Url,
    /// How far ahead it asks.
    ahead: SignedDuration,
    state: State,
    collections: Vec<Collection>,
    /// The room's own addresses, as the server knows them.
    addresses: Vec<String>,
    inbox: Option<Url>,
    asked: Option<Request>,
    redirects: u8,
}

#[derive(Clone, Debug)]
enum State {
    /// Between looks.
    Idle,
    Discovering(Discovery),
    /// At which collection, and whether anything changed so far.
    Looking {
        at: usize,
        changed: bool,
    },
}

impl CalDav {
    /// The calendars at or behind this address, from two days ago to so far ahead.
    #[must_use]
    pub fn new(base: Url, ahead: SignedDuration) -> Self {
        Self {
            base,
            ahead,
            state: State::Idle,
            collections: Vec::new(),
            addresses: Vec::new(),
            inbox: None,
            asked: None,
            redirects: 0,
        }
    }

    /// Begins a look; one that was not finished is given up.
    pub fn look(&mut self, now: Timestamp) -> Step {
        self.redirects = 0;
        if self.collections.is_empty() {
            let (discovery, request) = Discovery::begin(&self.base);
            self.state = State::Discovering(discovery);
            return self.ask(request);
        }
        self.begin(0, false, now)
    }

    /// Goes on with an answer.
    pub fn answer(&mut self, now: Timestamp, response: &Response) -> Step {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => Step::Done { changed: false },
            state => match self.redirected(response) {
                Ok(Some(request)) => {
                    self.state = state;
                    self.ask(request)
                }
                Ok(None) => self.go_on(state, now, response),
                Err(error) => Step::Failed(error),
            },
        }
    }

    /// Goes on where the last question has no answer; `None`: there is nothing else to be asked.
    pub fn unanswered(&mut self) -> Option<Step> {
        let State::Discovering(discovery) = std::mem::replace(&mut self.state, State::Idle) else {
            return None;
        };
        let asked = self.asked.as_ref().map_or(&self.base, |asked| &asked.url);
        match discovery.unanswered(&asked.clone())? {
            discovery::Next::Ask(discovery, request) => {
                self.state = State::Discovering(discovery);
                Some(self.ask(request))
            }
            discovery::Next::LookUp(discovery, domain) => Some(self.look_up(discovery, &domain)),
            discovery::Next::Found { .. } => None,
        }
    }

    /// Goes on with the services that a domain's name server tells of; none: it knows none.
    pub fn services(&mut self, now: Timestamp, services: Vec<Service>) -> Step {
        let State::Discovering(discovery) = std::mem::replace(&mut self.state, State::Idle) else {
            return Step::Done { changed: false };
        };
        self.redirects = 0;
        let next = discovery.services(&self.base, services);
        self.discovered(now, next)
    }

    /// What the calendars hold around now, each object with its address.
    pub fn objects(&self) -> impl Iterator<Item = (&Url, &[u8])> {
        self.collections.iter().flat_map(Collection::objects)
    }

    /// Where new events are made: the account's first calendar.
    #[must_use]
    pub fn calendar(&self) -> Option<&Url> {
        self.collections.first().map(Collection::url)
    }

    /// The object with this UID: its address, its ETag and its text.
    #[must_use]
    pub fn find(&self, uid: &str) -> Option<(Url, Option<String>, String)> {
        let mut all = self.collections.iter().flat_map(Collection::texts);
        let (url, etag, data) = all.find(|(_, _, data)| edit::is_of(data, uid))?;
        Some((url.clone(), etag.cloned(), data.to_owned()))
    }

    /// The next look compares everything with what the server has, whatever its tokens say.
    pub fn compare(&mut self) {
        self.collections.iter_mut().for_each(Collection::compare);
    }

    /// What an object was found to be beside the looks; without text it is gone. Without an ETag the next look fetches it.
    pub fn learn(&mut self, url: &Url, etag: Option<String>, text: Option<String>) {
        let holds = |c: &&mut Collection| url.as_str().starts_with(c.url().as_str());
        if let Some(collection) = self.collections.iter_mut().find(holds) {
            collection.learn(url, etag, text);
        }
    }

    /// The room's addresses among attendees, as the server tells them, without `mailto:`.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Where a server that schedules lays what others want of the account.
    #[must_use]
    pub fn inbox(&self) -> Option<&Url> {
        self.inbox.as_ref()
    }

    /// Whether a server's tokens were found to tell of no change.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.collections.iter().any(Collection::is_compared)
    }

    fn go_on(&mut self, state: State, now: Timestamp, response: &Response) -> Step {
        match state {
            State::Idle => Step::Done { changed: false },
            State::Discovering(discovery) => self.discover(discovery, now, response),
            State::Looking { at, changed } => {
                let Some(collection) = self.collections.get_mut(at) else {
                    return Step::Done { changed };
                };
                match collection.answer(now, response) {
                    Ok(Next::Ask(request)) => {
                        self.state = State::Looking { at, changed };
                        self.ask(request)
                    }
                    Ok(Next::Done { changed: more }) => self.begin(at + 1, changed || more, now),
                    // A calendar that is gone is looked for anew the next time.
                    Err(error @ CalDavError::NoCalendar(_)) => {
                        self.collections.remove(at);
                        Step::Failed(error)
                    }
                    Err(error) => Step::Failed(error),
                }
            }
        }
    }

    fn discover(&mut self, discovery: Discovery, now: Timestamp, response: &Response) -> Step {
        let asked = self.asked.as_ref().map_or(&self.base, |asked| &asked.url);
        let next = discovery.answer(asked, response);
        self.discovered(now, next)
    }

    fn discovered(&mut self, now: Timestamp, next: Result<discovery::Next, CalDavError>) -> Step {
        match next {
            Ok(discovery::Next::Ask(discovery, request)) => {
                self.state = State::Discovering(discovery);
                self.ask(request)
            }
            Ok(discovery::Next::LookUp(discovery, domain)) => self.look_up(discovery, &domain),
            Ok(discovery::Next::Found {
                calendars,
                addresses,
                inbox,
            }) => {
                let collection = |url| Collection::new(url, self.ahead);
                self.collections = calendars.into_iter().map(collection).collect();
                (self.addresses, self.inbox) = (addresses, inbox);
                self.begin(0, true, now)
            }
            Err(error) => Step::Failed(error),
        }
    }

    fn look_up(&mut self, discovery: Discovery, domain: &str) -> Step {
        self.state = State::Discovering(discovery);
        let service = match self.base.scheme() {
            "https" => "_caldavs",
            _ => "_caldav",
        };
        Step::LookUp {
            name: format!("{service}._tcp.{domain}"),
        }
    }

    fn begin(&mut self, at: usize, changed: bool, now: Timestamp) -> Step {
        let Some(collection) = self.collections.get_mut(at) else {
            self.state = State::Idle;
            return Step::Done { changed };
        };
        let request = collection.look(now);
        self.state = State::Looking { at, changed };
        self.ask(request)
    }

    fn ask(&mut self, request: Request) -> Step {
        self.asked = Some(request.clone());
        Step::Ask(request)
    }

    /// The same request at another place of the same host. HTTP clients would make a `GET` of it, or send the password
    /// anywhere.
    fn redirected(&mut self, response: &Response) -> Result<Option<Request>, CalDavError> {
        let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        let (true, Some(location), Some(asked)) = (is_redirect, &response.location, &self.asked)
        else {
            return Ok(None);
        };
        let bad = |_| CalDavError::Malformed("Location is no address".to_owned());
        let url = asked.url.join(location).map_err(bad)?;
        let same = url.host_str() == asked.url.host_str();
        let safe = url.scheme() == "https" || url.scheme() == asked.url.scheme();
        if !(same && safe) {
            return Err(CalDavError::Elsewhere(url));
        }
        self.redirects += 1;
        if self.redirects > MOST_REDIRECTS {
            return Err(CalDavError::Status(response.status));
        }
        let request = Request {
            url,
            ..asked.clone()
        };
        Ok(Some(request))
    }
}

/// An answer that holds what was asked for.
fn accepted(response: &Response, url: &Url) -> Result<(), CalDavError> {
    match response.status {
        200..=299 => Ok(()),
        401 | 403 => Err(CalDavError::Unauthorized),
        404 | 410 => Err(CalDavError::NoCalendar(url.clone())),
        429 | 503 => {
            let pause = response.retry_after.map_or(PAUSE, Duration::from_secs);
            Err(CalDavError::Busy(pause.min(LONGEST_PAUSE)))
        }
        status => Err(CalDavError::Status(status)),
    }
}

/// The weeks that a room asks for.
fn weeks(now: Timestamp, ahead: SignedDuration) -> (Timestamp, Timestamp) {
    let back = now.checked_sub(SignedDuration::from_hours(48));
    let ahead = now.checked_add(ahead).unwrap_or(Timestamp::MAX);
    (back.unwrap_or(Timestamp::MIN), ahead)
}
