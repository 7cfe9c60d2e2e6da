//! Who may publish where: one publisher for each rendition of a room, and when another one takes its place. Checks no key and
//! closes no connection; the parent does.

use std::collections::BTreeMap;

use hawker_wire::{Instant, Span};

use super::limits;

/// A publisher's connection, numbered by the parent.
pub type Id = u64;

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The seat was free.
    Granted,
    /// The seat was held by this connection, which has been silent: close it.
    TakenOver(Id),
    /// The seat is held by a publisher that was last heard this long ago.
    Refused(Span),
}

#[derive(Debug)]
struct Seat {
    holder: Id,
    heard: Instant,
}

/// The seats of all rooms. Bounded by the number of connections, which the parent bounds, and of pictures of each.
#[derive(Debug, Default)]
pub struct Seats {
    seats: BTreeMap<(String, String), Seat>,
}

impl Seats {
    /// Asks for the seat of a rendition of a room.
    pub fn claim(&mut self, now: Instant, room: &str, rendition: &str, id: Id) -> Claim {
        let seat = Seat { holder: id, heard: now };
        let name = (room.to_owned(), rendition.to_owned());
        let claim = match self.seats.get(&name) {
            None => Claim::Granted,
            Some(held) if held.holder == id => Claim::Granted,
            Some(held) => {
                let silent = now.since(held.heard);
                if silent < limits::TAKE_OVER {
                    return Claim::Refused(silent);
                }
                Claim::TakenOver(held.holder)
            }
        };
        self.seats.insert(name, seat);
        claim
    }

    /// The holder was heard. False: it holds the seat no more, and must stop.
    pub fn heard(&mut self, now: Instant, room: &str, rendition: &str, id: Id) -> bool {
        // A lookup by borrowed pair needs an owned key: a short string a frame is cheaper than a clever type.
        match self.seats.get_mut(&(room.to_owned(), rendition.to_owned())) {
            Some(seat) if seat.holder == id => {
                seat.heard = now;
                true
            }
            _ => false,
        }
    }

    /// The holder is gone. Of one that was taken over, nothing is left to free.
    pub fn free(&mut self, room: &str, rendition: &str, id: Id) {
        let name = (room.to_owned(), rendition.to_owned());
        if self.seats.get(&name).is_some_and(|seat| seat.holder == id) {
            self.seats.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn a_second_publisher_waits_for_silence() {
        let mut seats = Seats::default();
        assert_eq!(seats.claim(s(0), "r", "source", 1), Claim::Granted);
        assert_eq!(seats.claim(s(0), "r", "720p", 2), Claim::Granted);
        assert!(seats.heard(s(1_000), "r", "source", 1));
        assert_eq!(seats.claim(s(2_999), "r", "source", 3), Claim::Refused(Span::from_ms(1_999)));
        assert_eq!(seats.claim(s(3_000), "r", "source", 3), Claim::TakenOver(1));
        assert!(!seats.heard(s(3_001), "r", "source", 1), "the old one is told to stop");
        seats.free("r", "source", 1);
        assert_eq!(seats.claim(s(3_002), "r", "source", 4), Claim::Refused(Span::from_ms(2)));
        seats.free("r", "source", 3);
        assert_eq!(seats.claim(s(3_003), "r", "source", 4), Claim::Granted);
    }
}
