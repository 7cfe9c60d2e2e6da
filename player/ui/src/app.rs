//! One mounted interface: its signals, what drives them, and the boxes it draws. Features draw themselves; this file only
//! puts them side by side.

use crate::media::{controls, picture, sheets};
use crate::page::browser::{Node, window};
use crate::page::dom::{Child, El, Place, aside, div};
use crate::page::events::{self, Listener, Timer};
use crate::page::host::{Host, Player, field};
use crate::page::signals::{Part, Signal};
use crate::page::words::{self, Words};
use crate::page::{clock, store, styles};
use crate::room::danmaku::{self, Painter};
use crate::room::link::Link;
use crate::room::{chat, dock};
use crate::sale::{holds, pinned, shelf};
use hawker_player_core::room::{Identity, Input, Status};
use hawker_wire::Wall;
use hawker_wire::proto::{Hold, Message, Product, Sale};
use std::ops::Deref;
use std::rc::Rc;
use wasm_bindgen::JsValue;

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

/// One mounted interface. Copied into every part of it, hence a reference: of what is left when it is taken away, the places of
/// values are used again, and this list of them, 200 bytes, is not given back.
#[derive(Clone, Copy)]
pub(crate) struct Ui(&'static Signals);

impl Deref for Ui {
    type Target = Signals;

    fn deref(&self) -> &Signals {
        self.0
    }
}

/// The signals of one mounted interface.
pub(crate) struct Signals {
    pub(crate) words: &'static Words,
    pub(crate) player: Signal<Player>,
    pub(crate) status: Signal<Status>,
    pub(crate) messages: Signal<Vec<Message>>,
    pub(crate) likes: Signal<u64>,
    pub(crate) online: Signal<u32>,
    pub(crate) omitted: Signal<u64>,
    pub(crate) me: Signal<Me>,
    pub(crate) pinned: Signal<String>,
    pub(crate) shelf: Signal<Vec<Product>>,
    pub(crate) sales: Signal<Vec<Sale>>,
    pub(crate) holds: Signal<Vec<Hold>>,
    /// Product and hold ids that wait for the server's answer.
    pub(crate) waiting: Signal<Vec<String>>,
    /// The server's wall clock, ms.
    pub(crate) wall: Signal<u64>,
    pub(crate) notice: Signal<Option<String>>,
    /// Who bought what just now.
    pub(crate) ticker: Signal<Option<String>>,
    pub(crate) settings: Signal<danmaku::Settings>,
    pub(crate) sheet: Signal<Sheet>,
    pub(crate) tab: Signal<Tab>,
    /// What the viewer is typing.
    pub(crate) draft: Signal<String>,
    /// Send the draft as soon as the name is told.
    pub(crate) say_next: Signal<bool>,
    pub(crate) host: Signal<Host>,
    pub(crate) painter: Signal<Option<Rc<Painter>>>,
    link: Signal<Option<Rc<Link>>>,
    notice_timer: Signal<Option<Timer>>,
}

impl Ui {
    fn new(host: Host, words: &'static Words) -> Self {
        Self(Box::leak(Box::new(Signals {
            words,
            player: Signal::new(host.player()),
            status: Signal::default(),
            messages: Signal::default(),
            likes: Signal::default(),
            online: Signal::default(),
            omitted: Signal::default(),
            me: Signal::default(),
            pinned: Signal::default(),
            shelf: Signal::default(),
            sales: Signal::default(),
            holds: Signal::default(),
            waiting: Signal::default(),
            wall: Signal::new(clock::wall().0),
            notice: Signal::default(),
            ticker: Signal::default(),
            settings: Signal::new(danmaku::Settings::remembered()),
            sheet: Signal::default(),
            tab: Signal::default(),
            draft: Signal::default(),
            say_next: Signal::default(),
            host: Signal::new(host),
            painter: Signal::new(None),
            link: Signal::new(None),
            notice_timer: Signal::new(None),
        })))
    }

    /// The room's link; it lives as long as the interface.
    pub(crate) fn with_link(self, act: impl FnOnce(&Link)) {
        if let Some(Some(link)) = self.link.try_copy() {
            act(&link);
        }
    }

    /// The element. No lock is held meanwhile: a listener of the page may take the whole interface away.
    pub(crate) fn with_host<T>(self, act: impl FnOnce(&Host) -> T) -> Option<T> {
        self.host.try_copy().map(|host| act(&host))
    }

    /// Says something short that goes away by itself.
    pub(crate) fn notify(self, text: impl Into<String>) {
        self.notice.set(Some(text.into()));
        let timer = Timer::after(NOTICE_MS, move || {
            self.notice.set(None);
        });
        self.notice_timer.put(Some(timer));
    }

    /// Opens `sheet`, or closes it when it is open.
    pub(crate) fn toggle(self, sheet: Sheet) {
        self.sheet.update(|open| *open = if *open == sheet { Sheet::None } else { sheet });
    }

    /// Shows the engine's state right after the viewer changed it.
    pub(crate) fn look(self) {
        if let Some(player) = self.with_host(Host::player) {
            self.player.show(player);
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
        self.wall.show(wall.0 / STEP_MS * STEP_MS);
    }

    fn tick(self) {
        self.look();
        self.with_link(|link| {
            self.show_time(link.server_time());
            link.follow_token();
        });
    }
}

/// Who this viewer is: a name of their own choice comes before the one that the page begins with, a token before both.
pub(crate) fn identity(host: &Host) -> Identity {
    let chosen = store::read(&name_key(host));
    Identity {
        guest: store::read(&guest_key(host)),
        token: host.shop_token(),
        name: if chosen.is_empty() { host.told("name") } else { chosen },
    }
}

fn name_key(host: &Host) -> String {
    match host.told("name") {
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
    root: Node,
    link: Rc<Link>,
    part: Part,
    drawn: Place,
    _listeners: Vec<Listener>,
    _tick: Timer,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.link.room(Input::Close);
        self.drawn.remove();
        self.part.end();
        styles::abandon(&self.root);
    }
}

fn language(host: &Host) -> String {
    let of_page = host.closest("[lang]").and_then(|element| element.attribute("lang"));
    let of_browser = || field(&field(&window(), "navigator"), "language").as_string();
    of_page.filter(|lang| !lang.is_empty()).or_else(of_browser).unwrap_or_default()
}

/// Draws into the `.hawker` box of `root`.
pub(crate) fn mount(host: Host, root: &Node) -> Result<Mounted, JsValue> {
    let parent =
        root.find(".hawker").ok_or_else(|| JsValue::from_str("hawker-ui: the root has no .hawker box"))?;
    styles::adopt(root);
    let words = words::pick(&language(&host));
    let owned = host.clone();
    events::settle_each_turn();
    let part = Part::new();
    let (ui, link, drawn) = part.build(|| {
        let ui = Ui::new(host, words);
        let link = Link::new(ui);
        ui.link.put(Some(link.clone()));
        let drawn = Place::new(&parent);
        drawn.fill(&|parent| layout(ui).put(parent));
        (ui, link, drawn)
    });
    let mut listeners: Vec<Listener> = ["hawker:state", "hawker:quality", "hawker:ready"]
        .map(|name| Listener::new(&owned, name, move |_| ui.look()))
        .into();
    // A network that is back, or a page that is looked at again, need not wait for the back-off.
    listeners.push(Listener::new(&window(), "online", move |_| ui.with_link(|link| link.room(Input::Open))));
    listeners.push(Listener::new(&owned, "keydown", move |event| controls::key(ui, &event)));
    link.room(Input::Open);
    Ok(Mounted {
        root: root.clone(),
        link,
        part,
        drawn,
        _listeners: listeners,
        _tick: Timer::each(TICK_MS, move || ui.tick()),
    })
}

fn layout(ui: Ui) -> impl Child {
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
}

fn notice(ui: Ui) -> El {
    div()
        .class("notice")
        .attr("role", "status")
        .attr("aria-live", "polite")
        .child(move || ui.notice.get().map(|text| div().class("notice-text").child(text)))
}
