//! What writes a release into the slot that is not in use, and knows which one the device started from.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
};

use saal_fleet_protocol::fleet::{Compatible, ReleaseName};

/// Work that takes a while.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, InstallerError>> + Send + 'a>>;

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booted {
    /// Its hardware.
    pub compatible: Compatible,
    /// Which release.
    pub version: ReleaseName,
    /// From which slot.
    pub slot: String,
    /// Another one after each start of the device.
    pub start: String,
}

/// Something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallerError {
    /// The service that installs is not reached.
    #[error("the service that installs updates is not reached: {0}")]
    Away(String),
    /// It says why not.
    #[error("{0}")]
    Refused(String),
    /// The system does not say what it is.
    #[error("the system does not tell its {what}: {problem}")]
    Unknown {
        /// What.
        what: &'static str,
        /// Why not.
        problem: String,
    },
}

/// RAUC, or what stands in for it.
pub trait Installer: Send {
    /// What runs, and from where.
    ///
    /// # Errors
    /// [`InstallerError`].
    fn booted(&mut self) -> Work<'_, Booted>;

    /// Files and devices in which parts of the next bundle may lie: the slots. They need not all be there.
    fn seeds(&self) -> Vec<PathBuf>;

    /// Checks a bundle's own signature and writes it into the other slot, which is then the next one to be started.
    /// `progress` hears percents.
    ///
    /// # Errors
    /// [`InstallerError::Refused`]: what runs still runs.
    fn install<'a>(
        &'a mut self,
        bundle: &'a Path,
        progress: &'a mut (dyn FnMut(u8) + Send),
    ) -> Work<'a, ()>;

    /// Says whether the slot that runs is good. One that is not is not started again as long as there is another.
    ///
    /// # Errors
    /// [`InstallerError`].
    fn mark(&mut self, good: bool) -> Work<'_, ()>;

    /// Starts the device anew.
    ///
    /// # Errors
    /// [`InstallerError`]; else the device goes down soon.
    fn restart(&mut self) -> Work<'_, ()>;
}
