//! The pages for browsers of the room's network, in the language that the browser asks for.

use axum::{
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use saal_fleet_protocol::config::Language;

use super::words;

const SHARE_SCRIPT: &str = include_str!("share.js");
const VIEW_SCRIPT: &str = include_str!("view.js");
const STYLE: &str = include_str!("page.css");

/// What a page may load: the room's own script and style.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
                                 connect-src 'self'; base-uri 'none'; form-action 'self'; \
                                 frame-ancestors 'none'";

/// The page on which the tablet at the door is signed in; `wrong`: it was tried with another token.
pub(super) fn sign_in_door(headers: &HeaderMap, wrong: bool) -> Html<String> {
    Html(words::sign_in_door(wants_german(headers), wrong))
}

/// The page on which a laptop shares its screen.
pub(super) async fn share(headers: HeaderMap) -> Html<String> {
    Html(words::share(wants_german(&headers)))
}

/// The page on which IT looks at the room.
pub(super) async fn view(headers: HeaderMap) -> Html<String> {
    Html(words::view(wants_german(&headers)))
}

fn wants_german(headers: &HeaderMap) -> bool {
    language(headers) == Some(Language::De)
}

/// Which of our languages a browser wants most; `None`: neither.
pub(super) fn language(headers: &HeaderMap) -> Option<Language> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE);
    let wanted = wanted.and_then(|value| value.to_str().ok());
    accepted_language(wanted.unwrap_or_default())
}

/// RFC 9110, section 12.5.4.
fn accepted_language(accepted: &str) -> Option<Language> {
    let weight = |language: &str| {
        let ranges = accepted.split(',').filter_map(|range| {
            let (tag, more) = range.split_once(';').unwrap_or((range, ""));
            let main = tag.trim().split('-').next()?;
            let weight = more.trim().strip_prefix("q=").unwrap_or("1");
            let weight: f32 = weight.parse().ok()?;
            main.eq_ignore_ascii_case(language).then_some(weight)
        });
        ranges.fold(0.0, f32::max)
    };
    let (german, english) = (weight("de"), weight("en"));
    let wanted = if german > english {
        (german, Language::De)
    } else {
        (english, Language::En)
    };
    (wanted.0 > 0.0).then_some(wanted.1)
}

pub(super) async fn share_script() -> Response {
    script(SHARE_SCRIPT)
}

pub(super) async fn view_script() -> Response {
    script(VIEW_SCRIPT)
}

pub(super) fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], text).into_response()
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css")], STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_wants_most() {
        let (german, english) = (Some(Language::De), Some(Language::En));
        for (accepted, language) in [
            ("de-DE,de;q=0.9,en;q=0.8", german),
            ("de", german),
            ("en-US,en;q=0.9,de;q=0.5", english),
            ("fr, de;q=0.3", german),
            ("fr", None),
            ("", None),
            ("de;q=x", None),
        ] {
            assert_eq!(accepted_language(accepted), language, "{accepted}");
        }
    }
}
