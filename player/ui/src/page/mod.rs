//! What the interface needs of the page around it: the element, clock, storage, words, styles. Knows no feature.

pub(crate) mod act;
pub(crate) mod browser;
pub(crate) mod clock;
pub(crate) mod dom;
pub(crate) mod events;
mod graph;
pub(crate) mod host;
pub(crate) mod icons;
pub(crate) mod money;
pub(crate) mod signals;
pub(crate) mod store;
pub(crate) mod styles;
pub(crate) mod voice;
pub(crate) mod words;
mod words_en;
mod words_zh;
