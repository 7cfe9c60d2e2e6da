//! How soon an open page shows a picture again after something befell the encoder: a restart with stamps at zero, another size,
//! another codec, 3 s without data; each three times, in a real browser. Fails when it takes more than a second once data have
//! returned, when sound and picture lie further apart than 40 ms, or at an error or a reload.

use anyhow::{Result, ensure};
use hawker_tests::breaks;
use hawker_tests::browser::{self, Options};

const TURNS: usize = 3;

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    // No larger than a phone: on two cores that also encode, painting a desktop would be measured instead.
    let window = Options { width: 480, height: 800, ..Options::desktop() };
    let mut slow = Vec::new();
    for what in breaks::ALL {
        for _ in 0..TURNS {
            let page = browser::chromium_with(window.clone()).await;
            let seen = breaks::see(&page, what).await;
            println!(
                "{what:?}: on air {:.0} ms after data returned, sound and picture {:.0} ms apart, {} wide in {}, errors {}",
                seen.on_air_ms, seen.apart_ms, seen.width, seen.codecs, seen.errors
            );
            ensure!(seen.same_page && seen.errors.as_array().is_some_and(Vec::is_empty), "{seen:?}");
            if seen.on_air_ms > 1_000.0 || seen.apart_ms > 40.0 {
                slow.push(seen);
            }
        }
    }
    ensure!(slow.is_empty(), "too slow, or out of step: {slow:#?}");
    Ok(())
}
