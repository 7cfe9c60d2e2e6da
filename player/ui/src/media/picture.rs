//! What lies over the picture: danmaku, badges, its state, the unmute pill and the controls.

use super::controls;
use crate::app::{Later, Ui};
use crate::page::dom::{Child, El, button, div, p, span};
use crate::page::host::Host;
use crate::page::icons::{self, icon};
use crate::page::money;
use crate::page::signals::{Signal, follow};
use crate::page::words::fill;
use crate::room::danmaku;

/// How long the controls stay after the pointer rests, in ms.
const AWAKE_MS: i32 = 3_000;

/// How long a purchase is announced, in ms.
const TICKER_MS: i32 = 4_000;

/// Further behind the live edge than this, in ms, the badge offers to jump there: above what a slow network needs.
const BEHIND_MS: f64 = 3_000.0;

/// Everything over the picture.
pub(crate) fn overlay(ui: Ui) -> El {
    let awake = Signal::new(false);
    let wake = move || {
        awake.show(true);
        ui.after(Later::Rest, AWAKE_MS, move || awake.set(false));
    };
    let class = move || {
        let shown = awake.get() || ui.player.with(|player| player.paused);
        if shown { "overlay awake" } else { "overlay" }
    };
    div()
        .class(class)
        // A click on the picture takes the keys along; Tab goes to the buttons.
        .attr("tabindex", "-1")
        .on("pointermove", move |_| wake())
        .on("pointerdown", move |_| wake())
        .on("focusin", move |_| wake())
        .child((
            danmaku::layer(ui),
            div().class("shade").attr("aria-hidden", "true"),
            top(ui),
            move || state(ui),
            ticker(ui),
            move || sound(ui),
            controls::bar(ui),
        ))
}

fn top(ui: Ui) -> El {
    let live = move || {
        let (state, paused) = ui.player.with(|player| (player.state.clone(), player.paused));
        if state != "live" && state != "stalled" {
            return None;
        }
        let behind =
            paused || ui.with_host(|host| host.stat("latencyMs")).flatten().is_some_and(|ms| ms > BEHIND_MS);
        let class = if behind { "live behind" } else { "live" };
        let label = if behind { ui.words.go_live } else { ui.words.live };
        Some(
            button()
                .class(class)
                .attr("aria-label", label)
                .attr("title", ui.words.go_live)
                .on("click", move |_| go_live(ui))
                .child((span().class("dot"), ui.words.live)),
        )
    };
    let live = move || {
        // The latency is no signal: look again with the clock, twice a second.
        let _ = ui.wall.get() / 500;
        live()
    };
    let online = Signal::of(move || ui.room(&ui.totals, |room| u64::from(room.online)));
    let online = move || {
        let online = online.get();
        (online > 0).then(|| {
            let text = fill(ui.words.online, &[&money::count(ui.words.lang, online)]);
            span()
                .class("online")
                .attr("aria-label", text)
                .child((icon(icons::PEOPLE), money::count(ui.words.lang, online)))
        })
    };
    div().class("top").child((live, online, span().class("grow"), controls::float_buttons(ui)))
}

fn go_live(ui: Ui) {
    ui.with_host(|host| {
        // The engine reports its own errors by `hawker:error`.
        let _ = host.go_live();
        let _ = host.play();
    });
    ui.look();
}

fn state(ui: Ui) -> Option<El> {
    let words = ui.words;
    let (title, hint) = ui.player.with(|player| match player.state.as_str() {
        "error" if player.error == "no-room" => Some((words.no_room, words.no_room_hint)),
        "error" if player.error != "playback" => Some((words.unreachable, words.unreachable_hint)),
        "connecting" => Some((words.connecting, "")),
        "stalled" => Some((words.stalled, "")),
        "offline" => Some((words.offline, words.offline_hint)),
        "ended" if ui.room(&ui.goods, |room| room.shelf.is_empty()) => Some((words.ended, "")),
        "ended" => Some((words.ended, words.ended_hint)),
        "unsupported" => Some((words.unsupported, words.unsupported_hint)),
        "error" => Some((words.failed, words.failed_hint)),
        _ => None,
    })?;
    let busy = ui.player.with(|player| matches!(player.state.as_str(), "connecting" | "stalled"));
    let view = div().class(if busy { "state busy" } else { "state" }).attr("role", "status").child((
        busy.then(|| span().class("spinner").attr("aria-hidden", "true")),
        p().class("state-title").child(title),
        (!hint.is_empty()).then(|| p().class("state-hint").child(hint)),
    ));
    Some(view)
}

fn sound(ui: Ui) -> Option<El> {
    let silent = ui.player.with(|player| player.muted && !player.paused && player.state == "live");
    let unmute = move |_| {
        ui.with_host(|host: &Host| host.set_muted(false));
        ui.look();
    };
    silent.then(|| {
        button().class("sound").on("click", unmute).child((icon(icons::MUTED), ui.words.tap_for_sound))
    })
}

fn ticker(ui: Ui) -> impl Child {
    follow(move || {
        if ui.ticker.with(Option::is_some) {
            ui.after(Later::Ticker, TICKER_MS, move || ui.ticker.set(None));
        }
    });
    move || ui.ticker.get().map(|text| div().class("ticker").child((icon(icons::BAG), span().child(text))))
}
