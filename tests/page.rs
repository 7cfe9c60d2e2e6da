//! The page ring: real Chromium and Firefox against the real server, its camera and the demo's shop of another origin.

#[path = "page/around.rs"]
mod around;
#[path = "page/axe.rs"]
mod axe;
#[path = "page/breaks.rs"]
mod breaks;
#[path = "page/codecs.rs"]
mod codecs;
#[path = "page/fallback.rs"]
mod fallback;
#[path = "page/hands.rs"]
mod hands;
#[path = "page/harness.rs"]
mod harness;
#[path = "page/pictures.rs"]
mod pictures;
#[path = "page/policy.rs"]
mod policy;
#[path = "page/portrait.rs"]
mod portrait;
#[path = "page/remote.rs"]
mod remote;
#[path = "page/screen.rs"]
mod screen;
#[path = "page/shop.rs"]
mod shop;
#[path = "page/show.rs"]
mod show;
#[path = "page/states.rs"]
mod states;
#[path = "page/trouble.rs"]
mod trouble;
#[path = "page/udp.rs"]
mod udp;
