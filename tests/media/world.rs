//! What a viewer goes through, on simulated time: scripts as data, figures as a viewer would measure them.

use hawker_player_core::media::player::{Input, State};
use hawker_tests::lab::plan::LINKS;
use hawker_tests::world::camera::Show;
use hawker_tests::world::scenario::{self, Scenario};
use hawker_tests::world::{Report, Step, World};

const ONE: Show = Show { ladder: &[("source", 2_000_000)], gop_ms: 1_000, sound: 128_000, seed: 0 };
const LADDER: Show = Show {
    ladder: &[("720p", 3_000_000), ("480p", 1_200_000), ("240p", 300_000)],
    gop_ms: 1_000,
    sound: 128_000,
    seed: 0,
};

/// Runs a script and tells what its last part was like: `warm` is run first and not counted.
fn run(warm: &[Step], counted: &[Step]) -> (World, Report) {
    let mut world = World::default();
    world.run(warm);
    world.report();
    world.run(counted);
    let report = world.report();
    (world, report)
}

#[test]
fn a_clean_link_plays_at_once_and_close_to_the_camera() {
    let (mut world, join) = run(&[Step::Publish(ONE), Step::Run(3_400)], &[Step::Open, Step::Run(600)]);
    assert!(join.frames > 5, "the picture is there within half a second: {join:?}");
    world.run(&[Step::Run(60_000)]);
    let minute = world.report();
    assert_eq!((minute.stalls, minute.lost, minute.repeated), (0, 0, 0), "{minute:?}");
    assert!(minute.latency_p95_ms < 320.0, "{minute:?}");
    assert!(minute.requests_max <= 2, "{minute:?}");
    let stats = world.player().stats(world.now());
    let told = stats.latency_ms.expect("the clock is known");
    assert!((told - minute.latency_p50_ms).abs() < 60.0, "stats say {told}, the eye says {minute:?}");
}

#[test]
fn row_23_a_link_that_falls_from_6_to_1_mbps_is_followed_and_costs_no_frame() {
    let phases = [0, 130, 270, 410, 550, 690, 830, 970];
    let (mut stalls, mut stalled_ms) = (0, 0.0);
    for phase in phases {
        let warm = [
            Step::Link(6_000, 20),
            Step::Publish(LADDER),
            Step::Run(2_000),
            Step::Open,
            Step::Run(15_000 + phase),
        ];
        let (mut world, fall) = run(&warm, &[Step::Link(1_000, 20), Step::Run(5_000)]);
        assert_eq!(world.rendition(), "240p", "{phase}");
        println!("{phase}: {fall:?}");
        // The queue in front of the link, 96 KiB, holds most of a second of it and loses what does not fit, which comes again
        // after another one.
        assert!(fall.stalled_ms <= 3_000.0, "{phase}: {fall:?}");
        (stalls, stalled_ms) = (stalls + fall.stalls, stalled_ms + fall.stalled_ms);
        assert_eq!((fall.lost, fall.repeated), (0, 0), "{phase}: {fall:?}");
        for second in 5..30 {
            world.run(&[Step::Run(1_000)]);
            assert_eq!(world.rendition(), "240p", "{phase}: no evidence for more after {second} s");
        }
        let after = world.report();
        assert_eq!((after.stalls, after.lost, after.repeated), (0, 0, 0), "{phase}: {after:?}");
    }
    // Not one stumble after the other.
    let runs = phases.len();
    assert!(stalls as usize * 2 <= 5 * runs && stalled_ms <= 1_800.0 * runs as f64, "{stalls} {stalled_ms}");
}

#[test]
fn row_23_a_link_that_recovers_is_used_within_seconds() {
    let warm = [Step::Link(800, 20), Step::Publish(LADDER), Step::Run(2_000), Step::Open, Step::Run(20_000)];
    let (mut world, _) = run(&warm, &[Step::Run(1)]);
    assert_eq!(world.rendition(), "240p");
    world.run(&[Step::Link(6_000, 20), Step::Run(12_000)]);
    assert_eq!(world.rendition(), "720p");
    let up = world.report();
    assert_eq!((up.stalls, up.lost, up.repeated), (0, 0, 0), "{up:?}");
}

#[test]
fn a_waiting_page_starts_by_itself_when_the_encoder_comes() {
    let mut world = World::default();
    world.run(&[Step::Open, Step::Run(30_000)]);
    assert_eq!(world.state(), State::Offline);
    world.run(&[Step::Publish(ONE), Step::Run(2_500)]);
    assert_eq!(world.state(), State::Live);
    assert!(world.report().frames > 30);
}

#[test]
fn an_encoder_that_returns_after_three_seconds_is_on_the_air_within_a_second() {
    let warm = [
        Step::Publish(ONE),
        Step::Run(3_000),
        Step::Open,
        Step::Run(10_000),
        Step::Unpublish,
        Step::Run(3_000),
    ];
    let (world, back) = run(&warm, &[Step::Publish(ONE), Step::Run(1_200)]);
    assert_eq!(world.state(), State::Live);
    assert!(back.frames > 5, "{back:?}");
}

#[test]
fn an_ended_show_says_so_and_an_opened_one_plays_again() {
    let mut world = World::default();
    world.run(&[
        Step::Publish(ONE),
        Step::Run(2_000),
        Step::Open,
        Step::Run(3_000),
        Step::Ended(true),
        Step::Run(4_000),
    ]);
    assert_eq!(world.state(), State::Ended);
    world.run(&[Step::Ended(false), Step::Run(4_000)]);
    assert_eq!(world.state(), State::Live);
}

#[test]
fn an_outage_of_two_seconds_ends_at_the_live_edge() {
    let warm = [Step::Publish(ONE), Step::Run(2_000), Step::Open, Step::Run(10_000)];
    let outage = [Step::Link(0, 20), Step::Run(2_000), Step::Link(20_000, 20), Step::Run(8_000)];
    let (mut world, report) = run(&warm, &outage);
    assert!(report.stalled_ms < 3_000.0, "{report:?}");
    world.run(&[Step::Run(10_000)]);
    let after = world.report();
    assert_eq!(after.stalls, 0, "{after:?}");
    assert!(after.latency_p95_ms < 700.0, "back at the edge: {after:?}");
}

#[test]
fn long_gops_play_too() {
    for gop_ms in [2_000, 4_000, 8_000] {
        let show = Show { gop_ms, ..ONE };
        let (_, report) =
            run(&[Step::Publish(show), Step::Run(9_500), Step::Open, Step::Run(9_000)], &[Step::Run(30_000)]);
        assert_eq!((report.stalls, report.lost), (0, 0), "{gop_ms}: {report:?}");
    }
}

#[test]
fn a_pause_ends_at_the_live_edge() {
    let warm = [Step::Publish(ONE), Step::Run(2_000), Step::Open, Step::Run(5_000)];
    let (mut world, _) = run(&warm, &[Step::Page(Input::Pause), Step::Run(20_000)]);
    world.run(&[Step::Page(Input::Play), Step::Run(1_500)]);
    world.report();
    world.run(&[Step::Run(5_000)]);
    let report = world.report();
    assert_eq!(report.stalls, 0);
    assert!(report.latency_p95_ms < 450.0, "{report:?}");
}

#[test]
fn a_browser_that_wants_no_media_for_a_while_gets_none_and_is_at_the_live_edge_afterwards() {
    for pause_ms in [200, 700, 3_000, 9_000, 60_000] {
        let warm = [Step::Publish(ONE), Step::Run(2_000), Step::Open, Step::Run(10_000)];
        // What was under way may end: a segment.
        let (mut world, _) = run(&warm, &[Step::Streaming(false), Step::Run(2_500.min(pause_ms))]);
        world.run(&[Step::Run(pause_ms.saturating_sub(2_500))]);
        let meanwhile = world.report();
        assert!(
            pause_ms < 4_000 || meanwhile.frames < 5,
            "{pause_ms}: media were still fetched: {meanwhile:?}"
        );
        world.run(&[Step::Streaming(true), Step::Run(4_000)]);
        world.report();
        world.run(&[Step::Run(20_000)]);
        let after = world.report();
        assert_eq!((after.stalls, world.state()), (0, State::Live), "{pause_ms}: {after:?}");
        assert!(after.latency_p95_ms < 600.0, "{pause_ms}: behind for ever: {after:?}");
    }
}

#[test]
fn a_page_hidden_for_a_minute_is_live_within_a_second_of_being_shown() {
    for silent in [true, false] {
        let hidden = |hidden| Step::Page(Input::Hidden { hidden, silent });
        let warm = [
            Step::Publish(ONE),
            Step::Run(2_000),
            Step::Open,
            Step::Run(10_000),
            hidden(true),
            Step::Run(60_000),
        ];
        let (mut world, _) = run(&warm, &[hidden(false), Step::Run(1_000)]);
        let shown = world.mse.shown.last().map_or(0, |shown| shown.at_us);
        assert!(world.now().as_us() - shown < 100_000, "silent {silent}: the picture moves");
        world.run(&[Step::Run(2_000)]);
        let after = world.report();
        assert!(after.stalls == 0 && after.latency_p95_ms < 500.0, "silent {silent}: {after:?}");
    }
}

/// What the element keeps behind the playhead, and what the player itself remembers, do not grow with time.
#[test]
fn a_long_show_is_held_in_little_memory() {
    let mut world = World::default();
    world.run(&[Step::Link(6_000, 20), Step::Publish(LADDER), Step::Run(2_000), Step::Open]);
    let mut largest = Vec::new();
    for minute in 0..10 {
        let mut size = 0;
        for _ in 0..12 {
            world.run(&[Step::Run(5_000)]);
            let sample = world.mse.sample();
            let from = sample.ranges.first().map_or(0.0, |range| range.0);
            assert!(sample.playhead - from <= 15.0, "minute {minute}: {} s behind", sample.playhead - from);
            size = size.max(format!("{:?}", world.player()).len());
        }
        largest.push(size);
    }
    let (early, late) = largest.split_at(5);
    assert!(late.iter().max() <= early.iter().max().map(|size| size + size / 10).as_ref(), "{largest:?}");
}

/// The twelve traces: nothing of a public set may stop the show for long.
#[test]
fn row_23_public_traces_play() {
    // Others may be put beside the twelve.
    let mut traces = scenario::traces();
    traces.retain(|trace| LINKS.iter().any(|link| link.name == trace.name));
    assert_eq!(traces.len(), 12);
    let mut stalled_ms = 0.0;
    let mut seconds = 0;
    for Scenario { name, periods, .. } in traces {
        let run_ms = periods.iter().map(|period| period.ms).sum::<u64>().min(120_000);
        let warm = [Step::Publish(LADDER), Step::Run(2_000), Step::Open, Step::Trace(periods)];
        let (_, report) = run(&warm, &[Step::Run(run_ms)]);
        println!("{name} {run_ms} ms: {report:?}");
        stalled_ms += report.stalled_ms;
        seconds += run_ms / 1_000;
    }
    let ratio = stalled_ms / 1e3 / seconds as f64;
    println!("stalled {:.2} % of {seconds} s", ratio * 100.0);
    assert!(ratio < 0.06, "stalled {:.1} %", ratio * 100.0);
}

#[test]
fn the_same_script_gives_the_same_frames() {
    let shown = || {
        let mut world = World::new(7);
        world.run(&[
            Step::Link(1_500, 40),
            Step::Publish(LADDER),
            Step::Run(1_000),
            Step::Open,
            Step::Run(20_000),
        ]);
        world.mse.shown
    };
    assert_eq!(shown(), shown());
}
