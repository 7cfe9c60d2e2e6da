//! When the player rests and goes on: pauses, hidden pages, and a codec that shows nothing. Loads and appends nothing itself.

use hawker_wire::{Instant, Machine as _};

use super::super::limits::{FIRST_PICTURE, HIDDEN_STOP};
use super::super::{latency, loader};
use super::{Output, Player, State};

impl Player {
    pub(super) fn resume(&mut self, now: Instant) {
        if self.paused || self.stopped {
            return;
        }
        self.asleep = false;
        if !matches!(self.state, State::Offline | State::Ended) {
            self.set_state(State::Connecting);
        }
        self.anew(now);
        self.loader.handle(now, loader::Input::Start);
    }

    pub(super) fn sleep(&mut self, now: Instant) {
        self.loader.handle(now, loader::Input::Stop);
        self.out.push_back(Output::Pause);
    }

    /// What the browser broke never showed a picture: it is the codec.
    pub(super) fn give_up_codec(&mut self) -> bool {
        let Some((profile, _)) = self.trial.take() else { return false };
        self.gave_up.push(profile.clone());
        self.out.push_back(Output::Unplayable(profile));
        true
    }

    /// Gives a codec up that has had its time.
    pub(super) fn try_codec(&mut self, due: Instant) {
        if let Some((_, Some(until))) = &mut self.trial
            && *until <= due
        {
            // A page that is not seen, has paused, or may not play before it is touched need not be shown anything.
            if self.hidden || self.paused || self.sample.paused {
                *until = due + FIRST_PICTURE;
            } else {
                self.give_up_codec();
            }
        }
    }

    pub(super) fn hide(&mut self, now: Instant, hidden: bool, silent: bool) {
        self.hidden_stop = (hidden && silent && !self.asleep)
            .then(|| self.hidden_stop.unwrap_or(now + HIDDEN_STOP))
            .filter(|_| !self.paused && !self.stopped);
        if self.hidden && !hidden {
            if self.asleep {
                self.resume(now);
            } else {
                self.latency.handle(now, latency::Input::Shown);
                self.look = self.look.map(|_| now);
            }
        }
        self.hidden = hidden;
    }
}

#[cfg(test)]
mod tests {
    use hawker_wire::Span;
    use hawker_wire::proto::{Rendition, Stream, stream};

    use super::super::Input;
    use super::*;
    use crate::media::Sample;

    /// Starts, is told of a room with nothing but H.265, and joins it; what it wants then.
    fn joins(player: &mut Player, now: Instant) -> Vec<Output> {
        player.handle(now, Input::Start);
        let renditions = ["1080p", "540p"].map(|name| Rendition {
            name: name.to_owned(),
            codecs: "hvc1.1.6.L93.B0,mp4a.40.2".to_owned(),
            video: true,
            ..Rendition::default()
        });
        let mut told =
            Stream { epoch: "a".to_owned(), newest: 7, renditions: renditions.to_vec(), ..Stream::default() };
        told.set_state(stream::State::Live);
        player.handle(now, Input::Stream(Some(Box::new(told))));
        player.tick(now);
        std::iter::from_fn(|| player.poll()).collect()
    }

    #[test]
    fn the_only_codec_of_a_room_is_given_up_once_and_then_tried_like_any_other() {
        let now = Instant::from_ms(1_000);
        let mut player = Player::new(now, 1);
        assert!(joins(&mut player, now).iter().any(|wanted| matches!(wanted, Output::Open(_))));
        player.handle(now, Input::Broken);
        assert_eq!(player.poll(), Some(Output::Unplayable("hvc1.1".into())));
        player.handle(now, Input::Stop);
        while player.poll().is_some() {}
        assert!(joins(&mut player, now).iter().any(|wanted| matches!(wanted, Output::Open(_))));
        player.handle(now, Input::Broken);
        let wanted: Vec<_> = std::iter::from_fn(|| player.poll()).collect();
        assert!(!wanted.iter().any(|wanted| matches!(wanted, Output::Unplayable(_))), "{wanted:?}");
        assert_eq!(player.rebuilds, 1, "it counts towards giving the room up");
    }

    #[test]
    fn a_codec_is_not_blamed_for_what_the_player_itself_cannot_go_on_with() {
        let now = Instant::from_ms(1_000);
        let mut player = Player::new(now, 1);
        joins(&mut player, now);
        // The encoder changes its configuration just then, or the buffer is full for good.
        player.broken(now);
        for ms in (0..10_000).step_by(50) {
            player.tick(now + Span::from_ms(ms));
        }
        assert!(!std::iter::from_fn(|| player.poll()).any(|wanted| matches!(wanted, Output::Unplayable(_))));
        assert_eq!(player.rebuilds, 1);
    }

    /// How long it takes until the codec is given up, of an element that plays and has so many pictures decoded.
    fn given_up(paused: bool, decoded: u64) -> Option<Span> {
        let start = Instant::from_ms(1_000);
        let mut player = Player::new(start, 1);
        joins(&mut player, start);
        player.handle(start, Input::Ready);
        player.latency.handle(start, latency::Input::Joined(0.0));
        (1..200).map(|look| Span::from_ms(look * 50)).find(|since| {
            let now = start + *since;
            player.tick(now);
            let playhead = since.as_secs_f64();
            let ranges = vec![(0.0, playhead + 1.0)];
            player.handle(
                now,
                Input::Sample(Sample { playhead, ranges, paused, decoded, ..Sample::default() }),
            );
            std::iter::from_fn(|| player.poll()).any(|wanted| wanted == Output::Unplayable("hvc1.1".into()))
        })
    }

    #[test]
    fn a_codec_that_the_browser_takes_and_does_not_show_is_given_up_in_time() {
        let after = given_up(false, 0).expect("given up");
        assert!(after >= FIRST_PICTURE && after <= FIRST_PICTURE + Span::from_ms(100), "{after:?}");
        assert_eq!(given_up(false, 1), None, "it was seen");
        assert_eq!(given_up(true, 0), None, "nothing need be seen");
    }

    #[test]
    fn a_network_that_is_back_is_tried_at_once() {
        let start = Instant::from_ms(1_000);
        let mut player = Player::new(start, 1);
        let mut wanted = joins(&mut player, start);
        let asks = |wanted: &[Output]| {
            wanted.iter().any(|wanted| matches!(wanted, Output::Fetch { .. } | Output::AskStream(_)))
        };
        let mut quiet_from = start;
        // Everything fails, until what waits has waited for a second.
        let now = (0..).map(|look| start + Span::from_ms(look * 50)).find(|now| {
            player.tick(*now);
            wanted.extend(std::iter::from_fn(|| player.poll()));
            if asks(&wanted) {
                quiet_from = *now;
            }
            for wanted in wanted.drain(..) {
                match wanted {
                    Output::Fetch { request, .. } => player.handle(*now, Input::Failed(request, 0, None)),
                    Output::AskStream(_) => player.handle(*now, Input::Stream(None)),
                    _ => {}
                }
            }
            now.since(quiet_from) >= Span::from_secs(1)
        });
        let now = now.expect("it backs off");
        player.handle(now, Input::Online);
        player.tick(now);
        assert!(asks(&std::iter::from_fn(|| player.poll()).collect::<Vec<_>>()));
    }

    #[test]
    fn a_busy_server_gets_its_rest_also_when_the_viewer_asks() {
        let now = Instant::from_ms(1_000);
        let mut player = Player::new(now, 1);
        let fetched = |wanted: &[Output]| {
            let request = |wanted: &Output| match wanted {
                Output::Fetch { request, .. } => Some(*request),
                _ => None,
            };
            wanted.iter().find_map(request)
        };
        let request = fetched(&joins(&mut player, now)).expect("a segment");
        player.handle(now, Input::Failed(request, 503, Some(Span::from_secs(4))));
        let mut at = |ms: u64| {
            let now = now + Span::from_ms(ms);
            player.handle(now, Input::GoLive);
            player.tick(now);
            fetched(&std::iter::from_fn(|| player.poll()).collect::<Vec<_>>())
        };
        assert_eq!(at(3_900), None);
        assert!(at(4_000).is_some());
    }

    #[test]
    fn what_playback_begins_with_is_looked_at_as_soon_as_it_is_in() {
        let now = Instant::from_ms(1_000);
        let mut player = Player::new(now, 1);
        joins(&mut player, now);
        player.handle(now, Input::Ready);
        while player.poll().is_some() {}
        player.handle(now + Span::from_ms(5), Input::Done(1_000));
        assert_eq!(player.poll(), Some(Output::Look));
    }
}
