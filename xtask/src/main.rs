//! What ./dev calls: set-up, demo, tests, benchmarks.

fn main() {}
