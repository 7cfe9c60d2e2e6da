//! Fuzzes frames of a room's clients. What is promised is in `tests/src/fuzz.rs`.
#![no_main]

#[path = "../../src/fuzz.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &[u8]| promises::room(data));
