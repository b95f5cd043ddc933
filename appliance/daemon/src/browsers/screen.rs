//! Pages with a screen of the panel: on visitors' phones, at the door.
//!
//! A button sends the form; with scripts the page is then not loaded anew, and hears of changes by server-sent events
//! (`…/events`): `page` and `over`, each `{"main": HTML}`.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{
        Html, IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, stream};
use saal_meeting::Secret;
use saal_panel::Document;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{Shared, page, socket::is_own_page};
use crate::{
    guests::{Guest, PageReply, PageRequest},
    input::Inputs,
};

const PAGE: &str = include_str!("screen.html");
const OVER: &str = include_str!("over.html");
const SCRIPT: &str = include_str!("follow.js");
const STYLE: &str = include_str!("screen.css");

/// Changes that come together are one.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a silent page hears that its room is there.
const ALIVE: Duration = Duration::from_secs(15);
/// Bytes of a button's value: an element's name, which may hold a Matrix user's and device's.
const MOST_VALUE: usize = 1024;
/// Bytes of what is typed; the field takes 512 characters.
const MOST_TEXT: usize = 2048;

#[derive(Deserialize)]
pub(super) struct Pressed {
    #[serde(rename = "do")]
    what: String,
    /// What was typed beside the button, where there is a field.
    #[serde(default)]
    text: String,
}

/// The page at this path, for this guest.
pub(super) async fn look(
    shared: &Shared,
    headers: &HeaderMap,
    path: &str,
    guest: Guest,
) -> Response {
    let language = page::language(headers);
    let request = PageRequest::Look { guest, language };
    answer(headers, path, shared.inputs.ask_page(request).await)
}

/// A button.
pub(super) async fn press(
    shared: &Shared,
    headers: &HeaderMap,
    path: &str,
    guest: Guest,
    pressed: Pressed,
) -> Response {
    if !is_own_page(headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Pressed { what, text } = pressed;
    if what.len() > MOST_VALUE || text.len() > MOST_TEXT {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let language = page::language(headers);
    let request = PageRequest::Press {
        guest,
        language,
        what,
        text: Secret::new(text),
    };
    answer(headers, path, shared.inputs.ask_page(request).await)
}

/// What the page shows from now on.
pub(super) fn events(shared: Shared, headers: HeaderMap, guest: Guest) -> Response {
    let Some(place) = shared.screens.take() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut changed = shared.changed.clone();
    changed.mark_changed();
    let follower = Follower {
        inputs: shared.inputs,
        changed,
        headers,
        guest,
        shown: String::new(),
        over: false,
        _place: place,
    };
    let alive = KeepAlive::new().interval(ALIVE);
    Sse::new(follower.events())
        .keep_alive(alive)
        .into_response()
}

/// A page that hears of changes.
struct Follower {
    inputs: Inputs,
    changed: watch::Receiver<()>,
    headers: HeaderMap,
    guest: Guest,
    shown: String,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut follower| {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// Ends with what is over.
    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            self.changed.changed().await.ok()?;
            tokio::time::sleep(PAUSE).await;
            self.changed.borrow_and_update();
            let request = PageRequest::Look {
                guest: self.guest.clone(),
                language: page::language(&self.headers),
            };
            let (name, document) = match self.inputs.ask_page(request).await? {
                PageReply::Page(document) => ("page", document),
                PageReply::Over(document) => ("over", document),
                PageReply::Entered(_) => return None,
            };
            self.over = name == "over";
            if document.main != self.shown {
                self.shown.clone_from(&document.main);
                let main = document.main;
                return Event::default().event(name).json_data(Main { main }).ok();
            }
        }
        None
    }
}

/// The part of a page that changes.
#[derive(Serialize)]
struct Main {
    main: String,
}

/// The whole page, or its changing part for a script.
fn answer(headers: &HeaderMap, path: &str, reply: Option<PageReply>) -> Response {
    let (status, text, document) = match reply {
        Some(PageReply::Page(document)) => (StatusCode::OK, PAGE, document),
        Some(PageReply::Over(document)) => (StatusCode::GONE, OVER, document),
        Some(PageReply::Entered(_)) | None => {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let accepts = headers.get(header::ACCEPT);
    if accepts.is_some_and(|accepts| accepts == "application/json") {
        let main = document.main;
        return (status, Json(Main { main })).into_response();
    }
    (status, Html(written(text, path, &document))).into_response()
}

fn written(page: &str, path: &str, document: &Document) -> String {
    let Document {
        language,
        direction,
        title,
        main,
        refresh,
        lost,
    } = document;
    // What comes from outside is put in last.
    page.replace("{path}", path)
        .replace("{kind}", path.trim_start_matches('/'))
        .replace("{language}", language)
        .replace("{direction}", direction)
        .replace("{refresh}", refresh)
        .replace("{lost}", lost)
        .replace("{title}", &saal_panel::escaped(title))
        .replace("{main}", main)
}

/// A cookie's value; empty where there is none.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> String {
    let all = headers
        .get(header::COOKIE)
        .and_then(|all| all.to_str().ok());
    let mut pairs = all.unwrap_or_default().split("; ");
    let found = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default().to_owned()
}

pub(super) async fn script() -> Response {
    page::script(SCRIPT)
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css")], STYLE).into_response()
}
