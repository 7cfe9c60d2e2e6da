//! The sale, proved: a disk that forgets, a process that is killed, ten thousand buyers for a hundred pieces, and the
//! buyer's way from the tap to the webhook.
#[path = "sale/world.rs"]
mod world;
