//! Rendering and hashing applications. See the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::application(data));
