//! The address for an encoder: shown for OBS in two parts, and as one URL.

use gloo_net::http::Method;
use leptos::html::p;
use leptos::prelude::*;

use super::room::Here;
use crate::api::Key;
use crate::limits;
use crate::poll::Poll;
use crate::widget::{act_and, card, copyable, push_twice, states};

pub(super) fn view(here: Here) -> impl IntoView {
    let desk = here.desk;
    let key = Poll::<Key>::start(desk, here.below("key"), limits::SLOW_MS);
    let of = move |part: fn(&Key) -> &String| key.with(|key| part(key).clone()).unwrap_or_default();
    let said =
        desk.say("New key made: the old one is refused from now on.", "已生成新密钥，旧密钥即刻失效。");
    let renew = push_twice(desk, "ghost", desk.say("New key", "更换密钥"), move || {
        act_and(desk, Method::POST, here.below("key"), None, untrack(said), key);
    });
    let advice = desk.say(
        "In OBS: Settings → Stream → Custom. Set a keyframe interval of 1 s for the lowest latency.",
        "OBS：设置 → 直播 → 自定义。关键帧间隔设为 1 秒，延迟最低。",
    );
    card(
        "signal",
        "encoder",
        desk.say("Encoder", "推流"),
        renew,
        (
            states(desk, key, |_| false, ("", "")),
            copyable(desk, desk.say("Server", "服务器"), move || of(|key| &key.server), false),
            copyable(desk, desk.say("Stream key", "推流码"), move || of(|key| &key.stream), true),
            copyable(desk, desk.say("As one URL", "完整地址"), move || of(|key| &key.url), true),
            p().class("hint").child(advice),
        ),
    )
}
