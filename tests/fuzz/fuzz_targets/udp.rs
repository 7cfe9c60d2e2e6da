//! Fuzzes the streams of a WebTransport session. What is promised is in `tests/src/fuzz.rs`.
#![no_main]

#[path = "../../src/fuzz.rs"]
#[expect(dead_code, reason = "each fuzzer runs one of them")]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &[u8]| promises::udp(data));
