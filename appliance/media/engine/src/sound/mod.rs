//! What is done to the room's sound on its way out: it is brought to the house's clock
//! ([`Pacer`]), and what the loudspeaker plays, noise and uneven loudness are taken out of it
//! ([`Processing`]). Pure: samples and times are arguments.

mod pacer;
mod processing;
mod resampler;

pub use pacer::Pacer;
pub use processing::{Processing, Steps};

/// Samples in 10 ms, the period of all sound in the house.
pub const PERIOD: usize = 480;
/// Samples a second.
pub const RATE: u32 = 48_000;
