//! Whether the room shows something of its own to the meeting.

/// What the panel offers of presenting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presenting {
    /// There is nothing to present from, or no meeting to present to.
    Impossible,
    /// One touch away.
    Possible,
    /// The others see it.
    On,
}
