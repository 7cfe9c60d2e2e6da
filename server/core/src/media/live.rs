//! A room's picture as a machine: encoders come and go, epochs begin and end, requests are answered. Routes between packager
//! and window; cuts nothing, stores nothing, and waits for nothing itself.
//!
//! | state | becomes | when |
//! |---|---|---|
//! | offline | live, in a new epoch | an encoder's first frame that can be shown |
//! | live | offline | no encoder for the reconnect grace |
//! | live, offline | ended | an operator ended the show |
//! | ended | offline | an operator opened it again; an encoder still there makes it live |

use std::collections::{BTreeMap, VecDeque};

use hawker_wire::proto::{self, stream::State};
use hawker_wire::{Instant, Machine, Span, Wall};

use super::frame::{Config, Event, Meta, Track};
use super::limits::RENDITIONS_MAX;
use super::packager::health::Health;
use super::packager::{Name, Output as Made, Packager};
use super::window::request::{Follow, Reply, Request, What};
use super::window::{Limits, Summary, Window};

/// What a room's picture is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a room stays live without its encoder.
    pub reconnect_grace: Span,
    /// How much media is kept.
    pub window: Limits,
}

/// One encoder's session; the shell counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublisherId(pub u64);

/// What can happen to it.
#[derive(Clone, Debug)]
pub enum Input {
    /// An encoder begins to send a rendition. One that was sending it before is cut off.
    Attach(PublisherId, Name),
    /// A step of that encoder, and the server's clock. Of one that was cut off it is ignored.
    Event(PublisherId, Event, Wall),
    /// The encoder is gone.
    Detach(PublisherId),
    /// An operator ended the show, or opened it again.
    Ended(bool),
    /// Something about the room that is told with the stream has changed: its title, its announced start.
    Renamed,
}

/// What the shell has to tell those who wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// There is more of this rendition.
    Media(Name),
    /// [`Live::stream`] says something else.
    State,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is an epoch, and it says this.
    Live(Reply),
    /// Nobody is sending.
    Offline,
    /// The show is over.
    Ended,
}

/// A room's picture. See the module text.
#[derive(Debug)]
pub struct Live {
    rules: Rules,
    ended: bool,
    version: u64,
    publishers: BTreeMap<PublisherId, Publisher>,
    /// Renditions without an encoder, and since when.
    gone: BTreeMap<Name, Instant>,
    on_air: Option<OnAir>,
    /// The newest epoch that is over, and what its DASH players are told.
    farewell: Option<(String, String)>,
    out: VecDeque<Output>,
}

#[derive(Debug)]
struct Publisher {
    rendition: Name,
    video: Option<Config>,
    audio: Option<Config>,
    meta: Option<Meta>,
}

#[derive(Debug)]
struct OnAir {
    epoch: String,
    packager: Packager,
    window: Window,
    announced: Vec<(Name, Summary)>,
}

impl Live {
    /// A room without an encoder. `wall` makes versions that no earlier process has given.
    #[must_use]
    pub fn new(rules: Rules, ended: bool, wall: Wall) -> Self {
        Self {
            rules,
            ended,
            version: wall.as_ms(),
            publishers: BTreeMap::new(),
            gone: BTreeMap::new(),
            on_air: None,
            farewell: None,
            out: VecDeque::new(),
        }
    }

    /// What there is to play. Title and start are the directory's to fill in.
    #[must_use]
    pub fn stream(&self, wall: Wall) -> proto::Stream {
        let live = self.on_air.as_ref().filter(|on_air| !on_air.announced.is_empty());
        let state = match (self.ended, live) {
            (true, _) => State::Ended,
            (false, Some(_)) => State::Live,
            (false, None) => State::Offline,
        };
        let live = live.filter(|_| state == State::Live);
        proto::Stream {
            state: state.into(),
            version: self.version,
            epoch: live.map(|on_air| on_air.epoch.clone()).unwrap_or_default(),
            renditions: live
                .map(|on_air| on_air.announced.iter().map(rendition).collect())
                .unwrap_or_default(),
            newest: live.map_or(0, |on_air| on_air.window.newest_independent()),
            wall_ms: wall.as_ms(),
            title: String::new(),
            starts_ms: 0,
        }
    }

    /// Changes with everything [`Self::stream`] says, except its newest segment and clock.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Answers a request as of now.
    #[must_use]
    pub fn reply(&self, request: &Request) -> Answer {
        if let Request::Manifest { epoch: Some(epoch), .. } = request
            && let Some((_, text)) = self.farewell.as_ref().filter(|(of, _)| of == epoch)
        {
            return Answer::Live(Reply::Manifest(text.clone()));
        }
        if self.ended {
            return Answer::Ended;
        }
        let Some(on_air) = self.on_air.as_ref().filter(|on_air| !on_air.announced.is_empty()) else {
            return Answer::Offline;
        };
        Answer::Live(match request {
            Request::Index(directives) => on_air.window.index(&on_air.epoch, directives),
            Request::Manifest { epoch, query }
                if epoch.as_ref().is_none_or(|epoch| *epoch == on_air.epoch) =>
            {
                on_air.window.manifest(&on_air.epoch, query)
            }
            Request::Of { epoch, rendition, what } if *epoch == on_air.epoch => {
                on_air.window.reply(rendition, what)
            }
            // Epochs are times in a notation of fixed length: the text of an earlier one is less.
            Request::Of { epoch, .. } | Request::Manifest { epoch: Some(epoch), .. }
                if *epoch < on_air.epoch =>
            {
                Reply::Gone
            }
            Request::Of { .. } | Request::Manifest { .. } => Reply::NotFound,
        })
    }

    /// More of a segment that is being made; `None`: it is no longer there.
    #[must_use]
    pub fn follow(&self, epoch: &str, rendition: &str, what: &What, cursor: usize) -> Option<Follow> {
        let on_air = self.on_air.as_ref().filter(|on_air| on_air.epoch == epoch)?;
        on_air.window.follow(rendition, what, cursor)
    }

    /// Each rendition's figures, with "an encoder is sending it".
    #[must_use]
    pub fn health(&self) -> Vec<(Name, bool, Health)> {
        let sending = |name: &Name| self.publishers.values().any(|publisher| publisher.rendition == *name);
        let of = |(name, health): (&Name, &Health)| (name.clone(), sending(name), health.clone());
        self.on_air.as_ref().map(|on_air| on_air.packager.health().map(of).collect()).unwrap_or_default()
    }

    /// Whether a segment begins with an IDR in a rendition; `None`: it has no such segment.
    #[must_use]
    pub fn independent(&self, rendition: &str, number: u64) -> Option<bool> {
        self.on_air.as_ref()?.window.independent(rendition, number)
    }

    /// Media held, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.on_air.as_ref().map_or(0, |on_air| on_air.window.bytes())
    }

    /// Whether an encoder was let in and sends still: a room has [`RENDITIONS_MAX`] renditions at most.
    #[must_use]
    pub fn attached(&self, id: PublisherId) -> bool {
        self.publishers.contains_key(&id)
    }

    /// True when nobody is sending and nothing is kept: the shell may forget the room.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.publishers.is_empty() && self.on_air.is_none()
    }

    fn attach(&mut self, id: PublisherId, name: Name) {
        self.publishers.retain(|_, publisher| publisher.rendition != name);
        self.gone.remove(&name);
        if self.publishers.len() >= RENDITIONS_MAX {
            return;
        }
        // Who sends goes before who may come back.
        if self.publishers.len() + self.gone.len() >= RENDITIONS_MAX
            && let Some(oldest) =
                self.gone.iter().min_by_key(|(_, since)| **since).map(|(name, _)| name.clone())
        {
            self.gone.remove(&oldest);
            self.forget(&[oldest]);
        }
        if let Some(on_air) = &mut self.on_air {
            on_air.packager.attach(&name);
        }
        self.publishers.insert(id, Publisher { rendition: name, video: None, audio: None, meta: None });
        self.drain();
    }

    fn event(&mut self, id: PublisherId, event: &Event, wall: Wall) {
        let Some(publisher) = self.publishers.get_mut(&id) else { return };
        match event {
            Event::Config(config) => match config.track() {
                Track::Video => publisher.video = Some(config.clone()),
                Track::Audio => publisher.audio = Some(config.clone()),
            },
            Event::Meta(meta) => publisher.meta = Some(meta.clone()),
            Event::Frame(_) | Event::Discontinuity => {}
        }
        if self.ended {
            return;
        }
        let name = publisher.rendition.clone();
        match &mut self.on_air {
            Some(on_air) => on_air.packager.push(&name, event, wall),
            None => {
                let mut on_air = self.go_on_air(wall);
                on_air.packager.push(&name, event, wall);
                self.on_air = Some(on_air);
            }
        }
        self.drain();
    }

    /// A new epoch; encoders that are there already say again what they said.
    fn go_on_air(&self, wall: Wall) -> OnAir {
        let mut packager = Packager::default();
        for Publisher { rendition, video, audio, meta } in self.publishers.values() {
            packager.attach(rendition);
            for config in [video, audio].into_iter().flatten() {
                packager.push(rendition, &Event::Config(config.clone()), wall);
            }
            if let Some(meta) = meta {
                packager.push(rendition, &Event::Meta(meta.clone()), wall);
            }
        }
        let window = Window::new(self.rules.window);
        OnAir { epoch: epoch(wall), packager, window, announced: Vec::new() }
    }

    /// False: there was no epoch.
    fn go_off_air(&mut self) -> bool {
        let Some(on_air) = self.on_air.take() else { return false };
        if let Some(text) = on_air.window.farewell(&on_air.epoch) {
            self.farewell = Some((on_air.epoch, text));
        }
        true
    }

    fn detach(&mut self, now: Instant, id: PublisherId) {
        let Some(publisher) = self.publishers.remove(&id) else { return };
        if let Some(on_air) = &mut self.on_air {
            on_air.packager.detach(&publisher.rendition);
            self.gone.insert(publisher.rendition, now);
        }
        self.drain();
    }

    fn set_ended(&mut self, ended: bool) {
        if self.ended != ended {
            self.ended = ended;
            self.go_off_air();
            self.gone.clear();
            self.changed();
        }
    }

    /// Moves what the packager made into the window, and notes whom it concerns.
    fn drain(&mut self) {
        let Some(on_air) = &mut self.on_air else { return };
        let mut announce = false;
        while let Some(made) = on_air.packager.poll() {
            match &made {
                Made::Cut(_) | Made::Init(..) | Made::PartTarget(..) => announce = true,
                Made::Chunk(chunk) => {
                    // The first chunk of a rendition is what makes it one.
                    announce |= !on_air.announced.iter().any(|(name, _)| *name == chunk.rendition);
                    self.out.push_back(Output::Media(chunk.rendition.clone()));
                }
                Made::Flush(name) => self.out.push_back(Output::Media(name.clone())),
            }
            on_air.window.apply(made);
        }
        if announce {
            self.announce();
        }
    }

    fn announce(&mut self) {
        let Some(on_air) = &mut self.on_air else { return };
        let mut now = on_air.window.renditions();
        for (name, summary) in &mut now {
            let before = on_air.announced.iter().find(|(of, _)| of == name);
            if let Some((_, before)) = before.filter(|(_, before)| steady(before, summary)) {
                (summary.peak_bps, summary.average_bps) = (before.peak_bps, before.average_bps);
            }
        }
        if now != on_air.announced {
            on_air.announced = now;
            self.changed();
        }
    }

    fn changed(&mut self) {
        self.version += 1;
        self.out.push_back(Output::State);
    }

    fn deadline(&self) -> Option<Instant> {
        self.gone.values().min().map(|since| *since + self.rules.reconnect_grace)
    }

    fn expire(&mut self, now: Instant) {
        let grace = self.rules.reconnect_grace;
        let over: Vec<Name> = self
            .gone
            .iter()
            .filter(|(_, since)| **since + grace <= now)
            .map(|(name, _)| name.clone())
            .collect();
        self.gone.retain(|name, _| !over.contains(name));
        if self.publishers.is_empty() && self.gone.is_empty() && self.go_off_air() {
            self.changed();
        }
        self.forget(&over);
    }

    fn forget(&mut self, names: &[Name]) {
        if let Some(on_air) = &mut self.on_air {
            for name in names {
                on_air.packager.remove(name);
                on_air.window.remove(name);
            }
        }
        self.announce();
    }
}

impl Machine for Live {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.tick(now);
        match input {
            Input::Attach(id, name) => self.attach(id, name),
            Input::Event(id, event, wall) => self.event(id, &event, wall),
            Input::Detach(id) => self.detach(now, id),
            Input::Ended(ended) => self.set_ended(ended),
            Input::Renamed => self.changed(),
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some(due) = self.deadline().filter(|due| *due <= now) {
            self.expire(due);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn wake(&self) -> Option<(Instant, &'static str)> {
        self.deadline().map(|deadline| (deadline, "reconnect grace"))
    }
}

/// Are the bits a second still what was announced, within a quarter? Else every segment would change the version.
fn steady(before: &Summary, now: &Summary) -> bool {
    before.peak_bps > 0 && before.average_bps.abs_diff(now.average_bps) * 4 <= before.average_bps
}

fn rendition((name, summary): &(Name, Summary)) -> proto::Rendition {
    proto::Rendition {
        name: name.to_string(),
        codecs: summary.codecs.clone(),
        width: summary.width,
        height: summary.height,
        frame_rate_milli: summary.frame_rate_milli,
        peak_bps: u32::try_from(summary.peak_bps).unwrap_or(u32::MAX),
        average_bps: u32::try_from(summary.average_bps).unwrap_or(u32::MAX),
        video: summary.video,
        audio: summary.audio,
    }
}

/// Milliseconds since 1970 in base 36, nine digits: no two epochs of a room share one, and text order is time order.
fn epoch(wall: Wall) -> String {
    let mut digits = [b'0'; 9];
    let mut rest = wall.as_ms();
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz".get((rest % 36) as usize).copied().unwrap_or(b'0');
        rest /= 36;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests;
