//! Players against each other in the simulated world, in short: what `tests/bench traces` measures at length. The bounds bound,
//! a seed decides everything, and ours is ahead where the link varies.

use hawker_tests::world::link::Period;
use hawker_tests::world::rival::Rival;
use hawker_tests::world::scenario::{self, Scenario};
use hawker_tests::world::trial::{self, Who};

/// The first so many seconds.
fn short(scenario: &Scenario, seconds: u64) -> Scenario {
    let mut left_ms = seconds * 1_000;
    let mut periods = Vec::new();
    for period in &scenario.periods {
        let ms = period.ms.min(left_ms);
        left_ms -= ms;
        periods.extend((ms > 0).then_some(Period { ms, ..*period }));
    }
    Scenario { periods, ..scenario.clone() }
}

const OTHERS: [Who; 4] = [
    Who::Other(Rival::Hls, 0.6),
    Who::Other(Rival::Shaka, 0.6),
    Who::Other(Rival::Dynamic, 1.0),
    Who::Other(Rival::Bola, 1.0),
];

#[test]
fn row_21_ours_is_ahead_of_the_others_and_nobody_of_the_optimum() {
    let weights = trial::weights();
    let chosen = ["lte_tram", "twitch_intra_cascade"];
    let (mut ours, mut theirs) = (0.0, [0.0; OTHERS.len()]);
    for scenario in scenario::traces().iter().filter(|scenario| chosen.contains(&scenario.name.as_str())) {
        let scenario = short(scenario, 60);
        let (best, must_stall) = trial::bounds(&scenario, 1, &weights);
        let figures = trial::trial(Who::Hawker, &scenario, 1, &weights);
        println!("{}: optimum {best:?}, must stall {must_stall}, ours {figures:?}", scenario.name);
        assert!(figures.nqoe < best.nqoe, "{figures:?}");
        assert!(figures.stall_ratio() >= must_stall - 0.01, "{figures:?}");
        ours += figures.nqoe;
        for (who, sum) in OTHERS.iter().zip(&mut theirs) {
            let figures = trial::trial(*who, &scenario, 1, &weights);
            assert!(figures.nqoe < best.nqoe, "{}: {figures:?}", who.name());
            *sum += figures.nqoe;
        }
    }
    println!("ours {ours}, theirs {theirs:?}");
    assert!(theirs.iter().all(|nqoe| *nqoe < ours), "ours {ours}, theirs {theirs:?}");
}

#[test]
fn a_seed_decides_everything() {
    let scenario = short(&scenario::random(3), 20);
    for who in [Who::Hawker, Who::Hls, OTHERS[0], OTHERS[2]] {
        let once = trial::watch(who, &scenario, 5);
        assert_eq!(once, trial::watch(who, &scenario, 5), "{}", who.name());
        assert_ne!(once.0, trial::watch(who, &scenario, 6).0, "{}", who.name());
    }
}

/// Part by part nothing is missing; what each part waits for is latency that our own way does not have, and so is what is kept in hand on
/// a link of which parts do not tell that it is fast.
#[test]
fn ours_on_plain_ll_hls_plays_the_same_later() {
    let periods = vec![Period { ms: 30_000, kbps: 20_000, latency_ms: 20 }];
    let scenario = Scenario { periods, ..scenario::random(1) };
    let weights = trial::weights();
    let [own, hls] = [Who::Hawker, Who::Hls].map(|who| trial::trial(who, &scenario, 1, &weights));
    println!("{own:?}\n{hls:?}");
    assert_eq!((own.stall_ratio(), hls.stall_ratio()), (0.0, 0.0));
    // It climbs a second later.
    assert!(hls.kbps > 0.95 * own.kbps);
    assert!((0.1..0.8).contains(&(hls.latency_s - own.latency_s)));
}

#[test]
fn the_fluid_bound_of_a_link_that_is_off_for_three_seconds_is_two_of_them() {
    let period = |ms, kbps| Period { ms, kbps, latency_ms: 20 };
    let scenario = Scenario {
        periods: vec![period(20_000, 5_000), period(3_000, 0), period(7_000, 5_000)],
        ..scenario::random(1)
    };
    let (_, must_stall) = trial::bounds(&scenario, 1, &trial::weights());
    // One second may be behind the camera.
    assert!((must_stall * 25.0 - 2.0).abs() < 0.05, "{}", must_stall * 25.0);
}
