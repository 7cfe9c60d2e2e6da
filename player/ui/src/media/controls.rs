//! The control bar and its keys. Every control is a button or a slider with a name; what it does is the engine's public API.

use crate::app::{Sheet, Ui};
use crate::page::dom::{Child as _, Nodes, button, div, input, span};
use crate::page::host::Host;
use crate::page::icons::{self, Icon, icon};
use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event, HtmlElement, KeyboardEvent, window};

/// One volume step of the keyboard.
const VOLUME_STEP: f64 = 0.1;

/// The bar at the lower edge of the picture.
pub(crate) fn bar(ui: Ui) -> Nodes {
    let words = ui.words;
    let paused = move || ui.player.with(|player| player.paused);
    let muted = move || ui.player.with(|player| player.muted || player.volume == 0.0);
    let volume = input()
        .class("volume")
        .attr("type", "range")
        .attr("min", "0")
        .attr("max", "100")
        .attr("step", "5")
        .attr("aria-label", words.volume)
        .prop(
            "value",
            move || if muted() { 0.0 } else { ui.player.with(|player| (player.volume * 100.0).round()) },
        )
        .on("input", move |event| {
            if let Ok(percent) = event_target_value(&event).parse::<u32>() {
                set_volume(ui, f64::from(percent) / 100.0);
            }
        });
    let quality = move || {
        let (chosen, playing) = ui.player.with(|player| (player.quality.clone(), player.rendition.clone()));
        if chosen == "auto" && playing.is_empty() {
            words.auto.to_owned()
        } else if chosen == "auto" {
            playing
        } else {
            chosen
        }
    };
    div()
        .class("controls")
        .child((
            control(
                "control",
                move || if paused() { words.play } else { words.pause },
                move || if paused() { icons::PLAY } else { icons::PAUSE },
                move || toggle_play(ui),
            ),
            control(
                "control",
                move || if muted() { words.unmute } else { words.mute },
                move || if muted() { icons::MUTED } else { icons::SOUND },
                move || toggle_mute(ui),
            ),
            volume,
            span().class("grow"),
            button()
                .attr("type", "button")
                .class("control words")
                .attr("aria-label", words.quality)
                .attr("aria-haspopup", "dialog")
                .on("click", move |_| ui.toggle(Sheet::Quality))
                .child(quality),
            control(
                "control",
                move || words.danmaku_settings,
                || icons::TUNE,
                move || ui.toggle(Sheet::Danmaku),
            ),
            control("control", move || words.stats, || icons::CHART, move || ui.toggle(Sheet::Stats)),
            control("control", move || words.full_screen, || icons::FULL, move || full_screen(ui)),
        ))
        .nodes()
}

/// Open, shrink and close, for the floating player only (its styles hide them elsewhere).
pub(crate) fn float_buttons(ui: Ui) -> Nodes {
    let set = move |expanded: bool| {
        ui.with_host(|host| {
            // A fixed attribute name is always valid.
            let _ =
                if expanded { host.set_attribute("expanded", "") } else { host.remove_attribute("expanded") };
        });
    };
    let close = move || {
        ui.with_host(|host| {
            if host.tell("hawker:close", &wasm_bindgen::JsValue::NULL) {
                host.remove();
            }
        });
    };
    div()
        .class("float")
        .child((
            control("control only-mini", move || ui.words.expand, || icons::EXPAND, move || set(true)),
            control("control only-open", move || ui.words.shrink, || icons::SHRINK, move || set(false)),
            control("control only-mini", move || ui.words.close, || icons::CLOSE, close),
        ))
        .nodes()
}

fn control(
    class: &'static str,
    label: impl Fn() -> &'static str + Send + Sync + Clone + 'static,
    path: impl Fn() -> Icon + Send + Sync + 'static,
    act: impl Fn() + 'static,
) -> Nodes {
    button()
        .attr("type", "button")
        .class(class)
        .attr("aria-label", label.clone())
        .attr("title", label)
        .on("click", move |_| act())
        .child(icon(path))
        .nodes()
}

fn toggle_play(ui: Ui) {
    ui.with_host(|host| {
        let paused = host.player().paused;
        // The engine reports its own errors by `hawker:error`.
        let _ = if paused { host.play() } else { host.pause() };
    });
    ui.look();
}

fn toggle_mute(ui: Ui) {
    ui.with_host(|host| {
        let player = host.player();
        let silent = player.muted || player.volume == 0.0;
        if silent && player.volume == 0.0 {
            host.set_volume(1.0);
        }
        host.set_muted(!silent);
    });
    ui.look();
}

fn set_volume(ui: Ui, volume: f64) {
    ui.with_host(|host: &Host| {
        host.set_volume(volume.clamp(0.0, 1.0));
        host.set_muted(volume <= 0.0);
    });
    ui.look();
}

fn full_screen(ui: Ui) {
    let document = window().and_then(|window| window.document());
    let Some(document) = document else { return };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else {
        ui.with_host(|host| {
            // A refusal (no gesture, not allowed in this frame) leaves the page as it is.
            if let Some(asked) = host.full_screen().ok().and_then(|asked| asked.dyn_into::<Promise>().ok()) {
                spawn_local(async move { drop(JsFuture::from(asked).await) });
            }
        });
    }
}

/// Keys, unless what has the focus needs them itself: space, m, f, arrows up and down; Escape closes a sheet.
pub(crate) fn key(ui: Ui, event: &Event) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let at = event.composed_path().get(0).dyn_into::<HtmlElement>().ok();
    let is = |selector| at.as_ref().is_some_and(|at| at.matches(selector).unwrap_or(false));
    let key = event.key();
    if key == "Escape" {
        ui.close_sheet();
        return;
    }
    let taken = match key.as_str() {
        " " => is("input, button, a"),
        "ArrowUp" | "ArrowDown" => is("input, [role=log]"),
        _ => is("input:not([type=range], [type=checkbox])"),
    };
    if taken {
        return;
    }
    match key.as_str() {
        " " => toggle_play(ui),
        "m" => toggle_mute(ui),
        "f" => full_screen(ui),
        "ArrowUp" | "ArrowDown" => {
            let step = if key == "ArrowUp" { VOLUME_STEP } else { -VOLUME_STEP };
            let volume = ui.player.with_untracked(|player| if player.muted { 0.0 } else { player.volume });
            set_volume(ui, volume + step);
        }
        _ => return,
    }
    event.prevent_default();
}
