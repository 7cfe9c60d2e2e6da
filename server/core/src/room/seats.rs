//! Who is in the room: connections, the viewers behind them, and how many there are. Judges nobody.

use std::collections::BTreeMap;

use hawker_wire::proto::viewer::Role;

use super::pace::Address;

/// One connection, numbered by the shell; never reused within a room's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conn(pub u64);

/// Somebody who comes in.
#[derive(Clone, Debug)]
pub struct Join {
    /// The connection.
    pub conn: Conn,
    /// Public id in the room: the same for every connection of a viewer.
    pub viewer: String,
    /// Name as shown, already cleaned.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where they come from.
    pub address: Address,
    /// Where their last connection ended: epoch and offset.
    pub resume: Option<(String, u64)>,
}

/// A connection in the room.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Public id of the viewer.
    pub viewer: String,
    /// Name as shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where they come from.
    pub address: Address,
}

impl Seat {
    /// True for those whose words are never left out.
    #[must_use]
    pub fn staff(&self) -> bool {
        matches!(self.role, Role::Host | Role::Operator)
    }
}

/// All connections of a room.
#[derive(Debug, Default)]
pub struct Seats {
    seats: BTreeMap<Conn, Seat>,
    viewers: BTreeMap<String, u32>,
}

impl Seats {
    /// Seats a connection. A second join of the same connection replaces the first.
    pub fn join(&mut self, join: Join) {
        self.leave(join.conn);
        *self.viewers.entry(join.viewer.clone()).or_default() += 1;
        let Join { conn, viewer, name, role, address, .. } = join;
        self.seats.insert(conn, Seat { viewer, name, role, address });
    }

    /// Takes a connection out; false if it was not in.
    pub fn leave(&mut self, conn: Conn) -> bool {
        let Some(seat) = self.seats.remove(&conn) else { return false };
        if let Some(count) = self.viewers.get_mut(&seat.viewer) {
            *count -= 1;
            if *count == 0 {
                self.viewers.remove(&seat.viewer);
            }
        }
        true
    }

    /// The seat of a connection.
    #[must_use]
    pub fn get(&self, conn: Conn) -> Option<&Seat> {
        self.seats.get(&conn)
    }

    /// Open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seats.len()
    }

    /// Viewers, however many connections each has.
    #[must_use]
    pub fn online(&self) -> u32 {
        u32::try_from(self.viewers.len()).unwrap_or(u32::MAX)
    }
}
