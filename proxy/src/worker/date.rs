//! The `Date` field's value (RFC 9110 section 5.6.7), formatted once a second and not at a request.

use std::cell::Cell;
use std::time::{Duration, UNIX_EPOCH};

use super::Env;

#[derive(Debug)]
pub(super) struct Date(Cell<[u8; 29]>);

impl Date {
    pub(super) fn new(env: &Env) -> Self {
        let date = Self(Cell::new(*b"Thu, 01 Jan 1970 00:00:00 GMT"));
        date.renew(env);
        date
    }

    pub(super) fn get(&self) -> [u8; 29] {
        self.0.get()
    }

    /// Sets it to the current second; how long that one lasts.
    pub(super) fn renew(&self, env: &Env) -> Duration {
        let wall = env.wall_clock();
        let text = httpdate::fmt_http_date(wall);
        // IMF-fixdate is always this long; a clock beyond the year 9999 leaves it as it was.
        if let Ok(value) = text.as_bytes().try_into() {
            self.0.set(value);
        }
        let into_second = wall.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        Duration::from_secs(1).saturating_sub(Duration::from_nanos(into_second.into()))
    }
}
