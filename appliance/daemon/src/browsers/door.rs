//! The page of the tablet at the room's door.
//!
//! Somebody signs it in once with the token of the configuration; a cookie keeps it so over restarts of both.

use std::time::Duration;

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{
    Shared, page,
    screen::{self, Pressed},
    socket::is_own_page,
};
use crate::guests::Guest;

const PATH: &str = "/door";
const COOKIE: &str = "saal_door";
/// As long as browsers keep a cookie (RFC 6265bis, section 5.5): 400 days.
const KEPT: u32 = 400 * 24 * 3600;
/// Who guesses tokens has time.
const WRONG_TOKEN: Duration = Duration::from_secs(2);

fn may(shared: &Shared, shown: &str) -> bool {
    let token = shared.door_token.as_deref();
    token.is_some_and(|token| shown.as_bytes().ct_eq(token.as_bytes()).into())
}

fn is_in(shared: &Shared, headers: &HeaderMap) -> bool {
    may(shared, &screen::cookie(headers, COOKIE))
}

pub(super) async fn look(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if !is_in(&shared, &headers) {
        return (
            StatusCode::UNAUTHORIZED,
            page::sign_in_door(&headers, false),
        )
            .into_response();
    }
    screen::look(&shared, &headers, PATH, Guest::Door).await
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    token: String,
}

pub(super) async fn sign_in(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Response {
    if !is_own_page(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let token = form.token.trim();
    if !may(&shared, token) {
        tracing::warn!("a wrong token for the door");
        tokio::time::sleep(WRONG_TOKEN).await;
        let again = page::sign_in_door(&headers, true);
        return (StatusCode::UNAUTHORIZED, again).into_response();
    }
    let cookie =
        format!("{COOKIE}={token}; Path={PATH}; Max-Age={KEPT}; Secure; HttpOnly; SameSite=Strict");
    ([(header::SET_COOKIE, cookie)], Redirect::to(PATH)).into_response()
}

pub(super) async fn press(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(pressed): Form<Pressed>,
) -> Response {
    if !is_in(&shared, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    screen::press(&shared, &headers, PATH, Guest::Door, pressed).await
}

pub(super) async fn events(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if !is_in(&shared, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    screen::events(shared, headers, Guest::Door)
}
