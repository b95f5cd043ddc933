//! The room's daemon: one loop around saal-core.

fn main() {}
