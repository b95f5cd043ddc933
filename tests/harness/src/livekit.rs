//! A LiveKit server of our own, and what we ask it: rooms and who is in them.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use reqwest::Method;
use saal_network_sim::Line;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::process::{Process, Program};
use crate::tools::Tools;
use crate::{http, ports, turn};

const KEY: &str = "saal";
const SECRET: &str = "a secret of 32 bytes or longer, for tests";
const READY_WITHIN: Duration = Duration::from_secs(90);

/// A running server, or one that was stopped.
#[derive(Debug)]
pub(crate) struct LiveKit {
    server: PathBuf,
    folder: PathBuf,
    port: u16,
    udp: u16,
    media: Ipv4Addr,
    /// A relay at this TCP port of 127.0.0.1, which clients are told of.
    relay: Option<u16>,
    /// Where it takes media over TCP (ICE), if it does.
    tcp: Option<u16>,
    process: Option<Process>,
    http: reqwest::Client,
}

impl LiveKit {
    /// Starts a server on free ports, which takes media at this address.
    pub(crate) async fn start(tools: &Tools, folder: &Path, media: Ipv4Addr) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let (port, udp) = (ports::free_tcp()?, ports::free_udp()?);
        let server = tools.livekit_server.clone();
        let mut livekit = Self {
            server,
            folder: folder.to_path_buf(),
            port,
            udp,
            media,
            relay: None,
            tcp: None,
            process: None,
            http: http::client(),
        };
        livekit.resume().await?;
        Ok(livekit)
    }

    /// Starts it again on the same ports; it remembers nothing.
    pub(crate) async fn resume(&mut self) -> Result<()> {
        let path = self.folder.join("livekit.yaml");
        let settings = self.settings().to_string();
        std::fs::write(&path, settings).map_err(Error::file("write", &path))?;
        let program = Program::new("LiveKit", &self.server, self.folder.join("livekit.log"));
        let mut process = program
            .args(["--config", "livekit.yaml"])
            .folder(&self.folder)
            .start()
            .await?;
        let (client, url) = (
            self.http.clone(),
            format!("http://127.0.0.1:{}/", self.port),
        );
        process
            .ready(READY_WITHIN, || http::answers(&client, &url))
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Kills it: calls break as when the machine under it fails.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Starts it anew, and tells clients of a relay at this TCP port of 127.0.0.1, or of none.
    pub(crate) async fn name_relay(&mut self, port: Option<u16>) -> Result<()> {
        self.kill().await;
        self.relay = port;
        self.resume().await
    }

    /// Starts it anew, and has it take media over TCP too, or not.
    pub(crate) async fn take_tcp(&mut self, takes: bool) -> Result<()> {
        self.kill().await;
        self.tcp = match takes {
            true => Some(ports::free_tcp()?),
            false => None,
        };
        self.resume().await
    }

    /// Whether it takes media over TCP.
    pub(crate) fn takes_tcp(&self) -> bool {
        self.tcp.is_some()
    }

    /// The configuration (JSON is YAML).
    fn settings(&self) -> Value {
        let mut settings = settings(self.port, self.udp, self.media);
        settings["rtc"]["tcp_port"] = json!(self.tcp.unwrap_or_default());
        if let Some(port) = self.relay {
            settings["rtc"]["turn_servers"] = json!([
                { "host": "127.0.0.1", "port": port, "protocol": "tcp", "secret": turn::SECRET },
            ]);
        }
        settings
    }

    /// Where it is spoken to.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What the token service and the tests need to ask it.
    pub(crate) fn client(&self) -> LiveKitClient {
        LiveKitClient {
            port: self.port,
            http: self.http.clone(),
        }
    }
}

/// Each line keeps it from sockets and lookups beyond loopback.
fn settings(port: u16, udp: u16, media: Ipv4Addr) -> Value {
    let device = if media.is_loopback() {
        "lo"
    } else {
        Line::DEVICE
    };
    json!({
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {
            "udp_port": udp,
            "node_ip": media, "use_external_ip": false,
            "enable_loopback_candidate": media.is_loopback(), "interfaces": { "includes": [device] },
            "stun_servers": ["127.0.0.1:9"],
        },
        "room": { "auto_create": false, "empty_timeout": 300, "departure_timeout": 20 },
        "keys": { KEY: SECRET },
        "logging": { "level": "info" },
    })
}

/// Asks a LiveKit server through its RoomService.
#[derive(Debug, Clone)]
pub struct LiveKitClient {
    port: u16,
    http: reqwest::Client,
}

/// Somebody in a room of the media server.
#[derive(Debug, Clone, Deserialize)]
pub struct Participant {
    /// The server's id for this stay: `PA_…`; also the first part of the stream ids that others see.
    pub sid: String,
    /// What the token service issued.
    pub identity: String,
    /// `JOINING`, `JOINED`, `ACTIVE`, `DISCONNECTED`.
    #[serde(default)]
    pub state: String,
    /// What it publishes.
    #[serde(default)]
    pub tracks: Vec<Track>,
}

/// A published track.
#[derive(Debug, Clone, Deserialize)]
pub struct Track {
    /// The server's id: `TR_…`.
    pub sid: String,
    /// `AUDIO` or `VIDEO`; the server leaves out the first, its zero.
    #[serde(default = "audio", rename = "type")]
    pub kind: String,
    /// Whether the publisher muted it.
    #[serde(default)]
    pub muted: bool,
}

fn audio() -> String {
    "AUDIO".to_owned()
}

impl LiveKitClient {
    /// Where clients connect to: `ws://…`.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// A token with which `identity` enters a room (LiveKit's name of it), which is created for them, and sends.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn entrance(&self, room: &str, identity: &str) -> Result<String> {
        self.create_room(room).await?;
        let grant = json!({
            "roomJoin": true, "room": room, "canPublish": true, "canSubscribe": true,
        });
        Ok(token(identity, &grant))
    }

    /// Creates a room; one that exists stays as it is.
    pub(crate) async fn create_room(&self, room: &str) -> Result<()> {
        let grant = json!({ "roomCreate": true });
        self.ask(
            "CreateRoom",
            &grant,
            &json!({ "name": room, "empty_timeout": 300, "departure_timeout": 20 }),
        )
        .await
        .map(drop)
    }

    /// Who is in a room (LiveKit's name of it); nobody when there is no such room.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn participants(&self, room: &str) -> Result<Vec<Participant>> {
        let grant = json!({ "roomAdmin": true, "room": room });
        let answer = match self
            .ask("ListParticipants", &grant, &json!({ "room": room }))
            .await
        {
            Err(Error::Refused { status: 404, .. }) => return Ok(Vec::new()),
            other => other?,
        };
        let list = answer
            .get("participants")
            .cloned()
            .unwrap_or_else(|| json!([]));
        serde_json::from_value(list).map_err(|_| Error::Answer {
            what: "ListParticipants".to_owned(),
            answer: answer.to_string(),
        })
    }

    /// Mutes a track, as a moderator's program does.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn mute(&self, room: &str, identity: &str, track: &str) -> Result<()> {
        let grant = json!({ "roomAdmin": true, "room": room });
        let body = json!({ "room": room, "identity": identity, "track_sid": track, "muted": true });
        self.ask("MutePublishedTrack", &grant, &body)
            .await
            .map(drop)
    }

    async fn ask(&self, method: &str, grant: &Value, body: &Value) -> Result<Value> {
        let url = format!(
            "http://127.0.0.1:{}/twirp/livekit.RoomService/{method}",
            self.port
        );
        let token = token("tests", grant);
        http::json(&self.http, Method::POST, &url, Some(&token), Some(body)).await
    }
}

/// An access token (JWT with HS256) for `identity` with LiveKit's video grant, good for an hour.
pub(crate) fn token(identity: &str, grant: &Value) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let claims = json!({ "iss": KEY, "sub": identity, "nbf": now.saturating_sub(5), "exp": now + 3600, "video": grant });
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({ "alg": "HS256", "typ": "JWT" })),
        part(&claims)
    );
    let mut mac =
        Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    format!(
        "{signed}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}
