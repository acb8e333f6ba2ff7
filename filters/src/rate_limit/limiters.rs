//! The side table of limiters: what was counted survives a configuration that says the same numbers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tidegate_config::RateLimit;

use super::{Clock, Limiter};

/// Limiters by the identity of what they belong to, for as long as any configuration uses them.
#[derive(Debug)]
pub struct Limiters {
    clock: Clock,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<Box<str>, (RateLimit, Weak<Limiter>)>,
    /// At this many entries those are dropped that nobody uses any more.
    full: usize,
}

const FEW: usize = 64;

impl Limiters {
    /// No limiters yet; those to come take the time from this clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    /// The limiter of this id while it says the same as before, else a fresh one. Called when a configuration is compiled,
    /// never for a request.
    pub fn obtain(&self, id: &str, spec: &RateLimit) -> Arc<Limiter> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, limiter)) = known.by_id.get(id)
            && same == spec
            && let Some(limiter) = limiter.upgrade()
        {
            return limiter;
        }
        if known.by_id.len() >= known.full {
            known.by_id.retain(|_, (_, limiter)| limiter.strong_count() > 0);
            known.full = FEW.max(known.by_id.len().saturating_mul(2));
        }
        let limiter = Arc::new(Limiter::new(spec, self.clock));
        known.by_id.insert(id.into(), (spec.clone(), Arc::downgrade(&limiter)));
        limiter
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use tidegate_config::RateKey;

    use super::*;

    fn spec(requests: u32) -> RateLimit {
        RateLimit {
            requests: NonZeroU32::new(requests).unwrap(),
            per: Duration::from_secs(1),
            burst: NonZeroU32::MIN,
            key: RateKey::Rule,
        }
    }

    #[test]
    fn the_same_numbers_keep_their_counts_and_others_do_not() {
        let limiters = Limiters::new(Clock::system());
        let first = limiters.obtain("a", &spec(1));
        assert!(Arc::ptr_eq(&first, &limiters.obtain("a", &spec(1))));
        assert!(!Arc::ptr_eq(&first, &limiters.obtain("b", &spec(1))));
        let changed = limiters.obtain("a", &spec(2));
        assert!(!Arc::ptr_eq(&first, &changed));
        assert!(Arc::ptr_eq(&changed, &limiters.obtain("a", &spec(2))));
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let limiters = Limiters::new(Clock::system());
        let kept = limiters.obtain("kept", &spec(1));
        for number in 0..10_000 {
            limiters.obtain(&number.to_string(), &spec(1));
        }
        assert!(limiters.known.lock().unwrap().by_id.len() <= FEW + 2);
        assert!(Arc::ptr_eq(&kept, &limiters.obtain("kept", &spec(1))));
    }
}
