//! The password that stands beside a link.

use std::collections::BTreeMap;

/// How people and their programs call it, in lower case.
const WORDS: [&str; 14] = [
    "meeting password",
    "raumpasswort",
    "konferenzpasswort",
    "sitzungspasswort",
    "password",
    "passwort",
    "kennwort",
    "passcode",
    "zugangscode",
    "zugangskennwort",
    "mot de passe",
    "contraseña",
    "wachtwoord",
    "pin",
];
/// Lines about telephones: their numbers are no passwords.
const TELEPHONE: [&str; 10] = [
    "dial", "telefon", "phone", "einwahl", "einwähl", "tel:", "call in", "sip", "+49", "anruf",
];
/// Longer ones are sentences.
const LONGEST: usize = 64;

/// Passwords of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passwords<'a> {
    /// By the number of the link that each belongs to.
    pub(super) of_link: BTreeMap<usize, &'a str>,
    /// Of a text without links.
    pub(super) of_none: Option<&'a str>,
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
        telephone = telephone.saturating_sub(1);
        at += line.len();
    }
    found
}

fn assign<'a>(found: &mut Passwords<'a>, links: &[usize], at: usize, value: &'a str) {
    let above = links.iter().rposition(|link| *link < at);
    let below = links.iter().position(|link| *link >= at);
    match above.or(below) {
        Some(link) => {
            found.of_link.entry(link).or_insert(value);
        }
        None => found.of_none = found.of_none.or(Some(value)),
    }
}

/// Where it stands, and what it is; empty where the line ends before it.
fn in_line<'a>(
    line: &'a str,
    lower: &str,
    link: Option<usize>,
    telephone: bool,
) -> Option<(usize, &'a str)> {
    for word in WORDS {
        if word == "pin" && telephone {
            continue;
        }
        let Some(at) = lower.find(word) else { continue };
        let whole = lower[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        // `&password=` within a link is the link's.
        let within =
            link.is_some_and(|link| link < at && !lower[link..at].contains(char::is_whitespace));
        let after = line.get(at + word.len()..)?;
        // `Passwort: x`, `Passwort (bei Nachfrage): x`, `Passwort = x`; `Passwort lautet x` is a sentence.
        let Some(mark) = after.find([':', '=']) else {
            continue;
        };
        if !whole || within || mark > 40 {
            continue;
        }
        let rest = &after[mark + 1..];
        if rest.trim().is_empty() {
            return Some((at, ""));
        }
        if let Some(value) = value(rest) {
            return Some((at, value));
        }
    }
    None
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
    (!word.is_empty() && word.len() <= LONGEST && !word.contains("://")).then_some(word)
}
