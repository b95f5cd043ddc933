//! What the pages for browsers of the room's network say, in German and English. Nothing here depends on a server: the tests
//! that look for barriers read the same pages.

const SHARE: &str = include_str!("share.html");
const VIEW: &str = include_str!("view.html");
const DOOR: &str = include_str!("door.html");

/// What stands on a page: its name there, in German, in English.
type Words = [(&'static str, &'static str, &'static str)];

const SHARE_WORDS: &Words = &[
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

const VIEW_WORDS: &Words = &[
    ("lang", "de", "en"),
    ("title", "Blick in den Raum", "Look at the room"),
    (
        "intro",
        "Die Leute im Raum werden jedes Mal gefragt. Solange jemand zusieht, steht es auf ihrem Bedienfeld, und sie können es beenden.",
        "The people in the room are asked each time. As long as somebody looks, their panel says so, and they can end it.",
    ),
    (
        "token",
        "Token aus der Konfiguration",
        "Token from the configuration",
    ),
    ("what", "Was", "What"),
    ("television", "Fernseher", "Television"),
    ("camera", "Kamera", "Camera"),
    ("look", "Fragen", "Ask"),
    ("picture", "Der Raum, live", "The room, live"),
    ("connecting", "Einen Moment …", "One moment …"),
    (
        "asking",
        "Die Leute im Raum werden gefragt …",
        "The people in the room are being asked …",
    ),
    (
        "refused",
        "Die Leute im Raum möchten das jetzt nicht.",
        "The people in the room would rather not now.",
    ),
    (
        "unanswered",
        "Im Raum hat niemand geantwortet.",
        "Nobody in the room answered.",
    ),
    (
        "over",
        "Die Besprechung oder die halbe Stunde ist vorbei. Fragen Sie noch einmal, wenn es nötig ist.",
        "The meeting, or the half hour, is over. Ask again if you need to.",
    ),
    (
        "wrong",
        "Das Token stimmt nicht.",
        "That token is not right.",
    ),
    (
        "stopped",
        "Die Leute im Raum haben es beendet.",
        "The people in the room ended it.",
    ),
    (
        "unwanted",
        "Die Leute im Raum haben eben Nein gesagt; fünf Minuten lang werden sie nicht wieder gefragt.",
        "The people in the room just said no; they are not asked again for five minutes.",
    ),
    (
        "crowded",
        "Es sieht schon jemand zu, oder fragt gerade.",
        "Somebody looks already, or asks.",
    ),
    (
        "failed",
        "Die Verbindung ist abgebrochen.",
        "The connection broke.",
    ),
    ("closed", "Sie sehen nicht mehr zu.", "You no longer look."),
    ("close", "Beenden", "Stop"),
    (
        "unable",
        "Dieser Browser kann das nicht.",
        "This browser can’t do that.",
    ),
];

const DOOR_WORDS: &Words = &[
    ("lang", "de", "en"),
    ("title", "Tablet an der Tür", "Tablet at the door"),
    (
        "intro",
        "Dieses Tablet zeigt, ob der Raum frei ist, sobald es einmal angemeldet ist.",
        "This tablet shows whether the room is available, once it is signed in.",
    ),
    (
        "token",
        "Token aus der Konfiguration",
        "Token from the configuration",
    ),
    ("next", "Anmelden", "Sign in"),
    (
        "wrong",
        "Das Token stimmt nicht. Es steht in der Datei, die die Konfiguration nennt.",
        "That token is not right. It stands in the file that the configuration names.",
    ),
];

/// The page on which a laptop shares its screen.
pub(super) fn share(german: bool) -> String {
    written(SHARE, SHARE_WORDS, german)
}

/// The page on which IT looks at the room.
pub(super) fn view(german: bool) -> String {
    written(VIEW, VIEW_WORDS, german)
}

/// The page on which the tablet at the door is signed in; `wrong`: with another token than the one that was just typed.
pub(super) fn sign_in_door(german: bool, wrong: bool) -> String {
    let page = written(DOOR, DOOR_WORDS, german);
    let (hidden, invalid) = (" role=\"alert\" hidden", " aria-invalid=\"false\"");
    if wrong {
        let page = page.replace(hidden, " role=\"alert\"");
        page.replace(invalid, " aria-invalid=\"true\" autofocus")
    } else {
        page
    }
}

fn written(page: &str, words: &Words, german: bool) -> String {
    let mut page = page.to_owned();
    for (name, de, en) in words {
        let words = if german { de } else { en };
        page = page.replace(&format!("{{{name}}}"), words);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_all_their_words_in_both_languages() {
        for (text, words) in [(SHARE, SHARE_WORDS), (VIEW, VIEW_WORDS), (DOOR, DOOR_WORDS)] {
            for german in [true, false] {
                let page = written(text, words, german);
                assert!(!page.contains('{'), "a word is missing: {page}");
            }
            for (name, ..) in words {
                assert!(text.contains(&format!("{{{name}}}")), "{name} is not used");
            }
        }
    }

    #[test]
    fn who_typed_a_wrong_token_reads_so() {
        let (first, again) = (sign_in_door(false, false), sign_in_door(false, true));
        assert!(
            first.contains("role=\"alert\" hidden") && first.contains("aria-invalid=\"false\"")
        );
        assert!(!again.contains(" hidden") && again.contains("aria-invalid=\"true\""));
    }
}
