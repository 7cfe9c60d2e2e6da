//! What is on sale: rooms, a shelf of goods in each, and flash sales that repeat in rounds, all over the REST API.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;

/// The room that is live by itself.
pub const DEMO: &str = "demo";
/// The room for your own encoder.
pub const STUDIO: &str = "studio";

/// One piece of the range.
#[derive(Clone, Copy, Debug)]
pub struct Good {
    /// Its id, and the name of its picture in `demo/shop/goods`.
    pub id: &'static str,
    /// As people read it.
    pub title: &'static str,
    /// Ordinary price in fen.
    pub price: i64,
    /// Price in a flash sale, in fen.
    pub flash: i64,
}

/// The range of the shop, as on the shelf.
pub const GOODS: &[Good] = &[
    Good { id: "teapot", title: "紫砂壶 Clay teapot", price: 26_800, flash: 13_800 },
    Good { id: "lamp", title: "宣纸灯 Paper lamp", price: 15_900, flash: 7_900 },
    Good { id: "scarf", title: "桑蚕丝巾 Silk scarf", price: 19_900, flash: 9_900 },
    Good { id: "tea", title: "明前龙井 Spring tea, 100 g", price: 12_800, flash: 6_600 },
    Good { id: "fan", title: "竹骨折扇 Bamboo fan", price: 5_800, flash: 2_900 },
    Good { id: "mug", title: "青瓷杯 Celadon mug", price: 8_800, flash: 3_900 },
];

/// Pieces of each good on the shelf at every start of the demo.
const SHELF_STOCK: u32 = 200;
/// Pieces in a flash sale: few enough to run out while somebody watches.
const FLASH_STOCK: u32 = 30;
/// Pieces a buyer may have of a flash sale.
const FLASH_LIMIT: u32 = 2;

/// How flash sales follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From the announcement of a flash sale to its start: time to see the countdown.
    pub announce: Duration,
    /// How long it runs; the next one is announced at its end.
    pub run: Duration,
}

/// For an audience.
pub const PACE: Pace = Pace { announce: Duration::from_secs(15), run: Duration::from_secs(90) };

/// Makes both rooms with their shelves, unless they exist, and returns their stream keys (demo, studio).
///
/// # Errors
/// The server refuses a call.
pub async fn rooms(api: &Api, shop: &str) -> Result<(String, String)> {
    let demo = room(api, DEMO, "Hawker 样板间").await?;
    let studio = room(api, STUDIO, "我的直播间 Your studio").await?;
    shelf(api, DEMO, GOODS, shop).await?;
    shelf(api, STUDIO, GOODS.get(..2).unwrap_or_default(), shop).await?;
    Ok((demo, studio))
}

async fn room(api: &Api, id: &str, title: &str) -> Result<String> {
    let (status, answer) = api
        .ask(Method::POST, "/rooms", Some(&json!({ "id": id, "title": title, "currency": "CNY" })))
        .await?;
    // 409: it is there from an earlier start.
    anyhow::ensure!(status == 201 || status == 409, "room {id}: {status}: {answer}");
    let key = api.call(Method::GET, &format!("/rooms/{id}/key"), None).await?;
    key.get("key").and_then(Value::as_str).map(str::to_owned).with_context(|| format!("room {id} has no key"))
}

async fn shelf(api: &Api, room: &str, goods: &[Good], shop: &str) -> Result<()> {
    for good in goods {
        put(api, room, good, shop).await?;
    }
    Ok(())
}

/// Puts a good on the shelf with its full stock again.
async fn put(api: &Api, room: &str, good: &Good, shop: &str) -> Result<()> {
    let product = json!({
        "title": good.title,
        "picture": format!("{shop}/goods/{}.svg", good.id),
        "price": good.price,
        "stock": SHELF_STOCK,
        "rank": GOODS.iter().position(|other| other.id == good.id),
        "url": format!("{shop}/goods/{}", good.id),
    });
    api.call(Method::PUT, &format!("/rooms/{room}/products/{}", good.id), Some(&product)).await?;
    Ok(())
}

/// Stops the flash sales that an earlier run of the demo left.
async fn stop_left_over(api: &Api) -> Result<()> {
    let sales = api.call(Method::GET, &format!("/rooms/{DEMO}/sales"), None).await?;
    for sale in sales.get("sales").and_then(Value::as_array).into_iter().flatten() {
        let over = sale.get("state").is_some_and(|state| state == "ended");
        if let (false, Some(id)) = (over, sale.get("id").and_then(Value::as_str)) {
            // One that ends in this very moment is as good.
            api.ask(Method::POST, &format!("/rooms/{DEMO}/sales/{id}/stop"), None).await?;
        }
    }
    Ok(())
}

/// Runs flash sales in the room `demo`, one after the other through the whole range, until dropped. `now_ms` is the calendar
/// time.
///
/// # Errors
/// The server refuses a call.
pub async fn rounds(api: &Api, shop: &str, pace: Pace, now_ms: impl Fn() -> u64) -> Result<()> {
    stop_left_over(api).await?;
    for good in GOODS.iter().cycle() {
        put(api, DEMO, good, shop).await?;
        let starts_ms = now_ms() + pace.announce.as_millis() as u64;
        let sale = json!({
            "product": good.id,
            "price": good.flash,
            "stock": FLASH_STOCK,
            "limit": FLASH_LIMIT,
            "starts_ms": starts_ms,
            "ends_ms": starts_ms + pace.run.as_millis() as u64,
        });
        api.call(Method::POST, &format!("/rooms/{DEMO}/sales"), Some(&sale)).await?;
        api.call(Method::PUT, &format!("/rooms/{DEMO}/pin"), Some(&json!({ "product": good.id }))).await?;
        tokio::time::sleep(pace.announce + pace.run).await;
    }
    Ok(())
}
