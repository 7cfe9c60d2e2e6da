//! The driver of the core in a browser: one input at a time, then its outputs, then the timer for the next deadline. Carries
//! out what the core wants and decides nothing.

mod codec;
mod element;
mod report;

use crate::browser::{self, Port};
use crate::clock;
use crate::load::Load;
use hawker_player_core::decimal::decimal;
use hawker_player_core::media::RequestId;
use hawker_player_core::media::gate::{self, Gate};
use hawker_player_core::media::outside::{self, Outside};
use hawker_player_core::media::player::{Input, Output, Player, State};
use hawker_player_core::media::trouble::Trouble;
use hawker_player_core::texts::concat;
use hawker_wire::media::Unit;
use hawker_wire::proto::Stream;
use hawker_wire::{Instant, Machine};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// See the module text.
pub(crate) struct Shell {
    pub(crate) port: Port,
    server: String,
    base: String,
    core: RefCell<Player>,
    gate: RefCell<Gate>,
    outside: RefCell<Outside>,
    trouble: RefCell<Trouble>,
    inputs: RefCell<VecDeque<Input>>,
    driving: Cell<bool>,
    /// The request whose unit the core is being told.
    offered: Cell<Option<RequestId>>,
    /// Bytes of the append in progress; 0: a removal.
    appending: Cell<u32>,
    pub(crate) loads: RefCell<Vec<(u32, Rc<Load>)>>,
    /// The room's state, until it is known which of its codecs play here.
    pub(crate) undecided: RefCell<Option<Box<Stream>>>,
    timer: Cell<Option<Instant>>,
    /// Where the browser's own player plays, its state instead of the core's.
    native: Cell<Option<State>>,
    /// The epoch whose playlist was given to it.
    pub(crate) native_given: RefCell<Option<String>>,
    /// Nothing here can play the stream.
    unsupported: Cell<bool>,
    /// Paused by the viewer or the page.
    paused: Cell<bool>,
    /// State and error as last told.
    told: Cell<(&'static str, Option<&'static str>)>,
    stopped: Cell<bool>,
    latency_told: Cell<Instant>,
}

impl Shell {
    pub(crate) fn new(port: Port, server: &str, room: &str) -> Rc<Self> {
        let seed = (browser::random() * 1e15) as u64;
        Rc::new(Self {
            port,
            server: server.to_owned(),
            base: concat(&[server, "/live/", room]),
            core: RefCell::new(Player::new(clock::now(), seed)),
            gate: RefCell::default(),
            outside: RefCell::default(),
            trouble: RefCell::default(),
            inputs: RefCell::default(),
            driving: Cell::new(false),
            offered: Cell::new(None),
            appending: Cell::new(0),
            loads: RefCell::default(),
            undecided: RefCell::default(),
            timer: Cell::new(None),
            native: Cell::new(None),
            native_given: RefCell::default(),
            unsupported: Cell::new(false),
            paused: Cell::new(false),
            told: Cell::new(("connecting", None)),
            stopped: Cell::new(false),
            latency_told: Cell::new(Instant::ZERO),
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
        let paused = self.paused.replace(false);
        self.input(Input::Play);
        let native = self.native.get().is_some();
        if paused && native {
            self.port.edge();
        }
        if !paused || native {
            self.begin_to_play();
        }
    }

    /// Makes the element play.
    pub(crate) fn begin_to_play(&self) {
        self.outside(outside::Input::Asked(true));
        self.port.play();
    }

    /// The viewer or the page wants it to pause; nothing is loaded meanwhile.
    pub(crate) fn pause(&self) {
        self.paused.set(true);
        self.input(Input::Pause);
    }

    /// To the newest frame at once.
    pub(crate) fn go_live(&self) {
        if self.paused.get() {
            self.play();
        } else if self.native.get().is_some() {
            self.port.edge();
        } else {
            self.input(Input::GoLive);
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

    /// Offers a whole unit, which the port holds; the core keeps or drops it before this returns.
    pub(crate) fn offer(&self, request: RequestId, unit: Unit) {
        self.offered.set(Some(request));
        self.input(Input::Unit(request, unit));
        if self.offered.take().is_some() {
            self.port.let_go();
        }
    }

    /// The timer is due.
    pub(crate) fn tick(&self) {
        self.timer.set(None);
        self.drive();
    }

    pub(crate) fn drive(&self) {
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

    pub(crate) fn gate(&self, input: gate::Input) {
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
        if self.timer.replace(wake) != wake {
            self.port.timer(wake.map_or(-1.0, |at| (at.since(clock::now()).as_us() as f64 / 1e3).ceil()));
        }
    }

    fn carry_out(&self, output: Output) {
        // A listener of the page may have stopped it meanwhile, and the element may be another player's by now.
        if self.stopped.get() {
            return;
        }
        match output {
            Output::AskStream(after) => self.ask_stream(after),
            Output::AskTime => self.ask_time(),
            Output::Fetch { request, epoch, rendition, number, probe } => {
                let number = decimal(number);
                let url = concat(&[&self.base, "/", &epoch, "/", &rendition, "/", &number, ".mp4"]);
                self.ask_segment(request, &url, probe);
            }
            Output::Cancel(request) => self.cancel(request),
            Output::Open(codecs) => self.open(&codecs),
            Output::Unplayable(profile) => {
                self.port.refuse(&profile);
                self.inputs.borrow_mut().extend([Input::Stop, Input::Start]);
            }
            Output::Keep => {
                if let Some(request) = self.offered.take() {
                    self.port.keep(request);
                }
            }
            Output::Drop => {
                self.offered.take();
                self.port.let_go();
            }
            Output::Clear => self.port.clear(),
            Output::Append(request) => self.append(request),
            Output::Remove(from, to) => self.remove(from, to),
            Output::Seek(at) => self.port.seek(at),
            Output::Rate(rate, pitch) => self.port.rate(rate, pitch),
            Output::Start => self.begin_to_play(),
            Output::Pause => {
                self.outside(outside::Input::Asked(false));
                self.port.pause();
            }
            Output::Look => self.look(),
            Output::State(_) => self.tell_state(),
            Output::Renditions => {}
            Output::Rendition(_) => self.port.quality(self.rendition().as_deref()),
            Output::Stall(length) => self.port.stall(length.as_us() as f64 / 1e3),
        }
    }

    /// Lets go of everything; nothing happens afterwards.
    pub(crate) fn stop(&self) {
        self.input(Input::Stop);
        self.stopped.set(true);
        self.loads.take();
        self.port.stop();
    }
}
