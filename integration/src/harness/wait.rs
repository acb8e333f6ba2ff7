//! Waiting for a condition with a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a loaded machine with two cores; a test that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Asks until there is an answer, and panics with `what` when there is none within [`DEADLINE`].
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {DEADLINE:?} in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
