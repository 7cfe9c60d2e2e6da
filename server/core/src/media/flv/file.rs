//! An FLV file in memory as a sequence of tags (annex E.2 to E.4). Opens no file.

use bytes::{Buf as _, Bytes};

use super::Kind;

/// One tag of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it holds.
    pub kind: Kind,
    /// Milliseconds.
    pub stamp: u32,
    /// What follows the tag header, sharing the file's memory.
    pub body: Bytes,
}

impl Tag {
    /// Is it an access unit, rather than a configuration, a mark or metadata? True for AVC and AAC only.
    #[must_use]
    pub fn is_frame(&self) -> bool {
        self.kind != Kind::Script && self.body.get(1) == Some(&1)
    }

    /// Is it a configuration or metadata: what a player needs before any frame?
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.kind == Kind::Script || self.body.get(1) == Some(&0)
    }

    /// Is it a picture where a player can start?
    #[must_use]
    pub fn is_keyframe(&self) -> bool {
        self.kind == Kind::Video && self.is_frame() && self.body.first().is_some_and(|byte| byte >> 4 == 1)
    }
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// It does not begin with the header of an FLV file.
    Header,
    /// It ends inside a tag.
    Cut,
}

impl core::fmt::Display for FileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Header => "not an FLV file",
            Self::Cut => "the FLV file ends inside a tag",
        })
    }
}

impl core::error::Error for FileError {}

/// Reads the header of `file` and gives its tags in order; those of unknown types are skipped. Ends after the first error.
pub fn tags(mut file: Bytes) -> Result<impl Iterator<Item = Result<Tag, FileError>>, FileError> {
    let mut signature = [0; 4];
    file.try_copy_to_slice(&mut signature).map_err(|_| FileError::Header)?;
    let _flags = file.try_get_u8().map_err(|_| FileError::Header)?;
    let header_length = file.try_get_u32().map_err(|_| FileError::Header)?;
    if signature != *b"FLV\x01" {
        return Err(FileError::Header);
    }
    // The rest of the header, which is 9 bytes so far, and the size of the tag before the first.
    let skip = (header_length as usize).saturating_sub(9).saturating_add(4);
    if file.remaining() < skip {
        return Err(FileError::Header);
    }
    file.advance(skip);
    Ok(core::iter::from_fn(move || {
        while !file.is_empty() {
            match tag(&mut file) {
                Some((Some(kind), stamp, body)) => return Some(Ok(Tag { kind, stamp, body })),
                Some((None, ..)) => {}
                None => {
                    file.clear();
                    return Some(Err(FileError::Cut));
                }
            }
        }
        None
    }))
}

fn tag(file: &mut Bytes) -> Option<(Option<Kind>, u32, Bytes)> {
    let kind = Kind::from_byte(file.try_get_u8().ok()?);
    let size = file.try_get_uint(3).ok()? as usize;
    let low = file.try_get_uint(3).ok()? as u32;
    let high = u32::from(file.try_get_u8().ok()?);
    let _stream_id = file.try_get_uint(3).ok()?;
    if file.remaining() < size {
        return None;
    }
    let body = file.split_to(size);
    let _previous_tag_size = file.try_get_u32().ok()?;
    Some((kind, high << 24 | low, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"FLV\x01\x05\0\0\0\x09\0\0\0\0\
        \x09\0\0\x02\x00\x00\x21\x01\0\0\0\x17\x00\0\0\0\x0d\
        \x0f\0\0\x01\x00\x00\x00\x00\0\0\0\xff\0\0\0\x0c\
        \x08\0\0\x01\xff\xff\xff\xff\0\0\0\xaf\0\0\0\x0c";

    #[test]
    fn tags_of_a_file() {
        let tags: Vec<_> = tags(Bytes::from_static(FILE)).unwrap().collect::<Result<_, _>>().unwrap();
        let expect = [
            Tag { kind: Kind::Video, stamp: 0x0100_0021, body: Bytes::from_static(b"\x17\0") },
            Tag { kind: Kind::Audio, stamp: u32::MAX, body: Bytes::from_static(b"\xaf") },
        ];
        assert_eq!(tags, expect);
    }

    #[test]
    fn a_cut_file_says_so() {
        for end in 0..FILE.len() {
            let Ok(tags) = tags(Bytes::from_static(&FILE[..end])) else {
                assert!(end < 13);
                continue;
            };
            let whole = tags.last().is_none_or(|tag| tag.is_ok());
            assert_eq!(whole, [13, 30, 46].contains(&end), "{end}");
        }
    }
}
