//! What a browser in the room's network may say: its answer to our offer, and the certificate that it
//! shows.
//!
//! Pure. The answer comes from a stranger and goes to a library written in C which, in the versions that
//! Debian has, neither asks for a fingerprint nor compares it (docs/adr/0027): here that is done.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Bytes of the longest answer that is read; Chromium's has 1,500.
pub const MOST_ANSWER: usize = 16 * 1024;
/// Lines of the longest answer that is read.
const MOST_LINES: usize = 256;

/// A certificate's SHA-256.
pub type Fingerprint = [u8; 32];

/// Which way media go, as the browser says it (RFC 8866, section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A picture and sound, from the browser.
    Sends,
    /// A picture, to the browser.
    Receives,
}

impl Way {
    fn attribute(self) -> &'static str {
        match self {
            Self::Sends => "sendonly",
            Self::Receives => "recvonly",
        }
    }

    /// The media sections of our offer, in order (RFC 3264, section 6: the answer has the same).
    fn media(self) -> &'static [&'static str] {
        match self {
            Self::Sends => &["video", "audio"],
            Self::Receives => &["video"],
        }
    }
}

/// An answer that may be believed as far as it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Without candidates: the browser comes to us, and nobody has the room send packets elsewhere.
    pub sdp: String,
    /// Of the certificate that the browser will show.
    pub fingerprint: Fingerprint,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// Longer than any browser's.
    #[error("the answer is too long")]
    TooLong,
    /// Something that is no line of a description; readers differ in what they make of it.
    #[error("the answer has a line that is none")]
    Line,
    /// Other media than what was offered, or one that was refused.
    #[error("the answer is not about what was offered")]
    Media,
    /// The other way, both ways or none. A browser that shares no sound sends none in a section that is open for it: one that
    /// rests would stop the picture too (docs/adr/0027).
    #[error("the answer has media go another way")]
    Direction,
    /// None, of another kind than SHA-256, or several that differ.
    #[error("the answer names no certificate, or not one alone")]
    Fingerprint,
}

/// Checks a browser's answer to our offer.
///
/// # Errors
/// [`BadAnswer`].
pub fn check(sdp: &str, way: Way) -> Result<Answer, BadAnswer> {
    if sdp.len() > MOST_ANSWER || sdp.lines().count() > MOST_LINES {
        return Err(BadAnswer::TooLong);
    }
    if !sdp.lines().all(is_line) {
        return Err(BadAnswer::Line);
    }
    let media = sdp.lines().filter_map(|line| line.strip_prefix("m="));
    let media: Option<Vec<&str>> = media.map(accepted).collect();
    if media.is_none_or(|media| media != way.media()) {
        return Err(BadAnswer::Media);
    }
    if !directions(sdp).is_some_and(|said| said.iter().all(|said| *said == way.attribute())) {
        return Err(BadAnswer::Direction);
    }
    let attributes = sdp.lines().filter_map(|line| line.strip_prefix("a="));
    let fingerprint = fingerprint(attributes)?;
    let lines = sdp
        .lines()
        .filter(|line| !line.starts_with("a=candidate:") && *line != "a=end-of-candidates");
    let sdp = lines.map(|line| format!("{line}\r\n")).collect();
    Ok(Answer { sdp, fingerprint })
}

/// What a media section is of; `None` for one that was refused (RFC 3264, section 6).
fn accepted(section: &str) -> Option<&str> {
    let (media, rest) = section.split_once(' ')?;
    (!rest.starts_with("0 ")).then_some(media)
}

/// Of each media section; `None` where one has none or several, or where it is said of all.
fn directions(sdp: &str) -> Option<Vec<&str>> {
    let mut sections = Vec::new();
    for line in sdp.lines() {
        match line {
            line if line.starts_with("m=") => sections.push(None),
            "a=sendonly" | "a=recvonly" | "a=sendrecv" | "a=inactive" => {
                let section = sections.last_mut()?;
                if section.replace(line.trim_start_matches("a=")).is_some() {
                    return None;
                }
            }
            _ => {}
        }
    }
    sections.into_iter().collect()
}

/// A letter, an equals sign, text (RFC 8866, section 5). GStreamer passes over white space before
/// it, and takes each carriage return for an end.
fn is_line(line: &str) -> bool {
    let mut characters = line.chars();
    let letter = characters.next().is_some_and(|c| c.is_ascii_lowercase());
    letter && characters.next() == Some('=') && !characters.any(char::is_control)
}

/// The only one (RFC 8122).
fn fingerprint<'a>(attributes: impl Iterator<Item = &'a str>) -> Result<Fingerprint, BadAnswer> {
    let named = attributes.filter_map(|attribute| {
        let (name, value) = attribute.split_once(':')?;
        name.eq_ignore_ascii_case("fingerprint").then_some(value)
    });
    let mut only = None;
    for value in named {
        let read = sha_256(value).ok_or(BadAnswer::Fingerprint)?;
        if only.replace(read).is_some_and(|before| before != read) {
            return Err(BadAnswer::Fingerprint);
        }
    }
    only.ok_or(BadAnswer::Fingerprint)
}

fn sha_256(value: &str) -> Option<Fingerprint> {
    let (function, hex) = value.split_once(' ')?;
    if !function.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let byte = |two: &str| {
        let hex = two.len() == 2 && two.bytes().all(|c| c.is_ascii_hexdigit());
        hex.then(|| u8::from_str_radix(two, 16).ok()).flatten()
    };
    let bytes: Option<Vec<u8>> = hex.trim_end().split(':').map(byte).collect();
    bytes?.try_into().ok()
}

/// The fingerprint of a certificate in PEM; `None` where it is none.
#[must_use]
pub fn fingerprint_of(pem: &str) -> Option<Fingerprint> {
    let body = pem.split_once("-----BEGIN CERTIFICATE-----")?.1;
    let body = body.split_once("-----END CERTIFICATE-----")?.0;
    let base64: String = body.split_ascii_whitespace().collect();
    let der = BASE64_STANDARD.decode(base64).ok()?;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
    hash.as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:\
                       10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f";

    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96";
    const AUDIO: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 97";

    /// Of a picture with these lines, and of sound that comes.
    fn answer(lines: &[&str]) -> String {
        answer_of(&[lines, &[AUDIO, "a=sendonly"]].concat())
    }

    fn answer_of(lines: &[&str]) -> String {
        let fingerprint = format!("a=fingerprint:sha-256 {HEX}");
        let whole = [
            "v=0",
            "o=- 1 2 IN IP4 127.0.0.1",
            VIDEO,
            "a=candidate:1 1 udp 1 192.0.2.9 9 typ host",
            &fingerprint,
        ];
        let whole = whole.iter().chain(lines);
        whole.map(|line| format!("{line}\r\n")).collect()
    }

    #[test]
    fn an_answer_gives_its_fingerprint_and_loses_its_candidates() {
        let checked = check(&answer(&["a=sendonly"]), Way::Sends).unwrap();
        assert_eq!(checked.fingerprint.to_vec(), (0..32).collect::<Vec<u8>>());
        assert!(!checked.sdp.contains("candidate"), "{}", checked.sdp);
        assert!(checked.sdp.contains("m=video 9 "));
    }

    #[test]
    fn who_looks_answers_for_a_picture_alone() {
        let alone = answer_of(&["a=recvonly"]);
        assert!(check(&alone, Way::Receives).is_ok());
        let with_sound = answer(&["a=recvonly"]).replace("a=sendonly", "a=recvonly");
        assert_eq!(check(&with_sound, Way::Receives), Err(BadAnswer::Media));
        assert_eq!(check(&alone, Way::Sends), Err(BadAnswer::Media));
    }

    #[test]
    fn what_does_not_answer_the_offer_is_refused() {
        let check = |sdp: &str| check(sdp, Way::Sends).unwrap_err();
        assert_eq!(check(""), BadAnswer::Media);
        assert_eq!(
            check(&answer(&["m=audio 9 x 1", "a=sendonly"])),
            BadAnswer::Media
        );
        for refused in ["video", "audio"] {
            let (whole, none) = (format!("m={refused} 9"), format!("m={refused} 0"));
            let refused = answer(&["a=sendonly"]).replace(&whole, &none);
            assert_eq!(check(&refused), BadAnswer::Media);
        }
        let other_order = answer_of(&["a=sendonly"]).replace(VIDEO, AUDIO) + VIDEO;
        assert_eq!(check(&other_order), BadAnswer::Media);
        let at_rest = answer_of(&["a=sendonly", AUDIO, "a=inactive"]);
        assert_eq!(check(&at_rest), BadAnswer::Direction);
        let of_one = answer_of(&["a=sendonly", "a=sendonly", AUDIO]);
        assert_eq!(check(&of_one), BadAnswer::Direction);
        assert_eq!(check(&answer(&[])), BadAnswer::Direction);
        assert_eq!(check(&answer(&["a=inactive"])), BadAnswer::Direction);
        assert_eq!(
            check(&answer(&["a=sendonly", "a=inactive"])),
            BadAnswer::Direction
        );
        for smuggled in [
            "a=x\rm=audio 9 x 1",
            " m=audio 9 x 1",
            "",
            "\u{b}a=y",
            "a=x\0",
        ] {
            let sdp = answer(&["a=sendonly", smuggled]);
            assert_eq!(check(&sdp), BadAnswer::Line, "{smuggled:?}");
        }
        assert_eq!(check(&"a=x\r\n".repeat(300)), BadAnswer::TooLong);
        assert_eq!(check(&"x".repeat(20_000)), BadAnswer::TooLong);
    }

    #[test]
    fn without_one_fingerprint_there_is_nobody_to_trust() {
        let check = |sdp: String| check(&sdp, Way::Sends).unwrap_err();
        let good = answer(&["a=sendonly"]);
        let without = good.replace("a=fingerprint:", "a=x:");
        assert_eq!(check(without), BadAnswer::Fingerprint);
        let old = good.replace("sha-256", "sha-1");
        assert_eq!(check(old), BadAnswer::Fingerprint);
        let short = good.replace("00:01:", "00:");
        assert_eq!(check(short), BadAnswer::Fingerprint);
        let signs = good.replace("00:01:", "+0:01:");
        assert_eq!(check(signs), BadAnswer::Fingerprint);
        let other = HEX.replace("1f", "2f");
        let two = format!("a=fingerprint:sha-256 {other}");
        assert_eq!(check(answer(&["a=sendonly", &two])), BadAnswer::Fingerprint);
    }

    #[test]
    fn a_certificate_is_known_by_its_hash() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
        let read = fingerprint_of(&certificate.pem()).unwrap();
        assert_eq!(read, hash.as_ref());
        assert_eq!(fingerprint_of("nothing"), None);
        assert_eq!(
            fingerprint_of(&certificate.pem().replace("CATE-----\n", "CATE-----\n?")),
            None
        );
    }
}
