//! coturn, the TURN server that most services run, as a process of the test's own on loopback.

use std::{
    fs::File,
    io::Write as _,
    net::{SocketAddr, TcpListener as StdListener},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use saal_media_protocol::IceServer;
use tempfile::{NamedTempFile, TempDir};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::timeout,
};

use super::DEADLINE;

/// Addresses that it gives out.
const RELAYED: std::ops::RangeInclusive<u16> = 49_200..=49_399;

pub(crate) struct Coturn {
    port: u16,
    tls_port: u16,
    folder: TempDir,
    _process: Child,
    /// The authority of its certificate, which is for `localhost`.
    pub(crate) authority: NamedTempFile,
}

/// No files of the machine, one user, and nobody but us.
const SETTINGS: [&str; 12] = [
    "-n",
    "--no-cli",
    "--lt-cred-mech",
    "--user=room:secret",
    "--realm=saal",
    "--listening-ip=127.0.0.1",
    "--listening-ip=::1",
    "--relay-ip=127.0.0.1",
    "--allow-loopback-peers",
    "--no-dtls",
    "--log-file=stdout",
    "--simple-log",
];

fn free_port() -> u16 {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[allow(
    clippy::print_stdout,
    reason = "what it said explains most tests that fail"
)]
impl Drop for Coturn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            println!("coturn: {}", log.unwrap_or_default());
        }
    }
}

impl Coturn {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (cert, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        std::fs::write(&cert, certified.cert.pem()).unwrap();
        std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
        let mut authority = NamedTempFile::new().unwrap();
        authority
            .write_all(certified.cert.pem().as_bytes())
            .unwrap();
        let (port, tls_port) = (free_port(), free_port());
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new("turnserver")
            .args(SETTINGS)
            .arg(format!("--listening-port={port}"))
            .arg(format!("--tls-listening-port={tls_port}"))
            .arg(format!("--min-port={}", RELAYED.start()))
            .arg(format!("--max-port={}", RELAYED.end()))
            .arg(format!("--cert={}", cert.display()))
            .arg(format!("--pkey={}", key.display()))
            .arg(format!("--pidfile={}", folder.path().join("pid").display()))
            .arg(format!(
                "--userdb={}",
                folder.path().join("users").display()
            ))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("coturn is installed");
        let answers = async {
            while TcpStream::connect(("127.0.0.1", tls_port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(DEADLINE, answers).await.expect("coturn answers");
        Self {
            port,
            tls_port,
            folder,
            _process: process,
            authority,
        }
    }

    pub(crate) fn udp(&self, host: &str) -> IceServer {
        Self::listed(format!("turn:{host}:{}?transport=udp", self.port))
    }

    pub(crate) fn tcp(&self) -> IceServer {
        Self::listed(format!("turn:127.0.0.1:{}?transport=tcp", self.port))
    }

    pub(crate) fn tls(&self) -> IceServer {
        Self::listed(format!("turns:localhost:{}?transport=tcp", self.tls_port))
    }

    fn listed(url: String) -> IceServer {
        let (username, credential) = ("room".to_owned(), "secret".to_owned());
        IceServer {
            urls: vec![url],
            username,
            credential,
        }
    }

    /// Whether it is one of its relayed addresses.
    pub(crate) fn gave(address: SocketAddr) -> bool {
        RELAYED.contains(&address.port())
    }
}

/// An HTTP proxy that opens tunnels for who has its login.
pub(crate) struct Proxy {
    /// As the environment names it.
    pub(crate) address: String,
    /// Tunnels that it opened.
    pub(crate) tunnels: Arc<AtomicU32>,
}

impl Proxy {
    /// Answers nothing to as many of its first requests as it forgets.
    pub(crate) async fn start(mut forgets: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tunnels = Arc::new(AtomicU32::new(0));
        let opened = Arc::clone(&tunnels);
        tokio::spawn(async move {
            let mut forgotten = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if forgets > 0 {
                    forgets -= 1;
                    forgotten.push(stream);
                    continue;
                }
                tokio::spawn(tunnel(stream, Arc::clone(&opened)));
            }
        });
        Self {
            address: format!("http://lahn:secret@127.0.0.1:{port}"),
            tunnels,
        }
    }
}

async fn tunnel(mut near: TcpStream, opened: Arc<AtomicU32>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    // lahn:secret
    if !head.contains("Proxy-Authorization: Basic bGFobjpzZWNyZXQ=\r\n") {
        let _ = near.write_all(b"HTTP/1.1 407 Login needed\r\n\r\n").await;
        return;
    }
    let target = head.split(' ').nth(1).unwrap();
    let mut far = TcpStream::connect(target).await.unwrap();
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    opened.fetch_add(1, Ordering::Relaxed);
    let _ = copy_bidirectional(&mut near, &mut far).await;
}
