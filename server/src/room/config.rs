//! `[room]`: what can be configured of the words.

use serde::{Deserialize, Serialize};

use crate::ops::config::{Check, Fault};

/// `[room]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoomConfig {}

impl Check for RoomConfig {
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }
}
