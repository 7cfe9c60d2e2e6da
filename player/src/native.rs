//! Playback by the browser's own HLS player, where media cannot be fed to the element: asks for the room's state, sets the
//! address, tells the states. No latency control and no choice of rendition: those are the browser's.

use crate::shell::Shell;
use crate::{browser, fetch, video};
use hawker_player_core::media::player::State;
use hawker_wire::proto::stream::State as Room;
use js_sys::{Function, Promise};
use std::rc::Rc;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Between two looks at the room's state while it plays, or there is nothing to play.
const PAUSE_MS: f64 = 3_000.0;

/// Before another try while it should play and does not: a playlist that has just begun is an error to some browsers.
const RETRY_MS: f64 = 1_000.0;

/// `HTMLMediaElement.HAVE_FUTURE_DATA`: less than this and it waits for the network.
const FUTURE_DATA: u16 = 3;

/// Begins, if the browser can.
pub(crate) fn begin(shell: &Rc<Shell>) -> bool {
    if shell.video().can_play_type("application/vnd.apple.mpegurl").is_empty() {
        return false;
    }
    shell.set_native(State::Connecting);
    let me = Rc::downgrade(shell);
    spawn_local(async move {
        // The epoch whose playlist was given to the element.
        let mut given = None;
        loop {
            let Some(shell) = me.upgrade().filter(|shell| !shell.stopped.get()) else { return };
            let told = fetch::stream_once(&shell).await;
            if shell.stopped.get() {
                return;
            }
            shell.answered(fetch::answer(&told));
            if let Ok(stream) = told {
                match stream.state() {
                    Room::Live => live(&shell, &mut given, stream.epoch),
                    Room::Offline => wait(&shell, &mut given, State::Offline),
                    Room::Ended => wait(&shell, &mut given, State::Ended),
                }
            }
            let ms = if shell.native() == Some(State::Connecting) { RETRY_MS } else { PAUSE_MS };
            drop(shell);
            pause(ms).await;
        }
    });
    true
}

fn live(shell: &Rc<Shell>, given: &mut Option<String>, epoch: String) {
    let video = shell.video();
    if given.as_ref() != Some(&epoch) || !video.error().is_null() {
        *given = Some(epoch);
        shell.set_native(State::Connecting);
        video.set_src(&[shell.base(), "/index.m3u8"].concat());
        if !shell.paused() {
            video::play(shell);
        }
    } else if shell.native() == Some(State::Live) && !shell.paused() && video.ready_state() < FUTURE_DATA {
        // It says itself when it goes on (`playing`).
        shell.set_native(State::Stalled);
    }
}

fn wait(shell: &Shell, given: &mut Option<String>, state: State) {
    *given = None;
    shell.set_native(state);
}

/// To the newest moment that the browser can play.
pub(crate) fn to_edge(shell: &Shell) {
    let seekable = shell.video().seekable();
    if let Some(end) = seekable.length().checked_sub(1).and_then(|last| seekable.end(last).ok()) {
        shell.video().set_current_time(end);
    }
}

async fn pause(ms: f64) {
    let promise = Promise::new(&mut |done: Function, _| {
        browser::set_timeout(&done, ms);
    });
    // A timer cannot fail.
    let _ = JsFuture::from(promise).await;
}
