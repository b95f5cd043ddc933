//! What all pages have: head, ways to the others, language, protection.

use axum::{
    extract::{Path, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use saal_fleet_protocol::fleet::api::Role;

use super::{
    Language, View, Words,
    forms::{encoded, guard},
    session,
};
use crate::fleet::sessions::Session;

const STYLE: &str = include_str!("../../assets/fleet.css");
const SCRIPT: &str = include_str!("../../assets/fleet.js");
const HELP: &str = include_str!("../../assets/help.js");
const MARK: &str = include_str!("../../assets/mark.svg");

/// Nothing from elsewhere, no script but ours, in nobody's frame.
const PROTECTION: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Puts the headers on all pages; what a page says of itself stays.
pub(crate) async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in PROTECTION {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Style, script and mark, compiled in.
pub(crate) async fn asset(Path(file): Path<String>) -> Response {
    let (kind, text) = match file.as_str() {
        "fleet.css" => ("text/css; charset=utf-8", STYLE),
        "fleet.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "help.js" => ("text/javascript; charset=utf-8", HELP),
        "mark.svg" => ("image/svg+xml", MARK),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    (headers, text).into_response()
}

/// Remembers a language and goes back to where somebody was.
pub(crate) async fn choose_language(Path(code): Path<String>, headers: HeaderMap) -> Response {
    let Some(language) = Language::of(&code) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let from = headers
        .get(header::REFERER)
        .and_then(|from| from.to_str().ok());
    let from = from.and_then(|from| url::Url::parse(from).ok());
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let same = from.filter(|url| {
        let port = url
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        url.host_str()
            .map(|name| format!("{name}{port}"))
            .as_deref()
            == host
    });
    let back = same.map_or_else(
        || "/".to_owned(),
        |url| {
            let query = url
                .query()
                .map_or_else(String::new, |query| format!("?{query}"));
            format!("{}{query}", url.path())
        },
    );
    let cookie = session::language_cookie(language);
    ([(header::SET_COOKIE, cookie)], Redirect::to(&back)).into_response()
}

/// A page of somebody who is signed in. `live`: it is drawn anew when something happens.
pub(crate) fn page(view: &View, title: &str, live: bool, body: &Markup) -> Markup {
    document(
        view.words,
        Some(&view.session),
        &view.here,
        title,
        live,
        body,
    )
}

/// Asks whether what is called `name` on the page `/{of}` is to be removed; `hint` says what is lost with it.
pub(crate) fn removal(view: &View, of: &str, name: &str, hint: &str) -> Markup {
    let title = view.words.tell("remove-somebody", &[("name", name)]);
    let body = html! {
        h1 { (title) }
        form.card.editor method="post" action={ "/" (of) "/" (encoded(name)) "/remove" } {
            (guard(view))
            p { (hint) }
            p.acts {
                button.main { (view.say("remove")) }
                a.button href={ "/" (of) } { (view.say("leave-it")) }
            }
        }
    };
    page(view, &title, false, &body)
}

/// A page before the sign-in.
pub(crate) fn outside(words: &Words, title: &str, body: &Markup) -> Markup {
    document(words, None, "", title, false, body)
}

/// What was not done, and why.
pub(crate) fn problem(words: &Words, session: Option<&Session>, message: &str) -> Markup {
    let body = html! {
        div.card.narrow {
            h1 { (words.say("not-done")) }
            p.note.bad role="alert" { (message) }
            p { a.button href="/" { (words.say("to-the-overview")) } }
        }
    };
    document(words, session, "", &words.say("not-done"), false, &body)
}

/// The dashboard's parts, with the role that sees them.
fn parts(words: &Words) -> [(&'static str, String, Role); 9] {
    [
        ("/", words.say("overview"), Role::Viewer),
        ("/rooms", words.say("rooms"), Role::Viewer),
        ("/configuration", words.say("configuration"), Role::Viewer),
        ("/updates", words.say("updates"), Role::Viewer),
        ("/alerts", words.say("alerts"), Role::Viewer),
        ("/claim", words.say("claim"), Role::Operator),
        ("/audit", words.say("audit"), Role::Viewer),
        ("/keys", words.say("keys"), Role::Viewer),
        ("/people", words.say("people"), Role::Administrator),
    ]
}

fn document(
    words: &Words,
    session: Option<&Session>,
    here: &str,
    title: &str,
    live: bool,
    body: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(words.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Saal" }
                link rel="icon" href="/assets/mark.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/fleet.css";
                script src="/assets/fleet.js" defer {}
            }
            body {
                a.skip href="#main" { (words.say("to-the-content")) }
                (top(words, session, here))
                main #main tabindex="-1" data-live[live] { (body) }
                footer {
                    span { "Saal " (env!("CARGO_PKG_VERSION")) }
                    a href={ "/language/" (words.language.other().code()) } lang=(words.language.other().code())
                        hreflang=(words.language.other().code()) rel="nofollow" { (words.say("other-language")) }
                }
            }
        }
    }
}

fn top(words: &Words, session: Option<&Session>, here: &str) -> Markup {
    let current = |path: &str| match path {
        "/" => here == "/",
        _ => here.starts_with(path),
    };
    html! {
        header.top {
            a.brand href="/" { (PreEscaped(MARK)) span { "Saal" } }
            @if let Some(session) = session {
                nav aria-label=(words.say("parts")) {
                    @for (path, name, role) in parts(words) {
                        @if session.caller.is(role) {
                            a href=(path) aria-current=[current(path).then_some("page")] { (name) }
                        }
                    }
                }
                form.who method="post" action="/sign-out" {
                    input type="hidden" name="form" value=(session.form);
                    span { (session.caller.by.name) }
                    button.quiet { (words.say("sign-out")) }
                }
            }
        }
    }
}
