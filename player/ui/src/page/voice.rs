//! What a screen reader is told: one polite region, one sentence at a time with a pause behind it, so that nothing talks over
//! itself. What is newer of a kind takes the place of what waits. Shows nothing.

use super::browser::Node;
use super::dom::{El, div};
use super::events::Timer;
use std::cell::{Cell, RefCell};

/// Between two sentences, in ms: at least the time in which one of eight words is said,
const PAUSE_MS: i32 = 3_000;

/// and for each byte of it so long: fifteen letters a second, and five Chinese characters of three bytes.
const BYTE_MS: usize = 66;

/// but no longer than that: an answer to what the viewer did is waiting, and a reader lets itself be interrupted.
const PAUSE_MAX_MS: i32 = 10_000;

/// Sentences between two about the chat: who wants to read along goes to the list.
const CHAT_EVERY: u32 = 5;

/// What it is about; what comes first here is said first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// An answer to what the viewer did.
    Notice,
    /// Why there is no picture, or that there is one.
    State,
    /// What people say: rarely, so it comes before what may come all the time.
    Chat,
    /// Who bought what.
    Sold,
}

/// See the module text.
pub(crate) struct Voice {
    region: RefCell<Option<Node>>,
    waiting: RefCell<[Option<String>; 4]>,
    /// The state last told.
    state: RefCell<String>,
    /// Messages that nobody was told of.
    messages: Cell<u32>,
    /// Pauses until the chat may be spoken of again.
    chat_rests: Cell<u32>,
    pause: RefCell<Option<Timer>>,
}

impl Voice {
    /// Silent. `live` goes without saying at first.
    pub(crate) fn new(live: &str) -> Self {
        Self {
            region: RefCell::default(),
            waiting: RefCell::default(),
            state: RefCell::new(live.to_owned()),
            messages: Cell::new(0),
            chat_rests: Cell::new(0),
            pause: RefCell::default(),
        }
    }

    /// The region, to be put on the page.
    pub(crate) fn region(&self) -> El {
        let region = div("said").attr("role", "status");
        self.region.replace(Some(region.node()));
        region
    }

    /// Waits for its turn. `true`: nothing is being said, somebody must call [`Voice::next`].
    pub(crate) fn say(&self, kind: Said, text: String) -> bool {
        if kind == Said::State && self.state.replace(text.clone()) == text {
            return false;
        }
        if let Some(place) = self.waiting.borrow_mut().get_mut(kind as usize) {
            *place = Some(text);
        }
        self.pause.borrow().is_none()
    }

    /// Counts a message; gives how many there are to tell of.
    pub(crate) fn message(&self) -> u32 {
        self.messages.set(self.messages.get() + 1);
        self.messages.get()
    }

    /// Says the next sentence; `again` runs after the pause behind it.
    pub(crate) fn next(&self, again: impl FnMut() + 'static) {
        self.pause.replace(None);
        let rests = self.chat_rests.replace(self.chat_rests.get().saturating_sub(1));
        let (kind, text) = {
            let mut waiting = self.waiting.borrow_mut();
            let ready = |at: &usize| *at != Said::Chat as usize || rests == 0;
            let Some(at) =
                (0..waiting.len()).filter(ready).find(|at| waiting.get(*at).is_some_and(Option::is_some))
            else {
                // Whoever waits for the chat's turn is called again.
                if rests > 0 {
                    self.pause.replace(Some(Timer::after(PAUSE_MS, again)));
                }
                return;
            };
            (at, waiting.get_mut(at).and_then(Option::take).unwrap_or_default())
        };
        if kind == Said::Chat as usize {
            self.messages.set(0);
            self.chat_rests.set(CHAT_EVERY);
        }
        if let Some(region) = &*self.region.borrow() {
            region.set_text(&text);
        }
        let pause = i32::try_from(text.len() * BYTE_MS).unwrap_or(PAUSE_MAX_MS).clamp(PAUSE_MS, PAUSE_MAX_MS);
        self.pause.replace(Some(Timer::after(pause, again)));
    }

    /// Nothing more is said.
    pub(crate) fn end(&self) {
        self.pause.replace(None);
    }
}
