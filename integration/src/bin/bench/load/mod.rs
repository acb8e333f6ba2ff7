//! The load: one thread with many connections to a proxy. Closed loop for CPU time and throughput (every slot asks again as soon as it is
//! answered); open loop for latency (requests are due at fixed times and timed from when they were due, so that a stall counts for all it delays).

mod engine;
mod http1;
mod http2;

use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use crate::Outcome;
use crate::host::{Cores, pin};
use crate::http2::Blocks;
use crate::message::{Exchange, Message};
use crate::peers::Protocol;
use crate::rows::Work;

/// No pause or opening of connections takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection to the proxy.
trait Client: Send {
    /// How many more requests it can carry now.
    fn free(&self) -> usize;

    /// Puts a request that is due at `due` (the engine's nanoseconds) on its way; [`Client::flush`] sends it.
    fn start(&mut self, due: u64) -> Outcome<()>;

    fn flush(&mut self, socket: &TcpStream) -> Outcome<()>;

    /// Does all that can be done now; adds the due times of the requests that were answered.
    fn ready(&mut self, socket: &TcpStream, scratch: &mut [u8], answered: &mut Vec<u64>) -> Outcome<()>;
}

/// How fast requests are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Paused,
    Closed,
    /// One request each so many nanoseconds.
    Open {
        every: u64,
    },
    Stop,
}

impl Pace {
    pub(crate) fn per_second(rate: u64) -> Self {
        Self::Open {
            every: 1_000_000_000 / rate.max(1),
        }
    }
}

/// What to put on a proxy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) protocol: Protocol,
    pub(crate) exchange: Exchange,
    pub(crate) connections: usize,
    pub(crate) streams: usize,
}

/// What the load thread and its owner share.
#[derive(Debug)]
struct Shared {
    answered: AtomicU64,
    /// Paused, and nothing in flight.
    quiet: AtomicBool,
    latencies: Mutex<Vec<u64>>,
    failure: Mutex<Option<String>>,
    bell: OwnedFd,
}

/// A running load; dropping it closes its connections.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Shared>,
    commands: Sender<Pace>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    /// Opens all connections, paused.
    pub(crate) fn open(to: SocketAddr, shape: Shape, work: Work, cores: &Cores) -> Outcome<Self> {
        match shape.protocol {
            Protocol::Http1 => {
                let requests = Arc::new(Message::requests(shape.exchange, work)?);
                let mut first = 0;
                Self::spawn(to, shape, cores, || {
                    first += requests.len() / shape.connections;
                    http1::Http1::new(&requests, first)
                })
            }
            Protocol::Http2 => {
                let blocks = Arc::new(Blocks::request());
                Self::spawn(to, shape, cores, || http2::Http2::new(&blocks, shape.streams))
            }
        }
    }

    fn spawn<C: Client + 'static>(
        to: SocketAddr,
        shape: Shape,
        cores: &Cores,
        mut client: impl FnMut() -> C,
    ) -> Outcome<Self> {
        let mut connections = Vec::with_capacity(shape.connections);
        for _ in 0..shape.connections {
            let socket = TcpStream::connect_timeout(&to, PATIENCE)?;
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            connections.push((socket, client()));
        }
        let shared = Arc::new(Shared {
            answered: AtomicU64::new(0),
            quiet: AtomicBool::new(true),
            latencies: Mutex::default(),
            failure: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        });
        let (commands, inbox) = mpsc::channel();
        let cores = cores.clone();
        let told = Arc::clone(&shared);
        let thread = thread::Builder::new().name("load".into()).spawn(move || {
            let run = || -> Outcome<()> {
                pin(None, &cores)?;
                engine::Engine::new(connections, Arc::clone(&told), inbox)?.run()
            };
            if let Err(error) = run() {
                *told.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            }
        })?;
        Ok(Self {
            shared,
            commands,
            thread: Some(thread),
        })
    }

    /// Changes the pace. A paused load lets what is in flight finish.
    pub(crate) fn set(&self, pace: Pace) -> Outcome<()> {
        self.check()?;
        self.shared.quiet.store(false, Ordering::SeqCst);
        self.commands.send(pace).map_err(|_| "the load has stopped")?;
        rustix::io::write(&self.shared.bell, &1u64.to_ne_bytes())?;
        Ok(())
    }

    /// Pauses and waits until every request is answered.
    pub(crate) fn pause(&self) -> Outcome<()> {
        self.set(Pace::Paused)?;
        let begun = Instant::now();
        while !self.shared.quiet.load(Ordering::SeqCst) {
            self.check()?;
            if begun.elapsed() > PATIENCE {
                return Err("requests stayed without an answer".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(crate) fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// An error as soon as one request has gone wrong.
    pub(crate) fn check(&self) -> Outcome<()> {
        match &*self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure.clone().into()),
            None => Ok(()),
        }
    }

    /// The nanoseconds of each request of the open loop since the last call.
    pub(crate) fn take_latencies(&self) -> Vec<u64> {
        std::mem::take(&mut *self.shared.latencies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One request over a fresh, blocking connection; whether it was answered well.
pub(crate) fn ask_once(protocol: Protocol, work: Work, socket: &TcpStream) -> Outcome<bool> {
    match protocol {
        Protocol::Http1 => once(
            http1::Http1::new(&Arc::new(Message::requests(Exchange::SmallAnswer, work.first())?), 0),
            socket,
        ),
        Protocol::Http2 => once(http2::Http2::new(&Arc::new(Blocks::request()), 1), socket),
    }
}

fn once(mut client: impl Client, socket: &TcpStream) -> Outcome<bool> {
    let (mut scratch, mut answered) = (vec![0; 16 << 10], Vec::new());
    client.start(0)?;
    client.flush(socket)?;
    // An answer that comes in more pieces than this is none.
    for _ in 0..16 {
        client.ready(socket, &mut scratch, &mut answered)?;
        if !answered.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.commands.send(Pace::Stop);
        let _ = rustix::io::write(&self.shared.bell, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
