//! Requests: the room's state, the server's clock, and segments that are scanned while they arrive. Headers are peeked at;
//! media stay on the port's side.

use crate::clock;
use crate::shell::Shell;
use hawker_player_core::decimal;
use hawker_player_core::media::loader;
use hawker_player_core::media::player::Input;
use hawker_player_core::media::probe::Probe;
use hawker_player_core::media::trouble::Answer;
use hawker_player_core::media::{RequestId, clock as time};
use hawker_player_core::texts::concat;
use hawker_wire::media::{Scanner, Want};
use hawker_wire::proto::Stream;
use hawker_wire::{Instant, Span, slim};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Longest answer that is no media, bytes. The state of a room with a ladder of sixteen takes about 1 KiB.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Header bytes looked at in one step; longer boxes take several.
const PEEK: usize = 512;

/// Numbers of requests that are no media: those count from below.
const STREAM: u32 = u32::MAX;
const TIME: u32 = STREAM - 1;
/// The room's state, for the browser's own player.
pub(crate) const NATIVE: u32 = TIME - 1;

/// A request that is under way.
pub(crate) struct Load {
    status: Cell<u16>,
    after: Cell<Option<Span>>,
    kind: RefCell<Kind>,
}

/// What is asked for, and what has come of it.
pub(crate) enum Kind {
    /// The room's state.
    Room(Vec<u8>),
    /// The server's clock, and when it was asked.
    Time(Instant, Vec<u8>),
    /// A segment.
    Segment(Box<Scanner>),
    /// Some of a segment, timed and thrown away.
    Probe(Probe),
}

impl Shell {
    /// Asks for an address after `wait_ms`, or for so many bytes of it.
    pub(crate) fn ask(&self, id: u32, url: &str, bytes: u32, wait_ms: u32, kind: Kind) {
        self.let_go(id);
        let load = Load { status: Cell::new(0), after: Cell::new(None), kind: RefCell::new(kind) };
        self.loads.borrow_mut().push((id, Rc::new(load)));
        self.port.ask(id, url, bytes, wait_ms);
    }

    /// Asks for the room's state.
    pub(crate) fn ask_stream(&self, after: Option<u64>) {
        self.undecided.take();
        let after = after.map(|after| concat(&["?after=", &decimal::decimal(after)]));
        let url = concat(&[self.base(), "/stream", after.as_deref().unwrap_or_default()]);
        self.ask(STREAM, &url, 0, 0, Kind::Room(Vec::new()));
    }

    /// Asks for the server's clock.
    pub(crate) fn ask_time(&self) {
        let url = concat(&[self.server(), "/api/v1/time"]);
        self.ask(TIME, &url, 0, 0, Kind::Time(clock::now(), Vec::new()));
    }

    /// Asks for a segment, or so many bytes of it as a probe.
    pub(crate) fn ask_segment(&self, id: RequestId, url: &str, probe: Option<u32>) {
        let kind = match probe {
            Some(bytes) => Kind::Probe(Probe::new(bytes)),
            None => Kind::Segment(Box::default()),
        };
        self.ask(id, url, probe.unwrap_or(0), 0, kind);
    }

    /// Breaks off a request.
    pub(crate) fn cancel(&self, id: u32) {
        if self.let_go(id).is_some() {
            self.port.cancel(id);
        }
    }

    fn let_go(&self, id: u32) -> Option<Rc<Load>> {
        let mut loads = self.loads.borrow_mut();
        let at = loads.iter().position(|(known, _)| *known == id)?;
        Some(loads.swap_remove(at).1)
    }

    fn load(&self, id: u32) -> Option<Rc<Load>> {
        self.loads.borrow().iter().find(|(known, _)| *known == id).map(|(_, load)| load.clone())
    }

    /// See `Engine::head`.
    pub(crate) fn head(
        &self,
        id: u32,
        status: u16,
        after_s: f64,
        independent: bool,
        kbps: f64,
        short: bool,
    ) -> bool {
        let Some(load) = self.load(id) else { return false };
        load.status.set(status);
        if let Kind::Probe(probe) = &mut *load.kind.borrow_mut() {
            probe.begin(clock::now());
        }
        if status != 200 {
            load.after.set((after_s >= 0.0).then(|| Span::from_secs((after_s as u64).min(30))));
            return status == 206 && matches!(*load.kind.borrow(), Kind::Probe(_));
        }
        if matches!(*load.kind.borrow(), Kind::Segment(_)) {
            let estimate = (kbps >= 0.0).then_some(kbps * 1e3);
            self.input(Input::Opened(id, independent, estimate, short));
        }
        true
    }

    /// See `Engine::piece`.
    pub(crate) fn piece(&self, id: u32, length: u32) -> bool {
        let Some(load) = self.load(id) else { return false };
        match &mut *load.kind.borrow_mut() {
            Kind::Room(bytes) | Kind::Time(_, bytes) => {
                let begin = bytes.len();
                let end = begin.saturating_add(length as usize).min(ANSWER_BYTES_MAX + 1);
                bytes.resize(end, 0);
                self.port.peek(0, bytes.get_mut(begin..).unwrap_or_default());
                end <= ANSWER_BYTES_MAX
            }
            Kind::Segment(scanner) => self.scan(id, scanner, length),
            Kind::Probe(probe) => probe.piece(clock::now(), u64::from(length)),
        }
    }

    /// Finds the units that end in this piece and tells them.
    fn scan(&self, id: u32, scanner: &mut Scanner, length: u32) -> bool {
        let (mut at, mut from) = (0, 0);
        let mut peek = [0; PEEK];
        while at < length {
            let left = length - at;
            at += match scanner.want() {
                Want::Read(wanted) => {
                    let step = left.min(u32::try_from(wanted.min(PEEK)).unwrap_or(left));
                    let bytes = peek.get_mut(..step as usize).unwrap_or_default();
                    self.port.peek(at, bytes);
                    if scanner.read(bytes).is_err() {
                        return false;
                    }
                    step
                }
                Want::Skip(wanted) => {
                    let step = left.min(u32::try_from(wanted).unwrap_or(left));
                    scanner.skip(u64::from(step));
                    step
                }
            };
            if let Some(unit) = scanner.poll() {
                self.port.cut(from, at);
                from = at;
                self.offer(id, unit);
            }
        }
        if from < length {
            self.port.cut(from, length);
            self.input(Input::Piece(id, u64::from(length - from), scanner.made()));
        }
        true
    }

    /// See `Engine::end`.
    pub(crate) fn end(&self, id: u32, whole: bool) {
        let Some(load) = self.let_go(id) else { return };
        let (ok, status) = (load.status.get() == 200, load.status.get());
        self.input(match &*load.kind.borrow() {
            Kind::Room(bytes) => {
                let told = match status {
                    200 if whole => slim::read::<Stream>(bytes).ok_or(Answer::Foreign),
                    200 if bytes.len() > ANSWER_BYTES_MAX => Err(Answer::Foreign),
                    404 => Err(Answer::NoRoom),
                    401 | 403 => Err(Answer::Refused),
                    451 => Err(Answer::Region),
                    _ => Err(Answer::Nothing),
                };
                self.answered(told.as_ref().err().copied().unwrap_or(Answer::Told));
                if id == NATIVE {
                    return self.native_told(told);
                }
                let Ok(mut stream) = told else { return self.input(Input::Stream(None)) };
                let begun = self.port.begun();
                stream.newest = loader::join(stream.newest, (begun >= 0.0).then_some(begun as u64));
                self.undecided.replace(Some(Box::new(stream)));
                return self.choose();
            }
            Kind::Time(sent, text) => Input::Time(if ok && whole {
                time::Input::Reply { sent: *sent, server_ms: milliseconds(text) }
            } else {
                time::Input::Failed
            }),
            Kind::Segment(_) if ok && whole => Input::Finished(id),
            Kind::Segment(_) if ok => Input::Failed(id, 0, None),
            Kind::Probe(probe) if ok || status == 206 => {
                match probe.seen().filter(|_| whole || probe.enough()) {
                    Some((bytes, took)) => Input::Probed(bytes, took),
                    None => Input::Failed(id, 0, None),
                }
            }
            Kind::Segment(_) | Kind::Probe(_) => Input::Failed(id, status, load.after.get()),
        });
    }
}

/// A decimal number with three places at most; NaN, which the core refuses, for anything else.
fn milliseconds(text: &[u8]) -> f64 {
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let whole = parts.next().and_then(decimal::parse);
    let thousandths = match parts.next() {
        None => Some(0.0),
        Some(places) => decimal::parse(places).map(|number| match places.len() {
            1 => number as f64 / 10.0,
            2 => number as f64 / 100.0,
            3 => number as f64 / 1e3,
            _ => f64::NAN,
        }),
    };
    whole.zip(thousandths).map_or(f64::NAN, |(whole, part)| whole as f64 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_clock_is_read() {
        for (text, ms) in
            [("1795363200000.125", 1_795_363_200_000.125), ("5", 5.0), ("5.25", 5.25), ("5.5", 5.5)]
        {
            assert!((milliseconds(text.as_bytes()) - ms).abs() < 1e-9, "{text}");
        }
        for bad in ["", ".", "5.", "-5", "1e3", "not a number", "5.1234", "5.2.5"] {
            assert!(milliseconds(bad.as_bytes()).is_nan(), "{bad}");
        }
    }
}
