//! Whose link a link is, by its form alone.

use url::Url;

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Of a service that the room does not speak, by its name.
    Other(&'static str),
    /// It has the form and the name of a Jitsi conference.
    Jitsi,
    /// It may be anything.
    Unknown,
}

/// Domains of services, with all below them.
const OTHERS: [(&str, &str); 33] = [
    ("teams.microsoft.com", "Microsoft Teams"),
    ("teams.microsoft.us", "Microsoft Teams"),
    ("teams.cloud.microsoft", "Microsoft Teams"),
    ("teams.live.com", "Microsoft Teams"),
    ("zoom.us", "Zoom"),
    ("zoom.com", "Zoom"),
    ("zoomgov.com", "Zoom"),
    ("zoom-x.de", "Zoom"),
    ("meet.google.com", "Google Meet"),
    ("webex.com", "Webex"),
    ("gotomeeting.com", "GoTo Meeting"),
    ("gotomeet.me", "GoTo Meeting"),
    ("meet.goto.com", "GoTo Meeting"),
    ("whereby.com", "Whereby"),
    ("join.skype.com", "Skype"),
    ("meet.lync.com", "Skype for Business"),
    ("alfaview.com", "alfaview"),
    ("ringcentral.com", "RingCentral"),
    ("chime.aws", "Amazon Chime"),
    ("bluejeans.com", "BlueJeans"),
    ("lifesize.com", "Lifesize"),
    ("opentalk.eu", "OpenTalk"),
    ("opentalk.com", "OpenTalk"),
    ("meet.proton.me", "Proton Meet"),
    ("facetime.apple.com", "FaceTime"),
    ("clickmeeting.com", "ClickMeeting"),
    ("meeting.zoho.com", "Zoho Meeting"),
    ("meeting.zoho.eu", "Zoho Meeting"),
    ("meeting.zoho.in", "Zoho Meeting"),
    ("freeconferencecall.com", "FreeConferenceCall"),
    ("visio.numerique.gouv.fr", "Visio"),
    ("meetup.com", "Meetup"),
    ("meetings.hubspot.com", "HubSpot"),
];
/// Public Jitsi installations.
const JITSI: [&str; 3] = ["meet.jit.si", "8x8.vc", "meet.element.io"];
/// Words in the names of hosts that run Jitsi.
const HINTS: [&str; 8] = [
    "jitsi",
    "meet",
    "konferenz",
    "conference",
    "videokonf",
    "video",
    "webconf",
    "visio",
];
/// Pages of the web that stand below such names.
const NO_ROOMS: [&str; 12] = [
    "static",
    "docs",
    "help",
    "hilfe",
    "impressum",
    "datenschutz",
    "privacy",
    "terms",
    "about",
    "faq",
    "download",
    "downloads",
];

pub(super) fn of(url: &Url) -> Service {
    let Some(host) = url.host_str() else {
        return Service::Unknown;
    };
    let below = |domain: &str| {
        host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'))
    };
    if let Some((_, name)) = OTHERS.iter().find(|(domain, _)| below(domain)) {
        return Service::Other(name);
    }
    if let Some(name) = self_hosted(host, url.path()) {
        return Service::Other(name);
    }
    let known = JITSI.iter().any(|jitsi| below(jitsi));
    let hinted = host
        .split('.')
        .rev()
        .skip(1)
        .any(|label| HINTS.iter().any(|hint| is_hint(label, hint)));
    let apart = segments(url).count();
    let fits = is_room(url) && (apart == 1 || known);
    if url.scheme().contains("jitsi") || ((known || hinted) && fits) {
        Service::Jitsi
    } else {
        Service::Unknown
    }
}

/// A word of its own, or with a number: `meet2`, `video-konferenz`. `meetup` is another word.
fn is_hint(label: &str, hint: &str) -> bool {
    label.split(['-', '_']).any(|word| {
        let word = word.trim_matches(|c: char| c.is_ascii_digit());
        word == hint || (hint.len() > 5 && word.contains(hint)) || word == format!("{hint}s")
    })
}

/// Services that many run under names of their own, by their paths.
fn self_hosted(host: &str, path: &str) -> Option<&'static str> {
    let label = |word: &str| host.split('.').any(|label| label.contains(word));
    if label("bbb") || label("bigbluebutton") || label("greenlight") {
        return Some("BigBlueButton");
    }
    if label("opentalk") {
        return Some("OpenTalk");
    }
    // `/call/TOKEN`, also below a folder and `index.php`.
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    if let [.., "call", token] = parts.as_slice()
        && parts.len() <= 4
        && token.len() >= 6
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Some("Nextcloud Talk");
    }
    if path.starts_with("/b/") || (path.starts_with("/rooms/") && path.ends_with("/join")) {
        return Some("BigBlueButton");
    }
    None
}

fn segments(url: &Url) -> impl Iterator<Item = &str> {
    url.path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
}

/// One name, or a tenant and a name: no page, no file.
pub(super) fn is_room(url: &Url) -> bool {
    let parts: Vec<&str> = segments(url).collect();
    let file = |name: &str| {
        let end = name
            .rsplit_once('.')
            .map(|(_, end)| end.to_ascii_lowercase());
        matches!(
            end.as_deref(),
            Some("html" | "htm" | "php" | "pdf" | "ics" | "png" | "jpg" | "svg" | "aspx")
        )
    };
    match parts.as_slice() {
        [name] | [_, name] => {
            !file(name) && !NO_ROOMS.contains(&parts[0].to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}
