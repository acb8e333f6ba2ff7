//! The time of day, asked for once a second and not at a request: the `Date` field's value (RFC 9110 section 5.6.7), and
//! what the clock says at a moment.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::Env;

#[derive(Debug)]
pub(super) struct Date {
    text: Cell<[u8; 29]>,
    /// The same moment by both clocks.
    anchor: Cell<(Instant, SystemTime)>,
}

impl Date {
    pub(super) fn new(env: &Env) -> Self {
        let date = Self {
            text: Cell::new(*b"Thu, 01 Jan 1970 00:00:00 GMT"),
            anchor: Cell::new((env.now(), UNIX_EPOCH)),
        };
        date.renew(env);
        date
    }

    pub(super) fn get(&self) -> [u8; 29] {
        self.text.get()
    }

    /// What the clock says at a moment, as far as it has not been set since it was asked.
    pub(super) fn wall_at(&self, now: Instant) -> SystemTime {
        let (moment, wall) = self.anchor.get();
        wall + now.saturating_duration_since(moment)
    }

    /// Sets it to the current second; how long that one lasts.
    pub(super) fn renew(&self, env: &Env) -> Duration {
        let wall = env.wall_clock();
        self.anchor.set((env.now(), wall));
        let text = httpdate::fmt_http_date(wall);
        // IMF-fixdate is always this long; a clock beyond the year 9999 leaves it as it was.
        if let Ok(value) = text.as_bytes().try_into() {
            self.text.set(value);
        }
        let into_second = wall.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        Duration::from_secs(1).saturating_sub(Duration::from_nanos(into_second.into()))
    }
}
