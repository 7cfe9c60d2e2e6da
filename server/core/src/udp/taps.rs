//! Likes in datagrams: 4 bytes, big-endian, all taps since the session began. So a datagram that is lost is made up
//! for by the next, one that comes late or twice adds nothing, and only the last one's taps can be lost: the likes that a room
//! shows are a count from below, as they are for a page that leaves while it taps.

/// The taps that are counted so far.
#[derive(Debug, Default)]
pub struct Taps(u32);

impl Taps {
    /// A datagram; gives what it adds. One that is no count adds nothing.
    pub fn told(&mut self, datagram: &[u8]) -> u32 {
        let Ok(bytes) = <[u8; 4]>::try_from(datagram) else { return 0 };
        let all = u32::from_be_bytes(bytes);
        let more = all.saturating_sub(self.0);
        self.0 = self.0.max(all);
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tap_counts_once_whatever_the_network_does() {
        let mut taps = Taps::default();
        let told = |taps: &mut Taps, all: u32| taps.told(&all.to_be_bytes());
        assert_eq!(told(&mut taps, 3), 3);
        assert_eq!(told(&mut taps, 3), 0, "twice");
        assert_eq!(told(&mut taps, 9), 6, "the one with 5 was lost");
        assert_eq!(told(&mut taps, 5), 0, "and came late");
        assert_eq!(taps.told(&[1, 2, 3]), 0);
        assert_eq!(told(&mut taps, 10), 1);
    }
}
