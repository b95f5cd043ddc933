//! Links in plain text.

/// Ways in which a link begins, in lower case.
const BEGINNINGS: [&str; 6] = [
    "https://",
    "http://",
    "matrix:",
    "io.element.call:",
    "org.jitsi.meet://",
    "jitsi-meet://",
];
/// How mail programs begin what somebody answered to or forwarded, in lower case.
const QUOTES: [&str; 13] = [
    "-----original",
    "-----ursprüngliche",
    "-----message d'origine",
    "-------- ",
    "---------- forwarded",
    "begin forwarded message",
    "anfang der weitergeleiteten",
    "von: ",
    "from: ",
    "de : ",
    "gesendet: ",
    "sent: ",
    "envoyé : ",
];

/// A link as it stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) link: String,
    /// Where it begins, in bytes.
    pub(super) at: usize,
    /// In a part that was answered to or forwarded: perhaps another meeting's.
    pub(super) quoted: bool,
    /// Without `https://`; perhaps no link.
    pub(super) bare: bool,
}

/// All links, in their order.
pub(super) fn links(text: &str) -> Vec<Written> {
    let mut found = Vec::new();
    let (mut answered, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        let head: String = start.chars().take(40).collect();
        let head = head.to_lowercase();
        answered |= QUOTES.iter().any(|quote| head.starts_with(quote));
        let quoted = answered || start.starts_with('>');
        found.extend(in_line(line).map(|(from, link, bare)| Written {
            link,
            at: at + from,
            quoted,
            bare,
        }));
        at += line.len();
    }
    found
}

/// Where each begins, what it is, and whether it is bare.
fn in_line(line: &str) -> impl Iterator<Item = (usize, String, bool)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, end, bare)) = next(&line[from..]) {
        let link = trimmed(&line[from + start..from + end]);
        if link.len() > 3 {
            let whole = if bare {
                format!("https://{link}")
            } else {
                link.to_owned()
            };
            found.push((from + start, whole, bare));
        }
        from += end;
    }
    found.into_iter()
}

/// The next link's bytes, without a look at what ends a sentence.
fn next(line: &str) -> Option<(usize, usize, bool)> {
    let lower = line.to_ascii_lowercase();
    let of = |word: &&str| begins(&lower, word);
    let link = BEGINNINGS.iter().filter_map(of).min();
    let room = line
        .char_indices()
        .find(|(at, c)| matches!(c, '#' | '!') && is_room(&line[*at..]) && is_free(line, *at));
    let bare = bare(&lower).filter(|at| link.is_none_or(|link| *at < link));
    let room = room.map(|(at, _)| at);
    let start = [link, room, bare].into_iter().flatten().min()?;
    let length = line[start..].find(ends).unwrap_or(line.len() - start);
    Some((start, start + length, bare == Some(start)))
}

fn ends(c: char) -> bool {
    let unseen =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    c.is_whitespace() || c.is_control() || unseen || matches!(c, '<' | '>' | '"' | '`')
}

/// Where a word begins that may be an address without a scheme: `meet.example.org/Weekly`.
fn bare(lower: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = lower[from..].find('/') {
        let slash = from + at;
        let outside = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-');
        let start = lower[..slash].rfind(outside).map_or(0, |before| {
            before + lower[before..].chars().next().map_or(1, char::len_utf8)
        });
        let host = &lower[start..slash];
        let dotted = host.split('.').count() > 1 && host.split('.').all(|label| !label.is_empty());
        let word = lower[slash + 1..].starts_with(|c: char| c.is_alphanumeric());
        if dotted && word && is_free(lower, start) {
            return Some(start);
        }
        from = slash + 1;
    }
    None
}

/// Where a link of this kind begins, not in the middle of a word.
fn begins(lower: &str, word: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = lower[from..].find(word) {
        let at = from + at;
        if is_free(lower, at) {
            return Some(at);
        }
        from = at + word.len();
    }
    None
}

fn is_free(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    before.is_none_or(|c| {
        !c.is_alphanumeric() && !matches!(c, '/' | '.' | '-' | '@' | '=' | '%' | '&' | '?')
    })
}

/// `#name:server`, `!id:server`.
fn is_room(text: &str) -> bool {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let Some((name, server)) = text[1..end].split_once(':') else {
        return false;
    };
    let host = server.split([':', '?']).next().unwrap_or_default();
    !name.is_empty() && !name.contains('/') && host.contains('.') && host.len() > 3
}

/// Without what ends the sentence or closes a bracket that was opened before the link.
fn trimmed(link: &str) -> &str {
    let mut link = link;
    while let Some(last) = link.chars().next_back() {
        let open =
            |open: char, close: char| link.matches(close).count() > link.matches(open).count();
        let cut = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '“' | '”' | '’' | '»' | '*' | '|' | '\\' => {
                true
            }
            ')' => open('(', ')'),
            ']' => open('[', ']'),
            '}' => open('{', '}'),
            _ => false,
        };
        if !cut {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link
}
