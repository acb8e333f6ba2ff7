//! One upstream HTTP/1.1 connection, lent to one request at a time.
//!
//! The connection is a value that the try holds: dropping it closes it, which is how a cancelled request reaches the
//! upstream. It goes back to its pool only when request and answer are both whole and nothing else was received.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::transport::Transport;
use super::{
    BodyLength, Decoded, Decoder, Encoder, Limits, Peer, RequestOptions, ResponseHead, Scan, encode_request_head,
    parse_response,
};
use crate::exchange::{Answer, Body, Error, Exchange, Frame, Kind, Side, Tunnel, TunnelIo};
use crate::upstream::{Again, Failed, Interims, Origin, Permit};
use crate::worker::Worker;

#[derive(Debug)]
pub struct ClientConnection {
    transport: Transport,
    permit: Permit,
    origin: Origin,
    worker: Rc<Worker>,
    /// It has carried a request before, so the upstream may be about to close it.
    reused: bool,
    /// How long the upstream says that it keeps it idle.
    kept: Option<Duration>,
}

impl ClientConnection {
    pub(crate) fn new(
        transport: Transport,
        permit: Permit,
        origin: Origin,
        worker: &Rc<Worker>,
        reused: bool,
    ) -> Box<Self> {
        Box::new(Self {
            transport,
            permit,
            origin,
            worker: Rc::clone(worker),
            reused,
            kept: None,
        })
    }

    /// Sends the request and waits for the head of its answer; the rest of either body passes with the answer's.
    ///
    /// # Errors
    /// What went wrong, and whether the request may go again.
    pub async fn send(mut self: Box<Self>, exchange: &mut Exchange) -> Result<Answer, Failed> {
        let body = std::mem::replace(&mut exchange.body, Body::Empty);
        let was_empty = body.is_empty();
        let length = match body.length() {
            _ if was_empty => BodyLength::None,
            Some(length) => BodyLength::Sized(length),
            None => BodyLength::Chunked,
        };
        let options = RequestOptions {
            close: false,
            upgrade: exchange.upgrade.as_ref(),
            names: exchange.head.extensions.get(),
        };
        let output = self.transport.output.buffer(&self.worker.buffers);
        let encoder = encode_request_head(&exchange.head, length, options, output);
        let mut upload = Upload::new(body, encoder);
        let mut reader = HeadReader {
            scan: Scan::default(),
            fields: self.worker.header_maps.take(),
            limits: Limits {
                preserve_case: exchange.connection.listener.limits.preserve_case,
                ..Limits::default()
            },
            heard: false,
            interims: Interims::default(),
        };
        let head = poll_fn(|cx| {
            upload.poll(&mut self.transport, &self.worker, cx)?;
            reader.poll(&mut self, exchange, upload.is_done(), cx)
        })
        .await;
        match head {
            Ok(head) => {
                let now = self.worker.env.now();
                exchange.record.answered(now);
                Ok(self.answer(head, upload, now))
            }
            Err(error) => {
                let stale = self.reused && !reader.heard && was_empty && error.side() == Side::Upstream;
                Err(Failed {
                    error,
                    again: if stale { Again::IfRepeatable } else { Again::No },
                })
            }
        }
    }

    fn answer(mut self: Box<Self>, head: ResponseHead, upload: Upload, now: Instant) -> Answer {
        if head.parts.status == StatusCode::SWITCHING_PROTOCOLS {
            let Self { transport, permit, .. } = *self;
            let Transport { io, input, .. } = transport;
            return Answer::Tunnel(Tunnel {
                head: head.parts,
                upgrade: head.upgrade,
                io: TunnelIo {
                    io,
                    prefix: input,
                    permit,
                },
            });
        }
        self.kept = head.keep_alive;
        let whole = match head.body {
            BodyLength::None => Some(0),
            BodyLength::Sized(length) => usize::try_from(length).ok(),
            BodyLength::Chunked | BodyLength::UntilClose => None,
        };
        let body = match whole {
            // All of it came with the head: the connection is free before the client has its answer.
            Some(whole) if upload.is_done() && self.transport.input.len() >= whole => {
                let body = match whole {
                    0 => Body::Empty,
                    whole => Body::Full(self.transport.input.split_to(whole).freeze()),
                };
                self.finish(head.persistent, now);
                body
            }
            _ => Body::Http1Response(Box::new(ResponseBody {
                length: match head.body {
                    BodyLength::Sized(length) => Some(length),
                    _ => None,
                },
                decoder: Decoder::new(head.body, Peer::Upstream, &Limits::default()),
                persistent: head.persistent,
                connection: Some(self),
                upload,
            })),
        };
        Answer::Response(http::Response::from_parts(head.parts, body))
    }

    /// Back to the pool, or closed: after bytes that nobody asked for, nothing on this connection can be trusted.
    fn finish(self: Box<Self>, persistent: bool, now: Instant) {
        if persistent && self.transport.input.is_empty() && self.transport.output.is_empty() && !self.transport.eof {
            let Self {
                origin, kept, worker, ..
            } = *self;
            origin.check_in(self.transport, self.permit, now, kept, &worker);
        }
    }
}

/// Reads heads until the final one, passing the interim ones on.
struct HeadReader {
    scan: Scan,
    fields: HeaderMap,
    limits: Limits,
    /// A byte of an answer has come.
    heard: bool,
    interims: Interims,
}

impl HeadReader {
    fn poll(
        &mut self,
        connection: &mut ClientConnection,
        exchange: &Exchange,
        is_sent: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ResponseHead, Error>> {
        let transport = &mut connection.transport;
        loop {
            if !transport.input.is_empty() {
                let method = &exchange.head.method;
                let Self {
                    scan, fields, limits, ..
                } = self;
                let parsed = parse_response(&mut transport.input, scan, fields, method, limits);
                match parsed? {
                    Some(head) if !head.parts.status.is_informational() => return Poll::Ready(Ok(head)),
                    Some(head) if head.parts.status == StatusCode::SWITCHING_PROTOCOLS => {
                        // To what was asked for (RFC 9110 7.8), and not with half a request on its way.
                        let switched = head.upgrade.as_ref().zip(exchange.upgrade.as_ref());
                        let is_asked = switched.is_some_and(|(to, asked)| is_same_protocol(to, asked));
                        return Poll::Ready(if is_asked && is_sent {
                            Ok(head)
                        } else {
                            Err(Kind::UnaskedUpgrade.into())
                        });
                    }
                    Some(head) => {
                        self.scan = Scan::default();
                        self.interims.note()?;
                        if let Some(interim) = &exchange.interim {
                            interim.send(head.parts);
                        }
                        continue;
                    }
                    None => {}
                }
            }
            match ready!(transport.poll_fill(cx, &connection.worker.buffers)) {
                Ok(1..) => self.heard = true,
                Ok(0) => return Poll::Ready(Err(Kind::UpstreamReset.into())),
                Err(error) => return Poll::Ready(Err(Error::with(Kind::UpstreamReset, error))),
            }
        }
    }
}

fn is_same_protocol(one: &HeaderValue, other: &HeaderValue) -> bool {
    one.as_bytes().eq_ignore_ascii_case(other.as_bytes())
}

/// A request body on its way to the upstream.
#[derive(Debug)]
struct Upload {
    body: Body,
    encoder: Encoder,
    state: UploadState,
}

#[derive(Debug, Eq, PartialEq)]
enum UploadState {
    Sending,
    /// The last byte is in the output buffer.
    Ended,
    Done,
    /// The upstream takes no more; it may still answer (RFC 9112 section 9.5).
    Refused,
}

impl Upload {
    fn new(body: Body, encoder: Encoder) -> Self {
        let state = if body.is_empty() {
            UploadState::Ended
        } else {
            UploadState::Sending
        };
        Self { body, encoder, state }
    }

    fn is_done(&self) -> bool {
        self.state == UploadState::Done
    }

    /// Sends what can be sent. Fails only when the client does: then the upstream must see an abort.
    fn poll(&mut self, transport: &mut Transport, worker: &Worker, cx: &mut Context<'_>) -> Result<(), Error> {
        while matches!(self.state, UploadState::Sending | UploadState::Ended) {
            let starved = self.collect(transport, worker, cx)?;
            if transport.poll_turn(cx).is_pending() {
                return Ok(());
            }
            match transport.poll_flush(cx) {
                Poll::Ready(Ok(())) if self.state == UploadState::Ended => self.state = UploadState::Done,
                // Whatever found no room before the flush has it now; only who waits for the client will be woken by it.
                Poll::Ready(Ok(())) if !starved => {}
                Poll::Ready(Ok(())) | Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => self.state = UploadState::Refused,
            }
        }
        Ok(())
    }

    /// Moves frames into the output while it has room; true if the client has to send first.
    fn collect(&mut self, transport: &mut Transport, worker: &Worker, cx: &mut Context<'_>) -> Result<bool, Error> {
        while self.state == UploadState::Sending && transport.output.has_room() {
            let Poll::Ready(frame) = self.body.poll_frame(cx) else {
                return Ok(true);
            };
            let output = transport.output.buffer(&worker.buffers);
            match frame.transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => {
                    let after = self.encoder.data(data.len(), output)?;
                    transport.output.push(data, after, &worker.buffers);
                }
                Some(Err(trailers)) => {
                    let trailers = trailers.into_trailers().unwrap_or_default();
                    self.encoder.end(Some(&trailers), output)?;
                    self.state = UploadState::Ended;
                }
                None => {
                    self.encoder.end(None, output)?;
                    self.state = UploadState::Ended;
                }
            }
        }
        Ok(false)
    }
}

/// The body of an upstream's answer, with the rest of the upload that belongs to it.
#[derive(Debug)]
pub struct ResponseBody {
    /// `None` once the answer is complete.
    connection: Option<Box<ClientConnection>>,
    decoder: Decoder,
    upload: Upload,
    persistent: bool,
    length: Option<u64>,
}

impl ResponseBody {
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(None);
        };
        let transport = &mut connection.transport;
        if let Err(error) = self.upload.poll(transport, &connection.worker, cx) {
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            match self.decoder.decode(&mut transport.input) {
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                // The last frame: nobody asks for another.
                Ok(Decoded::Trailers(fields)) => {
                    self.finish();
                    return Poll::Ready(Some(Ok(Frame::trailers(fields))));
                }
                Ok(Decoded::End) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Ok(Decoded::More) => {}
                Err(reject) => return Poll::Ready(Some(Err(reject.into()))),
            }
            match ready!(transport.poll_fill(cx, &connection.worker.buffers)) {
                Ok(1..) => {}
                Ok(0) if self.decoder.eof().is_ok() => {}
                Ok(0) => return Poll::Ready(Some(Err(Kind::UpstreamReset.into()))),
                Err(error) => return Poll::Ready(Some(Err(Error::with(Kind::UpstreamReset, error)))),
            }
        }
    }

    fn finish(&mut self) {
        if let Some(connection) = self.connection.take()
            && self.upload.is_done()
        {
            let now = connection.worker.env.now();
            connection.finish(self.persistent, now);
        }
    }

    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection {
            // A failed upload shows when the next frame is asked for.
            let _ = self.upload.poll(&mut connection.transport, &connection.worker, cx);
        }
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }
}
