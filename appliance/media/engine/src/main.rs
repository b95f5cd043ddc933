//! The media engine: capture, codecs, transport, composition; its own process.

fn main() {}
