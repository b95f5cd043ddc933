//! A bad network, in user space: kernels without netem, such as those of build machines, can lose,
//! delay and reorder nothing themselves.
//!
//! [`Link`] is one direction, without a clock or a socket: the same seed, conditions and packets at
//! the same times come out the same way. Two of them stand between
//!
//! - the UDP sockets of two peers, of which one is told the address of a [`Relay`] for the other's;
//! - whole programs in a [`Namespace`] and the rest of the world, as a [`Line`]: the only way in and
//!   out, so that no agent of ICE (RFC 8445) finds another.

mod apart;
mod line;
mod link;
mod namespace;
mod packet;
mod relay;
mod tcp;

pub use apart::apart;
pub use line::{Felt, Line};
pub use link::{Bursts, Conditions, Link, Tally};
pub use namespace::Namespace;
pub use relay::{Direction, Relay};
pub use tcp::Forwarding;
