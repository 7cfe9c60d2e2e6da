//! What is burned into every picture of the lab: which frame of the loop it is, on which rung, and a checksum, as black and white
//! blocks that survive an encoder. The page's reader (`tests/lab/reader.js`) knows the same code.
//!
//! Not the wall clock of `burned.rs`: the lab's pictures are encoded once and sent many times.

/// Blocks across the strip: 16 bits of counter, 4 of rung, 12 of checksum.
pub const BITS: usize = 32;
/// Height of the strip as a share of the picture's: a ninth.
const STRIP: usize = 9;
/// Luma of a black and of a white block.
const BLOCK: [u8; 2] = [16, 235];
/// Bits of counter and rung together.
const PAYLOAD: usize = 20;
/// x^12 + x^11 + x^3 + x^2 + x + 1: any burst of 12 blocks misread is noticed.
const POLYNOMIAL: u32 = 0x80f;

/// What the blocks say, most significant bit on the left.
pub fn code(counter: u16, rung: u8) -> u32 {
    let payload = u32::from(counter) << 4 | u32::from(rung & 15);
    payload << 12 | checksum(payload)
}

/// Counter and rung of a code, unless the checksum denies them.
pub fn read(code: u32) -> Option<(u16, u8)> {
    let payload = code >> 12;
    (checksum(payload) == code & 0xfff).then_some(((payload >> 4) as u16, (payload & 15) as u8))
}

/// CRC-12 of the payload's bits, begun with ones so that a black picture is no code.
fn checksum(payload: u32) -> u32 {
    (0..PAYLOAD).rev().fold(0xfff, |sum, bit| {
        let top = sum >> 11 ^ payload >> bit;
        (sum << 1 ^ if top & 1 == 1 { POLYNOMIAL } else { 0 }) & 0xfff
    })
}

/// A planar 4:2:0 picture: the strip on top, below it a grey field with noise, which makes any encoder need all the bits that it
/// is given. `noise` is the state of the generator, not zero.
pub fn picture(size: (usize, usize), code: u32, noise: &mut u64) -> Vec<u8> {
    let (width, height) = size;
    let mut bytes = vec![128; width * height * 3 / 2];
    let (strip, calm) = (height / STRIP, height / 3);
    for (y, row) in bytes.chunks_exact_mut(width).take(height).enumerate() {
        if y < strip {
            for (x, luma) in row.iter_mut().enumerate() {
                *luma = BLOCK[(code >> (BITS - 1 - x * BITS / width) & 1) as usize];
            }
        } else if y > calm {
            for eight in row.chunks_mut(8) {
                *noise ^= *noise << 13;
                *noise ^= *noise >> 7;
                *noise ^= *noise << 17;
                for (luma, random) in eight.iter_mut().zip(noise.to_le_bytes()) {
                    *luma = 96 + (random & 63);
                }
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_and_a_misread_block_shows() {
        for (counter, rung) in [(0, 0), (1, 4), (3_839, 2), (u16::MAX, 15)] {
            let code = code(counter, rung);
            assert_eq!(read(code), Some((counter, rung)));
            for bit in 0..BITS {
                assert_eq!(read(code ^ 1 << bit), None, "bit {bit}");
            }
        }
        assert_eq!(read(0), None, "a black picture");
        assert_eq!(read(u32::MAX), None, "a white picture");
    }

    #[test]
    fn the_strip_of_a_picture_shows_the_code() {
        let code = code(1_234, 3);
        let (width, height) = (256, 144);
        let picture = picture((width, height), code, &mut 1);
        assert_eq!(picture.len(), width * height * 3 / 2);
        let row = &picture[8 * width..9 * width];
        let seen = (0..BITS)
            .fold(0, |seen, bit| seen << 1 | u32::from(row[bit * width / BITS + width / BITS / 2] > 128));
        assert_eq!(seen, code);
    }
}
