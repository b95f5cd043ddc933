//! A Synapse of our own: one process, SQLite, loopback, with what MatrixRTC needs switched on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha1::Sha1;

use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::matrix::User;
use crate::process::{Process, Program};
use crate::tools::Tools;
use crate::{account_service, http, ports, turn};

/// The name of the home server in user ids. A reserved top level domain (RFC 6761): no lookup may ever leave the machine.
pub const SERVER_NAME: &str = "saal.test";

/// Of every user.
pub const PASSWORD: &str = "a password";

/// Set, it has the suites' home servers offer no sliding sync.
const CLASSIC: &str = "SAAL_CLASSIC_SYNC";

/// Gives rooms a past.
const HISTORY: &str = include_str!("../synapse/history.py");

/// How long a token lasts that a client asked to renew.
const REFRESHABLE_LIFETIME: &str = "4s";

const REGISTRATION_SECRET: &str = "the tests' own";

/// A key in Synapse's format. A known one is enough where nothing federates, and saves the start that makes one.
const SIGNING_KEY: &str = "ed25519 a_test AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";

/// Importing Synapse takes 3 s on an idle machine; on a busy one several times that.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Under which name a home server is known, and to whom.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// In user ids.
    pub(crate) name: String,
    /// With other home servers, by TLS on this port; alone without.
    pub(crate) federation: Option<(u16, Authority)>,
    /// Where the service is that has its accounts; its own without.
    pub(crate) accounts: Option<String>,
    /// Offers sliding sync (MSC4186) beside `/sync`.
    pub(crate) slides: bool,
    /// The relay that it names for 1:1 calls.
    pub(crate) relay: Option<String>,
}

impl Identity {
    /// Known to nobody but its clients.
    pub(crate) fn alone() -> Self {
        Self {
            name: SERVER_NAME.to_owned(),
            federation: None,
            accounts: None,
            slides: std::env::var_os(CLASSIC).is_none(),
            relay: None,
        }
    }

    /// The same without sliding sync.
    pub(crate) fn classic() -> Self {
        Self {
            slides: false,
            ..Self::alone()
        }
    }

    /// Known to its clients alone, whose accounts a service has.
    pub(crate) fn with_accounts_at(service: &str) -> Self {
        Self {
            accounts: Some(service.to_owned()),
            ..Self::alone()
        }
    }

    /// Reached by other home servers on this machine.
    pub(crate) fn federating(authority: Authority) -> Result<Self> {
        let port = ports::free_tcp()?;
        Ok(Self {
            name: format!("127.0.0.1:{port}"),
            federation: Some((port, authority)),
            accounts: None,
            slides: std::env::var_os(CLASSIC).is_none(),
            relay: None,
        })
    }
}

/// A running home server, or one that was stopped.
#[derive(Debug)]
pub(crate) struct Synapse {
    python: PathBuf,
    folder: PathBuf,
    base: String,
    process: Option<Process>,
    http: reqwest::Client,
}

impl Synapse {
    /// Starts a home server with an empty database below `folder`.
    pub(crate) async fn start(
        tools: &Tools,
        folder: &Path,
        identity: &Identity,
        livekit_service: &str,
    ) -> Result<Self> {
        let port = ports::free_tcp()?;
        let base = format!("http://127.0.0.1:{port}");
        std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let mut settings = settings(folder, port, &base, livekit_service);
        identify(&mut settings, identity);
        if let Some(service) = &identity.accounts {
            leave_accounts_to(&mut settings, service);
        }
        write(&folder.join("homeserver.yaml"), &settings.to_string())?;
        write(&folder.join("log.yaml"), &logging().to_string())?;
        write(&folder.join("signing.key"), SIGNING_KEY)?;
        let folder = folder.to_path_buf();
        let mut synapse = Self {
            python: tools.synapse_python.clone(),
            folder,
            base,
            process: None,
            http: http::client(),
        };
        synapse.resume().await?;
        Ok(synapse)
    }

    /// Starts it again on the same port with the same database.
    pub(crate) async fn resume(&mut self) -> Result<()> {
        let program =
            Program::new("Synapse", &self.python, self.folder.join("synapse.log")).args([
                "-m",
                "synapse.app.homeserver",
                "--config-path",
                "homeserver.yaml",
            ]);
        let mut process = program.folder(&self.folder).start().await?;
        let (client, url) = (
            self.http.clone(),
            format!("{}/_matrix/client/versions", self.base),
        );
        process
            .ready(READY_WITHIN, || http::answers(&client, &url))
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Stops it as an administrator would.
    pub(crate) async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop(Duration::from_secs(10)).await;
        }
    }

    /// Writes a year of `events` messages into each of these rooms, whose last event has to be a message. It is
    /// started anew for that.
    pub(crate) async fn age(&mut self, rooms: &[String], events: u32) -> Result<()> {
        self.stop().await;
        let what = "writing a year of history";
        let mut python = tokio::process::Command::new(&self.python);
        let database = self.folder.join("homeserver.db");
        python.arg("-c").arg(HISTORY).arg(database);
        python.arg(events.to_string()).args(rooms);
        let output = python.kill_on_drop(true).output().await;
        let output = output.map_err(|source| Error::Spawn {
            name: what.to_owned(),
            source,
        })?;
        if !output.status.success() {
            return Err(Error::Answer {
                what: what.to_owned(),
                answer: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        self.resume().await
    }

    /// Where clients reach it.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A new token that allows one registration.
    pub(crate) async fn registration_token(&self) -> Result<String> {
        let admin = self.register_as("admin", true).await?;
        let url = format!("{}/_synapse/admin/v1/registration_tokens/new", self.base);
        let body = json!({ "uses_allowed": 1 });
        let token = Some(admin.access_token.as_str());
        let answer = http::json(&self.http, Method::POST, &url, token, Some(&body)).await?;
        let token = answer["token"].as_str().map(str::to_owned);
        token.ok_or_else(|| Error::Answer {
            what: url,
            answer: answer.to_string(),
        })
    }

    /// Registers a user with the shared secret and gives the session that comes with it.
    pub(crate) async fn register(&self, name: &str) -> Result<User> {
        self.register_as(name, false).await
    }

    async fn register_as(&self, name: &str, admin: bool) -> Result<User> {
        let url = format!("{}/_synapse/admin/v1/register", self.base);
        let nonce = http::json(&self.http, Method::GET, &url, None, None).await?;
        let nonce = nonce["nonce"].as_str().unwrap_or_default();
        let password = PASSWORD;
        let body = json!({
            "nonce": nonce, "username": name, "displayname": name, "password": password, "admin": admin,
            "mac": registration_mac(nonce, name, password, admin),
        });
        let session = http::json(&self.http, Method::POST, &url, None, Some(&body)).await?;
        User::from_session(&self.base, &session).ok_or_else(|| Error::Answer {
            what: url,
            answer: session.to_string(),
        })
    }
}

/// Synapse's shared-secret registration: HMAC-SHA1 over the fields with NUL between them.
fn registration_mac(nonce: &str, name: &str, password: &str, admin: bool) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(REGISTRATION_SECRET.as_bytes())
        .expect("HMAC takes keys of any length");
    let admin = if admin { "admin" } else { "notadmin" };
    mac.update([nonce, name, password, admin].join("\0").as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(Error::file("write", path))
}

/// The configuration (JSON is YAML).
fn settings(folder: &Path, port: u16, base: &str, livekit_service: &str) -> Value {
    let unlimited = json!({ "per_second": 10_000, "burst_count": 10_000 });
    let foci = json!([{ "type": "livekit", "livekit_service_url": livekit_service }]);
    let mut settings = json!({
        "server_name": SERVER_NAME,
        "public_baseurl": base,
        "listeners": [{
            "port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": false,
            "resources": [{ "names": ["client", "openid"] }],
        }],
        "database": { "name": "sqlite3", "args": { "database": folder.join("homeserver.db") } },
        "media_store_path": folder.join("media"),
        "signing_key_path": folder.join("signing.key"),
        "log_config": folder.join("log.yaml"),
        "pid_file": folder.join("synapse.pid"),
        "registration_shared_secret": REGISTRATION_SECRET,
        "macaroon_secret_key": "only for tests", "form_secret": "only for tests",
        "bcrypt_rounds": 4,
        "enable_registration": true, "registration_requires_token": true,
        "refreshable_access_token_lifetime": REFRESHABLE_LIFETIME,
        "login_via_existing_session": { "enabled": true, "require_ui_auth": false },
        "report_stats": false, "url_preview_enabled": false, "presence": { "enabled": false },
        "trusted_key_servers": [], "suppress_key_server_warning": true, "federation_domain_whitelist": [],
        "push": { "enabled": false }, "user_directory": { "enabled": false },
        "experimental_features": { "msc4354_enabled": true, "msc4143_enabled": true, "msc4222_enabled": true, "msc4140_enabled": true },
        "max_event_delay_duration": "24h",
        "matrix_rtc": { "transports": foci },
        "extra_well_known_client_content": { "org.matrix.msc4143.rtc_foci": foci },
        "rc_joins": { "local": unlimited, "remote": unlimited },
        "rc_login": { "address": unlimited, "account": unlimited, "failed_attempts": unlimited },
        "rc_invites": { "per_room": unlimited, "per_user": unlimited, "per_issuer": unlimited },
    });
    for limit in [
        "rc_message",
        "rc_registration",
        "rc_admin_redaction",
        "rc_joins_per_room",
        "rc_key_requests",
        "rc_delayed_event_mgmt",
        "rc_room_creation",
    ] {
        settings[limit] = unlimited.clone();
    }
    settings
}

/// Names the server; one that federates speaks to others that the tests' authority vouches for.
fn identify(settings: &mut Value, identity: &Identity) {
    settings["server_name"] = json!(identity.name);
    settings["experimental_features"]["msc3575_enabled"] = json!(identity.slides);
    if let Some(relay) = &identity.relay {
        settings["turn_uris"] = json!([relay]);
        settings["turn_shared_secret"] = json!(turn::SECRET);
    }
    let Some((port, authority)) = &identity.federation else {
        return;
    };
    let listener = json!({
        "port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": true,
        "resources": [{ "names": ["client", "federation"] }],
    });
    if let Some(listeners) = settings["listeners"].as_array_mut() {
        listeners.push(listener);
    }
    settings["tls_certificate_path"] = json!(authority.certificate);
    settings["tls_private_key_path"] = json!(authority.key);
    settings["federation_custom_ca_list"] = json!([authority.authority]);
    settings["ip_range_blacklist"] = json!([]);
    if let Some(all) = settings.as_object_mut() {
        all.remove("federation_domain_whitelist");
    }
}

/// Logs nobody in itself: a service does. Two devices of an account can meet (MSC4108).
fn leave_accounts_to(settings: &mut Value, service: &str) {
    settings["matrix_authentication_service"] =
        json!({ "enabled": true, "endpoint": service, "secret": account_service::SECRET });
    settings["experimental_features"]["msc4108_enabled"] = json!(true);
    if let Some(all) = settings.as_object_mut() {
        for own in [
            "enable_registration",
            "registration_requires_token",
            "registration_shared_secret",
            "refreshable_access_token_lifetime",
            "login_via_existing_session",
        ] {
            all.remove(own);
        }
    }
}

fn logging() -> Value {
    json!({
        "version": 1,
        "formatters": { "line": { "format": "%(asctime)s %(levelname)s %(name)s %(message)s" } },
        "handlers": { "console": { "class": "logging.StreamHandler", "formatter": "line" } },
        "root": { "level": "WARNING", "handlers": ["console"] },
        "loggers": { "synapse.access": { "level": "INFO" } },
    })
}
