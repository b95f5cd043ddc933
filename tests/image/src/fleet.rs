//! A fleet's server beside the machine, and what people type to it: the workspace's own programs.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::machine::Image;

/// Where xtask says that the fleet's programs are.
const PROGRAMS: &str = "SAAL_IMAGE_FLEET";
/// What QEMU's network calls this computer.
pub const HOST: &str = "10.0.2.2";
/// A program of ours starts in a moment; not on a machine that emulates another.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// What it says when it is there.
const UP: &str = "the fleet is at https://localhost:";

/// `saal-fleet serve`; dropping it kills it.
#[derive(Debug)]
pub struct Fleet {
    server: Child,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Fleet {
    /// An empty fleet in a folder that a machine of this name finds beside its disk.
    ///
    /// # Errors
    /// With what it said, when it does not come up.
    pub fn start(image: &Image, name: &str) -> Result<Self> {
        let programs = std::env::var_os(PROGRAMS).context("SAAL_IMAGE_FLEET is not set")?;
        let programs = PathBuf::from(programs);
        let folder = image.folder(&format!("{name}-fleet"))?;
        let log = folder.join("saal-fleet.log");
        let data = folder.join("data");
        let file = File::create(&log).context("no log")?;
        let server = Command::new(programs.join("saal-fleet"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--name", "localhost", "--name", HOST, "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("no saal-fleet in {}", programs.display()))?;
        let mut fleet = Self {
            server,
            programs,
            folder: data,
            port: 0,
        };
        fleet.port = fleet.came_up(&log)?;
        Ok(fleet)
    }

    fn came_up(&mut self, log: &Path) -> Result<u16> {
        let asked = Instant::now();
        loop {
            let said = fs::read_to_string(log).unwrap_or_default();
            let port = said.split_once(UP).and_then(|(_, rest)| {
                let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
                // Whole only when something stands behind it.
                (digits.len() < rest.len()).then(|| digits.parse().ok())?
            });
            if let Some(port) = port {
                return Ok(port);
            }
            if self.server.try_wait()?.is_some() || asked.elapsed() > UP_WITHIN {
                bail!("saal-fleet does not come up.\n{said}");
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// How a machine reaches it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("https://{HOST}:{}", self.port)
    }

    /// The authority that its certificate is from, PEM.
    ///
    /// # Errors
    /// When it is not there.
    pub fn authority(&self) -> Result<String> {
        fs::read_to_string(self.folder.join("ca.pem")).context("a fleet has an authority")
    }

    /// `saal-fleetctl --json` with these words and this input; what it prints.
    ///
    /// # Errors
    /// With what it says, when it fails.
    pub fn told(&self, words: &[&str], input: &str) -> Result<Value> {
        let mut ctl = Command::new(self.programs.join("saal-fleetctl"));
        let mut ctl = ctl
            .arg("--json")
            .args(words)
            .env("SAAL_FLEET_ACCESS", self.folder.join("access.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("no saal-fleetctl in {}", self.programs.display()))?;
        let mut pipe = ctl.stdin.take().context("it has an input")?;
        pipe.write_all(input.as_bytes())?;
        drop(pipe);
        let done = ctl.wait_with_output()?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            bail!("saal-fleetctl {}: {said}", words.join(" "));
        }
        Ok(serde_json::from_slice(&done.stdout).unwrap_or_default())
    }

    /// The same without input.
    ///
    /// # Errors
    /// As [`Fleet::told`].
    pub fn ask(&self, words: &[&str]) -> Result<Value> {
        self.told(words, "")
    }

    /// What it knows of its only device; `null` before there is one.
    ///
    /// # Errors
    /// As [`Fleet::told`].
    pub fn device(&self) -> Result<Value> {
        Ok(self.ask(&["devices"])?["items"][0].clone())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
