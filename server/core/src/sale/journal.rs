//! The journal's bytes: a header, then batches, each whole or not there. Reads and writes no file.
//!
//! ```text
//! file   = "HAWKLEDG" version:u32            12 bytes, installed whole before the first batch
//! batch  = F5 'H' 'W' 'B' length:u32 crc:u32 first:u64 payload[length]
//! payload = (varint length, Record)*         records `first`, `first + 1`, ...
//! ```
//!
//! Integers are little endian; the CRC-32 (IEEE) covers `length`, `first` and the payload. A batch is written only when the one
//! before it is on disk, so a bad batch with nothing good behind it is a write that a crash tore, which nobody was
//! promised: it is cut off. A bad batch with a good one behind it was promised once: the journal is not opened. The first
//! byte of the mark occurs in no UTF-8 text, so no text inside a record can look like a batch.

use prost::Message as _;

use super::limits::FRAME_BYTES_MAX;
use super::record::Record;

/// What a journal begins with.
pub const HEADER: [u8; 12] = *b"HAWKLEDG\x01\0\0\0";

const MARK: [u8; 4] = [0xF5, b'H', b'W', b'B'];
const FRAME_BYTES: usize = 20;

/// Why a journal cannot be opened. It is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// Not a journal, or one of a newer version.
    NotAJournal,
    /// The batch at `offset` was on disk once and is damaged: batches behind it are whole.
    Damaged {
        /// Where the damage begins, bytes.
        offset: usize,
    },
    /// A whole batch says what cannot be.
    Inconsistent {
        /// The record's number.
        seq: u64,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl core::fmt::Display for OpenError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAJournal => write!(f, "not a ledger journal of this version"),
            Self::Damaged { offset } => write!(f, "damaged at byte {offset}, with whole batches behind it"),
            Self::Inconsistent { seq, why } => write!(f, "record {seq} contradicts those before it: {why}"),
        }
    }
}

impl core::error::Error for OpenError {}

/// One whole batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of its first record.
    pub first: u64,
    /// Its records.
    pub records: Vec<Record>,
}

/// Appends one record to a batch's payload.
pub fn push(payload: &mut Vec<u8>, record: &Record) {
    record.encode_length_delimited(payload).unwrap_or_else(|_| unreachable!("a Vec grows"));
}

/// Makes a batch of a payload.
#[must_use]
pub fn seal(first: u64, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(FRAME_BYTES + payload.len());
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum(length, first, payload).to_le_bytes());
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(payload);
    out
}

/// The batch at the start of `bytes` and its length; `None` when there is no whole one.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<(Batch, usize)> {
    let rest = bytes.strip_prefix(&MARK)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let length = u32::from_le_bytes(*length);
    let first = u64::from_le_bytes(*first);
    let size = usize::try_from(length).ok().filter(|size| *size <= FRAME_BYTES_MAX)?;
    let payload = rest.get(..size)?;
    if checksum(length, first, payload) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut left = payload;
    let mut records = Vec::new();
    while !left.is_empty() {
        records.push(Record::decode_length_delimited(&mut left).ok()?);
    }
    Some((Batch { first, records }, FRAME_BYTES + size))
}

/// Reads a whole journal, gives every batch to `fold`, and says how many bytes of it count: what follows was torn by a
/// crash and is to be cut off before anything is appended.
pub fn open(bytes: &[u8], mut fold: impl FnMut(Batch) -> Result<(), OpenError>) -> Result<usize, OpenError> {
    if !bytes.starts_with(&HEADER) {
        return Err(OpenError::NotAJournal);
    }
    let mut offset = HEADER.len();
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        let Some((batch, size)) = read(rest) else {
            return if follows(rest) { Err(OpenError::Damaged { offset }) } else { Ok(offset) };
        };
        fold(batch)?;
        offset += size;
    }
    Ok(offset)
}

/// Is there a whole batch anywhere behind the first byte?
fn follows(bytes: &[u8]) -> bool {
    let ends = bytes.len().saturating_sub(FRAME_BYTES);
    (1..=ends).filter_map(|at| bytes.get(at..)).any(|rest| rest.starts_with(&MARK) && read(rest).is_some())
}

fn checksum(length: u32, first: u64, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length.to_le_bytes());
    crc.update(&first.to_le_bytes());
    crc.update(payload);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::super::record::{Fact, HoldRef};
    use super::*;

    fn batch(first: u64, count: u64) -> Vec<u8> {
        let mut payload = Vec::new();
        for hold in 0..count {
            push(&mut payload, &Record { at_ms: 7, fact: Some(Fact::Expired(HoldRef { hold })) });
        }
        seal(first, &payload)
    }

    fn journal() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = HEADER.to_vec();
        let mut ends = vec![bytes.len()];
        for (first, count) in [(1, 3), (4, 1), (5, 40)] {
            bytes.extend_from_slice(&batch(first, count));
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn count(bytes: &[u8]) -> Result<(usize, usize), OpenError> {
        let mut records = 0;
        let valid = open(bytes, |batch| {
            records += batch.records.len();
            Ok(())
        })?;
        Ok((valid, records))
    }

    #[test]
    fn a_write_torn_anywhere_in_the_last_batch_is_cut_off() {
        let (bytes, ends) = journal();
        assert_eq!(count(&bytes), Ok((ends[3], 44)));
        for end in ends[2]..ends[3] {
            assert_eq!(count(&bytes[..end]), Ok((ends[2], 4)), "cut at {end}");
            let mut zeroed = bytes.clone();
            zeroed[end] ^= 0xFF;
            assert_eq!(count(&zeroed), Ok((ends[2], 4)), "byte {end} wrong");
        }
    }

    #[test]
    fn damage_before_a_whole_batch_is_no_torn_write() {
        let (bytes, ends) = journal();
        for at in ends[0]..ends[2] {
            let mut bad = bytes.clone();
            bad[at] ^= 0x40;
            let offset = if at < ends[1] { ends[0] } else { ends[1] };
            assert_eq!(count(&bad), Err(OpenError::Damaged { offset }), "byte {at}");
        }
    }

    #[test]
    fn foreign_files_are_not_opened() {
        for bytes in [&b""[..], b"HAWKLEDG", b"HAWKLEDG\x02\0\0\0", b"SQLite format 3\0"] {
            assert_eq!(count(bytes), Err(OpenError::NotAJournal), "{bytes:?}");
        }
    }

    /// The bytes of version 1, which every later version must read.
    #[test]
    fn the_encoding_is_stable() {
        assert_eq!(
            batch(1, 1),
            [
                0xF5, b'H', b'W', b'B', 5, 0, 0, 0, 0x91, 0xFB, 0x3A, 0xDF, 1, 0, 0, 0, 0, 0, 0, 0, 4, 8, 7,
                0x4A, 0
            ]
        );
    }
}
