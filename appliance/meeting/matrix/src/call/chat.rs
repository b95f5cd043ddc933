//! The room's chat as the television shows it: what was written, with corrections and without what
//! was taken back. Others write it, so it is bounded, and nothing in it is more than text.

use std::collections::VecDeque;

use serde_json::Value;

/// More than the core keeps.
const MOST_LINES: usize = 200;
/// Longer ones are cut.
const LONGEST: usize = 2_000;
/// Corrections of one line that are kept; the television shows the last.
const MOST_CORRECTIONS: usize = 8;

/// A line of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    id: String,
    sender: String,
    /// What it said when it was written; nothing where that can't be read.
    text: String,
    /// Event and text of each correction, oldest first.
    corrections: Vec<(String, String)>,
}

/// What an event did to the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// This line is new or another.
    Line(Written),
    /// This line is gone.
    Removed { id: String },
}

/// A line as it reads now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub id: String,
    /// User id.
    pub sender: String,
    pub text: String,
}

/// The last lines of a room's chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chat(VecDeque<Line>);

impl Line {
    fn written(&self) -> Written {
        let text = self.corrections.last().map_or(&self.text, |(_, text)| text);
        Written {
            id: self.id.clone(),
            sender: self.sender.clone(),
            text: text.clone(),
        }
    }
}

impl Chat {
    /// All lines, oldest first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Written> {
        self.0.iter().map(Line::written)
    }

    /// Takes in an event of the timeline, decrypted.
    pub(crate) fn hear(&mut self, event: &Value) -> Option<Change> {
        let (id, sender) = (event["event_id"].as_str()?, event["sender"].as_str()?);
        match event["type"].as_str()? {
            "m.room.redaction" => {
                // Where it stands depends on the room's version.
                let redacts = event["redacts"].as_str();
                self.take_back(redacts.or_else(|| event["content"]["redacts"].as_str())?)
            }
            "m.room.message" | "m.sticker" => {
                let relation = &event["content"]["m.relates_to"];
                if relation["rel_type"] == "m.replace" {
                    return self.correct(relation["event_id"].as_str()?, sender, event);
                }
                self.write(id, sender, event, text(event)?)
            }
            // It was decrypted and can't be read; a correction leaves what it corrects as it was.
            "m.room.encrypted" if is_said(event) => self.write(id, sender, event, String::new()),
            _ => None,
        }
    }

    fn write(&mut self, id: &str, sender: &str, event: &Value, text: String) -> Option<Change> {
        if self.0.iter().any(|line| line.id == id) {
            return None;
        }
        let mut line = Line {
            id: id.to_owned(),
            sender: sender.to_owned(),
            text,
            corrections: Vec::new(),
        };
        // What was read later comes with its last correction.
        let later = &event["unsigned"]["m.relations"]["m.replace"];
        if let (true, Some(id), Some(text)) = (
            later["sender"] == sender,
            later["event_id"].as_str(),
            corrected(later),
        ) {
            line.corrections.push((id.to_owned(), text));
        }
        if self.0.len() == MOST_LINES {
            self.0.pop_front();
        }
        let written = line.written();
        self.0.push_back(line);
        Some(Change::Line(written))
    }

    /// Only who wrote a line corrects it.
    fn correct(&mut self, of: &str, sender: &str, event: &Value) -> Option<Change> {
        let id = event["event_id"].as_str()?;
        let line = self.0.iter_mut().find(|line| line.id == of)?;
        if line.sender != sender || line.corrections.iter().any(|(known, _)| known == id) {
            return None;
        }
        if line.corrections.len() == MOST_CORRECTIONS {
            line.corrections.remove(0);
        }
        line.corrections.push((id.to_owned(), corrected(event)?));
        Some(Change::Line(line.written()))
    }

    fn take_back(&mut self, id: &str) -> Option<Change> {
        if let Some(index) = self.0.iter().position(|line| line.id == id) {
            self.0.remove(index);
            return Some(Change::Removed { id: id.to_owned() });
        }
        let line = self
            .0
            .iter_mut()
            .find(|line| line.corrections.iter().any(|(known, _)| known == id))?;
        line.corrections.retain(|(known, _)| known != id);
        Some(Change::Line(line.written()))
    }
}

/// It stands for itself or answers something, as what is outside of its encryption says.
fn is_said(event: &Value) -> bool {
    let relation = event["content"]["m.relates_to"]["rel_type"].as_str();
    matches!(relation, None | Some("m.thread"))
}

fn corrected(event: &Value) -> Option<String> {
    let content = &event["content"]["m.new_content"];
    content
        .is_object()
        .then(|| described(content, &event["type"]))?
}

/// `None` for what was taken back or says nothing.
fn text(event: &Value) -> Option<String> {
    let content = &event["content"];
    let text = described(content, &event["type"])?;
    let answers = content["m.relates_to"]["m.in_reply_to"].is_object();
    Some(if answers { without_quote(&text) } else { text })
}

/// The plain text, which every message has beside its formatted one; of a file its name.
fn described(content: &Value, kind: &Value) -> Option<String> {
    let body = content["body"].as_str()?.trim();
    let body: String = body.chars().take(LONGEST).collect();
    let sign = match (kind.as_str(), content["msgtype"].as_str()) {
        (Some("m.sticker"), _) | (_, Some("m.image")) => "🖼 ",
        (_, Some("m.video")) => "🎬 ",
        (_, Some("m.audio")) => "🔊 ",
        (_, Some("m.file")) => "📎 ",
        (_, Some("m.location")) => "📍 ",
        (_, Some("m.emote")) => "* ",
        _ => "",
    };
    (!body.is_empty()).then(|| format!("{sign}{body}"))
}

/// Older clients repeat what they answer to, each line behind "> ".
fn without_quote(text: &str) -> String {
    let rest: Vec<&str> = text
        .lines()
        .skip_while(|line| line.starts_with("> "))
        .collect();
    let rest = rest.join("\n").trim().to_owned();
    if rest.is_empty() {
        text.to_owned()
    } else {
        rest
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(id: &str, sender: &str, content: Value) -> Value {
        json!({ "type": "m.room.message", "event_id": id, "sender": sender, "content": content })
    }

    fn says(id: &str, text: &str) -> Value {
        message(id, "@anna:hs", json!({ "msgtype": "m.text", "body": text }))
    }

    fn corrects(id: &str, of: &str, sender: &str, text: &str) -> Value {
        let content = json!({
            "msgtype": "m.text", "body": format!("* {text}"),
            "m.new_content": { "msgtype": "m.text", "body": text },
            "m.relates_to": { "rel_type": "m.replace", "event_id": of },
        });
        message(id, sender, content)
    }

    fn redacts(of: &str) -> Value {
        json!({ "type": "m.room.redaction", "event_id": "$r", "sender": "@anna:hs", "content": { "redacts": of } })
    }

    fn texts(chat: &Chat) -> Vec<String> {
        chat.lines().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_corrected_by_who_wrote_them_and_taken_back() {
        let mut chat = Chat::default();
        assert!(matches!(
            chat.hear(&says("$1", "helo")),
            Some(Change::Line(_))
        ));
        assert_eq!(chat.hear(&says("$1", "helo")), None, "heard twice");
        chat.hear(&corrects("$2", "$1", "@anna:hs", "hello"));
        assert_eq!(chat.hear(&corrects("$3", "$1", "@eve:hs", "evil")), None);
        assert_eq!(texts(&chat), ["hello"]);
        chat.hear(&redacts("$2"));
        assert_eq!(texts(&chat), ["helo"], "the correction was taken back");
        let removed = Change::Removed { id: "$1".into() };
        assert_eq!(chat.hear(&redacts("$1")), Some(removed));
        assert_eq!(texts(&chat), Vec::<String>::new());
        assert_eq!(chat.hear(&redacts("$1")), None);
    }

    #[test]
    fn who_wrote_what_nobody_can_read_is_told() {
        let torn = |id: &str, content: Value| json!({ "type": "m.room.encrypted", "event_id": id, "sender": "@anna:hs", "content": content });
        let mut chat = Chat::default();
        chat.hear(&says("$1", "hello"));
        let read = chat.hear(&torn("$2", json!({ "ciphertext": "AwgA" })));
        let Some(Change::Line(line)) = read else {
            panic!("a line")
        };
        assert_eq!((line.sender.as_str(), line.text.as_str()), ("@anna:hs", ""));
        for relation in ["m.replace", "m.annotation", "m.reference"] {
            let relation = json!({ "rel_type": relation, "event_id": "$1" });
            let about = torn("$3", json!({ "m.relates_to": relation }));
            assert_eq!(chat.hear(&about), None);
        }
        let thread = json!({ "rel_type": "m.thread", "event_id": "$1" });
        chat.hear(&torn("$4", json!({ "m.relates_to": thread })));
        assert_eq!(texts(&chat), ["hello", "", ""]);
        let removed = Change::Removed { id: "$2".into() };
        assert_eq!(chat.hear(&redacts("$2")), Some(removed));
    }

    #[test]
    fn the_older_place_of_what_is_redacted_is_read() {
        let mut chat = Chat::default();
        chat.hear(&says("$1", "hello"));
        let old = json!({ "type": "m.room.redaction", "event_id": "$r", "sender": "@a:hs", "redacts": "$1", "content": {} });
        assert_eq!(chat.hear(&old), Some(Change::Removed { id: "$1".into() }));
    }

    #[test]
    fn what_was_corrected_before_it_was_read_reads_as_corrected() {
        let mut chat = Chat::default();
        let mut said = says("$1", "helo");
        said["unsigned"]["m.relations"]["m.replace"] = corrects("$2", "$1", "@anna:hs", "hello");
        chat.hear(&said);
        assert_eq!(texts(&chat), ["hello"]);
    }

    #[test]
    fn everything_is_plain_text_and_what_is_none_has_a_sign() {
        let cases = [
            (
                json!({ "msgtype": "m.text", "body": "a <b>", "format": "org.matrix.custom.html", "formatted_body": "<h1>" }),
                Some("a <b>"),
            ),
            (
                json!({ "msgtype": "m.notice", "body": " built " }),
                Some("built"),
            ),
            (
                json!({ "msgtype": "m.emote", "body": "waves" }),
                Some("* waves"),
            ),
            (
                json!({ "msgtype": "m.image", "body": "plan.png", "url": "mxc://x" }),
                Some("🖼 plan.png"),
            ),
            (
                json!({ "msgtype": "m.file", "body": "plan.pdf" }),
                Some("📎 plan.pdf"),
            ),
            (
                json!({ "msgtype": "org.new.kind", "body": "fallback" }),
                Some("fallback"),
            ),
            (
                json!({ "msgtype": "m.text", "body": "> <@b:hs> ping\n\npong", "m.relates_to": { "m.in_reply_to": { "event_id": "$0" } } }),
                Some("pong"),
            ),
            (
                json!({ "msgtype": "m.text", "body": "> mine" }),
                Some("> mine"),
            ),
            (json!({}), None),
            (json!({ "msgtype": "m.text", "body": 7 }), None),
        ];
        for (content, expected) in cases {
            let mut chat = Chat::default();
            chat.hear(&message("$1", "@a:hs", content));
            assert_eq!(texts(&chat).first().map(String::as_str), expected);
        }
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let mut chat = Chat::default();
        for number in 0..3 * MOST_LINES {
            chat.hear(&says(&number.to_string(), &"x".repeat(10_000)));
        }
        assert_eq!(chat.lines().count(), MOST_LINES);
        assert!(chat.lines().all(|line| line.text.len() <= LONGEST));
    }
}
