//! The page of a visitor's phone: the panel's screens as HTML, for one meeting.
//!
//! The code on the panel leads to `/phone/TOKEN`, which gives the phone a cookie and leads on to `/phone`: no token
//! stays in a list of visited pages.

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    Shared,
    screen::{self, Pressed},
};
use crate::guests::{Guest, PageReply, PageRequest};

const PATH: &str = "/phone";
const COOKIE: &str = "saal_phone";

fn guest(headers: &HeaderMap) -> Guest {
    Guest::Phone(screen::cookie(headers, COOKIE))
}

/// A phone that scanned the code.
pub(super) async fn enter(
    State(shared): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let request = PageRequest::Enter { token };
    match shared.inputs.ask_page(request).await {
        Some(PageReply::Entered(phone)) => {
            // Lax: a code's scanner leads here from elsewhere.
            let cookie = format!("{COOKIE}={phone}; Path={PATH}; Secure; HttpOnly; SameSite=Lax");
            ([(header::SET_COOKIE, cookie)], Redirect::to(PATH)).into_response()
        }
        _ => screen::look(&shared, &headers, PATH, Guest::Phone(String::new())).await,
    }
}

pub(super) async fn look(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    screen::look(&shared, &headers, PATH, guest(&headers)).await
}

pub(super) async fn press(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(pressed): Form<Pressed>,
) -> Response {
    screen::press(&shared, &headers, PATH, guest(&headers), pressed).await
}

pub(super) async fn events(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let guest = guest(&headers);
    screen::events(shared, headers, guest)
}
