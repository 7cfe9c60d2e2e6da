//! Everything the interface says, in Chinese and English. Text only; what viewers type never passes here.

/// The words of one language. `{}` stands for a value: see [`fill`].
pub(crate) struct Words {
    /// For `Intl`.
    pub(crate) lang: &'static str,
    pub(crate) live: &'static str,
    pub(crate) go_live: &'static str,
    pub(crate) play: &'static str,
    pub(crate) pause: &'static str,
    pub(crate) mute: &'static str,
    pub(crate) unmute: &'static str,
    pub(crate) tap_for_sound: &'static str,
    pub(crate) volume: &'static str,
    pub(crate) quality: &'static str,
    pub(crate) auto: &'static str,
    pub(crate) full_screen: &'static str,
    pub(crate) expand: &'static str,
    pub(crate) shrink: &'static str,
    pub(crate) close: &'static str,
    pub(crate) online: &'static str,
    pub(crate) connecting: &'static str,
    pub(crate) stalled: &'static str,
    pub(crate) offline: &'static str,
    pub(crate) offline_hint: &'static str,
    pub(crate) ended: &'static str,
    pub(crate) ended_hint: &'static str,
    pub(crate) unsupported: &'static str,
    pub(crate) unsupported_hint: &'static str,
    pub(crate) no_room: &'static str,
    pub(crate) no_room_hint: &'static str,
    pub(crate) unreachable: &'static str,
    pub(crate) unreachable_hint: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) failed_hint: &'static str,
    pub(crate) stats: &'static str,
    pub(crate) latency: &'static str,
    pub(crate) buffer: &'static str,
    pub(crate) bandwidth: &'static str,
    pub(crate) stalls: &'static str,
    pub(crate) dropped: &'static str,
    pub(crate) speed_now: &'static str,
    pub(crate) danmaku: &'static str,
    pub(crate) danmaku_settings: &'static str,
    pub(crate) opacity: &'static str,
    pub(crate) area: &'static str,
    pub(crate) size: &'static str,
    pub(crate) speed: &'static str,
    pub(crate) overlap: &'static str,
    pub(crate) reduced_motion: &'static str,
    pub(crate) chat: &'static str,
    pub(crate) goods: &'static str,
    pub(crate) no_messages: &'static str,
    pub(crate) no_goods: &'static str,
    pub(crate) no_goods_hint: &'static str,
    pub(crate) say: &'static str,
    pub(crate) send: &'static str,
    pub(crate) newer: &'static str,
    pub(crate) like: &'static str,
    pub(crate) you: &'static str,
    pub(crate) host: &'static str,
    pub(crate) operator: &'static str,
    pub(crate) name_title: &'static str,
    pub(crate) name_label: &'static str,
    pub(crate) name_hint: &'static str,
    pub(crate) name_save: &'static str,
    pub(crate) change_name: &'static str,
    pub(crate) room_lost: &'static str,
    pub(crate) room_refused: &'static str,
    pub(crate) token_refused: &'static str,
    pub(crate) retry: &'static str,
    pub(crate) omitted: &'static str,
    pub(crate) too_fast: &'static str,
    pub(crate) too_long: &'static str,
    pub(crate) blocked: &'static str,
    pub(crate) muted_you: &'static str,
    pub(crate) not_sent: &'static str,
    pub(crate) showing: &'static str,
    pub(crate) flash: &'static str,
    pub(crate) ends_in: &'static str,
    pub(crate) begins_in: &'static str,
    pub(crate) flash_at: &'static str,
    pub(crate) buy: &'static str,
    pub(crate) soon: &'static str,
    pub(crate) sold_out: &'static str,
    pub(crate) asking: &'static str,
    pub(crate) left: &'static str,
    pub(crate) limit: &'static str,
    pub(crate) held: &'static str,
    pub(crate) pay: &'static str,
    pub(crate) give_back: &'static str,
    pub(crate) giving_back: &'static str,
    pub(crate) paid: &'static str,
    pub(crate) paid_thanks: &'static str,
    pub(crate) refund_due: &'static str,
    pub(crate) refunded: &'static str,
    pub(crate) expired: &'static str,
    pub(crate) given_back: &'static str,
    pub(crate) orders: &'static str,
    pub(crate) somebody: &'static str,
    pub(crate) someone_bought: &'static str,
    pub(crate) not_started: &'static str,
    pub(crate) is_sold_out: &'static str,
    pub(crate) limit_reached: &'static str,
    pub(crate) limit_left: &'static str,
    pub(crate) sale_ended: &'static str,
    pub(crate) price_changed: &'static str,
    pub(crate) unknown_product: &'static str,
    pub(crate) token_required: &'static str,
    pub(crate) try_again: &'static str,
    pub(crate) unavailable: &'static str,
    pub(crate) no_answer: &'static str,
}

/// The words for a language tag such as `zh-CN`.
pub(crate) fn pick(lang: &str) -> &'static Words {
    let starts = lang.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("zh"));
    if starts { &super::words_zh::ZH } else { &super::words_en::EN }
}

/// Puts `values` where the template has `{}`, in turn.
pub(crate) fn fill(template: &str, values: &[&str]) -> String {
    let (mut text, mut rest) = (String::new(), template);
    for value in values {
        let at = rest.bytes().position(|byte| byte == b'{').unwrap_or(rest.len());
        text.push_str(rest.get(..at).unwrap_or_default());
        text.push_str(value);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// For attributes that are `true` or `false`.
pub(crate) const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
