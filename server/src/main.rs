//! The command line of Hawker. What it starts is in the library.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use hawker_server::ops::config::read;

/// Live shopping from one binary: picture, words, orders.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server.
    Serve {
        /// The configuration file; without one, the defaults and HAWKER_* variables.
        #[arg(long, env = "HAWKER_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let Command::Serve { config } = Args::parse().command;
    let config = read::read(config.as_deref())?;
    hawker_server::ops::log::start(&config.log);
    let running = hawker_server::start(config).await?;
    if let Some(token) = &running.admin_token {
        println!("administrators' token (shown this once): {token}");
    }
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
