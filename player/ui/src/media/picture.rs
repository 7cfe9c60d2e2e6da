//! What lies over the picture: danmaku, badges, its state, the unmute pill and the controls.

use super::controls;
use crate::app::{Later, Sheet, Ui};
use crate::page::dom::{Child, Drawn, El, button, div, el, p, span};
use crate::page::icons::{self, icon};
use crate::page::money;
use crate::page::signals::{Signal, follow};
use crate::page::store::{self, SOUND};
use crate::page::voice::Said;
use crate::page::words::fill;
use crate::room::danmaku;
use crate::sale::goods;
use hawker_player_core::sale::countdown;
use hawker_player_core::texts::concat;
use hawker_wire::Wall;
use std::cell::Cell;

/// How long the controls stay after the pointer rests, in ms.
const AWAKE_MS: i32 = 3_000;

/// Further away than this, in ms, a start is a date.
const DAY_MS: u64 = 86_400_000;

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
        let shown = awake.get() || ui.player.with(|player| player.paused) || ui.sheet.get() != Sheet::None;
        if shown { "overlay awake" } else { "overlay" }
    };
    // What opened a sheet is there when that closes: it gets the keys back.
    let open = Cell::new(false);
    follow(move || {
        let now = ui.sheet.get() != Sheet::None;
        if open.replace(now) {
            wake();
        }
    });
    el("div")
        .class(class)
        // A click on the picture takes the keys along; Tab goes to the buttons.
        .attr("tabindex", "-1")
        .on("pointermove", move |_| wake())
        .on("pointerdown", move |_| wake())
        .on("focusin", move |_| wake())
        .child((
            danmaku::layer(ui),
            div("shade").attr("aria-hidden", "true"),
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
            let text = fill(ui.words.online(), &[&money::count(ui.words.lang(), online)]);
            span("online")
                .attr("aria-label", text)
                .child((icon(icons::PEOPLE), money::count(ui.words.lang(), online)))
        })
    };
    div("top").child((Drawn((ui, look), badge), online, span("grow"), controls::float_buttons(ui)))
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
        1 => ("live", ui.words.live()),
        _ => ("live behind", ui.words.go_live()),
    };
    let badge = button(class).attr("aria-label", label).attr("title", ui.words.go_live());
    Some(badge.tap(ui, go_live).child((span("dot"), ui.words.live())))
}

pub(crate) fn go_live(ui: Ui) {
    ui.with_host(|host| {
        host.act("goLive");
        host.act("play");
    });
    ui.look();
}

/// What stands instead of a picture, and why.
fn state(ui: Ui) -> Option<El> {
    let words = ui.words;
    let (art, title, hint) = ui.player.with(|player| {
        let waits = matches!(player.state.as_str(), "connecting" | "stalled");
        Some(match player.state.as_str() {
            _ if player.cut_off && (waits || player.error == "unreachable") => {
                (icons::CUT, words.cut_off(), words.cut_off_hint())
            }
            "live" | "connecting" if player.blocked => {
                (icons::TAP, words.tap_to_watch(), words.tap_to_watch_hint())
            }
            "connecting" => ("", words.connecting(), ""),
            "stalled" => ("", words.stalled(), ""),
            "offline" if player.starts_ms > 0 => (icons::CLOCK, words.offline(), words.offline_hint()),
            "offline" => (icons::CAMERA, words.offline(), words.offline_hint()),
            "ended" if ui.room(&ui.goods, |room| room.shelf.is_empty()) => (icons::FLAG, words.ended(), ""),
            "ended" => (icons::FLAG, words.ended(), words.ended_hint()),
            "unsupported" => (icons::SCREEN, words.unsupported(), words.unsupported_hint()),
            "error" => match player.error.as_str() {
                "no-room" => (icons::LENS, words.no_room(), words.no_room_hint()),
                "refused" => (icons::LOCK, words.refused(), words.refused_hint()),
                "region" => (icons::GLOBE, words.region(), words.region_hint()),
                "playback" => (icons::ALERT, words.failed(), words.failed_hint()),
                _ => (icons::CLOUD, words.unreachable(), words.unreachable_hint()),
            },
            "live" => {
                ui.say(Said::State, words.live());
                return None;
            }
            _ => return None,
        })
    })?;
    let busy = art.is_empty();
    let start = art == icons::TAP;
    if !busy {
        ui.say(Said::State, concat(&[title, ". ", hint]));
    }
    let art = if busy {
        span("spinner").attr("aria-hidden", "true")
    } else if start {
        button("art").attr("aria-label", words.play()).child(icon(art))
    } else {
        span("art").child(icon(art))
    };
    let state = div(if busy { "state busy" } else { "state" });
    let state = if start { state.tap(ui, go_live) } else { state };
    Some(state.child((
        art,
        p("state-title").child(title),
        (!hint.is_empty()).then(|| p("state-hint").child(hint)),
        Drawn(ui, countdown),
    )))
}

/// The time until the announced start, and when that is; after it the show is late, and nothing is promised.
fn countdown(ui: Ui) -> Option<El> {
    let starts_ms = ui.player.with(|player| player.starts_ms);
    let now = ui.wall.get();
    (starts_ms > now).then(|| {
        let left = goods::time(countdown::left(Wall(now), Wall(starts_ms)));
        let day = starts_ms - now > DAY_MS;
        let at = money::moment(ui.words.lang(), starts_ms, day);
        div("countdown").attr("role", "timer").child((
            (!day).then(|| span("countdown-left").child(left)),
            p("state-hint").child(fill(ui.words.starts_at(), &[&at])),
        ))
    })
}

fn sound(ui: Ui) -> Option<El> {
    let silent =
        ui.player.with(|player| player.muted && !player.paused && !player.blocked && player.state == "live");
    silent.then(|| {
        // Who has muted it knows how to undo that, where there are controls.
        let class = if store::read(SOUND).starts_with('-') { "sound own" } else { "sound" };
        button(class).tap(ui, controls::toggle_mute).child((icon(icons::MUTED), ui.words.tap_for_sound()))
    })
}

fn ticker(ui: Ui) -> impl Child {
    follow(move || {
        if ui.ticker.with(Option::is_some) {
            ui.after(Later::Ticker, TICKER_MS, move || ui.ticker.set(None));
        }
    });
    Drawn(ui, |ui| {
        ui.ticker.get().map(|text| div("ticker").child((icon(icons::BAG), el("span").child(text))))
    })
}
