//! A client's HTTP/2 connection: its driver, which takes up streams, writes once a poll and keeps the connection's time.
//!
//! The driver never waits for a stream; a stream never waits for another.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use h2::Reason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::frames::Frames;
use super::io::BatchIo;
use super::settings::Settings;
use super::stream::{Shared, begin};
use crate::exchange::{Answer, Connection, Error, Exchange, Kind, Record};
use crate::http1::{LEFTOVER_BYTES, LINGER_TIME};
use crate::worker::{Deadline, Watch, Worker};

/// How long a client may take to agree that its idle connection ends.
pub(crate) const TIME_TO_GO: Duration = Duration::from_secs(5);

/// How often a client that has finished sending is looked after: one that is gone altogether takes nothing more.
const PROBE: Duration = Duration::from_secs(1);

/// Serves one connection until it ends. `prefix` is what was read while it was told from HTTP/1.1; once the drain begins
/// the client is told to go, and the streams that are open have the listener's drain time.
pub async fn serve<IO, S>(
    io: IO,
    prefix: BytesMut,
    connection: Arc<Connection>,
    drain: Watch,
    worker: Rc<Worker>,
    stack: S,
) where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Box<Exchange>, Response = Answer, Error = Error> + Clone + 'static,
{
    connection.listener.stats.on(worker.id).http2_connections.inc();
    let settings = connection.listener.http2;
    let io = BatchIo::new(io, &prefix, Frames::from_client(&settings), Rc::clone(&worker));
    worker.buffers.give_back(prefix);
    let Some(h2) = handshake(&io, &settings, &connection, &worker).await else {
        return;
    };
    io.hold_end();
    let mut driver = Driver {
        h2,
        shared: Rc::new(Shared::new(connection, Rc::clone(&worker))),
        io: io.clone(),
        stack,
        served: 0,
        is_leaving: false,
        is_draining: false,
        is_cut_off: false,
        idle_since: None,
        idle: worker.timer.deadline(),
        head: Alarm::new(&worker),
        write: Alarm::new(&worker),
        end: Alarm::new(&worker),
        probe: Alarm::new(&worker),
    };
    poll_fn(|cx| {
        if !driver.is_draining && drain.poll(cx).is_ready() {
            driver.drain();
        }
        driver.poll(cx)
    })
    .await;
    drop(driver);
    linger(&io, &worker).await;
}

type H2<IO> = h2::server::Connection<BatchIo<IO>, Bytes>;

/// `None` when the client is not there in time or speaks something else.
async fn handshake<IO>(
    io: &BatchIo<IO>,
    settings: &Settings,
    connection: &Connection,
    worker: &Worker,
) -> Option<H2<IO>>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = h2::server::Builder::new()
        .max_concurrent_streams(settings.max_concurrent_streams)
        .initial_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .max_send_buffer_size(settings.send_buffer)
        .max_frame_size(settings.max_frame_size)
        .header_table_size(settings.header_table)
        .max_header_list_size(settings.head_bytes)
        .max_pending_accept_reset_streams(settings.pending_accept_resets)
        .max_local_error_reset_streams(Some(settings.own_resets))
        .handshake(io.clone());
    let mut handshake = pin!(handshake);
    let mut deadline = worker.timer.deadline();
    if let Some(limit) = connection.listener.timeouts.request_head {
        deadline.arm(worker.env.now() + limit);
    }
    poll_fn(|cx| {
        let done = handshake.as_mut().poll(cx);
        if let Poll::Ready(Err(_)) = io.poll_write_out(cx) {
            return Poll::Ready(None);
        }
        match done {
            Poll::Ready(done) => Poll::Ready(done.ok()),
            Poll::Pending => deadline.poll(cx).map(|()| None),
        }
    })
    .await
}

/// Reads on for a while after the last frame to the client, so that it gets that frame and no reset.
async fn linger<IO: AsyncRead + AsyncWrite + Unpin>(io: &BatchIo<IO>, worker: &Worker) {
    let mut deadline = worker.timer.deadline();
    deadline.arm(worker.env.now() + LINGER_TIME);
    let mut budget = LEFTOVER_BYTES;
    poll_fn(|cx| match io.poll_discard(cx, &mut budget) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => deadline.poll(cx),
    })
    .await;
}

struct Driver<IO, S> {
    h2: H2<IO>,
    io: BatchIo<IO>,
    shared: Rc<Shared>,
    stack: S,
    served: u64,
    /// The client was told that no more streams are taken.
    is_leaving: bool,
    is_draining: bool,
    is_cut_off: bool,
    /// Since when no stream is open; the deadline follows lazily, because streams come and go far more often than it fires.
    idle_since: Option<Instant>,
    idle: Deadline,
    head: Alarm,
    write: Alarm,
    /// When whatever is still open is cut off.
    end: Alarm,
    /// When to see whether a client that has finished is still there.
    probe: Alarm,
}

/// A deadline that runs while a condition holds.
struct Alarm {
    deadline: Deadline,
    is_set: bool,
}

impl Alarm {
    fn new(worker: &Worker) -> Self {
        Self {
            deadline: worker.timer.deadline(),
            is_set: false,
        }
    }

    /// Ready when `condition` has held for `limit`, however often this was asked meanwhile.
    fn poll(&mut self, cx: &mut Context<'_>, condition: bool, limit: Option<Duration>, worker: &Worker) -> Poll<()> {
        match limit {
            Some(limit) if condition => self.set(limit, worker),
            _ => self.unset(),
        }
        self.deadline.poll(cx)
    }

    fn set(&mut self, limit: Duration, worker: &Worker) {
        if !self.is_set {
            self.is_set = true;
            self.deadline.arm(worker.env.now() + limit);
        }
    }

    fn unset(&mut self) {
        if self.is_set {
            self.is_set = false;
            self.deadline.disarm();
        }
    }
}

impl<IO, S> Driver<IO, S>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Box<Exchange>, Response = Answer, Error = Error> + Clone + 'static,
{
    /// Ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut is_over = self.poll_streams(cx).is_ready();
        // Until nothing new was decided: a deadline that was armed meanwhile wakes only who has polled it.
        while !is_over && !self.is_cut_off && self.check(cx) {
            is_over = self.poll_streams(cx).is_ready();
        }
        let has_ended = self.io.has_ended();
        if has_ended {
            self.look_after(cx);
        }
        let written = self.io.poll_write_out(cx);
        let is_done = has_ended && self.shared.open() == 0 && self.io.is_whole();
        is_over |= is_done && written.is_ready();
        if is_over || matches!(written, Poll::Ready(Err(_))) {
            return Poll::Ready(());
        }
        let limit = self.shared.connection.listener.timeouts.write_stall;
        ready!(self.write.poll(cx, written.is_pending(), limit, &self.shared.worker));
        Poll::Ready(())
    }

    /// The client has finished, and may wait for its answers (docs/wire.md, promise 14) or be gone.
    fn look_after(&mut self, cx: &mut Context<'_>) {
        if !self.shared.end.has_begun() {
            self.shared.end.begin();
        } else if self.probe.deadline.poll(cx).is_pending() {
            return;
        }
        self.io.probe();
        self.probe.unset();
        self.probe.set(PROBE, &self.shared.worker);
        // Only just set, and to be woken by.
        let _ = self.probe.deadline.poll(cx);
    }

    fn poll_streams(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(accepted) = ready!(self.h2.poll_accept(cx)) {
            let (request, respond) = match accepted {
                Ok(stream) => stream,
                // The client has been told.
                Err(error) => {
                    self.name(&error);
                    break;
                }
            };
            begin(&self.shared, &self.stack, request, respond);
            self.served += 1;
            if self.shared.connection.listener.requests_per_connection == Some(self.served) {
                self.leave();
            }
        }
        Poll::Ready(())
    }

    /// Whether the connection was told to end just now; it needs another poll then.
    fn check(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(flood) = self.io.flood() {
            self.refuse(flood.kind());
            return true;
        }
        let limit = self.shared.connection.listener.timeouts.request_head;
        if self
            .head
            .poll(cx, self.io.is_inside_head(), limit, &self.shared.worker)
            .is_ready()
        {
            self.refuse(Kind::RequestHeadTimeout);
            return true;
        }
        self.poll_end(cx).is_ready() || self.poll_idle(cx).is_ready()
    }

    fn refuse(&mut self, kind: Kind) {
        self.report(kind);
        self.cut_off(Reason::ENHANCE_YOUR_CALM);
    }

    /// Names what the crate ended the connection for.
    fn name(&self, error: &h2::Error) {
        if !(error.is_go_away() && error.is_library()) {
            return;
        }
        self.report(match error.reason() {
            Some(Reason::ENHANCE_YOUR_CALM) if self.io.is_inside_head() => Kind::Http2ContinuationFlood,
            Some(Reason::ENHANCE_YOUR_CALM) => Kind::Http2ResetFlood,
            _ => Kind::Http2Protocol,
        });
    }

    /// Counts and logs what the whole connection ends for, as a message that could not be read.
    fn report(&self, kind: Kind) {
        Record::new(&self.shared.worker, &self.shared.connection, None).fail(kind);
    }

    fn cut_off(&mut self, reason: Reason) {
        self.is_cut_off = true;
        self.h2.abrupt_shutdown(reason);
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.end.deadline.poll(cx));
        self.end.unset();
        if self.is_draining || self.shared.open() == 0 {
            self.cut_off(Reason::NO_ERROR);
            return Poll::Ready(());
        }
        // A stream came in before the client knew that it should not.
        self.end.set(TIME_TO_GO, &self.shared.worker);
        self.end.deadline.poll(cx)
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(limit) = self.shared.connection.listener.timeouts.idle else {
            return Poll::Pending;
        };
        if self.shared.open() > 0 {
            self.idle_since = None;
            return Poll::Pending;
        }
        if self.idle_since.is_none() {
            let now = self.shared.worker.env.now();
            self.idle_since = Some(now);
            self.idle.arm(now + limit);
        }
        ready!(self.idle.poll(cx));
        self.idle.disarm();
        self.leave();
        self.end.set(TIME_TO_GO, &self.shared.worker);
        Poll::Ready(())
    }

    /// Tells the client twice, as RFC 9113, section 6.8, asks: first that no more is welcome, then what was taken.
    fn leave(&mut self) {
        if !self.is_leaving {
            self.is_leaving = true;
            self.h2.graceful_shutdown();
        }
    }

    fn drain(&mut self) {
        self.is_draining = true;
        self.leave();
        self.end.unset();
        self.end.set(self.shared.connection.listener.drain, &self.shared.worker);
    }
}
