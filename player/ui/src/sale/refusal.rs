//! Why a tap did not become a hold, in the buyer's words.

use crate::page::money;
use crate::page::words::{Words, fill};
use hawker_player_core::decimal::decimal;
use hawker_wire::proto::HoldReply;
use hawker_wire::proto::hold_reply::Refusal;

/// The sentence for a refusal.
pub(crate) fn why(words: Words, currency: &str, reply: &HoldReply) -> String {
    match reply.refusal() {
        Refusal::NotStarted => {
            let at = money::time_of_day(words.lang(), reply.starts_ms);
            fill(words.not_started(), &[&at])
        }
        Refusal::SoldOut => words.is_sold_out().to_owned(),
        Refusal::LimitReached if reply.left > 0 => fill(words.limit_left(), &[&decimal(reply.left.into())]),
        Refusal::LimitReached => words.limit_reached().to_owned(),
        Refusal::SaleEnded => words.sale_ended().to_owned(),
        Refusal::PriceChanged => {
            fill(words.price_changed(), &[&money::show(words.lang(), currency, reply.price)])
        }
        Refusal::UnknownProduct => words.unknown_product().to_owned(),
        Refusal::TokenRequired => words.token_required().to_owned(),
        Refusal::TooFast => words.try_again().to_owned(),
        Refusal::None
        | Refusal::BadRequest
        | Refusal::UnknownHold
        | Refusal::Unavailable
        | Refusal::Settled => words.unavailable().to_owned(),
    }
}
