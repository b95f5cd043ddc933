//! Whole sentences on the television, in each language.

use saal_fleet_protocol::config::Language;
use saal_media_protocol::Notices;

/// What stands in the place of the camera's picture, here and at the far ends.
pub(crate) fn camera_notices(language: Language) -> Notices {
    let [unplugged, covered, failed] = match language {
        Language::De => [
            "Die Kamera wurde abgezogen",
            "Die Blende der Kamera ist geschlossen",
            "Die Kamera liefert kein Bild",
        ],
        Language::En => [
            "The camera was unplugged",
            "The camera’s shutter is closed",
            "The camera gives no picture",
        ],
    }
    .map(str::to_owned);
    Notices {
        unplugged,
        covered,
        failed,
    }
}

/// Somebody wrote what can't be read.
pub(super) fn unreadable(language: Language) -> String {
    let words = match language {
        Language::De => "Eine Nachricht, die sich nicht anzeigen lässt",
        Language::En => "A message that can’t be shown",
    };
    words.to_owned()
}
