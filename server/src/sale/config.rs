//! `[sale]` and `[shop]`: what can be configured of the orders and of the shop's backend.

use serde::{Deserialize, Serialize};

use crate::ops::config::{Check, Fault};

/// `[sale]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SaleConfig {
    /// Currency of rooms that name none, ISO 4217.
    pub currency: String,
    /// Seconds that goods are held for a buyer who hasn't paid.
    pub hold_s: u32,
    /// Only viewers with a token of the shop may buy.
    pub require_token: bool,
}

/// `[shop]`
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopConfig {
    /// Secret shared with the shop's backend: signs tokens, payments and webhooks.
    pub secret: Option<String>,
    /// Where webhooks go.
    pub webhook_url: Option<String>,
}

impl std::fmt::Debug for ShopConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.secret.as_ref().map(|_| "(secret)");
        f.debug_struct("ShopConfig").field("secret", &secret).field("webhook_url", &self.webhook_url).finish()
    }
}

impl Default for SaleConfig {
    fn default() -> Self {
        Self { currency: "CNY".to_owned(), hold_s: 120, require_token: false }
    }
}

impl Check for SaleConfig {
    fn check(&self) -> Result<(), Fault> {
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(Fault::new("currency", "must be three capital letters, such as \"CNY\""));
        }
        if !(5..=3_600).contains(&self.hold_s) {
            return Err(Fault::new("hold_s", "must be 5 to 3600 seconds"));
        }
        Ok(())
    }
}

impl Check for ShopConfig {
    fn check(&self) -> Result<(), Fault> {
        if self.secret.as_ref().is_some_and(|secret| secret.len() < 16) {
            return Err(Fault::new(
                "secret",
                "must have 16 characters or more, such as `openssl rand -hex 20` prints",
            ));
        }
        Ok(())
    }
}
