//! Messages: chat, the subject, and what the server's components say in JSON.

use std::time::Instant;

use saal_meeting::{CallEvent, Caption, ChatLine};
use serde_json::Value;

use super::Conference;
use crate::protocol::{ids, ns, xml::Element};

impl Conference {
    pub(super) fn message(&mut self, now: Instant, message: &Element) {
        let from = message.attr("from").unwrap_or_default();
        let bare = ids::bare(from);
        if message.attr("type") == Some("error") {
            return;
        }
        if self.is_component(from) {
            self.component_message(now, message);
        } else if self.is_lobby(bare) {
            self.lobby_message(message);
        } else if bare == self.room || bare == self.main_room() {
            self.room_message(now, from, message);
        }
    }

    /// The server itself, or a part of it; members and strangers have an at sign in their JID.
    /// Messages come before the answer about which parts there are.
    fn is_component(&self, from: &str) -> bool {
        let main = self.setup.hosts.main.as_str();
        let below = from
            .strip_suffix(main)
            .is_some_and(|rest| rest.ends_with('.'));
        let part = !from.contains(['@', '/']) && (below || self.components.has(from));
        part || from == main || from.is_empty()
    }

    fn room_message(&mut self, now: Instant, from: &str, message: &Element) {
        // Servers put an empty one into what members write to us alone (XEP-0045, section 7.5).
        let notice = message.get("x", ns::MUC_USER);
        if let Some(user) = notice.filter(|_| ids::resource(from).is_empty()) {
            self.room_notice(now, user);
            return;
        }
        if let Some(json) = json_of(message) {
            let delayed = message.get("delay", ns::DELAY).is_some();
            if !delayed {
                self.room_json(now, from, &json);
            }
            return;
        }
        if let Some(subject) = message
            .find("subject")
            .filter(|_| message.find("body").is_none())
        {
            let subject = subject.text().trim().to_owned();
            self.state.subject = Some(subject).filter(|text| !text.is_empty());
            return;
        }
        let chat_reaction = message.get("reactions", ns::REACTIONS).is_some();
        let retraction = message.get("retract", ns::RETRACT).is_some();
        if !chat_reaction && !retraction {
            self.chat(from, message);
        }
    }

    /// What the room's MUC says: its rules have changed, or we are invited.
    fn room_notice(&mut self, now: Instant, user: &Element) {
        let changed = user.all("status").any(|s| s.attr("code") == Some("104"));
        if changed {
            self.ask_room();
        }
        if user.find("invite").is_some() {
            self.admitted(now, user.text_of("password"));
        }
    }

    fn chat(&mut self, from: &str, message: &Element) {
        let Some(text) = message.text_of("body") else {
            return;
        };
        let endpoint = ids::resource(from);
        if endpoint == self.endpoint || text.is_empty() {
            return;
        }
        // Visitors write through others, with their name beside.
        let visitor = message.text_of("display-name").filter(|n| !n.is_empty());
        let author = visitor.or_else(|| self.name_of(endpoint));
        let id = message.attr("id").map(str::to_owned);
        let line = ChatLine {
            id: id.unwrap_or_else(|| self.ids.stanza()),
            author: author.unwrap_or_default(),
            text,
            private: message.attr("type") == Some("chat"),
        };
        self.emit(CallEvent::Chat(line));
    }

    /// What members tell each other in JSON.
    fn room_json(&mut self, now: Instant, from: &str, json: &Value) {
        match json["type"].as_str().unwrap_or_default() {
            "transcription-result" => self.caption(json),
            // Components that are not known by name write in the room's.
            "av_moderation" | "breakout_rooms" | "room_metadata" | "polls"
                if ids::resource(from).is_empty() =>
            {
                self.component_json(now, json);
            }
            // Who came through the lobby; keys of end-to-end encryption; other applications'.
            _ => {}
        }
    }

    fn component_message(&mut self, now: Instant, message: &Element) {
        if let Some(json) = json_of(message) {
            self.component_json(now, &json);
        }
    }

    /// Spoken words as text, in the language that is spoken: translations are for those who asked
    /// for theirs, and there may be several of one sentence.
    pub(super) fn caption(&mut self, json: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let words = text(&json["transcript"][0]["text"]);
        let speaker = &json["participant"];
        let named = self.name_of(speaker["id"].as_str().unwrap_or_default());
        let id = text(&json["message_id"]);
        if words.is_empty() || id.is_empty() {
            return;
        }
        self.emit(CallEvent::Caption(Caption {
            id,
            speaker: named.unwrap_or_else(|| text(&speaker["name"])),
            text: words,
            is_final: json["is_interim"].as_bool() != Some(true),
        }));
    }
}

fn json_of(message: &Element) -> Option<Value> {
    let text = message.text_of("json-message")?;
    serde_json::from_str(&text).ok()
}
