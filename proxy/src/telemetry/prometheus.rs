//! The text that `/metrics` answers with: Prometheus exposition format 0.0.4.
//!
//! Everything is summed and formatted when asked; workers know nothing of it. Invariant: each family has its HELP and
//! TYPE once, before all of its samples, and a histogram's `+Inf` bucket equals its count.

use std::fmt::{self, Write as _};
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use super::families::{self, Family, Globals, Group, Kind, Read};
use super::system::System;
use super::{Counts, Histogram, LATENCY_BOUNDS_MICROS, RouteStats};
use crate::live::{Process, Route, Tables};

/// The media type of what [`render`] gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Up to so many routes all of them are shown, beyond it those that a request has come to: ten thousand of them with
/// nothing to say would be 25 MB a scrape.
const ALL_SHOWN: usize = 200;

/// The metrics of this process as they stand.
pub fn render(process: &Process) -> String {
    let tables = process.tables.load();
    let mut text = Text::default();
    text.group(&families::BUILD, &[Object::new([env!("CARGO_PKG_VERSION")], [&()])]);
    let globals = globals(process, &tables);
    text.group(&families::GLOBALS, &[Object::new([], [&globals])]);
    access_logs(&mut text, &tables);
    refusals(&mut text, process);
    requests(&mut text, &tables);
    listeners(&mut text, &tables);
    clusters(&mut text, &tables);
    text.0
}

fn globals(process: &Process, tables: &Tables) -> Globals {
    let config = process.config.load();
    let reloads = &process.reloads;
    let counts = [&reloads.applied, &reloads.partial, &reloads.unchanged, &reloads.failed];
    Globals {
        generation: tables.generation,
        applied: process.applied(),
        config_since: config.since.map(seconds_since_epoch),
        quarantined: config.reload.report.quarantined.len() as u64,
        compiled: reloads.compiled.load(Ordering::Relaxed),
        reloads: counts.map(|count| count.load(Ordering::Relaxed)),
        ready: process.is_ready(),
        workers: process.workers as u64,
        connections: process.connections.load(Ordering::Relaxed) as u64,
        max_connections: process.max_connections as u64,
        system: System::read(),
    }
}

/// What Prometheus wants of a time; whoever wants an age takes it from the time of the scrape.
fn seconds_since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn access_logs(text: &mut Text, tables: &Tables) {
    let lost: Vec<_> = tables
        .logs
        .lost()
        .into_iter()
        .map(|(to, lines)| (to.to_string(), lines))
        .collect();
    let objects: Vec<_> = lost
        .iter()
        .map(|(to, lines)| Object::new([to.as_str()], [lines]))
        .collect();
    text.group(&families::ACCESS_LOGS, &objects);
}

fn refusals(text: &mut Text, process: &Process) {
    let mut counts = Counts::default();
    for worker in process.refusals.iter() {
        worker.collect(&mut counts);
    }
    let counts: Vec<_> = counts.iter().collect();
    let objects: Vec<_> = counts
        .iter()
        .map(|(flag, reason, object, count)| Object::new([*flag, *reason, object], [count]))
        .collect();
    text.group(&families::REFUSALS, &objects);
}

fn requests(text: &mut Text, tables: &Tables) {
    let is_shown = |route: &Route| tables.routes.len() <= ALL_SHOWN || route.stats.iter().any(RouteStats::is_used);
    let routes = tables.routes.iter().filter(|route| is_shown(route));
    let routed = routes.map(|route| Object::new(["", &*route.id], route.stats.iter()));
    let unrouted = tables
        .listeners
        .iter()
        .map(|(listener, _)| Object::new([&*listener.id, ""], listener.stats.iter().map(|stats| &stats.unrouted)));
    let objects: Vec<_> = routed.chain(unrouted).collect();
    text.group(&families::REQUESTS, &objects);
}

fn listeners(text: &mut Text, tables: &Tables) {
    let listeners = || tables.listeners.iter().map(|(listener, _)| &**listener);
    let objects: Vec<_> = listeners()
        .map(|listener| Object::new([&*listener.id], listener.stats.iter()))
        .collect();
    text.group(&families::LISTENER, &objects);
    let objects: Vec<_> = listeners()
        .map(|listener| Object::new([&*listener.id], [listener]))
        .collect();
    text.group(&families::LISTENER_LIMITS, &objects);
}

fn clusters(text: &mut Text, tables: &Tables) {
    let clusters = || tables.clusters.iter().map(|cluster| &**cluster);
    let objects: Vec<_> = clusters()
        .map(|cluster| Object::new([&*cluster.id], cluster.stats.iter()))
        .collect();
    text.group(&families::CLUSTER, &objects);
    let objects: Vec<_> = clusters()
        .map(|cluster| Object::new([&*cluster.id], [cluster]))
        .collect();
    text.group(&families::CLUSTER_LIMITS, &objects);
}

/// What one set of a group's label values stands for, with a cell for each worker.
struct Object<'a, T, const LABELS: usize> {
    values: [&'a str; LABELS],
    cells: Vec<&'a T>,
}

impl<'a, T, const LABELS: usize> Object<'a, T, LABELS> {
    fn new(values: [&'a str; LABELS], cells: impl IntoIterator<Item = &'a T>) -> Self {
        Self {
            values,
            cells: cells.into_iter().collect(),
        }
    }

    /// Wraps, as gauges want it: one worker's cell may be "negative".
    fn sum(&self, read: impl Fn(&T) -> u64) -> u64 {
        self.cells.iter().fold(0, |sum, cell| sum.wrapping_add(read(cell)))
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn group<T, const LABELS: usize>(&mut self, group: &Group<T, LABELS>, objects: &[Object<'_, T, LABELS>]) {
        for family in group.families {
            self.push(format_args!(
                "# HELP {} {}\n",
                family.name,
                Escaped {
                    text: family.help,
                    quoted: false
                }
            ));
            self.push(format_args!("# TYPE {} {}\n", family.name, family.kind.name()));
            for object in objects {
                let labels: Vec<_> = group.labels.iter().copied().zip(object.values).collect();
                self.samples(family, &labels, object);
            }
        }
    }

    fn samples<T, const LABELS: usize>(
        &mut self,
        family: &Family<T>,
        labels: &[(&str, &str)],
        object: &Object<'_, T, LABELS>,
    ) {
        match &family.read {
            Read::Sum(read) => self.whole(family, labels, None, object.sum(read)),
            Read::Split { label, parts } => {
                for (part, read) in *parts {
                    self.whole(family, labels, Some((label, part)), object.sum(read));
                }
            }
            Read::Number(read) => {
                for number in object.cells.iter().filter_map(|cell| read(cell)) {
                    self.sample(family.name, "", labels, None, format_args!("{number}"));
                }
            }
            Read::Histogram(read) => self.histogram(family.name, labels, |of| object.sum(|cell| of(read(cell)))),
        }
    }

    fn whole<T>(&mut self, family: &Family<T>, labels: &[(&str, &str)], extra: Option<(&str, &str)>, sum: u64) {
        // The cells are read one after another while workers write: a gauge near 0 can come out below it for a moment.
        let value = if family.kind == Kind::Gauge && sum.cast_signed() < 0 {
            0
        } else {
            sum
        };
        self.sample(family.name, "", labels, extra, format_args!("{value}"));
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], sum: impl Fn(&dyn Fn(&Histogram) -> u64) -> u64) {
        let mut below = 0;
        for (index, bound) in LATENCY_BOUNDS_MICROS.iter().enumerate() {
            below += sum(&|histogram| histogram.bucket(index));
            let bound = (*bound as f64 / 1e6).to_string();
            self.sample(name, "_bucket", labels, Some(("le", &bound)), format_args!("{below}"));
        }
        let count = below + sum(&|histogram| histogram.bucket(LATENCY_BOUNDS_MICROS.len()));
        let micros = sum(&Histogram::sum_micros);
        self.sample(name, "_bucket", labels, Some(("le", "+Inf")), format_args!("{count}"));
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        self.sample(name, "_sum", labels, None, format_args!("{seconds}.{rest:06}"));
        self.sample(name, "_count", labels, None, format_args!("{count}"));
    }

    fn sample(
        &mut self,
        name: &str,
        suffix: &str,
        labels: &[(&str, &str)],
        extra: Option<(&str, &str)>,
        value: fmt::Arguments<'_>,
    ) {
        self.push(format_args!("{name}{suffix}"));
        let mut separator = '{';
        for (label, value) in labels.iter().copied().chain(extra) {
            self.push(format_args!(
                "{separator}{label}=\"{}\"",
                Escaped {
                    text: value,
                    quoted: true
                }
            ));
            separator = ',';
        }
        let end = if separator == ',' { "}" } else { "" };
        self.push(format_args!("{end} {value}\n"));
    }

    fn push(&mut self, arguments: fmt::Arguments<'_>) {
        // A String takes everything.
        let _ = self.0.write_fmt(arguments);
    }
}

/// Backslashes and line breaks escaped as the format wants it; inside a label value quotes, too.
struct Escaped<'a> {
    text: &'a str,
    quoted: bool,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.text.split_inclusive(['\\', '\n', '"']) {
            match piece.strip_suffix(['\\', '\n', '"']) {
                None => f.write_str(piece)?,
                Some(plain) => {
                    f.write_str(plain)?;
                    f.write_str(match piece.chars().next_back() {
                        Some('\\') => "\\\\",
                        Some('\n') => "\\n",
                        _ if self.quoted => "\\\"",
                        _ => "\"",
                    })?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
