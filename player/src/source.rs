//! One MediaSource with one SourceBuffer on the element: open, append, remove, close. Where there is only
//! ManagedMediaSource (iPhone) it is that, which also tells when it wants media and when not. What it evicts by itself is seen
//! in `buffered`, as everything else.

use crate::browser::{MediaSource, SourceBuffer, Video, create_object_url, revoke_object_url};
use crate::record::property;
use js_sys::{Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

/// What the shell is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told {
    /// It may be appended to.
    Ready,
    /// The operation is done.
    Done,
    /// It cannot be used any more.
    Broken,
    /// It wants media, or none for now.
    Streaming(bool),
}

/// How an append ended at once.
pub(crate) enum Refused {
    /// No room.
    Full,
    /// Not usable.
    Broken,
}

type Handler = Closure<dyn FnMut()>;

/// An open or opening MediaSource.
pub(crate) struct Source {
    media: MediaSource,
    url: String,
    buffer: Option<SourceBuffer>,
    mime: String,
    on_open: Handler,
    on_done: Handler,
    on_error: Handler,
    /// Events that only a managed source has.
    on_streaming: [(&'static str, Handler); 2],
}

/// The constructor to use, if there is one.
fn constructor() -> Option<Function> {
    let global = js_sys::global();
    property(&global, "MediaSource")
        .or_else(|| property(&global, "ManagedMediaSource"))
        .and_then(|value| value.dyn_into().ok())
}

/// Whether media of these codecs can be fed to the element; `None`: not at all in this browser.
pub(crate) fn supports(codecs: &str) -> Option<bool> {
    let constructor = constructor()?;
    let check: Function = property(&constructor, "isTypeSupported")?.dyn_into().ok()?;
    check.call1(&constructor, &mime(codecs).into()).ok()?.as_bool()
}

fn mime(codecs: &str) -> String {
    ["video/mp4; codecs=\"", codecs, "\""].concat()
}

impl Source {
    /// Attaches a new one to the element; `told` hears of it from then on. `None`: there is none in this browser.
    pub(crate) fn attach(video: &Video, codecs: &str, told: impl Fn(Told) + Clone + 'static) -> Option<Self> {
        let constructor = constructor()?;
        let media: MediaSource =
            Reflect::construct(&constructor, &js_sys::Array::new()).ok()?.unchecked_into();
        let closure = |what: Told| {
            let told = told.clone();
            Handler::new(move || told(what))
        };
        let source = Self {
            url: create_object_url(&media),
            media,
            buffer: None,
            mime: mime(codecs),
            on_open: closure(Told::Ready),
            on_done: closure(Told::Done),
            on_error: closure(Told::Broken),
            on_streaming: [
                ("startstreaming", closure(Told::Streaming(true))),
                ("endstreaming", closure(Told::Streaming(false))),
            ],
        };
        source.media.listen("sourceopen", source.on_open.as_ref().unchecked_ref());
        for (name, closure) in &source.on_streaming {
            source.media.listen(name, closure.as_ref().unchecked_ref());
        }
        video.set_src(&source.url);
        Some(source)
    }

    /// Makes the SourceBuffer, once the MediaSource is open. `false`: it cannot.
    pub(crate) fn open(&mut self) -> bool {
        if self.buffer.is_some() {
            return true;
        }
        let Ok(buffer) = self.media.add_source_buffer(&self.mime) else { return false };
        buffer.listen("updateend", self.on_done.as_ref().unchecked_ref());
        buffer.listen("error", self.on_error.as_ref().unchecked_ref());
        self.buffer = Some(buffer);
        true
    }

    /// Begins to append.
    pub(crate) fn append(&self, bytes: &Uint8Array) -> Result<(), Refused> {
        let Some(buffer) = &self.buffer else { return Err(Refused::Broken) };
        buffer.append(bytes).map_err(|error| {
            let name = property(&error, "name").and_then(|name| name.as_string());
            if name.as_deref() == Some("QuotaExceededError") { Refused::Full } else { Refused::Broken }
        })
    }

    /// Begins to remove.
    pub(crate) fn remove(&self, from: f64, to: f64) -> bool {
        self.buffer.as_ref().is_some_and(|buffer| buffer.remove(from, to).is_ok())
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.media.unlisten("sourceopen", self.on_open.as_ref().unchecked_ref());
        for (name, closure) in &self.on_streaming {
            self.media.unlisten(name, closure.as_ref().unchecked_ref());
        }
        if let Some(buffer) = &self.buffer {
            buffer.unlisten("updateend", self.on_done.as_ref().unchecked_ref());
            buffer.unlisten("error", self.on_error.as_ref().unchecked_ref());
        }
        revoke_object_url(&self.url);
    }
}
