//! The server's clock, as far as the console needs it: when a sale ends, how long it still runs. The browser's calendar may be
//! off and is not looked at: the server is asked now and then, and the page's monotonic time counts on from there.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::{api, limits};

/// The server's calendar time. A copy is the same clock.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// The server's time, ms since 1970, when the page's time was zero; `None` before the first answer.
    zero_ms: RwSignal<Option<f64>>,
    /// Counts seconds, so that what shows a time is shown anew.
    second: RwSignal<u32>,
}

impl Clock {
    /// Measures now and then, for as long as the page is open.
    pub(crate) fn start() -> Self {
        let clock = Self { zero_ms: RwSignal::new(None), second: RwSignal::new(0) };
        spawn_local(async move {
            loop {
                let asked = page_ms();
                let answer = api::time().await;
                let answered = page_ms();
                if let Ok(server) = answer {
                    // The server read its clock about half way.
                    clock.zero_ms.set(Some(server - (asked + answered) / 2.0));
                }
                let known = clock.zero_ms.get_untracked().is_some();
                TimeoutFuture::new(if known { limits::CLOCK_MS } else { limits::SLOW_MS }).await;
            }
        });
        spawn_local(async move {
            loop {
                TimeoutFuture::new(1_000).await;
                clock.second.update(|second| *second = second.wrapping_add(1));
            }
        });
        clock
    }

    /// ms since 1970 by the server's clock, each second anew; `None` until it is known.
    pub(crate) fn now_ms(self) -> Option<u64> {
        self.second.track();
        self.zero_ms.get().map(|zero| (zero + page_ms()).max(0.0) as u64)
    }
}

/// Time since the page was opened, ms.
fn page_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
