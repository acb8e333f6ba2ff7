//! All that was measured in a run, and what can be asked of it.

use crate::Outcome;
use crate::host;
use crate::install::Installed;
use crate::measure::{Memory, Visit};
use crate::peers::Peer;
use crate::rows::{Bar, Beside, Row};
use crate::stats::{Spread, median, spread};

/// Under this share the proxy waited for the load, and its throughput is the load's.
pub(crate) const BUSY: f64 = 0.9;

#[derive(Debug)]
struct Entry {
    row: &'static str,
    workers: usize,
    round: usize,
    peer: Peer,
    visit: Visit,
}

#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) machine: String,
    pub(crate) day: String,
    pub(crate) versions: Vec<(Peer, String)>,
    entries: Vec<Entry>,
    memory: Vec<(Peer, Memory)>,
    pub(crate) failures: Vec<String>,
}

/// How Tidegate stands against one bar.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) beside: &'static str,
    pub(crate) at_most: f64,
    pub(crate) ratio: Spread,
}

impl Results {
    pub(crate) fn new(installed: &Installed, peers: &[Peer]) -> Outcome<Self> {
        let versions: Outcome<Vec<_>> = peers.iter().map(|peer| Ok((*peer, peer.version(installed)?))).collect();
        Ok(Self {
            machine: host::describe(),
            day: host::today()?,
            versions: versions?,
            entries: Vec::new(),
            memory: Vec::new(),
            failures: Vec::new(),
        })
    }

    /// Keeps a visit, or that it failed, and says so.
    pub(crate) fn add_visit(&mut self, row: &Row, workers: usize, round: usize, peer: Peer, visit: Outcome<Visit>) {
        let what = format!("{} of {peer} with {workers} workers, round {}", row.name, round + 1);
        match visit {
            Ok(visit) => {
                let (cost, rest, busy) = (visit.cost(), visit.rest_cost(), visit.busy * 100.0);
                eprintln!("bench: {what}: {cost:.2} us, {busy:.0} % busy, load and backend {rest:.2} us");
                if workers == 1 && visit.busy < BUSY {
                    eprintln!("bench: warning: the load did not keep {peer} busy");
                }
                self.entries.push(Entry {
                    row: row.name,
                    workers,
                    round,
                    peer,
                    visit,
                });
            }
            Err(error) => self.fail(&what, &error.to_string()),
        }
    }

    pub(crate) fn add_memory(&mut self, peer: Peer, memory: Outcome<Memory>) {
        match memory {
            Ok(memory) => {
                eprintln!("bench: memory of {peer}: {:.1} MB", memory.with_http1 / 1e6);
                self.memory.push((peer, memory));
            }
            Err(error) => self.fail(&format!("memory of {peer}"), &error.to_string()),
        }
    }

    fn fail(&mut self, what: &str, error: &str) {
        eprintln!("bench: {what}: {error}");
        self.failures.push(format!("{what}: {error}"));
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = Peer> {
        self.versions.iter().map(|(peer, _)| *peer)
    }

    pub(crate) fn has(&self, row: &Row, workers: usize) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.row == row.name && entry.workers == workers)
    }

    fn entries<'a>(&'a self, row: &'a str, workers: usize, peer: Peer) -> impl Iterator<Item = &'a Entry> {
        let entries = self.entries.iter();
        entries.filter(move |entry| (entry.row, entry.workers, entry.peer) == (row, workers, peer))
    }

    pub(crate) fn visits<'a>(&'a self, row: &'a Row, workers: usize, peer: Peer) -> impl Iterator<Item = &'a Visit> {
        self.entries(row.name, workers, peer).map(|entry| &entry.visit)
    }

    /// The median of one figure over the rounds.
    pub(crate) fn figure(&self, row: &Row, workers: usize, peer: Peer, of: impl Fn(&Visit) -> f64) -> Option<f64> {
        median(self.visits(row, workers, peer).map(of))
    }

    pub(crate) fn memory_figure(&self, peer: Peer, of: impl Fn(&Memory) -> f64) -> Option<f64> {
        median(
            self.memory
                .iter()
                .filter(|(owner, _)| *owner == peer)
                .map(|(_, memory)| of(memory)),
        )
    }

    /// The median over all visits with one worker.
    pub(crate) fn start(&self, peer: Peer) -> Option<f64> {
        let visits = self
            .entries
            .iter()
            .filter(|entry| entry.peer == peer && entry.workers == 1);
        median(visits.map(|entry| entry.visit.start.as_secs_f64()))
    }

    /// Tidegate's CPU time a request over the peer's, round by round.
    pub(crate) fn ratio(&self, row: &Row, workers: usize, peer: Peer) -> Option<Spread> {
        self.ratio_to(row, workers, (row.name, peer))
    }

    fn ratio_to(&self, row: &Row, workers: usize, (other, peer): (&str, Peer)) -> Option<Spread> {
        spread(self.entries(row.name, workers, Peer::Tidegate).filter_map(|ours| {
            let theirs = self
                .entries(other, workers, peer)
                .find(|theirs| theirs.round == ours.round)?;
            Some(ours.visit.cost() / theirs.visit.cost())
        }))
    }

    /// Against the cheapest of the bar's peers, or Tidegate in another row.
    pub(crate) fn verdict(&self, row: &Row, bar: &Bar) -> Option<Verdict> {
        let (beside, ratio) = match bar.of {
            Beside::Peers(peers) => peers
                .iter()
                .filter_map(|peer| Some((peer.name(), self.ratio(row, 1, *peer)?)))
                .max_by(|(_, one), (_, other)| one.median.total_cmp(&other.median))?,
            Beside::Row(other) => (other, self.ratio_to(row, 1, (other, Peer::Tidegate))?),
        };
        Some(Verdict {
            beside,
            at_most: bar.at_most,
            ratio,
        })
    }
}
