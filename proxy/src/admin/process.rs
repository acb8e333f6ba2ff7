//! `/process`: the process as a whole.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::live::Process;
use crate::telemetry::{Counts, System};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    version: &'static str,
    state: &'static str,
    /// What the state means.
    why: &'static str,
    uptime_seconds: Option<f64>,
    workers: usize,
    connections: usize,
    connections_limit: usize,
    /// Finished requests of the listeners there are.
    requests: u64,
    cpu_seconds: Option<f64>,
    resident_bytes: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
    config: Config,
    /// Requests that failed, those first that are most.
    refusals: Vec<Refusal>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    generation: u64,
    /// The generation that every worker serves by.
    applied: u64,
    age_seconds: Option<f64>,
    desired: String,
    effective: String,
    objects: usize,
    quarantined: usize,
}

#[derive(Debug, Serialize)]
struct Refusal {
    flag: &'static str,
    reason: &'static str,
    count: u64,
}

impl Page {
    pub(super) fn of(process: &Process) -> Self {
        let (tables, readiness, system) = (process.tables.load(), process.readiness(), System::read());
        let listeners = tables.listeners.iter();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            state: readiness.as_str(),
            why: readiness.why(),
            uptime_seconds: system.start_seconds.map(|start| (now.as_secs_f64() - start).max(0.0)),
            workers: process.workers,
            connections: process.connections.load(Ordering::Relaxed),
            connections_limit: process.max_connections,
            requests: listeners
                .map(|(listener, _)| listener.stats.sum(|stats| stats.requests.value()))
                .sum(),
            cpu_seconds: system.cpu_seconds,
            resident_bytes: system.resident_bytes,
            open_fds: system.open_fds,
            max_fds: system.max_fds,
            config: Config::of(process),
            refusals: refusals(process),
        }
    }
}

impl Config {
    fn of(process: &Process) -> Self {
        let config = process.config.load();
        let report = &config.reload.report;
        Self {
            generation: config.generation,
            applied: process.applied(),
            age_seconds: config.since.and_then(|since| Some(since.elapsed().ok()?.as_secs_f64())),
            desired: report.desired.to_string(),
            effective: report.effective.to_string(),
            objects: config.reload.objects.len(),
            quarantined: report.quarantined.len(),
        }
    }
}

fn refusals(process: &Process) -> Vec<Refusal> {
    let mut counts = Counts::default();
    for worker in process.refusals.iter() {
        worker.collect(&mut counts);
    }
    let mut by_reason: BTreeMap<_, u64> = BTreeMap::new();
    for (flag, reason, _, count) in counts.iter() {
        *by_reason.entry((flag, reason)).or_default() += count;
    }
    let refusal = |((flag, reason), count)| Refusal { flag, reason, count };
    let mut refusals: Vec<_> = by_reason.into_iter().map(refusal).collect();
    refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.count));
    refusals
}
