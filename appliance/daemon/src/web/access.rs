//! Who may look at the room and touch its panel.
//!
//! On loopback: programs of this machine, but no web page that a browser here happens to show.
//! So the request's Host has to be a loopback name (against DNS rebinding) and its Origin, where
//! there is one, the same (against cross-site requests). Beyond loopback the configured token is
//! required: in `Authorization: Bearer`, or in the cookie that the sign-in form sets, never in
//! an address.

use std::net::SocketAddr;

use axum::{
    Form,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::Shared;

const SIGN_IN: &str = include_str!("sign_in.html");
const COOKIE: &str = "saal_token";

/// The rules for one listener.
pub(super) struct Access {
    address: SocketAddr,
    token: Option<String>,
}

impl Access {
    pub(super) fn new(address: SocketAddr, token: Option<String>) -> Self {
        Self { address, token }
    }

    fn host_is_ours(&self, host: &str) -> bool {
        if !self.address.ip().is_loopback() {
            return true;
        }
        let port = self.address.port();
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
            host.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|p| p.parse() == Ok(port))
        })
    }

    fn is_same_site(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let Some(host) = text(header::HOST) else {
            return false;
        };
        let origin = match text(header::ORIGIN) {
            None => return self.host_is_ours(host),
            Some(origin) => origin,
        };
        let from = origin.split_once("://").map(|(_, from)| from);
        self.host_is_ours(host) && from == Some(host)
    }

    fn is_allowed(&self, headers: &HeaderMap) -> bool {
        self.token.as_ref().is_none_or(|token| {
            bearer(headers)
                .or_else(|| cookie(headers))
                .is_some_and(|shown| same(shown, token))
        })
    }
}

fn same(shown: &str, token: &str) -> bool {
    shown.as_bytes().ct_eq(token.as_bytes()).into()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    all.split("; ")
        .find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))
}

pub(super) async fn require_same_site(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    if shared.access.is_same_site(request.headers()) {
        return next.run(request).await;
    }
    let hint = "This page is for the machine it runs on. Open it by its own address, \
                or set web.token_file to reach it from elsewhere.\n";
    (StatusCode::FORBIDDEN, hint).into_response()
}

pub(super) async fn require_token(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    if shared.access.is_allowed(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, Html(SIGN_IN)).into_response()
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    token: String,
}

pub(super) async fn sign_in(State(shared): State<Shared>, Form(form): Form<SignIn>) -> Response {
    let right = shared
        .access
        .token
        .as_ref()
        .is_some_and(|token| same(form.token.trim(), token));
    if !right {
        return (StatusCode::UNAUTHORIZED, Html(SIGN_IN)).into_response();
    }
    let cookie = format!(
        "{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/",
        form.token.trim()
    );
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (n.clone(), HeaderValue::from_str(v).unwrap()))
            .collect()
    }

    fn local() -> Access {
        Access::new(([127, 0, 0, 1], 8480).into(), None)
    }

    #[test]
    fn a_browser_on_this_machine_gets_in() {
        for host in ["127.0.0.1:8480", "localhost:8480", "[::1]:8480"] {
            assert!(
                local().is_same_site(&headers(&[(header::HOST, host)])),
                "{host}"
            );
        }
        let origin = (header::ORIGIN, "http://localhost:8480");
        assert!(local().is_same_site(&headers(&[(header::HOST, "localhost:8480"), origin])));
    }

    #[test]
    fn a_web_page_of_others_does_not_get_in() {
        let rebound = headers(&[(header::HOST, "evil.example:8480")]);
        assert!(!local().is_same_site(&rebound));
        let other_port = headers(&[(header::HOST, "localhost:80")]);
        assert!(!local().is_same_site(&other_port));
        let origin = (header::ORIGIN, "https://evil.example");
        assert!(!local().is_same_site(&headers(&[(header::HOST, "localhost:8480"), origin])));
        let null = (header::ORIGIN, "null");
        assert!(!local().is_same_site(&headers(&[(header::HOST, "localhost:8480"), null])));
        assert!(!local().is_same_site(&HeaderMap::new()));
    }

    #[test]
    fn beyond_loopback_the_token_is_needed() {
        let open = Access::new(([0, 0, 0, 0], 8480).into(), Some("secret".into()));
        assert!(!open.is_allowed(&HeaderMap::new()));
        assert!(!open.is_allowed(&headers(&[(header::AUTHORIZATION, "Bearer secre")])));
        assert!(open.is_allowed(&headers(&[(header::AUTHORIZATION, "Bearer secret")])));
        assert!(open.is_allowed(&headers(&[(header::COOKIE, "a=b; saal_token=secret")])));
        assert!(!open.is_allowed(&headers(&[(header::COOKIE, "saal_tokens=secret")])));
    }
}
