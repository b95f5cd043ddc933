//! A bad network between two peers, in user space: kernels without netem, such as those of build
//! machines, can lose, delay and reorder nothing themselves.
//!
//! [`Link`] is one direction, without a clock or a socket: the same seed, conditions and packets at
//! the same times come out the same way. [`Relay`] puts two of them between the UDP sockets of two
//! peers, of which one is told the relay's address for the other's.

mod link;
mod relay;

pub use link::{Bursts, Conditions, Link, Tally};
pub use relay::{Direction, Relay};
