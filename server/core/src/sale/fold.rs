//! One record more: how a fact changes the picture. Decides nothing; a fact that cannot be is an [`Inconsistent`], after
//! which the state is to be thrown away.

use hawker_wire::Wall;

use super::limits;
use super::pool::shift;
use super::record::{Fact, Held, Paid, ProductRef, ProductSet, Record, SaleSet};
use super::state::{Due, Hold, HoldState, Inconsistent, Product, Sale, SaleState, State, ensure};

/// What a record changed, for those who watch.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    pub(super) product: Option<ProductRef>,
    pub(super) sales: Vec<String>,
    pub(super) hold: Option<u64>,
}

impl State {
    /// Folds one record.
    pub fn apply(&mut self, record: &Record) -> Result<(), Inconsistent> {
        self.fold(record).map(|_| ())
    }

    pub(super) fn fold(&mut self, record: &Record) -> Result<Touched, Inconsistent> {
        let at = Wall(record.at_ms);
        ensure(at >= self.at, "time ran backwards")?;
        self.at = at;
        self.seq += 1;
        let mut touched = Touched::default();
        match record.fact.as_ref().ok_or(Inconsistent("a fact that only a newer version knows"))? {
            Fact::ProductSet(set) => self.set_product(set, &mut touched)?,
            Fact::ProductRemoved(id) => self.remove_product(id, &mut touched)?,
            Fact::SaleSet(set) => self.set_sale(set, &mut touched)?,
            Fact::SaleStarted(sale) => self.start_sale(&sale.sale, &mut touched)?,
            Fact::SaleEnded(sale) => self.end_sale(&sale.sale, &mut touched)?,
            Fact::Held(held) => self.place(held, &mut touched)?,
            Fact::Cancelled(hold) => self.release(hold.hold, HoldState::Cancelled, &mut touched)?,
            Fact::Expired(hold) => self.release(hold.hold, HoldState::Expired, &mut touched)?,
            Fact::Paid(paid) => self.pay(paid, &mut touched)?,
            Fact::Refunded(hold) => self.refund(hold.hold, &mut touched)?,
        }
        self.check(&touched)?;
        self.forget(at)?;
        Ok(touched)
    }

    /// sold + held + free = stock, for all that a record touched: kept on in production.
    fn check(&mut self, touched: &Touched) -> Result<(), Inconsistent> {
        let revision = self.seq;
        if let Some(product) = touched.product.as_ref().and_then(|id| self.products.get_mut(id)) {
            product.revision = revision;
            product.audit()?;
        }
        for id in &touched.sales {
            if let Some(sale) = self.sales.get_mut(id) {
                sale.revision = revision;
                sale.audit()?;
            }
        }
        Ok(())
    }

    fn set_product(&mut self, set: &ProductSet, touched: &mut Touched) -> Result<(), Inconsistent> {
        let id = ProductRef { room: set.room.clone(), product: set.product.clone() };
        let product = self.products.entry(id.clone()).or_insert_with(|| Product {
            id: id.clone(),
            price: 0,
            currency: String::new(),
            stock: 0,
            pool: super::Pool::default(),
            in_sales: 0,
            removed: false,
            revision: 0,
        });
        product.price = set.price;
        product.currency.clone_from(&set.currency);
        product.stock = (product.stock + u64::from(set.free))
            .checked_sub(u64::from(product.pool.free))
            .ok_or(Inconsistent("more pieces taken out than there were"))?;
        product.pool.free = set.free;
        product.removed = false;
        touched.product = Some(id);
        Ok(())
    }

    fn remove_product(&mut self, id: &ProductRef, touched: &mut Touched) -> Result<(), Inconsistent> {
        let open = self.sales.values().filter(|sale| sale.product == *id && sale.state != SaleState::Ended);
        for sale in open.map(|sale| sale.id.clone()).collect::<Vec<_>>() {
            self.end_sale(&sale, touched)?;
        }
        self.product_mut(id)?.removed = true;
        touched.product = Some(id.clone());
        Ok(())
    }

    fn set_sale(&mut self, set: &SaleSet, touched: &mut Touched) -> Result<(), Inconsistent> {
        ensure(!self.sales.contains_key(&set.sale), "a sale made twice")?;
        let id = ProductRef { room: set.room.clone(), product: set.product.clone() };
        let product = self.product_mut(&id)?;
        product.pool.free =
            product.pool.free.checked_sub(set.stock).ok_or(Inconsistent("a sale of more than is free"))?;
        product.in_sales += u64::from(set.stock);
        let time = |ms: u64| (ms != 0).then_some(Wall(ms));
        let sale = Sale {
            id: set.sale.clone(),
            product: id.clone(),
            price: set.price,
            stock: u64::from(set.stock),
            pool: super::Pool { free: set.stock, held: 0, sold: 0 },
            returned: 0,
            limit: set.limit,
            starts: time(set.starts_ms),
            ends: time(set.ends_ms),
            state: SaleState::Scheduled,
            revision: 0,
        };
        self.deadlines.extend(sale.starts.map(|at| (at, Due::Start(sale.id.clone()))));
        self.deadlines.extend(sale.ends.map(|at| (at, Due::End(sale.id.clone()))));
        self.sales.insert(set.sale.clone(), sale);
        *touched = Touched { product: Some(id), sales: vec![set.sale.clone()], hold: None };
        Ok(())
    }

    fn start_sale(&mut self, id: &str, touched: &mut Touched) -> Result<(), Inconsistent> {
        let at = self.at;
        let sale = self.sale_mut(id)?;
        ensure(sale.state == SaleState::Scheduled, "a sale started twice")?;
        sale.state = SaleState::Running;
        let planned = sale.starts.replace(at);
        if let Some(planned) = planned {
            self.deadlines.remove(&(planned, Due::Start(id.to_owned())));
        }
        touched.sales.push(id.to_owned());
        Ok(())
    }

    fn end_sale(&mut self, id: &str, touched: &mut Touched) -> Result<(), Inconsistent> {
        let at = self.at;
        let sale = self.sale_mut(id)?;
        ensure(sale.state != SaleState::Ended, "a sale ended twice")?;
        sale.state = SaleState::Ended;
        let (starts, ends) = (sale.starts, sale.ends.replace(at));
        let back = std::mem::take(&mut sale.pool.free);
        sale.returned += u64::from(back);
        let product = sale.product.clone();
        self.give_back(&product, back)?;
        if let Some(at) = starts {
            self.deadlines.remove(&(at, Due::Start(id.to_owned())));
        }
        if let Some(at) = ends {
            self.deadlines.remove(&(at, Due::End(id.to_owned())));
        }
        self.ended.push_back((at, id.to_owned()));
        touched.product = Some(product);
        touched.sales.push(id.to_owned());
        Ok(())
    }

    fn place(&mut self, held: &Held, touched: &mut Touched) -> Result<(), Inconsistent> {
        let product = ProductRef { room: held.room.clone(), product: held.product.clone() };
        ensure(held.hold == self.seq, "a hold with another record's number")?;
        if held.sale.is_empty() {
            self.product_mut(&product)?.pool.hold(held.quantity)?;
            touched.product = Some(product.clone());
        } else {
            let sale = self.sale_mut(&held.sale)?;
            ensure(sale.product == product, "a hold of another product's sale")?;
            ensure(sale.state == SaleState::Running, "a hold of a sale that is not open")?;
            sale.pool.hold(held.quantity)?;
            touched.sales.push(held.sale.clone());
        }
        let hold = Hold {
            id: held.hold,
            product,
            sale: held.sale.clone(),
            buyer: held.buyer.clone(),
            key: held.key.clone(),
            quantity: held.quantity,
            price: held.price,
            currency: held.currency.clone(),
            placed: self.at,
            expires: Wall(held.expires_ms),
            state: HoldState::Held,
            changed: self.at,
            payment: String::new(),
            sold: false,
        };
        self.count_in(&hold)?;
        self.deadlines.insert((hold.expires, Due::Expire(hold.id)));
        self.keys.insert((hold.buyer.clone(), hold.key.clone()), hold.id);
        self.keyed.push_back((self.at, hold.id));
        self.buyers.entry(hold.buyer.clone()).or_default().insert(hold.id);
        touched.hold = Some(hold.id);
        self.holds.insert(hold.id, hold);
        Ok(())
    }

    /// A hold that comes to nothing: its pieces go to the sale, or, when that is over, to the product.
    fn release(&mut self, id: u64, state: HoldState, touched: &mut Touched) -> Result<(), Inconsistent> {
        let at = self.at;
        let hold = self.holds.get_mut(&id).ok_or(Inconsistent("no such hold"))?;
        ensure(hold.state == HoldState::Held, "a hold released twice")?;
        hold.state = state;
        hold.changed = at;
        let hold = hold.clone();
        self.deadlines.remove(&(hold.expires, Due::Expire(id)));
        self.count_out(&hold)?;
        if hold.sale.is_empty() {
            self.product_mut(&hold.product)?.pool.release(hold.quantity)?;
            touched.product = Some(hold.product);
        } else {
            let sale = self.sale_mut(&hold.sale)?;
            sale.pool.release(hold.quantity)?;
            if sale.state == SaleState::Ended {
                let back = std::mem::take(&mut sale.pool.free);
                sale.returned += u64::from(back);
                self.give_back(&hold.product, back)?;
                touched.product = Some(hold.product);
            }
            touched.sales.push(hold.sale);
        }
        self.void.push_back((at, id));
        touched.hold = Some(id);
        Ok(())
    }

    fn pay(&mut self, paid: &Paid, touched: &mut Touched) -> Result<(), Inconsistent> {
        let at = self.at;
        let hold = self.holds.get_mut(&paid.hold).ok_or(Inconsistent("no such hold"))?;
        let in_time = hold.state == HoldState::Held;
        ensure(in_time || matches!(hold.state, HoldState::Cancelled | HoldState::Expired), "paid twice")?;
        hold.state = if paid.refund_due { HoldState::RefundDue } else { HoldState::Paid };
        hold.sold = !paid.refund_due;
        hold.changed = at;
        hold.payment.clone_from(&paid.payment);
        let hold = hold.clone();
        touched.hold = Some(hold.id);
        if paid.refund_due {
            return ensure(!in_time, "a refund for goods that are held");
        }
        if in_time {
            self.deadlines.remove(&(hold.expires, Due::Expire(hold.id)));
        } else {
            self.count_in(&hold)?;
        }
        self.sell(&hold, in_time, touched)
    }

    fn sell(&mut self, hold: &Hold, in_time: bool, touched: &mut Touched) -> Result<(), Inconsistent> {
        if hold.sale.is_empty() {
            let pool = &mut self.product_mut(&hold.product)?.pool;
            touched.product = Some(hold.product.clone());
            return if in_time { pool.sell_held(hold.quantity) } else { pool.sell_free(hold.quantity) };
        }
        touched.sales.push(hold.sale.clone());
        let sale = self.sale_mut(&hold.sale)?;
        if in_time {
            return sale.pool.sell_held(hold.quantity);
        }
        if sale.state != SaleState::Ended {
            return sale.pool.sell_free(hold.quantity);
        }
        // The pieces went back to the product when the sale ended: fetch them from there.
        sale.stock += u64::from(hold.quantity);
        sale.pool.free += hold.quantity;
        sale.pool.sell_free(hold.quantity)?;
        let product = self.product_mut(&hold.product)?;
        shift(&mut product.pool.free, &mut 0, hold.quantity)?;
        product.in_sales += u64::from(hold.quantity);
        touched.product = Some(hold.product.clone());
        Ok(())
    }

    fn refund(&mut self, id: u64, touched: &mut Touched) -> Result<(), Inconsistent> {
        let at = self.at;
        let hold = self.holds.get_mut(&id).ok_or(Inconsistent("no such hold"))?;
        ensure(matches!(hold.state, HoldState::Paid | HoldState::RefundDue), "a refund without a payment")?;
        hold.state = HoldState::Refunded;
        hold.changed = at;
        touched.hold = Some(id);
        Ok(())
    }

    fn give_back(&mut self, product: &ProductRef, quantity: u32) -> Result<(), Inconsistent> {
        let product = self.product_mut(product)?;
        product.pool.free =
            product.pool.free.checked_add(quantity).ok_or(Inconsistent("more pieces than can be counted"))?;
        product.in_sales = product
            .in_sales
            .checked_sub(u64::from(quantity))
            .ok_or(Inconsistent("more pieces from sales than went in"))?;
        Ok(())
    }

    fn count_in(&mut self, hold: &Hold) -> Result<(), Inconsistent> {
        if hold.sale.is_empty() {
            return Ok(());
        }
        let limit = self.sale(&hold.sale).ok_or(Inconsistent("no such sale"))?.limit;
        let buyers = self.counts.entry(hold.sale.clone()).or_default();
        let count = buyers.entry(hold.buyer.clone()).or_default();
        *count = count.checked_add(hold.quantity).ok_or(Inconsistent("more pieces than can be counted"))?;
        ensure(limit == 0 || *count <= limit, "a buyer above the limit")
    }

    fn count_out(&mut self, hold: &Hold) -> Result<(), Inconsistent> {
        let Some(buyers) = self.counts.get_mut(&hold.sale) else { return Ok(()) };
        let count = buyers.get_mut(&hold.buyer).ok_or(Inconsistent("a buyer who was not counted"))?;
        *count = count.checked_sub(hold.quantity).ok_or(Inconsistent("a buyer below nothing"))?;
        if *count == 0 {
            buyers.remove(&hold.buyer);
        }
        if buyers.is_empty() {
            self.counts.remove(&hold.sale);
        }
        Ok(())
    }

    /// Drops what nobody can ask for any more. Goes by the records' own times, so that a replay forgets the same.
    fn forget(&mut self, now: Wall) -> Result<(), Inconsistent> {
        while let Some(id) = pop_older(&mut self.keyed, now, limits::KEY_MEMORY_MS) {
            if let Some(hold) = self.holds.get(&id) {
                self.keys.remove(&(hold.buyer.clone(), hold.key.clone()));
            }
        }
        while let Some(id) = pop_older(&mut self.void, now, limits::LATE_PAYMENT_MS) {
            let void = |hold: &Hold| matches!(hold.state, HoldState::Cancelled | HoldState::Expired);
            let Some(hold) = self.holds.get(&id).filter(|hold| void(hold)).cloned() else { continue };
            self.holds.remove(&id);
            if let Some(holds) = self.buyers.get_mut(&hold.buyer) {
                holds.remove(&id);
                if holds.is_empty() {
                    self.buyers.remove(&hold.buyer);
                }
            }
        }
        while let Some(id) = pop_older(&mut self.ended, now, limits::SALE_MEMORY_MS) {
            self.forget_sale(&id)?;
        }
        Ok(())
    }

    /// What was sold in a sale becomes part of the product's own books.
    fn forget_sale(&mut self, id: &str) -> Result<(), Inconsistent> {
        let Some(sale) = self.sales.remove(id) else { return Ok(()) };
        self.counts.remove(id);
        ensure(sale.pool.held == 0, "a sale forgotten with holds")?;
        let product = self.product_mut(&sale.product)?;
        product.pool.sold = product
            .pool
            .sold
            .checked_add(sale.pool.sold)
            .ok_or(Inconsistent("more pieces than can be counted"))?;
        product.in_sales = product
            .in_sales
            .checked_sub(u64::from(sale.pool.sold))
            .ok_or(Inconsistent("more pieces from sales than went in"))?;
        product.audit()
    }

    fn product_mut(&mut self, id: &ProductRef) -> Result<&mut Product, Inconsistent> {
        self.products.get_mut(id).ok_or(Inconsistent("no such product"))
    }

    fn sale_mut(&mut self, id: &str) -> Result<&mut Sale, Inconsistent> {
        self.sales.get_mut(id).ok_or(Inconsistent("no such sale"))
    }
}

fn pop_older<T>(queue: &mut std::collections::VecDeque<(Wall, T)>, now: Wall, memory_ms: u64) -> Option<T> {
    let due = queue.front().is_some_and(|(at, _)| now.ms_since(*at) >= memory_ms);
    if due { queue.pop_front().map(|(_, item)| item) } else { None }
}
