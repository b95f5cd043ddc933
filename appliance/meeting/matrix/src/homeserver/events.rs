//! Requests about events that are not state: sticky ones, reactions, members' names.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use matrix_sdk::ruma::TransactionId;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ANSWER_WITHIN, DelayedAnswer, Homeserver, RequestError, SentAnswer};
use crate::rtc::sticky;

/// The sliding sync (MSC4186) that brings sticky events; no other one of this device has its name.
const STICKY_CONNECTION: &str = "saal-sticky";
/// Of the sliding sync's extension (MSC4354).
const STICKY_EXTENSION: &str = "org.matrix.msc4354.sticky_events";
/// More rooms than a meeting room is in.
const MOST_ROOMS: u32 = 2_000;
/// Reactions to one event that are looked at.
const MOST_REACTIONS: &str = "50";

/// What one member is called, as a room's list has it.
#[derive(Debug, Default, Deserialize)]
struct Profile {
    #[serde(default)]
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct JoinedMembers {
    joined: BTreeMap<String, Profile>,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    chunk: Vec<Value>,
}

/// New sticky events, and from where to go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StickyNews {
    /// Of the connection.
    pub pos: String,
    /// Of the extension; `None`: as before.
    pub next: Option<String>,
    /// Raw events by room.
    pub rooms: BTreeMap<String, Vec<Value>>,
    /// Rooms that the connection had not seen before.
    pub new_rooms: BTreeSet<String>,
}

impl Homeserver {
    fn send_url(&self, room: &str, kind: &str) -> Url {
        let transaction = TransactionId::new();
        let transaction = transaction.as_str();
        self.url(&[
            "_matrix",
            "client",
            "v3",
            "rooms",
            room,
            "send",
            kind,
            transaction,
        ])
    }

    /// Sends an event into the timeline, unencrypted; its id.
    pub(crate) async fn send_event(
        &self,
        room: &str,
        kind: &str,
        content: &Value,
    ) -> Result<String, RequestError> {
        let url = self.send_url(room, kind);
        let answer: SentAnswer = self
            .ask("sending an event", Method::PUT, url, Some(content))
            .await?;
        Ok(answer.event_id)
    }

    fn sticky_url(&self, room: &str) -> Url {
        let mut url = self.send_url(room, sticky::EVENT_TYPE);
        url.query_pairs_mut().append_pair(
            "org.matrix.msc4354.sticky_duration_ms",
            &sticky::DURATION_MS.to_string(),
        );
        url
    }

    /// Sends a sticky membership (MSC4354); its id.
    pub(crate) async fn send_sticky(
        &self,
        room: &str,
        content: &Value,
    ) -> Result<String, RequestError> {
        let url = self.sticky_url(room);
        let answer: SentAnswer = self
            .ask("sending a sticky event", Method::PUT, url, Some(content))
            .await?;
        Ok(answer.event_id)
    }

    /// Has the server send it after `delay` unless it is restarted before; the delay's id.
    pub(crate) async fn delay_sticky(
        &self,
        room: &str,
        content: &Value,
        delay: Duration,
    ) -> Result<String, RequestError> {
        let mut url = self.sticky_url(room);
        url.query_pairs_mut()
            .append_pair("org.matrix.msc4140.delay", &delay.as_millis().to_string());
        let answer: DelayedAnswer = self
            .ask("delaying a sticky event", Method::PUT, url, Some(content))
            .await?;
        Ok(answer.delay_id)
    }

    /// Takes an event back.
    pub(crate) async fn redact(&self, room: &str, event: &str) -> Result<(), RequestError> {
        let transaction = TransactionId::new();
        let url = self.url(&[
            "_matrix",
            "client",
            "v3",
            "rooms",
            room,
            "redact",
            event,
            transaction.as_str(),
        ]);
        self.ask::<Value>("redacting an event", Method::PUT, url, Some(&json!({})))
            .await
            .map(drop)
    }

    /// Reactions (`m.reaction`) to an event, raw.
    pub(crate) async fn reactions(
        &self,
        room: &str,
        event: &str,
    ) -> Result<Vec<Value>, RequestError> {
        let mut url = self.url(&[
            "_matrix",
            "client",
            "v1",
            "rooms",
            room,
            "relations",
            event,
            "m.annotation",
            "m.reaction",
        ]);
        url.query_pairs_mut().append_pair("limit", MOST_REACTIONS);
        let chunk: Chunk = self
            .ask("reading reactions", Method::GET, url, None)
            .await?;
        Ok(chunk.chunk)
    }

    /// Who is in a room and what they call themselves there.
    pub(crate) async fn joined_members(
        &self,
        room: &str,
    ) -> Result<BTreeMap<String, Option<String>>, RequestError> {
        let url = self.url(&["_matrix", "client", "v3", "rooms", room, "joined_members"]);
        let members: JoinedMembers = self
            .ask("reading a room's members", Method::GET, url, None)
            .await?;
        let names = members.joined.into_iter();
        Ok(names.map(|(user, own)| (user, own.display_name)).collect())
    }

    /// Whether the server does something that is not in the specification yet.
    pub(crate) async fn has_feature(&self, name: &str) -> Result<bool, RequestError> {
        let url = self.url(&["_matrix", "client", "versions"]);
        let versions: Value = self
            .ask("asking for versions", Method::GET, url, None)
            .await?;
        Ok(versions["unstable_features"][name] == true)
    }

    /// Sticky events of all joined rooms, by a sliding sync of its own. It has no to-device
    /// messages, which are given out once only and belong to the account's sync.
    pub(crate) async fn sticky_news(
        &self,
        pos: Option<&str>,
        since: Option<&str>,
        hold: Duration,
    ) -> Result<StickyNews, RequestError> {
        let mut url = self.url(&[
            "_matrix",
            "client",
            "unstable",
            "org.matrix.simplified_msc3575",
            "sync",
        ]);
        url.query_pairs_mut()
            .append_pair("timeout", &hold.as_millis().to_string());
        if let Some(pos) = pos {
            url.query_pairs_mut().append_pair("pos", pos);
        }
        let mut extension = json!({ "enabled": true });
        if let Some(since) = since {
            extension["since"] = since.into();
        }
        let all = json!({ "ranges": [[0, MOST_ROOMS]], "required_state": [], "timeline_limit": 0 });
        let body = json!({
            "conn_id": STICKY_CONNECTION,
            "lists": { "all": all },
            "extensions": { STICKY_EXTENSION: extension },
        });
        let within = hold + ANSWER_WITHIN;
        let what = "waiting for sticky events";
        let answer: Value = self
            .ask_within(within, what, Method::POST, url, Some(&body))
            .await?;
        Ok(sticky_news(&answer))
    }
}

pub(crate) fn sticky_news(answer: &Value) -> StickyNews {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let extension = &answer["extensions"][STICKY_EXTENSION];
    let rooms = extension["rooms"].as_object().into_iter().flatten();
    let events = |room: &Value| room["events"].as_array().cloned().unwrap_or_default();
    StickyNews {
        pos: text(&answer["pos"]).unwrap_or_default(),
        next: text(&extension["next_batch"]),
        rooms: rooms.map(|(id, room)| (id.clone(), events(room))).collect(),
        new_rooms: answer["rooms"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, room)| room["initial"] == true)
            .map(|(id, _)| id.clone())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sticky_events_are_found_by_room() {
        let answer = json!({
            "pos": "7", "lists": {}, "rooms": { "!r:hs": { "initial": true }, "!s:hs": {} },
            "extensions": { STICKY_EXTENSION: {
                "next_batch": "n1", "rooms": { "!r:hs": { "events": [{ "type": "x" }] } },
            }},
        });
        let news = sticky_news(&answer);
        assert_eq!((news.pos.as_str(), news.next.as_deref()), ("7", Some("n1")));
        assert_eq!(news.rooms["!r:hs"], [json!({ "type": "x" })]);
        assert_eq!(news.new_rooms, BTreeSet::from(["!r:hs".to_owned()]));
        let nothing = sticky_news(&json!({ "pos": "8" }));
        assert_eq!((nothing.next, nothing.rooms.len()), (None, 0));
    }
}
