//! The control bar and its keys. Every control is a button or a slider with a name; what it does is the engine's public API.

use super::picture::go_live;
use crate::app::{Sheet, Ui};
use crate::page::browser::{Event, Node, Promise, call, document, flag, focus, number, part, text};
use crate::page::dom::{El, button, div, input, span};
use crate::page::events::Callback;
use crate::page::host::{AUTO, Host, Player};
use crate::page::icons::{self, Icon, icon};
use hawker_player_core::texts::concat;
use wasm_bindgen::{JsCast, JsValue};

/// One volume step of the keyboard.
const VOLUME_STEP: f64 = 0.1;

/// The bar at the lower edge of the picture.
pub(crate) fn bar(ui: Ui) -> El {
    let words = ui.words;
    let volume = input("volume")
        .attr("type", "range")
        .attr("min", "0")
        .attr("max", "100")
        .attr("step", "5")
        .attr("aria-label", words.volume())
        .prop("value", move || {
            if silent(ui) { 0.0 } else { ui.player.with(|player| (player.volume * 100.0).round()) }
        })
        .on("input", move |event: Event| {
            let percent = number(&event.target(), "valueAsNumber");
            set_volume(ui, percent / 100.0);
        });
    let quality = move || {
        let (chosen, playing, auto) =
            ui.player.with(|player| (player.quality.clone(), player.rendition.clone(), player.wants(AUTO)));
        if auto && playing.is_empty() {
            words.auto().to_owned()
        } else if auto {
            playing
        } else {
            chosen
        }
    };
    div("controls").child((
        (control(ui, "control", play_look, toggle_play), control(ui, "control", mute_look, toggle_mute)),
        volume,
        span("grow"),
        button("control words")
            .attr("aria-label", move || concat(&[words.quality(), ": ", &quality()]))
            .attr("aria-haspopup", "dialog")
            .tap(ui, |ui| ui.toggle(Sheet::Quality))
            .child(quality),
        control(
            ui,
            "control",
            |ui| (ui.words.danmaku_settings(), icons::TUNE),
            |ui| ui.toggle(Sheet::Danmaku),
        ),
        control(ui, "control", |ui| (ui.words.stats(), icons::CHART), |ui| ui.toggle(Sheet::Stats)),
        ui.with_host(|host| host.screen().is_some_and(|screen| flag(&screen, "canPictureInPicture")))
            .unwrap_or_default()
            .then(|| control(ui, "control wide", |ui| (ui.words.small_window(), icons::SMALL), small_window)),
        control(ui, "control", |ui| (ui.words.full_screen(), icons::FULL), full_screen),
    ))
}

/// Open, shrink and close, for the floating player only (its styles hide them elsewhere).
pub(crate) fn float_buttons(ui: Ui) -> El {
    div("float").child((
        control(ui, "control only-mini", |ui| (ui.words.expand(), icons::EXPAND), |ui| expand(ui, true)),
        control(ui, "control only-open", |ui| (ui.words.shrink(), icons::SHRINK), |ui| expand(ui, false)),
        control(ui, "control only-mini", |ui| (ui.words.close(), icons::CLOSE), close),
    ))
}

/// The floating player grows and shrinks; the one in the corner goes back to its place.
fn expand(ui: Ui, expanded: bool) {
    ui.with_host(|host| {
        if host.is("[mini]") {
            mini(ui, Some(false));
            // Every element has it.
            let _ = call(host, "scrollIntoView");
        } else {
            host.toggle_attribute("expanded", expanded);
        }
    });
}

fn mini(ui: Ui, on: Option<bool>) {
    if let Some(screen) = ui.with_host(Host::screen).flatten() {
        screen.mini(on);
    }
}

fn small_window(ui: Ui) {
    if let Some(screen) = ui.with_host(Host::screen).flatten() {
        deaf(call(&screen, "pictureInPicture").unwrap_or_default());
    }
}

fn close(ui: Ui) {
    ui.with_host(|host| {
        if host.is("[mini]") {
            host.act("pause");
            mini(ui, Some(false));
        } else if host.tell("hawker:close", &JsValue::NULL) {
            host.remove();
        }
    });
}

/// A button with its name and icon, which are followed.
fn control(ui: Ui, class: &'static str, look: fn(Ui) -> (&'static str, Icon), act: fn(Ui)) -> El {
    let name = move || look(ui).0;
    button(class).attr("aria-label", name).attr("title", name).tap(ui, act).child(icon(move || look(ui).1))
}

fn play_look(ui: Ui) -> (&'static str, Icon) {
    if ui.player.with(rests) { (ui.words.play(), icons::PLAY) } else { (ui.words.pause(), icons::PAUSE) }
}

/// A start that the browser refused is none.
fn rests(player: &Player) -> bool {
    player.paused || player.blocked
}

fn silent(ui: Ui) -> bool {
    ui.player.with(|player| player.muted || player.volume == 0.0)
}

fn mute_look(ui: Ui) -> (&'static str, Icon) {
    if silent(ui) { (ui.words.unmute(), icons::MUTED) } else { (ui.words.mute(), icons::SOUND) }
}

fn toggle_play(ui: Ui) {
    ui.with_host(|host| {
        host.act(if rests(&host.player()) { "play" } else { "pause" });
    });
    ui.look();
}

pub(super) fn toggle_mute(ui: Ui) {
    ui.with_host(|host| {
        let player = host.player();
        let silent = player.muted || player.volume == 0.0;
        if silent && player.volume == 0.0 {
            host.set_volume(1.0);
        }
        host.set_muted(!silent);
        host.keep_sound();
    });
    ui.look();
}

fn set_volume(ui: Ui, volume: f64) {
    ui.with_host(|host: &Host| {
        host.set_volume(volume.clamp(0.0, 1.0));
        host.set_muted(volume <= 0.0);
        host.keep_sound();
    });
    ui.look();
}

fn full_screen(ui: Ui) {
    let asked = if flag(&document(), "fullscreenElement") {
        call(&document(), "exitFullscreen")
    } else {
        // The element's own: a phone without full screen for elements has it for the video.
        ui.with_host(|host| call(host, "requestFullscreen")).unwrap_or(Ok(JsValue::NULL))
    };
    deaf(asked.unwrap_or_default());
}

/// A refusal (no gesture, not allowed in this frame) leaves the page as it is.
fn deaf(asked: JsValue) {
    if asked.is_object() {
        DEAF.with(|deaf| asked.unchecked_into::<Promise>().catch(deaf.function()));
    }
}

thread_local! {
    static DEAF: Callback = Callback::new(|_| {});
}

/// Keys as on video sites, unless what has the focus needs them itself; the sheet of keys names them. Escape closes a sheet.
pub(crate) fn key(ui: Ui, event: &Event) {
    if ["ctrlKey", "altKey", "metaKey"].iter().any(|key| flag(event, key)) {
        return;
    }
    // Heard on the element: the first of the path is what has the focus, or the element itself.
    let path = call(event, "composedPath").unwrap_or_default();
    let Some(at) = part::<Node>(&path, "0") else { return };
    let is = |selector| at.is(selector);
    let mut key = text(event, "key");
    if key.len() == 1 {
        // Caps Lock changes nothing.
        key.make_ascii_lowercase();
    }
    if key == "Escape" {
        ui.close_sheet();
        return;
    }
    let taken = match key.as_str() {
        " " => is("input, button, a, .sheet"),
        "ArrowUp" | "ArrowDown" => is("input, .sheet, [tabindex='0']"),
        _ => is("input:not([type=range], [type=checkbox])"),
    };
    if taken {
        return;
    }
    if is("[role=radio], [role=tab]") && key.starts_with("Arrow") {
        let back = key == "ArrowUp" || key == "ArrowLeft";
        let way = if back { "previousElementSibling" } else { "nextElementSibling" };
        if let Some(next) = part(&at, way) {
            focus(&next);
        }
        event.prevent_default();
        return;
    }
    match key.as_str() {
        // A key that is held down is pressed once.
        " " | "k" | "m" | "f" | "c" | "i" | "p" | "l" | "?" if flag(event, "repeat") => {}
        " " | "k" | "MediaPlayPause" => toggle_play(ui),
        "m" => toggle_mute(ui),
        "f" => full_screen(ui),
        "c" => {
            ui.settings.update(|settings| settings.on = !settings.on);
            ui.settings.copy().keep();
        }
        "i" => mini(ui, None),
        "p" => small_window(ui),
        "l" => go_live(ui),
        "?" => ui.toggle(Sheet::Keys),
        "ArrowUp" | "ArrowDown" => {
            let step = if key == "ArrowUp" { VOLUME_STEP } else { -VOLUME_STEP };
            let volume = ui.player.peek(|player| if player.muted { 0.0 } else { player.volume });
            set_volume(ui, volume + step);
        }
        _ => return,
    }
    event.prevent_default();
}
