//! `[media]`: what can be configured of the picture.

use serde::{Deserialize, Serialize};

use crate::ops::config::{Check, Fault};

/// `[media]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// Seconds of media that a room keeps.
    pub window_s: u32,
    /// Bytes of media that a room keeps.
    pub window_bytes: u64,
    /// Seconds after its encoder left that a room is still live.
    pub reconnect_grace_s: u32,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self { window_s: 30, window_bytes: 128 << 20, reconnect_grace_s: 10 }
    }
}

impl Check for MediaConfig {
    fn check(&self) -> Result<(), Fault> {
        if self.window_s < 8 {
            return Err(Fault::new(
                "window_s",
                "must be 8 or more: players need that much to join and to recover",
            ));
        }
        Ok(())
    }
}
