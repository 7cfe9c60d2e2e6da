//! The sheets: quality, danmaku settings, playback details, the name. One is open at a time; Escape or a tap outside closes it.

use crate::app::{Sheet, Ui};
use crate::page::browser::{Event, Node, field, flag, focus, number, part, set, text, trim};
use crate::page::dom::{Child, El, button, div, dl, el, form, input, label, p, span, svg};
use crate::page::events::Frame;
use crate::page::host::{AUTO, Figures, Host};
use crate::page::icons::{self, icon};
use crate::page::signals::{Signal, keep};
use crate::page::store;
use crate::page::words::{fill, yes_or_no};
use crate::room::danmaku::Settings;
use hawker_player_core::decimal::decimal;
use hawker_player_core::room::limits;
use hawker_player_core::texts::concat;

/// Where the link seems to carry so many times what the next better rendition takes, it is the proof that is waited for.
const UNPROVEN: f64 = 1.5;

/// The open sheet.
pub(crate) fn sheet(ui: Ui) -> impl Child {
    move || {
        let sheet = ui.sheet.get();
        let (title, body) = match sheet {
            Sheet::None => return None,
            Sheet::Quality => (ui.words.quality(), quality(ui)),
            Sheet::Danmaku => (ui.words.danmaku_settings(), danmaku(ui)),
            Sheet::Stats => (ui.words.stats(), stats(ui)),
            Sheet::Name => (ui.words.name_title(), name(ui)),
            Sheet::Keys => (ui.words.keys(), keys(ui)),
        };
        let dialog = div("sheet").attr("role", "dialog").attr("aria-label", title).attr("tabindex", "-1");
        hand_over(ui, dialog.node());
        Some((
            div("veil").attr("aria-hidden", "true").tap(ui, |ui| ui.close_sheet()),
            dialog.child((
                div("sheet-head").child((
                    el("h2").child(title),
                    button("plain")
                        .attr("aria-label", ui.words.close())
                        .tap(ui, |ui| ui.close_sheet())
                        .child(icon(icons::CLOSE)),
                )),
                body,
            )),
        ))
    }
}

/// The keys go to the sheet, or to its field, and back to where they were when it closes.
fn hand_over(ui: Ui, sheet: Node) {
    keep(ui.with_host(|host| part(&field(host, "shadowRoot"), "activeElement")).flatten().map(Back));
    let frame = Frame::new(move || {
        // A remote control may be there already.
        if sheet.find(":focus").is_none() {
            focus(sheet.find(".field").as_ref().unwrap_or(&sheet));
        }
    });
    frame.ask();
    keep(frame);
}

/// Gets the keys when dropped.
struct Back(Node);

impl Drop for Back {
    fn drop(&mut self) {
        focus(&self.0);
    }
}

fn quality(ui: Ui) -> El {
    let choice = move |name: String, label: String, more: El| {
        let chosen = name.clone();
        let checked = move || yes_or_no(ui.player.with(|player| player.wants(&chosen)));
        button("choice")
            .attr("role", "radio")
            .attr("aria-checked", checked)
            .on("click", move |_| {
                ui.with_host(|host| set(host, "quality", &name.as_str().into()));
                store::keep("hawker:quality", &name);
                ui.look();
                ui.sheet.set(Sheet::None);
            })
            .child((el("span").child(label), more))
    };
    let more = || span("choice-more");
    let rungs = ui.player.peek(|player| player.renditions.clone());
    let mut choices =
        vec![choice(AUTO.to_owned(), ui.words.auto().to_owned(), more().child(move || why(ui)))];
    choices.extend(rungs.into_iter().map(|(name, bps)| {
        choice(name.clone(), name, more().child((bps > 0.0).then(|| concat(&[&tenths(bps / 1e6), " Mb/s"]))))
    }));
    let saves = ui.with_host(Host::screen).flatten().map(|screen| {
        let saves = flag(&screen, "saveData");
        switch(ui.words.saver(), saves, move |on| set(&screen, "saveData", &on.into()))
    });
    el("div").child((
        div("choices").attr("role", "radiogroup").attr("aria-label", ui.words.quality()).child(choices),
        saves,
    ))
}

/// What plays by itself, and why nothing better does; nothing where the viewer has chosen.
fn why(ui: Ui) -> String {
    // The estimate is no signal: look again with the clock.
    ui.wall.track();
    if !ui.player.with(|player| player.wants(AUTO)) {
        return String::new();
    }
    let words = ui.words;
    // What the next better one takes of the link; nothing: there is none.
    let (playing, better) = ui.player.with(|player| {
        let better = player.renditions.iter().take_while(|(name, _)| *name != player.rendition);
        (player.rendition.clone(), better.last().map(|(_, bps)| *bps))
    });
    let limit = ui.with_host(Host::screen).flatten().map(|screen| text(&screen, "limit")).unwrap_or_default();
    let reason = match limit.as_str() {
        // The browser's own player tells nothing.
        _ if playing.is_empty() => return playing,
        _ if better.is_none() => words.why_best().to_owned(),
        "size" => words.why_size().to_owned(),
        "saver" => words.why_saver().to_owned(),
        "device" => words.why_device().to_owned(),
        _ => match ui.with_host(|host| host.stat("estimateBps")).flatten() {
            Some(bps) if better.is_none_or(|better| bps < better * UNPROVEN) => {
                fill(words.why_link(), &[&tenths(bps / 1e6)])
            }
            _ => words.why_unknown().to_owned(),
        },
    };
    concat(&[&playing, ": ", &reason])
}

fn keys(ui: Ui) -> El {
    let words = ui.words;
    let row = |keys: &'static str, what: &'static str| {
        div("row").child((el("dt").child(el("kbd").child(keys)), el("dd").child(what)))
    };
    dl("stats").child((
        row("Space  K", words.play()),
        row("M", words.mute()),
        row("↑  ↓", words.volume()),
        row("F", words.full_screen()),
        row("C", words.show_comments()),
        (row("I", words.mini()), row("P", words.small_window())),
        row("L", words.go_live()),
        row("?", words.keys()),
    ))
}

fn switch(name: &'static str, on: bool, act: impl Fn(bool) + 'static) -> El {
    label("switch").child((
        el("span").child(name),
        el("input")
            .attr("type", "checkbox")
            .attr("role", "switch")
            .prop("checked", on)
            .on("change", move |event: Event| act(flag(&event.target(), "checked"))),
    ))
}

fn danmaku(ui: Ui) -> El {
    let change = move |change: &dyn Fn(&mut Settings)| {
        ui.settings.update(|settings| change(settings));
        ui.settings.copy().keep();
    };
    let settings = ui.settings.copy();
    let on = switch(ui.words.danmaku(), settings.on, move |on| change(&|settings| settings.on = on));
    let overlap =
        switch(ui.words.overlap(), settings.apart, move |on| change(&|settings| settings.apart = on));
    let slider = move |name: &'static str, range: (u32, u32, u32), field: fn(&mut Settings) -> &mut u32| {
        let (low, high, step) = range;
        let value = move || ui.settings.with(|settings| *field(&mut settings.clone()));
        label("slider").child((
            span("slider-name").child(name),
            el("input")
                .attr("type", "range")
                .attr("min", decimal(low.into()))
                .attr("max", decimal(high.into()))
                .attr("step", decimal(step.into()))
                .prop("value", move || f64::from(value()))
                .on("input", move |event: Event| {
                    let percent = number(&event.target(), "valueAsNumber");
                    change(&|settings| *field(settings) = percent as u32);
                }),
            span("slider-value").child(move || concat(&[&decimal(value().into()), "%"])),
        ))
    };
    let still = crate::room::danmaku::still().then(|| p("hint").child(ui.words.reduced_motion()));
    div("settings").child((
        still,
        on,
        slider(ui.words.opacity(), (20, 100, 10), |settings| &mut settings.opacity),
        slider(ui.words.area(), (25, 100, 25), |settings| &mut settings.area),
        slider(ui.words.size(), (60, 160, 10), |settings| &mut settings.size),
        slider(ui.words.speed(), (50, 200, 10), |settings| &mut settings.speed),
        overlap,
    ))
}

/// Figures, the first four with their last minute as a line.
fn stats(ui: Ui) -> El {
    let row = move |name: &'static str, value: fn(&Host) -> String, line: Option<usize>| {
        let value = move || {
            // Read anew with the clock: twice a second is as fast as a person reads.
            ui.wall.track();
            ui.with_host(value).unwrap_or_default()
        };
        div("row").child((el("dt").child(name), line.map(|of| plot(ui, of)), el("dd").child(value)))
    };
    dl("stats").child((
        row(ui.words.latency(), |host| ms(host.stat("latencyMs")), Some(0)),
        row(ui.words.buffer(), |host| ms(host.stat("bufferMs")), Some(1)),
        row(
            ui.words.bandwidth(),
            |host| host.stat("estimateBps").map_or_else(dash, |bps| concat(&[&tenths(bps / 1e6), " Mb/s"])),
            Some(2),
        ),
        row(ui.words.quality(), |host| host.player().rendition, Some(3)),
        row(
            ui.words.stalls(),
            |host| {
                let stalls = host.stat("stalls").map_or_else(dash, |stalls| decimal(stalls as u64));
                concat(&[&stalls, " · ", &ms(host.stat("stalledMs"))])
            },
            None,
        ),
        row(
            ui.words.dropped(),
            |host| host.stat("droppedFrames").map_or_else(dash, |n| decimal(n as u64)),
            None,
        ),
        row(
            ui.words.speed_now(),
            |host| host.stat("rate").map_or_else(dash, |rate| concat(&[&percent(rate), "%"])),
            None,
        ),
    ))
}

/// The line of one figure: the newest at the right, its highest of the minute at the top.
fn plot(ui: Ui, of: usize) -> El {
    let line = move || {
        ui.wall.track();
        let past = ui.past.borrow();
        let value = |Figures(all): &Figures| all.get(of).copied().unwrap_or_default();
        let highest = past.iter().map(value).fold(1.0, f64::max);
        let mut path = String::new();
        for (figures, x) in past.iter().rev().zip((0..=240_u64).rev()) {
            path.push_str(if path.is_empty() { "M" } else { "L" });
            path.push_str(&decimal(x));
            path.push(' ');
            path.push_str(&decimal(28 - (value(figures) / highest * 26.0) as u64));
        }
        path
    };
    svg("svg")
        .attr("class", "plot")
        .attr("viewBox", "0 0 240 30")
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true")
        .child(svg("path").attr("d", line))
}

fn dash() -> String {
    "–".to_owned()
}

fn ms(value: Option<f64>) -> String {
    value.map_or_else(dash, |ms| concat(&[&decimal(ms.max(0.0).round() as u64), " ms"]))
}

fn percent(rate: f64) -> String {
    decimal((rate * 100.0).round() as u64)
}

fn tenths(value: f64) -> String {
    let tenths = (value.max(0.0) * 10.0).round() as u64;
    concat(&[&decimal(tenths / 10), ".", &decimal(tenths % 10)])
}

fn name(ui: Ui) -> El {
    let typed = Signal::new(ui.room(&ui.me, |room| room.name.clone()));
    let nickname = input("field")
        .attr("type", "text")
        .attr("name", "nickname")
        .attr("autocomplete", "nickname")
        .attr("maxlength", decimal(limits::NAME_CHARS as u64))
        .prop("value", move || typed.get())
        .on("input", move |event: Event| typed.set(text(&event.target(), "value")));
    form("settings")
        .on("submit", move |event: Event| {
            event.prevent_default();
            let name = typed.peek(|name| trim(name));
            if !name.is_empty() {
                ui.sheet.set(Sheet::None);
                ui.rename(&name);
            }
        })
        .child((
            label("column").child((span("slider-name").child(ui.words.name_label()), nickname)),
            p("hint").child(ui.words.name_hint()),
            button("primary").attr("type", "submit").child(ui.words.name_save()),
        ))
}
