//! What comes in from the encoder, and whether it is good: figures, their last two minutes, and advice.

use leptos::html::{dd, div, dl, dt, li, span, ul};
use leptos::prelude::*;
use leptos::svg;

use super::room::Here;
use crate::api::{Health, Rendition, Warning};
use crate::desk::Lang;
use crate::format::{bits, tenths};
use crate::history::History;
use crate::limits;
use crate::widget::{card, states};

/// The three figures that are plotted.
#[derive(Clone, Copy)]
struct Plots {
    bitrate: RwSignal<History>,
    fps: RwSignal<History>,
    gop: RwSignal<History>,
}

pub(super) fn view(here: Here) -> impl IntoView {
    let desk = here.desk;
    let plots = Plots {
        bitrate: RwSignal::new(History::default()),
        fps: RwSignal::new(History::default()),
        gop: RwSignal::new(History::default()),
    };
    sample(here, plots);
    let first = move || here.health.with(|health| health.renditions.first().cloned()).flatten();
    let figures = move || {
        first().map(|rendition| {
            div().class("figures").child((
                figure(desk.word("Bitrate", "码率"), bits(rendition.bitrate_bps), plots.bitrate),
                figure(desk.word("Frames", "帧率"), format!("{} fps", tenths(rendition.fps_now)), plots.fps),
                figure(
                    desk.word("Keyframe every", "关键帧间隔"),
                    format!("{} s", tenths(rendition.gop_ms / 1_000.0)),
                    plots.gop,
                ),
            ))
        })
    };
    let table = move || {
        let renditions = here.health.value().renditions;
        dl().class("renditions").child(renditions.iter().map(rendition).collect_view())
    };
    let advice = move || {
        let health = here.health.value();
        let several = health.renditions.len() > 1;
        let of = |one: &Rendition| -> Vec<String> {
            let name = if several { format!("{}: ", one.name) } else { String::new() };
            one.warnings.iter().map(|warning| format!("{name}{}", words(here, warning))).collect()
        };
        let mut lines: Vec<String> = health.renditions.iter().flat_map(of).collect();
        lines.extend(ladder(here, &health));
        (!lines.is_empty()).then(|| {
            ul().class("advice").child(lines.into_iter().map(|line| li().child(line)).collect_view())
        })
    };
    let nothing =
        ("Nothing comes in. Start your encoder with the address below.", "没有信号。请用下方地址开始推流。");
    card(
        "signal",
        "signal",
        desk.say("Signal", "信号"),
        (),
        (
            states(desk, here.health, |health: &Health| health.renditions.is_empty(), nothing),
            figures,
            advice,
            table,
        ),
    )
}

/// One sample a question, also when the answer was the same: the plot's axis is time.
fn sample(here: Here, plots: Plots) {
    let handle = set_interval_with_handle(
        move || {
            let now = here.health.with(|health| health.renditions.first().cloned()).flatten();
            plots.bitrate.update(|history| history.push(now.as_ref().map(|one| one.bitrate_bps)));
            plots.fps.update(|history| history.push(now.as_ref().map(|one| one.fps_now)));
            plots.gop.update(|history| history.push(now.as_ref().map(|one| one.gop_ms)));
        },
        std::time::Duration::from_millis(limits::SIGNAL_MS.into()),
    );
    on_cleanup(move || {
        if let Ok(handle) = handle {
            handle.clear();
        }
    });
}

fn figure(name: &'static str, now: String, history: RwSignal<History>) -> impl IntoView {
    const WIDTH: f64 = 160.0;
    const HEIGHT: f64 = 40.0;
    let line = svg::path().attr("d", move || history.with(|history| history.path(WIDTH, HEIGHT)));
    let plot = svg::svg()
        .attr("viewBox", format!("0 -2 {WIDTH} {}", HEIGHT + 4.0))
        .attr("preserveAspectRatio", "none")
        .attr("class", "plot")
        .attr("aria-hidden", "true")
        .child(line);
    div().class("figure").child((span().class("name").child(name), span().class("now").child(now), plot))
}

fn rendition(one: &Rendition) -> impl IntoView + use<> {
    let picture = match (one.width, one.height) {
        (0, _) | (_, 0) => String::new(),
        (width, height) => format!("{width}×{height} · {} fps · ", tenths(one.fps)),
    };
    let line = format!("{picture}{} · {}", bits(one.bitrate_bps), one.codecs);
    (dt().attr("translate", "no").child(one.name.clone()), dd().attr("translate", "no").child(line))
}

/// A warning in the operator's language; one that the console doesn't know in the server's English.
fn words(here: Here, warning: &Warning) -> String {
    let desk = here.desk;
    let count = warning.value;
    match (desk.lang.get(), warning.code.as_str()) {
        (Lang::Zh, "rare-keyframes") => format!(
            "关键帧间隔为 {} 秒。请设为 1 或 2 秒，观众进入和切换画质会更快。",
            tenths(count / 1_000.0)
        ),
        (Lang::Zh, "unaligned-keyframes") => {
            "关键帧与本房间其他编码器的不对齐，观众无法切换到此画质。请用同一个编码器发送所有画质，并使用相同的关键帧间隔。".to_owned()
        }
        (Lang::Zh, "open-gops") => {
            "编码器使用了开放式 GOP：观众进入或切换画质时，关键帧之后会缺几帧。请在编码器中关闭（x265：open-gop=0），或不使用 B 帧。".to_owned()
        }
        (Lang::Zh, "dropped-frames") => format!("有 {count} 帧无法使用，已丢弃。"),
        (Lang::Zh, "foreign-sound") => "声音不是 AAC 编码，观众听不到。请在编码器中选择 AAC。".to_owned(),
        (Lang::Zh, "no-sound") => "编码器没有发送声音，或声音来得太晚。请检查麦克风。".to_owned(),
        (Lang::Zh, "gone") => "编码器已断开。".to_owned(),
        _ => warning.message.clone(),
    }
}

/// The server's transcoding, in words; nothing when nobody asked for it.
fn ladder(here: Here, health: &Health) -> Option<String> {
    let desk = here.desk;
    let words = match health.ladder.as_str() {
        "running" => desk.word("The server makes the lower qualities.", "服务器正在转码生成较低画质。"),
        "restarting" => desk.word("Transcoding failed and is tried again.", "转码失败，正在重试。"),
        "unavailable" => desk.word(
            "The server cannot make lower qualities: viewers get the original only.",
            "服务器无法转码：观众只能观看原画。",
        ),
        _ => return None,
    };
    Some(format!("{words} {}", health.ladder_reason).trim_end().to_owned())
}
