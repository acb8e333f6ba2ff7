//! Choosing an endpoint: round robin, or the better of two by peak EWMA.
//!
//! Peak EWMA (Finagle, Linkerd): the cost of an endpoint is its latency, a moving average that jumps up at once and decays
//! slowly, times the requests it has in flight. Of two endpoints drawn by weight the cheaper one wins, which spreads load
//! nearly as well as asking all of them («power of two choices», Mitzenmacher 2001). A failure makes an endpoint dearer at
//! once, however fast it fails. Invariant: without news an endpoint grows cheaper, so that each is asked again some day.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use crate::worker::Env;

/// How fast an old latency is forgotten.
const DECAY: Duration = Duration::from_secs(10);
/// What an endpoint without history is taken to need, once it is asked.
const INITIAL: Duration = Duration::from_millis(30);
/// Latencies up to this one are alike: what they differ by is chance.
const ALIKE: Duration = Duration::from_millis(1);
/// A failure makes an endpoint so many times as dear, up to as dear as one that needs `DEAREST`.
const FAILURE: u32 = 10;
const DEAREST: Duration = Duration::from_secs(1);

/// The latency of one endpoint as this worker saw it.
#[derive(Debug, Default)]
pub(super) struct PeakEwma(Cell<Option<Estimate>>);

#[derive(Clone, Copy, Debug)]
struct Estimate {
    seconds: f64,
    at: Instant,
}

impl Estimate {
    /// What is left of it.
    fn decayed(self, now: Instant) -> f64 {
        self.seconds * self.weight(now)
    }

    fn weight(self, now: Instant) -> f64 {
        (-now.saturating_duration_since(self.at).as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}

impl PeakEwma {
    /// Notes how long an answer took.
    pub(super) fn record(&self, took: Duration, now: Instant) {
        let sample = took.as_secs_f64();
        let seconds = match self.0.get() {
            Some(old) if sample <= old.seconds => {
                let weight = old.weight(now);
                old.seconds * weight + sample * (1.0 - weight)
            }
            // The first sample, or a peak.
            _ => sample,
        };
        self.0.set(Some(Estimate { seconds, at: now }));
    }

    /// Notes that a request failed there.
    pub(super) fn failed(&self, now: Instant) {
        let known = self.0.get().map_or(0.0, |old| old.decayed(now));
        let dearer = known.max(ALIKE.as_secs_f64()) * f64::from(FAILURE);
        let seconds = dearer.min(DEAREST.as_secs_f64()).max(known);
        self.0.set(Some(Estimate { seconds, at: now }));
    }

    /// The cost of giving this endpoint one more request; `load` is what it has in flight, by its weight. Without load
    /// weights make no difference here: by them the endpoints to compare are drawn.
    pub(super) fn cost(&self, load: f64, now: Instant) -> f64 {
        let seconds = match self.0.get() {
            Some(estimate) => estimate.decayed(now).max(ALIKE.as_secs_f64()),
            // What it needs is found out by asking; others wait until it has answered.
            None if load == 0.0 => 0.0,
            None => INITIAL.as_secs_f64(),
        };
        seconds * (1.0 + load)
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

    const MILLI: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let ewma = PeakEwma::default();
        let start = Instant::now();
        ewma.record(10 * MILLI, start);
        assert!((ewma.cost(0.0, start) - 0.010).abs() < 1e-9);
        ewma.record(1_000 * MILLI, start);
        assert!((ewma.cost(0.0, start) - 1.0).abs() < 1e-9);
        let (soon, late) = (start + 100 * MILLI, start + Duration::from_secs(60));
        ewma.record(10 * MILLI, soon);
        assert!(ewma.cost(0.0, soon) > 0.9);
        ewma.record(10 * MILLI, late);
        assert!(ewma.cost(0.0, late) < 0.02);
        assert!(ewma.cost(3.0, late) > 3.0 * ewma.cost(0.0, late));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_not_asked_grows_cheaper_and_one_without_history_is_asked_first() {
        let start = Instant::now();
        let (slow, fast, fresh) = (PeakEwma::default(), PeakEwma::default(), PeakEwma::default());
        slow.record(1_000 * MILLI, start);
        fast.record(5 * MILLI, start);
        assert!(fresh.cost(0.0, start) < fast.cost(0.0, start));
        assert!(fresh.cost(1.0, start) > fast.cost(1.0, start));
        let later = start + Duration::from_secs(60);
        fast.record(5 * MILLI, later);
        assert!(slow.cost(0.0, later) < fast.cost(0.0, later), "never asked again");
    }

    #[tokio::test(start_paused = true)]
    async fn what_differs_by_chance_is_alike() {
        let start = Instant::now();
        let (one, other) = (PeakEwma::default(), PeakEwma::default());
        one.record(MILLI / 5, start);
        other.record(MILLI / 2, start);
        assert!((one.cost(0.0, start) - other.cost(0.0, start)).abs() < 1e-12);
        assert!(one.cost(0.0, start) < other.cost(1.0, start));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_dear_at_once_and_forgiven() {
        let start = Instant::now();
        let (bad, good) = (PeakEwma::default(), PeakEwma::default());
        good.record(MILLI, start);
        bad.failed(start);
        assert!((bad.cost(0.0, start) - 0.010).abs() < 1e-9);
        (0..5).for_each(|_| bad.failed(start));
        assert!((bad.cost(0.0, start) - 1.0).abs() < 1e-9, "no more than that");
        assert!(bad.cost(0.0, start) > good.cost(100.0, start));
        assert!(bad.cost(0.0, start + Duration::from_secs(80)) < 0.0011);
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
