//! Keys of end-to-end encrypted media (MatrixRTC, as LiveKit's clients encrypt frames).
//!
//! The meeting service exchanges keys, the engine holds them in memory and uses them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Key material as it was exchanged; the engine derives frame keys from it. It shows itself to
/// nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum MediaKey {
    /// Bytes that a member made, 16 of them today: HKDF-SHA256.
    Member {
        /// Any number of bytes but zero.
        bytes: Vec<u8>,
    },
    /// Words that all members know, from a link: PBKDF2 with 100,000 rounds.
    Password {
        /// As in the link.
        text: String,
    },
}

impl fmt::Debug for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MediaKey")
    }
}

/// Whose media a key is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum KeyOwner {
    /// What this room sends; the key that was set last is used from then on.
    Own,
    /// What a participant sends, as in [`crate::TransportCommand::Assign`].
    Participant {
        /// Who.
        participant: String,
    },
    /// What anybody sends, this room too.
    Everybody,
}
