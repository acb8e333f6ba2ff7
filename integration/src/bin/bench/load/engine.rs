//! The loop of the load thread.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::{Client, Pace, Shared};
use crate::Outcome;
use crate::socket::{Poller, SCRATCH};

const BELL: u64 = u64::MAX;
const TIMER: u64 = u64::MAX - 1;

pub(super) struct Engine<C> {
    poller: Poller,
    connections: Vec<(TcpStream, C)>,
    shared: Arc<Shared>,
    inbox: Receiver<Pace>,
    pace: Pace,
    in_flight: usize,
    clock: Instant,
    timer: OwnedFd,
    /// Open loop: when the next request is due, and a connection for each free slot, the longest idle first.
    due: u64,
    free: VecDeque<usize>,
    latencies: Vec<u64>,
}

impl<C: Client> Engine<C> {
    pub(super) fn new(connections: Vec<(TcpStream, C)>, shared: Arc<Shared>, inbox: Receiver<Pace>) -> Outcome<Self> {
        let poller = Poller::new()?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        poller.watch_readable(&shared.bell, BELL)?;
        poller.watch_readable(&timer, TIMER)?;
        for (token, (socket, _)) in connections.iter().enumerate() {
            poller.watch_connection(socket, token as u64)?;
        }
        Ok(Self {
            poller,
            connections,
            shared,
            inbox,
            pace: Pace::Paused,
            in_flight: 0,
            clock: Instant::now(),
            timer,
            due: 0,
            free: VecDeque::new(),
            latencies: Vec::new(),
        })
    }

    pub(super) fn run(&mut self) -> Outcome<()> {
        let mut scratch = vec![0; SCRATCH];
        let mut answered = Vec::new();
        let mut ready = Vec::new();
        while self.pace != Pace::Stop {
            self.poller.wait(&mut ready)?;
            for &(token, gone) in &ready {
                match token {
                    BELL => self.commands()?,
                    TIMER => drop(rustix::io::read(&self.timer, &mut [0; 8])),
                    _ => {
                        self.connection(token as usize, &mut scratch, &mut answered)?;
                        if gone && self.pace != Pace::Stop {
                            return Err("the proxy closed a connection".into());
                        }
                    }
                }
            }
            if let Pace::Open { every } = self.pace {
                self.dispatch(every)?;
            }
            if self.pace == Pace::Paused && self.in_flight == 0 {
                self.shared.quiet.store(true, Ordering::SeqCst);
            }
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        self.clock.elapsed().as_nanos() as u64
    }

    fn connection(&mut self, index: usize, scratch: &mut [u8], answered: &mut Vec<u64>) -> Outcome<()> {
        let Some((socket, client)) = self.connections.get_mut(index) else {
            return Ok(());
        };
        client.ready(socket, scratch, answered)?;
        if answered.is_empty() {
            return Ok(());
        }
        self.shared.answered.fetch_add(answered.len() as u64, Ordering::Relaxed);
        match self.pace {
            Pace::Closed => {
                for _ in answered.drain(..) {
                    client.start(0)?;
                }
                client.flush(socket)?;
            }
            Pace::Open { .. } => {
                let now = self.clock.elapsed().as_nanos() as u64;
                self.in_flight -= answered.len();
                for due in answered.drain(..) {
                    self.latencies.push(now.saturating_sub(due));
                    self.free.push_back(index);
                }
            }
            Pace::Paused | Pace::Stop => {
                self.in_flight -= answered.len();
                answered.clear();
            }
        }
        Ok(())
    }

    /// Sends what is due, as long as a slot is free; what finds none is sent later and timed from when it was due.
    fn dispatch(&mut self, every: u64) -> Outcome<()> {
        let now = self.now();
        while self.due <= now
            && let Some(index) = self.free.pop_front()
        {
            if let Some((socket, client)) = self.connections.get_mut(index) {
                client.start(self.due)?;
                client.flush(socket)?;
            }
            self.in_flight += 1;
            self.due += every;
        }
        Ok(())
    }

    fn commands(&mut self) -> Outcome<()> {
        let _ = rustix::io::read(&self.shared.bell, &mut [0; 8]);
        while let Ok(pace) = self.inbox.try_recv() {
            if matches!(self.pace, Pace::Open { .. }) {
                self.arm(0)?;
                let mut shared = self.shared.latencies.lock().unwrap_or_else(PoisonError::into_inner);
                shared.append(&mut self.latencies);
            }
            self.pace = pace;
            match pace {
                Pace::Closed => self.fill()?,
                Pace::Open { every } => {
                    self.list_free();
                    self.due = self.now() + every;
                    self.arm(every)?;
                }
                Pace::Paused | Pace::Stop => {}
            }
        }
        Ok(())
    }

    /// Puts every slot to work.
    fn fill(&mut self) -> Outcome<()> {
        for (socket, client) in &mut self.connections {
            while client.free() > 0 {
                client.start(0)?;
                self.in_flight += 1;
            }
            client.flush(socket)?;
        }
        Ok(())
    }

    /// First one slot of each connection, then the second of each, and so on.
    fn list_free(&mut self) {
        self.free.clear();
        let most = self
            .connections
            .iter()
            .map(|(_, client)| client.free())
            .max()
            .unwrap_or(0);
        for slot in 0..most {
            let with_slot = self
                .connections
                .iter()
                .enumerate()
                .filter(|(_, (_, client))| client.free() > slot);
            self.free.extend(with_slot.map(|(index, _)| index));
        }
    }

    fn arm(&self, every: u64) -> Outcome<()> {
        let period = Timespec {
            tv_sec: (every / 1_000_000_000) as i64,
            tv_nsec: (every % 1_000_000_000) as _,
        };
        let times = Itimerspec {
            it_interval: period,
            it_value: period,
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &times)?;
        Ok(())
    }
}
