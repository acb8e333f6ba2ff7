//! The byte stream under an `h2` connection: writes are collected and made once a poll, reads are made in big pieces and
//! counted by frame.
//!
//! The crate writes each frame by itself. Here `poll_write` only appends, and whoever drives the connection calls
//! [`BatchIo::poll_write_out`] after each poll of it: one system call a batch. Invariant: what waits to be written or
//! handed out is at most one [`Block`] a direction, and an idle connection owns none.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Flood, Frames};
use crate::worker::Worker;

/// Bytes of one batch.
const BLOCK: usize = 64 * 1024;

/// Blocks that a thread keeps.
const SPARE: usize = 16;

/// Slices of one vectored write: the batch, and what `h2` adds (a frame's head and its payload).
const SLICES: usize = 4;

thread_local! {
    static BLOCKS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Shared by the `h2` connection, which owns it as its transport, and the driver of that connection.
#[derive(Debug)]
pub(super) struct BatchIo<IO>(Rc<RefCell<Inner<IO>>>);

struct Inner<IO> {
    io: IO,
    worker: Rc<Worker>,
    /// What was read and not handed out.
    ahead: Option<Block>,
    out: Option<Block>,
    /// What `h2` wrote ends with a whole frame.
    is_whole: bool,
    /// The peer has finished.
    has_ended: bool,
    /// Whether that is the driver's affair and not `h2`'s, which would give up every stream.
    holds_end: bool,
    frames: Frames,
}

/// A buffer from the thread's free list; goes back there when dropped.
struct Block {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Block {
    fn take() -> Self {
        let spare = BLOCKS.with_borrow_mut(Vec::pop);
        Self {
            bytes: spare.unwrap_or_else(|| vec![0; BLOCK].into_boxed_slice()),
            start: 0,
            end: 0,
        }
    }

    fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.into(),
            start: 0,
            end: bytes.len(),
        }
    }

    fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    fn room(&self) -> usize {
        self.bytes.len() - self.end
    }

    fn append(&mut self, bytes: &[u8]) {
        if let Some(gap) = self.bytes.get_mut(self.end..self.end + bytes.len()) {
            gap.copy_from_slice(bytes);
            self.end += bytes.len();
        }
    }

    fn advance(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        BLOCKS.with_borrow_mut(|spare| {
            if spare.len() < SPARE && bytes.len() == BLOCK {
                spare.push(bytes);
            }
        });
    }
}

impl<IO> BatchIo<IO> {
    /// `prefix` is what was read before this connection was known to be HTTP/2.
    pub(super) fn new(io: IO, prefix: &[u8], frames: Frames, worker: Rc<Worker>) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            io,
            worker,
            ahead: (!prefix.is_empty()).then(|| Block::of(prefix)),
            out: None,
            is_whole: true,
            has_ended: false,
            holds_end: false,
            frames,
        })))
    }

    /// From now on the end of what the peer sends is seen by [`Self::has_ended`] alone: `h2` waits for more.
    pub(super) fn hold_end(&self) {
        self.0.borrow_mut().holds_end = true;
    }

    /// Whether the peer has finished and everything that it sent was handed out.
    pub(super) fn has_ended(&self) -> bool {
        self.0.borrow().has_ended
    }

    /// Whether `h2` was in the middle of a frame when it was last held up: it has more to write.
    pub(super) fn is_whole(&self) -> bool {
        self.0.borrow().is_whole
    }

    /// Adds a frame that a peer need not answer and that, if there is nobody to read it, makes the system say so: one octet
    /// more in the connection's window, which a peer that has finished cannot use.
    pub(super) fn probe(&self) {
        const WINDOW_UPDATE: &[u8] = &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let inner = &mut *self.0.borrow_mut();
        // Without room something is being written, which tells as much.
        if inner.is_whole && inner.out.as_ref().is_none_or(|out| out.room() > WINDOW_UPDATE.len()) {
            inner.out.get_or_insert_with(Block::take).append(WINDOW_UPDATE);
        }
    }

    pub(super) fn flood(&self) -> Option<Flood> {
        self.0.borrow().frames.flood()
    }

    pub(super) fn is_inside_head(&self) -> bool {
        self.0.borrow().frames.is_inside_head()
    }

    pub(super) fn has_seen_settings(&self) -> bool {
        self.0.borrow().frames.has_seen_settings()
    }

    pub(super) fn has_seen_goaway(&self) -> bool {
        self.0.borrow().frames.has_seen_goaway()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> BatchIo<IO> {
    /// Writes what was collected; pending, and registered for writability, while some of it is left.
    pub(super) fn poll_write_out(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().poll_write_out(cx)
    }

    /// Reads and forgets, so that the close that follows is no reset that would overtake what was written last.
    pub(super) fn poll_discard(&self, cx: &mut Context<'_>, budget: &mut usize) -> Poll<()> {
        let mut inner = self.0.borrow_mut();
        let mut block = Block::take();
        while *budget > 0 {
            let mut buf = ReadBuf::new(&mut block.bytes);
            match ready!(Pin::new(&mut inner.io).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => *budget = budget.saturating_sub(buf.filled().len()),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Inner<IO> {
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(out) = &mut self.out {
            let n = ready!(Pin::new(&mut self.io).poll_write(cx, out.filled()))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            out.advance(n);
            if out.filled().is_empty() {
                self.out = None;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes the batch and `bufs` behind it, for what would not fit into the batch any more.
    fn poll_write_through(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            let batch = self.out.as_ref().map_or(&[][..], Block::filled);
            let waiting = batch.len();
            let mut slices = [IoSlice::new(&[]); SLICES];
            for (slice, bytes) in slices
                .iter_mut()
                .zip(std::iter::once(batch).chain(bufs.iter().map(|buf| &**buf)))
            {
                *slice = IoSlice::new(bytes);
            }
            let n = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, &slices))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if n >= waiting {
                self.out = None;
            } else if let Some(out) = &mut self.out {
                out.advance(n);
            }
            if n > waiting {
                return Poll::Ready(Ok(n - waiting));
            }
        }
    }

    fn collect(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.is_whole = false;
        let len = bufs.iter().map(|buf| buf.len()).sum();
        let room = self.out.as_ref().map_or(BLOCK, Block::room);
        if len >= room {
            return self.poll_write_through(cx, bufs);
        }
        let out = self.out.get_or_insert_with(Block::take);
        for buf in bufs {
            out.append(buf);
        }
        Poll::Ready(Ok(len))
    }

    /// Gives what was read to the connection, frame by frame, without those that mean nothing.
    fn hand_out(&mut self, buf: &mut ReadBuf<'_>) {
        let Some(ahead) = &mut self.ahead else { return };
        while buf.remaining() > 0 && !ahead.filled().is_empty() {
            let (len, is_void) = self.frames.next_piece(ahead.filled());
            let len = if is_void { len } else { len.min(buf.remaining()) };
            let piece = ahead.filled().get(..len).unwrap_or_default();
            self.frames.see(piece, || self.worker.env.now());
            if !is_void {
                buf.put_slice(piece);
            }
            ahead.advance(len);
        }
        if ahead.filled().is_empty() {
            self.ahead = None;
        }
    }

    /// Reads a block; ready with `false` at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut block = Block::take();
        let mut buf = ReadBuf::new(&mut block.bytes);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf))?;
        block.end = buf.filled().len();
        let is_more = block.end > 0;
        self.ahead = is_more.then_some(block);
        Poll::Ready(Ok(is_more))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for BatchIo<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.borrow_mut();
        let before = buf.filled().len();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            // The driver closes; until it does nothing more of a flood is worth reading.
            if inner.frames.flood().is_some() {
                return Poll::Pending;
            }
            if inner.ahead.is_none() && (inner.has_ended || !ready!(inner.poll_fill(cx))?) {
                inner.has_ended = true;
                return if inner.holds_end {
                    Poll::Pending
                } else {
                    Poll::Ready(Ok(()))
                };
            }
            inner.hand_out(buf);
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for BatchIo<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().collect(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().collect(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The driver flushes, once a poll. That `h2` asks for it means that all it had to write is here.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().is_whole = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.0.borrow_mut();
        ready!(inner.poll_write_out(cx))?;
        Pin::new(&mut inner.io).poll_shutdown(cx)
    }
}

impl<IO> Clone for BatchIo<IO> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<IO> fmt::Debug for Inner<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.out.as_ref().map_or(0, |out| out.filled().len());
        f.debug_struct("BatchIo")
            .field("out", &waiting)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}
