//! What the checkout page is shown of a hold: the shop's own title and picture, what it costs, how long it is kept. Nothing of
//! the buyer.

use serde_json::{Value, json};

use crate::seed::GOODS;

/// The part of a hold that its checkout shows, at `now_ms` of the calendar.
pub(super) fn order(hold: &Value, now_ms: u64) -> Value {
    let product = hold.get("product").and_then(Value::as_str).unwrap_or_default();
    let good = GOODS.iter().find(|good| good.id == product);
    let expires_ms = hold.get("expires_ms").and_then(Value::as_u64).unwrap_or(0);
    let field = |name: &str| hold.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "id": field("id"),
        "state": field("state"),
        // Goods that an operator put on the shelf are not in this shop's range: their id is all it knows.
        "title": good.map_or(product, |good| good.title),
        "picture": good.map(|good| format!("/goods/{}.svg", good.id)),
        "quantity": field("quantity"),
        "price": field("price"),
        "total": field("total"),
        "currency": field("currency"),
        "left_ms": expires_ms.saturating_sub(now_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_shows_the_goods_and_the_time_left_but_not_the_buyer() {
        let mut hold = json!({ "id": "h7", "state": "held", "product": "mug", "buyer": "g:secret", "expires_ms": 90_000 });
        let shown = order(&hold, 60_000);
        assert_eq!(shown["title"], "青瓷杯 Celadon mug");
        assert_eq!(shown["picture"], "/goods/mug.svg");
        assert_eq!(shown["left_ms"], 30_000);
        assert!(!shown.to_string().contains("secret"));
        assert_eq!(order(&hold, 90_001)["left_ms"], 0);
        hold["product"] = json!("unheard-of");
        let shown = order(&hold, 60_000);
        assert_eq!((&shown["title"], &shown["picture"]), (&json!("unheard-of"), &Value::Null));
    }
}
