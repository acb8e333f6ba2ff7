//! How many connections there may be: on a listener, and in the process. What is over the limit is closed at once,
//! before a byte is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Loads, Place};
use crate::exchange::Kind;
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

impl Admission {
    /// Counts a connection that this worker serves.
    ///
    /// # Errors
    /// The limit that is used up.
    pub fn new(listener: &Arc<Listener>, place: &Place) -> Result<Self, Kind> {
        let Place { worker, process, loads } = place;
        let worker = worker.id;
        take(&listener.connections, listener.max_connections).ok_or(Kind::ListenerConnections)?;
        if take(&process.connections, process.max_connections).is_none() {
            listener.connections.fetch_sub(1, Ordering::Relaxed);
            return Err(Kind::ProcessConnections);
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
