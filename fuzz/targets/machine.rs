//! Reading the persisted state. See the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::machine(data));
