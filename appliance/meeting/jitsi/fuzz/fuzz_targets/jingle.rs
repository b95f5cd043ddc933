#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| saal_jitsi::fuzzing::jingle(Instant::now(), text));
