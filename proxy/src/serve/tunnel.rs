//! After an upgrade: bytes pass both ways, unread, until both sides have finished or nothing has passed for as long as the
//! listener allows.
//!
//! An end is passed on as it came, a FIN as a FIN, a reset as a reset. A drain lets the tunnel go on; late in its time both
//! sides are told to go (WebSocket 1001), and shortly before it is over the tunnel is cut, so that its record is still
//! reported.

mod half;
mod websocket;

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;

use self::half::{Broken, Half};
use crate::exchange::{Io, Kind, Record, Tunnel};
use crate::worker::{Deadline, Watch, Worker};

/// The client's end, with what it already sent behind its request.
#[derive(Debug)]
pub struct Client {
    pub io: Io,
    pub prefix: BytesMut,
    pub record: Rc<Record>,
    pub drain: Watch,
}

/// How long before the end of a drain a tunnel is told; a fifth of a short drain's time.
pub(crate) const FAREWELL: Duration = Duration::from_secs(5);

/// Passes bytes between the client and the tunnel's upstream.
pub async fn tunnel(client: Client, tunnel: Tunnel, worker: Rc<Worker>) {
    let mut open = Open::new(client, tunnel, worker);
    if let Err(kind) = poll_fn(|cx| open.poll(cx)).await {
        open.record.fail(kind);
    }
}

struct Open {
    client: Io,
    upstream: Io,
    up: Half,
    down: Half,
    record: Rc<Record>,
    worker: Rc<Worker>,
    watch: Watch,
    stage: Stage,
    /// When the stage is over.
    turn: Deadline,
    idle: Deadline,
    // The upstream connection counts against its cluster's limit until here.
    _permit: crate::upstream::Permit,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Open,
    Draining,
    /// Both sides were told to go.
    Told,
}

impl Open {
    fn new(client: Client, tunnel: Tunnel, worker: Rc<Worker>) -> Self {
        let upstream = tunnel.io;
        Self {
            client: client.io,
            upstream: upstream.io,
            up: Half::new(client.prefix),
            down: Half::new(upstream.prefix),
            record: client.record,
            watch: client.drain,
            stage: Stage::Open,
            turn: worker.timer.deadline(),
            idle: worker.timer.deadline(),
            worker,
            _permit: upstream.permit,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Kind>> {
        loop {
            if let Poll::Ready(ended) = self.poll_halves(cx) {
                return Poll::Ready(ended);
            }
            match self.poll_drain(cx) {
                Poll::Ready(Turn::Over) => return Poll::Ready(Ok(())),
                // There is something to say, or another deadline to wait for.
                Poll::Ready(Turn::Next) => {}
                Poll::Pending => break,
            }
        }
        self.idle.poll(cx).map(|()| Err(Kind::TunnelIdle))
    }

    fn poll_halves(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Kind>> {
        let buffers = &self.worker.buffers;
        let up = self.up.poll(&mut self.client, &mut self.upstream, buffers, cx);
        let down = self.down.poll(&mut self.upstream, &mut self.client, buffers, cx);
        self.note_progress();
        match (up, down) {
            (Poll::Ready(Err(Broken::Source)), _) => {
                self.upstream.reset_on_close();
                Poll::Ready(Err(Kind::DownstreamReset))
            }
            (_, Poll::Ready(Err(Broken::Source))) => {
                self.client.reset_on_close();
                Poll::Ready(Err(Kind::UpstreamReset))
            }
            // Whoever takes nothing more although its own side is finished has simply gone.
            (Poll::Ready(Err(Broken::Sink)), down) if down.is_pending() => Poll::Ready(Err(Kind::UpstreamReset)),
            (up, Poll::Ready(Err(Broken::Sink))) if up.is_pending() => Poll::Ready(Err(Kind::DownstreamReset)),
            (Poll::Ready(_), Poll::Ready(_)) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    /// Counts what has passed, and begins the idle time anew if anything has.
    fn note_progress(&mut self) {
        let (up, down) = (self.up.take_passed(), self.down.take_passed());
        self.record.add_request_bytes(up);
        self.record.add_response_bytes(down);
        if up + down == 0 && self.idle.is_armed() {
            return;
        }
        if let Some(limit) = self.record.connection.listener.timeouts.tunnel_idle {
            self.idle.arm(self.worker.env.now() + limit);
        }
    }

    /// Ready when the drain goes from one stage to the next.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let whole = self.record.connection.listener.drain;
        let farewell = FAREWELL.min(whole / 5);
        let lasts = match self.stage {
            Stage::Open => {
                ready!(self.watch.poll(cx));
                self.stage = Stage::Draining;
                whole - farewell
            }
            Stage::Draining => {
                ready!(self.turn.poll(cx));
                // Nothing but WebSocket is tunnelled.
                self.stage = Stage::Told;
                self.up.part_with(websocket::going_away_to_server(&self.worker.env));
                self.down.part_with(websocket::going_away_to_client());
                farewell / 2
            }
            Stage::Told => return self.turn.poll(cx).map(|()| Turn::Over),
        };
        self.turn.arm(self.worker.env.now() + lasts);
        Poll::Ready(Turn::Next)
    }
}

enum Turn {
    Next,
    Over,
}
