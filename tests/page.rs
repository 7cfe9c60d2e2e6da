//! The page ring: real Chromium and Firefox against the real server and the demo's own shop.
#[path = "page/harness.rs"]
mod harness;
