//! From files that changed to workers that serve by them: loads, opens, compiles, swaps, tells.
//!
//! Runs on a thread of its own, so that neither workers nor the control runtime wait for a large configuration. Whatever
//! it finds, what serves goes on serving: an object that cannot be used is quarantined by the store, and so is a listener
//! whose address cannot be opened.
#![allow(clippy::disallowed_methods, reason = "its thread lives by wall time")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tidegate_config::{Diagnostic, LoadError, ObjectId, Reload, Store, Wake, Waker, Watcher};

use super::graveyard::Graveyard;
use super::status::has_connections;
use super::{ConfigStatus, Process, Readiness, Tables, compile};
use crate::listener::Ports;
use crate::worker::{Message, Peers, Update};

/// How often old tables are looked after, and addresses tried again that could not be opened.
const TICK: Duration = Duration::from_secs(1);

/// Why there is nothing to serve.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{0} holds nothing that can be served")]
    Empty(String),
    #[error("no listener can be opened: {0}")]
    NoListener(String),
}

#[derive(Debug)]
pub struct Reloader {
    process: Arc<Process>,
    store: Store,
    watcher: Watcher,
    ports: Ports,
    graveyard: Graveyard,
    /// Why the last look failed; said once.
    failure: Option<String>,
    /// Whether an address could not be opened.
    has_refused: bool,
}

impl Reloader {
    /// Loads the configuration for the first time and opens its listeners; it is applied with [`Self::tell`].
    ///
    /// # Errors
    /// Nothing of it can be served.
    pub fn start(path: &Path, process: &Arc<Process>) -> Result<Self, StartError> {
        let mut reloader = Self {
            process: Arc::clone(process),
            store: Store::new(path),
            watcher: Watcher::new(),
            ports: Ports::new(process.workers),
            graveyard: Graveyard::default(),
            failure: None,
            has_refused: false,
        };
        let loaded = reloader.store.reload()?;
        let (reload, refused) = reloader.open(loaded);
        show(&reload, &[]);
        if reload.snapshot.is_empty() && refused.is_empty() {
            return Err(StartError::Empty(path.display().to_string()));
        }
        if reloader.ports.is_empty() && !refused.is_empty() {
            return Err(StartError::NoListener(refused.join("; ")));
        }
        reloader.swap(reload);
        Ok(reloader)
    }

    /// Asks for a look at the configuration from elsewhere.
    pub fn waker(&self) -> Waker {
        self.watcher.waker()
    }

    /// Each listener that is open, and where.
    pub fn listening(&self) -> Vec<(ObjectId, SocketAddr)> {
        self.ports.listening(&self.process.config.load().reload.snapshot)
    }

    /// Follows the files until the process drains; says when it has looked because of something.
    pub fn run(mut self, peers: &Peers, looked: impl Fn()) {
        loop {
            self.watcher.watch(self.store.directories());
            let wake = self.watcher.wait(self.patience());
            if self.process.readiness() == Readiness::Draining {
                return;
            }
            self.graveyard.sweep();
            self.look(wake, peers);
            if wake != Wake::Time {
                looked();
            }
        }
    }

    fn patience(&self) -> Duration {
        if self.graveyard.is_empty() && !self.has_refused {
            Duration::MAX
        } else {
            TICK
        }
    }

    fn look(&mut self, wake: Wake, peers: &Peers) {
        let before = self.process.config.load_full();
        match self.store.reload() {
            Err(error) => self.failed(&error),
            Ok(loaded) => {
                self.failure = None;
                let (reload, _) = self.open(loaded);
                let is_news =
                    show(&reload, &before.reload.diagnostics) || reload.report.desired != before.reload.report.desired;
                if reload.report.has_effect() {
                    self.swap(reload);
                    self.tell(peers);
                } else {
                    self.note(reload, is_news, wake);
                }
            }
        }
    }

    fn failed(&mut self, error: &LoadError) {
        count(&self.process.reloads.failed);
        let error = error.to_string();
        if self.failure.as_ref() != Some(&error) {
            tracing::error!(%error, "the configuration stays as it is");
            self.failure = Some(error);
        }
    }

    /// Opens the addresses of a configuration. A listener whose address cannot be opened is quarantined, which may take
    /// others along or bring its last good version back, so that there is more to open. Gives the reasons, too.
    fn open(&mut self, mut reload: Reload) -> (Reload, Vec<String>) {
        let mut all: BTreeMap<ObjectId, String> = BTreeMap::new();
        loop {
            let refused = self.ports.open(&reload.snapshot);
            let refused = refused.into_iter().map(|(id, error)| (id, error.to_string()));
            // The last good version of a listener is open already; should it not be, that is no reason to go on for ever.
            let new: Vec<_> = refused.filter(|(id, _)| !all.contains_key(id)).collect();
            if new.is_empty() {
                self.has_refused = !all.is_empty();
                return (reload, all.into_values().collect());
            }
            all.extend(new.iter().cloned());
            reload = self.store.refuse(new);
        }
    }

    /// Compiles a configuration and makes it the one that serves; the workers are still to be told.
    fn swap(&mut self, reload: Reload) {
        let before = self.process.config.load_full();
        let generation = before.generation + 1;
        let previous = self.process.tables.load_full();
        let compiled = compile(&reload.snapshot, Some(&previous), generation, self.process.workers);
        self.process
            .reloads
            .compiled
            .fetch_add(compiled.objects as u64, Ordering::Relaxed);
        drop(previous);
        let old = self.process.tables.swap(Arc::new(compiled.tables));
        let leaving = leaving(&before, &reload, &old);
        self.graveyard.bury(old);
        self.count_applied(&reload);
        log(&reload, generation);
        let fresh = reload
            .report
            .added
            .iter()
            .chain(&reload.report.changed)
            .cloned()
            .collect();
        self.process.config.store(Arc::new(ConfigStatus {
            reload,
            generation,
            since: Some(SystemTime::now()),
            fresh,
            leaving,
        }));
    }

    /// Tells every worker to serve by the tables of now.
    pub fn tell(&mut self, peers: &Peers) {
        let tables = self.process.tables.load_full();
        let config = self.process.config.load_full();
        let gates = self.ports.plan(&config.reload.snapshot, &tables);
        for (id, sockets) in peers.ids().zip(self.ports.take_fresh()) {
            let update = Update {
                tables: Arc::clone(&tables),
                gates: Arc::clone(&gates),
                sockets,
            };
            // A worker that has ended serves nothing.
            let _ = peers.send(id, Message::Apply(update));
        }
    }

    /// Keeps what is to be known of a look that changed nothing of what serves.
    fn note(&self, reload: Reload, is_news: bool, wake: Wake) {
        let before = self.process.config.load_full();
        if is_news {
            self.count_applied(&reload);
        } else if wake != Wake::Time {
            count(&self.process.reloads.unchanged);
        }
        self.process.config.store(Arc::new(ConfigStatus {
            reload,
            generation: before.generation,
            since: before.since,
            fresh: before.fresh.clone(),
            leaving: before
                .leaving
                .iter()
                .filter(|(_, listener)| has_connections(listener))
                .cloned()
                .collect(),
        }));
    }

    fn count_applied(&self, reload: &Reload) {
        let reloads = &self.process.reloads;
        count(if reload.report.quarantined.is_empty() {
            &reloads.applied
        } else {
            &reloads.partial
        });
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The listeners that go with this configuration, and those that went before and still have connections.
fn leaving(before: &ConfigStatus, reload: &Reload, old: &Tables) -> Vec<(ObjectId, Arc<super::Listener>)> {
    let still = before
        .leaving
        .iter()
        .filter(|(_, listener)| has_connections(listener))
        .cloned();
    let gone = reload
        .report
        .removed
        .iter()
        .filter_map(|id| Some((id.clone(), Arc::clone(old.listener(id)?))));
    still.chain(gone).collect()
}

/// Prints what is to be said of a configuration, unless it was said already.
fn show(reload: &Reload, said: &[Diagnostic]) -> bool {
    let is_news = *reload.diagnostics != *said;
    if is_news {
        let text = reload.diagnostics.iter().fold(String::new(), |mut text, diagnostic| {
            // A String takes everything.
            let _ = writeln!(text, "{diagnostic}");
            text
        });
        eprint!("{text}");
        for id in &reload.report.quarantined {
            let serves = reload
                .objects
                .get(id)
                .is_some_and(tidegate_config::ObjectStatus::is_served);
            let instead = if serves {
                "its last good version serves"
            } else {
                "nothing of it serves"
            };
            tracing::warn!(object = %id, "quarantined: {instead}");
        }
    }
    is_news
}

fn log(reload: &Reload, generation: u64) {
    let report = &reload.report;
    tracing::info!(
        generation,
        added = report.added.len(),
        changed = report.changed.len(),
        removed = report.removed.len(),
        quarantined = report.quarantined.len(),
        desired = %report.desired,
        effective = %report.effective,
        "configuration applied"
    );
}
