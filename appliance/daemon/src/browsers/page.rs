//! The page on which a laptop shares its screen, in the language that the browser asks for.

use axum::{
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};

const PAGE: &str = include_str!("share.html");
const SCRIPT: &str = include_str!("share.js");
const STYLE: &str = include_str!("share.css");

/// What the page may load: its own script and style.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
                                 connect-src 'self'; base-uri 'none'; form-action 'none'; \
                                 frame-ancestors 'none'";

/// What stands on the page: its name there, in German, in English.
const WORDS: [(&str, &str, &str); 22] = [
    ("lang", "de", "en"),
    ("title", "Bildschirm zeigen", "Share your screen"),
    (
        "intro",
        "Zeigen Sie Ihren Bildschirm auf dem Fernseher im Raum und, wenn eine Besprechung läuft, allen darin.",
        "Show your screen on the television in the room and, while a meeting is on, to everybody in it.",
    ),
    (
        "code",
        "Code vom Bedienfeld im Raum",
        "Code from the touch panel in the room",
    ),
    ("next", "Weiter", "Continue"),
    (
        "wrong",
        "Der Code stimmt nicht. Lesen Sie ihn noch einmal vom Bedienfeld ab; er gilt, solange er dort steht.",
        "That code is not right. Read it from the panel again; it is good while it stands there.",
    ),
    (
        "wait",
        "Zu viele falsche Codes. Warten Sie eine Minute und versuchen Sie es dann noch einmal.",
        "Too many wrong codes. Wait for a minute, then try again.",
    ),
    ("asking", "Einen Moment …", "One moment …"),
    (
        "choose",
        "Wählen Sie, was Sie zeigen möchten.",
        "Choose what to share.",
    ),
    ("choose-button", "Bildschirm auswählen", "Choose a screen"),
    (
        "busy",
        "Ein anderer Laptop wird gerade gezeigt. Wenn Sie fortfahren, ist Ihrer statt seiner zu sehen.",
        "Another laptop is being shown. If you go on, yours is seen instead.",
    ),
    (
        "busy-button",
        "Stattdessen meinen zeigen",
        "Show mine instead",
    ),
    ("cancel", "Abbrechen", "Cancel"),
    (
        "connecting",
        "Die Verbindung wird hergestellt …",
        "Connecting …",
    ),
    (
        "showing",
        "Ihr Bildschirm ist zu sehen in:",
        "Your screen is being seen in:",
    ),
    ("stop", "Beenden", "Stop sharing"),
    (
        "stopped",
        "Ihr Bildschirm wird nicht mehr gezeigt.",
        "Your screen is no longer shown.",
    ),
    (
        "replaced",
        "Jetzt wird ein anderer Laptop gezeigt.",
        "Another laptop is shown now.",
    ),
    (
        "late",
        "Das hat zu lange gedauert. Lassen Sie sich am Bedienfeld einen neuen Code zeigen.",
        "That took too long. Have the panel show another code.",
    ),
    (
        "failed",
        "Die Verbindung ist abgebrochen. Lassen Sie sich am Bedienfeld einen neuen Code zeigen.",
        "The connection broke. Have the panel show another code.",
    ),
    (
        "unable",
        "Dieser Browser kann keinen Bildschirm zeigen. Nehmen Sie Chrome, Edge, Firefox oder Safari auf einem Computer.",
        "This browser can’t share a screen. Use Chrome, Edge, Firefox or Safari on a computer.",
    ),
    ("again", "Noch einmal", "Once more"),
];

/// The page.
pub(super) async fn page(headers: HeaderMap) -> Html<String> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE);
    let wanted = wanted.and_then(|value| value.to_str().ok());
    Html(written(is_german(wanted.unwrap_or_default())))
}

fn written(german: bool) -> String {
    let mut page = PAGE.to_owned();
    for (name, de, en) in WORDS {
        let words = if german { de } else { en };
        page = page.replace(&format!("{{{name}}}"), words);
    }
    page
}

/// Whether German comes before English (RFC 9110, section 12.5.4); English for everybody else.
fn is_german(accepted: &str) -> bool {
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
    weight("de") > weight("en")
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT).into_response()
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css")], STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_all_its_words_in_both_languages() {
        for german in [true, false] {
            let page = written(german);
            assert!(!page.contains('{'), "a word is missing: {page}");
        }
        for (name, ..) in WORDS {
            assert!(PAGE.contains(&format!("{{{name}}}")), "{name} is not used");
        }
    }

    #[test]
    fn a_browser_gets_the_language_that_it_wants_most() {
        for (accepted, german) in [
            ("de-DE,de;q=0.9,en;q=0.8", true),
            ("de", true),
            ("en-US,en;q=0.9,de;q=0.5", false),
            ("fr, de;q=0.3", true),
            ("fr", false),
            ("", false),
            ("de;q=x", false),
        ] {
            assert_eq!(is_german(accepted), german, "{accepted}");
        }
    }
}
