//! coturn: the relays that a home server names for 1:1 calls (`/voip/turnServer`), and installations for all.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::error::{Error, Result};
use crate::ports;
use crate::process::{Process, Program};

/// Shared with the servers that name it, which make passwords of it.
pub(crate) const SECRET: &str = "only for tests";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How clients come to a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnWay {
    /// Over UDP and TCP.
    Both,
    /// Over TCP alone.
    Tcp,
}

/// A relay, running or not. Dropping it ends it.
#[derive(Debug)]
pub struct TurnServer {
    folder: PathBuf,
    port: u16,
    from: Ipv4Addr,
    process: Option<Process>,
}

impl TurnServer {
    /// Starts one on a free port of 127.0.0.1, with its files in this folder; media leave it from 127.0.0.1 too.
    ///
    /// # Errors
    /// When it does not come up; the error has the end of its log.
    pub async fn start(folder: &Path) -> Result<Self> {
        Self::relaying_from(Ipv4Addr::LOCALHOST, folder).await
    }

    /// The same, but media leave it from this address.
    pub(crate) async fn relaying_from(from: Ipv4Addr, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let mut server = Self {
            folder: folder.to_path_buf(),
            port: ports::free_tcp()?,
            from,
            process: None,
        };
        server.resume(TurnWay::Both).await?;
        Ok(server)
    }

    /// Starts it again on the same port, and ends the one that was there.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn resume(&mut self, way: TurnWay) -> Result<()> {
        self.stop().await;
        let (folder, port, from) = (&self.folder, self.port, self.from);
        let program = Program::new("coturn", "turnserver", folder.join("turn.log"));
        let udp = (way == TurnWay::Tcp).then_some("--no-udp");
        let mut process = program
            .args([
                "-n",
                "--listening-ip=127.0.0.1",
                "--allow-loopback-peers",
                "--no-tls",
                "--no-dtls",
                "--no-cli",
                "--realm=saal.test",
                "--use-auth-secret",
                "--log-file=stdout",
            ])
            .args(udp)
            .args([
                format!("--listening-port={port}"),
                format!("--relay-ip={from}"),
                format!("--static-auth-secret={SECRET}"),
                format!("--userdb={}", folder.join("turn.db").display()),
                format!("--pidfile={}", folder.join("turn.pid").display()),
            ])
            .folder(folder)
            .start()
            .await?;
        let answers = || async move {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .is_ok()
        };
        process.ready(READY_WITHIN, answers).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it: nobody is at its port any more.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the home server names it.
    pub(crate) fn uri(&self) -> String {
        format!("turn:127.0.0.1:{}?transport=udp", self.port)
    }
}
