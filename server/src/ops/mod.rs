//! Running it: configuration, data folder, store, tokens, the directory of rooms, pages, metrics. Nothing of the picture,
//! the words or the orders.

pub mod api;
pub mod assets;
pub mod config;
pub mod data;
pub mod directory;
pub mod health;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod openapi;
pub mod rooms;
pub mod secret;
pub mod store;
pub mod tokens;
