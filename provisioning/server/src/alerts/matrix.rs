//! Alerts in a Matrix room: one message event each (Client-Server API, `PUT …/send/{eventType}/{txnId}`).

use reqwest::{Client, Response, StatusCode};
use saal_fleet_protocol::fleet::api::{AlertChannel, AlertMessage};
use serde_json::{Value, json};
use url::Url;

use super::{failed, http};

/// A homeserver says no more than this of what is wrong.
const LONGEST_ANSWER: usize = 200;

/// A path below the homeserver's address.
fn address(homeserver: &str, parts: &[&str]) -> Result<Url, String> {
    let mut url = Url::parse(homeserver).map_err(|e| format!("the homeserver's address: {e}"))?;
    let path = url.path_segments_mut();
    let mut path = path.map_err(|()| "the homeserver's address has no path".to_owned())?;
    path.pop_if_empty()
        .extend(["_matrix", "client", "v3"])
        .extend(parts);
    drop(path);
    Ok(url)
}

/// What a homeserver answers that does not do it: `errcode` and `error`.
async fn refused(answer: Response) -> String {
    let status = answer.status();
    let said: Value = answer.json().await.unwrap_or_default();
    let part = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let text = format!(
        "the homeserver answers {status} {} {}",
        part("errcode"),
        part("error")
    );
    text.trim_end().chars().take(LONGEST_ANSWER).collect()
}

/// What stands in an encrypted room in the clear, its people are warned of, and its server reads.
async fn check(http: &Client, token: &str, state: Url) -> Result<(), String> {
    let asked = http.get(state).bearer_auth(token).send().await;
    let answer = asked.map_err(failed)?;
    match answer.status() {
        StatusCode::OK => {
            Err("the room is encrypted, and alerts are not; name another one".to_owned())
        }
        StatusCode::NOT_FOUND => Ok(()),
        _ => Err(refused(answer).await),
    }
}

pub(super) async fn send(
    channel: &AlertChannel,
    token: &str,
    told: &AlertMessage,
) -> Result<Option<String>, String> {
    let AlertChannel::Matrix {
        homeserver,
        room,
        authority,
    } = channel
    else {
        return Err("this rule has no Matrix room".to_owned());
    };
    let http = http(authority.as_deref())?;
    let state = address(
        homeserver,
        &["rooms", room, "state", "m.room.encryption", ""],
    )?;
    check(&http, token, state).await?;
    // The same each time: a homeserver that has it makes no second event of it.
    let event = address(
        homeserver,
        &["rooms", room, "send", "m.room.message", &told.id],
    )?;
    let body = json!({"msgtype": "m.text", "body": format!("{}\n\n{}", told.subject, told.text)});
    let sent = http.put(event).bearer_auth(token).json(&body).send().await;
    let answer = sent.map_err(failed)?;
    if answer.status().is_success() {
        return Ok(None);
    }
    Err(refused(answer).await)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_rooms_id_is_one_part_of_the_path() {
        let made = address("https://m.example.org/base/", &["rooms", "!a/b:c", "send"]).unwrap();
        assert_eq!(
            made.as_str(),
            "https://m.example.org/base/_matrix/client/v3/rooms/!a%2Fb:c/send"
        );
    }
}
