//! Single-writer counters: each worker writes its own cell, readers sum over the workers.
//!
//! An increment is a plain load and store, no locked instruction, because only one thread ever writes a cell.
//! Invariant: `PerWorker::on(id)` is written only by the worker that has this id.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A worker's number, from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WorkerId(pub usize);

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0
            .store(self.0.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    pub fn inc(&self) {
        self.add(1);
    }

    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A level that rises and falls. One worker may raise what another lowers only through its own cell, so a cell can be
/// "negative"; the sum over the workers is right.
#[derive(Debug, Default)]
pub struct Gauge(Counter);

impl Gauge {
    pub fn rise(&self) {
        self.0.add(1);
    }

    pub fn fall(&self) {
        self.0.add(u64::MAX);
    }

    /// This worker's part of the sum.
    pub fn value(&self) -> u64 {
        self.0.value()
    }
}

/// One `T` for each worker, each on cache lines of its own. Clones share them.
#[derive(Debug)]
pub struct PerWorker<T>(Arc<[Padded<T>]>);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

impl<T: Default> PerWorker<T> {
    pub fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| Padded::default()).collect())
    }
}

impl<T> Clone for PerWorker<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PerWorker<T> {
    /// The cell of worker `id`; ids come from the same count that built this, so the wrap-around never happens.
    #[allow(clippy::indexing_slicing)]
    pub fn on(&self, id: WorkerId) -> &T {
        &self.0[id.0 % self.0.len()].0
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|cell| &cell.0)
    }

    /// Sums what `read` finds in each worker's cell, wrapping so that gauges come out right.
    pub fn sum(&self, read: impl Fn(&T) -> u64) -> u64 {
        self.iter().fold(0, |sum, cell| sum.wrapping_add(read(cell)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_raised_here_and_lowered_there_sums_to_the_truth() {
        let gauges = PerWorker::<Gauge>::new(3);
        gauges.on(WorkerId(0)).rise();
        gauges.on(WorkerId(0)).rise();
        gauges.on(WorkerId(2)).fall();
        assert_eq!(gauges.sum(Gauge::value), 1);
    }
}
