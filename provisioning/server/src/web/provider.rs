//! Signing in at a provider: there and back.

use axum::{
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Failed, Shared, Words, layout, session};
use crate::{
    error::FleetError,
    fleet::{audit::Stamp, guests},
    oidc::{PATIENCE, Provider, Returned},
};

/// Until they are back.
const COOKIE: &str = "__Host-saal-sign-in";

#[derive(Deserialize)]
pub(crate) struct To {
    #[serde(default)]
    to: String,
}

fn provider(app: &Shared) -> Result<&Provider, FleetError> {
    let found = app.provider.as_ref();
    found.ok_or_else(|| FleetError::NotFound {
        what: "provider to sign in at".to_owned(),
    })
}

/// Sends somebody there.
pub(crate) async fn there(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(query): Query<To>,
) -> Result<Response, Failed> {
    let words = Words::of(session::language(&headers));
    let failed = |error| Failed::new(error, words, None);
    let provider = provider(&app).map_err(failed)?;
    let to = session::path_here(&query.to);
    let begun = provider
        .begin(&app.keys, &app.url, to, Timestamp::now())
        .await;
    let (url, kept) = begun.map_err(failed)?;
    let cookie =
        format!("{COOKIE}={kept}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={PATIENCE}");
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response())
}

/// They are back.
pub(crate) async fn back(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Failed> {
    let words = Words::of(session::language(&headers));
    let failed = |error| Failed::new(error, words, None);
    let provider = provider(&app).map_err(failed)?;
    let kept = session::cookie(&headers, COOKIE).unwrap_or_default();
    let now = Timestamp::now();
    let guest = provider
        .end(&app.keys, &app.url, (kept, &returned), now)
        .await;
    let guest = guest.inspect_err(|error| tracing::warn!(%error, "somebody did not get in"));
    let guest = guest.map_err(failed)?;
    let to = guest.to.clone();
    let come = app
        .store
        .run(move |tx| guests::come(tx, &guest, &Stamp::server(now)));
    let Some(token) = come.await.map_err(failed)? else {
        return Err(failed(FleetError::NoRole));
    };
    // Once: what began this sign-in begins no other one.
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    let cookies = [gone, session::cookie_of(&token)].map(|cookie| (header::SET_COOKIE, cookie));
    Ok((
        AppendHeaders(cookies),
        Redirect::to(session::path_here(&to)),
    )
        .into_response())
}

/// The way to the provider, on the page where people sign in.
pub(super) fn link(words: &Words, provider: Option<&Provider>, to: &str) -> Markup {
    html! {
        @if let Some(provider) = provider {
            @let query: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
            a.button.main href={ "/sign-in/provider?to=" (query) } { (words.tell("sign-in-at", &[("name", provider.name())])) }
        }
    }
}

/// They signed out here; the provider still knows them.
pub(super) async fn gone(words: &Words, app: &Shared, cookie: &str) -> Option<Response> {
    let provider = app.provider.as_ref()?;
    let url = provider.goodbye(&app.url).await?;
    let body = html! {
        div.card.narrow {
            h1 { (words.say("signed-out")) }
            p { (words.tell("signed-out-hint", &[("name", provider.name())])) }
            p.acts { a.button.main href=(url) { (words.tell("sign-out-at", &[("name", provider.name())])) } a.button href="/sign-in" { (words.say("sign-in")) } }
        }
    };
    let page = layout::outside(words, &words.say("signed-out"), &body);
    Some(([(header::SET_COOKIE, cookie.to_owned())], page).into_response())
}
