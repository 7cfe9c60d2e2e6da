//! What the tests share: a server in this process, browsers, an ffmpeg that publishes, the simulated world.
//!
//! Nothing in it asserts anything about Hawker: the test binaries beside this folder do (architecture, "Tests, by cost").

use std::path::PathBuf;

pub mod binary;
pub mod breaks;
pub mod browser;
pub mod burned;
pub mod crowd;
pub mod encoder;
pub mod enhanced;
pub mod ffmpeg;
pub mod figure;
pub mod fuzz;
pub mod heap;
pub mod lab;
pub mod narrow;
pub mod nqoe;
pub mod process;
pub mod sale;
pub mod server;
pub mod talk;
pub mod token;
pub mod udp;
pub mod world;

/// The root of the checkout.
pub fn root() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map(PathBuf::from).unwrap_or(tests)
}
