//! What the shop knows of holds: only what the server's signed webhooks told, never what a page claims.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::limits;

/// The holds of this shop, by id. What is told of a hold later replaces what was told before.
#[derive(Default)]
pub struct Orders {
    known: Mutex<Known>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Known {
    holds: BTreeMap<String, Value>,
    order: VecDeque<String>,
}

impl Orders {
    /// Takes in a webhook whose signature was checked; false when it does not speak of a hold.
    pub fn told(&self, event: &Value) -> bool {
        let Some(hold) = event.get("hold").filter(|hold| hold.is_object()) else { return false };
        let Some(id) = hold.get("id").and_then(Value::as_str) else { return false };
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let settled =
                known.holds.get(id).and_then(|old| old.get("state")).is_some_and(|state| *state != "held");
            // Retries may arrive late: the news that a hold was placed does not undo that it was paid.
            if settled && hold.get("state").is_some_and(|state| *state == "held") {
                return true;
            }
            if known.holds.insert(id.to_owned(), hold.clone()).is_none() {
                known.order.push_back(id.to_owned());
            }
            while known.order.len() > limits::HOLDS_MAX {
                if let Some(oldest) = known.order.pop_front() {
                    known.holds.remove(&oldest);
                }
            }
        }
        self.changed.send_modify(|version| *version += 1);
        true
    }

    /// A hold, as last told.
    pub fn hold(&self, id: &str) -> Option<Value> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).holds.get(id).cloned()
    }

    /// A hold that its buyer has already been told of, but perhaps not yet the shop: waits a little for the webhook.
    pub async fn wait_for(&self, id: &str) -> Option<Value> {
        let mut changed = self.changed.subscribe();
        let known = async {
            loop {
                if let Some(hold) = self.hold(id) {
                    return Some(hold);
                }
                changed.changed().await.ok()?;
            }
        };
        tokio::time::timeout(limits::WEBHOOK_WAIT, known).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn late_news_does_not_undo_a_payment() {
        let orders = Orders::default();
        let event = |state: &str| json!({ "hold": { "id": "h", "state": state } });
        for state in ["held", "paid", "held"] {
            assert!(orders.told(&event(state)));
        }
        assert_eq!(orders.hold("h").expect("it is known")["state"], "paid");
        assert!(!orders.told(&json!({ "type": "unknown" })));
    }

    #[test]
    fn old_holds_are_forgotten_first() {
        let orders = Orders::default();
        for number in 0..=limits::HOLDS_MAX {
            orders.told(&json!({ "hold": { "id": number.to_string(), "state": "held" } }));
        }
        assert!(orders.hold("0").is_none() && orders.hold("1").is_some());
    }
}
