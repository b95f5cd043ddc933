#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| saal_jitsi::fuzzing::server_config(text));
