//! The danmaku layer: paints what the stage decides, with pooled nodes moved by transforms. Text goes in as text. Under
//! reduced motion, or switched off, nothing is painted and the list alone shows what is said.

use crate::app::Ui;
use crate::page::browser::{Canvas, Node, ResizeObserver, call, document, flag, match_media, number, set};
use crate::page::clock;
use crate::page::dom::{El, div};
use crate::page::events::{Callback, Frame, Listener};
use crate::page::signals::follow;
use crate::page::store;
use hawker_player_core::decimal::{decimal, parse};
use hawker_player_core::room::stage::{Comment, Input, Output, Shape, Stage};
use hawker_player_core::texts::concat;
use hawker_wire::{Machine, Span};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsCast;

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
        let mut numbers = kept.as_bytes().split(|byte| *byte == b',');
        let mut next = |low: u32, high: u32| {
            let number = u32::try_from(parse(numbers.next()?)?).ok()?;
            Some(number.clamp(low, high))
        };
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
        let mut text = String::new();
        for number in numbers {
            text.push_str(&decimal(number.into()));
            text.push(',');
        }
        store::keep(KEY, &text);
    }
}

/// A comment that waits for the stage, or is on it.
enum Word {
    Waiting(String),
    Shown(Node),
}

/// The painter of one layer.
pub(crate) struct Painter {
    layer: Node,
    measure: Option<Canvas>,
    stage: RefCell<Stage>,
    settings: Cell<Settings>,
    lane_px: Cell<f64>,
    /// By id.
    words: RefCell<Vec<(u64, Word)>>,
    pool: RefCell<Vec<Node>>,
    frame: Frame,
    /// What tells of the layer's size, and keeps its callback.
    sizes: (ResizeObserver, Callback),
    _listeners: [Listener; 2],
}

/// The question whether the viewer's system asks for less motion.
fn stillness() -> Node {
    match_media("(prefers-reduced-motion: reduce)")
}

/// The viewer's system asks for less motion.
pub(crate) fn still() -> bool {
    flag(&stillness(), "matches")
}

/// Nobody sees the page.
fn hidden() -> bool {
    flag(&document(), "hidden")
}

impl Painter {
    fn new(layer: Node, settings: Settings) -> Rc<Self> {
        let measure = document().create("canvas").unchecked_into::<Canvas>().context("2d");
        let nothing = Shape { width: 0.0, lanes: 0, crossing: Span::ZERO, gap: 0.0, apart: true };
        let painter = Rc::new_cyclic(|me: &Weak<Self>| {
            let with = |act: fn(&Self)| {
                let me = me.clone();
                move || {
                    if let Some(painter) = me.upgrade() {
                        act(&painter);
                    }
                }
            };
            let (shape, again) = (with(Self::shape), with(Self::shape));
            let show = with(|painter| painter.stage(Input::Shown(!hidden())));
            let on_size = Callback::new(move |_| shape());
            let observer = ResizeObserver::new(on_size.function());
            observer.observe(&layer);
            Self {
                layer,
                measure,
                stage: RefCell::new(Stage::new(nothing)),
                settings: Cell::new(settings),
                lane_px: Cell::new(0.0),
                words: RefCell::default(),
                pool: RefCell::default(),
                frame: Frame::new(with(Self::paint)),
                sizes: (observer, on_size),
                _listeners: [
                    Listener::new(&document(), "visibilitychange", move |_| show()),
                    Listener::new(&stillness(), "change", move |_| again()),
                ],
            }
        });
        painter.shape();
        painter
    }

    /// Takes new settings.
    pub(crate) fn set(&self, settings: Settings) {
        self.settings.set(settings);
        self.shape();
    }

    fn shape(&self) {
        let settings = self.settings.get();
        let (width, height) = (number(&self.layer, "clientWidth"), number(&self.layer, "clientHeight"));
        // A phone's picture reads at 15 px, a wall display at 28.
        let font = (10.0 + width / 70.0).clamp(15.0, 28.0) * f64::from(settings.size) / 100.0;
        let lane = (font * 1.5).round();
        let shown = settings.on && !still() && height > 0.0;
        let lanes = if shown { (height * f64::from(settings.area) / 100.0 / lane) as usize } else { 0 };
        // A wider picture takes longer to cross, so that words stay readable; 5.6 s on a phone, 9 s on a desktop.
        let seconds = (4.5 + width / 300.0).clamp(5.0, 9.0) * 100.0 / f64::from(settings.speed);
        let style = self.layer.style();
        style.set("--font", &concat(&[&decimal((font * 10.0) as u64 / 10), "px"]));
        style.set("--lane", &concat(&[&decimal(lane as u64), "px"]));
        style.set("opacity", &concat(&[&decimal(settings.opacity.into()), "%"]));
        if let Some(measure) = &self.measure {
            set(measure, "font", &concat(&["600 ", &decimal(font as u64), "px ", FONT]).into());
        }
        self.lane_px.set(lane);
        let crossing = Span((seconds * 1e6) as u64);
        self.stage(Input::Shape(Shape { width, lanes, crossing, gap: font, apart: settings.apart }));
    }

    /// Throws a comment on the stage.
    pub(crate) fn say(&self, id: u64, text: &str, own: bool) {
        // The padding that own comments have for their frame.
        let frame = if own { 20.0 } else { 0.0 };
        let width =
            self.measure.as_ref().map_or(0.0, |measure| number(&measure.measure(text), "width")) + frame;
        self.put(id, Word::Waiting(text.to_owned()));
        self.stage(Input::Say(Comment { id, width, own }));
    }

    /// Takes a comment off.
    pub(crate) fn remove(&self, id: u64) {
        self.stage(Input::Remove(id));
        self.take(id);
    }

    fn find(&self, id: u64) -> Result<usize, usize> {
        self.words.borrow().binary_search_by_key(&id, |(id, _)| *id)
    }

    fn take(&self, id: u64) -> Option<Word> {
        let at = self.find(id).ok()?;
        Some(self.words.borrow_mut().remove(at).1)
    }

    fn put(&self, id: u64, word: Word) {
        self.take(id);
        let at = self.find(id).unwrap_or_else(|at| at);
        self.words.borrow_mut().insert(at, (id, word));
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
                Output::Drop(id) => drop(self.take(id)),
            }
        }
        for placed in stage.frame(now) {
            if let Ok(at) = self.find(placed.id)
                && let Some((_, Word::Shown(node))) = self.words.borrow().get(at)
            {
                // The one call a frame and comment.
                let y = placed.lane as f64 * self.lane_px.get();
                node.style().set("transform", &translate(placed.x, y));
            }
        }
        if stage.wake().is_some() && !hidden() {
            self.frame.ask();
        }
    }

    fn enter(&self, comment: Comment) {
        let Some(Word::Waiting(text)) = self.take(comment.id) else { return };
        let node = self.pool.borrow_mut().pop().unwrap_or_else(|| document().create("span"));
        node.set_attribute("class", if comment.own { "fly own" } else { "fly" });
        node.set_text(&text);
        self.layer.append(&node);
        self.put(comment.id, Word::Shown(node));
    }

    fn leave(&self, id: u64) {
        if let Some(Word::Shown(node)) = self.take(id) {
            node.remove();
            node.set_text("");
            self.pool.borrow_mut().push(node);
        }
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        // Every observer has it.
        let _ = call(&self.sizes.0, "disconnect");
    }
}

/// `translate3d` to a tenth of a pixel, without the float printer's code size.
fn translate(x: f64, y: f64) -> String {
    let tenths = (x * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, part) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    concat(&["translate3d(", sign, &decimal(whole), ".", &decimal(part), "px,", &decimal(y as u64), "px,0)"])
}

/// The layer over the picture. Hidden from readers: the list says the same.
pub(crate) fn layer(ui: Ui) -> El {
    let layer = div("danmaku").attr("aria-hidden", "true");
    ui.paint_with(Painter::new(layer.node(), ui.settings.copy()));
    follow(move || {
        let settings = ui.settings.get();
        if let Some(painter) = ui.painter() {
            painter.set(settings);
        }
    });
    layer
}
