//! The cells of each object. All are single-writer: a worker writes its own, `/metrics` sums them when asked.

use std::time::Duration;

use http::StatusCode;
use tidegate_filters::Reason;

use crate::worker::{Counter, Gauge};

/// Upper bounds of the latency buckets, in microseconds; one more bucket takes the rest.
pub const LATENCY_BOUNDS_MICROS: [u64; 18] = [
    250, 500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

#[derive(Debug, Default)]
#[repr(C)]
pub struct Histogram {
    sum_micros: Counter,
    /// The short latencies first.
    buckets: [Counter; LATENCY_BOUNDS_MICROS.len() + 1],
}

impl Histogram {
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.inc();
        }
        self.sum_micros.add(micros);
    }

    /// How many fell into bucket `index`, not cumulated.
    pub fn bucket(&self, index: usize) -> u64 {
        self.buckets.get(index).map_or(0, Counter::value)
    }

    pub fn sum_micros(&self) -> u64 {
        self.sum_micros.value()
    }
}

/// Requests that filters answered.
#[derive(Debug, Default)]
pub struct FilterStats {
    pub rate_limited: Counter,
    pub redirected: Counter,
    pub answered: Counter,
    pub invalid_rewrite: Counter,
}

impl FilterStats {
    pub fn count(&self, reason: Reason) {
        match reason {
            Reason::RateLimited => self.rate_limited.inc(),
            Reason::Redirect => self.redirected.inc(),
            Reason::DirectResponse => self.answered.inc(),
            Reason::InvalidRewrite => self.invalid_rewrite.inc(),
        }
    }
}

/// What an ordinary request changes stands together at the beginning, in the order written: there may be 100 000 of these,
/// and each cache line of them is a miss.
#[derive(Debug, Default)]
#[repr(C)]
pub struct RouteStats {
    pub active: Gauge,
    /// Finished requests by status class, 1xx to 5xx.
    pub classes: [Counter; 5],
    pub request_bytes: Counter,
    pub response_bytes: Counter,
    /// From the parsed head to the last byte of the answer handed to the kernel.
    pub latency: Histogram,
    /// Requests that ended without a status: the client had gone.
    pub cancelled: Counter,
    pub filtered: FilterStats,
}

impl RouteStats {
    /// Whether a request has ever come here.
    pub fn is_used(&self) -> bool {
        let finished = self.classes.iter().chain([&self.cancelled]);
        self.active.value() > 0 || finished.map(Counter::value).any(|count| count > 0)
    }

    pub fn finished(&self, status: Option<StatusCode>, took: Duration) {
        let class = status.and_then(|status| usize::from(status.as_u16() / 100).checked_sub(1));
        self.latency.record(took);
        match class.and_then(|class| self.classes.get(class)) {
            Some(class) => class.inc(),
            None => self.cancelled.inc(),
        }
    }
}

#[derive(Debug, Default)]
pub struct ListenerStats {
    pub accepted: Counter,
    pub active: Gauge,
    /// Finished requests, whatever became of them.
    pub requests: Counter,
    /// Requests that no route took.
    pub unrouted: RouteStats,
    /// Accepted here, served by a less loaded worker.
    pub dealt: Counter,
    pub http2_connections: Counter,
}

#[derive(Debug, Default)]
pub struct EndpointStats {
    /// Handed to it; one that is sent again counts once.
    pub requests: Counter,
    pub active: Gauge,
    /// Open connections, idle ones included.
    pub connections: Gauge,
    pub connect_failures: Counter,
}

#[derive(Debug, Default)]
pub struct ClusterStats {
    pub requests: Counter,
    pub active: Gauge,
    pub connects: Counter,
    pub connect_failures: Counter,
    /// Open upstream connections, idle ones included.
    pub connections: Gauge,
    pub idle: Gauge,
    /// Requests that wait for a connection.
    pub pending: Gauge,
    /// Times that a request went again: a reused connection turned out closed, or the upstream had not taken it.
    pub resent: Counter,
    pub overflows: Counter,
    /// From the request's hand-over to the endpoint to its answer's head.
    pub latency: Histogram,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_falls_into_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::default();
        for micros in [0, 250, 251, 30_000_000, 30_000_001] {
            histogram.record(Duration::from_micros(micros));
        }
        assert_eq!(histogram.bucket(0), 2);
        assert_eq!(histogram.bucket(1), 1);
        assert_eq!(histogram.bucket(17), 1);
        assert_eq!(histogram.bucket(18), 1);
        assert_eq!(histogram.sum_micros(), 60_000_502);
    }
}
