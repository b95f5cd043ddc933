//! What the services beside the focus do in the traces: welcome messages, metadata, moderation of sound and picture.

use std::collections::BTreeSet;

use minidom::Element;
use serde_json::{Value, json};

use super::super::DOMAIN;
use super::super::xmpp::{Stanza, escape, resource};
use super::State;

impl State {
    /// A service's message to a participant.
    fn notify(&self, service: &str, jid: &str, nick: &str, message: &Value, with_room: bool) {
        let Some(real) = self.rooms.get(jid).and_then(|room| room.real(nick)) else {
            return;
        };
        let room = match with_room {
            true => format!(" room='{}'", escape(jid)),
            false => String::new(),
        };
        let content = format!(
            "<json-message xmlns='http://jitsi.org/jitmeet'{room}>{}</json-message>",
            escape(&message.to_string())
        );
        let from = format!("{service}.{DOMAIN}");
        self.out
            .send(Stanza::new("message", &from, real, "", &content));
    }

    fn notify_all(&self, service: &str, jid: &str, message: &Value, with_room: bool) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        for nick in room.occupants.keys() {
            self.notify(service, jid, nick, message, with_room);
        }
    }

    /// What the services say to whoever comes in.
    pub(super) fn welcome(&self, jid: &str, nick: &str) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let mut metadata = room.metadata.clone();
        metadata.entry("services").or_insert_with(|| json!({}));
        let message = json!({ "type": "room_metadata", "metadata": metadata });
        self.notify("metadata", jid, nick, &message, true);
        let others = room.occupants.keys().filter(|other| *other != nick);
        let users: serde_json::Map<String, Value> = others
            .map(|other| {
                (
                    other.clone(),
                    json!({ "totalDominantSpeakerTime": 0, "faceLandmarks": {} }),
                )
            })
            .collect();
        if !users.is_empty() {
            let message = json!({ "type": "speakerstats", "users": users });
            self.notify("speakerstats", jid, nick, &message, false);
        }
        for medium in room.moderated.keys() {
            self.notify(
                "avmoderation",
                jid,
                nick,
                &switched(jid, medium, true, None),
                false,
            );
        }
    }

    /// Something that Prosody's modules told everybody in the room.
    pub(super) fn overheard(&mut self, jid: &str, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        if message["event"] == json!("LOBBY-ENABLED") {
            self.set_metadata(jid, "lobbyEnabled", message["value"].clone());
        }
    }

    /// Changes a room's metadata and tells everybody what has changed.
    pub(super) fn set_metadata(&mut self, jid: &str, key: &str, value: Value) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.metadata.insert(key.to_owned(), value.clone());
        let message = json!({ "type": "room_metadata", "metadata": { key: value } });
        self.notify_all("metadata", jid, &message, true);
    }

    /// A moderator's wish about who may speak or be seen.
    pub(super) fn moderate(&mut self, jid: &str, actor: &str, wish: &Element) {
        let medium = wish.attr("mediaType").unwrap_or("audio").to_owned();
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_owner(actor)) else {
            return;
        };
        match (wish.attr("enable"), wish.attr("jidToWhitelist")) {
            (Some("true"), _) => {
                room.moderated
                    .insert(medium.clone(), BTreeSet::from([actor.to_owned()]));
                self.notify_all(
                    "avmoderation",
                    jid,
                    &switched(jid, &medium, true, Some(actor)),
                    false,
                );
                self.tell_moderators(jid, &medium);
                self.mute_guests(jid, &medium);
            }
            (Some(_), _) => {
                room.moderated.remove(&medium);
                self.notify_all(
                    "avmoderation",
                    jid,
                    &switched(jid, &medium, false, Some(actor)),
                    false,
                );
            }
            (None, Some(allowed)) => {
                let allowed = resource(allowed).to_owned();
                if let Some(list) = room.moderated.get_mut(&medium) {
                    list.insert(allowed.clone());
                    let message = json!({ "type": "av_moderation", "approved": true, "mediaType": medium, "room": jid });
                    self.notify("avmoderation", jid, &allowed, &message, false);
                    self.tell_moderators(jid, &medium);
                }
            }
            (None, None) => {}
        }
    }

    fn tell_moderators(&self, jid: &str, medium: &str) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let allowed = room.moderated.get(medium).into_iter().flatten();
        let allowed: Vec<String> = allowed.map(|nick| format!("{jid}/{nick}")).collect();
        let message = json!({
            "type": "av_moderation", "mediaType": medium, "room": jid, "whitelists": { medium: allowed },
        });
        for nick in room.occupants.keys().filter(|nick| room.is_owner(nick)) {
            self.notify("avmoderation", jid, nick, &message, false);
        }
    }

    fn mute_guests(&mut self, jid: &str, medium: &str) {
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let guests = room.occupants.keys().filter(|nick| !room.is_owner(nick));
        for nick in guests.cloned().collect::<Vec<_>>() {
            self.mute(
                jid,
                &nick,
                &format!("http://jitsi.org/jitmeet/{medium}"),
                None,
            );
        }
    }
}

fn switched(jid: &str, medium: &str, enabled: bool, actor: Option<&str>) -> Value {
    let mut message =
        json!({ "type": "av_moderation", "mediaType": medium, "enabled": enabled, "room": jid });
    if let Some(actor) = actor {
        message["actor"] = json!(format!("{jid}/{actor}"));
    }
    message
}
