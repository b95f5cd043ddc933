//! A Matrix user of the tests: rooms, invitations, state.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::http;
use crate::synapse::PASSWORD;
use crate::wait::until;

/// The state event by which somebody is in a call (MSC3401 as `MatrixRTC` uses it).
pub const CALL_MEMBER: &str = "org.matrix.msc3401.call.member";

/// The sticky event by which somebody is in a call (MSC4143).
const STICKY_MEMBER: &str = "org.matrix.msc4143.rtc.member";

/// The state event of a meeting in a room's calendar.
pub const MEETING: &str = "net.nordeck.meetings.metadata";

/// A user who is logged in on one device.
#[derive(Debug, Clone)]
pub struct User {
    /// `@name:saal.test`.
    pub user_id: String,
    /// The device of this session.
    pub device_id: String,
    /// The session's secret.
    pub access_token: String,
    /// Where the home server answers.
    pub homeserver: String,
    http: reqwest::Client,
}

/// A state event as the server stores it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct StateEvent {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its key.
    pub state_key: String,
    /// Who sent it.
    pub sender: String,
    /// What it says.
    pub content: Value,
}

/// An event of a room's timeline.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Event {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub event_id: String,
    /// Who sent it.
    pub sender: String,
    /// What it says; nothing once it is redacted.
    pub content: Value,
}

impl User {
    pub(crate) fn from_session(homeserver: &str, session: &Value) -> Option<Self> {
        let field = |name: &str| session[name].as_str().map(str::to_owned);
        Some(Self {
            user_id: field("user_id")?,
            device_id: field("device_id")?,
            access_token: field("access_token")?,
            homeserver: homeserver.to_owned(),
            http: http::client(),
        })
    }

    /// The session as the far end's page takes it.
    pub(crate) fn session(&self) -> Value {
        json!({ "homeserver": self.homeserver, "user_id": self.user_id, "device_id": self.device_id, "access_token": self.access_token })
    }

    /// Makes a private room in which members may start and join calls, and invites `invited`.
    ///
    /// # Errors
    /// When the home server refuses or does not answer; so for every method here.
    pub async fn create_room(&self, name: &str, invited: &[&User]) -> Result<String> {
        self.make_room(name, invited, json!([])).await
    }

    /// The same with encryption.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn create_encrypted_room(&self, name: &str, invited: &[&User]) -> Result<String> {
        self.make_room(name, invited, json!([encryption(false)]))
            .await
    }

    /// The same with encryption of its state too (MSC4362), which every member may send.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn create_secret_room(&self, name: &str, invited: &[&User]) -> Result<String> {
        self.make_room(name, invited, json!([encryption(true)]))
            .await
    }

    /// Another device of the same user, which has just logged in.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn another_device(&self) -> Result<Self> {
        let identifier = json!({ "type": "m.id.user", "user": self.user_id });
        let body =
            json!({ "type": "m.login.password", "identifier": identifier, "password": PASSWORD });
        let session = self.post("login", &body).await?;
        Self::from_session(&self.homeserver, &session).ok_or_else(|| Error::Answer {
            what: "login".to_owned(),
            answer: session.to_string(),
        })
    }

    async fn make_room(&self, name: &str, invited: &[&User], state: Value) -> Result<String> {
        let invited: Vec<&str> = invited.iter().map(|user| user.user_id.as_str()).collect();
        let levels = json!({
            "events": { CALL_MEMBER: 0, "org.matrix.msc4143.rtc.member": 0, "m.room.encrypted": 0, "m.room.name": 50, "m.room.power_levels": 100 },
        });
        let body = json!({ "name": name, "preset": "private_chat", "invite": invited, "power_level_content_override": levels, "initial_state": state });
        let answer = self.post("createRoom", &body).await?;
        let room = answer["room_id"].as_str().map(str::to_owned);
        room.ok_or_else(|| Error::Answer {
            what: "createRoom".to_owned(),
            answer: answer.to_string(),
        })
    }

    /// Makes a chat of two with another user and waits until they are in it.
    ///
    /// # Errors
    /// As for [`Self::create_room`], and when they do not come.
    pub async fn create_chat(
        &self,
        other: &User,
        encrypted: bool,
        within: Duration,
    ) -> Result<String> {
        let state: Vec<Value> = encrypted.then(|| encryption(false)).into_iter().collect();
        let body = json!({
            "preset": "trusted_private_chat", "is_direct": true, "invite": [other.user_id], "initial_state": state,
        });
        let answer = self.post("createRoom", &body).await?;
        let room = answer["room_id"].as_str().map(str::to_owned);
        let room = room.ok_or_else(|| Error::Answer {
            what: "createRoom".to_owned(),
            answer: answer.to_string(),
        })?;
        let joined = async || {
            let state = self.state(&room).await?;
            let theirs = |event: &StateEvent| {
                event.kind == "m.room.member"
                    && event.state_key == other.user_id
                    && event.content["membership"] == "join"
            };
            Ok::<_, Error>(state.iter().any(theirs))
        };
        until("the other one in the chat", within, joined, |there| *there).await?;
        Ok(room)
    }

    /// Writes a meeting into the room's calendar; times in milliseconds since 1970.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn schedule(
        &self,
        room: &str,
        title: &str,
        start_ms: i64,
        end_ms: i64,
    ) -> Result<()> {
        let content = json!({
            "creator": self.user_id,
            "description": title,
            "calendar": [{ "uid": format!("meeting-{start_ms}"), "dtstart": { "tzid": "UTC", "value": format_time(start_ms) }, "dtend": { "tzid": "UTC", "value": format_time(end_ms) } }],
            "force_deletion_at": end_ms + 86_400_000,
        });
        self.send_state(room, "m.room.name", "", &json!({ "name": title }))
            .await?;
        self.send_state(room, MEETING, "", &content).await
    }

    /// Invites another user.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn invite(&self, room: &str, user_id: &str) -> Result<()> {
        self.post(
            &format!("rooms/{}/invite", segment(room)),
            &json!({ "user_id": user_id }),
        )
        .await
        .map(drop)
    }

    /// Joins a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn join(&self, room: &str) -> Result<()> {
        self.post(&format!("rooms/{}/join", segment(room)), &json!({}))
            .await
            .map(drop)
    }

    /// Makes a room under an alias that others enter as its join rule says; gives its id and the alias.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn open_room(
        &self,
        name: &str,
        alias: &str,
        join_rule: &Value,
    ) -> Result<(String, String)> {
        let room = self.create_room(name, &[]).await?;
        self.send_state(&room, "m.room.join_rules", "", join_rule)
            .await?;
        let server = self
            .user_id
            .split_once(':')
            .map_or("", |(_, server)| server);
        let alias = format!("#{alias}:{server}");
        self.name_too(&room, &alias).await?;
        let canonical = json!({ "alias": alias });
        self.send_state(&room, "m.room.canonical_alias", "", &canonical)
            .await?;
        Ok((room, alias))
    }

    /// Gives a room an alias more, which the room itself does not tell.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn name_too(&self, room: &str, alias: &str) -> Result<()> {
        let path = format!("directory/room/{}", segment(alias));
        let body = json!({ "room_id": room });
        self.ask(Method::PUT, &path, Some(&body)).await.map(drop)
    }

    /// Makes a breakout session of the meeting in a room, as Nordeck's bot does.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn create_breakout(
        &self,
        main: &str,
        name: &str,
        invited: &[&User],
    ) -> Result<String> {
        let invited: Vec<&str> = invited.iter().map(|user| user.user_id.as_str()).collect();
        let server = self
            .user_id
            .split_once(':')
            .map_or("", |(_, server)| server);
        let body = json!({
            "name": name, "preset": "private_chat", "invite": invited,
            "creation_content": { "type": "net.nordeck.meetings.breakoutsession" },
            "initial_state": [{ "type": "m.space.parent", "state_key": main, "content": { "via": [server] } }],
            "power_level_content_override": { "events": { CALL_MEMBER: 0 } },
        });
        let answer = self.post("createRoom", &body).await?;
        let room = answer["room_id"].as_str().map(str::to_owned);
        room.ok_or_else(|| Error::Answer {
            what: "createRoom".to_owned(),
            answer: answer.to_string(),
        })
    }

    /// Removes somebody from a room, or refuses their knock.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn kick(&self, room: &str, user_id: &str) -> Result<()> {
        let path = format!("rooms/{}/kick", segment(room));
        self.post(&path, &json!({ "user_id": user_id }))
            .await
            .map(drop)
    }

    /// Replaces a room by one of another version; gives the new one's id.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn upgrade(&self, room: &str, version: &str) -> Result<String> {
        let path = format!("rooms/{}/upgrade", segment(room));
        let answer = self.post(&path, &json!({ "new_version": version })).await?;
        let next = answer["replacement_room"].as_str().map(str::to_owned);
        next.ok_or_else(|| Error::Answer {
            what: path,
            answer: answer.to_string(),
        })
    }

    /// How somebody stands with a room: `join`, `invite`, `knock`, `leave`, `ban`; `None` for strangers.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn membership(&self, room: &str, user_id: &str) -> Result<Option<String>> {
        let all = self.state(room).await?;
        let of_them = all
            .into_iter()
            .find(|event| event.kind == "m.room.member" && event.state_key == user_id);
        Ok(of_them.and_then(|event| event.content["membership"].as_str().map(str::to_owned)))
    }

    /// Sends an event into the timeline; its id.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn send(&self, room: &str, kind: &str, content: &Value) -> Result<String> {
        let (room, kind) = (segment(room), segment(kind));
        let path = format!("rooms/{room}/send/{kind}/{}", unique());
        let answer = self.ask(Method::PUT, &path, Some(content)).await?;
        let id = answer["event_id"].as_str().map(str::to_owned);
        id.ok_or_else(|| Error::Answer {
            what: "send".to_owned(),
            answer: answer.to_string(),
        })
    }

    /// Writes a line into the room's chat; its event id.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn say(&self, room: &str, text: &str) -> Result<String> {
        let content = json!({ "msgtype": "m.text", "body": text });
        self.send(room, "m.room.message", &content).await
    }

    /// Takes an event back.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn redact(&self, room: &str, event: &str) -> Result<()> {
        let (room, event) = (segment(room), segment(event));
        let path = format!("rooms/{room}/redact/{event}/{}", unique());
        self.ask(Method::PUT, &path, Some(&json!({})))
            .await
            .map(drop)
    }

    /// Calls oneself otherwise, everywhere.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn rename(&self, name: &str) -> Result<()> {
        let path = format!("profile/{}/displayname", segment(&self.user_id));
        let content = json!({ "displayname": name });
        self.ask(Method::PUT, &path, Some(&content)).await.map(drop)
    }

    /// Ignores these users and no others.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn ignore(&self, users: &[&str]) -> Result<()> {
        let users: serde_json::Map<String, Value> = users
            .iter()
            .map(|user| ((*user).to_owned(), json!({})))
            .collect();
        let user = segment(&self.user_id);
        let path = format!("user/{user}/account_data/m.ignored_user_list");
        let content = json!({ "ignored_users": users });
        self.ask(Method::PUT, &path, Some(&content)).await.map(drop)
    }

    /// Writes state.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn send_state(
        &self,
        room: &str,
        kind: &str,
        key: &str,
        content: &Value,
    ) -> Result<()> {
        let path = format!(
            "rooms/{}/state/{}/{}",
            segment(room),
            segment(kind),
            segment(key)
        );
        self.ask(Method::PUT, &path, Some(content)).await.map(drop)
    }

    /// All state of a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn state(&self, room: &str) -> Result<Vec<StateEvent>> {
        let answer = self
            .ask(Method::GET, &format!("rooms/{}/state", segment(room)), None)
            .await?;
        serde_json::from_value(answer.clone()).map_err(|_| Error::Answer {
            what: "state".to_owned(),
            answer: answer.to_string(),
        })
    }

    /// The call memberships that are in force in a room: those with content.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn call_members(&self, room: &str) -> Result<Vec<StateEvent>> {
        let all = self.state(room).await?;
        let in_force = |event: &StateEvent| {
            event.kind == CALL_MEMBER
                && event
                    .content
                    .as_object()
                    .is_some_and(|content| !content.is_empty())
        };
        Ok(all.into_iter().filter(in_force).collect())
    }

    /// The last events of one type in a room's timeline, newest first.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn timeline(&self, room: &str, kind: &str) -> Result<Vec<Event>> {
        let filter = segment(&json!({ "types": [kind] }).to_string());
        let room = segment(room);
        let path = format!("rooms/{room}/messages?dir=b&limit=100&filter={filter}");
        let answer = self.ask(Method::GET, &path, None).await?;
        serde_json::from_value(answer["chunk"].clone()).map_err(|_| Error::Answer {
            what: "messages".to_owned(),
            answer: answer.to_string(),
        })
    }

    /// The sticky call memberships that are in force in a room: the newest of each key, where it is not "left".
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn sticky_members(&self, room: &str) -> Result<Vec<Event>> {
        let mut seen = std::collections::HashSet::new();
        let mut newest = self.timeline(room, STICKY_MEMBER).await?;
        newest.retain(|event| {
            let key = event.content["msc4354_sticky_key"].to_string();
            seen.insert((event.sender.clone(), key))
        });
        newest.retain(|event| event.content.get("application").is_some());
        Ok(newest)
    }

    /// Asks the client-server API, `path` below `/_matrix/client/v3/`.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn asks(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let method = method.parse().map_err(|_| Error::Answer {
            what: method.to_owned(),
            answer: "no method of HTTP".to_owned(),
        })?;
        self.ask(method, path, body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}/_matrix/client/v3/{path}", self.homeserver);
        http::json(&self.http, method, &url, Some(&self.access_token), body).await
    }
}

/// A transaction id that no other request has.
/// State that encrypts a room, and what stands in its state if that is wanted.
fn encryption(state: bool) -> Value {
    let mut content = json!({ "algorithm": "m.megolm.v1.aes-sha2" });
    if state {
        content["io.element.msc4362.encrypt_state_events"] = true.into();
    }
    json!({ "type": "m.room.encryption", "state_key": "", "content": content })
}

fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A path segment with everything escaped that is not unreserved (RFC 3986).
pub(crate) fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// `20261123T214500`: UTC as the meeting event writes it.
fn format_time(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%dT%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_the_meeting_events_civil_time() {
        assert_eq!(format_time(0), "19700101T000000");
        assert_eq!(format_time(1_709_209_805_000), "20240229T123005");
        assert_eq!(format_time(1_795_470_300_000), "20261123T214500");
    }

    #[test]
    fn room_ids_are_escaped_in_paths() {
        assert_eq!(segment("!a:b/ü"), "%21a%3Ab%2F%C3%BC");
    }
}
