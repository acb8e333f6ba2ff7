//! What lines are written to: standard output or the end of a file, which may be full, gone, or stuck.
//!
//! Only a sink's thread comes here, and it may wait. Invariant: whatever fails, what is written next begins on a line of
//! its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use tidegate_config::LogTarget;

/// How often a file that cannot be opened is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long to wait for a reader where the system does not do it for us.
const PAUSE: Duration = Duration::from_millis(10);

/// For appending, made if it is not there. Never waits for the reader of a pipe.
pub(super) fn open(to: &LogTarget) -> io::Result<File> {
    match to {
        LogTarget::File(path) => {
            let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NONBLOCK;
            Ok(rustix::fs::open(path, flags, Mode::from_raw_mode(0o666))?.into())
        }
        // Apart from the lock and the buffer that `io::stdout` has.
        LogTarget::Stdout => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
        LogTarget::None => Err(io::Error::other("`none` is no file")),
    }
}

#[derive(Debug)]
pub(super) struct Output<W = File> {
    to: LogTarget,
    open: fn(&LogTarget) -> io::Result<W>,
    file: Option<W>,
    /// When it was opened last, or tried to be.
    tried: Instant,
    /// The file ends within a line.
    is_torn: bool,
    /// The last write failed, which was said.
    is_failing: bool,
}

impl Output {
    pub(super) fn new(to: LogTarget) -> Self {
        Self::with(to, open)
    }
}

impl<W: Write> Output<W> {
    pub(super) fn with(to: LogTarget, open: fn(&LogTarget) -> io::Result<W>) -> Self {
        let mut output = Self {
            to,
            open,
            file: None,
            tried: Instant::now(),
            is_torn: false,
            is_failing: false,
        };
        output.try_to_open();
        output
    }

    /// Opens the file of this name, which may be another by now; stays with the old one if it cannot be.
    pub(super) fn reopen(&mut self) {
        if self.to != LogTarget::Stdout {
            self.try_to_open();
        }
    }

    fn try_to_open(&mut self) {
        self.tried = Instant::now();
        match (self.open)(&self.to) {
            Ok(file) => {
                self.file = Some(file);
                self.is_torn = false;
            }
            Err(error) => self.fails(&error),
        }
    }

    /// Writes whole lines and tells how many of them were lost. Where nobody reads, waits while `may_wait` says so.
    pub(super) fn write(&mut self, lines: &[u8], may_wait: impl Fn() -> bool) -> u64 {
        if self.file.is_none() && self.tried.elapsed() >= AGAIN {
            self.try_to_open();
        }
        let Some(file) = &mut self.file else {
            return count(lines);
        };
        if self.is_torn && write_all(file, b"\n", &may_wait).0 == 0 {
            return count(lines);
        }
        self.is_torn = false;
        let (written, result) = write_all(file, lines, may_wait);
        let (done, rest) = lines.split_at_checked(written).unwrap_or((lines, &[]));
        self.is_torn = !rest.is_empty() && done.last().is_some_and(|last| *last != b'\n');
        match result {
            Err(error) => self.fails(&error),
            Ok(()) if self.is_failing => {
                tracing::info!(to = %self.to, "the access log can be written again");
                self.is_failing = false;
            }
            Ok(()) => {}
        }
        count(rest)
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> Option<W> {
        self.file
    }

    fn fails(&mut self, error: &io::Error) {
        if !self.is_failing {
            tracing::error!(to = %self.to, %error, "the access log cannot be written; its lines are lost");
            self.is_failing = true;
        }
    }
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// How much of it was written, and why not all.
fn write_all(file: &mut impl Write, bytes: &[u8], may_wait: impl Fn() -> bool) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && may_wait() => thread::sleep(PAUSE),
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}
