//! Reads `hawker.toml` and the environment into a [`Config`].

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Config;

/// Reads a configuration file; `None`: the defaults.
///
/// # Errors
/// What is wrong, where, and what to do.
pub fn read(path: Option<&Path>) -> Result<Config> {
    let Some(path) = path else { return Ok(Config::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}
