//! One mounted interface: its signals, what drives them, and the boxes it draws. Features draw themselves; this file only
//! puts them side by side.

use crate::media::{controls, picture, sheets};
use crate::page::browser::{Node, text, window};
use crate::page::dom::{Child, Drawn, El, Place, aside, div};
use crate::page::events::{self, Listener, Timer};
use crate::page::host::{Figures, Host, Player};
use crate::page::signals::{Part, Signal, Topic};
use crate::page::voice::{Said, Voice};
use crate::page::words::{self, Words};
use crate::page::{clock, store, styles};
use crate::room::danmaku::{self, Painter};
use crate::room::link::Link;
use crate::room::{chat, dock};
use crate::sale::{holds, pinned, shelf};
use hawker_player_core::room::{Identity, Input, Room, Status};
use hawker_player_core::sale::Cart;
use hawker_player_core::texts::concat;
use hawker_wire::Wall;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// How often the clock on the page moves and the engine is looked at. Below half a second, so that no second is skipped.
const TICK_MS: i32 = 250;

/// Steps of the clock on the page: the tick's.
const STEP_MS: u64 = TICK_MS as u64;

/// Figures kept for the plot: a minute of ticks.
const PAST_MAX: usize = 240;

/// How long a short notice stays: time to read one line twice.
const NOTICE_MS: i32 = 5_000;

/// Where a name chosen by a guest is kept; with what the page called them, if it did.
const NAME_KEY: &str = "hawker:name";

/// A sheet over the picture, one at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sheet {
    #[default]
    None,
    Quality,
    Danmaku,
    Stats,
    Name,
    Keys,
}

/// What is below, or beside, the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    Chat,
    Goods,
}

/// What happens after a while, one of each kind: a new one takes the place of the one before.
#[derive(Clone, Copy)]
pub(crate) enum Later {
    /// The notice goes.
    Notice,
    /// The announced purchase goes.
    Ticker,
    /// The controls go.
    Rest,
}

/// What an interface holds on to until it is taken away.
struct Held {
    host: Host,
    link: Option<Rc<Link>>,
    painter: Option<Rc<Painter>>,
    timers: [Option<Timer>; 3],
}

/// One mounted interface. Copied into every closure, hence a reference: when it is taken away, this list of about 200 bytes is
/// not given back; what it holds is, and the places of its values are used again.
pub(crate) type Ui = &'static Interface;

/// What the parts of a mounted interface know together: its signals, what changes elsewhere, and what it holds.
pub(crate) struct Interface {
    pub(crate) words: Words,
    pub(crate) player: Signal<Player>,
    pub(crate) status: Signal<Status>,
    /// The list of messages; what was left out of it.
    pub(crate) messages: Topic,
    /// Likes and viewers.
    pub(crate) totals: Topic,
    /// What the room knows of this viewer.
    pub(crate) me: Topic,
    /// The shelf, its flash sales, what is pinned.
    pub(crate) goods: Topic,
    /// Holds, orders, and what waits for the server's answer.
    cart: Topic,
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
    /// What a screen reader is told.
    pub(crate) voice: Voice,
    /// Of the last minute: latency, buffer, what the link carries, the rung.
    pub(crate) past: RefCell<VecDeque<Figures>>,
    held: RefCell<Option<Held>>,
}

impl Interface {
    fn new(host: Host, words: Words) -> Ui {
        Box::leak(Box::new(Self {
            words,
            player: Signal::new(host.player()),
            status: Signal::default(),
            messages: Topic::default(),
            totals: Topic::default(),
            me: Topic::default(),
            goods: Topic::default(),
            cart: Topic::default(),
            wall: Signal::new(clock::wall().0),
            notice: Signal::default(),
            ticker: Signal::default(),
            settings: Signal::new(danmaku::Settings::remembered()),
            sheet: Signal::default(),
            tab: Signal::default(),
            draft: Signal::default(),
            say_next: Signal::default(),
            voice: Voice::new(words.live()),
            past: RefCell::default(),
            held: RefCell::new(Some(Held { host, link: None, painter: None, timers: [None, None, None] })),
        }))
    }

    fn hold(&self, act: impl FnOnce(&mut Held)) {
        if let Some(held) = &mut *self.held.borrow_mut() {
            act(held);
        }
    }

    fn link(&self) -> Option<Rc<Link>> {
        self.held.borrow().as_ref()?.link.clone()
    }

    /// The room's link; it lives as long as the interface.
    pub(crate) fn with_link(&self, act: impl FnOnce(&Link)) {
        if let Some(link) = self.link() {
            act(&link);
        }
    }

    /// The danmaku's painter.
    pub(crate) fn painter(&self) -> Option<Rc<Painter>> {
        self.held.borrow().as_ref()?.painter.clone()
    }

    /// Draws danmaku with this one.
    pub(crate) fn paint_with(&self, painter: Rc<Painter>) {
        self.hold(|held| held.painter = Some(painter));
    }

    /// Looks at the room; the reader runs again when `what` of it changes.
    pub(crate) fn room<T>(&self, what: &'static Topic, look: impl FnOnce(&Room) -> T) -> T {
        what.track();
        let link = self.link().expect("what is drawn has its link");
        let machines = link.machines();
        look(machines.client.room())
    }

    /// Looks at the cart; the reader runs again when it changes.
    pub(crate) fn cart<T>(&'static self, look: impl FnOnce(&Cart) -> T) -> T {
        self.cart.track();
        let link = self.link().expect("what is drawn has its link");
        let machines = link.machines();
        look(&machines.cart)
    }

    /// The cart has changed.
    pub(crate) fn cart_changed(&self) {
        self.cart.touch();
    }

    /// The room's currency.
    pub(crate) fn currency(&'static self) -> String {
        self.room(&self.me, |room| room.currency.clone())
    }

    /// The element. No lock is held meanwhile: a listener of the page may take the whole interface away.
    pub(crate) fn with_host<T>(&self, act: impl FnOnce(&Host) -> T) -> Option<T> {
        let host = self.held.borrow().as_ref()?.host.clone();
        Some(act(&host))
    }

    /// Does something in `ms`.
    pub(crate) fn after(&self, kind: Later, ms: i32, act: impl FnMut() + 'static) {
        let timer = Timer::after(ms, act);
        self.hold(|held| {
            if let Some(place) = held.timers.get_mut(kind as usize) {
                *place = Some(timer);
            }
        });
    }

    /// Says something short that goes away by itself.
    pub(crate) fn notify(&'static self, text: impl Into<String>) {
        let (notice, text) = (self.notice, text.into());
        self.say(Said::Notice, text.clone());
        notice.set(Some(text));
        self.after(Later::Notice, NOTICE_MS, move || notice.set(None));
    }

    /// Tells a screen reader, when it is the turn of that.
    pub(crate) fn say(&'static self, kind: Said, text: impl Into<String>) {
        if self.voice.say(kind, text.into()) {
            self.speak();
        }
    }

    fn speak(&'static self) {
        self.voice.next(move || self.speak());
    }

    /// Opens `sheet`, or closes it when it is open.
    pub(crate) fn toggle(&self, sheet: Sheet) {
        self.sheet.update(|open| *open = if *open == sheet { Sheet::None } else { sheet });
    }

    /// Shows the engine's state right after the viewer changed it.
    pub(crate) fn look(&self) {
        if let Some(player) = self.with_host(Host::player) {
            self.player.show(player);
        }
    }

    /// Closes the open sheet. Whoever closes the one for the name does not send what was typed.
    pub(crate) fn close_sheet(&self) {
        self.sheet.set(Sheet::None);
        self.say_next.set(false);
    }

    /// A guest's own name, remembered.
    pub(crate) fn rename(&self, name: &str) {
        self.with_host(|host| store::keep(&name_key(host), name));
        if let Some(identity) = self.with_host(identity) {
            self.with_link(|link| link.room(Input::Identify(identity)));
        }
    }

    /// True when nobody has given this viewer a name yet.
    pub(crate) fn nameless(&self) -> bool {
        self.with_host(|host| identity(host).name.is_empty() && host.shop_token().is_empty()).unwrap_or(false)
    }

    /// Moves the clock on the page to the server's, in steps that are seen.
    pub(crate) fn show_time(&self, server: Option<Wall>) {
        let wall = server.unwrap_or_else(clock::wall);
        self.wall.show(wall.0 / STEP_MS * STEP_MS);
    }

    fn tick(&self) {
        self.look();
        if let Some(figures) = self.with_host(Host::figures) {
            let mut past = self.past.borrow_mut();
            past.push_back(figures);
            if past.len() > PAST_MAX {
                past.pop_front();
            }
        }
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
        name => concat(&[NAME_KEY, ":", &name]),
    }
}

/// Where the signed guest id of this server is kept.
pub(crate) fn guest_key(host: &Host) -> String {
    concat(&["hawker:guest:", &host.base()])
}

/// A mounted interface; gone when dropped.
pub(crate) struct Mounted {
    ui: Ui,
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
        self.ui.voice.end();
        drop(self.ui.held.take());
        styles::abandon(&self.root);
    }
}

/// Draws into the `.hawker` box of `root`.
pub(crate) fn mount(host: Host, root: &Node) -> Result<Mounted, JsValue> {
    let parent =
        root.find(".hawker").ok_or_else(|| JsValue::from_str("hawker-ui: the root has no .hawker box"))?;
    styles::adopt(root);
    let words = words::pick(&text(&host, "language"));
    let owned = host.clone();
    events::settle_each_turn();
    let part = Part::new();
    let (ui, link, drawn) = part.build(|| {
        let ui = Interface::new(host, words);
        let link = Link::new(ui);
        ui.hold(|held| held.link = Some(link.clone()));
        let drawn = Place::new(&parent);
        drawn.fill(&|parent: &Node| layout(ui).put(parent));
        (ui, link, drawn)
    });
    let mut listeners: Vec<Listener> = ["hawker:state", "hawker:quality", "hawker:ready"]
        .map(|name| Listener::new(&owned, name, move |_| ui.look()))
        .into();
    // A network that is back need not wait for the back-off.
    listeners.push(Listener::new(&window(), "online", move |_| ui.with_link(|link| link.room(Input::Open))));
    listeners.push(Listener::new(&owned, "hawker:blocked", move |_| ui.look()));
    listeners.push(Listener::new(&owned, "keydown", move |event| controls::key(ui, &event)));
    link.room(Input::Open);
    Ok(Mounted {
        ui,
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
        ui.voice.region(),
        picture::overlay(ui),
        aside("side").attr("aria-label", ui.words.chat()).child((
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
    // Said by the voice.
    div("notice").child(Drawn(ui, |ui| ui.notice.get().map(|text| div("notice-text").child(text))))
}
