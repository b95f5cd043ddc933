//! What the tests of the agent stand on.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod disk;
pub mod fleet;
pub mod room;
pub mod swtpm;
pub mod updates;
