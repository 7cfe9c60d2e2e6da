//! What lies over the picture: danmaku, badges, its state, the unmute pill and the controls.

use super::controls;
use crate::app::{Later, Ui};
use crate::page::dom::{Child, Drawn, El, button, div, p, span};
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
            Drawn(ui, state),
            ticker(ui),
            Drawn(ui, sound),
            controls::bar(ui),
        ))
}

fn top(ui: Ui) -> El {
    let look = Signal::of(move || badge_look(ui));
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
    div().class("top").child((
        Drawn((ui, look), badge),
        online,
        span().class("grow"),
        controls::float_buttons(ui),
    ))
}

/// How the badge looks: not there, at the live edge, behind it.
fn badge_look(ui: Ui) -> u64 {
    // The latency is no signal: look again with the clock.
    ui.wall.track();
    let (live, paused) =
        ui.player.with(|player| (matches!(player.state.as_str(), "live" | "stalled"), player.paused));
    let late = || ui.with_host(|host| host.stat("latencyMs")).flatten().is_some_and(|ms| ms > BEHIND_MS);
    match live {
        false => 0,
        true if paused || late() => 2,
        true => 1,
    }
}

/// The badge, which is also the way to the live edge. Built anew only when it looks different: it may have the focus.
fn badge((ui, look): (Ui, Signal<u64>)) -> Option<El> {
    let (class, label) = match look.get() {
        0 => return None,
        1 => ("live", ui.words.live),
        _ => ("live behind", ui.words.go_live),
    };
    let badge = button().class(class).attr("aria-label", label).attr("title", ui.words.go_live);
    Some(badge.tap(ui, go_live).child((span().class("dot"), ui.words.live)))
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
    silent
        .then(|| button().class("sound").tap(ui, unmute).child((icon(icons::MUTED), ui.words.tap_for_sound)))
}

fn unmute(ui: Ui) {
    ui.with_host(|host: &Host| host.set_muted(false));
    ui.look();
}

fn ticker(ui: Ui) -> impl Child {
    follow(move || {
        if ui.ticker.with(Option::is_some) {
            ui.after(Later::Ticker, TICKER_MS, move || ui.ticker.set(None));
        }
    });
    Drawn(ui, |ui| {
        ui.ticker.get().map(|text| div().class("ticker").child((icon(icons::BAG), span().child(text))))
    })
}
