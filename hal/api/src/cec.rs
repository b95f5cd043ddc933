//! Televisions that are woken and put to stand-by over the HDMI cable (Consumer Electronics Control, CEC: HDMI 1.4b,
//! supplement 1).

/// A way to a television over its cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CecAdapter {
    /// Stable across reboots and replugs at the same place, as of cameras.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The id of the display at whose connector it is, as of [`crate::Display`]; one that is a device of its own, between
    /// computer and cable, does not know.
    pub display: Option<String>,
    /// Where the operating system has it, for messages.
    pub node: String,
}

/// What a television says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TelevisionPower {
    /// It shows something.
    On,
    /// It waits to be woken.
    StandBy,
    /// It will show something in a moment.
    TurningOn,
    /// It will wait in a moment.
    TurningOff,
}

/// Why a television can't be asked or told anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CecError {
    /// Nothing on the cable takes messages: none is plugged in, it has no CEC, or it is turned off there.
    #[error("{adapter}: no television takes messages over the cable")]
    NoTelevision {
        /// Name of the adapter.
        adapter: String,
    },
    /// It takes messages and did not answer this one.
    #[error("{adapter}: the television does not answer")]
    NoAnswer {
        /// Name of the adapter.
        adapter: String,
    },
    /// The operating system refused.
    #[error("{adapter}: {operation} failed: {reason}")]
    Failed {
        /// Name of the adapter, or what all of them are called.
        adapter: String,
        /// What was tried.
        operation: String,
        /// What the operating system said.
        reason: String,
    },
}

/// The adapters of a machine. A message takes up to a second: these calls are for threads that may wait.
pub trait CecAdapters: Send + Sync {
    /// Those that are there now, by id.
    ///
    /// # Errors
    /// When adapters can't be listed.
    fn list(&self) -> Result<Vec<CecAdapter>, CecError>;

    /// Asks the television how it is.
    ///
    /// # Errors
    /// When it does not take messages or does not answer.
    fn power(&self, adapter: &CecAdapter) -> Result<TelevisionPower, CecError>;

    /// Has the television show what this machine sends: it wakes, and chooses this machine's plug. One that shows it already
    /// changes nothing.
    ///
    /// # Errors
    /// When it does not take messages.
    fn wake(&self, adapter: &CecAdapter) -> Result<(), CecError>;

    /// Puts the television to stand-by, unless it shows something else than this machine, which somebody may look at: then
    /// false.
    ///
    /// # Errors
    /// When it does not take messages.
    fn stand_by(&self, adapter: &CecAdapter) -> Result<bool, CecError>;
}
