//! One visit to one proxy: start it, load it, read what it used, end it.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Outcome;
use crate::backend::Backend;
use crate::children::{Process, answers, free_port, signal};
use crate::cpu::{CpuTime, cpu_time, process_time, resident};
use crate::host::{Cores, Layout, layout, pin};
use crate::install::Installed;
use crate::load::{Load, Pace, ask_once};
use crate::peers::{Peer, Protocol, Site};
use crate::rows::{Row, Work};
use crate::stats::percentile;
use crate::syscalls::{Syscalls, count};

const START: Duration = Duration::from_secs(20);

/// Opening all idle connections takes no longer: peers close what is idle for a minute.
const HOLD: Duration = Duration::from_secs(55);

/// What the whole benchmark has at hand.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) installed: Installed,
    pub(crate) folder: PathBuf,
    pub(crate) cores: Cores,
    pub(crate) http1: Backend,
    pub(crate) http2: Backend,
}

/// How long each part of a visit takes; a part of no time is left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) workers: usize,
    pub(crate) warm: Duration,
    pub(crate) closed: Duration,
    pub(crate) open: Duration,
    pub(crate) trace: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) start: Duration,
    pub(crate) cpu: CpuTime,
    /// CPU time of load and backend.
    pub(crate) rest: Duration,
    pub(crate) wall: Duration,
    pub(crate) requests: u64,
    /// The proxy's CPU time over the time that its cores had.
    pub(crate) busy: f64,
    pub(crate) latency: Option<Latency>,
    pub(crate) syscalls: Option<Syscalls>,
}

impl Visit {
    /// Microseconds of CPU time a request.
    pub(crate) fn cost(&self) -> f64 {
        self.cpu.total.as_secs_f64() * 1e6 / self.requests as f64
    }

    pub(crate) fn user_cost(&self) -> f64 {
        self.cpu.user().as_secs_f64() * 1e6 / self.requests as f64
    }

    /// What load and backend cost for the same request.
    pub(crate) fn rest_cost(&self) -> f64 {
        self.rest.as_secs_f64() * 1e6 / self.requests as f64
    }

    pub(crate) fn throughput(&self) -> f64 {
        self.requests as f64 / self.wall.as_secs_f64()
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) p999: Duration,
}

/// Resident bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) idle: f64,
    pub(crate) with_http1: f64,
    /// Of one idle HTTP/2 connection.
    pub(crate) each_http2: f64,
}

/// A proxy that has answered its first request.
#[derive(Debug)]
struct Running {
    process: Process,
    layout: Layout,
    site: (SocketAddr, PathBuf),
    start: Duration,
}

impl Bench {
    fn start(&self, peer: Peer, (front, back): (Protocol, Protocol), work: Work, workers: usize) -> Outcome<Running> {
        let backend = match back {
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
        };
        let folder = self.folder.join(peer.name());
        fs::create_dir_all(&folder)?;
        let listen = free_port()?;
        let site = Site {
            listen,
            front,
            upstream: backend.address,
            back,
            work,
            workers,
            folder: &folder,
        };
        let mut command = peer.command(&self.installed, &site)?;
        let layout = layout(&self.cores, workers);
        pin(Some(backend.thread), &layout.rest)?;
        // A child inherits the cores of the thread that starts it.
        pin(None, &layout.proxy)?;
        let process = Process::start(&mut command, folder.join("log"));
        pin(None, &layout.rest)?;
        let mut process = process?;
        let start = process.until(START, |_| answers(listen, |socket| ask_once(front, work, &socket)))?;
        Ok(Running {
            process,
            layout,
            site: (listen, folder),
            start,
        })
    }

    /// One row's work on one proxy.
    pub(crate) fn visit(&self, peer: Peer, row: &Row, plan: Plan) -> Outcome<Visit> {
        let running = self.start(peer, (row.shape.protocol, row.back), row.work, plan.workers)?;
        let pid = running.process.id();
        let load = Load::open(running.site.0, row.shape, row.work, &running.layout.rest)?;
        load.set(Pace::Closed)?;
        thread::sleep(plan.warm);
        let (cpu, requests, begun) = (cpu_time(pid)?, load.answered(), Instant::now());
        let rest = process_time(std::process::id())?;
        thread::sleep(plan.closed);
        let rest = process_time(std::process::id())?.since(rest).total;
        let (cpu, requests, wall) = (cpu_time(pid)?.since(cpu), load.answered() - requests, begun.elapsed());
        load.pause()?;
        if requests == 0 {
            return Err("no request was answered".into());
        }
        let latency = match row.rate {
            Some(rate) if !plan.open.is_zero() => Some(latency(&load, rate, plan.open)?),
            _ => None,
        };
        let syscalls = match plan.trace {
            Duration::ZERO => None,
            stretch => Some(count(&running.site.1, pid, &load, stretch)?),
        };
        load.check()?;
        let busy = cpu.total.as_secs_f64() / wall.as_secs_f64() / plan.workers as f64;
        Ok(Visit {
            start: running.start,
            cpu,
            rest,
            wall,
            requests,
            busy,
            latency,
            syscalls,
        })
    }

    /// Puts one row's work on Tidegate and lets it end by itself: one that was built to record a profile writes it then.
    pub(crate) fn train(&self, row: &Row, stretch: Duration) -> Outcome<()> {
        let running = self.start(Peer::Tidegate, (row.shape.protocol, row.back), row.work, 1)?;
        let load = Load::open(running.site.0, row.shape, row.work, &running.layout.rest)?;
        load.set(Pace::Closed)?;
        thread::sleep(stretch);
        load.pause()?;
        load.check()?;
        if load.answered() == 0 {
            return Err("no request was answered".into());
        }
        drop(load);
        let mut process = running.process;
        signal(process.id(), Signal::TERM);
        let status = process.wait(START)?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("tidegate ended with {status}").into())
        }
    }

    /// Memory of a fresh proxy: idle, with so many idle HTTP/1.1 connections, and for each of a tenth as many HTTP/2 ones.
    pub(crate) fn memory(&self, peer: Peer, connections: usize) -> Outcome<Memory> {
        let (idle, with_http1) = self.grown(peer, Protocol::Http1, connections)?;
        let (without, with) = self.grown(peer, Protocol::Http2, connections / 10)?;
        Ok(Memory {
            idle,
            with_http1,
            each_http2: (with - without) / (connections / 10) as f64,
        })
    }

    /// Resident bytes before and while there are so many connections, each of which has been used once.
    fn grown(&self, peer: Peer, protocol: Protocol, connections: usize) -> Outcome<(f64, f64)> {
        let running = self.start(peer, (protocol, Protocol::Http1), Work::Nothing, 1)?;
        let settle = || thread::sleep(Duration::from_millis(500));
        settle();
        let idle = resident(running.process.id())?;
        // One at a time: hardly a connection to the backend, so that what grows is the clients' side.
        let mut held = Vec::with_capacity(connections);
        let begun = Instant::now();
        while held.len() < connections {
            let socket = TcpStream::connect_timeout(&running.site.0, START)?;
            socket.set_read_timeout(Some(START))?;
            if !ask_once(protocol, Work::Nothing, &socket)? || begun.elapsed() > HOLD {
                return Err(format!("only {} of {connections} connections were served", held.len()).into());
            }
            held.push(socket);
        }
        settle();
        // All must be there still: a proxy that closes them owns little.
        if let Some(closed) = held.iter().position(is_closed) {
            return Err(format!("idle connection {closed} was closed").into());
        }
        Ok((idle as f64, resident(running.process.id())? as f64))
    }
}

/// Whether an idle socket has nothing to read but its end.
fn is_closed(socket: &TcpStream) -> bool {
    socket.set_nonblocking(true).is_err() || matches!(socket.peek(&mut [0]), Ok(0))
}

fn latency(load: &Load, rate: u64, stretch: Duration) -> Outcome<Latency> {
    load.set(Pace::per_second(rate))?;
    thread::sleep(stretch);
    load.pause()?;
    let mut all = load.take_latencies();
    if all.is_empty() {
        return Err("no request was answered at the fixed rate".into());
    }
    Ok(Latency {
        p50: percentile(&mut all, 0.5),
        p99: percentile(&mut all, 0.99),
        p999: percentile(&mut all, 0.999),
    })
}
