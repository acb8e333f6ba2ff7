//! A byte stream with its two buffers: the half of an HTTP/1.1 connection that both sides have in common.
//!
//! Reading asks the kernel once for whatever is there; writing collects head, framing and small data in one buffer and
//! sends it together with at most one large piece in a single system call. An idle transport owns no buffer.
//!
//! A small message goes out only after everything else that is ready now has had its turn. What one look at the kernel's
//! events has brought in then goes out in one go, and a peer on the same machine that sleeps meanwhile is woken once and
//! not for each message, which is what most of the time of a small write is spent on.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};

use crate::exchange::Io;
use crate::worker::Buffers;

/// Data up to this size is copied behind its head so that one buffer goes out; copying more costs more than a second slice.
const COPIED: usize = 8 * 1024;
/// How much of the next requests is read while an answer is made.
pub(crate) const PIPELINED: usize = 16 * 1024;
/// Room for one read: at first, and as long as bodies keep filling it. What is read is written right after: twice as much
/// would save calls, but no longer be in the first cache then, and costs a quarter more CPU time a byte.
const FIRST_READ: usize = 8 * 1024;
const BODY_READ: usize = 32 * 1024;

#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) io: Io,
    pub(crate) input: BytesMut,
    pub(crate) output: Output,
    /// The peer will send nothing more.
    pub(crate) eof: bool,
    room: usize,
    /// What waits in `output` has let the others go first.
    gave_way: bool,
}

impl Transport {
    pub(crate) fn new(io: Io, input: BytesMut) -> Self {
        Self {
            io,
            input,
            output: Output::default(),
            eof: false,
            room: FIRST_READ,
            gave_way: false,
        }
    }

    /// Reads once into `input`; 0 means that the peer has finished.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>, buffers: &Buffers) -> Poll<io::Result<usize>> {
        if self.input.capacity() == 0 {
            ready!(self.io.poll_read_ready(cx))?;
            self.input = buffers.take();
        }
        self.input.reserve(self.room);
        let count = ready!(pin!(self.io.read_buf(&mut self.input)).poll(cx))?;
        self.eof |= count == 0;
        if count >= self.room {
            self.room = BODY_READ;
        }
        Poll::Ready(Ok(count))
    }

    /// Ready when what was collected may be flushed: a small message waits for one turn of all other tasks.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.gave_way || self.output.is_empty() || !self.output.has_room() {
            return Poll::Ready(());
        }
        self.gave_way = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands everything collected to the kernel.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.output.poll_flush(&mut self.io, cx))?;
        self.gave_way = false;
        Poll::Ready(Ok(()))
    }

    /// Gives the buffers back when they hold nothing.
    pub(crate) fn rest(&mut self, buffers: &Buffers) {
        self.room = FIRST_READ;
        if self.input.is_empty() && self.input.capacity() > 0 {
            buffers.give_back(std::mem::take(&mut self.input));
        }
        if self.output.is_empty() && self.output.buffer.capacity() > 0 {
            buffers.give_back(std::mem::take(&mut self.output.buffer));
        }
    }
}

/// Bytes on their way out: `buffer`, then `large`, then `after`.
#[derive(Debug, Default)]
pub(crate) struct Output {
    buffer: BytesMut,
    large: Bytes,
    after: &'static [u8],
}

impl Output {
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.large.is_empty() && self.after.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.len() + self.large.len() + self.after.len()
    }

    /// Whether another piece may be added before a flush.
    pub(crate) fn has_room(&self) -> bool {
        self.large.is_empty() && self.after.is_empty() && self.buffer.len() < COPIED
    }

    /// Where heads and framing are written; only while there is room.
    pub(crate) fn buffer(&mut self, buffers: &Buffers) -> &mut BytesMut {
        if self.buffer.capacity() == 0 {
            self.buffer = buffers.take();
        }
        &mut self.buffer
    }

    /// Adds a piece of a body, followed by `after`; only while there is room.
    pub(crate) fn push(&mut self, data: Bytes, after: &'static [u8], buffers: &Buffers) {
        if data.len() <= COPIED {
            let buffer = self.buffer(buffers);
            buffer.extend_from_slice(&data);
            buffer.extend_from_slice(after);
        } else {
            self.large = data;
            self.after = after;
        }
    }

    fn poll_flush(&mut self, io: &mut Io, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let written = if self.large.is_empty() && self.after.is_empty() {
                ready!(Pin::new(&mut *io).poll_write(cx, &self.buffer))?
            } else {
                let slices = [
                    IoSlice::new(&self.buffer),
                    IoSlice::new(&self.large),
                    IoSlice::new(self.after),
                ];
                ready!(Pin::new(&mut *io).poll_write_vectored(cx, &slices))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, written: usize) {
        let of_buffer = written.min(self.buffer.len());
        self.buffer.advance(of_buffer);
        if self.buffer.is_empty() {
            self.buffer.clear();
        }
        let of_large = (written - of_buffer).min(self.large.len());
        self.large.advance(of_large);
        if self.large.is_empty() {
            // Lets go of the allocation it was a slice of.
            self.large = Bytes::new();
        }
        let of_after = (written - of_buffer - of_large).min(self.after.len());
        self.after = self.after.get(of_after..).unwrap_or_default();
    }
}
