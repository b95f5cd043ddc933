//! The account when the world is not as it should be, against a homeserver of a few canned answers.

#![allow(clippy::unwrap_used, reason = "what fails to come fails the test")]

use std::{net::SocketAddr, path::Path, time::Duration};

use saal_matrix::{MatrixSettings, Service};
use saal_meeting::{AccountState, MeetingCommand, MeetingEvent};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

const PATIENCE: Duration = Duration::from_secs(20);

struct Room {
    /// Dropping them ends the service.
    _commands: mpsc::UnboundedSender<MeetingCommand>,
    events: mpsc::UnboundedReceiver<MeetingEvent>,
}

impl Room {
    fn start(server: SocketAddr, store: &Path) -> Self {
        let settings = MatrixSettings {
            homeserver: format!("http://{server}").parse().unwrap(),
            access_token: String::from("syt_secret").into(),
            allowed_servers: Vec::new(),
            call_service: None,
            leave_delay: saal_matrix::LEAVE_DELAY,
        };
        let (commands, events) = Service::start(settings, store);
        Self {
            _commands: commands,
            events,
        }
    }

    async fn until(&mut self, wanted: impl Fn(&AccountState) -> bool) -> AccountState {
        let mut seen = Vec::new();
        let looking = async {
            loop {
                match self.events.recv().await.expect("the service lives") {
                    MeetingEvent::Account(state) if wanted(&state) => return state,
                    other => seen.push(other),
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("only saw {seen:?}"))
    }
}

/// Answers every request by its path until the test ends.
async fn homeserver(answer: fn(&str) -> (u16, &'static str)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default();
                let (status, body) = answer(path);
                let head = format!(
                    "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\n\
                     content-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + body).as_bytes()).await;
            });
        }
    });
    address
}

fn works(path: &str) -> (u16, &'static str) {
    match path.split('?').next().unwrap_or_default() {
        "/_matrix/client/versions" => (200, r#"{"versions":["v1.11"]}"#),
        "/_matrix/client/v3/account/whoami" => (200, r#"{"user_id":"@room:hs","device_id":"DEV"}"#),
        "/_matrix/client/v3/sync" => (200, r#"{"next_batch":"s1"}"#),
        "/_matrix/client/v3/keys/upload" => (200, r#"{"one_time_key_counts":{}}"#),
        _ => (404, r#"{"errcode":"M_UNRECOGNIZED","error":"no"}"#),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named() {
    let store = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut room = Room::start(address, store.path());
    let state = room
        .until(|state| matches!(state, AccountState::Unreachable { .. }))
        .await;
    let AccountState::Unreachable { server, .. } = state else {
        unreachable!()
    };
    assert!(server.contains(&address.port().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_signed_out_and_never_shown() {
    let store = tempfile::tempdir().unwrap();
    let refuses = |_: &str| {
        (
            401,
            r#"{"errcode":"M_UNKNOWN_TOKEN","error":"Invalid token"}"#,
        )
    };
    let mut room = Room::start(homeserver(refuses).await, store.path());
    let state = room
        .until(|state| matches!(state, AccountState::SignedOut { .. }))
        .await;
    assert!(format!("{state:?}").contains("M_UNKNOWN_TOKEN"));
    assert!(!format!("{state:?}").contains("syt_secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_is_told_and_the_account_is_online_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    std::fs::write(&store, "a file where a folder should be").unwrap();
    let mut room = Room::start(homeserver(works).await, &store);
    let state = room
        .until(|state| matches!(state, AccountState::StoreFailed { .. }))
        .await;
    let AccountState::StoreFailed { path, full, .. } = state else {
        unreachable!()
    };
    assert!(path.starts_with(store.to_str().unwrap()) && !full);
    room.until(|state| matches!(state, AccountState::Online { user } if user == "@room:hs"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_of_the_account_holds_no_secret() {
    let store = tempfile::tempdir().unwrap();
    let mut room = Room::start(homeserver(works).await, store.path());
    room.until(|state| matches!(state, AccountState::Online { .. }))
        .await;
    let saved = std::fs::read_to_string(store.path().join("account.json")).unwrap();
    assert!(saved.contains("@room:hs") && saved.contains("DEV"));
    assert!(!saved.contains("syt_secret"));
}
