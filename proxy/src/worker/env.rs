//! What a worker gets from the outside world: time, randomness, sockets.
//!
//! Everything else asks here instead of the system (clippy.toml forbids the direct calls), which is what lets whole-proxy
//! tests run on virtual time and seeded randomness.
#![allow(clippy::disallowed_methods, reason = "it owns what the rule forbids to others")]

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::time::SystemTime;

use tidegate_filters::Clock;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::exchange::Io;

#[derive(Debug)]
pub struct Env {
    rng: RefCell<fastrand::Rng>,
}

impl Env {
    /// Seeded from the system: for production.
    pub fn from_system() -> Self {
        Self::seeded(fastrand::u64(..))
    }

    pub fn seeded(seed: u64) -> Self {
        Self {
            rng: RefCell::new(fastrand::Rng::with_seed(seed)),
        }
    }

    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// The same time for what workers share.
    pub fn limiter_clock() -> Clock {
        Clock::new(|| Instant::now().into_std())
    }

    pub fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }

    /// A uniform number below `bound`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            self.rng.borrow_mut().u64(0..bound)
        }
    }

    pub fn random(&self) -> u128 {
        self.rng.borrow_mut().u128(..)
    }

    pub async fn connect(&self, address: SocketAddr) -> io::Result<Io> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Io::Tcp(stream))
    }
}
