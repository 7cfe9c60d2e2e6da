//! Running it: configuration, doors, rooms, health, limits, TLS, and the life of the process.
#[path = "ops/console.rs"]
mod console;
#[path = "ops/demo.rs"]
mod demo;
#[path = "ops/doors.rs"]
mod doors;
#[path = "ops/health.rs"]
mod health;
#[path = "ops/pages.rs"]
mod pages;
#[path = "ops/process.rs"]
mod process;
#[path = "ops/rooms.rs"]
mod rooms;
#[path = "ops/settings.rs"]
mod settings;
#[path = "ops/tls.rs"]
mod tls;
