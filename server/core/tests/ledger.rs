//! The ledger as a text table: one row a case, the expected outcome last. Every row is written to a journal as the disk
//! would have it, and at the end of every table the fold of that journal must be the live state.
//!
//! `AT  WHO  COMMAND => OUTCOME`, times in seconds since the table's start; lines with `#` are comments.

use std::collections::BTreeMap;

use hawker_server_core::sale::{
    Answer, Config, HoldState, Input, Ledger, Output, ProductRef, Refusal, Request, SaleState, State, Stock,
    journal,
};
use hawker_wire::{Instant, Machine, Wall};

const START: Wall = Wall(1_700_000_000_000);

struct Desk {
    ledger: Ledger,
    disk: Vec<u8>,
    tickets: u64,
    /// Names of the table (`s`, `h1`) -> ids of the ledger.
    sales: BTreeMap<String, String>,
    holds: BTreeMap<String, u64>,
}

impl Desk {
    fn new() -> Self {
        let ledger = Ledger::open(Config::default(), Instant::ZERO, START, State::default());
        Self {
            ledger,
            disk: journal::HEADER.to_vec(),
            tickets: 0,
            sales: BTreeMap::new(),
            holds: BTreeMap::new(),
        }
    }

    /// Lets time pass to `now`, asks, and writes to the disk whatever is to be written.
    fn ask(&mut self, now: Instant, request: Request) -> Result<Answer, Refusal> {
        self.tickets += 1;
        self.ledger.handle(now, Input::Request { ticket: self.tickets, request });
        let mut found = None;
        self.drain(now, |output| {
            if let Output::Answer { answer, .. } = output {
                found = Some(answer);
            }
        });
        found.expect("every request is answered")
    }

    fn drain(&mut self, now: Instant, mut see: impl FnMut(Output)) {
        while let Some(output) = self.ledger.poll() {
            if let Output::Append { seq, bytes } = &output {
                self.disk.extend_from_slice(bytes);
                self.ledger.handle(now, Input::Durable(*seq));
            }
            see(output);
        }
    }

    fn row(&mut self, at_s: f64, who: &str, command: &[&str]) -> String {
        let now = Instant((at_s * 1e6) as u64);
        let wall = |s: &str| match s {
            "-" => None,
            s => Some(START.plus_ms((s.parse::<f64>().expect("a time") * 1e3) as u64)),
        };
        let product = |id: &str| ProductRef { room: "demo".into(), product: id.into() };
        match command {
            ["product", id, price, stock] => {
                let stock = match stock.strip_prefix(['+', '-']) {
                    Some(_) => Stock::Add(stock.parse().expect("pieces")),
                    None if *stock == "keep" => Stock::Keep,
                    None => Stock::Free(stock.parse().expect("pieces")),
                };
                let (id, price) = (product(id), price.parse().expect("a price"));
                self.say(now, Request::SetProduct { id, price, currency: "CNY".into(), stock })
            }
            ["remove", id] => self.say(now, Request::RemoveProduct(product(id))),
            ["sale", name, id, price, stock, limit, starts, ends] => {
                let request = Request::SetSale {
                    product: product(id),
                    price: price.parse().expect("a price"),
                    stock: stock.parse().expect("pieces"),
                    limit: limit.parse().expect("a limit"),
                    starts: wall(starts),
                    ends: wall(ends),
                };
                let answer = self.ask(now, request);
                if let Ok(Answer::Sale(sale)) = &answer {
                    self.sales.insert((*name).into(), sale.id.clone());
                }
                show(answer)
            }
            ["start", name] => self.say(now, Request::StartSale(self.sales[*name].clone())),
            ["stop", name] => self.say(now, Request::StopSale(self.sales[*name].clone())),
            ["hold", name, key, id, sale, quantity, price] => {
                let request = Request::Place {
                    product: product(id),
                    sale: self.sales.get(*sale).cloned().unwrap_or_default(),
                    buyer: format!("g:{who}"),
                    key: if key.len() < 3 { format!("key-of-a-tap-000{key}") } else { (*key).into() },
                    quantity: quantity.parse().expect("pieces"),
                    price: price.parse().expect("a price"),
                };
                let answer = self.ask(now, request);
                if let Ok(Answer::Hold(hold)) = &answer {
                    if let Some(known) = self.holds.get(*name) {
                        assert_eq!(*known, hold.id, "{name} is one hold");
                    }
                    self.holds.insert((*name).into(), hold.id);
                }
                show(answer)
            }
            ["cancel", hold] => {
                let hold = self.holds.get(*hold).copied().unwrap_or(9_999);
                self.say(now, Request::Cancel { buyer: format!("g:{who}"), hold })
            }
            ["pay", hold, payment] => {
                let hold = self.holds.get(*hold).copied().unwrap_or(9_999);
                self.say(now, Request::Pay { hold, payment: (*payment).into() })
            }
            ["refund", hold] => self.say(now, Request::Refund(self.holds[*hold])),
            ["see", what] => {
                self.ledger.tick(now);
                self.drain(now, |_| {});
                self.see(what)
            }
            other => panic!("no such command: {other:?}"),
        }
    }

    fn say(&mut self, now: Instant, request: Request) -> String {
        show(self.ask(now, request))
    }

    fn see(&self, what: &str) -> String {
        let state = self.ledger.state();
        if let Some(hold) = self.holds.get(what).and_then(|id| state.hold(*id)) {
            return format!("{:?}", hold.state);
        }
        let (label, pool) = if let Some(sale) = self.sales.get(what).and_then(|id| state.sale(id)) {
            (format!("{:?} ", sale.state), sale.pool)
        } else {
            let id = ProductRef { room: "demo".into(), product: what.into() };
            (String::new(), state.product(&id).expect("a product").pool)
        };
        format!("{label}{} free {} held {} sold", pool.free, pool.held, pool.sold)
    }
}

fn show(answer: Result<Answer, Refusal>) -> String {
    let after =
        |wall: Option<Wall>| wall.map_or("-".into(), |wall| (wall.ms_since(START) / 1_000).to_string());
    match answer {
        Ok(Answer::Hold(hold)) => match hold.state {
            HoldState::Held => format!("Held until {}", after(Some(hold.expires))),
            state => format!("{state:?}"),
        },
        Ok(Answer::Sale(sale)) if sale.state == SaleState::Ended => "Ended".into(),
        Ok(_) => "ok".into(),
        Err(Refusal::NotStarted(starts)) => format!("NotStarted {}", after(starts)),
        Err(Refusal::LimitReached(left)) => format!("LimitReached {left}"),
        Err(Refusal::PriceChanged(price)) => format!("PriceChanged {price}"),
        Err(Refusal::NotEnoughStock(free)) => format!("NotEnoughStock {free}"),
        Err(Refusal::TooFast(ms)) => format!("TooFast {}", ms / 1_000),
        Err(Refusal::Settled(hold)) => format!("Settled {:?}", hold.state),
        Err(Refusal::BadRequest(_)) => "BadRequest".into(),
        Err(refusal) => format!("{refusal:?}"),
    }
}

fn check(table: &str) {
    let mut desk = Desk::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (command, expected) = line.split_once("=>").expect("COMMAND => OUTCOME");
        let words: Vec<&str> = command.split_whitespace().collect();
        let (at, who, command) = (words[0], words[1], &words[2..]);
        let got = desk.row(at.parse().expect("a time"), who, command);
        assert_eq!(got, expected.trim(), "{line}");
        desk.ledger.state().audit().expect("the books add up");
    }
    assert_eq!(&replay(&desk.disk), desk.ledger.state(), "the fold of the journal is the live state");
}

fn replay(disk: &[u8]) -> State {
    let mut state = State::default();
    let valid = journal::open(disk, |batch| {
        assert_eq!(batch.first, state.seq() + 1);
        batch.records.iter().for_each(|record| state.apply(record).expect("consistent"));
        Ok(())
    });
    assert_eq!(valid, Ok(disk.len()));
    state.audit().expect("the books add up");
    state
}

#[test]
fn row_38_a_flash_sale_from_first_tap_to_last_piece() {
    check(
        "
        0     op   product tea 1000 10             => ok
        0     op   sale s tea 500 3 2 10 60        => ok
        0     op   see tea                         => 7 free 0 held 0 sold
        # too early: told when
        5     ann  hold a 1 tea s 1 500            => NotStarted 10
        # a tap of its own after the start; the early one keeps its answer
        10    ann  hold a 2 tea s 1 500            => Held until 130
        10    ann  hold a 1 tea s 1 500            => NotStarted 10
        # the same key: the same hold; for something else: no
        11    ann  hold a 2 tea s 1 500            => Held until 130
        11    ann  hold a 2 tea s 2 500            => BadRequest
        11    bob  hold b 2 tea s 1 500            => Held until 131
        # held and bought count together
        12    ann  hold x 3 tea s 2 500            => LimitReached 1
        13    ann  pay a p1                        => Paid
        13    ann  hold x 4 tea s 2 500            => LimitReached 1
        14    ann  hold c 5 tea s 1 500            => Held until 134
        15    ann  hold x 6 tea s 1 500            => LimitReached 0
        15    eve  hold x 1 tea s 1 500            => SoldOut
        15    op   see s                           => Running 0 free 2 held 1 sold
        # given up: free for the next, but not under the key that was refused
        16    ann  cancel c                        => Cancelled
        16    eve  hold x 1 tea s 1 500            => SoldOut
        16    eve  hold e 2 tea s 1 501            => PriceChanged 500
        16    eve  hold e 3 tea s 1 500            => Held until 136
        17    bob  pay b p2                        => Paid
        18    eve  pay e p3                        => Paid
        60    eve  hold x 4 tea s 1 500            => SaleEnded
        61    op   see s                           => Ended 0 free 0 held 3 sold
        61    op   see tea                         => 7 free 0 held 0 sold
        ",
    );
}

#[test]
fn row_38_a_hold_ends_once_and_a_late_payment_finds_goods_or_money_back() {
    check(
        "
        0     op   product tea 1000 2              => ok
        0     ann  hold a 1 tea - 1 1000           => Held until 120
        0     bob  hold b 1 tea - 1 1000           => Held until 120
        0     eve  hold e 1 tea - 1 1000           => SoldOut
        119.9 ann  see a                           => Held
        120   ann  see a                           => Expired
        120   op   see tea                         => 2 free 0 held 0 sold
        121   ann  cancel a                        => Settled Expired
        # late, but there is one left: sold
        125   ann  pay a p1                        => Paid
        126   eve  hold e 2 tea - 1 1000           => Held until 246
        # later still, and the last one is held: the money is to go back, also when asked again
        127   bob  pay b p2                        => RefundDue
        128   eve  cancel e                        => Cancelled
        129   bob  pay b p2                        => RefundDue
        129   bob  pay b p9                        => Settled RefundDue
        130   bob  refund b                        => Refunded
        131   bob  refund b                        => Refunded
        131   op   see tea                         => 1 free 0 held 1 sold
        # the same payment again: the same answer; another one: not twice
        140   ann  pay a p1                        => Paid
        140   ann  pay a p7                        => Settled Paid
        # paid on the very millisecond it ends: late
        200   eve  hold f 3 tea - 1 1000           => Held until 320
        320   eve  pay f p3                        => Paid
        320   op   see tea                         => 0 free 0 held 2 sold
        ",
    );
}

#[test]
fn row_38_what_a_sale_did_not_sell_is_the_products_again() {
    check(
        "
        0     op   product tea 1000 10             => ok
        0     op   sale s tea 500 11 0 - -         => NotEnoughStock 10
        0     op   sale s tea 500 4 0 - -          => ok
        0     ann  hold a 1 tea s 1 500            => NotStarted -
        1     op   start s                         => ok
        1     op   start s                         => ok
        2     ann  hold a 2 tea s 2 500            => Held until 122
        2     bob  hold b 1 tea s 1 500            => Held until 122
        3     op   stop s                          => Ended
        3     op   stop s                          => Ended
        3     op   start s                         => SaleEnded
        3     op   see tea                         => 7 free 0 held 0 sold
        3     op   see s                           => Ended 0 free 3 held 0 sold
        # a hold outlives its sale, at its price
        4     ann  pay a p1                        => Paid
        5     bob  cancel b                        => Cancelled
        5     op   see tea                         => 8 free 0 held 0 sold
        # late, from the product's stock, at the sale's price
        6     bob  pay b p2                        => Paid
        6     op   see tea                         => 7 free 0 held 0 sold
        6     op   see s                           => Ended 0 free 0 held 3 sold
        # off the shelf: its sales end with it
        7     op   sale t tea 400 5 0 7 90         => ok
        7     op   see t                           => Running 5 free 0 held 0 sold
        8     op   remove tea                      => ok
        8     op   see t                           => Ended 0 free 0 held 0 sold
        8     op   see tea                         => 7 free 0 held 0 sold
        9     ann  hold x 3 tea - 1 1000           => UnknownProduct
        9     ann  hold x 4 tea t 1 400            => UnknownProduct
        # and back again, with what was counted in the shop
        10    op   product tea 900 +3              => ok
        10    ann  hold c 5 tea - 10 900           => Held until 130
        ",
    );
}

#[test]
fn row_38_a_late_payment_does_not_break_the_limit() {
    check(
        "
        0     op   product tea 1000 9              => ok
        0     op   sale s tea 500 9 1 0 1000       => ok
        0     ann  hold a 1 tea s 1 500            => Held until 120
        130   ann  hold b 2 tea s 1 500            => Held until 250
        131   ann  pay a p1                        => RefundDue
        132   ann  pay b p2                        => Paid
        132   op   see s                           => Running 8 free 0 held 1 sold
        ",
    );
}

#[test]
fn what_no_page_of_ours_sends_is_refused() {
    check(
        "
        0     op   product tea 1000 5              => ok
        0     op   product t/a 1000 5              => BadRequest
        0     op   product tea -1 5                => BadRequest
        0     op   product tea 1000 -6             => NotEnoughStock 5
        0     op   product tea 1000 100000001      => BadRequest
        0     op   sale s nil 500 1 0 - -          => UnknownProduct
        0     op   sale s tea 500 0 0 - -          => BadRequest
        5     op   sale s tea 500 1 0 - 4          => BadRequest
        5     op   sale s tea 500 1 0 9 9          => BadRequest
        6     ann  hold a short tea - 1 1000       => BadRequest
        6     ann  hold a 16-of-a-key-with-é tea - 1 1000 => BadRequest
        6     ann  hold a 1 tea - 0 1000           => BadRequest
        6     ann  hold a 1 tea - 100 1000         => BadRequest
        6     ann  hold a 1 nil - 1 1000           => UnknownProduct
        6     ann  hold a 2 tea - 6 1000           => SoldOut
        6     ann  hold a 3 tea - 1 1000           => Held until 126
        6     bob  cancel a                        => UnknownHold
        6     bob  cancel nil                      => UnknownHold
        6     bob  pay nil p1                      => UnknownHold
        ",
    );
}

#[test]
fn a_key_is_remembered_for_a_day_and_a_void_hold_for_a_week() {
    check(
        "
        0       op   product tea 1000 5            => ok
        0       ann  hold a 1 tea - 1 1000         => Held until 120
        0       bob  hold b 1 tea - 1 1000         => Held until 120
        1       ann  cancel a                      => Cancelled
        86399   ann  hold a 1 tea - 1 1000         => Cancelled
        86400   op   product tea 1000 keep         => ok
        86401   ann  hold c 1 tea - 1 1000         => Held until 86521
        604800  op   product tea 1000 keep         => ok
        604800  ann  pay a p1                      => Paid
        604919  bob  see b                         => Expired
        604920  op   product tea 1000 keep         => ok
        604921  bob  pay b p2                      => UnknownHold
        ",
    );
}

#[test]
fn a_buyer_has_twenty_open_holds_at_most() {
    let mut desk = Desk::new();
    desk.row(0.0, "op", &["product", "tea", "1", "100"]);
    for n in 0..20 {
        let (name, key) = (format!("h{n}"), format!("{n:02}"));
        let got = desk.row(f64::from(n), "ann", &["hold", &name, &key, "tea", "-", "1", "1"]);
        assert_eq!(got, format!("Held until {}", 120 + n));
    }
    assert_eq!(desk.row(20.0, "ann", &["hold", "x", "20", "tea", "-", "1", "1"]), "TooFast 100");
    assert_eq!(desk.row(20.0, "bob", &["hold", "y", "20", "tea", "-", "1", "1"]), "Held until 140");
    // The oldest has ended: one more, under the same key, because being too fast is no answer about the goods.
    assert_eq!(desk.row(120.0, "ann", &["hold", "x", "20", "tea", "-", "1", "1"]), "Held until 240");
}
