//! Where lines wait, and the thread that writes them.
//!
//! A worker writes its line into a buffer of its own; the thread swaps the buffers out, so that a slow disk or a full
//! pipe never stops a worker: a line that finds its buffer full is lost and counted. Lines of one worker stand in order,
//! those of several are interleaved by batch. Each sink has a thread, so that one that is stuck holds up no other.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tidegate_config::LogTarget;

use super::lock;
use super::output::Output;
use super::stamp::Stamps;
use crate::worker::{PerWorker, WorkerId};

/// What one worker may have waiting for the thread.
const WAITING: usize = 1 << 20;

/// How long the thread lets lines gather, so that it is woken and writes once for many; less when a buffer gets full.
const GATHER: Duration = Duration::from_millis(20);

/// The last one to let go of it ends the thread once everything is written.
#[derive(Debug)]
pub(super) struct Sink {
    shared: Arc<Shared>,
    writer: Thread,
}

#[derive(Debug)]
struct Shared {
    buffers: PerWorker<Buffer>,
    lost: Arc<AtomicU64>,
    reopen: AtomicBool,
    /// A buffer is half full.
    is_urgent: AtomicBool,
    closing: AtomicBool,
    written: Mutex<bool>,
    all_written: Condvar,
}

/// One worker's lines. The lock is contended only while the thread swaps the vector out.
#[derive(Debug, Default)]
struct Buffer(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    stamps: Stamps,
}

impl Sink {
    /// Writes there. What cannot be opened now is tried again for as long as there are lines.
    pub(super) fn open(to: &LogTarget, workers: usize, lost: &Arc<AtomicU64>) -> io::Result<Self> {
        Self::on(Output::new(to.clone()), workers, lost)
    }

    pub(super) fn on(
        output: Output<impl Write + Send + 'static>,
        workers: usize,
        lost: &Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            buffers: PerWorker::new(workers),
            lost: Arc::clone(lost),
            reopen: AtomicBool::new(false),
            is_urgent: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            written: Mutex::new(false),
            all_written: Condvar::new(),
        });
        let for_writer = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("access-log".into())
            .spawn(move || for_writer.write_to(output))?;
        Ok(Self {
            shared,
            writer: writer.thread().clone(),
        })
    }

    /// Takes one line. Only `worker` itself calls this with its id.
    pub(super) fn append(&self, worker: WorkerId, line: impl FnOnce(&mut Vec<u8>, &mut Stamps)) {
        let mut waiting = lock(&self.shared.buffers.on(worker).0);
        let before = waiting.lines.len();
        if before >= WAITING {
            drop(waiting);
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Waiting { lines, stamps } = &mut *waiting;
        line(lines, stamps);
        let is_urgent = before < WAITING / 2 && lines.len() >= WAITING / 2;
        drop(waiting);
        if is_urgent {
            self.shared.is_urgent.store(true, Ordering::Release);
        }
        if is_urgent || before == 0 {
            self.writer.unpark();
        }
    }

    /// Has the file opened anew before the next line.
    pub(super) fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Release);
        self.writer.unpark();
    }

    /// Has the thread write what waits and end.
    pub(super) fn end(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.writer.unpark();
    }

    /// Waits until the thread has written everything, at most so long.
    pub(super) fn wait(&self, within: Duration) {
        let written = lock(&self.shared.written);
        let waited = self
            .shared
            .all_written
            .wait_timeout_while(written, within, |written| !*written);
        drop(waited);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// The thread.
    fn write_to(&self, mut output: Output<impl Write>) {
        let mut lines = Vec::new();
        while !self.is_closing() {
            thread::park();
            self.gather();
            self.drain(&mut output, &mut lines);
        }
        // What came between the last round and the mark.
        self.drain(&mut output, &mut lines);
        *lock(&self.written) = true;
        self.all_written.notify_all();
    }

    /// Lets lines come, unless there is a reason to hurry.
    fn gather(&self) {
        let end = Instant::now() + GATHER;
        while !self.is_closing() && !self.is_urgent.swap(false, Ordering::AcqRel) {
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                break;
            }
            // The first line of another worker wakes it, too.
            thread::park_timeout(rest);
        }
    }

    fn drain(&self, output: &mut Output<impl Write>, lines: &mut Vec<u8>) {
        if self.reopen.swap(false, Ordering::AcqRel) {
            output.reopen();
        }
        for buffer in self.buffers.iter() {
            std::mem::swap(lines, &mut lock(&buffer.0).lines);
            if !lines.is_empty() {
                let lost = output.write(lines, || !self.is_closing());
                self.lost.fetch_add(lost, Ordering::Relaxed);
                lines.clear();
            }
        }
    }
}
