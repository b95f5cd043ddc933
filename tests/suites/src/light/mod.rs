//! Participants without codecs: the room's own meeting service and network side, in the test's
//! process. What they send was encoded before, what they receive is counted, so that two cores
//! are left to what is measured, and signalling can be tested without cameras.

mod caller;
mod encryption;
mod engine;
mod publisher;
mod recording;

pub use caller::LightCaller;
pub use engine::{LightEngine, Received, Traffic};
pub use publisher::LightPublisher;
pub use recording::{Recording, Size};
