//! The danmaku layer: paints what the stage decides, with pooled nodes moved by transforms. Text goes in as text. Under
//! reduced motion, or switched off, nothing is painted and the list alone shows what is said.

use crate::app::Ui;
use crate::page::clock;
use crate::page::dom::{Child as _, Nodes, div};
use crate::page::events::Listener;
use crate::page::store;
use hawker_player_core::room::stage::{Comment, Input, Output, Shape, Stage};
use hawker_wire::{Machine, Span};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ResizeObserver, window};

/// Where the settings are kept.
const KEY: &str = "hawker:danmaku";

/// As in `base.css`: widths are measured with it.
const FONT: &str =
    "system-ui, -apple-system, \"PingFang SC\", \"Noto Sans CJK SC\", \"Microsoft YaHei\", sans-serif";

/// What the viewer chose, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) on: bool,
    pub(crate) opacity: u32,
    pub(crate) area: u32,
    pub(crate) size: u32,
    pub(crate) speed: u32,
    /// Nothing overlaps; off, comments enter at once wherever the lanes are least full.
    pub(crate) apart: bool,
}

impl Settings {
    const DEFAULT: Self = Self { on: true, opacity: 90, area: 50, size: 100, speed: 100, apart: true };

    /// As left last time, each value within its range.
    pub(crate) fn remembered() -> Self {
        Self::parse(&store::read(KEY)).unwrap_or(Self::DEFAULT)
    }

    fn parse(kept: &str) -> Option<Self> {
        let mut numbers = kept.split(',').map(|number| number.parse::<u32>().ok());
        let mut next = |low: u32, high: u32| numbers.next().flatten().map(|number| number.clamp(low, high));
        Some(Self {
            on: next(0, 1)? == 1,
            opacity: next(20, 100)?,
            area: next(25, 100)?,
            size: next(60, 160)?,
            speed: next(50, 200)?,
            apart: next(0, 1)? == 1,
        })
    }

    /// Remembers them.
    pub(crate) fn keep(self) {
        let numbers =
            [u32::from(self.on), self.opacity, self.area, self.size, self.speed, u32::from(self.apart)];
        store::keep(KEY, &numbers.map(|number| number.to_string()).join(","));
    }
}

/// The painter of one layer.
pub(crate) struct Painter {
    layer: HtmlElement,
    measure: Option<CanvasRenderingContext2d>,
    stage: RefCell<Stage>,
    settings: Cell<Settings>,
    lane_px: Cell<f64>,
    texts: RefCell<BTreeMap<u64, String>>,
    nodes: RefCell<BTreeMap<u64, HtmlElement>>,
    pool: RefCell<Vec<HtmlElement>>,
    frame: RefCell<Option<Closure<dyn FnMut()>>>,
    frame_asked: Cell<bool>,
    watchers: RefCell<Vec<Box<dyn std::any::Any>>>,
    me: Weak<Self>,
}

/// The viewer's system asks for less motion.
pub(crate) fn still() -> bool {
    let query =
        window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

fn hidden() -> bool {
    window().and_then(|window| window.document()).is_some_and(|document| document.hidden())
}

impl Painter {
    fn new(layer: HtmlElement, settings: Settings) -> Rc<Self> {
        let measure = window()
            .and_then(|window| window.document())
            .and_then(|document| document.create_element("canvas").ok())
            .and_then(|canvas| canvas.unchecked_into::<HtmlCanvasElement>().get_context("2d").ok().flatten())
            .map(JsCast::unchecked_into);
        let painter = Rc::new_cyclic(|me| Self {
            layer,
            measure,
            stage: RefCell::new(Stage::new(Shape {
                width: 0.0,
                lanes: 0,
                crossing: Span::ZERO,
                gap: 0.0,
                apart: true,
            })),
            settings: Cell::new(settings),
            lane_px: Cell::new(0.0),
            texts: RefCell::default(),
            nodes: RefCell::default(),
            pool: RefCell::default(),
            frame: RefCell::default(),
            frame_asked: Cell::default(),
            watchers: RefCell::default(),
            me: me.clone(),
        });
        painter.watch();
        painter.shape();
        painter
    }

    fn watch(&self) {
        let me = self.me.clone();
        let on_frame = Closure::<dyn FnMut()>::new(move || {
            if let Some(painter) = me.upgrade() {
                painter.frame_asked.set(false);
                painter.paint();
            }
        });
        self.frame.replace(Some(on_frame));
        let me = self.me.clone();
        let on_size = Closure::<dyn FnMut()>::new(move || {
            if let Some(painter) = me.upgrade() {
                painter.shape();
            }
        });
        let mut watchers: Vec<Box<dyn std::any::Any>> = Vec::new();
        if let Ok(observer) = ResizeObserver::new(on_size.as_ref().unchecked_ref()) {
            observer.observe(&self.layer);
            watchers.push(Box::new(Observer(observer)));
        }
        watchers.push(Box::new(on_size));
        if let Some(window) = window() {
            if let Some(document) = window.document() {
                let me = self.me.clone();
                watchers.push(Box::new(Listener::new(&document, "visibilitychange", move |_| {
                    if let Some(painter) = me.upgrade() {
                        painter.stage(Input::Shown(!hidden()));
                    }
                })));
            }
            if let Ok(Some(query)) = window.match_media("(prefers-reduced-motion: reduce)") {
                let me = self.me.clone();
                watchers.push(Box::new(Listener::new(&query, "change", move |_| {
                    if let Some(painter) = me.upgrade() {
                        painter.shape();
                    }
                })));
            }
        }
        self.watchers.replace(watchers);
    }

    /// Takes new settings.
    pub(crate) fn set(&self, settings: Settings) {
        self.settings.set(settings);
        self.shape();
    }

    fn shape(&self) {
        let settings = self.settings.get();
        let width = f64::from(self.layer.client_width());
        let height = f64::from(self.layer.client_height());
        // A phone's picture reads at 15 px, a wall display at 28.
        let font = (10.0 + width / 70.0).clamp(15.0, 28.0) * f64::from(settings.size) / 100.0;
        let lane = (font * 1.5).round();
        let shown = settings.on && !still() && height > 0.0;
        let lanes = if shown { (height * f64::from(settings.area) / 100.0 / lane) as usize } else { 0 };
        // A wider picture takes longer to cross, so that words stay readable; 5.6 s on a phone, 9 s on a desktop.
        let seconds = (4.5 + width / 300.0).clamp(5.0, 9.0) * 100.0 / f64::from(settings.speed);
        let style = self.layer.style();
        // Setting a known property to a valid value cannot fail.
        let _ = style.set_property("--font", &[&((font * 10.0) as u32 / 10).to_string(), "px"].concat());
        let _ = style.set_property("--lane", &[&(lane as u32).to_string(), "px"].concat());
        let _ = style.set_property("opacity", &[&settings.opacity.to_string(), "%"].concat());
        if let Some(measure) = &self.measure {
            measure.set_font(&["600 ", &(font as u32).to_string(), "px ", FONT].concat());
        }
        self.lane_px.set(lane);
        let crossing = Span((seconds * 1e6) as u64);
        self.stage(Input::Shape(Shape { width, lanes, crossing, gap: font, apart: settings.apart }));
    }

    /// Throws a comment on the stage.
    pub(crate) fn say(&self, id: u64, text: &str, own: bool) {
        let measured = self.measure.as_ref().and_then(|measure| measure.measure_text(text).ok());
        // The padding that own comments have for their frame.
        let frame = if own { 20.0 } else { 0.0 };
        let width = measured.map_or(0.0, |text| text.width()) + frame;
        self.texts.borrow_mut().insert(id, text.to_owned());
        self.stage(Input::Say(Comment { id, width, own }));
    }

    /// Takes a comment off.
    pub(crate) fn remove(&self, id: u64) {
        self.stage(Input::Remove(id));
        self.texts.borrow_mut().remove(&id);
    }

    fn stage(&self, input: Input) {
        self.stage.borrow_mut().handle(clock::now(), input);
        self.paint();
    }

    fn paint(&self) {
        let now = clock::now();
        let mut stage = self.stage.borrow_mut();
        stage.tick(now);
        while let Some(output) = stage.poll() {
            match output {
                Output::Enter(comment) => self.enter(comment),
                Output::Leave(id) => self.leave(id),
                Output::Drop(id) => {
                    self.texts.borrow_mut().remove(&id);
                }
            }
        }
        let nodes = self.nodes.borrow();
        for placed in stage.frame(now) {
            if let Some(node) = nodes.get(&placed.id) {
                // As above; also the one call a frame and comment.
                let _ = node
                    .style()
                    .set_property("transform", &translate(placed.x, placed.lane as f64 * self.lane_px.get()));
            }
        }
        if stage.wake().is_some() && !hidden() {
            self.ask_frame();
        }
    }

    fn ask_frame(&self) {
        if !self.frame_asked.replace(true)
            && let (Some(frame), Some(window)) = (&*self.frame.borrow(), window())
        {
            let asked = window.request_animation_frame(frame.as_ref().unchecked_ref());
            self.frame_asked.set(asked.is_ok());
        }
    }

    fn enter(&self, comment: Comment) {
        let Some(text) = self.texts.borrow_mut().remove(&comment.id) else { return };
        let node = self.pool.borrow_mut().pop().or_else(|| {
            let document = window()?.document()?;
            Some(document.create_element("span").ok()?.unchecked_into::<HtmlElement>())
        });
        let Some(node) = node else { return };
        node.set_class_name(if comment.own { "fly own" } else { "fly" });
        node.set_text_content(Some(&text));
        // A node that is not in the layer yet can always be added.
        let _ = self.layer.append_child(&node);
        self.nodes.borrow_mut().insert(comment.id, node);
    }

    fn leave(&self, id: u64) {
        if let Some(node) = self.nodes.borrow_mut().remove(&id) {
            node.remove();
            node.set_text_content(None);
            self.pool.borrow_mut().push(node);
        }
    }
}

struct Observer(ResizeObserver);

impl Drop for Observer {
    fn drop(&mut self) {
        self.0.disconnect();
    }
}

/// `translate3d` to a tenth of a pixel, without the float printer's code size.
fn translate(x: f64, y: f64) -> String {
    let tenths = (x * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, part) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    [
        "translate3d(",
        sign,
        &whole.to_string(),
        ".",
        &part.to_string(),
        "px,",
        &(y as i64).to_string(),
        "px,0)",
    ]
    .concat()
}

/// The layer over the picture. Hidden from readers: the list says the same.
pub(crate) fn layer(ui: Ui) -> Nodes {
    let layer = div().class("danmaku").attr("aria-hidden", "true");
    ui.painter.set_value(Some(Painter::new(layer.node(), ui.settings.get_untracked())));
    Effect::new(move |_| {
        let settings = ui.settings.get();
        ui.painter.with_value(|painter| {
            if let Some(painter) = painter {
                painter.set(settings);
            }
        });
    });
    layer.nodes()
}
