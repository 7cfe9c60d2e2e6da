//! Keeps asking the server for one thing while it is shown. A hidden tab doesn't ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use crate::api::{self, Failure};
use crate::desk::Desk;

/// What is known of the thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known<T> {
    /// The last good answer.
    pub(crate) value: Option<T>,
    /// Why the last question had none.
    pub(crate) failure: Option<Failure>,
}

/// A thing that is asked for again and again. A copy is the same thing.
pub(crate) struct Poll<T: Send + Sync + 'static> {
    known: RwSignal<Known<T>>,
    path: StoredValue<String>,
    desk: Desk,
}

impl<T: Send + Sync + 'static> Clone for Poll<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Poll<T> {}

impl<T: DeserializeOwned + Clone + PartialEq + Send + Sync + 'static> Poll<T> {
    /// Asks for `GET /api/v1/PATH` every `every_ms` until the current view is gone.
    pub(crate) fn start(desk: Desk, path: String, every_ms: u32) -> Self {
        let known = RwSignal::new(Known { value: None, failure: None });
        let poll = Self { known, path: StoredValue::new(path), desk };
        let shown = Arc::new(AtomicBool::new(true));
        on_cleanup({
            let shown = Arc::clone(&shown);
            move || shown.store(false, Ordering::Relaxed)
        });
        spawn_local(async move {
            while shown.load(Ordering::Relaxed) {
                if !document().hidden() {
                    poll.ask().await;
                }
                TimeoutFuture::new(every_ms).await;
            }
        });
        poll
    }

    /// Asks now, after something was changed.
    pub(crate) fn refresh(self) {
        spawn_local(async move { self.ask().await });
    }

    async fn ask(self) {
        let (Some(Some(token)), Some(path)) =
            (self.desk.token.try_get_untracked(), self.path.try_get_value())
        else {
            return;
        };
        let answer = api::get::<T>(&token, &path).await;
        // The view may be gone by now; its signals are too.
        let Some(before) = self.known.try_get_untracked() else { return };
        let after = match answer {
            Ok(value) => Known { value: Some(value), failure: None },
            Err(Failure::Token) => return self.desk.tell_failure(Failure::Token),
            Err(failure) => Known { failure: Some(failure), ..before.clone() },
        };
        // Only what has changed is shown anew: focus and selection stay where they are.
        if after != before {
            let _ = self.known.try_set(after);
        }
    }

    /// The last good answer, or the type's empty one.
    pub(crate) fn value(self) -> T
    where
        T: Default,
    {
        self.known.with(|known| known.value.clone()).unwrap_or_default()
    }

    /// A part of the last good answer.
    pub(crate) fn with<U>(self, look: impl FnOnce(&T) -> U) -> Option<U> {
        self.known.with(|known| known.value.as_ref().map(look))
    }

    /// No answer at all yet?
    pub(crate) fn loading(self) -> bool {
        self.known.with(|known| known.value.is_none() && known.failure.is_none())
    }

    /// Why the last question had no answer, in words.
    pub(crate) fn trouble(self) -> Option<String> {
        self.known.with(|known| known.failure.as_ref().map(|failure| self.desk.explain(failure)))
    }
}
