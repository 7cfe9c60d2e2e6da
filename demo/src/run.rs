//! `hawker-demo run`: the server as a child, with all that makes a live shop of it.

/// What `run` may be told.
#[derive(clap::Args, Debug)]
pub struct Options {}

/// Runs until Ctrl-C.
///
/// # Errors
/// What keeps the demo from starting.
pub async fn run(_options: Options) -> anyhow::Result<()> {
    anyhow::bail!("there is no server to run yet")
}
