//! The access log: one line of `key=value` fields for each finished request, off unless asked for.
//!
//! A worker formats its line into a buffer of its own; a writer thread swaps the buffers out and writes them, so that a
//! slow disk or a full pipe never stops a worker: a line that finds its buffer full is dropped and counted. Lines of one
//! worker stand in order, those of several are interleaved by batch. Invariant: a record makes exactly one line, whatever
//! the client sent in it.
#![allow(clippy::disallowed_methods, reason = "the writer is a thread of its own")]

mod line;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use self::line::Line;
use crate::exchange::Record;
use crate::worker::{PerWorker, WorkerId};

/// What one worker may have waiting for the writer.
const WAITING: usize = 1 << 20;

/// How long the writer lets lines gather, so that it is woken and writes once for many.
const GATHER: Duration = Duration::from_millis(10);

/// A handle to the log; the last one to go ends the writer once everything is written.
#[derive(Clone, Debug)]
pub struct AccessLog(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    writer: Thread,
}

#[derive(Debug)]
struct Shared {
    buffers: PerWorker<Buffer>,
    closing: AtomicBool,
    written: Mutex<bool>,
    all_written: Condvar,
}

/// One worker's lines. The lock is contended only while the writer swaps the vector out.
#[derive(Debug, Default)]
struct Buffer(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
}

impl AccessLog {
    /// Logs to standard output.
    pub fn stdout(workers: usize) -> io::Result<Self> {
        Self::to(io::stdout(), workers)
    }

    /// Logs to the end of the file at `path`.
    pub fn file(path: &Path, workers: usize) -> io::Result<Self> {
        Self::to(OpenOptions::new().append(true).create(true).open(path)?, workers)
    }

    fn to(sink: impl Write + Send + 'static, workers: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            buffers: PerWorker::new(workers),
            closing: AtomicBool::new(false),
            written: Mutex::new(false),
            all_written: Condvar::new(),
        });
        let for_writer = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("access-log".into())
            .spawn(move || for_writer.write_to(sink))?;
        Ok(Self(Arc::new(Handle {
            shared,
            writer: writer.thread().clone(),
        })))
    }

    /// Logs a request that finished at `wall` and took `took`. Only `worker` itself calls this with its id.
    pub fn log(&self, worker: WorkerId, record: &Record, took: Duration, wall: SystemTime) {
        let origin = record.origin();
        self.append(worker, &Line::of(record, origin.as_ref(), took, wall));
    }

    fn append(&self, worker: WorkerId, line: &Line<'_>) {
        let mut waiting = lock(&self.0.shared.buffers.on(worker).0);
        let before = waiting.lines.len();
        if before >= WAITING {
            waiting.lost += 1;
            return;
        }
        line.write(&mut waiting.lines);
        drop(waiting);
        if before == 0 {
            self.0.writer.unpark();
        }
    }

    /// Lines that were dropped so far.
    pub fn lost(&self) -> u64 {
        self.0.shared.buffers.sum(|buffer| lock(&buffer.0).lost)
    }

    /// Writes what waits and ends the log; gives up after `within`. For the end of the process: what is logged later is lost.
    pub fn close(&self, within: Duration) {
        self.0.close();
        let written = lock(&self.0.shared.written);
        let waited = self
            .0
            .shared
            .all_written
            .wait_timeout_while(written, within, |written| !*written);
        drop(waited);
    }
}

impl Handle {
    fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.writer.unpark();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// The writer thread.
    fn write_to(&self, mut sink: impl Write) {
        let mut lines = Vec::new();
        let mut failing = false;
        while !self.closing.load(Ordering::Acquire) {
            thread::park();
            if !self.closing.load(Ordering::Acquire) {
                thread::sleep(GATHER);
            }
            self.drain(&mut sink, &mut lines, &mut failing);
        }
        // What came between the last round and the mark.
        self.drain(&mut sink, &mut lines, &mut failing);
        *lock(&self.written) = true;
        self.all_written.notify_all();
    }

    fn drain(&self, sink: &mut impl Write, lines: &mut Vec<u8>, failing: &mut bool) {
        for buffer in self.buffers.iter() {
            std::mem::swap(lines, &mut lock(&buffer.0).lines);
            if lines.is_empty() {
                continue;
            }
            let wrote = sink.write_all(lines).and_then(|()| sink.flush());
            if let Err(error) = &wrote {
                lock(&buffer.0).lost += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
                if !*failing {
                    tracing::error!(%error, "the access log cannot be written; its lines are lost");
                }
            }
            *failing = wrote.is_err();
            lines.clear();
        }
    }
}

/// No holder of these locks can leave what they guard half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
