//! What the threads of the process share: the live configuration, readiness, counts that belong to no object.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::{ConfigStatus, Reloads, Tables};
use crate::telemetry::{AccessLogs, Refusals};
use crate::worker::{PerWorker, WorkerId};

#[derive(Debug)]
pub struct Process {
    pub workers: usize,
    pub tables: ArcSwap<Tables>,
    pub config: ArcSwap<ConfigStatus>,
    pub reloads: Reloads,
    /// The generation that each worker serves by.
    applied: PerWorker<AtomicU64>,
    pub refusals: PerWorker<Refusals>,
    /// Open downstream connections of all listeners, and how many there may be.
    pub connections: AtomicUsize,
    pub max_connections: usize,
    readiness: AtomicU8,
}

/// Whether new traffic is welcome. A process goes through these in order and never back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Readiness {
    Starting,
    Ready,
    Draining,
}

impl Readiness {
    const ALL: [Self; 3] = [Self::Starting, Self::Ready, Self::Draining];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
        }
    }

    /// What it means for who would send traffic.
    pub fn why(self) -> &'static str {
        match self {
            Self::Starting => "the listeners are not open yet",
            Self::Ready => "new traffic is welcome",
            Self::Draining => "the process was told to stop and finishes what it has begun",
        }
    }
}

impl Process {
    pub fn new(workers: usize, max_connections: usize, logs: AccessLogs) -> Self {
        let tables = Tables {
            logs,
            ..Tables::default()
        };
        Self {
            workers,
            tables: ArcSwap::from_pointee(tables),
            config: ArcSwap::default(),
            reloads: Reloads::default(),
            applied: PerWorker::new(workers),
            refusals: PerWorker::new(workers),
            connections: AtomicUsize::new(0),
            max_connections,
            readiness: AtomicU8::new(Readiness::Starting as u8),
        }
    }

    /// Notes that a worker serves by this generation now.
    pub fn acknowledge(&self, worker: WorkerId, generation: u64) {
        self.applied.on(worker).store(generation, Ordering::Release);
    }

    /// The generation that every worker serves by, or a later one.
    pub fn applied(&self) -> u64 {
        let applied = self.applied.iter().map(|applied| applied.load(Ordering::Acquire));
        applied.min().unwrap_or_default()
    }

    /// The longest drain time of a listener that may have connections.
    pub fn longest_drain(&self) -> Duration {
        let (tables, config) = (self.tables.load(), self.config.load());
        let open = tables.listeners.iter().map(|(listener, _)| listener);
        let leaving = config.leaving.iter().map(|(_, listener)| listener);
        open.chain(leaving)
            .map(|listener| listener.drain)
            .max()
            .unwrap_or_default()
    }

    pub fn readiness(&self) -> Readiness {
        let stored = self.readiness.load(Ordering::Acquire);
        let found = Readiness::ALL.into_iter().find(|state| *state as u8 == stored);
        found.unwrap_or(Readiness::Starting)
    }

    pub fn is_ready(&self) -> bool {
        self.readiness() == Readiness::Ready
    }

    pub fn set_readiness(&self, readiness: Readiness) {
        self.readiness.store(readiness as u8, Ordering::Release);
    }
}
