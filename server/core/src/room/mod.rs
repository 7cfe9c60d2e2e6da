//! The room: who says what, at which pace, under which rules, and the batch of each tick. Opens no socket and reads no
//! clock: `server/src/room` does.
//!
//! Two lanes leave a room. What must arrive (sales, products, pins, deletions, mutes, words of hosts) is never left out;
//! what may be left out (messages, totals) is thinned under flood by the rule in [`flood`], and counted. A reader that is
//! too slow loses the second lane first and is told how much; then its place, and is told that too ([`fanout`]).

pub mod fanout;
pub mod flood;
pub mod frames;
pub mod limits;
pub mod log;
mod machine;
pub mod normal;
pub mod pace;
pub mod seats;
pub mod text;
pub mod words;

#[cfg(test)]
mod tests;

pub use machine::{Input, Output, Room, Rules, Start};
pub use seats::{Conn, Join};
