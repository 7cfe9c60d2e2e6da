//! The driver of the core in a browser: one input at a time, then its outputs, then the timer for the next deadline. Carries
//! out what the core wants and decides nothing.

mod element;
mod report;

use crate::browser::{AbortController, Video, clear_timeout, set_timeout};
use crate::record::Record;
use crate::source::Source;
use crate::{clock, fetch, native, queue::Queue, video};
use hawker_player_core::media::RequestId;
use hawker_player_core::media::gate::{self, Gate};
use hawker_player_core::media::outside::{self, Outside};
use hawker_player_core::media::player::{Input, Output, Player, State};
use hawker_player_core::media::trouble::Trouble;
use hawker_wire::media::Unit;
use hawker_wire::{Instant, Machine};
use js_sys::{Function, Object, Promise, Uint8Array};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// See the module text.
pub(crate) struct Shell {
    me: Weak<Self>,
    host: JsValue,
    video: Video,
    /// `fetch`, or what stands before it.
    fetch: Function,
    server: String,
    base: String,
    core: RefCell<Player>,
    gate: RefCell<Gate>,
    outside: RefCell<Outside>,
    trouble: RefCell<Trouble>,
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
    /// Where the browser's own player plays, its state instead of the core's.
    native: Cell<Option<State>>,
    /// Nothing here can play the stream.
    unsupported: Cell<bool>,
    /// Paused by the viewer or the page.
    paused: Cell<bool>,
    /// State and error as last told.
    told: Cell<(&'static str, Option<&'static str>)>,
    pub(crate) watch: video::Watch,
    pub(crate) stopped: Cell<bool>,
    latency_told: Cell<Instant>,
}

impl Shell {
    pub(crate) fn new(host: JsValue, video: Video, server: &str, room: &str, fetch: Function) -> Rc<Self> {
        let seed = (js_sys::Math::random() * 1e15) as u64;
        Rc::new_cyclic(|me: &Weak<Self>| {
            let timer = me.clone();
            Self {
                me: me.clone(),
                watch: video::Watch::new(me, &video),
                host,
                video,
                fetch,
                server: server.to_owned(),
                base: [server, "/live/", room].concat(),
                core: RefCell::new(Player::new(clock::now(), seed)),
                gate: RefCell::default(),
                outside: RefCell::default(),
                trouble: RefCell::default(),
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
                native: Cell::new(None),
                unsupported: Cell::new(false),
                paused: Cell::new(false),
                told: Cell::new(("connecting", None)),
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

    /// A request to the server.
    pub(crate) fn fetch(&self, url: &str, options: &Object) -> Promise {
        let asked = self.fetch.call2(&JsValue::NULL, &url.into(), options);
        asked.map_or_else(|error| Promise::reject(&error), JsValue::unchecked_into)
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

    /// The viewer or the page wants it to play: at the live edge after a pause. From a tap, it also lifts the browser's block.
    pub(crate) fn play(&self) {
        let Some(me) = self.me.upgrade() else { return };
        let paused = self.paused.replace(false);
        self.input(Input::Play);
        if paused && self.native.get().is_some() {
            native::to_edge(&me);
        }
        if !paused || self.native.get().is_some() {
            video::play(&me);
        }
    }

    /// The viewer or the page wants it to pause; nothing is loaded meanwhile.
    pub(crate) fn pause(&self) {
        self.paused.set(true);
        self.input(Input::Pause);
    }

    /// To the newest frame at once.
    pub(crate) fn go_live(&self) {
        match self.me.upgrade() {
            Some(me) if self.native.get().is_some() && !self.paused.get() => native::to_edge(&me),
            _ if self.paused.get() => self.play(),
            _ => self.input(Input::GoLive),
        }
    }

    /// Paused by the viewer or the page.
    pub(crate) fn paused(&self) -> bool {
        self.paused.get()
    }

    /// Something was done to the element, by the player itself or by others.
    pub(crate) fn outside(&self, input: outside::Input) {
        if self.stopped.get() {
            return;
        }
        self.outside.borrow_mut().handle(clock::now(), input);
        let next = || self.outside.borrow_mut().poll();
        while let Some(wish) = next() {
            match wish {
                outside::Output::Pause => self.pause(),
                outside::Output::Play => self.play(),
            }
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
                self.gate(gate::Input::Wants(output));
            }
            if last && self.inputs.borrow().is_empty() {
                break;
            }
        }
        self.driving.set(false);
        self.arm();
    }

    fn gate(&self, input: gate::Input) {
        self.gate.borrow_mut().handle(clock::now(), input);
        let next = || self.gate.borrow_mut().poll();
        while let Some(output) = next() {
            match output {
                gate::Output::Do(output) => self.carry_out(output),
                gate::Output::Tell(input) => self.inputs.borrow_mut().push_back(input),
            }
        }
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
            Output::Rate(rate, pitch) => {
                self.video.set_preserves_pitch(pitch);
                self.video.set_playback_rate(rate);
            }
            Output::Start(at) => {
                self.video.set_current_time(at);
                video::play(&me);
            }
            Output::Pause => {
                self.outside(outside::Input::Asked(false));
                self.video.pause();
            }
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
