//! A request body read from an HTTP/2 client.
//!
//! Flow-control capacity goes back to the client when the reader asks for more, that is when it has handed on what it
//! got: a slow upstream slows the client down.

use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;

use super::head::check_trailers;
use super::reason;
use super::stream::Shared;
use crate::exchange::{Error, Frame, Kind, Record};
use crate::http1::Peer;
use crate::worker::{Deadline, Watch};

/// Reads what the peer sent and gives the window back.
#[derive(Debug)]
pub(super) struct Reader {
    stream: RecvStream,
    /// Handed out and not yet released.
    taken: usize,
    /// Everything was handed out. What is left to release goes back with the stream.
    is_end: bool,
}

pub struct RequestBody {
    reader: Reader,
    length: Option<u64>,
    is_done: bool,
    record: Rc<Record>,
    shared: Rc<Shared>,
    /// Whether the client has finished sending, on all streams.
    end: Watch,
    stall: Deadline,
    is_stalling: bool,
    /// gRPC clients may be silent as long as a stream may.
    has_stall_limit: bool,
}

impl Reader {
    pub(super) fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            taken: 0,
            is_end: false,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        self.is_end || self.stream.is_end_stream()
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, h2::Error>>> {
        if self.is_end {
            return Poll::Ready(None);
        }
        self.release();
        loop {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => return Poll::Ready(Some(Ok(self.hand_out(data)))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    let trailers = ready!(self.stream.poll_trailers(cx))?;
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
            }
        }
    }

    fn hand_out(&mut self, data: Bytes) -> Frame {
        self.taken = data.len();
        self.is_end = self.stream.is_end_stream();
        Frame::data(data)
    }

    fn release(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        if taken > 0 {
            // Fails only for a stream that is gone, whose window nobody misses.
            let _ = self.stream.flow_control().release_capacity(taken);
        }
    }
}

impl RequestBody {
    pub(super) fn new(
        stream: RecvStream,
        length: Option<u64>,
        has_stall_limit: bool,
        record: Rc<Record>,
        shared: Rc<Shared>,
    ) -> Self {
        let (stall, end) = (shared.worker.timer.deadline(), shared.end.watch());
        Self {
            reader: Reader::new(stream),
            length,
            is_done: false,
            record,
            shared,
            end,
            stall,
            is_stalling: false,
            has_stall_limit,
        }
    }

    /// The next frame; `None` after the last. After an error nothing more comes.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        let Poll::Ready(next) = self.reader.poll_frame(cx) else {
            if self.end.poll(cx).is_ready() {
                self.is_done = true;
                return Poll::Ready(Some(Err(Kind::DownstreamReset.into())));
            }
            return self.poll_stall(cx).map(|error| Some(Err(error)));
        };
        self.is_stalling = false;
        let next = match next {
            Some(Ok(frame)) => Some(self.check(frame)),
            Some(Err(error)) => Some(Err(reason::from_client(error))),
            None => None,
        };
        self.is_done = !matches!(&next, Some(Ok(frame)) if frame.is_data());
        if self.record.request_complete.get().is_none() && (self.is_done || self.reader.is_end()) {
            self.record.request_ended(self.shared.worker.env.now());
        }
        Poll::Ready(next)
    }

    /// What the client announced.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether nothing more will come.
    pub fn is_end(&self) -> bool {
        self.is_done || self.reader.is_end()
    }

    fn check(&self, frame: Frame) -> Result<Frame, Error> {
        if let Some(data) = frame.data_ref() {
            self.record.add_request_bytes(data.len());
        } else if let Some(trailers) = frame.trailers_ref() {
            check_trailers(trailers, &self.shared.connection.listener.limits, Peer::Downstream)?;
        }
        Ok(frame)
    }

    /// A client that stops in the middle of its upload, while nothing is answered yet.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let Some(limit) = self.shared.connection.listener.timeouts.body_stall else {
            return Poll::Pending;
        };
        if !self.has_stall_limit || self.record.status.get().is_some() {
            return Poll::Pending;
        }
        if !self.is_stalling {
            self.is_stalling = true;
            self.stall.arm(self.shared.worker.env.now() + limit);
        }
        ready!(self.stall.poll(cx));
        self.is_done = true;
        Poll::Ready(Kind::RequestBodyStall.into())
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("length", &self.length)
            .field("is_done", &self.is_done)
            .finish()
    }
}
