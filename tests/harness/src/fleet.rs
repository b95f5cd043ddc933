//! A fleet's server and a device with its agent: the programs as people start them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use tokio::process::Command;

use crate::error::{Error, Result};
use crate::process::{Process, Program};
use crate::room::{Room, product};
use crate::room_options::RoomOptions;
use crate::{ports, wait::until};

/// Programs of ours start in a moment; a machine that also builds is slow.
const UP_WITHIN: Duration = Duration::from_secs(90);

/// `saal-fleet serve` in a folder of its own. Dropping it kills it.
#[derive(Debug)]
pub struct Fleet {
    _server: Process,
    folder: PathBuf,
    port: u16,
}

/// `saald` with `saal-agent` beside it. Dropping it kills both.
#[derive(Debug)]
pub struct FleetDevice {
    _agent: Process,
    /// The room.
    pub room: Room,
    /// What the agent keeps.
    pub state: PathBuf,
}

impl Fleet {
    /// Serves in an empty folder below `folder`.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(folder: &Path) -> Result<Self> {
        let data = folder.join("fleet");
        let port = ports::free_tcp()?;
        let listen = format!("127.0.0.1:{port}");
        let program = Program::new(
            "saal-fleet",
            product("saal-fleet"),
            folder.join("saal-fleet.log"),
        )
        .args(["serve", "--listen", &listen, "--data"])
        .args([&data]);
        let server = program.start().await?;
        let fleet = Self {
            _server: server,
            folder: data,
            port,
        };
        let listening = async || fleet.ctl(&["devices"]).await;
        until("the fleet's server", UP_WITHIN, listening, |_| true).await?;
        Ok(fleet)
    }

    /// The fleet's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a page of the dashboard is.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// `saal-fleetctl` with these words; what it prints.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn ctl(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new(product("saal-fleetctl"));
        command
            .args(words)
            .env("SAAL_FLEET_ACCESS", self.folder.join("access.toml"));
        Self::said(command, "saal-fleetctl").await
    }

    /// `saal-fleet sign-file`, as somebody does who has the server's folder.
    ///
    /// # Errors
    /// What it says when it fails.
    pub async fn sign_file(&self, file: &Path) -> Result<()> {
        let mut command = Command::new(product("saal-fleet"));
        command.arg("sign-file").arg("--data").arg(&self.folder);
        command.arg(file);
        Self::said(command, "saal-fleet").await.map(drop)
    }

    async fn said(mut command: Command, name: &str) -> Result<String> {
        let done = command.output().await;
        let done = done.map_err(Error::file("run", &product(name)))?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        Err(Error::Fleet(
            String::from_utf8_lossy(&done.stderr).into_owned(),
        ))
    }

    /// Unpacks a device: its room shows the first screen.
    ///
    /// # Errors
    /// When one of its programs does not come up.
    pub async fn unpack(&self, folder: &Path) -> Result<FleetDevice> {
        let web = ports::free_tcp()?;
        let folder = folder.join("device");
        let (config, state) = (folder.join("agent.toml"), folder.join("agent"));
        let room_state = folder.join("room");
        std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let text = format!(
            "version = 1\nserver = \"https://localhost:{}\"\nca_file = {:?}\nserial = \"SAAL-0001\"\nkeys = \"file\"\nstate = \"agent\"\n\
             room_state = \"room\"\nlog_file = \"saald.log\"\nconfirm_seconds = 20\n[first]\nname = \"New\"\nlanguage = \"en\"\n\
             time_zone = \"Europe/Berlin\"\nweb_listen = \"127.0.0.1:{web}\"\n",
            self.port,
            self.folder.join("ca.pem"),
        );
        std::fs::write(&config, &text).map_err(Error::file("write", &config))?;
        let agent = |command| {
            Program::new(
                "saal-agent",
                product("saal-agent"),
                folder.join("saal-agent.log"),
            )
            .args(["--config".as_ref(), config.as_os_str()])
            .args([command])
        };
        agent("prepare").start().await?.wait().await;
        let options = RoomOptions {
            config: Some(state.join("current/saal.toml")),
            state: Some(room_state),
            web_port: Some(web),
            ..RoomOptions::default()
        };
        let room = Room::standing(&folder, &options).await?;
        let own = format!("log_file = {:?}", room.log_file());
        let text = text.replace("log_file = \"saald.log\"", &own);
        std::fs::write(&config, text).map_err(Error::file("write", &config))?;
        let agent = agent("run").start().await?;
        Ok(FleetDevice {
            _agent: agent,
            room,
            state,
        })
    }
}

/// What an authenticator shows at a moment, in seconds since 1970, for a key as people type it (RFC 6238; base 32).
#[must_use]
pub fn authenticator(key: &str, now: u64) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let places = key
        .bytes()
        .filter_map(|c| letters.iter().position(|letter| *letter == c));
    let (mut secret, mut bits, mut held) = (Vec::new(), 0_usize, 0);
    for place in places {
        bits = (bits << 5 | place) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            secret.push((bits >> held & 0xff) as u8);
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&secret).expect("HMAC takes a key of any length");
    mac.update(&(now / 30).to_be_bytes());
    let sum = mac.finalize().into_bytes();
    let at = usize::from(sum[19] & 0x0f);
    let four = [sum[at] & 0x7f, sum[at + 1], sum[at + 2], sum[at + 3]];
    format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
}
