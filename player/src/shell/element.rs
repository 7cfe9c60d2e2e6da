//! What is done to the element and its source: open, append, remove, look. Carries out, decides nothing.

use super::Shell;
use crate::source::{Refused, Source, Told};
use crate::{browser, clock};
use hawker_player_core::media::gate;
use hawker_player_core::media::player::Input;
use hawker_player_core::media::{RequestId, Sample, limits};

impl Shell {
    pub(super) fn open(&self, codecs: &str) {
        self.queue.borrow_mut().clear();
        self.appending.set(0);
        let turn = self.sources.get().wrapping_add(1);
        self.sources.set(turn);
        self.source.replace(None);
        if crate::source::supports(codecs) != Some(true) {
            self.unsupported();
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
            Told::Streaming(streaming) => {
                self.gate(gate::Input::Streaming(streaming));
                self.drive();
            }
        }
    }

    pub(super) fn append(&self, request: RequestId) {
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

    pub(super) fn remove(&self, from: f64, to: f64) {
        self.appending.set(0);
        if !self.source.borrow().as_ref().is_some_and(|source| source.remove(from, to)) {
            self.inputs.borrow_mut().push_back(Input::Broken);
        }
    }

    pub(super) fn look(&self) {
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
            self.tell_latency();
        }
    }
}
