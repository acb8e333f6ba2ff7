//! A worker: one thread that serves its requests start to end.
//!
//! Everything in here is owned by that thread; what must be shared lives in the compiled objects as atomics. Other
//! threads reach a worker only through its inbox.

mod buffers;
mod cells;
mod date;
mod drain;
mod env;
mod gates;
mod header_maps;
mod inbox;
mod run;
mod timer;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

pub use buffers::{BUFFER, Buffers};
pub use cells::{Counter, Gauge, PerWorker, WorkerId};
use date::Date;
pub use drain::{Drain, LAST_CALL, Ticket, Watch};
pub use env::Env;
pub use header_maps::HeaderMaps;
pub use inbox::{Inbox, Message, Peers, Update};
pub use run::{Start, run};
pub use timer::{Deadline, Timer};

use tokio::time::Instant;

use crate::exchange::{Record, Side};
use crate::live::{Listener, Tables};
use crate::telemetry::{AccessLog, Refusals};
use crate::upstream::Pools;

#[derive(Debug)]
pub struct Worker {
    pub id: WorkerId,
    pub env: Env,
    pub timer: Timer,
    pub buffers: Buffers,
    pub header_maps: HeaderMaps,
    pub pools: Pools,
    pub refusals: PerWorker<Refusals>,
    peers: Peers,
    date: Date,
    /// Whether any listener that requests may come by has an access log.
    logs: Cell<bool>,
    tables: RefCell<Arc<Tables>>,
    /// By which the last connections of listeners are served that are gone.
    retired: RefCell<Vec<(Arc<Listener>, Arc<Tables>)>>,
}

impl Worker {
    pub fn new(id: WorkerId, env: Env, peers: Peers, refusals: PerWorker<Refusals>) -> Rc<Self> {
        Rc::new(Self {
            date: Date::new(&env),
            id,
            env,
            timer: Timer::new(),
            buffers: Buffers::default(),
            header_maps: HeaderMaps::default(),
            pools: Pools::default(),
            refusals,
            peers,
            logs: Cell::new(false),
            tables: RefCell::default(),
            retired: RefCell::default(),
        })
    }

    /// The `Date` field of an answer made now.
    pub fn date(&self) -> [u8; 29] {
        self.date.get()
    }

    /// Keeps [`Self::date`] true.
    pub async fn keep_date(self: Rc<Self>) {
        loop {
            let rest = self.date.renew(&self.env);
            self.timer.sleep(rest).await;
        }
    }

    /// Sends a message to every other worker.
    pub fn tell_others(&self, message: impl Fn() -> Message) {
        for id in self.peers.ids().filter(|id| *id != self.id) {
            // A worker that has ended needs nothing.
            let _ = self.peers.send(id, message());
        }
    }

    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The configuration that new requests on this listener begin with: for one that is gone, the last that knew it.
    pub fn tables(&self, listener: &Listener) -> Arc<Tables> {
        self.with_tables(listener, Arc::clone)
    }

    fn with_tables<T>(&self, listener: &Listener, read: impl FnOnce(&Arc<Tables>) -> T) -> T {
        let retired = self.retired.borrow();
        match retired.iter().find(|(gone, _)| gone.is_same(listener)) {
            Some((_, tables)) => read(tables),
            None => read(&self.tables.borrow()),
        }
    }

    /// Serves by `tables` from now on.
    pub fn apply(&self, tables: &Arc<Tables>) {
        self.pools.retain(&tables.clusters);
        let before = self.tables.replace(Arc::clone(tables));
        let gone = before.listeners.iter().filter(|(listener, _)| !tables.has(listener));
        let retired = gone.map(|(listener, _)| (Arc::clone(listener), Arc::clone(&before)));
        let mut all = self.retired.borrow_mut();
        // Recalled before this worker had heard of it: it is served by these and what comes after.
        all.retain(|(gone, _)| !tables.has(gone));
        all.extend(retired);
        drop(all);
        self.note_logs();
    }

    fn note_logs(&self) {
        let logs = |tables: &Tables| {
            tables
                .listeners
                .iter()
                .any(|(listener, _)| listener.access_log.is_some())
        };
        let retired = self.retired.borrow();
        self.logs
            .set(logs(&self.tables.borrow()) || retired.iter().any(|(_, tables)| logs(tables)));
    }

    /// Serves connections of this listener by `tables`, if it is gone and nothing better is known.
    pub(crate) fn recall(&self, listener: &Arc<Listener>, tables: Arc<Tables>) {
        if !self.tables(listener).has(listener) {
            self.retired.borrow_mut().push((Arc::clone(listener), tables));
            self.note_logs();
        }
    }

    /// The last connection of this listener is gone, if the listener is.
    pub(crate) fn forget(&self, listener: &Listener) {
        self.retired.borrow_mut().retain(|(gone, _)| !gone.is_same(listener));
    }

    /// The access log that requests get which begin now on this listener.
    pub fn access_log(&self, listener: &Listener) -> Option<Arc<AccessLog>> {
        if !self.logs.get() {
            return None;
        }
        self.with_tables(listener, |tables| tables.current(listener)?.access_log.clone())
    }

    /// The time of day at a moment that was just now.
    pub fn wall_at(&self, now: Instant) -> SystemTime {
        self.date.wall_at(now)
    }

    /// Counts a finished request: once for each, whatever became of it.
    pub fn report(&self, record: &Record) {
        let now = self.env.now();
        let took = now.saturating_duration_since(record.started);
        let listener = record.connection.listener.stats.on(self.id);
        listener.requests.inc();
        let stats = match record.rule.get() {
            Some(rule) => {
                let stats = rule.stats.on(self.id);
                stats.active.fall();
                stats
            }
            None => &listener.unrouted,
        };
        stats.finished(record.status.get(), took);
        if let Some(by) = record.answered_by.get() {
            stats.filtered.count(by.reason);
        }
        stats.request_bytes.add(record.request_bytes.get());
        stats.response_bytes.add(record.response_bytes.get());
        if let Some(kind) = record.failure.get() {
            let origin = record.origin();
            let object = kind.object(record.met(origin.as_ref()));
            self.refusals.on(self.id).count(kind, object);
            if kind.side() == Side::Upstream {
                record.blame(now);
            }
        }
        if let Some(logged) = &record.logged {
            logged.log.log(self, record, now);
        }
    }
}
