//! The facts of the media format that both sides read: CMAF boxes as they arrive. Nothing here writes a box and nothing
//! here decides.
//!
//! Follows ISO/IEC 14496-12 (boxes) and ISO/IEC 23000-19 (CMAF chunks, `prft`).

pub mod boxes;
pub mod limits;
pub mod scan;

pub use boxes::{Init, Kind, Malformed};
pub use scan::{Chunk, Scanner, Unit, Want};
