//! What the configuration has come to, for those who ask: admin and metrics.
#![allow(clippy::disallowed_methods, reason = "its thread lives by wall time")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use tidegate_config::{ObjectId, ObjectStatus, Reload};

use super::{Listener, Process};

/// The configuration of the moment.
#[derive(Debug, Default)]
pub struct ConfigStatus {
    pub reload: Reload,
    pub generation: u64,
    /// When this generation came.
    pub since: Option<SystemTime>,
    /// The objects that are new or changed in this generation.
    pub fresh: BTreeSet<ObjectId>,
    /// Listeners that are gone, of which connections may still be open.
    pub leaving: Vec<(ObjectId, Arc<Listener>)>,
}

/// Where an object stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ObjectState {
    /// Its newest version serves.
    Active,
    /// Its newest version does not serve on every worker yet.
    Warming,
    /// Its newest version is set aside.
    Quarantined,
    /// It is gone, and its last connections are finishing.
    Draining,
}

impl ObjectState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Warming => "warming",
            Self::Quarantined => "quarantined",
            Self::Draining => "draining",
        }
    }
}

impl ConfigStatus {
    pub fn state_of(&self, id: &ObjectId, status: &ObjectStatus, process: &Process) -> ObjectState {
        if status.quarantine().is_some() {
            ObjectState::Quarantined
        } else if process.applied() < self.generation && self.fresh.contains(id) {
            ObjectState::Warming
        } else {
            ObjectState::Active
        }
    }

    /// Listeners that are gone while connections of theirs are open.
    pub fn draining(&self) -> impl Iterator<Item = &ObjectId> {
        let open = self.leaving.iter().filter(|(_, listener)| has_connections(listener));
        open.map(|(id, _)| id)
    }
}

pub(super) fn has_connections(listener: &Listener) -> bool {
    listener.connections.load(Ordering::Relaxed) > 0
}

/// How looks at the configuration have ended.
#[derive(Debug, Default)]
pub struct Reloads {
    /// What was found serves.
    pub applied: AtomicU64,
    /// The same, without what was set aside.
    pub partial: AtomicU64,
    /// Nothing was different.
    pub unchanged: AtomicU64,
    /// There was nothing to look at.
    pub failed: AtomicU64,
    /// Objects that had to be compiled.
    pub compiled: AtomicU64,
}
