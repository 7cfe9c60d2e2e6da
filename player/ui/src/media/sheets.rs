//! The sheets: quality, danmaku settings, playback details, the name. One is open at a time; Escape or a tap outside closes it.

use crate::app::{Sheet, Ui};
use crate::page::browser::{Event, trim};
use crate::page::dom::{Child, El, button, dd, div, dl, dt, form, h2, input, label, p, span};
use crate::page::events::Frame;
use crate::page::icons::{self, icon};
use crate::page::signals::{Signal, keep};
use crate::page::words::yes_or_no;
use crate::room::danmaku::Settings;
use hawker_player_core::decimal::decimal;
use hawker_player_core::room::limits;

/// The open sheet.
pub(crate) fn sheet(ui: Ui) -> impl Child {
    move || {
        let sheet = ui.sheet.get();
        let (title, body) = match sheet {
            Sheet::None => return None,
            Sheet::Quality => (ui.words.quality, quality(ui)),
            Sheet::Danmaku => (ui.words.danmaku_settings, danmaku(ui)),
            Sheet::Stats => (ui.words.stats, stats(ui)),
            Sheet::Name => (ui.words.name_title, name(ui)),
        };
        Some((
            div().class("veil").attr("aria-hidden", "true").tap(ui, |ui| ui.close_sheet()),
            div().class("sheet").attr("role", "dialog").attr("aria-label", title).child((
                div().class("sheet-head").child((
                    h2().child(title),
                    button()
                        .class("plain")
                        .attr("aria-label", ui.words.close)
                        .tap(ui, |ui| ui.close_sheet())
                        .child(icon(icons::CLOSE)),
                )),
                body,
            )),
        ))
    }
}

fn quality(ui: Ui) -> El {
    let choice = move |name: String, label: String| {
        let chosen = name.clone();
        let checked = move || yes_or_no(ui.player.with(|player| player.quality == chosen));
        button()
            .attr("role", "radio")
            .attr("aria-checked", checked)
            .class("choice")
            .on("click", move |_| {
                ui.with_host(|host| host.set_quality(&name));
                ui.look();
                ui.sheet.set(Sheet::None);
            })
            .child(label)
    };
    let names = ui.player.peek(|player| player.renditions.clone());
    let mut choices = vec![choice("auto".to_owned(), ui.words.auto.to_owned())];
    choices.extend(names.into_iter().map(|name| choice(name.clone(), name)));
    div().class("choices").attr("role", "radiogroup").attr("aria-label", ui.words.quality).child(choices)
}

fn danmaku(ui: Ui) -> El {
    let change = move |change: &dyn Fn(&mut Settings)| {
        ui.settings.update(|settings| change(settings));
        ui.settings.copy().keep();
    };
    let on = label().class("switch").child((
        span().child(ui.words.danmaku),
        input().attr("type", "checkbox").attr("role", "switch").prop("checked", ui.settings.copy().on).on(
            "change",
            move |event: Event| {
                let checked = event.target().checked();
                change(&|settings| settings.on = checked);
            },
        ),
    ));
    let overlap = label().class("switch").child((
        span().child(ui.words.overlap),
        input().attr("type", "checkbox").attr("role", "switch").prop("checked", ui.settings.copy().apart).on(
            "change",
            move |event: Event| {
                let checked = event.target().checked();
                change(&|settings| settings.apart = checked);
            },
        ),
    ));
    let slider = move |name: &'static str, range: (u32, u32, u32), field: fn(&mut Settings) -> &mut u32| {
        let (low, high, step) = range;
        let value = move || ui.settings.with(|settings| *field(&mut settings.clone()));
        label().class("slider").child((
            span().class("slider-name").child(name),
            input()
                .attr("type", "range")
                .attr("min", decimal(low.into()))
                .attr("max", decimal(high.into()))
                .attr("step", decimal(step.into()))
                .prop("value", move || f64::from(value()))
                .on("input", move |event: Event| {
                    let percent = event.target().number();
                    change(&|settings| *field(settings) = percent as u32);
                }),
            span().class("slider-value").child(move || [&decimal(value().into()), "%"].concat()),
        ))
    };
    let still = crate::room::danmaku::still().then(|| p().class("hint").child(ui.words.reduced_motion));
    div().class("settings").child((
        still,
        on,
        slider(ui.words.opacity, (20, 100, 10), |settings| &mut settings.opacity),
        slider(ui.words.area, (25, 100, 25), |settings| &mut settings.area),
        slider(ui.words.size, (60, 160, 10), |settings| &mut settings.size),
        slider(ui.words.speed, (50, 200, 10), |settings| &mut settings.speed),
        overlap,
    ))
}

fn stats(ui: Ui) -> El {
    let row = move |name: &'static str, value: fn(&crate::page::host::Host) -> String| {
        let value = move || {
            // Read anew with the clock: twice a second is as fast as a person reads.
            ui.wall.track();
            ui.with_host(value).unwrap_or_default()
        };
        div().class("row").child((dt().child(name), dd().child(value)))
    };
    dl().class("stats").child((
        row(ui.words.latency, |host| ms(host.stat("latencyMs"))),
        row(ui.words.buffer, |host| ms(host.stat("bufferMs"))),
        row(ui.words.quality, |host| host.player().rendition),
        row(ui.words.bandwidth, |host| {
            host.stat("estimateBps").map_or_else(dash, |bps| [&tenths(bps / 1e6), " Mb/s"].concat())
        }),
        row(ui.words.stalls, |host| {
            let stalls = host.stat("stalls").map_or_else(dash, |stalls| decimal(stalls as u64));
            [&stalls, " · ", &ms(host.stat("stalledMs"))].concat()
        }),
        row(ui.words.dropped, |host| host.stat("droppedFrames").map_or_else(dash, |n| decimal(n as u64))),
        row(ui.words.speed_now, |host| {
            host.stat("rate").map_or_else(dash, |rate| [&percent(rate), "%"].concat())
        }),
    ))
}

fn dash() -> String {
    "–".to_owned()
}

fn ms(value: Option<f64>) -> String {
    value.map_or_else(dash, |ms| [&decimal(ms.max(0.0).round() as u64), " ms"].concat())
}

fn percent(rate: f64) -> String {
    decimal((rate * 100.0).round() as u64)
}

fn tenths(value: f64) -> String {
    let tenths = (value.max(0.0) * 10.0).round() as u64;
    [&decimal(tenths / 10), ".", &decimal(tenths % 10)].concat()
}

fn name(ui: Ui) -> El {
    let typed = Signal::new(ui.room(&ui.me, |room| room.name.clone()));
    let field = input()
        .class("field")
        .attr("type", "text")
        .attr("name", "nickname")
        .attr("autocomplete", "nickname")
        .attr("maxlength", decimal(limits::NAME_CHARS as u64))
        .prop("value", move || typed.get())
        .on("input", move |event: Event| typed.set(event.target().value()));
    let node = field.node();
    let frame = Frame::new(move || node.focus());
    frame.ask();
    keep(frame);
    form()
        .class("settings")
        .on("submit", move |event: Event| {
            event.prevent_default();
            let name = typed.peek(|name| trim(name));
            if !name.is_empty() {
                ui.sheet.set(Sheet::None);
                ui.rename(&name);
            }
        })
        .child((
            label().class("column").child((span().class("slider-name").child(ui.words.name_label), field)),
            p().class("hint").child(ui.words.name_hint),
            button().attr("type", "submit").class("primary").child(ui.words.name_save),
        ))
}
