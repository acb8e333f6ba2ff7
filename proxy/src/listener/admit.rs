//! How many connections there may be: on a listener, and in the process. What is over the limit is closed at once,
//! before a byte is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Loads, Place};
use crate::live::{Listener, Process};
use crate::worker::WorkerId;

/// A connection that counts as open until this is dropped.
#[derive(Debug)]
pub struct Admission {
    listener: Arc<Listener>,
    process: Arc<Process>,
    loads: Loads,
    worker: WorkerId,
}

/// Which limit is used up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    Listener,
    Process,
}

impl Refusal {
    pub fn reason(self) -> &'static str {
        match self {
            Self::Listener => "listener-connection-limit",
            Self::Process => "process-connection-limit",
        }
    }
}

impl Admission {
    /// Counts a connection that this worker serves.
    ///
    /// # Errors
    /// The limit that is used up.
    pub fn new(listener: &Arc<Listener>, place: &Place) -> Result<Self, Refusal> {
        let Place { worker, process, loads } = place;
        let worker = worker.id;
        take(&listener.connections, listener.max_connections).ok_or(Refusal::Listener)?;
        if take(&process.connections, process.max_connections).is_none() {
            listener.connections.fetch_sub(1, Ordering::Relaxed);
            return Err(Refusal::Process);
        }
        loads.add(worker);
        let stats = listener.stats.on(worker);
        stats.accepted.inc();
        stats.active.rise();
        Ok(Self {
            listener: Arc::clone(listener),
            process: Arc::clone(process),
            loads: loads.clone(),
            worker,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.listener.connections.fetch_sub(1, Ordering::Relaxed);
        self.process.connections.fetch_sub(1, Ordering::Relaxed);
        self.loads.remove(self.worker);
        self.listener.stats.on(self.worker).active.fall();
    }
}

fn take(count: &AtomicUsize, limit: usize) -> Option<()> {
    if count.fetch_add(1, Ordering::Relaxed) < limit {
        return Some(());
    }
    count.fetch_sub(1, Ordering::Relaxed);
    None
}
