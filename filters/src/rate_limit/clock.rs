//! The one place that knows what kind of time limiters count in.
//!
//! Governor counts in the standard library's instants. Whoever uses the filters says where those come from, so that a
//! proxy or a test on virtual time has its limits on the same.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "what is counted is between this crate and governor; the time itself is handed in"
)]

use std::time::Instant;

/// Where limiters get the time from.
#[derive(Clone, Copy, Debug)]
pub struct Clock(fn() -> Instant);

impl Clock {
    /// A clock that asks this function.
    pub const fn new(now: fn() -> Instant) -> Self {
        Self(now)
    }

    /// The system's.
    pub const fn system() -> Self {
        Self(Instant::now)
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Instant;

    #[inline]
    fn now(&self) -> Instant {
        (self.0)()
    }
}
