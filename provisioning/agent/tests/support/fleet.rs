//! Server and devices in one process, over real TLS; only the rooms are simulated.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use reqwest::{Certificate, Client, Method, StatusCode};
use saal_agent::{
    Agent,
    discovery::{Network, Place},
    disk::Folder,
    identity::{self, Identity},
    link::{Credentials, Link},
    settings::Settings,
    update::simulated::Simulated,
};
use saal_fleet::{Options, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::room::Room;

/// Longer than anything here takes on a busy computer.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Fleet {
    pub folder: TempDir,
    pub server: Server,
    pub http: Client,
    pub token: String,
}

pub struct Device {
    pub folder: TempDir,
    pub room: Room,
    pub agent: JoinHandle<()>,
}

impl Drop for Device {
    fn drop(&mut self) {
        self.agent.abort();
    }
}

impl Fleet {
    pub async fn start() -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), "localhost").await
    }

    /// At an address that its certificate names so.
    pub async fn start_at(address: IpAddr, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            data: folder.path().to_owned(),
            listen: SocketAddr::from((address, 0)),
            shared: None,
            names: vec![name.to_owned()],
        };
        let server = Server::start(options).await.unwrap();
        let access = std::fs::read_to_string(folder.path().join("access.toml")).unwrap();
        let access: toml::Table = toml::from_str(&access).unwrap();
        let ca = std::fs::read(folder.path().join("ca.pem")).unwrap();
        let http = Client::builder().tls_certs_only([Certificate::from_pem(&ca).unwrap()]);
        Self {
            server,
            http: http.build().unwrap(),
            token: access["token"].as_str().unwrap().to_owned(),
            folder,
        }
    }

    /// The server ends and begins anew where it was.
    pub async fn restart(self) -> Self {
        let url: reqwest::Url = self.server.url().parse().unwrap();
        let options = Options {
            data: self.folder.path().to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, url.port().unwrap())),
            shared: None,
            names: vec![url.host_str().unwrap().to_owned()],
        };
        self.server.stop().await;
        let server = Server::start(options).await.unwrap();
        Self { server, ..self }
    }

    pub async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/api/v1/{path}", self.server.url());
        let request = self
            .http
            .request(method, url)
            .bearer_auth(&self.token)
            .json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap())
    }

    pub async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    pub async fn set(&self, scope: &str, key: &str, value: Value) -> Value {
        let edit = json!({"set": {"key": key, "value": value}});
        self.done(
            Method::PUT,
            "settings",
            json!({"scope": scope, "edits": [edit]}),
        )
        .await
    }

    /// The device with this serial number, once `fine` says so.
    pub async fn device(&self, serial: &str, fine: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                let page = self
                    .done(
                        Method::GET,
                        &format!("devices?search={serial}"),
                        json!(null),
                    )
                    .await;
                if let Some(device) = page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|device| fine(device))
                {
                    return device.clone();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(device) => device,
            Err(_) => {
                let page = self.done(Method::GET, "devices", json!(null)).await;
                panic!("no device {serial} became so: {page:#}")
            }
        }
    }

    /// A new device, with the panel at its first screen.
    pub fn unpack(&self, serial: &str, token: Option<&str>) -> Device {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(self, folder.path(), serial, token);
        Self::lives(folder, settings, Network::default())
    }

    /// A new device that believes servers of another authority than the fleet's own.
    pub fn unpack_believing(&self, authority: &Path, serial: &str) -> Device {
        let folder = tempfile::tempdir().unwrap();
        settings(self, folder.path(), serial, None);
        let own = format!("{:?}", self.folder.path().join("ca.pem"));
        let settings = rewrite(folder.path(), &own, &format!("{authority:?}"));
        Self::lives(folder, settings, Network::default())
    }

    /// A new device with a TPM.
    pub fn unpack_on(&self, tpm: &Path, serial: &str) -> Device {
        let folder = tempfile::tempdir().unwrap();
        settings(self, folder.path(), serial, None);
        let settings = rewrite(folder.path(), IN_A_FILE, &in_a_tpm(tpm));
        Self::lives(folder, settings, Network::default())
    }

    /// A new device that is told no server, in a network that may name one.
    pub fn unpack_in(&self, network: Network, serial: &str) -> Device {
        let folder = tempfile::tempdir().unwrap();
        settings(self, folder.path(), serial, None);
        let told = format!("server = {:?}\n", self.server.url());
        let settings = rewrite(folder.path(), &told, "");
        Self::lives(folder, settings, network)
    }

    fn lives(folder: TempDir, settings: Settings, network: Network) -> Device {
        drop(Agent::open(settings.clone()).unwrap());
        let room = Room::start(&folder.path().join("room"), &folder.path().join("agent"));
        let agent = tokio::spawn(live(settings, network));
        Device {
            folder,
            room,
            agent,
        }
    }

    /// The same with two slots, both with release 1; its programs begin anew with each start.
    pub fn unpack_with(&self, serial: &str, system: &Simulated, room_at: RoomAt) -> Device {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(self, folder.path(), serial, None);
        drop(Agent::open(settings.clone()).unwrap());
        let room = Room::start(&folder.path().join("room"), &folder.path().join("agent"));
        let (system, its) = (system.clone(), room.clone());
        let agent = tokio::spawn(async move {
            let mut starts = system.starts();
            loop {
                room_at(&its, &system.running().1);
                starts.mark_unchanged();
                let living = live_with(settings.clone(), system.clone());
                tokio::select! {
                    () = living => {}
                    _ = starts.changed() => {}
                }
            }
        });
        Device {
            folder,
            room,
            agent,
        }
    }

    /// The agent ends, as when the power goes; the room stays.
    pub async fn switch_off(device: &mut Device) {
        device.agent.abort();
        let _ = (&mut device.agent).await;
    }

    /// A device's file names this fleet's server where it named another one's, and its authority.
    pub fn poses_as(&self, other: &Self, device: &Device) {
        let path = device.folder.path().join("agent.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let folder = |fleet: &Self| fleet.folder.path().display().to_string();
        let new = text
            .replace(other.server.url(), self.server.url())
            .replace(&folder(other), &folder(self));
        assert_ne!(new, text);
        std::fs::write(&path, new).unwrap();
    }

    /// Why a device that is off does not get into the fleet that its file names.
    pub async fn tries(device: &Device) -> String {
        let folder = device.folder.path();
        let settings = Settings::read(&folder.join("agent.toml")).unwrap();
        let kept = Folder::open(&folder.join("agent")).unwrap();
        let key = Identity::open(&kept, &settings).unwrap();
        Self::tries_as(device, &key).await
    }

    /// The same with keys that it has opened before.
    pub async fn tries_as(device: &Device, key: &Identity) -> String {
        let folder = device.folder.path();
        let settings = Settings::read(&folder.join("agent.toml")).unwrap();
        let kept = Folder::open(&folder.join("agent")).unwrap();
        let membership = identity::membership(&kept).unwrap().unwrap();
        let credentials = Credentials {
            certificate: membership.certificate,
            key: key.signer().unwrap(),
        };
        let to = Place::from(settings.server.clone().unwrap());
        match Link::open(&settings, &to, Some(credentials)).await {
            Ok(mut link) => link.hear().await.unwrap_err(),
            Err(error) => error.to_string(),
        }
    }

    /// As `saal-agent forget`.
    pub fn forgets(device: &Device) {
        let kept = Folder::open(&device.folder.path().join("agent")).unwrap();
        identity::forget(&kept).unwrap();
    }

    pub fn switch_on(device: &mut Device) {
        Self::switch_on_in(Network::default(), device);
    }

    pub fn switch_on_in(network: Network, device: &mut Device) {
        let settings = Settings::read(&device.folder.path().join("agent.toml")).unwrap();
        device.agent = tokio::spawn(live(settings, network));
    }

    pub async fn claim(&self, device: &Device, room: &str) -> Value {
        let code = device.room.code().await;
        self.done(Method::POST, "claim", json!({"code": code, "room": room}))
            .await
    }
}

async fn live(settings: Settings, network: Network) {
    let mut agent = Agent::open(settings).unwrap().in_network(network);
    agent.run().await.unwrap();
}

/// How a room is with a release.
pub type RoomAt = fn(&Room, &str);

async fn live_with(settings: Settings, system: Simulated) {
    let agent = Agent::open(settings).unwrap();
    let agent = agent.with_installer(Box::new(system)).await;
    agent.unwrap().run().await.unwrap();
}

/// Where a device's file says that its keys are.
pub const IN_A_FILE: &str = "keys = \"file\"\n";

pub fn in_a_tpm(tpm: &Path) -> String {
    format!("keys = \"tpm\"\ntpm = {tpm:?}\n")
}

/// The device's file says something else.
pub fn rewrite(folder: &Path, old: &str, new: &str) -> Settings {
    let path = folder.join("agent.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{text}");
    std::fs::write(&path, text.replace(old, new)).unwrap();
    Settings::read(&path).unwrap()
}

fn settings(fleet: &Fleet, folder: &Path, serial: &str, token: Option<&str>) -> Settings {
    let path = folder.join("agent.toml");
    let mut text = format!(
        "version = 1\nserver = {:?}\nca_file = {:?}\nserial = {serial:?}\nstate = \"agent\"\nroom_state = \"room\"\n\
         log_file = \"saald.log\"\nconfirm_seconds = 5\nupdate_seconds = 5\n{IN_A_FILE}",
        fleet.server.url(),
        fleet.folder.path().join("ca.pem"),
    );
    if let Some(token) = token {
        std::fs::write(folder.join("token"), token).unwrap();
        text += "token_file = \"token\"\n";
    }
    text += "[first]\nname = \"Neu\"\ntime_zone = \"Europe/Berlin\"\n";
    std::fs::write(&path, text).unwrap();
    Settings::read(&path).unwrap()
}
