//! A bounded number of counts by key.
//!
//! Keys are kept as keyed hashes, so that long header values cost nothing to keep and nobody can choose two that meet.
//! When a part of the table is full, keys that have their whole allowance again are forgotten first, which changes
//! nothing; if that does not help, those which have used least of theirs, an eighth at a time. So a flood of new keys
//! never locks out a new client, never frees who is over the limit before those who are not, and costs each of them a
//! constant time on average.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::nanos::Nanos;
use governor::state::StateStore;

/// How many keys one limiter counts apart, in 1.1 MB.
pub const MAX_KEYS: usize = SHARDS * SHARD_KEYS;

/// Workers that count at the same time meet in one of so many parts of the table.
const SHARDS: usize = 16;
/// As many as a map of 4096 places takes.
const SHARD_KEYS: usize = 4096 / 8 * 7;

/// One seed for all: a key is the same whoever counts it.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// For each key its theoretical arrival time, the one number that the algorithm keeps.
pub(super) struct Keys {
    shards: [Mutex<Shard>; SHARDS],
    /// What one request uses up.
    each: u64,
}

type Shard = HashMap<u64, u64, BuildHasherDefault<AsItIs>>;

pub(super) fn of_address(address: IpAddr) -> u64 {
    HASHER.hash_one(address)
}

/// A header that is not there is a key, too, and not that of an empty one.
pub(super) fn of_value(value: Option<&[u8]>) -> u64 {
    HASHER.hash_one(value)
}

impl Keys {
    pub(super) fn new(each: Duration) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            each: u64::try_from(each.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// The map takes its place from the low bits, and tells entries apart by the highest.
    fn shard(&self, key: u64) -> Option<MutexGuard<'_, Shard>> {
        let shard = self.shards.get((key >> 48) as usize % SHARDS)?;
        // A number in a map is never half written.
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }
}

impl StateStore for Keys {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Some(mut shard) = self.shard(*key) else {
            // There is a shard for every key.
            return measure(None).map(|(passed, _)| passed);
        };
        if let Some(arrival) = shard.get_mut(key) {
            let (passed, next) = measure(Some(Nanos::from(*arrival)))?;
            *arrival = next.as_u64();
            return Ok(passed);
        }
        let (passed, next) = measure(None)?;
        if shard.len() >= SHARD_KEYS {
            // A fresh key's next arrival is one request from now.
            make_room(&mut shard, next.as_u64().saturating_sub(self.each));
        }
        shard.insert(*key, next.as_u64());
        Ok(passed)
    }
}

#[cold]
fn make_room(shard: &mut Shard, now: u64) {
    shard.retain(|_, arrival| *arrival > now);
    if shard.len() <= SHARD_KEYS - SHARD_KEYS / 8 {
        return;
    }
    let mut arrivals: Vec<u64> = shard.values().copied().collect();
    let (_, bound, _) = arrivals.select_nth_unstable(SHARD_KEYS / 8);
    // Many may have used up as much as the one at the bound.
    let mut left = SHARD_KEYS / 8;
    shard.retain(|_, arrival| {
        let goes = *arrival <= *bound && left > 0;
        left -= usize::from(goes);
        !goes
    });
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("keys", &self.len())
            .field("each", &self.each)
            .finish_non_exhaustive()
    }
}

/// Keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only `u64`s are hashed; whatever else came would still be told apart.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
