//! A NATS of a test's own, as Debian has it: with TLS and a password, and it can be away for a while.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);
const USER: &str = "fleet";
const PASSWORD: &str = "not a secret";

pub(crate) struct Nats {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
}

impl Nats {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("cert.pem"), own.cert.pem()).unwrap();
        let key = own.signing_key.serialize_pem();
        fs::write(folder.path().join("key.pem"), key).unwrap();
        fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        // A free one, of its own choice.
        let server = serve(&folder, -1);
        let mut started = Self {
            folder,
            server,
            port: 0,
        };
        started.port = started.listens();
        started
    }

    /// What it says of itself, once it listens.
    fn listens(&self) -> u16 {
        let name = format!("nats-server_{}.ports", self.server.id());
        let (path, begun) = (self.folder.path().join(name), Instant::now());
        loop {
            let text = fs::read_to_string(&path).unwrap_or_default();
            if let Ok(ports) = serde_json::from_str::<serde_json::Value>(&text) {
                let url = ports["nats"][0].as_str().unwrap();
                return url.rsplit(':').next().unwrap().parse().unwrap();
            }
            assert!(begun.elapsed() < PATIENCE, "NATS does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What a node has to be told.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let file = |name: &str| -> PathBuf { self.folder.path().join(name) };
        [
            "--nats".to_owned(),
            format!("tls://{USER}@localhost:{}", self.port),
            format!("--nats-password={}", file("password").display()),
            format!("--nats-ca={}", file("cert.pem").display()),
        ]
        .into()
    }

    /// Its power goes.
    pub(crate) fn dies(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// It is back where it was.
    pub(crate) fn comes_back(&mut self) {
        self.server = serve(&self.folder, i32::from(self.port));
        assert_eq!(self.listens(), self.port);
    }
}

fn serve(folder: &tempfile::TempDir, port: i32) -> Child {
    // Debian has it where only an administrator's shell looks.
    let installed = PathBuf::from("/usr/sbin/nats-server");
    let program = Some(installed).filter(|path| path.exists());
    let mut server = Command::new(program.unwrap_or_else(|| "nats-server".into()));
    server
        .current_dir(folder.path())
        .args(["-a", "127.0.0.1", "-p", &port.to_string()])
        .args(["--user", USER, "--pass", PASSWORD])
        .args(["--tls", "--tlscert", "cert.pem", "--tlskey", "key.pem"])
        .args(["--ports_file_dir", "."])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    server.spawn().expect("apt-get install nats-server")
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.dies();
    }
}
