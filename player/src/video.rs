//! What the video element tells by itself: presented frames, visibility of the page, pauses and starts that others make, and
//! the outcome of `play()`.

use crate::browser::{DOCUMENT, Document, FrameMetadata, Video, listen_document, unlisten_document};
use crate::record::{Record, property};
use crate::shell::Shell;
use crate::{browser, clock};
use hawker_player_core::media::outside;
use hawker_player_core::media::player::{Input, State};
use js_sys::Function;
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Listens as long as the player lives.
pub(crate) struct Watch {
    shown: Rc<Cell<Option<f64>>>,
    first: Cell<bool>,
    began_ms: f64,
    /// Muted by us, because the browser allows nothing else.
    pub(crate) forced_mute: Cell<bool>,
    on_frame: Closure<dyn FnMut(f64, FrameMetadata)>,
    on_visibility: Closure<dyn FnMut()>,
    on_playing: Closure<dyn FnMut()>,
    on_pause: Closure<dyn FnMut()>,
    on_play: Closure<dyn FnMut()>,
}

impl Watch {
    pub(crate) fn new(shell: &Weak<Shell>, video: &Video) -> Self {
        let shown = Rc::new(Cell::new(None));
        let (frame_shell, frame_shown, frame_video) = (shell.clone(), shown.clone(), video.clone());
        let (visible_shell, playing_shell) = (shell.clone(), shell.clone());
        let (pause_shell, play_shell) = (shell.clone(), shell.clone());
        let watch = Self {
            shown,
            first: Cell::new(false),
            began_ms: browser::performance_now(),
            forced_mute: Cell::new(false),
            on_frame: Closure::new(move |_, metadata: FrameMetadata| {
                frame_shown.set(Some(metadata.media_time()));
                if let Some(shell) = frame_shell.upgrade().filter(|shell| !shell.stopped.get()) {
                    shell.watch.presented(&shell);
                    let _ = frame_video.on_frame(shell.watch.frame_callback());
                }
            }),
            on_visibility: Closure::new(move || {
                if let Some(shell) = visible_shell.upgrade() {
                    let video = shell.video();
                    let silent = video.muted() || video.volume() == 0.0;
                    let hidden = DOCUMENT.with(Document::hidden);
                    shell.input(Input::Hidden { hidden, silent });
                    if !hidden {
                        shell.outside(outside::Input::Shown);
                    }
                }
            }),
            on_playing: Closure::new(move || {
                if let Some(shell) = playing_shell.upgrade() {
                    shell.watch.playing(&shell);
                }
            }),
            // Both come later than what they tell: what counts is how the element is by then.
            on_pause: Closure::new(move || {
                if let Some(shell) = pause_shell.upgrade()
                    && shell.video().paused()
                    // The browser's own doing: an end, or an error, after which there is another try.
                    && !shell.video().ended()
                    && shell.video().error().is_null()
                {
                    let hidden = DOCUMENT.with(Document::hidden);
                    shell.outside(outside::Input::Paused { hidden });
                }
            }),
            on_play: Closure::new(move || {
                if let Some(shell) = play_shell.upgrade()
                    && !shell.video().paused()
                {
                    shell.outside(outside::Input::Played);
                }
            }),
        };
        listen_document("visibilitychange", watch.on_visibility.as_ref().unchecked_ref());
        for (name, function) in watch.functions() {
            video.listen(name, function);
        }
        // Where it is missing, `playing` stands for the first frame.
        let _ = video.on_frame(watch.frame_callback());
        watch
    }

    /// Media time of the frame on the screen, where the browser tells.
    pub(crate) fn shown(&self) -> Option<f64> {
        self.shown.get()
    }

    pub(crate) fn unlisten(&self, video: &Video) {
        unlisten_document("visibilitychange", self.on_visibility.as_ref().unchecked_ref());
        for (name, function) in self.functions() {
            video.unlisten(name, function);
        }
    }

    fn functions(&self) -> [(&'static str, &Function); 3] {
        [("playing", &self.on_playing), ("pause", &self.on_pause), ("play", &self.on_play)]
            .map(|(name, closure)| (name, closure.as_ref().unchecked_ref()))
    }

    fn frame_callback(&self) -> &Function {
        self.on_frame.as_ref().unchecked_ref()
    }

    fn playing(&self, shell: &Shell) {
        if property(shell.video(), "requestVideoFrameCallback").is_none() {
            self.presented(shell);
        }
        if shell.native().is_some() {
            shell.set_native(State::Live);
        }
    }

    fn presented(&self, shell: &Shell) {
        if !self.first.replace(true) {
            let after_ms = browser::performance_now() - self.began_ms;
            shell.emit("hawker:firstframe", Record::new().with("afterMs", after_ms));
        }
    }
}

/// Plays; where the browser allows no sound, without it; where it allows nothing, a tap is asked for.
pub(crate) fn play(shell: &Rc<Shell>) {
    shell.outside(outside::Input::Asked(true));
    let promise = shell.video().play();
    let shell = Rc::downgrade(shell);
    spawn_local(async move {
        let Err(error) = JsFuture::from(promise).await else { return };
        // AbortError is our own next load or pause: nothing to do.
        if name(&error).as_deref() != Some("NotAllowedError") {
            return;
        }
        let Some(shell) = shell.upgrade().filter(|shell| !shell.stopped.get()) else { return };
        if shell.video().muted() {
            blocked(&shell);
            return;
        }
        shell.watch.forced_mute.set(true);
        shell.video().set_muted(true);
        let again = shell.video().play();
        if let Err(error) = JsFuture::from(again).await
            && name(&error).as_deref() == Some("NotAllowedError")
        {
            blocked(&shell);
        }
    });
}

fn blocked(shell: &Shell) {
    shell.emit("hawker:blocked", Record::new().with("at", clock::now().as_ms() as f64));
}

fn name(error: &JsValue) -> Option<String> {
    property(error, "name").and_then(|name| name.as_string())
}
