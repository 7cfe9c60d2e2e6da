//! The driver of the core in a browser: one input at a time, then its outputs, then the timer for the next deadline. Carries
//! out what the core wants and decides nothing.

use crate::browser::{AbortController, Target, Video, clear_timeout, set_timeout};
use crate::record::Record;
use crate::source::{Refused, Source, Told};
use crate::{browser, clock, fetch, queue::Queue, video};
use hawker_player_core::media::player::{Input, Output, Player, State};
use hawker_player_core::media::{RequestId, Sample, limits};
use hawker_wire::media::Unit;
use hawker_wire::{Instant, Machine};
use js_sys::{Object, Uint8Array};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// See the module text.
pub(crate) struct Shell {
    me: Weak<Self>,
    host: JsValue,
    video: Video,
    server: String,
    base: String,
    core: RefCell<Player>,
    inputs: RefCell<VecDeque<Input>>,
    driving: Cell<bool>,
    offered: RefCell<Option<(RequestId, Vec<Uint8Array>)>>,
    queue: RefCell<Queue>,
    source: RefCell<Option<Source>>,
    /// Counts MediaSources: what an old one still tells is not heard.
    sources: Cell<u32>,
    /// Bytes of the append in progress; 0: a removal.
    appending: Cell<u32>,
    requests: RefCell<Vec<(RequestId, Rc<AbortController>)>>,
    asking: RefCell<Option<Rc<AbortController>>>,
    asks: Cell<u32>,
    timer: RefCell<Option<(f64, Instant)>>,
    on_timer: Closure<dyn FnMut()>,
    /// Overrides the core's word: "unsupported", or native playback's own.
    override_state: Cell<Option<&'static str>>,
    pub(crate) watch: video::Watch,
    pub(crate) stopped: Cell<bool>,
    latency_told: Cell<Instant>,
}

impl Shell {
    pub(crate) fn new(host: JsValue, video: Video, server: &str, room: &str) -> Rc<Self> {
        let seed = (js_sys::Math::random() * 1e15) as u64;
        Rc::new_cyclic(|me: &Weak<Self>| {
            let timer = me.clone();
            Self {
                me: me.clone(),
                watch: video::Watch::new(me, &video),
                host,
                video,
                server: server.to_owned(),
                base: [server, "/live/", room].concat(),
                core: RefCell::new(Player::new(clock::now(), seed)),
                inputs: RefCell::default(),
                driving: Cell::new(false),
                offered: RefCell::default(),
                queue: RefCell::default(),
                source: RefCell::default(),
                sources: Cell::new(0),
                appending: Cell::new(0),
                requests: RefCell::default(),
                asking: RefCell::default(),
                asks: Cell::new(0),
                timer: RefCell::default(),
                on_timer: Closure::new(move || {
                    if let Some(shell) = timer.upgrade() {
                        shell.timer.replace(None);
                        shell.drive();
                    }
                }),
                override_state: Cell::new(None),
                stopped: Cell::new(false),
                latency_told: Cell::new(Instant::ZERO),
            }
        })
    }

    /// `https://server`
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// `https://server/live/room`
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The element's video.
    pub(crate) fn video(&self) -> &Video {
        &self.video
    }

    /// Reads the core.
    pub(crate) fn core<T>(&self, read: impl FnOnce(&Player) -> T) -> T {
        read(&self.core.borrow())
    }

    /// Gives an input and carries out what follows.
    pub(crate) fn input(&self, input: Input) {
        if !self.stopped.get() {
            self.inputs.borrow_mut().push_back(input);
            self.drive();
        }
    }

    /// Offers a whole unit; the core keeps or drops it before this returns.
    pub(crate) fn offer(&self, request: RequestId, views: Vec<Uint8Array>, unit: Unit) {
        self.offered.replace(Some((request, views)));
        self.input(Input::Unit(request, unit));
        self.offered.take();
    }

    /// A request for the room's state begins; the one before is broken off. Gives its turn.
    pub(crate) fn asks(&self, abort: Rc<AbortController>) -> u32 {
        if let Some(before) = self.asking.replace(Some(abort)) {
            before.abort();
        }
        self.asks.set(self.asks.get().wrapping_add(1));
        self.asks.get()
    }

    /// Whether that turn is still the one.
    pub(crate) fn asked(&self, turn: u32) -> bool {
        self.asks.get() == turn
    }

    /// A request for media begins.
    pub(crate) fn begins(&self, id: RequestId, abort: Rc<AbortController>) {
        self.requests.borrow_mut().push((id, abort));
    }

    /// It is still wanted.
    pub(crate) fn running(&self, id: RequestId) -> bool {
        self.requests.borrow().iter().any(|(known, _)| *known == id)
    }

    /// It has ended; `false`: it had been cancelled.
    pub(crate) fn ends(&self, id: RequestId) -> bool {
        let mut requests = self.requests.borrow_mut();
        let before = requests.len();
        requests.retain(|(known, _)| *known != id);
        requests.len() < before
    }

    fn cancel(&self, id: RequestId) {
        let abort = {
            let mut requests = self.requests.borrow_mut();
            requests.iter().position(|(known, _)| *known == id).map(|at| requests.swap_remove(at).1)
        };
        if let Some(abort) = abort {
            abort.abort();
        }
    }

    fn drive(&self) {
        if self.driving.replace(true) {
            return;
        }
        loop {
            let input = self.inputs.borrow_mut().pop_front();
            let last = input.is_none();
            {
                let mut core = self.core.borrow_mut();
                match input {
                    Some(input) => core.handle(clock::now(), input),
                    None => core.tick(clock::now()),
                }
            }
            loop {
                let output = self.core.borrow_mut().poll();
                let Some(output) = output else { break };
                self.carry_out(output);
            }
            if last && self.inputs.borrow().is_empty() {
                break;
            }
        }
        self.driving.set(false);
        self.arm();
    }

    fn arm(&self) {
        let wake = if self.stopped.get() { None } else { self.core.borrow().wake().map(|(at, _)| at) };
        let armed = *self.timer.borrow();
        if armed.map(|(_, at)| at) == wake {
            return;
        }
        if let Some((id, _)) = armed {
            clear_timeout(id);
        }
        self.timer.replace(wake.map(|at| {
            let ms = at.since(clock::now()).as_us() as f64 / 1e3;
            (set_timeout(self.on_timer.as_ref().unchecked_ref(), ms.ceil()), at)
        }));
    }

    fn carry_out(&self, output: Output) {
        let Some(me) = self.me.upgrade() else { return };
        match output {
            Output::AskStream(after) => fetch::stream(&me, after),
            Output::AskTime => fetch::time(&me),
            Output::Fetch { request, epoch, rendition, number, probe } => {
                let number = number.to_string();
                let url = [&self.base, "/", &epoch, "/", &rendition, "/", &number, ".mp4"].concat();
                fetch::segment(&me, request, url, probe);
            }
            Output::Cancel(request) => self.cancel(request),
            Output::Open(codecs) => self.open(&codecs),
            Output::Keep => {
                if let Some((request, views)) = self.offered.take() {
                    for view in views {
                        self.queue.borrow_mut().push(request, view);
                    }
                }
            }
            Output::Drop => {
                self.offered.take();
            }
            Output::Clear => self.queue.borrow_mut().clear(),
            Output::Append(request) => self.append(request),
            Output::Remove(from, to) => self.remove(from, to),
            Output::Seek(at) => self.video.set_current_time(at),
            Output::Rate(rate) => self.video.set_playback_rate(rate),
            Output::Start(at) => {
                self.video.set_current_time(at);
                video::play(&me);
            }
            Output::Pause => self.video.pause(),
            Output::Look => self.look(),
            Output::State(_) => self.tell_state(),
            Output::Renditions => {}
            Output::Rendition(_) => {
                let rendition = self.rendition();
                self.emit("hawker:quality", Record::new().with_or_null("rendition", rendition));
            }
            Output::Stall(length) => {
                let ms = length.as_us() as f64 / 1e3;
                self.emit("hawker:stall", Record::new().with("ms", ms));
            }
        }
    }

    fn open(&self, codecs: &str) {
        self.queue.borrow_mut().clear();
        self.appending.set(0);
        let turn = self.sources.get().wrapping_add(1);
        self.sources.set(turn);
        self.source.replace(None);
        if crate::source::supports(codecs) != Some(true) {
            self.unsupported(codecs);
            return;
        }
        let me = self.me.clone();
        let source = Source::attach(&self.video, codecs, move |told| {
            if let Some(shell) = me.upgrade()
                && shell.sources.get() == turn
            {
                shell.told(told);
            }
        });
        self.source.replace(source);
    }

    fn told(&self, told: Told) {
        match told {
            Told::Ready => {
                let open = self.source.borrow_mut().as_mut().is_some_and(Source::open);
                self.input(if open { Input::Ready } else { Input::Broken });
            }
            Told::Done => {
                self.input(Input::Done(u64::from(self.appending.take())));
            }
            Told::Broken => self.input(Input::Broken),
        }
    }

    fn append(&self, request: RequestId) {
        let view = self.queue.borrow_mut().take(request);
        let result = match (&view, self.source.borrow().as_ref()) {
            (Some(view), Some(source)) => source.append(view),
            _ => Err(Refused::Broken),
        };
        self.appending.set(view.as_ref().map_or(0, |view| view.byte_length()));
        let Err(refused) = result else { return };
        self.appending.set(0);
        if let Some(view) = view {
            self.queue.borrow_mut().put_back(request, view);
        }
        self.inputs.borrow_mut().push_back(match refused {
            Refused::Full => Input::Full,
            Refused::Broken => Input::Broken,
        });
    }

    fn remove(&self, from: f64, to: f64) {
        self.appending.set(0);
        if !self.source.borrow().as_ref().is_some_and(|source| source.remove(from, to)) {
            self.inputs.borrow_mut().push_back(Input::Broken);
        }
    }

    fn look(&self) {
        let buffered = self.video.buffered();
        let ranges = (0..buffered.length())
            .take(limits::RANGES_MAX)
            .filter_map(|at| Some((buffered.start(at).ok()?, buffered.end(at).ok()?)))
            .collect();
        let (decoded, dropped) =
            self.video.quality().map_or((0.0, 0.0), |quality| (quality.total(), quality.dropped()));
        self.inputs.borrow_mut().push_back(Input::Sample(Sample {
            playhead: self.video.current_time(),
            ranges,
            paused: self.video.paused(),
            seeking: self.video.seeking(),
            hidden: browser::DOCUMENT.with(browser::Document::hidden),
            decoded: decoded as u64,
            dropped: dropped as u64,
            shown: self.watch.shown(),
        }));
        let now = clock::now();
        if now.since(self.latency_told.get()).as_ms() >= 1_000 && self.state() == "live" {
            self.latency_told.set(now);
            self.emit_object("hawker:latency", &self.stats());
        }
    }

    /// The element's state.
    pub(crate) fn state(&self) -> &'static str {
        if let Some(state) = self.override_state.get() {
            return state;
        }
        match self.core.borrow().state() {
            State::Connecting => "connecting",
            State::Live => "live",
            State::Stalled => "stalled",
            State::Offline => "offline",
            State::Ended => "ended",
            State::Error => "error",
        }
    }

    /// Sets a state the core does not know of, and tells it.
    pub(crate) fn set_state(&self, state: &'static str) {
        if self.override_state.replace(Some(state)) != Some(state) {
            self.tell_state();
        }
    }

    fn tell_state(&self) {
        let state = self.state();
        self.emit("hawker:state", Record::new().with("state", state).with("message", ""));
        if state == "error" {
            self.fail("playback", "the browser could not play the stream, several times in a row");
        }
    }

    fn unsupported(&self, codecs: &str) {
        let Some(me) = self.me.upgrade() else { return };
        self.inputs.borrow_mut().push_back(Input::Stop);
        if !crate::native::begin(&me) {
            self.set_state("unsupported");
            self.fail("unsupported", &["this browser cannot play ", codecs].concat());
        }
    }

    fn fail(&self, code: &str, message: &str) {
        self.emit(
            "hawker:error",
            Record::new().with("code", code).with("message", message).with("fatal", true),
        );
    }

    /// Name of the rendition that plays.
    pub(crate) fn rendition(&self) -> Option<String> {
        self.core(|core| core.renditions().get(core.rendition()?).map(|rendition| rendition.name.clone()))
    }

    /// Figures for `stats()`.
    pub(crate) fn stats(&self) -> Object {
        let stats = self.core(|core| core.stats(clock::now()));
        Record::new()
            .with_or_null("latencyMs", stats.latency_ms)
            .with("bufferMs", stats.buffer_ms)
            .with("targetMs", stats.target_ms)
            .with_or_null("rendition", self.rendition())
            .with_or_null("estimateBps", stats.estimate_bps)
            .with("stalls", stats.stalls)
            .with("stalledMs", stats.stalled_ms)
            .with("droppedFrames", stats.dropped as f64)
            .with("rate", stats.rate)
            .with_or_null("roundTripMs", stats.round_trip_ms)
            .with("state", self.state())
            .done()
    }

    /// Dispatches a `hawker:*` event on the element.
    pub(crate) fn emit(&self, name: &str, detail: Record) {
        self.emit_object(name, &detail.done());
    }

    fn emit_object(&self, name: &str, detail: &Object) {
        let options =
            Record::new().with("detail", detail).with("bubbles", true).with("composed", true).done();
        // A listener that throws is reported by the browser; it does not concern playback.
        let _ = self.host.unchecked_ref::<Target>().dispatch(&browser::CustomEvent::new(name, &options));
    }

    /// Lets go of everything; nothing happens afterwards.
    pub(crate) fn stop(&self) {
        self.input(Input::Stop);
        self.stopped.set(true);
        self.arm();
        if let Some(asking) = self.asking.take() {
            asking.abort();
        }
        for (_, abort) in self.requests.take() {
            abort.abort();
        }
        self.watch.unlisten(&self.video);
        self.sources.set(self.sources.get().wrapping_add(1));
        self.source.replace(None);
        self.video.remove_attribute("src");
        self.video.load();
    }
}
