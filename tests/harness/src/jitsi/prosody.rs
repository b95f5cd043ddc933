//! A Prosody of our own: the configuration of a conference server, on loopback, without a system service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::process::{Process, Program};
use crate::{http, ports, turn};

use super::{DOMAIN, JitsiOptions};

/// The shared secret of all components; they listen on loopback only.
pub(super) const COMPONENT_SECRET: &str = "the tests' own";
/// What the stand-in answers for, each by a stream of its own (XEP-0114), with the type that disco#info names it by.
pub(super) const COMPONENTS: [(&str, Option<&str>); 9] = [
    ("focus", None),
    ("auth", None),
    ("avmoderation", Some("av_moderation")),
    ("breakout", Some("breakout_rooms")),
    ("conferenceduration", Some("conference_duration")),
    ("endconference", Some("end_conference")),
    ("metadata", Some("room_metadata")),
    ("polls", Some("polls")),
    ("speakerstats", Some("speakerstats")),
];
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running server, or one that was stopped.
#[derive(Debug)]
pub(super) struct Prosody {
    folder: PathBuf,
    http: u16,
    components: u16,
    process: Option<Process>,
}

impl Prosody {
    /// Starts a server with empty storage below `folder`.
    pub(super) async fn start(folder: &Path, options: &JitsiOptions) -> Result<Self> {
        // Without a folder for certificates it complains.
        let certificates = folder.join("certs");
        std::fs::create_dir_all(&certificates).map_err(Error::file("create", &certificates))?;
        let (http, components) = (ports::free_tcp()?, ports::free_tcp()?);
        let path = folder.join("prosody.cfg.lua");
        let settings = settings(folder, http, components, options);
        std::fs::write(&path, settings).map_err(Error::file("write", &path))?;
        let mut prosody = Self {
            folder: folder.to_path_buf(),
            http,
            components,
            process: None,
        };
        prosody.resume().await?;
        Ok(prosody)
    }

    /// Starts it again on the same ports; rooms are forgotten.
    pub(super) async fn resume(&mut self) -> Result<()> {
        let log = self.folder.join("prosody.log");
        let program = Program::new("Prosody", "prosody", log).folder(&self.folder);
        let mut process = program
            .args(["--config", "prosody.cfg.lua", "-F"])
            .start()
            .await?;
        let (client, url) = (http::client(), format!("{}/http-bind", self.http_base()));
        process
            .ready(READY_WITHIN, || http::answers(&client, &url))
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Kills it: every client's connection breaks.
    pub(super) async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Where BOSH and WebSocket answer.
    pub(super) fn http_base(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// Where components connect to (XEP-0114).
    pub(super) fn component_port(&self) -> u16 {
        self.components
    }
}

fn modules() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/jitsi/prosody")
}

/// The configuration, in a form that Prosody 0.12 and 13.0 both take.
fn settings(folder: &Path, http: u16, components: u16, options: &JitsiOptions) -> String {
    let folder = folder.display();
    let (modules, services) = (modules(), services());
    let token = options
        .token_key
        .as_deref()
        .map_or_else(String::new, |key| format!("  saal_token_key = {key:?}\n"));
    let relays = options.relay.map_or_else(String::new, relays);
    let most = options.max_occupants.map_or_else(String::new, |most| {
        format!("  saal_max_occupants = {most}\n")
    });
    let mut text = format!(
        r#"run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}"
plugin_paths = {{ "{modules}" }}
log = {{ info = "*console" }}
modules_disabled = {{ "s2s", "tls", "posix" }}
storage = "memory"
interfaces = {{ "127.0.0.1" }}
http_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {http} }}
https_ports = {{ }}
c2s_ports = {{ }}
http_default_host = "{DOMAIN}"
component_interfaces = {{ "127.0.0.1" }}
component_ports = {{ {components} }}
consider_websocket_secure = true
consider_bosh_secure = true
c2s_require_encryption = false
trusted_proxies = {{ "127.0.0.1", "::1" }}
limits = {{ }}

VirtualHost "{DOMAIN}"
  authentication = "saal_anonymous"
  modules_enabled = {{ "saslauth", "roster", "disco", "ping", "version", "private", "bosh", "websocket", "smacks", "external_services", "saal_host" }}
  smacks_hibernation_time = 60
  saal_services = {{ {services} }}
  external_services = {{ {relays} }}
{token}
Component "conference.{DOMAIN}" "muc"
  modules_enabled = {{ "saal_rooms" }}
  muc_room_locking = false
  muc_room_default_public = false
  muc_room_default_public_jids = true
  muc_room_default_change_subject = false
  saal_lobby_host = "lobby.{DOMAIN}"
  saal_client_host = "{DOMAIN}"
{most}
Component "lobby.{DOMAIN}" "muc"
  modules_enabled = {{ "saal_lobby" }}
  muc_room_locking = false
  muc_room_default_public_jids = true
  saal_muc_host = "conference.{DOMAIN}"
"#
    );
    for (name, _) in COMPONENTS {
        text += &format!(
            "\nComponent \"{name}.{DOMAIN}\"\n  component_secret = {COMPONENT_SECRET:?}\n"
        );
    }
    text
}

/// A relay of the tests, by both ways.
fn relays(port: u16) -> String {
    let secret = turn::SECRET;
    let relay = |transport| {
        format!(
            "{{ type = \"turn\", transport = {transport:?}, host = \"127.0.0.1\", port = {port}, secret = {secret:?} }}"
        )
    };
    ["udp", "tcp"].map(relay).join(", ")
}

fn services() -> String {
    let entry =
        |kind: &str, name: &str| format!("{{ type = \"{kind}\", host = \"{name}.{DOMAIN}\" }}");
    let ours = COMPONENTS
        .iter()
        .filter_map(|(name, kind)| Some(entry((*kind)?, name)));
    ours.chain([entry("lobbyrooms", "lobby")])
        .collect::<Vec<_>>()
        .join(", ")
}
