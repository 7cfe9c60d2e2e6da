//! What the whole console shares: token, language, theme, notices. Kept in the browser as far as it should outlive a
//! reload; the token only as long as the tab.

use gloo_net::http::Method;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::Storage;

use crate::api::{self, Failure};
use crate::clock::Clock;
use crate::limits;
use crate::refusals;

/// The languages of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    En,
    Zh,
}

/// How it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

/// Everything shared. A copy is the same desk.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    pub(crate) token: RwSignal<Option<String>>,
    pub(crate) lang: RwSignal<Lang>,
    pub(crate) theme: RwSignal<Theme>,
    pub(crate) room: RwSignal<Option<String>>,
    /// The server's clock.
    pub(crate) clock: Clock,
    /// What just happened, said to everybody including screen readers; the number tells equal ones apart.
    pub(crate) notice: RwSignal<Option<(u64, String)>>,
}

const TOKEN: &str = "hawker.console.token";
const LANG: &str = "hawker.console.lang";
const THEME: &str = "hawker.console.theme";

impl Desk {
    /// As the browser left it; `#token=…` in the address logs in and disappears from it.
    pub(crate) fn open() -> Self {
        let hash = window().location().hash().unwrap_or_default();
        let fragment = hash.strip_prefix('#').unwrap_or_default();
        let offered = fragment.strip_prefix("token=").map(str::to_owned);
        if let (Some(token), Some(storage)) = (&offered, session()) {
            let _ = storage.set_item(TOKEN, token);
        }
        let kept = session().and_then(|storage| storage.get_item(TOKEN).ok().flatten());
        let read = |key| local().and_then(|storage| storage.get_item(key).ok().flatten());
        let lang = match read(LANG).or_else(|| window().navigator().language()) {
            Some(lang) if lang.starts_with("zh") => Lang::Zh,
            _ => Lang::En,
        };
        let theme = match read(THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let room = fragment.strip_prefix('/').filter(|room| !room.is_empty()).map(str::to_owned);
        let desk = Self {
            token: RwSignal::new(offered.clone().or(kept)),
            lang: RwSignal::new(lang),
            theme: RwSignal::new(theme),
            room: RwSignal::new(room),
            clock: Clock::start(),
            notice: RwSignal::new(None),
        };
        if offered.is_some() {
            desk.show_room(None);
        }
        desk.keep();
        desk
    }

    fn keep(self) {
        Effect::new(move || {
            let lang = if self.lang.get() == Lang::Zh { "zh-CN" } else { "en" };
            store(LANG, lang);
            root_attribute("lang", lang);
        });
        Effect::new(move || {
            let theme = match self.theme.get() {
                Theme::System => "system",
                Theme::Light => "light",
                Theme::Dark => "dark",
            };
            store(THEME, theme);
            root_attribute("data-theme", theme);
        });
    }

    /// A text in both languages, as a child or attribute that follows the language.
    pub(crate) fn say(
        self,
        en: &'static str,
        zh: &'static str,
    ) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
        move || self.word(en, zh)
    }

    /// The same now.
    pub(crate) fn word(self, en: &'static str, zh: &'static str) -> &'static str {
        match self.lang.get() {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// The language for `Intl`.
    pub(crate) fn locale(self) -> &'static str {
        self.word("en", "zh-CN")
    }

    pub(crate) fn log_in(self, token: &str) {
        if let Some(storage) = session() {
            let _ = storage.set_item(TOKEN, token);
        }
        self.token.set(Some(token.to_owned()));
    }

    pub(crate) fn log_out(self) {
        if let Some(storage) = session() {
            let _ = storage.remove_item(TOKEN);
        }
        self.token.set(None);
    }

    /// Opens a room, and writes it into the address so that a reload comes back to it.
    pub(crate) fn show_room(self, room: Option<String>) {
        let hash = room.as_ref().map_or("#".to_owned(), |room| format!("#/{room}"));
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&hash));
        }
        if self.room.get_untracked() != room {
            self.room.set(room);
        }
    }

    /// Says something for a while.
    pub(crate) fn tell(self, text: impl Into<String>) {
        let number = self.notice.get_untracked().map_or(0, |(number, _)| number) + 1;
        self.notice.set(Some((number, text.into())));
        spawn_local(async move {
            TimeoutFuture::new(limits::NOTICE_MS).await;
            if self.notice.get_untracked().is_some_and(|(shown, _)| shown == number) {
                self.notice.set(None);
            }
        });
    }

    /// Says why something failed; a token that is no longer good leads back to the door.
    pub(crate) fn tell_failure(self, failure: Failure) {
        if failure == Failure::Token {
            self.log_out();
        }
        self.tell(self.explain(&failure));
    }

    /// A failure in words.
    pub(crate) fn explain(self, failure: &Failure) -> String {
        match failure {
            Failure::Token => {
                self.word("That is not the administrators' token.", "这不是管理员令牌。").to_owned()
            }
            Failure::Refused { code, message } => match (self.lang.get(), refusals::chinese(code)) {
                (Lang::Zh, Some(words)) => words.to_owned(),
                _ => message.clone(),
            },
            Failure::Unreachable => self
                .word("The server does not answer. Trying again …", "服务器没有应答，正在重试……")
                .to_owned(),
        }
    }

    /// Makes a call; `done` when it succeeded, a notice when not.
    pub(crate) fn act(
        self,
        method: Method,
        path: String,
        body: Option<String>,
        done: impl FnOnce(String) + 'static,
    ) {
        let Some(token) = self.token.get_untracked() else { return };
        spawn_local(async move {
            match api::send(&token, method, &path, body).await {
                Ok(text) => done(text),
                Err(failure) => self.tell_failure(failure),
            }
        });
    }
}

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn store(key: &str, value: &str) {
    if let Some(storage) = local() {
        let _ = storage.set_item(key, value);
    }
}

fn root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}
