//! Headers of every page that the room serves.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

/// Nothing of a room is cached, framed, or sent on; a page loads what its policy (Content Security Policy Level 3) names.
pub(crate) fn harden(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without one, browsers would not name themselves as the origin of a form either.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, policy),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
