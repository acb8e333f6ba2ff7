//! One downstream HTTP/1.1 connection: what the driver and the request body of the moment share.
//!
//! Driver and body are polled by the same task, so a `RefCell` never sees two borrows at once as long as none is held
//! while other code runs; every method here borrows, acts and lets go.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Version};

use super::transport::{PIPELINED, Transport};
use super::{
    BodyLength, Decoded, Decoder, EncodeError, Encoder, Limits, Peer, RequestHead, ResponseOptions, Scan,
    encode_response_head, parse_request,
};
use crate::exchange::{Connection, Error, Frame, Interim, Io, Kind, Record};
use crate::serve;
use crate::worker::{Deadline, LAST_CALL, Watch, Worker};

#[derive(Debug)]
pub struct Session {
    pub(super) worker: Rc<Worker>,
    pub(super) connection: Arc<Connection>,
    pub(super) drain: Watch,
    inner: RefCell<Inner>,
}

#[derive(Debug)]
struct Inner {
    transport: Transport,
    scan: Scan,
    /// Where the request body of the moment stands.
    decoder: Decoder,
    /// The client waits for a 100 before it sends its body, and has not been sent one.
    awaits_continue: bool,
    reading: Deadline,
    writing: Deadline,
    /// Of a request on which nothing moves in either direction.
    silence: Deadline,
}

/// How a wait for the next request ended.
#[derive(Debug)]
pub(super) enum Wake {
    Bytes,
    /// The client closed, or the idle time is over, or the drain has begun and nothing more came.
    Finished,
}

/// What the answer must know of its request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) version: Version,
    pub(super) method: Method,
    /// The client would send another request on this connection, and may.
    pub(super) persistent: bool,
}

impl Asked {
    /// Stands for a request that could not be read, and for interim answers, which no method changes.
    pub(super) const UNREAD: Self = Self {
        version: Version::HTTP_11,
        method: Method::GET,
        persistent: false,
    };
}

/// Why there is no request head.
#[derive(Debug)]
pub(super) enum HeadError {
    /// The client closed between two requests, or is gone.
    Closed,
    /// To be answered with this, then closed.
    Refused(Kind),
}

impl Session {
    /// `prefix` is what was already read.
    pub fn new(io: Io, prefix: BytesMut, connection: Arc<Connection>, drain: Watch, worker: Rc<Worker>) -> Self {
        let inner = Inner {
            transport: Transport::new(io, prefix),
            scan: Scan::default(),
            decoder: Decoder::new(BodyLength::None, Peer::Downstream, &connection.listener.limits),
            awaits_continue: false,
            reading: worker.timer.deadline(),
            writing: worker.timer.deadline(),
            silence: worker.timer.deadline(),
        };
        Self {
            worker,
            connection,
            drain,
            inner: RefCell::new(inner),
        }
    }

    fn limits(&self) -> &Limits {
        &self.connection.listener.limits
    }

    pub(super) fn has_input(&self) -> bool {
        !self.inner.borrow().transport.input.is_empty()
    }

    /// Waits, owning no buffer, until the client sends something.
    pub(super) async fn idle(&self) -> Wake {
        {
            let mut inner = self.inner.borrow_mut();
            let Inner { transport, reading, .. } = &mut *inner;
            transport.rest(&self.worker.buffers);
            if let Some(limit) = self.connection.listener.timeouts.idle {
                reading.arm(self.worker.env.now() + limit);
            }
        }
        let mut was_called = false;
        poll_fn(|cx| {
            let mut inner = self.inner.borrow_mut();
            if inner.transport.io.poll_read_ready(cx).is_ready() {
                inner.reading.disarm();
                return Poll::Ready(Wake::Bytes);
            }
            if !was_called && self.drain.poll(cx).is_ready() {
                was_called = true;
                inner.reading.arm(self.worker.env.now() + LAST_CALL);
            }
            inner.reading.poll(cx).map(|()| Wake::Finished)
        })
        .await
    }

    /// The next request head; its body is then read by [`Session::poll_body`].
    pub(super) async fn read_head(&self) -> Result<RequestHead, HeadError> {
        let mut fields = self.worker.header_maps.take();
        poll_fn(|cx| self.poll_head(&mut fields, cx)).await
    }

    fn poll_head(&self, fields: &mut HeaderMap, cx: &mut Context<'_>) -> Poll<Result<RequestHead, HeadError>> {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            transport,
            scan,
            decoder,
            awaits_continue,
            reading,
            ..
        } = &mut *inner;
        loop {
            if !transport.input.is_empty() {
                match parse_request(&mut transport.input, scan, fields, self.limits()) {
                    Ok(Some(head)) => {
                        *scan = Scan::default();
                        *decoder = Decoder::new(head.body, Peer::Downstream, self.limits());
                        *awaits_continue = head.expect_continue;
                        reading.disarm();
                        return Poll::Ready(Ok(head));
                    }
                    Ok(None) => {}
                    Err(reject) => return Poll::Ready(Err(HeadError::Refused(reject.into()))),
                }
            }
            match transport.poll_fill(cx, &self.worker.buffers) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Err(HeadError::Closed)),
                Poll::Pending => {
                    let limit = self.connection.listener.timeouts.request_head;
                    return match poll_armed(reading, limit, &self.worker, cx) {
                        Poll::Ready(()) if transport.input.is_empty() => Poll::Ready(Err(HeadError::Closed)),
                        Poll::Ready(()) => Poll::Ready(Err(HeadError::Refused(Kind::RequestHeadTimeout))),
                        Poll::Pending => Poll::Pending,
                    };
                }
            }
        }
    }

    fn poll_body(&self, record: &Record, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            transport,
            decoder,
            reading,
            silence,
            awaits_continue,
            ..
        } = &mut *inner;
        loop {
            let decoded = decoder.decode(&mut transport.input);
            if matches!(decoded, Ok(Decoded::Trailers(_) | Decoded::End)) {
                record.request_ended(self.worker.env.now());
            }
            match decoded {
                Ok(Decoded::Data(data)) => {
                    reading.disarm();
                    silence.disarm();
                    record.add_request_bytes(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(Decoded::Trailers(fields)) => {
                    reading.disarm();
                    return Poll::Ready(Some(Ok(Frame::trailers(fields))));
                }
                Ok(Decoded::End) => {
                    reading.disarm();
                    return Poll::Ready(None);
                }
                Ok(Decoded::More) => {}
                Err(reject) => return Poll::Ready(Some(Err(reject.into()))),
            }
            match transport.poll_fill(cx, &self.worker.buffers) {
                Poll::Ready(Ok(1..)) => *awaits_continue = false,
                Poll::Ready(Ok(0)) => return Poll::Ready(Some(Err(Kind::DownstreamReset.into()))),
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(Error::with(Kind::DownstreamReset, error)))),
                Poll::Pending => {
                    // Once the answer has begun, the two may take turns.
                    let is_answered = record.status.get().is_some();
                    let limit = self.connection.listener.timeouts.body_stall.filter(|_| !is_answered);
                    return poll_armed(reading, limit, &self.worker, cx)
                        .map(|()| Some(Err(Kind::RequestBodyStall.into())));
                }
            }
        }
    }

    /// Whether the request body of the moment has been read to its end.
    pub(super) fn body_is_done(&self) -> bool {
        self.inner.borrow().decoder.is_done()
    }

    pub(super) fn awaits_continue(&self) -> bool {
        self.inner.borrow().awaits_continue
    }

    /// Ready with an error when the client has reset the connection while its answer is made.
    ///
    /// Only once its body is read: pipelined bytes are kept for later, up to a buffer's worth, and a FIN is no abort.
    pub(super) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let mut inner = self.inner.borrow_mut();
        let Inner { transport, decoder, .. } = &mut *inner;
        while decoder.is_done() && !transport.eof && transport.input.len() < PIPELINED {
            if let Err(error) = ready!(transport.poll_fill(cx, &self.worker.buffers)) {
                return Poll::Ready(error);
            }
        }
        Poll::Pending
    }

    /// Runs `write` on the output buffer.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut BytesMut) -> T) -> T {
        write(self.inner.borrow_mut().transport.output.buffer(&self.worker.buffers))
    }

    /// Adds a piece of a body with its framing around it.
    pub(super) fn push(&self, data: Bytes, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let mut inner = self.inner.borrow_mut();
        inner.silence.disarm();
        let output = &mut inner.transport.output;
        let after = encoder.data(data.len(), output.buffer(&self.worker.buffers))?;
        output.push(data, after, &self.worker.buffers);
        Ok(())
    }

    /// Writes the head of an answer; the encoder then frames its body.
    pub(super) fn write_head(
        &self,
        head: &http::response::Parts,
        body: BodyLength,
        asked: &Asked,
        persistent: bool,
        upgrade: Option<&HeaderValue>,
    ) -> Encoder {
        let date = self.worker.date();
        let options = ResponseOptions {
            version: asked.version,
            request: &asked.method,
            persistent,
            upgrade,
            names: head.extensions.get(),
            date: &date,
        };
        self.inner.borrow_mut().silence.disarm();
        self.write(|buffer| encode_response_head(head.status, &head.headers, body, options, buffer))
    }

    pub(super) fn has_room(&self) -> bool {
        self.inner.borrow().transport.output.has_room()
    }

    /// Sends what was written; fails when the client is gone or takes nothing for too long.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut inner = self.inner.borrow_mut();
        let Inner { transport, writing, .. } = &mut *inner;
        if transport.output.is_empty() {
            return Poll::Ready(Ok(()));
        }
        ready!(transport.poll_turn(cx));
        let before = transport.output.len();
        match transport.poll_flush(cx) {
            Poll::Ready(result) => {
                writing.disarm();
                Poll::Ready(result.map_err(|error| Error::with(Kind::DownstreamReset, error)))
            }
            Poll::Pending => {
                if transport.output.len() < before {
                    writing.disarm();
                }
                let limit = self.connection.listener.timeouts.write_stall;
                poll_armed(writing, limit, &self.worker, cx).map(|()| Err(Kind::WriteStall.into()))
            }
        }
    }

    /// Sends at once what can be, before the connection ends: an answer that breaks off is not to look like none.
    pub(super) fn flush_now(&self, cx: &mut Context<'_>) {
        let _ = self.inner.borrow_mut().transport.poll_flush(cx);
    }

    /// Ready when nothing moved for as long as a stream may be silent.
    pub(super) fn poll_silence(&self, cx: &mut Context<'_>) -> Poll<Error> {
        let mut inner = self.inner.borrow_mut();
        let limit = self.connection.listener.timeouts.stream_idle;
        poll_armed(&mut inner.silence, limit, &self.worker, cx).map(|()| Kind::StreamIdle.into())
    }

    /// Reads and drops what is left of the request body, so that the connection can be used again.
    /// True when the end came within `limit` bytes and `time`.
    pub(super) async fn skip_body(&self, limit: usize, time: Duration) -> bool {
        self.inner.borrow_mut().reading.arm(self.worker.env.now() + time);
        let mut dropped = 0;
        poll_fn(|cx| {
            let mut inner = self.inner.borrow_mut();
            let Inner {
                transport,
                decoder,
                reading,
                ..
            } = &mut *inner;
            while dropped <= limit {
                match decoder.decode(&mut transport.input) {
                    Ok(Decoded::Data(data)) => dropped += data.len(),
                    Ok(Decoded::Trailers(_)) => {}
                    Ok(Decoded::End) => {
                        reading.disarm();
                        return Poll::Ready(true);
                    }
                    Ok(Decoded::More) => match transport.poll_fill(cx, &self.worker.buffers) {
                        Poll::Ready(Ok(1..)) => {}
                        Poll::Ready(_) => return Poll::Ready(false),
                        Poll::Pending => return reading.poll(cx).map(|()| false),
                    },
                    Err(_) => return Poll::Ready(false),
                }
            }
            Poll::Ready(false)
        })
        .await
    }

    /// Closes so that the client can still read the answer: stops sending, then reads what it goes on sending for up to
    /// `time`. Closing with unread bytes would make the kernel reset the connection and the answer be lost.
    pub(super) async fn linger(&self, time: Duration) {
        use tokio::io::AsyncWrite;
        self.inner.borrow_mut().reading.arm(self.worker.env.now() + time);
        let mut finished = false;
        poll_fn(|cx| {
            let mut inner = self.inner.borrow_mut();
            let Inner { transport, reading, .. } = &mut *inner;
            if !finished {
                if ready!(std::pin::Pin::new(&mut transport.io).poll_shutdown(cx)).is_err() {
                    return Poll::Ready(());
                }
                finished = true;
            }
            loop {
                transport.input.clear();
                match transport.poll_fill(cx, &self.worker.buffers) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => break,
                }
            }
            reading.poll(cx)
        })
        .await;
    }

    /// Makes the close visible as an abort where nothing else would (a body that ends with the connection).
    pub(super) fn abort(&self) {
        self.inner.borrow().transport.io.reset_on_close();
    }

    /// Takes the stream out for the tunnel that `record` is of, with the bytes that were read but belong to it.
    pub(super) fn into_tunnel(self: Rc<Self>, record: Rc<Record>) -> Option<serve::Client> {
        let Self { drain, inner, .. } = Rc::into_inner(self)?;
        let Transport { io, input, .. } = inner.into_inner().transport;
        Some(serve::Client {
            io,
            prefix: input,
            record,
            drain,
        })
    }
}

/// Arms `deadline` when it is not, and asks whether it has fired. Without a limit it never does.
fn poll_armed(deadline: &mut Deadline, limit: Option<Duration>, worker: &Worker, cx: &mut Context<'_>) -> Poll<()> {
    let Some(limit) = limit else { return Poll::Pending };
    if !deadline.is_armed() {
        deadline.arm(worker.env.now() + limit);
    }
    deadline.poll(cx)
}

impl Interim for Session {
    fn send(&self, head: http::response::Parts) {
        if head.status == http::StatusCode::CONTINUE {
            self.inner.borrow_mut().awaits_continue = false;
        }
        self.write_head(&head, BodyLength::None, &Asked::UNREAD, true, None);
    }
}

/// The body of a request that an HTTP/1.1 client sends.
#[derive(Debug)]
pub struct RequestBody {
    session: Rc<Session>,
    record: Rc<Record>,
    length: Option<u64>,
}

impl RequestBody {
    pub(super) fn new(session: Rc<Session>, record: Rc<Record>, length: Option<u64>) -> Self {
        Self {
            session,
            record,
            length,
        }
    }

    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.session.poll_body(&self.record, cx)
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }
}
