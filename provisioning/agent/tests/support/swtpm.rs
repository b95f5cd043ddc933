//! A TPM of the test's own: Debian's swtpm, which virtual machines have too.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::watch,
};

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

    /// Somebody clears it: it makes other keys from then on.
    #[allow(dead_code, reason = "not every test clears its TPM")]
    pub async fn clear(&mut self) {
        self.fail();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        self.recover().await;
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

/// The command that signs (TPM 2.0 Library, part 2, section 6.5.2).
const SIGN: [u8; 4] = 0x0000_015d_u32.to_be_bytes();

/// Stands before a TPM, and keeps it from signing for as long as the test wants.
#[allow(dead_code, reason = "not every test needs a slow one")]
pub struct Slow {
    path: PathBuf,
    may_sign: watch::Sender<bool>,
    asked: watch::Sender<u32>,
}

#[allow(dead_code, reason = "not every test needs a slow one")]
impl Slow {
    pub fn before(tpm: &Swtpm) -> Self {
        let slow = Self {
            path: tpm.folder.path().join("slow"),
            may_sign: watch::Sender::new(false),
            asked: watch::Sender::new(0),
        };
        let listener = UnixListener::bind(&slow.path).unwrap();
        let (to, may, asked) = (tpm.path(), slow.may_sign.clone(), slow.asked.clone());
        tokio::spawn(async move {
            // One after the other, as the TPM has it.
            while let Ok((near, _)) = listener.accept().await {
                let far = UnixStream::connect(&to).await.unwrap();
                let _ = relay(near, far, &may, &asked).await;
            }
        });
        slow
    }

    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// It was asked for a signature and keeps whoever asked waiting.
    pub async fn is_asked(&self) {
        let mut asked = self.asked.subscribe();
        let asked = tokio::time::timeout(PATIENCE, asked.wait_for(|times| *times > 0)).await;
        assert!(asked.is_ok(), "nobody wants a signature");
    }

    pub fn signs(&self) {
        self.may_sign.send_replace(true);
    }
}

async fn relay(
    mut near: UnixStream,
    mut far: UnixStream,
    may_sign: &watch::Sender<bool>,
    asked: &watch::Sender<u32>,
) -> std::io::Result<()> {
    loop {
        let command = message(&mut near).await?;
        if command[6..10] == SIGN {
            asked.send_modify(|times| *times += 1);
            let mut may_sign = may_sign.subscribe();
            may_sign.wait_for(|may| *may).await.unwrap();
        }
        far.write_all(&command).await?;
        near.write_all(&message(&mut far).await?).await?;
    }
}

/// Tag, size and code, and what follows.
async fn message(from: &mut UnixStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 10];
    from.read_exact(&mut bytes).await?;
    let size = u32::from_be_bytes(bytes[2..6].try_into().unwrap());
    bytes.resize(size as usize, 0);
    from.read_exact(&mut bytes[10..]).await?;
    Ok(bytes)
}
