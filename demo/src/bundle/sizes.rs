//! What the bundle weighs, and the budget that it may not pass.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// `player/budget.toml`: bytes after brotli.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    before_first_frame: u64,
    whole_sdk: u64,
}

/// What must arrive before the first frame.
const FIRST: &[&str] = &["sdk/hawker.js", "sdk/engine.js", "sdk/engine.wasm"];

/// Prints raw and compressed size of every file and of the two sums.
///
/// # Errors
/// A sum over its budget.
pub(super) fn report(out: &Path, files: &[&str], budget: &Path) -> Result<()> {
    let text = fs::read_to_string(budget).with_context(|| format!("{} cannot be read", budget.display()))?;
    let budget: Budget =
        toml::from_str(&text).with_context(|| format!("{} is not a budget", budget.display()))?;
    println!("{:>10} {:>10}  file", "bytes", "brotli");
    let (mut first, mut whole) = (0, 0);
    for file in files {
        let raw = fs::metadata(out.join(file))?.len();
        let packed = fs::metadata(out.join(format!("{file}.br")))?.len();
        println!("{raw:>10} {packed:>10}  {file}");
        if FIRST.contains(file) {
            first += packed;
        }
        // The declarations are for editors: no page loads them.
        if file.starts_with("sdk/") && !file.ends_with(".d.ts") {
            whole += packed;
        }
    }
    let mut over = Vec::new();
    for (name, sum, most) in
        [("before the first frame", first, budget.before_first_frame), ("whole SDK", whole, budget.whole_sdk)]
    {
        println!(
            "{:>10} {sum:>10}  {name}, {:.1} of {:.1} KiB",
            "",
            sum as f64 / 1024.0,
            most as f64 / 1024.0
        );
        if sum > most {
            over.push(format!("{name}: {sum} bytes, {most} allowed"));
        }
    }
    if !over.is_empty() {
        bail!("over the budget of player/budget.toml: {}", over.join("; "));
    }
    Ok(())
}
