//! Becoming a member of a room, and ceasing to be one.

use std::time::Duration;

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Homeserver, RequestError};

/// A server that has to fetch a room from others takes its time.
const JOIN_WITHIN: Duration = Duration::from_secs(60);

/// Where an alias leads.
#[derive(Debug, Deserialize)]
pub(crate) struct Resolved {
    pub room_id: String,
    /// Servers that are in the room.
    #[serde(default)]
    pub servers: Vec<String>,
}

#[derive(Deserialize)]
struct AliasesAnswer {
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct RoomIdAnswer {
    room_id: String,
}

impl Homeserver {
    pub(crate) async fn resolve_alias(&self, alias: &str) -> Result<Resolved, RequestError> {
        let url = self.client_url(&["directory", "room", alias]);
        self.ask_within(
            JOIN_WITHIN,
            "looking up a room's alias",
            Method::GET,
            url,
            None,
        )
        .await
    }

    /// The aliases of a joined room that are the account's own server's.
    pub(crate) async fn local_aliases(&self, room: &str) -> Result<Vec<String>, RequestError> {
        let url = self.client_url(&["rooms", room, "aliases"]);
        let answer: AliasesAnswer = self
            .ask("asking for a room's aliases", Method::GET, url, None)
            .await?;
        Ok(answer.aliases)
    }

    /// Joins a room by its id, through the servers named where the account's own is not in it;
    /// nothing happens when the account is its member.
    pub(crate) async fn join(&self, room: &str, via: &[String]) -> Result<String, RequestError> {
        self.enter("joining a room", "join", room, via, &json!({}))
            .await
    }

    /// Asks to be let in (MSC2403), with some words to whoever may let us in.
    pub(crate) async fn knock(
        &self,
        room: &str,
        via: &[String],
        words: Option<&str>,
    ) -> Result<String, RequestError> {
        let body = words.map_or_else(|| json!({}), |words| json!({ "reason": words }));
        self.enter("knocking on a room", "knock", room, via, &body)
            .await
    }

    async fn enter(
        &self,
        what: &'static str,
        how: &str,
        room: &str,
        via: &[String],
        body: &Value,
    ) -> Result<String, RequestError> {
        let mut url = self.client_url(&[how, room]);
        add_servers(&mut url, via);
        let answer: RoomIdAnswer = self
            .ask_within(JOIN_WITHIN, what, Method::POST, url, Some(body))
            .await?;
        Ok(answer.room_id)
    }

    /// Leaves a room, or takes a knock back.
    pub(crate) async fn leave(&self, room: &str) -> Result<(), RequestError> {
        let url = self.client_url(&["rooms", room, "leave"]);
        self.ask::<Value>("leaving a room", Method::POST, url, Some(&json!({})))
            .await
            .map(drop)
    }

    /// What the account keeps about a room for itself.
    pub(crate) async fn put_room_note(
        &self,
        user: &str,
        room: &str,
        kind: &str,
        content: &Value,
    ) -> Result<(), RequestError> {
        let url = self.client_url(&["user", user, "rooms", room, "account_data", kind]);
        self.ask::<Value>("keeping a note", Method::PUT, url, Some(content))
            .await
            .map(drop)
    }

    /// What [`Self::put_room_note`] kept; `None` when there is none.
    pub(crate) async fn room_note(
        &self,
        user: &str,
        room: &str,
        kind: &str,
    ) -> Result<Option<Value>, RequestError> {
        let url = self.client_url(&["user", user, "rooms", room, "account_data", kind]);
        match self.ask("reading a note", Method::GET, url, None).await {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn client_url(&self, segments: &[&str]) -> Url {
        let all = ["_matrix", "client", "v3"].iter().chain(segments);
        self.url(&all.copied().collect::<Vec<_>>())
    }
}

/// Servers before version 1.12 of the specification know the parameter by its older name.
fn add_servers(url: &mut Url, via: &[String]) {
    if via.is_empty() {
        return;
    }
    let mut query = url.query_pairs_mut();
    for name in ["via", "server_name"] {
        query.extend_pairs(via.iter().map(|server| (name, server)));
    }
}
