//! The bounds of the console, each with its reason.

/// Samples of a plot: two minutes at one every two seconds, as much as a phone's width shows.
pub(crate) const SAMPLES: usize = 60;
/// Milliseconds between questions about a room's signal, goods and orders: a second old at most on average.
pub(crate) const LIVE_MS: u32 = 1_000;
/// Milliseconds between samples of the signal.
pub(crate) const SIGNAL_MS: u32 = 2_000;
/// Milliseconds between looks at what changes rarely.
pub(crate) const SLOW_MS: u32 = 5_000;
/// Milliseconds between measurements of the server's clock: a clock that was set is right again soon.
pub(crate) const CLOCK_MS: u32 = 60_000;
/// Milliseconds that a notice stays.
pub(crate) const NOTICE_MS: u32 = 6_000;
/// Milliseconds in which a second tap on a dangerous button counts.
pub(crate) const CONFIRM_MS: u32 = 4_000;
/// Orders in the table: what is older is in the API.
pub(crate) const ORDERS: usize = 50;
/// Messages in the list: the server keeps 50 for newcomers as well.
pub(crate) const MESSAGES: usize = 100;
