//! RAUC, over D-Bus (its reference, "D-Bus API"; docs/adr/0045 has the slots).

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use futures_util::StreamExt as _;
use zbus::{Connection, Variant};

use super::installer::{Booted, Installer, InstallerError, Work};

/// What the running release is.
const RELEASE: &str = "/etc/os-release";
/// Its name there.
const NAME: &str = "IMAGE_VERSION=";
/// Another one after each start of the device, in a folder that no start finds again.
const START: &str = "start";
/// Whoever may start the device anew waits for this file.
const RESTART: &str = "restart";

#[zbus::proxy(
    interface = "de.pengutronix.rauc.Installer",
    default_service = "de.pengutronix.rauc",
    default_path = "/"
)]
trait Service {
    async fn install_bundle(
        &self,
        source: &str,
        args: HashMap<&str, Variant<'_>>,
    ) -> zbus::Result<()>;
    async fn mark(&self, state: &str, slot_identifier: &str) -> zbus::Result<(String, String)>;
    #[zbus(property)]
    fn compatible(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn boot_slot(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn last_error(&self) -> zbus::Result<String>;
    /// Percent, what is being done, and how deep in it.
    #[zbus(property)]
    fn progress(&self) -> zbus::Result<(i32, String, i32)>;
    #[zbus(signal)]
    fn completed(&self, result: i32) -> zbus::Result<()>;
}

/// RAUC on this device.
#[derive(Debug)]
pub struct Rauc {
    /// `None`: the system's bus.
    bus: Option<String>,
    /// A folder of this start alone.
    run: PathBuf,
    release: PathBuf,
    seeds: Vec<PathBuf>,
}

fn away(error: impl std::fmt::Display) -> InstallerError {
    InstallerError::Away(error.to_string())
}

/// What RAUC answers is its word; what never reached it is not.
fn refused(error: zbus::Error) -> InstallerError {
    match error {
        zbus::Error::MethodError(name, detail, _) if !is_of_the_bus(name.as_str()) => {
            InstallerError::Refused(detail.unwrap_or_else(|| name.to_string()))
        }
        other => away(other),
    }
}

fn is_of_the_bus(name: &str) -> bool {
    [
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NoReply",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
    ]
    .contains(&name)
}

impl Rauc {
    /// On the system's bus. `run` is a folder that is empty after each start of the device; a file `restart` there starts it anew.
    #[must_use]
    pub fn new(run: &Path) -> Self {
        Self {
            bus: None,
            run: run.to_owned(),
            release: RELEASE.into(),
            seeds: Vec::new(),
        }
    }

    /// The same on another bus, with another file that says what runs.
    #[must_use]
    pub fn on(bus: &str, run: &Path, release: &Path) -> Self {
        Self {
            bus: Some(bus.to_owned()),
            run: run.to_owned(),
            release: release.to_owned(),
            seeds: Vec::new(),
        }
    }

    /// Its slots: partitions and files, so that what is in them need not be fetched again.
    #[must_use]
    pub fn with_seeds(mut self, seeds: Vec<PathBuf>) -> Self {
        self.seeds = seeds;
        self
    }

    async fn service(&self) -> Result<ServiceProxy<'static>, InstallerError> {
        let builder = match &self.bus {
            None => zbus::connection::Builder::system(),
            Some(address) => zbus::connection::Builder::address(address.as_str()),
        };
        let connection: Connection = builder.build().await.map_err(away)?;
        ServiceProxy::new(&connection).await.map_err(away)
    }

    fn version(&self) -> Result<String, InstallerError> {
        let unknown = |problem: String| InstallerError::Unknown {
            what: "release",
            problem,
        };
        let text = std::fs::read_to_string(&self.release);
        let text = text.map_err(|e| unknown(format!("{}: {e}", self.release.display())))?;
        let line = text.lines().find_map(|line| line.strip_prefix(NAME));
        let line = line.ok_or_else(|| unknown(format!("there is no {NAME} in it")))?;
        Ok(line.trim_matches('"').to_owned())
    }

    /// What tells this start of the device from the others.
    fn start(&self) -> io::Result<String> {
        let path = self.run.join(START);
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let start = format!("{:016x}", fastrand::u64(..));
                std::fs::write(path, &start)?;
                Ok(start)
            }
            read => read,
        }
    }
}

impl Installer for Rauc {
    fn seeds(&self) -> Vec<PathBuf> {
        self.seeds.clone()
    }

    fn booted(&mut self) -> Work<'_, Booted> {
        Box::pin(async move {
            let unknown = |what| move |problem: String| InstallerError::Unknown { what, problem };
            let service = self.service().await?;
            let compatible = service.compatible().await.map_err(away)?;
            let start = self.start().map_err(|e| unknown("start")(e.to_string()))?;
            Ok(Booted {
                compatible: compatible.parse().map_err(unknown("hardware"))?,
                version: self.version()?.parse().map_err(unknown("release"))?,
                slot: service.boot_slot().await.map_err(away)?,
                start,
            })
        })
    }

    fn install<'a>(
        &'a mut self,
        bundle: &'a Path,
        progress: &'a mut (dyn FnMut(u8) + Send),
    ) -> Work<'a, ()> {
        Box::pin(async move {
            let service = self.service().await?;
            // Before it begins, so that an end at once is not missed.
            let mut ends = service.receive_completed().await.map_err(away)?;
            let mut steps = service.receive_progress_changed().await;
            let path = bundle.to_string_lossy();
            let begun = service.install_bundle(&path, HashMap::new()).await;
            begun.map_err(refused)?;
            loop {
                tokio::select! {
                    ended = ends.next() => {
                        let ended = ended.ok_or_else(|| away("it went away while it installed"))?;
                        let result = ended.args().map_err(away)?.result;
                        if result == 0 {
                            return Ok(());
                        }
                        let why = service.last_error().await.map_err(away)?;
                        return Err(InstallerError::Refused(why));
                    }
                    Some(step) = steps.next() => {
                        if let Ok((percent, _, _)) = step.get().await {
                            progress(u8::try_from(percent.clamp(0, 100)).unwrap_or_default());
                        }
                    }
                }
            }
        })
    }

    fn mark(&mut self, good: bool) -> Work<'_, ()> {
        Box::pin(async move {
            let state = if good { "good" } else { "bad" };
            let service = self.service().await?;
            let (_, message) = service.mark(state, "booted").await.map_err(refused)?;
            tracing::info!(message, "RAUC");
            Ok(())
        })
    }

    fn restart(&mut self) -> Work<'_, ()> {
        let asked = std::fs::write(self.run.join(RESTART), "");
        Box::pin(async move { asked.map_err(away) })
    }
}
