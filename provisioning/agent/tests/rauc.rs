//! RAUC's interface, on a bus of the test's own: what stands in for RAUC answers as its reference says.
#![allow(clippy::unwrap_used, reason = "a test that can not go on says where")]

use std::{
    collections::HashMap,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
};

use saal_agent::update::{
    installer::{Installer as _, InstallerError},
    rauc::Rauc,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use zbus::{Connection, OwnedVariant, fdo, interface, object_server::SignalEmitter};

/// Its own bus, which ends with the test.
struct Bus {
    _daemon: Child,
    address: String,
}

impl Bus {
    async fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("dbus-daemon is among the project's packages");
        let out = daemon.stdout.take().unwrap();
        let mut lines = BufReader::new(out).lines();
        let address = lines.next_line().await.unwrap().unwrap();
        Self {
            _daemon: daemon,
            address,
        }
    }
}

#[derive(Clone, Default)]
struct StandIn {
    asked: Arc<Mutex<Vec<String>>>,
}

#[interface(name = "de.pengutronix.rauc.Installer")]
impl StandIn {
    async fn install_bundle(
        &self,
        source: String,
        _args: HashMap<String, OwnedVariant>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        self.asked.lock().unwrap().push(format!("install {source}"));
        if source.contains("busy") {
            return Err(fdo::Error::Failed(
                "already processing a different method".to_owned(),
            ));
        }
        self.progress_changed(&emitter).await.unwrap();
        let result = i32::from(source.contains("forged"));
        Self::completed(&emitter, result).await.unwrap();
        Ok(())
    }

    fn mark(&self, state: &str, slot_identifier: &str) -> (String, String) {
        let asked = format!("{state} {slot_identifier}");
        self.asked.lock().unwrap().push(asked);
        ("root.1".to_owned(), "marked".to_owned())
    }

    #[zbus(property)]
    fn compatible(&self) -> String {
        "saal-x86-64".to_owned()
    }

    #[zbus(property)]
    fn boot_slot(&self) -> String {
        "b".to_owned()
    }

    #[zbus(property)]
    fn last_error(&self) -> String {
        "signature verification failed".to_owned()
    }

    #[zbus(property)]
    fn progress(&self) -> (i32, String, i32) {
        (60, "Copying image".to_owned(), 2)
    }

    #[zbus(signal)]
    async fn completed(emitter: &SignalEmitter<'_>, result: i32) -> zbus::Result<()>;
}

async fn stand_in(bus: &Bus) -> (Connection, StandIn) {
    let service = StandIn::default();
    let connection = zbus::connection::Builder::address(bus.address.as_str())
        .name("de.pengutronix.rauc")
        .serve_at("/", service.clone())
        .build()
        .await
        .unwrap();
    (connection, service)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rauc_is_asked_as_its_reference_says_and_believed() {
    let bus = Bus::start().await;
    let (_service, asked) = stand_in(&bus).await;
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("os-release");
    std::fs::write(&release, "NAME=Saal\nIMAGE_VERSION=\"2026.11.1\"\n").unwrap();
    let mut rauc = Rauc::on(&bus.address, folder.path(), &release);

    let booted = rauc.booted().await.unwrap();
    assert_eq!(booted.compatible.as_str(), "saal-x86-64");
    assert_eq!(
        (booted.version.as_str(), booted.slot.as_str()),
        ("2026.11.1", "b")
    );
    let again = Rauc::on(&bus.address, folder.path(), &release)
        .booted()
        .await
        .unwrap();
    assert_eq!(
        again.start, booted.start,
        "the device was not started since"
    );

    rauc.install(Path::new("/x/good.raucb"), &mut |_| ())
        .await
        .unwrap();
    let forged = rauc
        .install(Path::new("/x/forged.raucb"), &mut |_| ())
        .await;
    let problem = "signature verification failed".to_owned();
    assert_eq!(forged, Err(InstallerError::Refused(problem)));
    let busy = rauc
        .install(Path::new("/x/busy.raucb"), &mut |_| ())
        .await
        .unwrap_err();
    assert!(busy.to_string().contains("already processing"), "{busy}");

    rauc.mark(false).await.unwrap();
    rauc.mark(true).await.unwrap();
    let asked = asked.asked.lock().unwrap().clone();
    assert_eq!(
        asked[..2],
        ["install /x/good.raucb", "install /x/forged.raucb"]
    );
    assert_eq!(asked[3..], ["bad booted", "good booted"]);

    assert!(!folder.path().join("restart").exists());
    rauc.restart().await.unwrap();
    assert!(folder.path().join("restart").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_not_there_is_waited_for_and_not_held_against_a_release() {
    let bus = Bus::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut rauc = Rauc::on(&bus.address, folder.path(), &folder.path().join("none"));
    let away = rauc.install(Path::new("/x/good.raucb"), &mut |_| ()).await;
    assert!(matches!(away, Err(InstallerError::Away(_))), "{away:?}");
}
