//! The picture's surroundings: badges, states, controls, sheets. Plays nothing: the engine does.

pub(crate) mod controls;
pub(crate) mod picture;
pub(crate) mod sheets;
