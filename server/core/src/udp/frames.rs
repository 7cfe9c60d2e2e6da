//! Frames on a stream, which has no messages of its own: each has its length before it, 4 bytes, big-endian. A length of 0 ends
//! the conversation; 2 bytes with the code follow, the same that a WebSocket is closed with. Knows no kind of frame.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::limits;

/// What goes before a frame of so many bytes.
#[must_use]
pub fn head(len: usize) -> Bytes {
    Bytes::copy_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes())
}

/// What ends the conversation.
#[must_use]
pub fn end(code: u16) -> Bytes {
    let mut bytes = BytesMut::with_capacity(6);
    bytes.put_u32(0);
    bytes.put_u16(code);
    bytes.freeze()
}

/// Cuts what arrives into a client's frames.
#[derive(Debug, Default)]
pub struct Cutter(BytesMut);

impl Cutter {
    /// More has arrived. At most a frame and one read's bytes lie here, if [`Self::next`] is called until it has none.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// A frame longer than any page sends, or an empty one; nothing that follows can be understood.
    #[expect(clippy::should_implement_trait, reason = "fails, unlike an iterator")]
    pub fn next(&mut self) -> Result<Option<Bytes>, &'static str> {
        let Some(head) = self.0.first_chunk::<4>() else { return Ok(None) };
        let len = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
        if len == 0 || len > limits::FRAME_BYTES {
            return Err("frame too big or empty");
        }
        if self.0.len() < 4 + len {
            return Ok(None);
        }
        self.0.advance(4);
        Ok(Some(self.0.split_to(len).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut sent = BytesMut::new();
        for frame in [&b"one"[..], b"two", b"three"] {
            sent.extend_from_slice(&head(frame.len()));
            sent.extend_from_slice(frame);
        }
        for step in 1..sent.len() {
            let (mut cutter, mut frames) = (Cutter::default(), Vec::new());
            for piece in sent.chunks(step) {
                cutter.push(piece);
                while let Ok(Some(frame)) = cutter.next() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, [&b"one"[..], b"two", b"three"]);
        }
        assert_eq!(end(4_000).as_ref(), [0, 0, 0, 0, 0x0f, 0xa0]);
    }

    #[test]
    fn a_length_that_no_page_sends_is_refused_before_its_bytes_come() {
        for length in [0, limits::FRAME_BYTES + 1, usize::MAX] {
            let mut cutter = Cutter::default();
            cutter.push(&head(length));
            assert!(cutter.next().is_err(), "{length}");
        }
    }
}
