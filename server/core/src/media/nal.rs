//! The NAL units of one access unit, which H.264 and H.265 pack alike (ISO/IEC 14496-15, 4.3.2). What a unit's type means, each
//! codec's own file says.

/// What a NAL unit is to those who cut and join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A slice of a picture that decoding can start at.
    Join,
    /// A slice of a picture that is shown before the one that decoding can start at, comes after it, and needs what came before it.
    Leading,
    /// A slice of another picture.
    Slice,
    /// Parameter sets, SEI and the like.
    Other,
}

/// What the NAL units of one access unit say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessUnit {
    /// Holds a slice of an IDR picture: decoding can start here.
    pub idr: bool,
    /// Holds any slice at all. Without one there is nothing to show (parameter sets or SEI alone).
    pub slice: bool,
    /// Whoever starts with the keyframe before it has to skip it.
    pub leading: bool,
}

/// Walks the length-prefixed NAL units of one access unit; `kind` reads the first byte of each. `None` when the lengths do not add
/// up to `data`.
#[must_use]
pub fn access_unit(data: &[u8], length_size: u8, kind: fn(u8) -> Kind) -> Option<AccessUnit> {
    let mut unit = AccessUnit::default();
    let mut rest = data;
    while !rest.is_empty() {
        let (prefix, tail) = rest.split_at_checked(usize::from(length_size))?;
        let length = prefix.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
        let (nal, tail) = tail.split_at_checked(length)?;
        match nal.first().map(|header| kind(*header)) {
            Some(Kind::Join) => unit = AccessUnit { idr: true, slice: true, ..unit },
            Some(Kind::Leading) => unit = AccessUnit { slice: true, leading: true, ..unit },
            Some(Kind::Slice) => unit.slice = true,
            Some(Kind::Other) | None => {}
        }
        rest = tail;
    }
    Some(unit)
}
