//! One mounted interface: its signals, what drives them, and the boxes it draws. Features draw themselves; this file only
//! puts them side by side.

use crate::media::{controls, picture, sheets};
use crate::page::dom::{Child as _, Nodes, aside, div};
use crate::page::events::{Listener, Timer};
use crate::page::host::{Host, Player};
use crate::page::words::{self, Words};
use crate::page::{clock, store, styles};
use crate::room::danmaku::{self, Painter};
use crate::room::link::Link;
use crate::room::{chat, dock};
use crate::sale::{holds, pinned, shelf};
use hawker_player_core::room::{Identity, Input, Status};
use hawker_wire::Wall;
use hawker_wire::proto::{Hold, Message, Product, Sale};
use leptos::prelude::*;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, ShadowRoot, window};

/// How often the clock on the page moves and the engine is looked at. Below half a second, so that no second is skipped.
const TICK_MS: i32 = 250;

/// Steps of the clock on the page: the tick's.
const STEP_MS: u64 = TICK_MS as u64;

/// How long a short notice stays: time to read one line twice.
const NOTICE_MS: i32 = 5_000;

/// Where a name chosen by a guest is kept; with what the page called them, if it did.
const NAME_KEY: &str = "hawker:name";

/// What is known of this viewer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Me {
    pub(crate) viewer: String,
    pub(crate) name: String,
    pub(crate) may_buy: bool,
    pub(crate) currency: String,
}

/// A sheet over the picture, one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sheet {
    #[default]
    None,
    Quality,
    Danmaku,
    Stats,
    Name,
}

/// What is below, or beside, the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    Chat,
    Goods,
}

/// The signals of one mounted interface. Copied into every part of it.
#[derive(Clone, Copy)]
pub(crate) struct Ui {
    pub(crate) words: &'static Words,
    pub(crate) player: RwSignal<Player>,
    pub(crate) status: RwSignal<Status>,
    pub(crate) messages: RwSignal<Vec<Message>>,
    pub(crate) likes: RwSignal<u64>,
    pub(crate) online: RwSignal<u32>,
    pub(crate) omitted: RwSignal<u64>,
    pub(crate) me: RwSignal<Me>,
    pub(crate) pinned: RwSignal<String>,
    pub(crate) shelf: RwSignal<Vec<Product>>,
    pub(crate) sales: RwSignal<Vec<Sale>>,
    pub(crate) holds: RwSignal<Vec<Hold>>,
    /// Product and hold ids that wait for the server's answer.
    pub(crate) waiting: RwSignal<Vec<String>>,
    /// The server's wall clock, ms.
    pub(crate) wall: RwSignal<u64>,
    pub(crate) notice: RwSignal<Option<String>>,
    /// Who bought what just now.
    pub(crate) ticker: RwSignal<Option<String>>,
    pub(crate) settings: RwSignal<danmaku::Settings>,
    pub(crate) sheet: RwSignal<Sheet>,
    pub(crate) tab: RwSignal<Tab>,
    /// What the viewer is typing.
    pub(crate) draft: RwSignal<String>,
    /// Send the draft as soon as the name is told.
    pub(crate) say_next: RwSignal<bool>,
    pub(crate) host: StoredValue<Host, LocalStorage>,
    pub(crate) painter: StoredValue<Option<Rc<Painter>>, LocalStorage>,
    link: StoredValue<Option<Rc<Link>>, LocalStorage>,
    notice_timer: StoredValue<Option<Timer>, LocalStorage>,
}

impl Ui {
    fn new(host: Host, words: &'static Words) -> Self {
        Self {
            words,
            player: RwSignal::new(host.player()),
            status: RwSignal::default(),
            messages: RwSignal::default(),
            likes: RwSignal::default(),
            online: RwSignal::default(),
            omitted: RwSignal::default(),
            me: RwSignal::default(),
            pinned: RwSignal::default(),
            shelf: RwSignal::default(),
            sales: RwSignal::default(),
            holds: RwSignal::default(),
            waiting: RwSignal::default(),
            wall: RwSignal::new(clock::wall().0),
            notice: RwSignal::default(),
            ticker: RwSignal::default(),
            settings: RwSignal::new(danmaku::Settings::remembered()),
            sheet: RwSignal::default(),
            tab: RwSignal::default(),
            draft: RwSignal::default(),
            say_next: RwSignal::default(),
            host: StoredValue::new_local(host),
            painter: StoredValue::new_local(None),
            link: StoredValue::new_local(None),
            notice_timer: StoredValue::new_local(None),
        }
    }

    /// The room's link; it lives as long as the interface.
    pub(crate) fn with_link(self, act: impl FnOnce(&Link)) {
        if let Some(Some(link)) = self.link.try_get_value() {
            act(&link);
        }
    }

    /// The element. No lock is held meanwhile: a listener of the page may take the whole interface away.
    pub(crate) fn with_host<T>(self, act: impl FnOnce(&Host) -> T) -> Option<T> {
        self.host.try_get_value().map(|host| act(&host))
    }

    /// Says something short that goes away by itself.
    pub(crate) fn notify(self, text: impl Into<String>) {
        self.notice.set(Some(text.into()));
        let timer = Timer::after(NOTICE_MS, move || {
            self.notice.try_set(None);
        });
        self.notice_timer.try_set_value(Some(timer));
    }

    /// Opens `sheet`, or closes it when it is open.
    pub(crate) fn toggle(self, sheet: Sheet) {
        self.sheet.update(|open| *open = if *open == sheet { Sheet::None } else { sheet });
    }

    /// Shows the engine's state right after the viewer changed it.
    pub(crate) fn look(self) {
        if let Some(player) = self.with_host(Host::player) {
            set_if_new(self.player, player);
        }
    }

    /// Closes the open sheet. Whoever closes the one for the name does not send what was typed.
    pub(crate) fn close_sheet(self) {
        self.sheet.set(Sheet::None);
        self.say_next.set(false);
    }

    /// A guest's own name, remembered.
    pub(crate) fn rename(self, name: &str) {
        self.with_host(|host| store::keep(&name_key(host), name));
        if let Some(identity) = self.with_host(identity) {
            self.with_link(|link| link.room(Input::Identify(identity)));
        }
    }

    /// True when nobody has given this viewer a name yet.
    pub(crate) fn nameless(self) -> bool {
        self.with_host(|host| identity(host).name.is_empty() && host.shop_token().is_empty()).unwrap_or(false)
    }

    /// Moves the clock on the page to the server's, in steps that are seen.
    pub(crate) fn show_time(self, server: Option<Wall>) {
        let wall = server.unwrap_or_else(clock::wall);
        set_if_new(self.wall, wall.0 / STEP_MS * STEP_MS);
    }

    fn tick(self) {
        self.look();
        self.with_link(|link| {
            self.show_time(link.server_time());
            link.follow_token();
        });
    }
}

/// Sets a signal only when the value differs, so that nothing is painted for nothing.
pub(crate) fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.try_with_untracked(|old| *old != value).unwrap_or(false) {
        signal.set(value);
    }
}

/// Who this viewer is: a name of their own choice comes before the one that the page begins with, a token before both.
pub(crate) fn identity(host: &Host) -> Identity {
    let chosen = store::read(&name_key(host));
    Identity {
        guest: store::read(&guest_key(host)),
        token: host.shop_token(),
        name: if chosen.is_empty() { host.attribute("name") } else { chosen },
    }
}

fn name_key(host: &Host) -> String {
    match host.attribute("name") {
        name if name.is_empty() => NAME_KEY.to_owned(),
        name => [NAME_KEY, ":", &name].concat(),
    }
}

/// Where the signed guest id of this server is kept.
pub(crate) fn guest_key(host: &Host) -> String {
    ["hawker:guest:", &host.base()].concat()
}

/// A mounted interface; gone when dropped.
pub(crate) struct Mounted {
    root: ShadowRoot,
    link: Rc<Link>,
    owner: Owner,
    drawn: Nodes,
    _listeners: Vec<Listener>,
    _tick: Timer,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.link.room(Input::Close);
        self.drawn.remove();
        self.owner.cleanup();
        styles::abandon(&self.root);
    }
}

fn language(host: &Host) -> String {
    let of_page = || host.closest("[lang]").ok().flatten().and_then(|element| element.get_attribute("lang"));
    let of_browser = || window().and_then(|window| window.navigator().language());
    of_page().filter(|lang| !lang.is_empty()).or_else(of_browser).unwrap_or_default()
}

/// Draws into the `.hawker` box of `root`.
pub(crate) fn mount(host: Host, root: &ShadowRoot) -> Result<Mounted, JsValue> {
    let parent: HtmlElement = root
        .query_selector(".hawker")?
        .ok_or_else(|| JsValue::from_str("hawker-ui: the root has no .hawker box"))?
        .unchecked_into();
    styles::adopt(root);
    let words = words::pick(&language(&host));
    let owned = host.clone();
    // What the reactive system has to do later it does in a microtask; a second call finds it prepared.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new_root(None);
    let (ui, link, drawn) = owner.with(|| {
        let ui = Ui::new(host, words);
        let link = Link::new(ui);
        ui.link.set_value(Some(link.clone()));
        let drawn = layout(ui);
        drawn.append_to(&parent);
        (ui, link, drawn)
    });
    let mut listeners: Vec<Listener> = ["hawker:state", "hawker:quality", "hawker:ready"]
        .map(|name| Listener::new(&owned, name, move |_| ui.look()))
        .into();
    if let Some(window) = window() {
        // A network that is back, or a page that is looked at again, need not wait for the back-off.
        listeners
            .push(Listener::new(&window, "online", move |_| ui.with_link(|link| link.room(Input::Open))));
    }
    listeners.push(Listener::new(&owned, "keydown", move |event| controls::key(ui, &event)));
    link.room(Input::Open);
    Ok(Mounted {
        root: root.clone(),
        link,
        owner,
        drawn,
        _listeners: listeners,
        _tick: Timer::each(TICK_MS, move || ui.tick()),
    })
}

fn layout(ui: Ui) -> Nodes {
    (
        picture::overlay(ui),
        aside().class("side").attr("aria-label", ui.words.chat).child((
            holds::open(ui),
            pinned::card(ui),
            dock::tabs(ui),
            chat::panel(ui),
            shelf::panel(ui),
            dock::bar(ui),
        )),
        sheets::sheet(ui),
        notice(ui),
    )
        .nodes()
}

fn notice(ui: Ui) -> Nodes {
    div()
        .class("notice")
        .attr("role", "status")
        .attr("aria-live", "polite")
        .child(move || ui.notice.get().map(|text| div().class("notice-text").child(text)))
        .nodes()
}
