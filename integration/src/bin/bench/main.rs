//! Tidegate beside HAProxy, NGINX and Envoy: CPU time a request, system calls, throughput, latency, memory and start-up, measured in turn on the
//! same cores with the same work. A whole run writes `docs/benchmarks.md` and its picture; any other run writes them to `.cache`.
//!
//! It measures cost, not behaviour: whatever is not a 200 of the expected length fails the run.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "wall time and real sockets are the subject"
)]

mod backend;
mod children;
mod cpu;
mod host;
mod http1;
mod http2;
mod install;
mod load;
mod measure;
mod message;
mod peers;
mod report;
mod results;
mod rows;
mod socket;
mod stats;
mod svg;
mod syscalls;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::install::Ours;
use crate::measure::{Bench, Plan};
use crate::peers::Peer;
use crate::results::Results;
use crate::rows::{ROWS, Row, Work};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Failure>;

/// The connections of the memory figures.
const IDLE_CONNECTIONS: usize = 10_000;

/// Fewer ratios than this are no figure.
const WHOLE_ROUNDS: usize = 7;

/// At least so long a proxy works before it is measured: pools fill, buffers grow.
const WARM: Duration = Duration::from_millis(300);

/// Measures Tidegate beside its peers.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Visits to each proxy in each row.
    #[arg(long, default_value_t = WHOLE_ROUNDS)]
    rounds: usize,
    /// Only these rows (comma-separated): http1, http2, http2-http1, answers, uploads, filters, access-log, hosts-N and prefixes-N
    /// (N routes: 10, 1000, 10000, 100000), memory.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Only these proxies (comma-separated): tidegate, haproxy-2.8, haproxy-2.6, nginx, envoy.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Seconds of each measured stretch.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// One round of short stretches: shows that every row works, not what it costs.
    #[arg(long)]
    quick: bool,
    /// Take the tidegate that stands beside this program as it is. (`$TIDEGATE_BIN` names another one.)
    #[arg(long)]
    no_build: bool,
    /// Compare with this tidegate, too.
    #[arg(long, value_name = "PROGRAM")]
    baseline: Option<PathBuf>,
    /// Measure nothing: put each row's work on Tidegate and let it end by itself, so that a build made for it records a profile.
    #[arg(long, conflicts_with_all = ["peers", "baseline"])]
    train: bool,
}

fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == children::WARDEN)
    {
        children::be_warden();
        return ExitCode::SUCCESS;
    }
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
    let selection = Selection::new(arguments)?;
    let ours = Ours {
        no_build: arguments.no_build,
        baseline: arguments.baseline.clone(),
    };
    let installed = install::all(root, &selection.peers, !arguments.train, &ours)?;
    let folder = children::start_warden()?;
    host::raise_open_files()?;
    let mut results = Results::new(&installed, &selection.peers)?;
    let bench = Bench {
        installed,
        folder,
        cores: host::cores()?,
        http1: backend::Backend::http1()?,
        http2: backend::Backend::http2()?,
    };
    if arguments.train {
        return selection.train(&bench);
    }
    selection.measure(&bench, &mut results);
    let text = report::markdown(&results);
    println!("{text}");
    if !results.failures.is_empty() {
        return Err(format!("{} failed:\n{}", results.failures.len(), results.failures.join("\n")).into());
    }
    let folder = root.join(if selection.is_whole() { "docs" } else { ".cache" });
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("benchmarks.md"), text)?;
    std::fs::write(folder.join("benchmarks.svg"), svg::picture(&results))?;
    Ok(())
}

/// What this run measures.
#[derive(Debug)]
struct Selection {
    rows: Vec<&'static Row>,
    memory: bool,
    peers: Vec<Peer>,
    rounds: usize,
    stretch: Duration,
    quick: bool,
}

impl Selection {
    fn new(arguments: &Arguments) -> Outcome<Self> {
        let (memory, named): (Vec<&String>, Vec<&String>) = arguments.rows.iter().partition(|row| *row == "memory");
        let all = arguments.rows.is_empty();
        let rows = if all { ROWS.iter().collect() } else { Vec::new() };
        let named: Outcome<Vec<_>> = named.into_iter().map(|name| rows::named(name)).collect();
        let peers: Outcome<Vec<_>> = arguments.peers.iter().map(|name| Peer::named(name)).collect();
        let mut peers = peers?;
        if arguments.train {
            peers = vec![Peer::Tidegate];
        } else if peers.is_empty() {
            peers = Peer::ALL.to_vec();
        }
        peers.extend(arguments.baseline.is_some().then_some(Peer::Baseline));
        Ok(Self {
            rows: [rows, named?].concat(),
            memory: all || !memory.is_empty(),
            peers,
            rounds: if arguments.quick { 1 } else { arguments.rounds },
            stretch: if arguments.quick {
                Duration::from_millis(300)
            } else {
                Duration::try_from_secs_f64(arguments.seconds)?
            },
            quick: arguments.quick,
        })
    }

    /// Whether the report of this run is the report.
    fn is_whole(&self) -> bool {
        let everything = self.rows.len() == ROWS.len() && self.memory && self.peers == Peer::ALL;
        everything && self.rounds >= WHOLE_ROUNDS && !self.quick
    }

    fn train(&self, bench: &Bench) -> Outcome<()> {
        for row in &self.rows {
            eprintln!("bench: {}", row.name);
            bench
                .train(row, self.stretch)
                .map_err(|error| format!("{}: {error}", row.name))?;
        }
        Ok(())
    }

    fn measure(&self, bench: &Bench, results: &mut Results) {
        for workers in [1, 2] {
            // Rounds outside rows: a bar beside another row is a ratio within a round, like those beside a peer.
            for round in 0..self.rounds {
                let plan = self.plan(workers, round);
                for row in self.rows.iter().filter(|row| workers == 1 || row.work == Work::Nothing) {
                    for peer in self.turns(round).into_iter().filter(|peer| peer.can(row)) {
                        results.add_visit(row, workers, round, peer, bench.visit(peer, row, plan));
                    }
                }
            }
        }
        if self.memory {
            for round in 0..self.rounds.min(3) {
                for peer in self.turns(round) {
                    results.add_memory(peer, bench.memory(peer, IDLE_CONNECTIONS));
                }
            }
        }
    }

    /// All proxies, another one first in each round, so that none always follows the same one.
    fn turns(&self, round: usize) -> Vec<Peer> {
        let mut turns = self.peers.clone();
        turns.rotate_left(round % self.peers.len());
        turns
    }

    /// Latency and system calls are for one worker; system calls do not vary, once is enough.
    fn plan(&self, workers: usize, round: usize) -> Plan {
        let some = |wanted: bool, stretch: Duration| if wanted { stretch } else { Duration::ZERO };
        Plan {
            workers,
            warm: (self.stretch / 4).max(WARM),
            closed: if workers == 1 { self.stretch } else { self.stretch / 2 },
            open: some(workers == 1, self.stretch),
            trace: some(workers == 1 && round == 0, Duration::from_millis(300)),
        }
    }
}
