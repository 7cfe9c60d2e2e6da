//! The declared rule for a flooded room. In each tick, as many messages are shown as the room's rate allows. If there are
//! more, each sender's first comes before anybody's second, and among equals the earlier wins; the rest is left out and
//! counted. Words of hosts and operators do not come here: they are never left out.

use std::collections::BTreeMap;

use hawker_wire::proto::Message;

use super::limits;

/// The messages of one tick.
#[derive(Debug, Default)]
pub struct Tick {
    said: Vec<Message>,
    unseen: u32,
}

impl Tick {
    /// Adds a message in the order of arrival.
    pub fn push(&mut self, message: Message) {
        if self.said.len() < limits::SAID_PENDING {
            self.said.push(message);
        } else {
            self.unseen = self.unseen.saturating_add(1);
        }
    }

    /// True when there is nothing to show and nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.unseen == 0
    }

    /// Messages waiting to be shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.said.len()
    }

    /// Takes out the messages for which `gone` is true; they do not count as left out.
    pub fn forget(&mut self, gone: impl Fn(&Message) -> bool) {
        self.said.retain(|message| !gone(message));
    }

    /// Ends the tick: at most `most` messages in the order of arrival, and how many were left out.
    pub fn take(&mut self, most: usize) -> (Vec<Message>, u32) {
        let said = core::mem::take(&mut self.said);
        let unseen = core::mem::take(&mut self.unseen);
        if said.len() <= most {
            return (said, unseen);
        }
        let mut turns: BTreeMap<&str, u32> = BTreeMap::new();
        let mut order: Vec<(u32, usize)> = Vec::with_capacity(said.len());
        for (at, message) in said.iter().enumerate() {
            let turn = turns.entry(&message.sender).or_default();
            order.push((*turn, at));
            *turn += 1;
        }
        order.sort_unstable();
        let mut shown: Vec<bool> = vec![false; said.len()];
        for (_, at) in order.into_iter().take(most) {
            if let Some(flag) = shown.get_mut(at) {
                *flag = true;
            }
        }
        let omitted = u32::try_from(said.len() - most).unwrap_or(u32::MAX).saturating_add(unseen);
        let kept =
            said.into_iter().zip(shown).filter_map(|(message, shown)| shown.then_some(message)).collect();
        (kept, omitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(senders: &str, most: usize, shown: &[u64], omitted: u32) {
        let mut tick = Tick::default();
        for (id, sender) in (0..).zip(senders.chars()) {
            tick.push(Message { id, sender: sender.to_string(), ..Message::default() });
        }
        let (messages, left_out) = tick.take(most);
        assert_eq!(
            (messages.iter().map(|m| m.id).collect::<Vec<_>>().as_slice(), left_out),
            (shown, omitted)
        );
        assert!(tick.is_empty());
    }

    #[test]
    fn everybody_speaks_once_before_anybody_speaks_twice() {
        check("", 5, &[], 0);
        check("abc", 3, &[0, 1, 2], 0);
        check("aaab", 2, &[0, 3], 2);
        check("aabbcc", 4, &[0, 1, 2, 4], 2);
        check("abc", 0, &[], 3);
    }

    #[test]
    fn what_is_not_even_kept_is_counted() {
        let mut tick = Tick::default();
        for _ in 0..limits::SAID_PENDING + 7 {
            tick.push(Message::default());
        }
        let (shown, omitted) = tick.take(10);
        assert_eq!((shown.len(), omitted as usize), (10, limits::SAID_PENDING - 10 + 7));
    }
}
