//! What keeps a device from proving who it is: its key lies in a TPM that does not do its part (docs/adr/0080).

use serde::{Deserialize, Serialize};

/// Why the TPM does not sign for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyProblem {
    /// There is none: it was switched off, or the board was exchanged.
    Missing,
    /// It is another one, or was cleared: the device's key is lost.
    Foreign,
    /// It is there and fails.
    Failed,
}
