//! 1:1 calls by `m.call.*` events (Matrix specification, "Voice over IP"; version 1 is MSC2746):
//! a person calls the room in a chat of the two, the room answers.
//!
//! [`events`] are the wire forms, [`machine`] decides, [`driver`] carries out. The room calls
//! nobody, so there are no calls of both sides at once.

pub(crate) mod driver;
pub(crate) mod events;
pub(crate) mod machine;
