//! Which worker serves a connection. The kernel spreads connections, not load: a worker that has clearly more than
//! another hands new ones over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::worker::WorkerId;

/// A difference that is worth a hand-over: absolutely, and as a share of the lesser load.
const SLACK: usize = 4;
const SLACK_SHARE: usize = 8;

/// The open connections of each worker.
#[derive(Clone, Debug)]
pub struct Loads(Arc<[AtomicUsize]>);

impl Loads {
    pub fn new(workers: usize) -> Self {
        Self((0..workers).map(|_| AtomicUsize::new(0)).collect())
    }

    pub(super) fn add(&self, worker: WorkerId) {
        if let Some(load) = self.0.get(worker.0) {
            load.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn remove(&self, worker: WorkerId) {
        if let Some(load) = self.0.get(worker.0) {
            load.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The worker to hand a new connection to, when it is not for `me`.
    pub(super) fn deal(&self, me: WorkerId) -> Option<WorkerId> {
        let loads = self.0.iter().map(|load| load.load(Ordering::Relaxed)).enumerate();
        let (least, load) = loads.min_by_key(|(_, load)| *load)?;
        let mine = self.0.get(me.0)?.load(Ordering::Relaxed);
        (mine > load + SLACK + load / SLACK_SHARE).then_some(WorkerId(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_difference_stays_a_large_one_is_dealt_to_the_least_loaded() {
        let loads = Loads::new(3);
        for _ in 0..SLACK {
            loads.add(WorkerId(0));
        }
        assert_eq!(loads.deal(WorkerId(0)), None);
        loads.add(WorkerId(0));
        loads.add(WorkerId(1));
        assert_eq!(loads.deal(WorkerId(0)), Some(WorkerId(2)));
        assert_eq!(loads.deal(WorkerId(1)), None);
        loads.remove(WorkerId(0));
        assert_eq!(loads.deal(WorkerId(0)), None);
    }
}
