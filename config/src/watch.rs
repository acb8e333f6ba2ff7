//! Waiting for a configuration to change.
//!
//! The system tells of changes in directories; where it cannot, or does not see them (network file systems), the files
//! are looked at now and then anyway: what has changed, if anything, is for [`Store`] to find out. A burst of changes is
//! one change, which is told once it is quiet, and after a short time in any case.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a thread that waits for files lives by wall time"
)]

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

#[cfg(doc)]
use crate::Store;

/// How often to look when the system does not tell of changes, and when it does.
const POLL: Duration = Duration::from_millis(200);
const POLL_ANYWAY: Duration = Duration::from_secs(5);

/// A burst of changes is over when nothing more came for this long, and taken for over after that long.
const QUIET: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_millis(250);

/// What may wait to be heard.
const WAITING: usize = 64;

/// Why it is time to look at the configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wake {
    /// Something in one of the directories has changed.
    Changed,
    /// Somebody asks for it.
    Asked,
    /// Nothing is known to have changed; a while has passed.
    Time,
}

#[derive(Clone, Copy, Debug)]
enum Told {
    Changed,
    Asked,
}

/// Waits for changes in directories.
#[derive(Debug)]
pub struct Watcher {
    told: Receiver<Told>,
    waker: Waker,
    /// `None` where the system does not tell of changes.
    system: Option<RecommendedWatcher>,
    directories: BTreeSet<PathBuf>,
    /// Whether the system watches all of them.
    sees_all: bool,
}

/// Wakes a [`Watcher`] from elsewhere.
#[derive(Clone, Debug)]
pub struct Waker(SyncSender<Told>);

impl Waker {
    /// Asks for a look at the configuration now.
    pub fn ask(&self) {
        self.tell(Told::Asked);
    }

    fn tell(&self, told: Told) {
        // When it is full, enough is waiting to be looked at.
        let _ = self.0.try_send(told);
    }
}

impl Default for Watcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Watcher {
    /// A watcher of nothing yet.
    pub fn new() -> Self {
        let (sender, told) = mpsc::sync_channel(WAITING);
        let waker = Waker(sender);
        let changed = waker.clone();
        let system = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error may stand for changes that were lost.
            if event.map_or(true, |event| is_change(event.kind)) {
                changed.tell(Told::Changed);
            }
        });
        Self {
            told,
            waker,
            system: system.ok(),
            directories: BTreeSet::new(),
            sees_all: false,
        }
    }

    /// What wakes it.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Watches these directories and no others. When one of them was not watched before, the next [`Self::wait`] ends as if
    /// something had changed there, for what did until now was not seen: it waits for quiet like any other change, because
    /// a file that is just being written reads as half of what it will be.
    pub fn watch(&mut self, directories: BTreeSet<PathBuf>) {
        let Some(system) = &mut self.system else { return };
        for gone in self.directories.difference(&directories) {
            // One that does not exist any more is not watched any more.
            let _ = system.unwatch(gone);
        }
        let count = directories.len();
        // Those that are known are watched again: there may be another directory in the place of one, and if not, it
        // costs a system call and loses nothing.
        let watches = |directory: &PathBuf| system.watch(directory, RecursiveMode::NonRecursive).is_ok();
        let watched: BTreeSet<_> = directories.into_iter().filter(watches).collect();
        self.sees_all = watched.len() == count;
        if !watched.is_subset(&self.directories) {
            self.waker.tell(Told::Changed);
        }
        self.directories = watched;
    }

    /// Waits until there is something to look for, `limit` at most.
    pub fn wait(&self, limit: Duration) -> Wake {
        let poll = if self.sees_all { POLL_ANYWAY } else { POLL };
        let end = Instant::now() + limit.min(poll);
        let mut burst = None;
        loop {
            let until = burst.as_ref().map_or(end, Burst::over);
            match self.told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Told::Asked) => return Wake::Asked,
                Ok(Told::Changed) => {
                    let now = Instant::now();
                    burst.get_or_insert_with(|| Burst::begun(now)).goes_on(now);
                }
                Err(_) if burst.is_some() => return Wake::Changed,
                Err(_) => return Wake::Time,
            }
        }
    }
}

/// Whether something may read differently after such an event; opening and reading are events, too.
const fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => matches!(access, AccessKind::Close(AccessMode::Write)),
        _ => true,
    }
}

/// Changes that follow each other closely.
#[derive(Clone, Copy, Debug)]
struct Burst {
    began: Instant,
    last: Instant,
}

impl Burst {
    const fn begun(now: Instant) -> Self {
        Self { began: now, last: now }
    }

    const fn goes_on(&mut self, now: Instant) {
        self.last = now;
    }

    /// When it is over, unless it goes on.
    fn over(&self) -> Instant {
        (self.last + QUIET).min(self.began + PATIENCE)
    }
}
