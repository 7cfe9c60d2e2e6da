//! The door of all rooms: how fast and how often one address may connect. Asked before anything else costs memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hawker_server_core::room::pace::{Address, Crowd, Rate};
use hawker_wire::Instant;

/// The door. A cheap clone.
#[derive(Clone)]
pub struct Door(Arc<Mutex<Entries>>);

struct Entries {
    connects: Crowd<Address>,
    open: BTreeMap<Address, u32>,
    most: u32,
}

/// An open connection; closing is dropping it.
pub struct Entry {
    door: Door,
    address: Address,
}

impl Door {
    /// A door where an address connects at `rate` and holds `most` connections open.
    pub fn new(rate: Rate, most: u32) -> Self {
        Self(Arc::new(Mutex::new(Entries { connects: Crowd::new(rate), open: BTreeMap::new(), most })))
    }

    /// Lets a connection in; `Err`: seconds to wait.
    ///
    /// # Errors
    /// The address connects too fast or has too many open.
    pub fn enter(&self, now: Instant, address: Address) -> Result<Entry, u32> {
        let mut entries = self.lock();
        let most = entries.most;
        if entries.open.get(&address).is_some_and(|open| *open >= most) {
            return Err(FULL_WAIT_S);
        }
        entries
            .connects
            .take(now, &address, 1)
            .map_err(|wait| u32::try_from(wait.as_ms().div_ceil(1_000)).unwrap_or(u32::MAX))?;
        *entries.open.entry(address).or_default() += 1;
        Ok(Entry { door: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When an address has all it may: some of its viewers leave within this time.
const FULL_WAIT_S: u32 = 10;

impl Drop for Entry {
    fn drop(&mut self) {
        let mut entries = self.door.lock();
        if let Some(open) = entries.open.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                entries.open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn an_address_has_a_pace_and_a_number_and_others_have_their_own() {
        let door = Door::new(Rate { per_s: 1, burst: 3 }, 2);
        let (one, two) =
            (Address::from(IpAddr::from([10, 0, 0, 1])), Address::from(IpAddr::from([10, 0, 0, 2])));
        let first = door.enter(Instant::ZERO, one).ok();
        let second = door.enter(Instant::ZERO, one).ok();
        assert!(first.is_some() && second.is_some());
        assert_eq!(door.enter(Instant::ZERO, one).err(), Some(FULL_WAIT_S));
        assert!(door.enter(Instant::ZERO, two).is_ok());
        drop(first);
        let third = door.enter(Instant::ZERO, one);
        assert!(third.is_ok());
        drop((second, third));
        assert_eq!(door.enter(Instant::ZERO, one).err(), Some(1), "three a burst, then one a second");
        assert!(door.enter(Instant::from_ms(1_000), one).is_ok());
    }
}
