//! What may happen to the machines that stand between the player and the browser.

use hawker_player_core::media::gate::{self, Gate};
use hawker_player_core::media::limits::REQUESTS_MAX;
use hawker_player_core::media::outside::{self, Outside};
use hawker_player_core::media::player;
use hawker_player_core::random::Random;
use hawker_wire::Instant;

use super::law::{Subject, laws, one, rarely};

#[test]
fn of_the_gate() {
    laws::<Holding>();
}

#[test]
fn of_the_outside() {
    laws::<Meddling>();
}

/// Requests as a player numbers them.
#[derive(Default)]
struct Holding(u32);

impl Subject for Holding {
    type Machine = Gate;
    const FILE: &'static str = "player/core/src/media/gate.rs";
    const STATE_MAX: usize = 200 + REQUESTS_MAX * 200;

    fn start(_seed: u64) -> (Gate, Self) {
        (Gate::default(), Self::default())
    }

    fn input(&mut self, random: &mut Random, _now: Instant) -> gate::Input {
        gate::Input::Wants(match random.below(20) {
            0..=4 => return gate::Input::Streaming(!rarely(random, 3)),
            5..=12 => {
                self.0 += 1;
                player::Output::Fetch {
                    request: self.0,
                    epoch: "e".into(),
                    rendition: "source".into(),
                    number: random.next(),
                    probe: rarely(random, 4).then_some(9),
                }
            }
            13..=15 => player::Output::Cancel(self.0.saturating_sub(random.below(12) as u32)),
            16 => player::Output::Open("avc1".into()),
            _ => player::Output::Look,
        })
    }

    fn state(machine: &Gate) -> String {
        format!("{machine:?}")
    }
}

struct Meddling;

impl Subject for Meddling {
    type Machine = Outside;
    const FILE: &'static str = "player/core/src/media/outside.rs";
    const STATE_MAX: usize = 100;

    fn start(_seed: u64) -> (Outside, Self) {
        (Outside::default(), Self)
    }

    fn input(&mut self, random: &mut Random, _now: Instant) -> outside::Input {
        use outside::Input::{Asked, Paused, Played, Shown};
        let hidden = rarely(random, 2);
        one(random, &[Asked(true), Asked(false), Paused { hidden }, Played, Shown])
    }

    fn state(machine: &Outside) -> String {
        format!("{machine:?}")
    }
}
