//! The sale, proved: a disk that forgets, a process that is killed, ten thousand buyers for a hundred pieces, and the
//! buyer's way from the tap to the webhook.
#[path = "sale/crowd.rs"]
mod crowd;
#[path = "sale/flow.rs"]
mod flow;
#[path = "sale/kill.rs"]
mod kill;
#[path = "sale/world.rs"]
mod world;
