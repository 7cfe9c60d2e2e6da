//! `[room]`: what can be configured of the words. The defaults and their reasons are in the core's `room/limits.rs`.

use hawker_server_core::room::pace::Rate;
use hawker_server_core::room::{Rules, limits};
use serde::{Deserialize, Serialize};

use super::limits::Patience;
use crate::ops::config::{Check, Fault};

/// `[room]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoomConfig {
    /// Messages a second that a room shows; more are thinned and counted.
    pub messages_per_s: u32,
    /// Messages a second of one viewer, on average.
    pub viewer_messages_per_s: u32,
    /// Messages a second from one address and room. Mobile carriers put thousands of viewers behind one address.
    pub address_messages_per_s: u32,
    /// New connections a second from one address.
    pub address_connects_per_s: u32,
    /// Open connections of one address.
    pub address_connections: u32,
    /// Open connections of one room.
    pub connections: usize,
    /// How long a socket may be silent.
    #[serde(skip)]
    pub patience: Patience,
}

impl Default for RoomConfig {
    fn default() -> Self {
        Self {
            messages_per_s: limits::ROOM_MESSAGES.per_s,
            viewer_messages_per_s: limits::VIEWER_MESSAGES.per_s,
            address_messages_per_s: limits::ADDRESS_MESSAGES.per_s,
            address_connects_per_s: limits::ADDRESS_CONNECTS.per_s,
            address_connections: limits::ADDRESS_OPEN,
            connections: limits::ROOM_CONNECTIONS,
            patience: Patience::default(),
        }
    }
}

impl RoomConfig {
    /// What this means for a room. Bursts keep their proportion to the rates.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            room_messages: scaled(limits::ROOM_MESSAGES, self.messages_per_s),
            viewer_messages: scaled(limits::VIEWER_MESSAGES, self.viewer_messages_per_s),
            address_messages: scaled(limits::ADDRESS_MESSAGES, self.address_messages_per_s),
            connections: self.connections,
        }
    }

    /// The pace at which one address may connect.
    #[must_use]
    pub fn connects(&self) -> Rate {
        scaled(limits::ADDRESS_CONNECTS, self.address_connects_per_s)
    }
}

fn scaled(default: Rate, per_s: u32) -> Rate {
    Rate { per_s, burst: per_s.saturating_mul(default.burst / default.per_s) }
}

impl Check for RoomConfig {
    fn check(&self) -> Result<(), Fault> {
        let rates = [
            ("messages_per_s", self.messages_per_s),
            ("viewer_messages_per_s", self.viewer_messages_per_s),
            ("address_messages_per_s", self.address_messages_per_s),
            ("address_connects_per_s", self.address_connects_per_s),
        ];
        for (key, rate) in rates {
            if !(1..=10_000).contains(&rate) {
                return Err(Fault::new(key, "must be 1 to 10000 a second"));
            }
        }
        if self.address_connections == 0 {
            return Err(Fault::new("address_connections", "must be 1 or more"));
        }
        if !(1..=200_000).contains(&self.connections) {
            return Err(Fault::new("connections", "must be 1 to 200000"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_cores() {
        let rules = RoomConfig::default().rules();
        assert_eq!(rules.viewer_messages, limits::VIEWER_MESSAGES);
        assert_eq!(rules.address_messages, limits::ADDRESS_MESSAGES);
        assert_eq!(RoomConfig::default().connects(), limits::ADDRESS_CONNECTS);
        assert_eq!(RoomConfig::default().check(), Ok(()));
        assert!(RoomConfig { messages_per_s: 0, ..RoomConfig::default() }.check().is_err());
    }
}
