//! Playback by the browser's own HLS player, where media cannot be fed to the element: asks for the room's state, sets the
//! address, tells the states. No latency control and no choice of rendition: those are the browser's.

use crate::browser::AbortController;
use crate::shell::Shell;
use crate::{browser, fetch, video};
use hawker_wire::proto::stream::State;
use js_sys::{Function, Promise};
use std::rc::Rc;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Between two looks at the room's state, and before another try after an error.
const PAUSE_MS: f64 = 3_000.0;

/// Begins, if the browser can.
pub(crate) fn begin(shell: &Rc<Shell>) -> bool {
    if shell.video().can_play_type("application/vnd.apple.mpegurl").is_empty() {
        return false;
    }
    let (base, shell) = (shell.base().to_owned(), Rc::downgrade(shell));
    spawn_local(async move {
        let mut before = None;
        loop {
            let told = fetch::stream_once(&[&base, "/stream"].concat(), &AbortController::new()).await;
            let Some(shell) = shell.upgrade().filter(|shell| !shell.stopped.get()) else { return };
            let now = told.map(|stream| stream.state());
            match now {
                Some(State::Live) if before != now || shell.video().paused() => {
                    if before != now {
                        shell.video().set_src(&[&base, "/index.m3u8"].concat());
                    }
                    video::play(&shell);
                    shell.set_state("live");
                }
                Some(State::Live) => {}
                Some(State::Offline) => shell.set_state("offline"),
                Some(State::Ended) => shell.set_state("ended"),
                None => shell.set_state("connecting"),
            }
            before = now;
            drop(shell);
            pause().await;
        }
    });
    true
}

async fn pause() {
    let promise = Promise::new(&mut |done: Function, _| {
        browser::set_timeout(&done, PAUSE_MS);
    });
    // A timer cannot fail.
    let _ = JsFuture::from(promise).await;
}
