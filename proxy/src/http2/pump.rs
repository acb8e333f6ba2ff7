//! Moves a body into an HTTP/2 stream under the peer's flow control.
//!
//! Takes the next frame only when the one before is handed over whole, so that back pressure reaches the source; never
//! keeps a frame back while the source has nothing more to say. At most one frame waits in here.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;
use http::HeaderMap;

use super::head::strip_trailers;
use crate::exchange::{Body, Error};

/// A first chunk up to this size goes to the crate without asking for capacity first; the crate keeps what the window
/// does not take, and the next chunk waits for it.
const UNASKED: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Pump {
    body: Body,
    stream: SendStream<Bytes>,
    /// What is left of the frame at hand.
    chunk: Bytes,
    /// The first piece, as long as there was no other and it is small.
    only: Option<Bytes>,
    /// The end was handed over.
    has_ended: bool,
    sent: u64,
    waits_for: Side,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Source,
    Sink,
}

/// Why the body was not moved whole.
#[derive(Debug)]
pub(super) enum Stop {
    Source(Error),
    /// The peer reset the stream, or its connection is gone.
    Sink,
}

impl Pump {
    pub(super) fn new(body: Body, stream: SendStream<Bytes>) -> Self {
        Self {
            body,
            stream,
            chunk: Bytes::new(),
            only: None,
            has_ended: false,
            sent: 0,
            waits_for: Side::Source,
        }
    }

    /// Bytes handed over so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whom a pending [`Self::poll`] waits for.
    pub(super) fn waits_for(&self) -> Side {
        self.waits_for
    }

    pub(super) fn stream(&mut self) -> &mut SendStream<Bytes> {
        &mut self.stream
    }

    /// The body as it was, if it can be had again: nothing was taken from it, or all of it is one small piece.
    pub(super) fn into_body(self) -> Option<Body> {
        if self.has_ended {
            return self.only.map(Body::Full);
        }
        (self.sent == 0 && self.chunk.is_empty()).then_some(self.body)
    }

    /// Ready when the whole body, trailers included, is handed over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        loop {
            let mut piece = Bytes::new();
            if !self.chunk.is_empty() {
                let Poll::Ready(room) = self.poll_room(cx) else {
                    self.waits_for = Side::Sink;
                    self.body.poll_upload(cx);
                    return Poll::Pending;
                };
                piece = self.chunk.split_to(room?.min(self.chunk.len()));
                if !self.chunk.is_empty() {
                    self.send(piece, false)?;
                    continue;
                }
            }
            // Looking ahead spares an empty DATA frame at the end.
            let next = self.body.poll_frame(cx);
            let is_end = matches!(next, Poll::Ready(None));
            if is_end || !piece.is_empty() {
                self.send(piece, is_end)?;
            }
            self.waits_for = Side::Source;
            match ready!(next) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(Stop::Source(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.take(data),
                    Err(frame) => return Poll::Ready(self.finish(frame.into_trailers().unwrap_or_default())),
                },
            }
        }
    }

    /// How much of the chunk the peer takes now.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, Stop>> {
        let len = self.chunk.len();
        if self.sent == 0 && len <= UNASKED {
            return Poll::Ready(Ok(len));
        }
        self.stream.reserve_capacity(len);
        let room = self.stream.capacity();
        if room > 0 {
            return Poll::Ready(Ok(room));
        }
        loop {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(0)) => {}
                Some(Ok(room)) => return Poll::Ready(Ok(room)),
                Some(Err(_)) | None => return Poll::Ready(Err(Stop::Sink)),
            }
        }
    }

    fn take(&mut self, data: Bytes) {
        let is_only = self.sent == 0 && data.len() <= UNASKED;
        self.only = is_only.then(|| data.clone());
        self.chunk = data;
    }

    fn send(&mut self, piece: Bytes, is_end: bool) -> Result<(), Stop> {
        self.sent += piece.len() as u64;
        self.has_ended |= is_end;
        self.stream.send_data(piece, is_end).map_err(|_| Stop::Sink)
    }

    fn finish(&mut self, mut trailers: HeaderMap) -> Result<(), Stop> {
        strip_trailers(&mut trailers);
        if trailers.is_empty() {
            return self.send(Bytes::new(), true);
        }
        self.stream.send_trailers(trailers).map_err(|_| Stop::Sink)
    }
}
