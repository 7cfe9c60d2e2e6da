//! The command line of Hawker: `serve`, `config`, `token`. What they start is in the library.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use hawker_server::ops::config::read::{self, DEFAULT};
use hawker_server::ops::data::DataDir;
use hawker_server::ops::{log, tokens};
use tokio::signal::unix::{SignalKind, signal};

/// Live shopping from one binary: picture, words, orders.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server and serve until SIGTERM or SIGINT.
    Serve {
        /// The configuration file; without one, the defaults and HAWKER_* variables.
        #[arg(long, env = "HAWKER_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print the default configuration with a comment on every key.
    Config,
    /// Make a new administrators' token and print it; the old one is void. The server must not be running.
    Token {
        /// The configuration file of the server whose token it is.
        #[arg(long, env = "HAWKER_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Serve { config } => serve(config),
        Command::Config => {
            print!("{DEFAULT}");
            Ok(())
        }
        Command::Token { config } => token(config),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hawker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(config: Option<PathBuf>) -> Result<()> {
    let config = read::read(config.as_deref(), std::env::vars())?;
    log::start(&config.log);
    // Before anything is up: a signal that comes early ends it in order as well.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = hawker_server::start(config).await?;
    if let Some(token) = &running.admin_token {
        // Not through the log, which is kept: this is the only time it is shown.
        println!("administrators' token, shown this once: {token}");
    }
    let received = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal = received, "draining");
    running.stop().await;
    Ok(())
}

fn token(config: Option<PathBuf>) -> Result<()> {
    let config = read::read(config.as_deref(), std::env::vars())?;
    anyhow::ensure!(
        config.admin.token.is_none(),
        "[admin] token is set in the configuration: change it there"
    );
    let data = DataDir::open(&config.data.dir)?;
    let (_, token) = tokens::new_admin_token(data.path()).context("no new token was made")?;
    println!("{token}");
    Ok(())
}
