//! The addresses that are open, and what it takes to open those of another configuration.
//!
//! Sockets belong to addresses, not to listeners: an address that two configurations have in common stays open, whoever
//! listens there now.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use tidegate_config::{ObjectId, Snapshot};

use super::bind::{BindError, bind, bind_beside};
use super::gate::GateId;
use crate::live::{Listener, Tables};

/// So many open addresses are worth a line in the log each.
const NAMED: usize = 16;

/// The gates that are to be open, each with the listener that it leads to.
pub type Plan = Arc<[(GateId, Arc<Listener>)]>;

/// An address to listen on; where the system chooses the port, it does so for each listener.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key {
    address: SocketAddr,
    chosen_for: Option<ObjectId>,
}

#[derive(Debug)]
struct Open {
    gate: GateId,
    /// With the port that the system chose.
    address: SocketAddr,
}

/// The addresses that are open.
#[derive(Debug)]
pub struct Ports {
    workers: usize,
    open: BTreeMap<Key, Open>,
    next: u64,
    /// Sockets that were opened and not handed to the workers yet.
    fresh: Vec<(GateId, Vec<TcpListener>)>,
}

impl Ports {
    pub fn new(workers: usize) -> Self {
        Self {
            workers,
            open: BTreeMap::new(),
            next: 0,
            fresh: Vec::new(),
        }
    }

    /// Opens what the listeners of `snapshot` need and is not open; tells which of them cannot be.
    pub fn open(&mut self, snapshot: &Snapshot) -> Vec<(ObjectId, BindError)> {
        let mut refused = Vec::new();
        for listener in snapshot.listeners() {
            let key = key_of(listener);
            if self.open.contains_key(&key) {
                continue;
            }
            match self.bind(key.address) {
                Ok((address, sockets)) => {
                    let name = listener.id().path();
                    if self.open.len() < NAMED {
                        tracing::info!(%name, %address, "listening");
                    } else {
                        tracing::debug!(%name, %address, "listening");
                    }
                    let gate = GateId(self.next);
                    self.next += 1;
                    self.fresh.push((gate, sockets));
                    self.open.insert(key, Open { gate, address });
                }
                Err(error) => refused.push((listener.id().clone(), error)),
            }
        }
        refused
    }

    /// An address that we hold ourselves, if only among others, no stranger can hold.
    fn bind(&self, address: SocketAddr) -> Result<(SocketAddr, Vec<TcpListener>), BindError> {
        let is_ours = self.open.values().any(|open| overlap(open.address, address));
        let sockets = if is_ours {
            bind_beside(address, self.workers)?
        } else {
            bind(address, self.workers)?
        };
        let bound = sockets.first().and_then(|socket| socket.local_addr().ok());
        Ok((bound.unwrap_or(address), sockets))
    }

    /// Forgets the addresses that no listener of `snapshot` needs any more, and tells which gates are to be open.
    pub fn plan(&mut self, snapshot: &Snapshot, tables: &Tables) -> Plan {
        let needed: BTreeSet<Key> = snapshot.listeners().map(|listener| key_of(listener)).collect();
        self.open.retain(|key, _| needed.contains(key));
        let open: BTreeSet<GateId> = self.open.values().map(|open| open.gate).collect();
        self.fresh.retain(|(gate, _)| open.contains(gate));
        let leading = snapshot.listeners().filter_map(|listener| {
            let gate = self.open.get(&key_of(listener))?.gate;
            Some((gate, Arc::clone(tables.listener(listener.id())?)))
        });
        leading.collect()
    }

    /// The sockets that were opened since the last time, for each worker its own.
    pub fn take_fresh(&mut self) -> Vec<Vec<(GateId, TcpListener)>> {
        let mut shares: Vec<Vec<_>> = (0..self.workers).map(|_| Vec::new()).collect();
        for (gate, sockets) in self.fresh.drain(..) {
            for (share, socket) in shares.iter_mut().zip(sockets) {
                share.push((gate, socket));
            }
        }
        shares
    }

    /// Each listener of `snapshot` that is open, and where.
    pub fn listening(&self, snapshot: &Snapshot) -> Vec<(ObjectId, SocketAddr)> {
        let address = |listener: &tidegate_config::Listener| {
            Some((listener.id().clone(), self.open.get(&key_of(listener))?.address))
        };
        snapshot.listeners().filter_map(|listener| address(listener)).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

fn key_of(listener: &tidegate_config::Listener) -> Key {
    let address = listener.address().socket_addr();
    Key {
        address,
        chosen_for: (address.port() == 0).then(|| listener.id().clone()),
    }
}

/// Whether a socket on the one takes connections of the other.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let is_wild = |address: SocketAddr| address.ip().is_unspecified();
    one.port() == other.port() && (one.ip() == other.ip() || is_wild(one) || is_wild(other))
}

#[cfg(test)]
mod tests;
