//! The browser's driver of the room client and the cart: gives them inputs and time, and does what they put out. Decides
//! nothing.

use super::socket::{Report, Socket};
use crate::app::{self, Ui};
use crate::page::events::Timer;
use crate::page::host::{hold_detail, object};
use crate::page::voice::Said;
use crate::page::words::fill;
use crate::page::{browser, clock, store};
use crate::sale::refusal;
use hawker_player_core::decimal::decimal;
use hawker_player_core::room::{self, Change, Client, Output, Status};
use hawker_player_core::sale::{self, Cart, Want, memory};
use hawker_player_core::texts::concat;
use hawker_wire::machine::first;
use hawker_wire::proto::{PlaceHold, SayReply, say_reply::Outcome};
use hawker_wire::{Instant, Machine, Wall};
use std::cell::{Ref, RefCell};
use std::rc::{Rc, Weak};

/// The room's connection of one mounted interface.
pub(crate) struct Link {
    ui: Ui,
    url: String,
    me: Weak<Self>,
    machines: RefCell<Machines>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Option<Timer>>,
    token: RefCell<String>,
    /// Where this room's unanswered taps are kept, and those that are.
    taps_key: String,
    taps: RefCell<Option<Vec<PlaceHold>>>,
}

/// What decides.
pub(crate) struct Machines {
    pub(crate) client: Client,
    pub(crate) cart: Cart,
}

enum Out {
    Room(Output),
    Sale(sale::Output),
}

/// What must be shown anew after a turn.
#[derive(Default)]
struct Dirty {
    messages: bool,
    everything: bool,
    totals: bool,
    goods: bool,
    cart: bool,
}

impl Link {
    /// A link that is not connected yet.
    pub(crate) fn new(ui: Ui) -> Rc<Self> {
        let (identity, base, room) =
            ui.with_host(|host| (app::identity(host), host.base(), host.room_id())).unwrap_or_default();
        let socket_base =
            base.strip_prefix("http").map_or_else(|| base.clone(), |rest| concat(&["ws", rest]));
        let room = browser::encode(&room);
        Rc::new_cyclic(|me| Self {
            ui,
            url: concat(&[&socket_base, "/live/", &room, "/socket"]),
            me: me.clone(),
            token: RefCell::new(identity.token.clone()),
            taps_key: concat(&["hawker:taps:", &base, "/", &room]),
            taps: RefCell::new(None),
            machines: RefCell::new(Machines {
                client: Client::new(identity, clock::seed()),
                cart: Cart::new(clock::seed()),
            }),
            socket: RefCell::new(None),
            timer: RefCell::new(None),
        })
    }

    /// What is known of the room and the cart. Let go of before anything is told to them.
    pub(crate) fn machines(&self) -> Ref<'_, Machines> {
        self.machines.borrow()
    }

    /// Tells the room client.
    pub(crate) fn room(&self, input: room::Input) {
        self.machines.borrow_mut().client.handle(clock::now(), input);
        self.drive();
    }

    /// Tells the cart.
    pub(crate) fn sale(&self, input: sale::Input) {
        self.machines.borrow_mut().cart.handle(clock::now(), input);
        self.drive();
    }

    /// The server's clock, once it has told.
    pub(crate) fn server_time(&self) -> Option<Wall> {
        self.machines.borrow().client.server_time(clock::now())
    }

    /// Greets anew when the shop signed the viewer in or out.
    pub(crate) fn follow_token(&self) {
        let Some(identity) = self.ui.with_host(app::identity) else { return };
        if *self.token.borrow() != identity.token {
            self.token.replace(identity.token.clone());
            self.room(room::Input::Identify(identity));
        }
    }

    /// Asks for goods, unless the shop's page puts them into its own cart.
    pub(crate) fn want(&self, want: Want) {
        if want.sale.is_empty() {
            let key = self.machines.borrow_mut().cart.key();
            let detail = object(&[
                ("sku", want.product.as_str().into()),
                ("qty", want.quantity.into()),
                ("idempotencyKey", key.into()),
            ]);
            if self.ui.with_host(|host| host.tell("hawker:add-to-cart", &detail)) == Some(false) {
                return;
            }
        }
        self.sale(sale::Input::Want(want));
    }

    fn drive(&self) {
        let mut dirty = Dirty::default();
        loop {
            let next = {
                let Machines { client, cart } = &mut *self.machines.borrow_mut();
                client.poll().map(Out::Room).or_else(|| cart.poll().map(Out::Sale))
            };
            match next {
                Some(Out::Room(output)) => self.do_room(output, &mut dirty),
                Some(Out::Sale(output)) => self.do_sale(output, &mut dirty),
                None => break,
            }
        }
        self.show(&dirty);
        self.arm();
    }

    fn do_room(&self, output: Output, dirty: &mut Dirty) {
        let now = clock::now();
        match output {
            Output::Connect => self.connect(now),
            Output::Disconnect => {
                self.socket.replace(None);
            }
            Output::Send(bytes) => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.send(&bytes);
                }
            }
            Output::KeepGuest(guest) => {
                if let Some(key) = self.ui.with_host(app::guest_key) {
                    store::keep(&key, &guest);
                }
            }
            Output::Status(status) => {
                self.ui.status.set(status);
                let online = status == Status::Live;
                if online {
                    self.remember_taps(now);
                }
                self.machines.borrow_mut().cart.handle(now, sale::Input::Online(online));
            }
            Output::Room(change) => self.changed(change, dirty),
            Output::Holds(holds) => self.machines.borrow_mut().cart.handle(now, sale::Input::Holds(holds)),
            Output::Hold(hold) => self.machines.borrow_mut().cart.handle(now, sale::Input::Hold(hold)),
            Output::HoldReply(reply) => {
                self.machines.borrow_mut().cart.handle(now, sale::Input::Reply(reply))
            }
            Output::Said(text, reply) => self.said(text, reply),
        }
    }

    /// Once, when the viewer is known: what the page before this one left without an answer.
    fn remember_taps(&self, now: Instant) {
        if self.taps.borrow().is_some() {
            return;
        }
        let Machines { client, cart } = &mut *self.machines.borrow_mut();
        let kept = store::read_in_tab(&self.taps_key);
        let taps = memory::read(&kept, &client.room().viewer, clock::wall());
        self.taps.replace(Some(taps.clone()));
        cart.handle(now, sale::Input::Again(taps));
    }

    fn keep_taps(&self, client: &Client, cart: &Cart) {
        let taps = cart.unanswered();
        // Before the first Welcome nobody knows whose they are.
        if self.taps.borrow().as_ref().is_some_and(|kept| *kept != taps) {
            let text = memory::write(&taps, &client.room().viewer, clock::wall());
            store::keep_in_tab(&self.taps_key, &text);
            self.taps.replace(Some(taps));
        }
    }

    fn connect(&self, now: Instant) {
        let me = self.me.clone();
        let report = move |report| {
            if let Some(link) = me.upgrade() {
                link.room(match report {
                    Report::Opened => room::Input::Opened,
                    Report::Closed(code) => room::Input::Closed(code),
                    Report::Frame(bytes) => room::Input::Frame(bytes),
                });
            }
        };
        // The old one is closed before the new one opens.
        self.socket.replace(None);
        match self.ui.with_host(|host| host.socket(&self.url)) {
            Some(Ok(socket)) => {
                self.socket.replace(Some(Socket::new(socket, report)));
            }
            Some(Err(_)) | None => self.machines.borrow_mut().client.handle(now, room::Input::Closed(1_006)),
        }
    }

    fn changed(&self, change: Change, dirty: &mut Dirty) {
        match change {
            Change::Everything => dirty.everything = true,
            Change::Said(message) => {
                dirty.messages = true;
                let own = message.sender == self.machines.borrow().client.room().viewer;
                if !own {
                    let text = match self.ui.voice.message() {
                        1 => concat(&[&message.name, ": ", &message.text]),
                        many => fill(self.ui.words.new_messages(), &[&decimal(many.into())]),
                    };
                    self.ui.say(Said::Chat, text);
                }
                if let Some(painter) = self.ui.painter() {
                    painter.say(message.id, &message.text, own);
                }
                let detail = object(&[("name", message.name.into()), ("text", message.text.into())]);
                self.ui.with_host(|host| host.tell("hawker:message", &detail));
            }
            Change::Removed(ids) => {
                dirty.messages = true;
                if let Some(painter) = self.ui.painter() {
                    ids.into_iter().for_each(|id| painter.remove(id));
                }
            }
            Change::Totals => dirty.totals = true,
            Change::Omitted => dirty.messages = true,
            Change::Pinned | Change::Shelf | Change::Sales => dirty.goods = true,
            Change::Sold(sold) => {
                let title = self
                    .machines
                    .borrow()
                    .client
                    .room()
                    .product_by_id(&sold.product)
                    .map(|p| p.title.clone());
                if let Some(title) = title {
                    let words = self.ui.words;
                    let name = if sold.name.is_empty() { words.somebody() } else { &sold.name };
                    let text = fill(words.someone_bought(), &[name, &title]);
                    self.ui.say(Said::Sold, text.clone());
                    self.ui.ticker.set(Some(text));
                }
            }
        }
    }

    fn said(&self, text: String, reply: Option<SayReply>) {
        let words = self.ui.words;
        let why = match reply.map(|reply| reply.outcome()) {
            Some(Outcome::Said) => return,
            Some(Outcome::Empty) => return,
            Some(Outcome::TooFast) => words.too_fast(),
            Some(Outcome::TooLong) => words.too_long(),
            Some(Outcome::Blocked) => words.blocked(),
            Some(Outcome::Muted) => words.muted_you(),
            None => words.not_sent(),
        };
        self.ui.notify(why);
        // Given back to be changed or sent again, unless something else is being typed.
        if self.ui.draft.peek(String::is_empty) {
            self.ui.draft.set(text);
        }
    }

    fn do_sale(&self, output: sale::Output, dirty: &mut Dirty) {
        let words = self.ui.words;
        let now = clock::now();
        match output {
            sale::Output::Place(place) => {
                self.machines.borrow_mut().client.handle(now, room::Input::Place(place))
            }
            sale::Output::Cancel(cancel) => {
                self.machines.borrow_mut().client.handle(now, room::Input::Cancel(cancel))
            }
            sale::Output::Held(hold) => {
                dirty.cart = true;
                self.ui.say(Said::Notice, words.held());
                self.ui.with_host(|host| host.tell("hawker:hold", &hold_detail(&hold)));
            }
            sale::Output::Paid(_) => self.ui.notify(words.paid_thanks()),
            sale::Output::Refused(_, reply) => {
                let currency = self.ui.currency();
                self.ui.notify(refusal::why(words, &currency, &reply));
            }
            sale::Output::NoAnswer(_) => self.ui.notify(words.no_answer()),
            sale::Output::Changed => dirty.cart = true,
        }
    }

    fn show(&self, dirty: &Dirty) {
        let ui = self.ui;
        if dirty.everything {
            ui.me.touch();
            ui.show_time(self.server_time());
        }
        if dirty.everything || dirty.messages {
            ui.messages.touch();
        }
        if dirty.everything || dirty.totals {
            ui.totals.touch();
        }
        if dirty.everything || dirty.goods {
            ui.goods.touch();
        }
        if dirty.everything || dirty.cart {
            ui.cart_changed();
            let machines = self.machines();
            self.keep_taps(&machines.client, &machines.cart);
        }
    }

    fn arm(&self) {
        let wake = {
            let machines = self.machines.borrow();
            first(&[machines.client.wake(), machines.cart.wake()])
        };
        let timer = wake.map(|(due, _)| {
            let ms = due.since(clock::now()).0.div_ceil(1_000).min(60_000);
            let me = self.me.clone();
            Timer::after(ms as i32, move || {
                if let Some(link) = me.upgrade() {
                    let now = clock::now();
                    link.machines.borrow_mut().client.tick(now);
                    link.machines.borrow_mut().cart.tick(now);
                    link.drive();
                }
            })
        });
        self.timer.replace(timer);
    }
}
