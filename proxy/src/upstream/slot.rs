//! The place of a cluster in each worker's table of pools.
//!
//! A slot is taken for as long as its cluster lives. Whoever has a pool of a cluster has the cluster, so a slot that is
//! free is in no worker's table, and the tables do not grow however often clusters change.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Given back when dropped.
#[derive(Debug)]
pub struct Slot(usize);

/// Which slots are free: these, and all from `next` on.
struct Free {
    given_back: BTreeSet<usize>,
    next: usize,
}

static FREE: Mutex<Free> = Mutex::new(Free {
    given_back: BTreeSet::new(),
    next: 0,
});

/// Nothing under the lock can leave it half done.
fn free() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// The lowest that is free.
    pub fn take() -> Self {
        let mut free = free();
        let lowest = free.given_back.pop_first();
        Self(lowest.unwrap_or_else(|| {
            free.next += 1;
            free.next - 1
        }))
    }

    pub fn index(&self) -> usize {
        self.0
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        free().given_back.insert(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other tests take slots, too.
    #[test]
    fn no_two_are_the_same_and_many_that_come_and_go_take_little_room() {
        let (one, other) = (Slot::take(), Slot::take());
        assert_ne!(one.index(), other.index());
        let highest = (0..100_000).map(|_| Slot::take().index()).max();
        assert!(highest < Some(10_000), "{highest:?}");
    }
}
