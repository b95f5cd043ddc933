//! Takes out of a line what is secret or says who somebody is, and leaves what helps: hosts, addresses, codes, places in
//! programs. What might be a secret is one.

/// Stands for what was there.
const GONE: &str = "…";
/// So many characters without a gap that look drawn by lot are a key, a token, or the name of something.
const OPAQUE: usize = 20;
/// What comes behind a word with one of these in it is secret.
const SECRETS: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "passwort",
    "secret",
    "geheim",
    "authorization",
    "bearer",
    "cookie",
];
/// The same where it is the whole word.
const SECRET_WORDS: [&str; 5] = ["key", "pin", "code", "sid", "auth"];

/// A line that may leave the device.
pub(super) fn redacted(line: &str) -> String {
    let line = plain(line);
    let mut written = String::with_capacity(line.len());
    // The next word is a secret; the last one was a secret's name.
    let (mut hides, mut named) = (false, false);
    let mut rest = line.as_str();
    while !rest.is_empty() {
        let end = rest.find(is_gap).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let gap = after.find(|c| !is_gap(c)).unwrap_or(after.len());
        let (gap, after) = after.split_at(gap);
        if word == ":" && named {
            written.push(':');
            hides = true;
        } else if !word.is_empty() {
            hides = self::word(&mut written, word, hides);
        }
        named = is_secret(word);
        written.push_str(gap);
        rest = after;
    }
    written
}

/// What ends a word: blanks and what quotes.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || "\"'`()[]{}<>,;|".contains(c)
}

/// Without what colours terminals and moves their cursors (ECMA-48).
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            // The introducer, then parameters up to a letter.
            if characters.next() == Some('[') {
                characters.by_ref().find(char::is_ascii_alphabetic);
            }
        } else if c.is_control() {
            text.push(' ');
        } else {
            text.push(c);
        }
    }
    text
}

/// Writes a word; whether the next one is a secret.
fn word(written: &mut String, word: &str, hidden: bool) -> bool {
    let scheme = ["bearer", "basic"].contains(&word.to_ascii_lowercase().as_str());
    if scheme {
        written.push_str(word);
        return true;
    }
    if let Some((scheme, rest)) = word.split_once("://") {
        address(written, scheme, rest);
        return false;
    }
    if let Some((name, value)) = word.split_once('=') {
        written.push_str(name);
        written.push('=');
        if value.is_empty() {
            return is_secret(name);
        }
        if (hidden || is_secret(name)) && !is_small(value) {
            written.push_str(GONE);
            return false;
        }
        return self::word(written, value, false);
    }
    if hidden && is_small(word) {
        written.push_str(word);
        return false;
    }
    if hidden && word.chars().any(char::is_alphanumeric) {
        written.push_str(GONE);
        return false;
    }
    // "token: x", as JSON and people write it.
    if let Some(name) = word.strip_suffix(':') {
        written.push_str(&name_of(name));
        written.push(':');
        return is_secret(name);
    }
    if hidden {
        written.push_str(word);
        return true;
    }
    written.push_str(&name_of(word));
    false
}

/// The code of an error, of a program's end: too short to be a secret.
fn is_small(value: &str) -> bool {
    value.len() <= 3 && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let last = name
        .rsplit(['.', '_', '-', ':', '?', '&'])
        .next()
        .unwrap_or_default();
    SECRETS.iter().any(|part| name.contains(part)) || SECRET_WORDS.contains(&last)
}

/// An address tells its host, and nothing of who or what is there.
fn address(written: &mut String, scheme: &str, rest: &str) {
    let (before, scheme) = match scheme.rsplit_once('=') {
        Some((name, scheme)) => (format!("{}=", name_of(name)), scheme),
        None => (String::new(), scheme),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    for part in [&before, scheme, "://", host] {
        written.push_str(part);
    }
    if path.len() > 1 {
        written.push('/');
        written.push_str(GONE);
    } else {
        written.push_str(path);
    }
}

/// Users, rooms and events of Matrix (appendices, "common identifier format"), e-mail addresses, and what is opaque.
fn name_of(word: &str) -> String {
    if let Some(sigil) = word.chars().next().filter(|c| "@!#$".contains(*c))
        && word.len() > 1
    {
        return match word.split_once(':') {
            Some((_, server)) => format!("{sigil}{GONE}:{server}"),
            None => format!("{sigil}{GONE}"),
        };
    }
    if let Some((_, host)) = word.rsplit_once('@') {
        return format!("{GONE}@{host}");
    }
    let path = word.starts_with('/') || word.starts_with("./");
    if path {
        let parts = word
            .split('/')
            .map(|part| if is_opaque(part) { GONE } else { part });
        return parts.collect::<Vec<_>>().join("/");
    }
    let parts = word
        .split(':')
        .map(|part| if is_opaque(part) { GONE } else { part });
    parts.collect::<Vec<_>>().join(":")
}

/// Long, with figures or letters of both sizes in it, and of what keys and tokens are written with.
fn is_opaque(word: &str) -> bool {
    if word.starts_with("eyJ") {
        return true;
    }
    let known = |c: char| c.is_ascii_alphanumeric() || "+/_-=.~".contains(c);
    let figures = word.chars().filter(char::is_ascii_digit).count();
    let large = word.chars().any(|c| c.is_ascii_uppercase());
    let small = word.chars().any(|c| c.is_ascii_lowercase());
    word.len() >= OPAQUE && word.chars().all(known) && (figures >= 3 || (large && small))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_or_says_who_somebody_is_stays_on_the_device() {
        for (line, leaves) in [
            ("access_token=syt_abc", "access_token=…"),
            ("token: \"syt_abc\", next", "token: \"…\", next"),
            ("\"password\":\"korrekt\"", "\"password\":\"…\""),
            ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
            (
                "https://anna:x@example.org/room?pwd=1 is down",
                "https://example.org/… is down",
            ),
            (
                "url=https://example.org:8443/a",
                "url=https://example.org:8443/…",
            ),
            (
                "invited by @anna.schmidt:example.org",
                "invited by @…:example.org",
            ),
            ("room=!abcDEF:example.org", "room=!…:example.org"),
            ("mail to anna@example.org.", "mail to …@example.org."),
            ("event $abcdef", "event $…"),
            ("key eyJhbGciOi.x.y", "key …"),
            ("opens with Zm9vYmFyYmF6cXV4MTIz", "opens with …"),
            (
                "/var/lib/saal/9f86d081884c7d659a2feaa0/x",
                "/var/lib/saal/…/x",
            ),
            ("\u{1b}[31mERROR\u{1b}[0m pin=1234", "ERROR pin=…"),
        ] {
            assert_eq!(redacted(line), leaves);
        }
    }

    #[test]
    fn what_helps_leaves_it() {
        for line in [
            "INFO saal_matrix::call::machine: joining phase=home attempt=3",
            "no answer from 192.168.1.7:8443 within 10s (code 502)",
            "no answer from [fe80::1]:8443",
            "/dev/video0: Device or resource busy (os error 16)",
            "TLS with matrix.example.org:443: invalid peer certificate: UnknownIssuer",
            "camera Logitech-BRIO-4K is gone, trouble=camera_missing",
            "release saal-2026.11.1 is written",
            "it ended with code: 101, code=7",
        ] {
            assert_eq!(redacted(line), line);
        }
    }

    /// Seeded: the same words each time.
    #[test]
    fn no_token_gets_through_wherever_it_stands() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let length = random.usize(24..60);
            let token: String = std::iter::repeat_with(|| random.alphanumeric())
                .take(length)
                .collect();
            let line = match random.u8(..6) {
                0 => format!("got {token} from there"),
                1 => format!("{{\"access_token\":\"{token}\"}}"),
                2 => format!("GET https://example.org/a?x={token}"),
                3 => format!("session={token}; next"),
                4 => format!("/run/saal/{token}/socket"),
                _ => format!("a: b={token}:{token}"),
            };
            let leaves = redacted(&line);
            assert!(!leaves.contains(&token[4..20]), "{line} leaves as {leaves}");
        }
    }

    #[test]
    fn any_text_is_read() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..20_000 {
            let length = random.usize(..40);
            let line: String = std::iter::repeat_with(|| random.char(..))
                .take(length)
                .collect();
            let leaves = redacted(&line);
            assert!(!leaves.chars().any(char::is_control), "{line:?}");
        }
    }
}
