//! Choosing an endpoint: round robin, or the better of two by peak EWMA.
//!
//! Peak EWMA (Finagle, Linkerd): the cost of an endpoint is its latency, a moving average that jumps up at once and decays
//! slowly, times the requests it has in flight. Of two endpoints drawn by weight the cheaper one wins, which spreads load
//! nearly as well as asking all of them («power of two choices», Mitzenmacher 2001).

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use crate::worker::Env;

/// How fast an old latency is forgotten.
const DECAY: Duration = Duration::from_secs(10);
/// What an endpoint without history is taken to need.
const INITIAL: Duration = Duration::from_millis(30);

/// The latency of one endpoint as this worker saw it.
#[derive(Debug)]
pub(super) struct PeakEwma {
    seconds: Cell<f64>,
    stamp: Cell<Option<Instant>>,
}

impl Default for PeakEwma {
    fn default() -> Self {
        Self {
            seconds: Cell::new(INITIAL.as_secs_f64()),
            stamp: Cell::new(None),
        }
    }
}

impl PeakEwma {
    pub(super) fn record(&self, took: Duration, now: Instant) {
        let sample = took.as_secs_f64();
        let old = self.seconds.get();
        let new = match self.stamp.get() {
            Some(stamp) if sample <= old => {
                let weight = (-now.saturating_duration_since(stamp).as_secs_f64() / DECAY.as_secs_f64()).exp();
                old * weight + sample * (1.0 - weight)
            }
            // The first sample, or a peak.
            _ => sample,
        };
        self.seconds.set(new);
        self.stamp.set(Some(now));
    }

    /// The cost of giving this endpoint one more request.
    pub(super) fn cost(&self, in_flight: u64) -> f64 {
        self.seconds.get() * in_flight.saturating_add(1) as f64
    }
}

/// An index drawn in proportion to `weights`, which add up to `total`; 0 when all are 0.
pub(crate) fn draw(weights: impl Iterator<Item = u64>, total: u64, env: &Env) -> usize {
    let mut left = env.below(total);
    for (index, weight) in weights.enumerate() {
        if left < weight {
            return index;
        }
        left -= weight;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let ewma = PeakEwma::default();
        let start = Instant::now();
        ewma.record(Duration::from_millis(10), start);
        assert!((ewma.cost(0) - 0.010).abs() < 1e-9);
        ewma.record(Duration::from_secs(1), start);
        assert!((ewma.cost(0) - 1.0).abs() < 1e-9);
        ewma.record(Duration::from_millis(10), start + Duration::from_millis(100));
        assert!(ewma.cost(0) > 0.9);
        ewma.record(Duration::from_millis(10), start + Duration::from_secs(60));
        assert!(ewma.cost(0) < 0.02);
        assert!(ewma.cost(3) > 3.0 * ewma.cost(0));
    }

    #[test]
    fn draws_in_proportion_to_weight_and_never_what_weighs_nothing() {
        let env = Env::seeded(1);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[draw([30, 0, 70].into_iter(), 100, &env)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_700..3_300).contains(&counts[0]), "{counts:?}");
    }
}
