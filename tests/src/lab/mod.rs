//! The lab: our player and those of others, one after the other in a real browser, behind real links, from one live origin. What
//! `tests/bench players` runs; how to read its figures is in `www/docs/benching.md`.
//!
//! ```text
//! clip -> camera =RTMP=> server =HTTP, tunnel=> browser in a namespace -> frames.csv -> figures -> a page of plots
//! ```
//!
//! Not the simulated world (`world/`), which plays the same traces in seconds without a browser.

pub mod camera;
pub mod check;
pub mod clip;
pub mod figures;
pub mod link;
pub mod mark;
pub mod net;
pub mod page;
pub mod plan;
pub mod plot;
pub mod record;
pub mod show;
pub mod site;
pub mod table;
pub mod tunnel;
pub mod viewer;
pub mod words;
