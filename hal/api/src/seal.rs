//! Keeping secrets so that only this device can read them again.

/// Seals what must not lie readable on a disk, with a key that stays in the device.
pub trait Sealer: Send + Sync {
    /// Makes `secret` unreadable and unchangeable. `purpose` is bound to it: what was sealed for
    /// one purpose does not open for another.
    ///
    /// # Errors
    /// [`SealError::Key`] when the device's key can't be used.
    fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealError>;

    /// Gives back what was sealed for `purpose`.
    ///
    /// # Errors
    /// [`SealError::Key`], or [`SealError::NotOurs`] for what this device did not seal like this.
    fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError>;
}

/// Why something was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key is not there, or may not be used.
    #[error("the device's sealing key can't be used: {reason}")]
    Key {
        /// For the log.
        reason: String,
    },
    /// Damaged, sealed for another purpose, or by another device.
    #[error("damaged, or not sealed by this device for this purpose")]
    NotOurs,
}
