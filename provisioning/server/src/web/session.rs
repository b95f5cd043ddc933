//! Signing in and out, and what the browser keeps: one cookie that no script reads.

use axum::{
    Form,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Failed, Language, Shared, View, Words, foreign, layout, provider};
use crate::{
    error::FleetError,
    fleet::{
        factor, guests, people,
        sessions::{self, Session},
    },
    passwords,
    tls::Peer,
};

/// `__Host-`: only this host over TLS sets it (RFC 6265bis, section 4.1.3.2).
const COOKIE: &str = "__Host-saal-fleet";
const LANGUAGE: &str = "language";

pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = all
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Which language somebody chose, or their browser wants.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, LANGUAGE).and_then(Language::of);
    chosen.unwrap_or_else(|| {
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        Language::accepted(
            accepted
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default(),
        )
    })
}

/// Until the browser is closed, or the session is over.
pub(crate) fn cookie_of(token: &str) -> String {
    format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// For a year; it says nothing about anybody.
pub(crate) fn language_cookie(language: Language) -> String {
    let code = language.code();
    format!("{LANGUAGE}={code}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000")
}

/// Whether a form comes from a page of this server: browsers say where they come from (Fetch Metadata; RFC 6454, section 7).
pub(crate) fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.strip_prefix("https://") == Some(host),
        // No browser: what a form has to carry is checked all the same.
        _ => true,
    }
}

/// Who is signed in.
pub(crate) async fn find(app: &Shared, headers: &HeaderMap) -> Result<Option<Session>, FleetError> {
    let Some(token) = cookie(headers, COOKIE).map(str::to_owned) else {
        return Ok(None);
    };
    let (asked, now) = (token.clone(), Timestamp::now());
    let found = app
        .store
        .read(move |tx| sessions::find(tx, &asked, now))
        .await?;
    let Some((session, old)) = found else {
        return Ok(None);
    };
    if old {
        app.store
            .run_quietly(move |tx| sessions::note(tx, &token, now))
            .await?;
    }
    Ok(Some(session))
}

/// Where somebody signs in who then goes on to `to`.
pub(crate) fn sign_in_address(to: &str) -> String {
    let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    format!("/sign-in?to={to}")
}

#[derive(Deserialize)]
pub(crate) struct To {
    #[serde(default)]
    to: String,
}

/// Only a path of this server: `//host` and `/\host` are others.
pub(super) fn path_here(to: &str) -> &str {
    let here =
        to.starts_with('/') && !to[1..].starts_with(['/', '\\']) && !to.contains(char::is_control);
    if here { to } else { "/" }
}

/// The page where people sign in.
pub(crate) async fn form(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<To>,
) -> Markup {
    page(&app, Words::of(language(&headers)), (&query.to, ""), None)
}

fn page(app: &Shared, words: &Words, (to, name): (&str, &str), problem: Option<&str>) -> Markup {
    let body = html! {
        form.card.narrow method="post" action="/sign-in" {
            h1 { (words.say("sign-in")) }
            @if let Some(problem) = problem {
                p.note.bad role="alert" { (problem) }
            }
            (provider::link(words, app.provider.as_ref(), to))
            input type="hidden" name="to" value=(to);
            label { (words.say("person-name"))
                input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus value=(name);
            }
            label { (words.say("password"))
                input name="password" type="password" autocomplete="current-password" required;
            }
            label { (words.say("code-of-authenticator"))
                input.code name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="7" required;
            }
            button.main { (words.say("sign-in")) }
        }
    };
    layout::outside(words, &words.say("sign-in"), &body)
}

#[derive(Deserialize)]
pub(crate) struct SignIn {
    #[serde(default)]
    to: String,
    name: String,
    password: String,
    code: String,
}

/// Name, password and code; which of them was wrong nobody is told.
pub(crate) async fn sign_in(
    State(app): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Form(typed): Form<SignIn>,
) -> Result<Response, Failed> {
    let words = Words::of(language(&headers));
    let failed = |error| Failed::new(error, words, None);
    if !from_here(&headers) {
        return Err(failed(foreign()));
    }
    let name = typed.name.trim().to_lowercase();
    match attempt(&app, &name, typed.password, &typed.code, &peer)
        .await
        .map_err(failed)?
    {
        Some(token) => {
            let to = Redirect::to(path_here(&typed.to));
            Ok(([(header::SET_COOKIE, cookie_of(&token))], to).into_response())
        }
        None => {
            let problem = words.say("sign-in-failed");
            let page = page(&app, words, (&typed.to, &name), Some(&problem));
            Ok((axum::http::StatusCode::UNAUTHORIZED, page).into_response())
        }
    }
}

async fn attempt(
    app: &Shared,
    name: &str,
    password: String,
    code: &str,
    peer: &Peer,
) -> Result<Option<String>, FleetError> {
    let (keys, asked, now) = (app.keys.clone(), name.to_owned(), Timestamp::now());
    let known = app
        .store
        .read(move |tx| people::credentials(tx, &keys, &asked))
        .await?;
    let kept = known.as_ref().map(|known| known.password.clone());
    let fits = passwords::fits(password, kept).await?;
    let closed = |known: &people::Credentials| known.closed_until > now.as_second();
    if known.as_ref().is_some_and(closed) {
        return Ok(None);
    }
    let known = known.filter(|_| fits);
    let step =
        known.and_then(|known| factor::check(&known.secret, code, known.used, now.as_second()));
    let (name, from) = (name.to_owned(), peer.address.ip().to_string());
    let Some(step) = step else {
        app.store
            .run(move |tx| sessions::failed(tx, &name, &from, now))
            .await?;
        return Ok(None);
    };
    match app
        .store
        .run(move |tx| sessions::begin(tx, &name, step, now))
        .await
    {
        Ok(token) => Ok(Some(token)),
        Err(FleetError::Unauthorised) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
pub(crate) struct Only {
    form: String,
}

/// They go; the browser forgets the cookie.
pub(crate) async fn sign_out(
    State(app): State<Shared>,
    view: View,
    headers: HeaderMap,
    Form(form): Form<Only>,
) -> Result<Response, Failed> {
    view.check(&form.form)?;
    if let Some(token) = cookie(&headers, COOKIE).map(str::to_owned) {
        let ended = app
            .store
            .run(move |tx| sessions::end(tx, &token, Timestamp::now()));
        ended.await.map_err(|error| view.failed(error))?;
    }
    let name = view.caller().by.name.clone();
    let guest = app.store.read(move |tx| guests::is_guest(tx, &name)).await;
    let guest = guest.map_err(|error| view.failed(error))?;
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if guest && let Some(page) = provider::gone(view.words, &app, &gone).await {
        return Ok(page);
    }
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/sign-in")).into_response())
}

#[cfg(test)]
mod unit {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn nobody_is_sent_to_another_server() {
        for (to, expected) in [
            ("/rooms?search=x", "/rooms?search=x"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(path_here(to), expected);
        }
    }

    #[test]
    fn a_form_of_another_site_is_seen() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            pairs.collect::<HeaderMap>()
        };
        let host = ("host", "fleet.example.org:8443");
        assert!(from_here(&headers(&[host])));
        assert!(from_here(&headers(&[
            host,
            ("origin", "https://fleet.example.org:8443")
        ])));
        assert!(from_here(&headers(&[
            host,
            ("sec-fetch-site", "same-origin")
        ])));
        assert!(!from_here(&headers(&[
            host,
            ("origin", "https://evil.example")
        ])));
        assert!(!from_here(&headers(&[host, ("origin", "null")])));
        assert!(!from_here(&headers(&[
            host,
            ("sec-fetch-site", "same-site")
        ])));
    }
}
