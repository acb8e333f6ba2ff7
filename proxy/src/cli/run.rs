//! `tidegate run CONFIG`: the data plane.
#![allow(
    clippy::disallowed_methods,
    reason = "runs on the control runtime, which has no worker"
)]

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Args;
use tidegate_config::{LogFormat, LogTarget, ObjectId};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::notify::Notifier;
use super::stop::{Stop, TERM};
use super::welcome::Welcome;
use crate::admin;
use crate::listener::{self, Loads};
use crate::live::{Process, Readiness, Reloader};
use crate::telemetry::{AccessLogs, logging};
use crate::worker::{self, Message, Peers, Start, WorkerId};

/// Proxies as CONFIG says, following its changes, until SIGTERM or SIGINT; a second one ends at once. SIGHUP reloads now,
/// SIGUSR1 opens the files of access logs anew.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// A YAML file, or a directory of them
    config: PathBuf,
    /// Threads that serve requests [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Where the admin interface is served: a page for browsers, /ready, /live, /metrics and more
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:15000")]
    admin: SocketAddr,
    /// A host name that the admin interface may be called by, beside its address and localhost; may be repeated
    #[arg(long, value_name = "NAME")]
    admin_host: Vec<String>,
    /// Where to log a line for each request of listeners that say nothing: a file, or - for standard output
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// How to write it: text, json, combined, or a pattern such as '%{time} %{status} %{ms}' [default: text]
    #[arg(long, value_name = "FORMAT", value_parser = log_format, requires = "access_log")]
    access_log_format: Option<LogFormat>,
    /// What the process logs to standard error: a level, or levels by module [default: info,h2=error]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// Open client connections over all listeners; never more than half of the descriptors the system allows
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    max_connections: usize,
    /// How long to go on accepting after SIGTERM, not ready, so that load balancers notice
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    drain_delay: u64,
}

type Failure = Box<dyn std::error::Error>;

/// How long the access log may take to write its last lines.
const LAST_LINES: Duration = Duration::from_secs(2);

/// What the service manager is to wait beyond the time that a stop may take.
const MARGIN: Duration = Duration::from_secs(1);

pub(super) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    logging::init(args.log.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Before the first socket is open: a signal that nobody waits for yet would end the process at once.
    let signals = runtime.block_on(async { Signals::new() })?;
    let workers = args.workers.map_or_else(cores, usize::from);
    let logs = open_access_logs(args, workers)?;
    let max_connections = args.max_connections.min(descriptors() / 2);
    let process = Arc::new(Process::new(workers, max_connections, logs.clone()));
    let mut reloader = Reloader::start(&args.config, &process)?;
    let (admin, admin_address) = open_admin(args.admin)?;
    let (peers, ended) = start_workers(&process)?;
    reloader.tell(&peers);
    process.set_readiness(Readiness::Ready);
    let manager = Notifier::from_env();
    manager.ready(&process);
    welcome(&args.config, &process, &reloader.listening(), admin_address);
    let reload = reloader.waker();
    follow(reloader, peers.clone(), manager.clone(), Arc::clone(&process))?;

    let delay = Duration::from_secs(args.drain_delay);
    let code = runtime.block_on(async {
        let names = args.admin_host.clone();
        tokio::spawn(serve_admin(admin, Arc::clone(&process), names));
        let told = manager.clone();
        tokio::spawn(on_each(signals.hang_up, move || {
            told.reloading();
            reload.ask();
        }));
        let for_rotation = logs.clone();
        tokio::spawn(on_each(signals.rotated, move || for_rotation.reopen()));
        control(&process, &peers, signals.stop, ended, delay, &manager).await
    });
    logs.close(LAST_LINES);
    code
}

fn open_access_logs(args: &RunArgs, workers: usize) -> Result<AccessLogs, Failure> {
    let usual = args.access_log.as_deref().map(|path| {
        let to = match path {
            path if path == Path::new("-") => LogTarget::Stdout,
            path => LogTarget::File(path.to_owned()),
        };
        (to, args.access_log_format.clone().unwrap_or_default())
    });
    let shown = usual.as_ref().map(|(to, _)| to.to_string()).unwrap_or_default();
    AccessLogs::new(workers, usual).map_err(|error| format!("cannot open the access log {shown}: {error}").into())
}

/// The advice goes on a line of its own, as `clap` shows errors.
fn log_format(text: &str) -> Result<LogFormat, String> {
    let parsed = text.parse::<LogFormat>();
    parsed.map_err(|error| format!("{error}\n  help: {}", error.help_text().unwrap_or_default()))
}

fn open_admin(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let socket = listener::bind(address, 1)?
        .pop()
        .ok_or("no socket for the admin interface")?;
    let address = socket.local_addr()?;
    tracing::info!(%address, "admin");
    Ok((socket, address))
}

/// Says to people what there is, wherever they see what is informative.
fn welcome(config: &Path, process: &Process, listening: &[(ObjectId, SocketAddr)], admin: SocketAddr) {
    if tracing::enabled!(tracing::Level::INFO) {
        let status = process.config.load();
        let welcome = Welcome {
            config,
            workers: process.workers,
            reload: &status.reload,
            listening,
            logs: &process.tables.load().logs.targets(),
            admin,
        };
        eprint!("{welcome}");
    }
}

async fn serve_admin(socket: TcpListener, process: Arc<Process>, names: Vec<String>) {
    let Err(error) = admin::serve(socket, process, names).await;
    tracing::error!(%error, "the admin interface cannot be served");
}

/// Follows the configuration's files on a thread of its own.
fn follow(reloader: Reloader, peers: Peers, manager: Notifier, process: Arc<Process>) -> io::Result<()> {
    let run = move || reloader.run(&peers, || manager.ready(&process));
    thread::Builder::new().name("config".to_owned()).spawn(run)?;
    Ok(())
}

async fn on_each(mut signal: Signal, act: impl Fn()) {
    while signal.recv().await.is_some() {
        act();
    }
}

/// Starts a thread for each worker; the receiver ends when all of them have.
fn start_workers(process: &Arc<Process>) -> Result<(Peers, mpsc::Receiver<()>), Failure> {
    let loads = Loads::new(process.workers);
    let (peers, inboxes) = Peers::new(process.workers);
    let (alive, ended) = mpsc::channel::<()>(1);
    for (id, inbox) in inboxes.into_iter().enumerate() {
        let start = Start {
            id: WorkerId(id),
            peers: peers.clone(),
            inbox,
            process: Arc::clone(process),
            loads: loads.clone(),
        };
        let alive = alive.clone();
        thread::Builder::new().name(format!("worker-{id}")).spawn(move || {
            if let Err(error) = worker::run(start) {
                tracing::error!(worker = id, %error, "a worker cannot run");
            }
            drop(alive);
        })?;
    }
    Ok((peers, ended))
}

/// How many descriptors this process may open, after asking for as many as it is allowed.
fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where raising is not allowed, what there is must do.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
    let allowed = getrlimit(Resource::Nofile).current;
    allowed
        .and_then(|allowed| usize::try_from(allowed).ok())
        .unwrap_or(usize::MAX)
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Waits for a signal, drains, and returns when the workers have ended or the time is over.
async fn control(
    process: &Process,
    peers: &Peers,
    mut signals: Stop,
    mut ended: mpsc::Receiver<()>,
    delay: Duration,
    manager: &Notifier,
) -> Result<ExitCode, Failure> {
    let first = tokio::select! {
        code = signals.next() => code,
        _ = ended.recv() => return Err("all workers have ended".into()),
    };
    process.set_readiness(Readiness::Draining);
    let drain = process.longest_drain();
    tracing::info!(delay = ?delay, limit = ?drain, "draining");
    manager.stopping(delay.saturating_add(drain).saturating_add(LAST_LINES + MARGIN));
    let drained = async {
        if first == TERM {
            tokio::time::sleep(delay).await;
        }
        for id in peers.ids() {
            // A worker that has ended has nothing to drain.
            let _ = peers.send(id, Message::Drain);
        }
        tokio::time::timeout(drain, ended.recv()).await.is_ok()
    };
    tokio::select! {
        whole = drained => {
            if !whole {
                tracing::warn!("drain time is over, closing what is left");
            }
            Ok(ExitCode::SUCCESS)
        }
        signal = signals.next() => {
            tracing::warn!("second signal, ending at once");
            Ok(ExitCode::from(128 + signal))
        }
    }
}

struct Signals {
    stop: Stop,
    /// Asks for the configuration to be loaded again now.
    hang_up: Signal,
    /// Says that files of logs were renamed.
    rotated: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            stop: Stop::new()?,
            hang_up: signal(SignalKind::hangup())?,
            rotated: signal(SignalKind::user_defined1())?,
        })
    }
}
