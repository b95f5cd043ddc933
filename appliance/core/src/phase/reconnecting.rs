//! In a meeting whose connection was lost; the service comes back by itself.

use super::InCall;

/// In a meeting whose connection was lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconnecting {
    /// The call as it was.
    pub in_call: InCall,
}

impl Reconnecting {
    /// The connection is back.
    #[must_use]
    pub fn back(self) -> InCall {
        self.in_call
    }
}
