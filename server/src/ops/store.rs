//! SQLite: one file, migrations of every feature, writes that are on the disk when they return. What orders mean is not
//! here: the ledger has a journal of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::limits;

/// The database. A cheap clone.
#[derive(Clone, Debug)]
pub struct Store(SqlitePool);

impl Store {
    /// Opens `hawker.db` in the data folder and brings it to this version's shape.
    ///
    /// # Errors
    /// An unreadable file, a full disk, a database that a newer version has changed.
    pub async fn open(data: &Path) -> Result<Self> {
        let path = data.join("hawker.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(limits::STORE_CONNECTIONS)
            .connect_with(options)
            .await
            .with_context(|| format!("can't open {}", path.display()))?;
        sqlx::migrate!().run(&pool).await.with_context(|| format!("can't migrate {}", path.display()))?;
        Ok(Self(pool))
    }

    /// For queries: `sqlx::query("…").bind(x).execute(store.pool())`.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.0
    }

    /// Waits for queries under way and closes the file.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
