//! People who call the room: 1:1 calls and calls of meetings that ring.
//!
//! [`heard`] brings what rooms say, [`notification`] reads what meetings say, [`machine`] decides
//! who rings.

pub(crate) mod heard;
pub(crate) mod machine;
pub(crate) mod notification;
