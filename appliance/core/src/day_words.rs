//! Words about the room's time for television and calendars, which have those of the room's language alone.

use jiff::Timestamp;
use saal_fleet_protocol::config::Language;

use crate::{
    DayNotice,
    one_line::{Keep, clean},
};

/// Characters of a title; the rest is cut by the width of its place.
const TITLE: usize = 60;

/// What people call an appointment that was made in the room.
pub(crate) fn booked_here(language: Language) -> &'static str {
    match language {
        Language::De => "Spontan gebucht",
        Language::En => "Booked on the spot",
    }
}

/// Why the room declines a meeting: nobody came, or people gave it back.
pub(crate) fn released(language: Language, unused: bool) -> &'static str {
    match (language, unused) {
        (Language::De, true) => "Niemand ist gekommen; der Raum wurde freigegeben.",
        (Language::En, true) => "Nobody came; the room was released.",
        (Language::De, false) => "Der Raum wurde vor Ort freigegeben.",
        (Language::En, false) => "The room was released by those who were there.",
    }
}

/// What the day wants of people, where the room's clock shows `time` at the moment that it is about.
pub(crate) fn notice(
    language: Language,
    notice: &DayNotice,
    now: Timestamp,
    time: impl Fn(Timestamp) -> String,
) -> Option<String> {
    let text = match (language, notice) {
        (Language::De, DayNotice::Alone) => {
            "Niemand sonst ist hier – der Raum verlässt die Besprechung".to_owned()
        }
        (Language::En, DayNotice::Alone) => "Nobody else is here – the room is leaving".to_owned(),
        (_, DayNotice::Next { title, start, .. }) => {
            let (start_time, title) = (time(*start), clean(title, TITLE, Keep::Start));
            let words = match (language, *start <= now) {
                (Language::De, false) => "nächste Besprechung im Raum",
                (Language::De, true) => "der Raum wird gebraucht",
                (Language::En, false) => "next meeting in this room",
                (Language::En, true) => "the room is needed",
            };
            let title = if title.is_empty() {
                title
            } else {
                format!(": {title}")
            };
            format!("{start_time} – {words}{title}")
        }
        _ => return None,
    };
    Some(text)
}
