//! The room: its socket, the danmaku layer, the chat and the dock below it. Decides nothing: `hawker_player_core::room` does.

pub(crate) mod chat;
pub(crate) mod danmaku;
pub(crate) mod dock;
pub(crate) mod link;
pub(crate) mod socket;
