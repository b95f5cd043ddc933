//! The first time: a password, and an authenticator.

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

use super::{Failed, Shared, Words, foreign, layout, session};
use crate::{
    error::FleetError,
    fleet::{
        factor,
        people::{self, Newcomer},
        sessions,
    },
    passwords,
};

async fn newcomer(app: &Shared, token: &str) -> Result<Newcomer, FleetError> {
    let (keys, token, now) = (app.keys.clone(), token.to_owned(), Timestamp::now());
    app.store
        .read(move |tx| people::newcomer(tx, &keys, &token, now))
        .await
}

pub(crate) async fn form(
    State(app): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Markup, Failed> {
    let words = Words::of(session::language(&headers));
    let found = newcomer(&app, &token).await;
    let found = found.map_err(|error| Failed::new(error, words, None))?;
    Ok(page(words, &token, &found, None))
}

fn page(words: &Words, token: &str, newcomer: &Newcomer, problem: Option<&str>) -> Markup {
    let secret = factor::as_text(&newcomer.secret);
    let spaced: Vec<&str> = (0..secret.len())
        .step_by(4)
        .map(|at| &secret[at..(at + 4).min(secret.len())])
        .collect();
    let title = words.tell("welcome", &[("name", &newcomer.name)]);
    let body = html! {
        form.card.narrow method="post" action={ "/welcome/" (token) } {
            h1 { (title) }
            @if let Some(problem) = problem { p.note.bad role="alert" { (problem) } }
            h2 { (words.say("welcome-password")) }
            input type="hidden" name="username" autocomplete="username" value=(newcomer.name);
            label { (words.say("password")) input name="password" type="password" autocomplete="new-password" minlength=(passwords::SHORTEST) required; }
            label { (words.say("password-again")) input name="again" type="password" autocomplete="new-password" required; }
            h2 { (words.say("welcome-authenticator")) }
            p { (words.say("welcome-scan")) }
            (picture(words, &factor::address(&newcomer.name, &newcomer.secret)))
            p { (words.say("welcome-type")) " " code.secret { (spaced.join(" ")) } }
            label { (words.say("code-of-authenticator")) input.code name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="7" required; }
            button.main { (words.say("welcome-done")) }
        }
    };
    layout::outside(words, &title, &body)
}

/// A QR code as SVG: one path, dark on white in every theme.
fn picture(words: &Words, address: &str) -> Markup {
    let Ok(code) = QrCode::with_error_correction_level(address, EcLevel::M) else {
        return html! {};
    };
    let width = code.width();
    let colours = code.to_colors();
    let dark = (0..colours.len()).filter(|at| colours[*at] == Color::Dark);
    let path: String = dark
        .map(|at| format!("M{} {}h1v1h-1z", at % width + 4, at / width + 4))
        .collect();
    let side = width + 8;
    html! {
        svg.qr role="img" aria-label=(words.say("qr-code")) viewBox={ "0 0 " (side) " " (side) } {
            (PreEscaped(format!("<rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/>")))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Typed {
    password: String,
    again: String,
    code: String,
}

pub(crate) async fn set_up(
    State(app): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Failed> {
    let words = Words::of(session::language(&headers));
    let failed = |error| Failed::new(error, words, None);
    if !session::from_here(&headers) {
        return Err(failed(foreign()));
    }
    let found = newcomer(&app, &token).await.map_err(failed)?;
    let now = Timestamp::now();
    let again = |message: &str| {
        let page = page(words, &token, &found, Some(&words.say(message)));
        Ok((axum::http::StatusCode::BAD_REQUEST, page).into_response())
    };
    if typed.password != typed.again {
        return again(super::forms::id("passwords-differ"));
    }
    let Some(step) = factor::check(&found.secret, &typed.code, 0, now.as_second()) else {
        return again(super::forms::id("wrong-code"));
    };
    let hash = match passwords::hash(typed.password).await {
        Err(FleetError::Setting(_)) => return again(super::forms::id("password-too-short")),
        other => other.map_err(failed)?,
    };
    let stamp = sessions::stamp(&found.name, now);
    let done = app.store.run(move |tx| {
        people::welcome(tx, &found, &hash, step, &stamp)?;
        // Password and code were both given a moment ago.
        sessions::open(tx, &found.name, now)
    });
    let cookie = session::cookie_of(&done.await.map_err(failed)?);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}
