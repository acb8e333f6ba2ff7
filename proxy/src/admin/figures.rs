//! Counters of an object over all workers, as the JSON pages show them: the cells that `/metrics` is rendered from.

use serde::Serialize;

use crate::telemetry::{Histogram, LATENCY_BOUNDS_MICROS, RouteStats};
use crate::worker::PerWorker;

/// What has become of requests.
#[derive(Debug, Serialize)]
pub(super) struct Requests {
    pub(super) active: u64,
    #[serde(flatten)]
    finished: Finished,
    latency: Latency,
}

/// Finished requests by class of the status sent.
#[derive(Debug, Serialize)]
struct Finished {
    #[serde(rename = "1xx")]
    informational: u64,
    #[serde(rename = "2xx")]
    successful: u64,
    #[serde(rename = "3xx")]
    redirected: u64,
    #[serde(rename = "4xx")]
    refused: u64,
    #[serde(rename = "5xx")]
    failed: u64,
    /// The client had gone before a status was sent.
    cancelled: u64,
}

/// How long things took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Latency {
    count: u64,
    sum_seconds: f64,
    /// Upper bound in seconds, `None` beyond the last, and how many took that long but longer than the bound before; only
    /// where there are any.
    buckets: Vec<(Option<f64>, u64)>,
}

impl Requests {
    pub(super) fn of<T>(cells: &PerWorker<T>, stats: impl Fn(&T) -> &RouteStats) -> Self {
        let class =
            |index: usize| cells.sum(|cell| stats(cell).classes.get(index).map_or(0, crate::worker::Counter::value));
        Self {
            active: level(cells, |cell| stats(cell).active.value()),
            finished: Finished {
                informational: class(0),
                successful: class(1),
                redirected: class(2),
                refused: class(3),
                failed: class(4),
                cancelled: cells.sum(|cell| stats(cell).cancelled.value()),
            },
            latency: Latency::of(cells, |cell| &stats(cell).latency),
        }
    }
}

impl Latency {
    pub(super) fn of<T>(cells: &PerWorker<T>, histogram: impl Fn(&T) -> &Histogram) -> Self {
        let bounds = LATENCY_BOUNDS_MICROS.iter().map(|micros| Some(*micros as f64 / 1e6));
        let all = bounds.chain([None]).enumerate();
        let all = all.map(|(index, bound)| (bound, cells.sum(|cell| histogram(cell).bucket(index))));
        let buckets: Vec<_> = all.filter(|(_, count)| *count > 0).collect();
        Self {
            count: buckets.iter().map(|(_, count)| count).sum(),
            sum_seconds: cells.sum(|cell| histogram(cell).sum_micros()) as f64 / 1e6,
            buckets,
        }
    }
}

/// The sum of a gauge. Its cells are read one after another while workers write: one near 0 can come out below it.
pub(super) fn level<T>(cells: &PerWorker<T>, gauge: impl Fn(&T) -> u64) -> u64 {
    u64::try_from(cells.sum(gauge).cast_signed()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::worker::WorkerId;

    #[test]
    fn figures_are_summed_over_the_workers_and_empty_buckets_left_out() {
        let cells: PerWorker<RouteStats> = PerWorker::new(2);
        for (worker, millis, status) in [(0, 1, 200), (1, 1, 503), (1, 60_000, 200)] {
            let stats = cells.on(WorkerId(worker));
            stats.finished(http::StatusCode::from_u16(status).ok(), Duration::from_millis(millis));
        }
        cells.on(WorkerId(0)).active.fall();
        assert_eq!(
            serde_json::to_value(Requests::of(&cells, |stats| stats)).unwrap(),
            serde_json::json!({
                "active": 0, "1xx": 0, "2xx": 2, "3xx": 0, "4xx": 0, "5xx": 1, "cancelled": 0,
                "latency": { "count": 3, "sumSeconds": 60.002, "buckets": [[0.001, 2], [null, 1]] },
            })
        );
    }
}
