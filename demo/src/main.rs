//! `hawker-demo`: the commands `bundle` (make what the server serves) and `run` (show it all, live).

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "hawker-demo", about = "Bundles the Hawker SDK, and shows a live shop with it")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the SDK, the console and the pages into one folder, compressed, and hold them to their size budget.
    Bundle {
        /// Where to write; `target/dist` of the checkout is what the server embeds.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Start the server, a camera, a shop and its flash sales; Ctrl-C stops all of it.
    Run(hawker_demo::run::Options),
    /// The server of `run`, bound to the life of that.
    #[command(hide = true)]
    Server {
        /// Its configuration.
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    match command(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hawker-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Bundle { out } => {
            let root = hawker_demo::root();
            hawker_demo::bundle::run(&root, &out.unwrap_or_else(|| root.join("target/dist")))
        }
        Command::Server { config } => Err(hawker_demo::child::become_server(&config)),
        Command::Run(options) => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(hawker_demo::run::run(options)),
    }
}
