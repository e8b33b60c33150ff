//! Rounds of the machine over facts that nobody would think of. See the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::decide(data));
