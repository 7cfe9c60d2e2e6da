//! The rooms there are, in memory for the fast ways and saved by the store. Who plays, talks or buys in a room is the
//! business of the features.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use hawker_wire::Wall;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tokio::sync::{Mutex, watch};
use utoipa::ToSchema;

use super::config::Config;
use super::store::Store;
use super::{limits, secret};

/// The directory. A cheap clone.
#[derive(Clone)]
pub struct Directory {
    rooms: Arc<RwLock<BTreeMap<String, Room>>>,
    // Taken while a change goes to the store and then to memory, so that both see changes in one order.
    writing: Arc<Mutex<()>>,
    changed: watch::Sender<u64>,
    store: Store,
    currency: String,
}

/// A room as everybody may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomInfo {
    /// Part of URLs: 1 to 64 of `[A-Za-z0-9_-]`.
    pub id: String,
    /// As people read it.
    pub title: String,
    /// ISO 4217; prices in this room are in its minor units.
    pub currency: String,
    /// When an announced show starts, ms since 1970; 0: not announced.
    pub starts_ms: u64,
    /// An operator ended the show: nothing plays until the room is opened again.
    pub ended: bool,
    /// The server makes the lower renditions from the encoder's picture.
    pub ladder: bool,
    /// When it was made, ms since 1970.
    pub created_ms: u64,
}

#[derive(Clone)]
struct Room {
    info: RoomInfo,
    key: String,
}

/// Why a publisher is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No such room.
    #[error("unknown room")]
    UnknownRoom,
    /// The room has another key.
    #[error("wrong key")]
    WrongKey,
    /// The show was ended by an operator.
    #[error("the show has ended")]
    Ended,
}

/// Why a change of the directory was refused.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A room with this id exists.
    #[error("there is a room {0:?} already")]
    Exists(String),
    /// No such room.
    #[error("there is no room {0:?}")]
    Unknown(String),
    /// Not a usable id, title or currency.
    #[error("{0}")]
    Invalid(&'static str),
    /// [`limits::ROOMS`] are there.
    #[error("this server has all the rooms it takes")]
    Full,
    /// The database.
    #[error("the database refused the change: {0}")]
    Store(#[from] sqlx::Error),
}

/// What a new room is made of. Without a debug form: it holds a key.
#[derive(Clone, Default)]
pub struct NewRoom {
    /// Its id.
    pub id: String,
    /// As people read it; empty: the id.
    pub title: String,
    /// ISO 4217; `None`: `[sale] currency`.
    pub currency: Option<String>,
    /// An announced start, ms since 1970; 0: none.
    pub starts_ms: u64,
    /// Ask for transcoding.
    pub ladder: bool,
    /// A stream key to use; `None`: a random one.
    pub key: Option<String>,
}

/// What to change in a room; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct RoomChange {
    /// New title.
    pub title: Option<String>,
    /// New announced start, ms since 1970; 0: none.
    pub starts_ms: Option<u64>,
    /// Ask for transcoding or stop it.
    pub ladder: Option<bool>,
    /// End or open the show.
    pub ended: Option<bool>,
}

impl Directory {
    /// Reads the rooms from the store.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn load(config: &Config, store: Store) -> Result<Self> {
        let rows = sqlx::query("SELECT * FROM room").fetch_all(store.pool()).await?;
        let rooms = rows.iter().map(from_row).collect::<Result<BTreeMap<_, _>, sqlx::Error>>()?;
        Ok(Self {
            rooms: Arc::new(RwLock::new(rooms)),
            writing: Arc::default(),
            changed: watch::Sender::new(0),
            store,
            currency: config.sale.currency.clone(),
        })
    }

    /// The room with this id.
    #[must_use]
    pub fn room(&self, id: &str) -> Option<RoomInfo> {
        self.read(|rooms| rooms.get(id).map(|room| room.info.clone()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read(BTreeMap::len)
    }

    /// None at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All rooms, by id.
    #[must_use]
    pub fn list(&self) -> Vec<RoomInfo> {
        self.read(|rooms| rooms.values().map(|room| room.info.clone()).collect())
    }

    /// May a publisher with this key publish in this room? Takes the same time for every wrong key.
    ///
    /// # Errors
    /// It may not, and why.
    pub fn check_key(&self, room: &str, key: &str) -> Result<(), KeyError> {
        self.read(|rooms| {
            let room = rooms.get(room).ok_or(KeyError::UnknownRoom)?;
            let (expected, given) = (secret::sha256(room.key.as_bytes()), secret::sha256(key.as_bytes()));
            if !secret::equal(&expected, &given) {
                return Err(KeyError::WrongKey);
            }
            if room.info.ended { Err(KeyError::Ended) } else { Ok(()) }
        })
    }

    /// The stream key of a room, for its operators.
    #[must_use]
    pub fn key(&self, room: &str) -> Option<String> {
        self.read(|rooms| rooms.get(room).map(|room| room.key.clone()))
    }

    /// Changes of any room: the number grows with each.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Makes a room.
    ///
    /// # Errors
    /// It exists, a value is unusable, or the store fails.
    pub async fn create(&self, new: NewRoom, now: Wall) -> Result<RoomInfo, ChangeError> {
        let title = if new.title.trim().is_empty() { new.id.clone() } else { new.title };
        let currency = new.currency.unwrap_or_else(|| self.currency.clone());
        check_id(&new.id)?;
        check_title(&title)?;
        check_currency(&currency)?;
        let info = RoomInfo {
            id: new.id,
            title,
            currency,
            starts_ms: new.starts_ms,
            ended: false,
            ladder: new.ladder,
            created_ms: now.as_ms(),
        };
        let key = new.key.unwrap_or_else(secret::key);
        check_key_text(&key)?;
        let room = Room { info, key };

        let _writing = self.writing.lock().await;
        self.read(|rooms| match rooms.get(&room.info.id) {
            Some(_) => Err(ChangeError::Exists(room.info.id.clone())),
            None if rooms.len() >= limits::ROOMS => Err(ChangeError::Full),
            None => Ok(()),
        })?;
        self.save(room).await
    }

    /// Changes a room.
    ///
    /// # Errors
    /// There is none, a value is unusable, or the store fails.
    pub async fn update(&self, id: &str, change: RoomChange) -> Result<RoomInfo, ChangeError> {
        if let Some(title) = &change.title {
            check_title(title)?;
        }
        let _writing = self.writing.lock().await;
        let mut room = self.existing(id)?;
        let info = &mut room.info;
        info.title = change.title.unwrap_or_else(|| info.title.clone());
        info.starts_ms = change.starts_ms.unwrap_or(info.starts_ms);
        info.ladder = change.ladder.unwrap_or(info.ladder);
        info.ended = change.ended.unwrap_or(info.ended);
        self.save(room).await
    }

    /// Ends the show in a room, or opens it again.
    ///
    /// # Errors
    /// There is no such room, or the store fails.
    pub async fn set_ended(&self, id: &str, ended: bool) -> Result<RoomInfo, ChangeError> {
        self.update(id, RoomChange { ended: Some(ended), ..RoomChange::default() }).await
    }

    /// Gives a room a new stream key and returns it. A publisher that is on keeps on.
    ///
    /// # Errors
    /// There is no such room, or the store fails.
    pub async fn rotate_key(&self, id: &str) -> Result<String, ChangeError> {
        let _writing = self.writing.lock().await;
        let room = Room { key: secret::key(), ..self.existing(id)? };
        let key = room.key.clone();
        self.save(room).await?;
        Ok(key)
    }

    /// Removes a room. Its orders stay in the ledger.
    ///
    /// # Errors
    /// There is no such room, or the store fails.
    pub async fn remove(&self, id: &str) -> Result<(), ChangeError> {
        let _writing = self.writing.lock().await;
        self.existing(id)?;
        sqlx::query("DELETE FROM room WHERE id = $1").bind(id).execute(self.store.pool()).await?;
        self.write(|rooms| drop(rooms.remove(id)));
        Ok(())
    }

    fn existing(&self, id: &str) -> Result<Room, ChangeError> {
        self.read(|rooms| rooms.get(id).cloned()).ok_or_else(|| ChangeError::Unknown(id.to_owned()))
    }

    async fn save(&self, room: Room) -> Result<RoomInfo, ChangeError> {
        let info = room.info.clone();
        sqlx::query(
            "INSERT INTO room (id, title, currency, starts_ms, ended, ladder, stream_key, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET title = $2, currency = $3, \
             starts_ms = $4, ended = $5, ladder = $6, stream_key = $7",
        )
        .bind(&info.id)
        .bind(&info.title)
        .bind(&info.currency)
        .bind(info.starts_ms as i64)
        .bind(info.ended)
        .bind(info.ladder)
        .bind(&room.key)
        .bind(info.created_ms as i64)
        .execute(self.store.pool())
        .await?;
        self.write(|rooms| drop(rooms.insert(info.id.clone(), room)));
        Ok(info)
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<String, Room>) -> T) -> T {
        look(&self.rooms.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut BTreeMap<String, Room>)) {
        change(&mut self.rooms.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|version| *version += 1);
    }
}

fn from_row(row: &SqliteRow) -> Result<(String, Room), sqlx::Error> {
    let info = RoomInfo {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        currency: row.try_get("currency")?,
        starts_ms: row.try_get::<i64, _>("starts_ms")? as u64,
        ended: row.try_get("ended")?,
        ladder: row.try_get("ladder")?,
        created_ms: row.try_get::<i64, _>("created_ms")? as u64,
    };
    Ok((info.id.clone(), Room { key: row.try_get("stream_key")?, info }))
}

/// What needs no escaping in a URL, in a stream name and on the command line of an encoder.
fn check_id(id: &str) -> Result<(), ChangeError> {
    let fits = (1..=limits::ROOM_ID_CHARS).contains(&id.len());
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits && plain {
        return Ok(());
    }
    Err(ChangeError::Invalid("a room's id is 1 to 64 letters, digits, - or _"))
}

fn check_title(title: &str) -> Result<(), ChangeError> {
    if title.chars().count() <= limits::TITLE_CHARS && !title.chars().any(char::is_control) {
        return Ok(());
    }
    Err(ChangeError::Invalid("a title has 120 characters at most, on one line"))
}

fn check_currency(currency: &str) -> Result<(), ChangeError> {
    if currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(ChangeError::Invalid("a currency is three capital letters, such as CNY"))
}

fn check_key_text(key: &str) -> Result<(), ChangeError> {
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if (16..=128).contains(&key.len()) && plain {
        return Ok(());
    }
    Err(ChangeError::Invalid("a stream key is 16 to 128 letters, digits, - or _"))
}
