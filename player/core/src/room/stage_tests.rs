//! The stage on simulated time: no two comments touch, own ones are always shown, floods stay bounded.

use super::*;
use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet};

const SHAPE: Shape =
    Shape { width: 1_280.0, lanes: 14, crossing: Span::from_secs(8), gap: 16.0, apart: true };

fn drain(stage: &mut Stage) -> Vec<Output> {
    std::iter::from_fn(|| stage.poll()).collect()
}

fn comment(id: u64, width: f64) -> Comment {
    Comment { id, width, own: false }
}

/// Runs `seconds` of a room with `rate` comments a second and looks at every 50 ms: (shown on average, entered, touches).
fn flood(rate: u64, seconds: u64, own_every: u64) -> (f64, BTreeMap<u64, u64>, u64, Stage) {
    let mut stage = Stage::new(SHAPE);
    let mut random = Random::new(5);
    let mut widths = BTreeMap::new();
    let mut entered = BTreeMap::new();
    let (mut touches, mut shown, mut looks) = (0, 0, 0);
    for ms in 0..seconds * 1_000 {
        let now = Instant::from_ms(ms);
        stage.tick(now);
        if ms % (1_000 / rate) == 0 {
            let id = ms;
            let width = 72.0 + random.below(340) as f64;
            let own = own_every > 0 && (ms / (1_000 / rate)).is_multiple_of(own_every);
            widths.insert(id, width);
            stage.handle(now, Input::Say(Comment { id, width, own }));
        }
        for output in drain(&mut stage) {
            if let Output::Enter(comment) = output {
                entered.insert(comment.id, ms);
            }
        }
        if ms % 50 == 0 {
            let frame: Vec<Placed> = stage.frame(now).collect();
            for (n, a) in frame.iter().enumerate() {
                for b in frame.iter().skip(n + 1).filter(|b| b.lane == a.lane) {
                    let (left, right) = if a.x <= b.x { (a, b) } else { (b, a) };
                    touches += u64::from(left.x + widths[&left.id] > right.x + 1.0);
                }
            }
            if ms >= 8_000 {
                shown += frame.len();
                looks += 1;
            }
        }
    }
    (shown as f64 / f64::from(looks.max(1)), entered, touches, stage)
}

#[test]
fn a_comment_crosses_in_its_time_and_longer_ones_are_faster() {
    let mut stage = Stage::new(SHAPE);
    stage.handle(Instant::ZERO, Input::Say(comment(1, 100.0)));
    stage.handle(Instant::ZERO, Input::Say(comment(2, 400.0)));
    let at = |stage: &Stage, ms| stage.frame(Instant::from_ms(ms)).map(|p| (p.x, p.lane)).collect::<Vec<_>>();
    assert_eq!(at(&stage, 0), [(1_280.0, 0), (1_280.0, 1)]);
    assert_eq!(at(&stage, 4_000), [(590.0, 0), (440.0, 1)]);
    assert_eq!(at(&stage, 0), [(1_280.0, 0), (1_280.0, 1)], "a frame is a pure read");
    drain(&mut stage);
    stage.tick(Instant::from_ms(8_000));
    assert_eq!(drain(&mut stage), [Output::Leave(1), Output::Leave(2)]);
    assert_eq!(stage.wake(), None);
}

#[test]
fn row_12_nothing_touches_at_any_rate_and_the_rest_is_counted() {
    for rate in [4, 12, 30, 100] {
        let (shown, entered, touches, stage) = flood(rate, 40, 0);
        assert_eq!(touches, 0, "{rate} a second");
        assert!(stage.others.len() <= limits::WAITING && stage.moving.len() <= limits::ON_STAGE);
        let said = (40_u64 * 1_000).div_ceil(1_000 / rate);
        let waiting = stage.others.len() as u64;
        assert_eq!(entered.len() as u64 + stage.dropped() + waiting, said, "every comment is accounted for");
        if rate >= 30 {
            assert!(shown >= 60.0, "a full picture shows {shown} at {rate} a second");
        }
        if rate == 4 {
            assert_eq!(stage.dropped(), 0);
        }
    }
}

#[test]
fn row_12_own_comments_are_always_shown_soon_without_touching() {
    let (_, entered, touches, _) = flood(100, 30, 50);
    assert_eq!(touches, 0);
    for id in (0..30_000).step_by(500) {
        let shown = entered.get(&id).copied();
        assert!(
            shown.is_some_and(|ms| ms <= id + limits::OWN_WAIT.as_ms()),
            "own comment of {id} ms: {shown:?}"
        );
    }
}

#[test]
fn a_hidden_tab_comes_back_to_an_almost_empty_stage() {
    let mut stage = Stage::new(SHAPE);
    for id in 0..10 {
        stage.handle(Instant::ZERO, Input::Say(comment(id, 100.0)));
    }
    stage.handle(Instant::from_ms(100), Input::Shown(false));
    for id in 10..6_010 {
        stage.handle(Instant::from_ms(id), Input::Say(comment(id, 100.0)));
    }
    stage.handle(Instant::from_ms(600_000), Input::Shown(true));
    drain(&mut stage);
    assert_eq!(stage.frame(Instant::from_ms(600_000)).count(), 0);
    stage.tick(Instant::from_ms(601_000));
    assert_eq!(drain(&mut stage), [], "nothing is dumped");
    stage.handle(Instant::from_ms(601_000), Input::Say(comment(9_000, 100.0)));
    assert_eq!(drain(&mut stage), [Output::Enter(comment(9_000, 100.0))]);
}

#[test]
fn a_late_tick_acts_as_of_the_time_it_was_due() {
    let run = |step: usize| {
        let mut stage = Stage::new(Shape { lanes: 2, ..SHAPE });
        for id in 0..12 {
            stage.handle(Instant::from_ms(id), Input::Say(comment(id, 150.0)));
        }
        for ms in (0..=4_000).step_by(step) {
            stage.tick(Instant::from_ms(ms));
        }
        (
            drain(&mut stage),
            stage.frame(Instant::from_ms(4_000)).map(|p| (p.id, p.x.to_bits())).collect::<Vec<_>>(),
        )
    };
    assert_eq!(run(1), run(1_000));
}

#[test]
fn a_narrower_picture_and_a_smaller_area_leave_nothing_touching() {
    let mut stage = Stage::new(SHAPE);
    for id in 0..60 {
        stage.handle(Instant::from_ms(id * 100), Input::Say(comment(id, 200.0)));
    }
    let now = Instant::from_ms(6_100);
    stage.handle(now, Input::Shape(Shape { width: 390.0, lanes: 5, ..SHAPE }));
    let mut seen = BTreeSet::new();
    for ms in (6_100..14_100).step_by(100) {
        let frame: Vec<_> = stage.frame(Instant::from_ms(ms)).collect();
        for a in &frame {
            assert!(a.lane < 5);
            seen.insert(a.id);
            assert!(!frame.iter().any(|b| b.lane == a.lane && b.id != a.id && (a.x - b.x).abs() < 199.0));
        }
    }
    assert!(!seen.is_empty());
    stage.handle(now, Input::Shape(Shape { lanes: 0, ..SHAPE }));
    assert_eq!(stage.frame(now).count(), 0, "switched off");
}

#[test]
fn moderation_takes_a_comment_off() {
    let mut stage = Stage::new(SHAPE);
    stage.handle(Instant::ZERO, Input::Say(comment(1, 100.0)));
    stage.handle(Instant::from_ms(10), Input::Remove(1));
    assert_eq!(drain(&mut stage), [Output::Enter(comment(1, 100.0)), Output::Leave(1)]);
    assert_eq!(stage.dropped(), 0);
}

#[test]
fn six_hours_leave_nothing_behind() {
    let mut stage = Stage::new(SHAPE);
    for n in 0..6 * 3_600 {
        stage.handle(Instant::from_ms(n * 1_000), Input::Say(comment(n, 180.0)));
        drain(&mut stage);
        assert!(stage.moving.len() <= 9, "{} after {n} s", stage.moving.len());
    }
    assert_eq!(stage.dropped(), 0);
}

#[test]
fn without_avoidance_more_is_shown() {
    let shown = |apart| {
        let mut stage = Stage::new(Shape { apart, lanes: 4, ..SHAPE });
        (0..40).for_each(|id| stage.handle(Instant::from_ms(id * 50), Input::Say(comment(id, 200.0))));
        stage.frame(Instant::from_ms(2_000)).count()
    };
    assert!(shown(false) > shown(true));
}
