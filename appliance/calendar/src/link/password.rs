//! The password, PIN or token that stands beside a link.

use std::collections::BTreeMap;

/// How people and their programs call it, in lower case.
const WORDS: [&str; 18] = [
    "password",
    "passwort",
    "kennwort",
    "kenncode",
    "passcode",
    "pass code",
    "mot de passe",
    "contraseña",
    "wachtwoord",
    "zugangscode",
    "zutrittscode",
    "access code",
    "entry code",
    "sicherheitscode",
    "security code",
    "pincode",
    "pin",
    "pwd",
];
/// These are as often what a telephone is asked for.
const ALSO_BY_TELEPHONE: [&str; 5] = ["pin", "pincode", "access code", "zugangscode", "entry code"];
/// German makes one word of two: `Besprechungskennwort`.
const IN_ONE_WORD: [&str; 4] = ["passwort", "kennwort", "kenncode", "zugangscode"];
/// Whoever leads the meeting has one of their own.
const OF_MODERATORS: [&str; 5] = ["moderat", "host", "gastgeber", "leiter", "organizer"];
/// Lines about telephones: their numbers are no passwords.
const TELEPHONE: [&str; 10] = [
    "dial", "telefon", "phone", "einwahl", "einwähl", "tel:", "call in", "sip", "+49", "anruf",
];
/// Longer ones are sentences.
const LONGEST: usize = 64;
/// A token (JWT, RFC 7519) of more is none that a link could carry.
const LONGEST_TOKEN: usize = 4096;
/// So far from its name a value begins.
const NEAR: usize = 40;

/// Passwords of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passwords<'a> {
    /// By the number of the link that each belongs to.
    pub(super) of_link: BTreeMap<usize, &'a str>,
    /// Of a text without links.
    pub(super) of_none: Option<&'a str>,
    /// Tokens, by the number of the link that each belongs to.
    pub(super) tokens: BTreeMap<usize, &'a str>,
}

/// Each password belongs to the last link above it, else to the first below. `links` are the places where they begin, in
/// bytes. `PIN` counts only apart from telephone numbers.
pub(super) fn in_text<'a>(text: &'a str, links: &[usize]) -> Passwords<'a> {
    let mut found = Passwords::default();
    let (mut telephone, mut at, mut waiting) = (0_u8, 0, false);
    for line in text.split_inclusive('\n') {
        let lower = line.to_lowercase();
        if TELEPHONE.iter().any(|word| lower.contains(word)) {
            // Its PIN stands in the same line or in one of the next.
            telephone = 4;
        }
        let here = at..at + line.len();
        let first = links
            .iter()
            .find(|link| here.contains(link))
            .map(|link| link - at);
        // Where lower case has other lengths, places in it are of no use.
        let password = match lower.len() == line.len() {
            true => in_line(line, &lower, first, telephone > 0),
            false => None,
        };
        let password = match password {
            None if waiting && first.is_none() => value(line).map(|value| (0, value)),
            Some((_, "")) | None => None,
            found => found,
        };
        waiting = lower.len() == line.len()
            && (waiting && line.trim().is_empty()
                || matches!(in_line(line, &lower, first, telephone > 0), Some((_, ""))));
        if let Some((place, value)) = password {
            assign(&mut found, links, at + place, value);
        }
        if let Some((place, token)) = token_in(line)
            && let Some(link) = nearest(links, at + place)
        {
            found.tokens.entry(link).or_insert(token);
        }
        telephone = telephone.saturating_sub(1);
        at += line.len();
    }
    found
}

fn assign<'a>(found: &mut Passwords<'a>, links: &[usize], at: usize, value: &'a str) {
    match nearest(links, at) {
        Some(link) => {
            found.of_link.entry(link).or_insert(value);
        }
        None => found.of_none = found.of_none.or(Some(value)),
    }
}

/// The last link above a place, else the first below.
fn nearest(links: &[usize], at: usize) -> Option<usize> {
    let above = links.iter().rposition(|link| *link < at);
    let below = links.iter().position(|link| *link >= at);
    above.or(below)
}

/// Where a token stands by itself, `jwt=eyJ…` and `Token: eyJ…` too; one within a link is the link's.
fn token_in(line: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    for word in line.split_inclusive(char::is_whitespace) {
        let (at, word) = (from, word.trim_end());
        let end = at + word.len();
        from = end + line[end..].chars().next().map_or(0, char::len_utf8);
        let Some(start) = word.find("eyJ").filter(|_| !word.contains("://")) else {
            continue;
        };
        let (before, token) = word.split_at(start);
        let marks = ['"', '\'', '“', '”', '>', ')', ',', ';', '.'];
        let token = token.trim_end_matches(marks);
        if !before.ends_with(char::is_alphanumeric) && is_token(token) {
            return Some((at + start, token));
        }
    }
    None
}

/// Three parts in the alphabet of base64url, of which the first begins an object of JSON.
fn is_token(text: &str) -> bool {
    let part = |part: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        part.len() >= 10 && part.bytes().all(known)
    };
    text.len() <= LONGEST_TOKEN && text.split('.').count() == 3 && text.split('.').all(part)
}

/// Where it stands, and what it is; empty where the line ends before it.
fn in_line<'a>(
    line: &'a str,
    lower: &str,
    link: Option<usize>,
    telephone: bool,
) -> Option<(usize, &'a str)> {
    for word in WORDS {
        if ALSO_BY_TELEPHONE.contains(&word) && telephone {
            continue;
        }
        let Some(at) = lower.find(word) else { continue };
        let before = lower[..at].chars().next_back();
        let whole = before.is_none_or(|c| !c.is_alphanumeric()) || IN_ONE_WORD.contains(&word);
        let of_moderators = OF_MODERATORS.iter().any(|who| lower[..at].contains(who));
        // `&password=` within a link is the link's.
        let within =
            link.is_some_and(|link| link < at && !lower[link..at].contains(char::is_whitespace));
        let after = line.get(at + word.len()..)?;
        let longer = after.starts_with(char::is_alphanumeric);
        if !whole || longer || within || of_moderators {
            continue;
        }
        if let Some(value) = value_after(after) {
            return Some((at, value));
        }
    }
    None
}

/// `Passwort: x`, `Passwort (bei Nachfrage): x`, `Kenncode = x`, `PIN – 4711`, `Passcode<tab>x`; a number also as in `PIN 4711` and
/// `the passcode is 4711`. `Passwort lautet x` is a sentence. Empty where the line ends before it.
fn value_after(after: &str) -> Option<&str> {
    if let Some(mark) = after.find([':', '=']).filter(|mark| *mark <= NEAR) {
        let rest = &after[mark + 1..];
        return if rest.trim().is_empty() {
            Some("")
        } else {
            value(rest)
        };
    }
    let spaced = after.trim_start_matches(' ');
    for mark in ["\t", "– ", "— ", "- ", "# ", "| "] {
        if let Some(rest) = spaced.strip_prefix(mark) {
            return value(rest);
        }
    }
    let words = ["is ", "ist ", "lautet ", "ist die ", "ist der "];
    let said = words.iter().find_map(|word| spaced.strip_prefix(word));
    let number = value(said.unwrap_or(spaced))?;
    let digits = number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && spaced.len() < after.len()).then_some(number)
}

/// The first word, without what people put around it.
fn value(rest: &str) -> Option<&str> {
    let word = rest.split_whitespace().next()?;
    let word = word.trim_matches(['"', '\'', '„', '“', '”', '<', '>', '*']);
    let word = word.trim_end_matches([',', ';', '.']);
    let word = match word.strip_suffix(')') {
        Some(inside) if !inside.contains('(') => inside,
        _ => word,
    };
    // With a hash it is typed on a telephone.
    let fits = !word.is_empty() && word.len() <= LONGEST && !word.ends_with('#');
    (fits && !word.contains("://")).then_some(word)
}
