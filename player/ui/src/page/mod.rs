//! What the interface needs of the page around it: the element, clock, storage, words, styles. Knows no feature.

pub(crate) mod clock;
pub(crate) mod dom;
pub(crate) mod events;
pub(crate) mod host;
pub(crate) mod icons;
pub(crate) mod money;
pub(crate) mod store;
pub(crate) mod styles;
pub(crate) mod words;
mod words_en;
mod words_zh;
