//! An upstream's HTTP/2 connection: a driver task, and handles by which requests are sent over it.
//!
//! The connection closes when its last handle and its last stream are gone. A request's future drives its own upload, so
//! dropping it cancels both directions with one RST_STREAM.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::header::HOST;
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Uri, Version, request, response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use super::body::Reader;
use super::frames::Frames;
use super::head::{Authorities, check_trailers, content_length, prepare};
use super::io::BatchIo;
use super::kept::Kept;
use super::pump::{Pump, Stop};
use super::reason;
use super::settings::Settings;
use crate::exchange::{Body, Error, Frame, Interim, Kind};
use crate::http1::{Limits, Peer, Reason, Reject};
use crate::upstream::{Again, Interims};
use crate::worker::{Deadline, Worker};

/// How long an upstream may take nothing of what is sent to it before its connection counts as dead.
pub(crate) const WRITE_STALL: Duration = Duration::from_secs(30);

/// A connection that requests can be sent on; clones share it.
#[derive(Clone, Debug)]
pub struct Handle(Rc<Inner>);

struct Inner {
    sender: RefCell<SendRequest<Bytes>>,
    state: Rc<State>,
    authorities: Authorities,
    settings: Settings,
}

/// What the driver knows of its connection.
#[derive(Debug)]
struct State {
    is_closing: Cell<bool>,
    active: Cell<usize>,
    /// It has answered a request, so the upstream may be about to close it.
    reused: Cell<bool>,
    /// What the upstream allows.
    allowed: Cell<usize>,
    freed: Rc<Notify>,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Failure {
    pub error: Error,
    pub again: Again,
    /// The request's body, if it can be had again; without it the request cannot go again.
    pub body: Option<Body>,
}

/// An answer's body. Also finishes the upload that belongs to it.
pub struct ResponseBody {
    reader: Reader,
    upload: Option<Pump>,
    length: Option<u64>,
    is_done: bool,
    /// Why the upload failed while nobody asked for a frame.
    failure: Option<Error>,
    /// Until both directions are done.
    slot: Option<Slot>,
}

/// Opens the connection on `io`. Waits for the upstream's settings, so that the first requests already keep to its limits.
/// `freed` is notified whenever a stream ends, and when the connection begins to close; `permit` is held until the
/// connection is over.
pub async fn connect<IO, P>(
    io: IO,
    worker: &Rc<Worker>,
    settings: Settings,
    freed: Rc<Notify>,
    permit: P,
) -> Result<Handle, Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + 'static,
    P: 'static,
{
    let io = BatchIo::new(io, &[], Frames::from_server(&settings), Rc::clone(worker));
    let (sender, h2) = h2::client::Builder::new()
        .enable_push(false)
        .initial_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .max_send_buffer_size(settings.send_buffer)
        .max_frame_size(settings.max_frame_size)
        .header_table_size(settings.header_table)
        .max_header_list_size(settings.head_bytes)
        .max_local_error_reset_streams(Some(settings.own_resets))
        .handshake(io.clone())
        .await
        .map_err(connect_failure)?;
    let state = Rc::new(State {
        is_closing: Cell::new(false),
        active: Cell::new(0),
        reused: Cell::new(false),
        allowed: Cell::new(1),
        freed,
    });
    let stall = worker.timer.deadline();
    let mut driver = Driver {
        h2,
        io,
        state: Rc::clone(&state),
        worker: Rc::clone(worker),
        stall,
        is_stalling: false,
    };
    poll_fn(|cx| match driver.poll_once(cx) {
        Poll::Ready(Ok(())) => Poll::Ready(Err(Kind::ConnectFailure.into())),
        Poll::Ready(Err(error)) => Poll::Ready(Err(connect_failure(error))),
        Poll::Pending if driver.io.has_seen_settings() => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await?;
    tokio::task::spawn_local(async move {
        driver.await;
        drop(permit);
    });
    let inner = Inner {
        sender: RefCell::new(sender),
        state,
        authorities: Authorities::default(),
        settings,
    };
    Ok(Handle(Rc::new(inner)))
}

fn connect_failure(error: h2::Error) -> Error {
    Error::with(Kind::ConnectFailure, error)
}

impl Handle {
    /// Whether another request may be sent now.
    pub fn is_usable(&self) -> bool {
        !self.is_closing() && self.active_streams() < self.max_streams()
    }

    /// Whether the connection takes no more requests: it is closed, or the upstream said that it will.
    pub fn is_closing(&self) -> bool {
        self.0.state.is_closing.get()
    }

    pub fn active_streams(&self) -> usize {
        self.0.state.active.get()
    }

    /// What the upstream allows, within our own limit.
    pub fn max_streams(&self) -> usize {
        let theirs = self.0.state.allowed.get();
        theirs.min(self.0.settings.max_concurrent_streams as usize)
    }

    /// Sends a request in canonical form and waits for the head of its answer, driving the upload meanwhile. Takes the
    /// head's fields, which are there again if it fails. The caller asks [`Self::is_usable`] first; the slot is taken at
    /// the first poll.
    pub async fn send(
        &self,
        head: &mut request::Parts,
        body: Body,
        interim: Option<Rc<dyn Interim>>,
    ) -> Result<(response::Parts, Body), Failure> {
        let kept = Kept::of(&head.headers);
        let sent = match self.request(head) {
            Ok(request) => self.call(request, body, interim).await,
            Err(error) => Err(Failure {
                error,
                again: Again::No,
                body: Some(body),
            }),
        };
        if sent.is_err() {
            head.headers = kept.restore();
        }
        sent
    }

    async fn call(
        &self,
        request: Request<()>,
        body: Body,
        interim: Option<Rc<dyn Interim>>,
    ) -> Result<(response::Parts, Body), Failure> {
        let slot = Slot::take(&self.0);
        let is_end = body.is_empty();
        let sent = self.0.sender.borrow_mut().send_request(request, is_end);
        let (response, stream) = match sent {
            Ok(sent) => sent,
            Err(error) => {
                // The connection is going away, or has used up its stream ids.
                self.0.state.close();
                let error = Error::with(Kind::UpstreamGoAway, error);
                return Err(Failure {
                    error,
                    again: Again::Elsewhere,
                    body: Some(body),
                });
            }
        };
        let (upload, body) = if is_end {
            (None, Some(Body::Empty))
        } else {
            (Some(Pump::new(body, stream)), None)
        };
        Call {
            response,
            upload,
            body,
            interim,
            interims: Interims::default(),
        }
        .head(slot)
        .await
    }

    /// What goes out, with the fields of `head`.
    fn request(&self, head: &mut request::Parts) -> Result<Request<()>, Error> {
        let mut headers = std::mem::take(&mut head.headers);
        let host = headers.remove(HOST);
        let authority = host
            .as_ref()
            .and_then(|host| self.0.authorities.of(host))
            .ok_or_else(unsendable)?;
        prepare(&mut headers);
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(authority);
        let target = head.uri.path_and_query().cloned();
        uri.path_and_query = Some(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let mut request = Request::new(());
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| unsendable())?;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// A head that is in no canonical form: nothing was sent, and no other connection would take it.
fn unsendable() -> Error {
    Kind::from(Reject {
        reason: Reason::HostInvalid,
        peer: Peer::Downstream,
    })
    .into()
}

/// A request that was sent and has no answer yet.
struct Call {
    response: ResponseFuture,
    upload: Option<Pump>,
    /// What there is to send again once there is no upload any more.
    body: Option<Body>,
    interim: Option<Rc<dyn Interim>>,
    interims: Interims,
}

impl Call {
    async fn head(mut self, slot: Slot) -> Result<(response::Parts, Body), Failure> {
        let reused = slot.0.state.reused.get();
        match poll_fn(|cx| self.poll_head(cx)).await {
            Ok(response) => {
                slot.0.state.reused.set(true);
                let (head, stream) = response.into_parts();
                let is_end = stream.is_end_stream() && self.upload.is_none();
                let length = content_length(&head.headers);
                let reader = Reader::new(stream);
                let body = ResponseBody {
                    reader,
                    upload: self.upload,
                    length,
                    is_done: is_end,
                    failure: None,
                    slot: Some(slot),
                };
                Ok((
                    head,
                    if is_end {
                        Body::Empty
                    } else {
                        Body::Http2Response(Box::new(body))
                    },
                ))
            }
            Err(error) => {
                let again = match error.kind() {
                    Kind::UpstreamGoAway => Again::Elsewhere,
                    Kind::UpstreamRefused => Again::Safe,
                    _ if reused && reason::is_connection_lost(&error) => Again::IfRepeatable,
                    _ => Again::No,
                };
                let body = self.upload.map_or(self.body, Pump::into_body);
                Err(Failure { error, again, body })
            }
        }
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<http::Response<h2::RecvStream>, Error>> {
        if let Some(upload) = poll_upload(&mut self.upload, cx)? {
            self.body = upload.into_body();
        }
        // None: the final head is next, or nothing will come any more.
        while let Some(interim) = ready!(self.response.poll_informational(cx)) {
            let (head, ()) = interim.map_err(reason::from_upstream)?.into_parts();
            self.interims.note()?;
            if let Some(sink) = &self.interim {
                sink.send(head);
            }
        }
        Pin::new(&mut self.response).poll(cx).map_err(reason::from_upstream)
    }
}

/// Moves the upload on, and gives it back when it is over. An upstream that takes no more of it may still answer; a
/// client that fails takes the request down with it.
fn poll_upload(upload: &mut Option<Pump>, cx: &mut Context<'_>) -> Result<Option<Pump>, Error> {
    let Some(pump) = upload else { return Ok(None) };
    match pump.poll(cx) {
        Poll::Pending => Ok(None),
        Poll::Ready(Ok(()) | Err(Stop::Sink)) => Ok(upload.take()),
        Poll::Ready(Err(Stop::Source(error))) => {
            pump.stream().send_reset(reason::to_upstream(error.kind()));
            *upload = None;
            Err(error)
        }
    }
}

impl ResponseBody {
    /// The next frame; `None` after the last. After an error nothing more comes.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        self.poll_upload(cx);
        if let Some(error) = self.failure.take() {
            self.is_done = true;
            return Poll::Ready(Some(Err(error)));
        }
        let next = match ready!(self.reader.poll_frame(cx)) {
            Some(Ok(frame)) => Some(self.check(frame)),
            Some(Err(error)) => Some(Err(reason::from_upstream(error))),
            None => None,
        };
        self.is_done = !matches!(&next, Some(Ok(frame)) if frame.is_data());
        if self.is_done && self.upload.is_none() {
            self.slot = None;
        }
        Poll::Ready(next)
    }

    /// Moves the upload on while nobody asks for the next frame.
    pub fn poll_upload(&mut self, cx: &mut Context<'_>) {
        if let Err(error) = poll_upload(&mut self.upload, cx) {
            self.failure = Some(error);
        }
    }

    /// What the upstream announced.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether nothing more will come.
    pub fn is_end(&self) -> bool {
        self.is_done || self.reader.is_end()
    }

    fn check(&self, frame: Frame) -> Result<Frame, Error> {
        if let Some(trailers) = frame.trailers_ref() {
            check_trailers(trailers, &Limits::default(), Peer::Upstream)?;
        }
        Ok(frame)
    }
}

impl State {
    fn close(&self) {
        if !self.is_closing.replace(true) {
            self.freed.notify_waiters();
        }
    }
}

/// A stream's place in its connection; keeps the connection open.
struct Slot(Rc<Inner>);

impl Slot {
    fn take(inner: &Rc<Inner>) -> Self {
        inner.state.active.set(inner.state.active.get() + 1);
        Self(Rc::clone(inner))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let state = &self.0.state;
        state.active.set(state.active.get().saturating_sub(1));
        state.freed.notify_one();
    }
}

/// Runs the connection: reads, then writes once for everything that the streams had to say.
struct Driver<IO> {
    h2: h2::client::Connection<BatchIo<IO>, Bytes>,
    io: BatchIo<IO>,
    state: Rc<State>,
    worker: Rc<Worker>,
    stall: Deadline,
    is_stalling: bool,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Driver<IO> {
    /// Ready when the connection is over.
    fn poll_once(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let over = Pin::new(&mut self.h2).poll(cx);
        let written = self.io.poll_write_out(cx);
        self.state.allowed.set(self.h2.max_concurrent_send_streams());
        if self.io.has_seen_goaway() {
            self.state.close();
        }
        if over.is_ready() {
            return over;
        }
        if matches!(written, Poll::Ready(Err(_))) || self.io.flood().is_some() {
            return Poll::Ready(Ok(()));
        }
        self.poll_stall(cx, written.is_pending()).map(Ok)
    }

    fn poll_stall(&mut self, cx: &mut Context<'_>, is_blocked: bool) -> Poll<()> {
        if !is_blocked {
            if std::mem::take(&mut self.is_stalling) {
                self.stall.disarm();
            }
            return Poll::Pending;
        }
        if !self.is_stalling {
            self.is_stalling = true;
            self.stall.arm(self.worker.env.now() + WRITE_STALL);
        }
        self.stall.poll(cx)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Future for Driver<IO> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Each stream learns by itself how the connection ended.
        let _ = ready!(self.poll_once(cx));
        self.state.close();
        Poll::Ready(())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2Upstream")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("length", &self.length)
            .field("is_done", &self.is_done)
            .finish()
    }
}
