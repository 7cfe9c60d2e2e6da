//! Bits of a header, one after the other, from bytes that nobody vouches for: every reader ends with `None` instead of a panic.
//! Knows no format.

/// Reads from the most significant bit on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// The next `count` bits, 32 at most.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..count.min(32) {
            let byte = self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }

    /// Steps over bits, all of which must be there.
    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        let at = self.at.checked_add(count)?;
        (at <= self.data.len().checked_mul(8)?).then(|| self.at = at)
    }

    /// An unsigned Exp-Golomb number (H.265, 9.2), which is also AV1's `uvlc` (4.10.3).
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = self.take(zeros)?;
        Some(((1_u64 << zeros) - 1) as u32 + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0000]);
        let got: Vec<_> = core::iter::from_fn(|| bits.exp_golomb()).collect();
        assert_eq!(got, [0, 1, 2, 3], "and then zeros without an end");
        let mut bits = Bits::new(&[0xa5, 0xff]);
        assert_eq!((bits.take(4), bits.take(8), bits.take(5)), (Some(0xa), Some(0x5f), None));
        assert_eq!(Bits::new(&[0; 9]).exp_golomb(), None);
        assert_eq!(Bits::new(&[0; 2]).skip(17), None);
    }
}
