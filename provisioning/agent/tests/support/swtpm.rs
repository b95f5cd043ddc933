//! A TPM of the test's own: Debian's swtpm, which virtual machines have too.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::fleet::PATIENCE;

pub struct Swtpm {
    folder: TempDir,
    running: Option<Child>,
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        self.fail();
    }
}

impl Swtpm {
    /// A new one: no other has its seeds.
    pub async fn start() -> Self {
        let mut tpm = Self {
            folder: tempfile::tempdir().unwrap(),
            running: None,
        };
        tpm.recover().await;
        tpm
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("tpm")
    }

    /// It answers no more.
    pub fn fail(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().unwrap();
            running.wait().unwrap();
        }
        let _ = std::fs::remove_file(self.path());
    }

    /// The same one, as after a start of the computer.
    pub async fn recover(&mut self) {
        self.fail();
        let state = format!("dir={}", self.folder.path().display());
        let server = format!("type=unixio,path={}", self.path().display());
        let started = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .args(["--tpmstate", &state, "--server", &server])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(started.expect("swtpm is one of dev-packages.txt"));
        let listens = async {
            while !self.path().exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let listens = tokio::time::timeout(PATIENCE, listens).await;
        listens.expect("swtpm listens");
    }
}
