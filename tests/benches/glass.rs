//! Glass to glass: the server's clock burned into the picture, published over RTMP with sound, read back from the page per
//! presented frame for 60 s. Fails above 400 ms at the 95th percentile or with any gap above 100 ms between frames.

use std::time::Duration;

use anyhow::{Result, ensure};
use hawker_tests::burned::{self, Figures, READER};

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let (_server, _camera, browser) = burned::watched().await;
    browser.eval(READER).await;
    // The target is approached from above: what counts is a minute of watching, not the first seconds of it.
    tokio::time::sleep(Duration::from_secs(10)).await;
    browser.eval("window.seen.length = 0").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let figures = Figures::read(&browser.eval("return window.seen").await);
    println!("glass to glass, 640x360 at 30 fps with sound, loopback, 60 s: {}", figures.line());
    println!(
        "the page's own figures: {}",
        browser.eval("return document.querySelector('hawker-live').stats()").await
    );
    ensure!(figures.frames > 1_500, "too few frames");
    ensure!(figures.age_ms(0.95) <= 400.0, "p95 above 400 ms");
    ensure!(figures.stalls_ms.is_empty(), "stalls: {:?}", figures.stalls_ms);
    Ok(())
}
