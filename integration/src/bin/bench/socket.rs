//! Sockets and readiness for the benchmark's two ends: epoll by hand, edge-triggered, so that they cost as little beside the proxy as they can.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::{RecvFlags, recv};

use crate::Outcome;

/// One read takes at most this much.
pub(crate) const SCRATCH: usize = 256 << 10;

/// How many events one wait takes at most.
const EVENTS: usize = 512;

pub(crate) struct Poller {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poller {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
        })
    }

    /// Both directions, edge-triggered: one registration for a connection's whole life.
    pub(crate) fn watch_connection(&self, socket: &TcpStream, token: u64) -> Outcome<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(token), flags)?)
    }

    /// Readable, level-triggered: listeners, timers, wake-ups.
    pub(crate) fn watch_readable(&self, source: impl AsFd, token: u64) -> Outcome<()> {
        Ok(epoll::add(
            &self.epoll,
            source,
            EventData::new_u64(token),
            EventFlags::IN,
        )?)
    }

    /// The tokens that are ready, each with whether its peer has closed.
    pub(crate) fn wait(&mut self, ready: &mut Vec<(u64, bool)>) -> Outcome<()> {
        self.events.clear();
        ready.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let gone = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        ready.extend(self.events.iter().map(|event| {
            let flags = event.flags;
            (event.data.u64(), flags.intersects(gone))
        }));
        Ok(())
    }
}

/// What a read of a non-blocking socket came to.
#[derive(Debug)]
pub(crate) enum Got {
    /// So many bytes; with `last`, none is left for now.
    Bytes {
        count: usize,
        last: bool,
    },
    Nothing,
    Closed,
}

pub(crate) fn read(mut socket: &TcpStream, into: &mut [u8]) -> Outcome<Got> {
    let room = into.len();
    got(socket.read(into), room)
}

/// Takes up to `limit` bytes off the socket without looking at them: on TCP, MSG_TRUNC spares the copy.
pub(crate) fn discard(socket: &TcpStream, scratch: &mut [u8], limit: u64) -> Outcome<Got> {
    let room = scratch.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
    let into = scratch.get_mut(..room).unwrap_or_default();
    got(
        recv(socket, into, RecvFlags::TRUNC)
            .map(|(_, length)| length)
            .map_err(Into::into),
        room,
    )
}

fn got(result: std::io::Result<usize>, room: usize) -> Outcome<Got> {
    match result {
        Ok(0) => Ok(Got::Closed),
        Ok(count) => Ok(Got::Bytes {
            count,
            last: count < room,
        }),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Got::Nothing),
        Err(error) => Err(error.into()),
    }
}

/// Bytes on their way out, sent in as few writes as the socket allows.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    pub(crate) fn flush(&mut self, mut socket: &TcpStream) -> Outcome<()> {
        while let Some(rest) = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match socket.write(rest) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(())
    }
}

/// Hands `fresh` bytes, behind any left from last time, to `consume`, which cuts off what it can use; the rest is kept.
pub(crate) fn feed(
    stash: &mut Vec<u8>,
    fresh: &[u8],
    mut consume: impl FnMut(&mut &[u8]) -> Outcome<()>,
) -> Outcome<()> {
    if stash.is_empty() {
        let mut rest = fresh;
        consume(&mut rest)?;
        stash.extend_from_slice(rest);
    } else {
        stash.extend_from_slice(fresh);
        let mut rest = stash.as_slice();
        consume(&mut rest)?;
        let used = stash.len() - rest.len();
        stash.drain(..used);
    }
    Ok(())
}
