//! A short crowd: what `tests/bench` measures with a thousand viewers, asserted with fewer and less time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hawker_tests::crowd::{Crowd, Plan, phases, process};
use hawker_tests::{server, token};
use tokio::time::Instant;

const VIEWERS: usize = 100;

/// Notes how late a turn comes that was asked for, at worst, ms: what a busy machine takes from all that runs here.
async fn turns(late_ms: Arc<AtomicU64>) {
    loop {
        let due = Instant::now() + Duration::from_millis(20);
        tokio::time::sleep_until(due).await;
        late_ms.fetch_max(due.elapsed().as_millis() as u64, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_2_a_flood_and_stopped_readers_cost_the_others_nothing() {
    let server = server::start().await;
    server.room("demo").await;
    let crowd = Crowd::gather(Plan {
        server: server.running.http,
        room: "demo".into(),
        host_token: token::host("demo", server::SHOP_SECRET),
        viewers: VIEWERS,
        stopped_percent: 10,
        phases: phases(Duration::from_secs(2), 20),
    })
    .await;
    let own = std::process::id();
    let (before, _) = process(own).unwrap();
    let late_ms = Arc::new(AtomicU64::new(0));
    let noting = tokio::spawn(turns(late_ms.clone()));
    let figures = crowd.play(|_| {}).await;
    noting.abort();
    let (after, _) = process(own).unwrap();
    assert!(figures.host_said >= 40, "the host spoke {} times", figures.host_said);
    assert_eq!(figures.untold_losses, 0, "each word of the host arrived, or the gap was told");
    assert_eq!(figures.disturbed, 0, "who reads is not disturbed by who does not");
    assert!(figures.omitted > 0, "ten times the rate is thinned, and it is said so");
    let p99 = |phase| figures.quantile_ms(phase, 0.99).unwrap();
    // A debug build, whose crowd shares the cores with the server and with whatever else runs: what a queue without a bound
    // would cost is seconds. A word takes three turns: of who says it, of the room, of who reads it. The bench holds the release
    // build to 50 ms.
    let most = p99("calm") + 1_000.0 + 3.0 * late_ms.load(Ordering::Relaxed) as f64;
    assert!(p99("flood") <= most, "p99 calm {} flood {}, {most} at most", p99("calm"), p99("flood"));
    // Server and crowd share this process: 64 KiB a viewer for both ends, and the ring.
    let most = VIEWERS as u64 * 64 * 1_024 + 8 * 1_024 * 1_024;
    assert!(after.saturating_sub(before) < most, "grew by {} KiB", after.saturating_sub(before) / 1_024);
}
