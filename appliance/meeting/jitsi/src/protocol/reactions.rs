//! Signs that people give, as Jitsi names them and as people see them.

use serde_json::{Value, json};

/// More at once is a game.
const MAX_AT_ONCE: usize = 5;

/// The web application's reactions.
const NAMES: &[(&str, &str)] = &[
    ("like", "\u{1f44d}"),
    ("clap", "\u{1f44f}"),
    ("laugh", "\u{1f600}"),
    ("surprised", "\u{1f62e}"),
    ("boo", "\u{1f641}"),
    ("silence", "\u{1f910}"),
    ("love", "\u{2764}\u{fe0f}"),
];

/// Emojis of the reactions in a message.
pub(crate) fn read(reactions: &Value) -> Vec<String> {
    let names = reactions.as_array().map(Vec::as_slice).unwrap_or_default();
    let known = names.iter().filter_map(|name| {
        let name = name.as_str()?;
        let (_, emoji) = NAMES.iter().find(|(known, _)| *known == name)?;
        Some((*emoji).to_owned())
    });
    known.take(MAX_AT_ONCE).collect()
}

/// The message that shows an emoji to all; `None` for one that Jitsi has no name for.
pub(crate) fn message(emoji: &str, unix_ms: u64) -> Option<Value> {
    let plain = |text: &str| text.trim_end_matches('\u{fe0f}').to_owned();
    let (name, _) = NAMES
        .iter()
        .find(|(_, known)| plain(known) == plain(emoji))?;
    Some(json!({ "name": "endpoint-reaction", "reactions": [name], "timestamp": unix_ms }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_show_is_what_others_read() {
        let message = message("\u{2764}", 1).unwrap();
        assert_eq!(read(&message["reactions"]), ["\u{2764}\u{fe0f}"]);
        assert_eq!(super::message("x", 1), None);
        assert!(read(&json!(["nonsense", 1])).is_empty());
    }
}
