#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| saal_inputs::read("pieces", data));
