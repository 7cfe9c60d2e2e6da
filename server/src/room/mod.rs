//! The words' shell: sockets, the lock and task of each room, moderation. What is said to whom is decided in the core.

pub mod config;
pub(crate) mod connection;
pub mod door;
pub mod hall;
pub mod limits;
pub(crate) mod line;
mod moderation;
mod rooms;
mod socket;
mod store;

use anyhow::Result;

pub use moderation::routes;
pub use rooms::Rooms;
pub use socket::routes as socket_routes;

use crate::app::App;

/// Reads what outlived the last run, and follows the directory.
///
/// # Errors
/// The store can't be read.
pub async fn start(app: &App) -> Result<()> {
    app.rooms.restore().await?;
    app.life.tasks.spawn(app.rooms.clone().follow_directory());
    Ok(())
}
