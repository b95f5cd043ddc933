//! The local command line of a room.

fn main() {}
