//! What people read of a product: title, picture, page, place on the shelf. Kept in SQLite and in memory; price and stock are
//! the ledger's.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use hawker_server_core::sale::ProductRef;
use sqlx::Row as _;

use super::limits;
use crate::ops::api::ApiError;
use crate::ops::store::Store;

/// The words and the picture of a product. All of it is text, never markup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// As people read it.
    pub title: String,
    /// URL of a picture; may be relative to the server; may be empty.
    pub picture: String,
    /// The shop's own page of it; may be empty.
    pub url: String,
    /// Place on the shelf; smaller is earlier.
    pub rank: u32,
}

/// The texts of all products.
#[derive(Debug)]
pub(super) struct Texts {
    store: Store,
    known: RwLock<BTreeMap<ProductRef, Text>>,
}

impl Texts {
    /// Reads them all.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn load(store: Store) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query("SELECT room, product, title, picture, url, rank FROM product_text");
        let mut known = BTreeMap::new();
        for row in rows.fetch_all(store.pool()).await? {
            let id = ProductRef { room: row.try_get("room")?, product: row.try_get("product")? };
            let rank = u32::try_from(row.try_get::<i64, _>("rank")?).unwrap_or(u32::MAX);
            let (title, picture, url) = (row.try_get("title")?, row.try_get("picture")?, row.try_get("url")?);
            known.insert(id, Text { title, picture, url, rank });
        }
        Ok(Self { store, known: RwLock::new(known) })
    }

    /// The text of a product; empty when there is none.
    #[must_use]
    pub(super) fn of(&self, id: &ProductRef) -> Text {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned().unwrap_or_default()
    }

    /// Writes a product's text.
    ///
    /// # Errors
    /// A value that no page could show, or the database fails.
    pub(super) async fn set(&self, id: &ProductRef, text: Text) -> Result<(), ApiError> {
        check(&text)?;
        let query = "INSERT INTO product_text (room, product, title, picture, url, rank) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (room, product) DO UPDATE SET title = $3, picture = $4, url = $5, rank = $6";
        sqlx::query(query)
            .bind(&id.room)
            .bind(&id.product)
            .bind(&text.title)
            .bind(&text.picture)
            .bind(&text.url)
            .bind(i64::from(text.rank))
            .execute(self.store.pool())
            .await?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), text);
        Ok(())
    }
}

fn check(text: &Text) -> Result<(), ApiError> {
    let title = text.title.chars();
    if text.title.trim().is_empty()
        || title.clone().count() > limits::TITLE_CHARS
        || title.clone().any(char::is_control)
    {
        return Err(ApiError::bad_request("bad-title", "a title is 1 to 120 characters on one line"));
    }
    for url in [&text.picture, &text.url] {
        let plain =
            url.len() <= limits::URL_BYTES && !url.chars().any(|c| c.is_control() || c.is_whitespace());
        // Anything with another scheme ("javascript:") is no address of a picture or a page.
        let scheme = url.split(['/', '?', '#']).next().is_some_and(|head| head.contains(':'));
        if !plain || (scheme && !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(ApiError::bad_request(
                "bad-url",
                "a picture or page is an http(s) URL or a path, 2,048 bytes at most",
            ));
        }
    }
    Ok(())
}
