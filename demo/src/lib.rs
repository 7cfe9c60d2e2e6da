//! One command that shows Hawker: bundles the SDK, starts the server, loops a camera, seeds a shop.
//!
//! Not part of what a shop installs. What it does to the server it does as anybody would: over RTMP, REST and signed calls.

use std::path::PathBuf;

pub mod api;
pub mod audience;
pub mod bundle;
pub mod camera;
pub mod child;
pub mod clock;
pub mod places;
pub mod run;
pub mod seed;
pub mod settings;
pub mod shop;

/// The root of the checkout that this program was built from.
pub fn root() -> PathBuf {
    let demo = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    demo.parent().map(PathBuf::from).unwrap_or(demo)
}
