//! What of the rooms outlives a restart: pinned products, muted senders, the word list. Messages don't.

use std::collections::{BTreeMap, BTreeSet};

use hawker_server_core::room::words::Action;
use sqlx::{Row as _, SqlitePool};

/// The pinned product of each room.
pub(super) async fn pins(pool: &SqlitePool) -> sqlx::Result<BTreeMap<String, String>> {
    let rows = sqlx::query("SELECT room, product FROM room_pin").fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get("room")?, row.try_get("product")?))).collect()
}

/// Keeps a pin; an empty product takes it away.
pub(super) async fn set_pin(pool: &SqlitePool, room: &str, product: &str) -> sqlx::Result<()> {
    let query = if product.is_empty() {
        sqlx::query("DELETE FROM room_pin WHERE room = $1").bind(room)
    } else {
        sqlx::query("INSERT INTO room_pin (room, product) VALUES ($1, $2) ON CONFLICT (room) DO UPDATE SET product = $2")
            .bind(room)
            .bind(product)
    };
    query.execute(pool).await.map(drop)
}

/// The muted senders of each room.
pub(super) async fn mutes(pool: &SqlitePool) -> sqlx::Result<BTreeMap<String, BTreeSet<String>>> {
    let rows = sqlx::query("SELECT room, sender FROM room_mute").fetch_all(pool).await?;
    let mut mutes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        mutes.entry(row.try_get("room")?).or_default().insert(row.try_get("sender")?);
    }
    Ok(mutes)
}

/// Keeps a mute, or takes it away.
pub(super) async fn set_mute(pool: &SqlitePool, room: &str, sender: &str, muted: bool) -> sqlx::Result<()> {
    let sql = if muted {
        "INSERT INTO room_mute (room, sender) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM room_mute WHERE room = $1 AND sender = $2"
    };
    sqlx::query(sql).bind(room).bind(sender).execute(pool).await.map(drop)
}

/// The word list, as it was given.
pub(super) async fn words(pool: &SqlitePool) -> sqlx::Result<Vec<(String, Action)>> {
    let rows = sqlx::query("SELECT word, block FROM word ORDER BY word").fetch_all(pool).await?;
    let action = |block| if block { Action::Block } else { Action::Mask };
    rows.iter().map(|row| Ok((row.try_get("word")?, action(row.try_get("block")?)))).collect()
}

/// Replaces the word list, whole or not at all.
pub(super) async fn set_words(pool: &SqlitePool, words: &[(String, Action)]) -> sqlx::Result<()> {
    let mut change = pool.begin().await?;
    sqlx::query("DELETE FROM word").execute(&mut *change).await?;
    for (word, action) in words {
        sqlx::query("INSERT INTO word (word, block) VALUES ($1, $2) ON CONFLICT (word) DO UPDATE SET block = MAX(block, $2)")
            .bind(word)
            .bind(*action == Action::Block)
            .execute(&mut *change)
            .await?;
    }
    change.commit().await
}
