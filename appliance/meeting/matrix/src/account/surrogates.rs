//! JSON with halves of surrogate pairs, which Unicode has no characters for: some clients cut an emoji in two and send that
//! (RFC 8259, 8.2). Whoever wrote the rest of it is heard, with U+FFFD in their place.

use serde::de::DeserializeOwned;

/// What is written there.
///
/// # Errors
/// When it is not JSON otherwise either, or something else.
pub(super) fn parsed<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    // Nearly always nothing is to be mended.
    let read = serde_json::from_str(json);
    read.or_else(|_| serde_json::from_str(&mended(json)))
}

/// The same with `\ufffd` in the place of each half.
fn mended(json: &str) -> String {
    const NOTHING: &str = "\\ufffd";
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        whole.push_str(plain);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str(NOTHING);
                rest = &escape[6..];
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (escape, after) = escape.split_at(length);
        whole.push_str(escape);
        rest = after;
    }
    whole + rest
}

/// The code unit of `\uXXXX` at the beginning.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn said(json: &str) -> Option<String> {
        let value: Value = parsed(&format!("{{\"body\":\"{json}\"}}")).ok()?;
        value["body"].as_str().map(str::to_owned)
    }

    #[test]
    fn half_an_emoji_takes_nobody_s_words_away() {
        assert_eq!(said(r"ja \ud83d").as_deref(), Some("ja \u{fffd}"));
        assert_eq!(
            said(r"\udc4d\ud83dja").as_deref(),
            Some("\u{fffd}\u{fffd}ja")
        );
        assert_eq!(
            said(r"\ud83d\ud83d\udc4d").as_deref(),
            Some("\u{fffd}👍"),
            "a whole one stays"
        );
        assert_eq!(said(r"\\ud83d \ud83d").as_deref(), Some("\\ud83d \u{fffd}"));
        assert_eq!(said("ü\\n\\u00fc").as_deref(), Some("ü\nü"));
    }

    #[test]
    fn what_is_no_json_is_none() {
        for broken in [r"\ud8", r"\uzzzz\ud83d", "\\", r"\ud83d\"] {
            assert_eq!(said(broken), None, "{broken}");
        }
    }
}
