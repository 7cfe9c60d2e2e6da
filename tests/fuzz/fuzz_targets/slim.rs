//! Fuzzes what servers send to pages. What is promised is in `tests/src/fuzz.rs`.
#![no_main]

#[path = "../../src/fuzz.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &[u8]| promises::slim(data));
