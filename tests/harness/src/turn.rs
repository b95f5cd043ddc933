//! coturn: the relays that a home server names for 1:1 calls (`/voip/turnServer`).

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::error::Result;
use crate::ports;
use crate::process::{Process, Program};

/// Shared with the home server, which makes passwords of it.
pub(crate) const SECRET: &str = "only for tests";
const READY_WITHIN: Duration = Duration::from_secs(15);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct TurnServer {
    port: u16,
    _process: Process,
}

impl TurnServer {
    /// Starts one on a free port of loopback.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let port = ports::free_tcp()?;
        let database = folder.join("turn.db");
        let program = Program::new("coturn", "turnserver", folder.join("turn.log"));
        let mut process = program
            .args([
                "-n",
                "--listening-ip=127.0.0.1",
                "--relay-ip=127.0.0.1",
                "--allow-loopback-peers",
                "--no-tls",
                "--no-dtls",
                "--no-cli",
                "--realm=saal.test",
                "--use-auth-secret",
                "--log-file=stdout",
            ])
            .args([
                format!("--listening-port={port}"),
                format!("--static-auth-secret={SECRET}"),
                format!("--userdb={}", database.display()),
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
        Ok(Self {
            port,
            _process: process,
        })
    }

    /// How the home server names it.
    pub(crate) fn uri(&self) -> String {
        format!("turn:127.0.0.1:{}?transport=udp", self.port)
    }
}
