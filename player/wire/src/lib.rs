//! What both ends of Hawker must agree on: the protobuf messages, money, times, the [`Machine`] contract and the facts of
//! the media format that both sides read. Nothing here does IO or reads a clock, and nothing here decides.

pub mod machine;
pub mod media;
pub mod money;
pub mod slim;
pub mod time;

pub mod proto;

pub use machine::Machine;
pub use time::{Instant, Span, Ticks, Timescale, Wall};
