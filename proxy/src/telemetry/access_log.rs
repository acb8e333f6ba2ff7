//! Access logs: a line for each finished request, off unless asked for.
//!
//! A listener's log is compiled with the listener: where lines go (a [`sink`]), how they are written (a [`mod@format`]), and
//! which requests get one. A request keeps the log that it began with. Sinks belong to the process: listeners that name
//! the same file share one, and it closes when nobody logs to it any more. Invariant: a record makes exactly one line,
//! whatever the client sent in it, and no worker ever waits for a disk or for who reads.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the writers are threads of their own, and live by wall time"
)]

mod format;
mod line;
mod output;
mod sink;
mod stamp;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;
use std::io;
use std::path::absolute;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tidegate_config::{self as config, LogFilter, LogFormat, LogTarget, Ratio};
use tokio::time::Instant as Moment;

use self::format::Format;
pub use self::format::Quotes;
use self::line::Line;
use self::sink::Sink;
use crate::exchange::Record;
use crate::worker::Worker;

/// The log of a listener, as compiled.
#[derive(Debug)]
pub struct AccessLog {
    sink: Arc<Sink>,
    format: Format,
    only: Option<LogFilter>,
}

impl AccessLog {
    /// What its lines quote of a request's head.
    pub fn quotes(&self) -> Quotes {
        self.format.quotes()
    }

    /// Logs a request that has finished at `now`. Only the worker that served it calls this.
    pub fn log(&self, worker: &Worker, record: &Record, now: Moment) {
        let took = now.saturating_duration_since(record.started);
        if !self.wants(worker, record, took) {
            return;
        }
        let origin = record.origin();
        let line = Line::of(record, origin.as_ref(), took);
        self.write(worker, &line, now);
    }

    fn write(&self, worker: &Worker, line: &Line<'_>, now: Moment) {
        self.sink.append(worker.id, |out, stamps| {
            self.format.write(line, stamps.at(worker.wall_at(now)), out);
        });
    }

    fn wants(&self, worker: &Worker, record: &Record, took: Duration) -> bool {
        let Some(only) = &self.only else { return true };
        let status = record.status.get().map(|status| status.as_u16());
        let is_noted = match &only.statuses {
            Some(ranges) => status.is_some_and(|status| ranges.iter().any(|range| range.contains(status))),
            None => record.failure.get().is_some() || status.is_some_and(|status| status >= 500),
        };
        let is_drawn = || {
            let parts = u64::from(only.sample.parts());
            parts > 0 && worker.env.below(Ratio::WHOLE.into()) < parts
        };
        is_noted || only.slower_than.is_some_and(|bound| took > bound) || is_drawn()
    }
}

/// The logs of the process; what is made by default logs nothing.
#[derive(Clone, Debug, Default)]
pub struct AccessLogs(Option<Arc<Registry>>);

#[derive(Debug)]
struct Registry {
    workers: usize,
    /// Of the listeners that say nothing.
    usual: Option<Arc<AccessLog>>,
    sinks: Mutex<Sinks>,
}

/// The sinks by where they write.
type Sinks = BTreeMap<LogTarget, Entry>;

#[derive(Debug, Default)]
struct Entry {
    sink: Weak<Sink>,
    /// Lines that were lost on the way there, from when it was first written to.
    lost: Arc<AtomicU64>,
}

impl AccessLogs {
    /// Logs of so many workers; of listeners that say nothing as `usual` says.
    ///
    /// # Errors
    /// What `usual` says cannot be opened.
    pub fn new(workers: usize, usual: Option<(LogTarget, LogFormat)>) -> io::Result<Self> {
        let mut registry = Registry {
            workers,
            usual: None,
            sinks: Mutex::default(),
        };
        if let Some((to, format)) = usual {
            let to = canonical(&to);
            output::open(&to)?;
            let sink = registry.sink(&to)?;
            registry.usual = Some(Arc::new(AccessLog {
                sink,
                format: Format::compile(&format),
                only: None,
            }));
        }
        Ok(Self(Some(Arc::new(registry))))
    }

    /// The log of a listener that says this.
    pub fn compile(&self, said: Option<&config::AccessLog>) -> Option<Arc<AccessLog>> {
        let registry = self.0.as_ref()?;
        let Some(said) = said else {
            return registry.usual.clone();
        };
        if said.to == LogTarget::None {
            return None;
        }
        match registry.sink(&canonical(&said.to)) {
            Ok(sink) => Some(Arc::new(AccessLog {
                sink,
                format: Format::compile(&said.format),
                only: said.only.clone(),
            })),
            Err(error) => {
                tracing::error!(to = %said.to, %error, "there is no thread for an access log, which is left out");
                None
            }
        }
    }

    /// Opens every file anew: for whoever has renamed them.
    pub fn reopen(&self) {
        self.living().into_iter().for_each(|(_, sink)| sink.reopen());
    }

    /// Lines that were lost so far, by where they were to go.
    pub fn lost(&self) -> Vec<(LogTarget, u64)> {
        let Some(registry) = &self.0 else { return Vec::new() };
        let mut sinks = registry.sinks();
        let count = |entry: &Entry| entry.lost.load(Ordering::Relaxed);
        sinks.retain(|_, entry| entry.sink.strong_count() > 0 || count(entry) > 0);
        sinks.iter().map(|(to, entry)| (to.clone(), count(entry))).collect()
    }

    /// Where lines go now.
    pub fn targets(&self) -> Vec<LogTarget> {
        self.living().into_iter().map(|(to, _)| to).collect()
    }

    /// Writes what waits and ends all logs; gives up after `within`. For the end of the process: what is logged later is
    /// lost.
    pub fn close(&self, within: Duration) {
        let end = Instant::now() + within;
        let sinks = self.living();
        sinks.iter().for_each(|(_, sink)| sink.end());
        for (_, sink) in sinks {
            sink.wait(end.saturating_duration_since(Instant::now()));
        }
    }

    fn living(&self) -> Vec<(LogTarget, Arc<Sink>)> {
        let Some(registry) = &self.0 else { return Vec::new() };
        let sinks = registry.sinks();
        let living = sinks
            .iter()
            .filter_map(|(to, entry)| Some((to.clone(), entry.sink.upgrade()?)));
        living.collect()
    }
}

impl Registry {
    /// The sink that writes there, which is opened unless it is.
    fn sink(&self, to: &LogTarget) -> io::Result<Arc<Sink>> {
        let mut sinks = self.sinks();
        let entry = sinks.entry(to.clone()).or_default();
        if let Some(sink) = entry.sink.upgrade() {
            return Ok(sink);
        }
        let sink = Arc::new(Sink::open(to, self.workers, &entry.lost)?);
        entry.sink = Arc::downgrade(&sink);
        Ok(sink)
    }

    fn sinks(&self) -> MutexGuard<'_, Sinks> {
        lock(&self.sinks)
    }
}

/// One name for one file, as far as the text of its path goes.
fn canonical(to: &LogTarget) -> LogTarget {
    match to {
        LogTarget::File(path) => LogTarget::File(absolute(path).unwrap_or_else(|_| path.clone())),
        other => other.clone(),
    }
}

/// No holder of these locks can leave what they guard half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
