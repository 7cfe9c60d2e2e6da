//! What a room remembers: the events that a resume repeats, and the last messages for newcomers. Forgets the oldest, and says
//! so when asked for it; forgets at once what was deleted.

use std::collections::VecDeque;

use hawker_wire::proto::{Event, Message, event::Kind};
use prost::Message as _;

use super::limits;

/// The events of one epoch, oldest first.
#[derive(Debug, Default)]
pub struct Log {
    events: VecDeque<(Event, usize)>,
    bytes: usize,
    offset: u64,
    /// The highest offset that has been forgotten for lack of room.
    forgotten: u64,
    history: VecDeque<Event>,
}

impl Log {
    /// Offset of the newest event; 0 before the first.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Gives an event its offset and remembers it.
    pub fn push(&mut self, kind: Kind) -> Event {
        self.offset += 1;
        let event = Event { offset: self.offset, kind: Some(kind) };
        if matches!(event.kind, Some(Kind::Message(_))) {
            self.history.push_back(event.clone());
            if self.history.len() > limits::HISTORY {
                self.history.pop_front();
            }
        }
        let size = event.encoded_len();
        self.events.push_back((event.clone(), size));
        self.bytes += size;
        while self.events.len() > limits::LOG_EVENTS || self.bytes > limits::LOG_BYTES {
            let Some((oldest, size)) = self.events.pop_front() else { break };
            self.bytes -= size;
            self.forgotten = oldest.offset;
        }
        event
    }

    /// Everything after `offset`; `None` when some of it is forgotten, or `offset` is from the future.
    #[must_use]
    pub fn since(&self, offset: u64) -> Option<Vec<Event>> {
        if offset < self.forgotten || offset > self.offset {
            return None;
        }
        let start = self.events.partition_point(|(event, _)| event.offset <= offset);
        Some(self.events.range(start..).map(|(event, _)| event.clone()).collect())
    }

    /// The last messages, oldest first.
    #[must_use]
    pub fn history(&self) -> Vec<Event> {
        self.history.iter().cloned().collect()
    }

    /// Forgets the messages for which `gone` is true.
    pub fn forget(&mut self, gone: impl Fn(&Message) -> bool) {
        let stays = |event: &Event| !matches!(&event.kind, Some(Kind::Message(message)) if gone(message));
        self.history.retain(&stays);
        self.events.retain(|(event, _)| stays(event));
        self.bytes = self.events.iter().map(|(_, size)| size).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: u64) -> Kind {
        Kind::Message(Message { id, text: "x".repeat(60), ..Message::default() })
    }

    fn offsets(events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.offset).collect()
    }

    #[test]
    fn repeats_exactly_what_came_after() {
        let mut log = Log::default();
        assert_eq!(log.since(0).as_deref(), Some(&[][..]));
        for id in 1..=5 {
            log.push(said(id));
        }
        assert_eq!(offsets(&log.since(3).unwrap()), [4, 5]);
        assert_eq!(log.since(5).as_deref(), Some(&[][..]));
        assert_eq!(log.since(6), None, "an offset from the future is a gap");
    }

    #[test]
    fn says_when_it_has_forgotten() {
        let mut log = Log::default();
        let newest = limits::LOG_EVENTS as u64 + 10;
        for id in 1..=newest {
            log.push(said(id));
        }
        assert_eq!(log.since(9), None);
        assert_eq!(offsets(&log.since(10).unwrap()).first(), Some(&11));
        assert_eq!(log.history().len(), limits::HISTORY);
    }

    #[test]
    fn is_bounded_in_bytes_too() {
        let mut log = Log::default();
        for _ in 0..200 {
            log.push(Kind::Message(Message { text: "x".repeat(8_000), ..Message::default() }));
        }
        assert!(log.bytes <= limits::LOG_BYTES);
        assert_eq!(log.since(0), None);
    }

    #[test]
    fn deleted_words_are_repeated_to_nobody() {
        let mut log = Log::default();
        for id in 1..=3 {
            log.push(said(id));
        }
        log.forget(|message| message.id == 2);
        assert_eq!(offsets(&log.since(0).unwrap()), [1, 3], "a resume has no gap, only a missing number");
        assert_eq!(offsets(&log.history()), [1, 3]);
    }
}
