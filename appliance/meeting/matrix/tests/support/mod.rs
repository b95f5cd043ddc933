//! A homeserver of canned answers, and the account that it is told to.

#![allow(dead_code, reason = "each suite uses its part")]

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use saal_hal_sim::SimulatedSealer;
use saal_matrix::{LogIn, MatrixSettings, Sealing, Service};
use saal_meeting::{AccountState, MeetingCommand, MeetingEvent};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The account as the daemon has it.
pub(crate) struct Room {
    /// Dropping them ends the service.
    pub(crate) commands: mpsc::UnboundedSender<MeetingCommand>,
    pub(crate) events: mpsc::UnboundedReceiver<MeetingEvent>,
}

impl Room {
    pub(crate) fn start(server: SocketAddr, store: &Path) -> Self {
        Self::log_in(server, store, LogIn::AccessToken(secret("syt_secret")))
    }

    pub(crate) fn log_in(server: SocketAddr, store: &Path, log_in: LogIn) -> Self {
        let settings = MatrixSettings {
            homeserver: format!("http://{server}").parse().unwrap(),
            log_in,
            device_name: "Raum Lahn".to_owned(),
            allowed_servers: Vec::new(),
            verifiers: Vec::new(),
            call_service: None,
            leave_delay: saal_matrix::LEAVE_DELAY,
            recovery_key: None,
            sealing: Sealing(Arc::new(SimulatedSealer::new(1))),
        };
        let (commands, events) = Service::start(settings, store);
        Self { commands, events }
    }

    pub(crate) async fn next(&mut self) -> MeetingEvent {
        let next = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        next.expect("something happens").expect("the service lives")
    }

    pub(crate) async fn until(&mut self, wanted: impl Fn(&AccountState) -> bool) -> AccountState {
        self.until_event(|event| match event {
            MeetingEvent::Account(state) if wanted(state) => Some(state.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for an event of which something is wanted.
    pub(crate) async fn until_event<T>(
        &mut self,
        wanted: impl Fn(&MeetingEvent) -> Option<T>,
    ) -> T {
        let mut seen = Vec::new();
        let looking = async {
            loop {
                let event = self.events.recv().await.expect("the service lives");
                match wanted(&event) {
                    Some(found) => return found,
                    None => seen.push(event),
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("only saw {seen:?}"))
    }
}

pub(crate) fn secret(text: &str) -> saal_matrix::Secret {
    text.to_owned().into()
}

pub(crate) fn online(state: &AccountState) -> bool {
    matches!(state, AccountState::Online { .. })
}

/// What a homeserver is asked.
pub(crate) struct Request {
    /// With the query.
    pub(crate) path: String,
    /// Of the header, without "Bearer".
    pub(crate) token: String,
    pub(crate) body: String,
}

/// What a homeserver answers.
pub(crate) enum Reply {
    Whole(u16, String),
    /// It breaks off in the middle.
    Cut(u16, String),
    /// Nothing, as long as somebody waits.
    Never,
}

impl<B: AsRef<str>> From<(u16, B)> for Reply {
    fn from((status, body): (u16, B)) -> Self {
        Self::Whole(status, body.as_ref().to_owned())
    }
}

/// Answers every request until the test ends.
pub(crate) async fn serve<R: Into<Reply> + 'static>(
    answer: impl Fn(&Request) -> R + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let request = read(&mut stream).await;
                let reply: Reply = answer(&request).into();
                write(&mut stream, reply).await;
            });
        }
    });
    address
}

async fn write(stream: &mut TcpStream, reply: Reply) {
    let (status, body, length) = match reply {
        Reply::Whole(status, body) => {
            let length = body.len();
            (status, body, length)
        }
        Reply::Cut(status, body) => (status, body[..body.len() / 2].to_owned(), body.len()),
        Reply::Never => {
            // Until the other side gives up.
            let _ = stream.read(&mut [0]).await;
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all((head + body.as_str()).as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Request {
    let (mut text, mut part) = (String::new(), vec![0; 65_536]);
    loop {
        let length = stream.read(&mut part).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&part[..length]));
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name))
        };
        let body_length = header("content-length").and_then(|(_, n)| n.parse().ok());
        if length == 0 || (text.contains("\r\n\r\n") && body.len() >= body_length.unwrap_or(0)) {
            let token = header("authorization").map_or("", |(_, token)| token);
            return Request {
                path: head.split(' ').nth(1).unwrap_or_default().to_owned(),
                token: token.trim_start_matches("Bearer ").to_owned(),
                body: body.to_owned(),
            };
        }
    }
}

/// Of a homeserver on which nothing is wrong and nothing happens.
pub(crate) fn works(path: &str) -> (u16, &'static str) {
    match path.split('?').next().unwrap_or_default() {
        "/_matrix/client/versions" => (200, r#"{"versions":["v1.11"]}"#),
        "/_matrix/client/v3/account/whoami" => (200, r#"{"user_id":"@room:hs","device_id":"DEV"}"#),
        "/_matrix/client/v3/sync" => (200, r#"{"next_batch":"s1"}"#),
        "/_matrix/client/v3/keys/upload" => (200, r#"{"one_time_key_counts":{}}"#),
        _ => (404, r#"{"errcode":"M_UNRECOGNIZED","error":"no"}"#),
    }
}
