//! Getting a connection to an endpoint: an idle one, a share of one, or a new one within the cluster's limit.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::pool::Origin;
use crate::exchange::{Error, Io, Kind, Record};
use crate::http1::{self, Transport};
use crate::http2;
use crate::worker::{Message, Worker};

/// A connection for one request.
#[derive(Debug)]
pub enum Lease {
    Http1(Box<http1::ClientConnection>),
    Http2(http2::Handle),
}

/// How a request wants its connection.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Since when: just now.
    pub now: Instant,
    /// Not one that was used before.
    pub fresh: bool,
    /// The request must not be sent twice: look twice before using an idle connection.
    pub certain: bool,
}

/// A connection to `origin`, waiting for one within the cluster's connect timeout.
///
/// # Errors
/// [`Kind::ConnectFailure`], [`Kind::ConnectTimeout`], or [`Kind::Overflow`] when the cluster's limit stays used up.
pub async fn lease(origin: &Origin, wish: Wish, record: &Record, worker: &Rc<Worker>) -> Result<Lease, Error> {
    if let Some(lease) = at_hand(origin, wish, worker) {
        return Ok(lease);
    }
    let _waiting = record.waits();
    // Rare beside reuse, and large: kept out of the request's own future.
    Box::pin(connect(origin, wish, worker)).await
}

/// A connection that can take the request now.
fn at_hand(origin: &Origin, wish: Wish, worker: &Rc<Worker>) -> Option<Lease> {
    if origin.pool.cluster.http2 {
        return origin.share().map(Lease::Http2);
    }
    if wish.fresh {
        return None;
    }
    let (transport, permit) = origin.checkout(wish.now, wish.certain)?;
    Some(Lease::Http1(http1::ClientConnection::new(
        transport,
        permit,
        origin.clone(),
        worker,
        true,
    )))
}

/// Opens a connection, or takes one that comes free first.
async fn connect(origin: &Origin, wish: Wish, worker: &Rc<Worker>) -> Result<Lease, Error> {
    let cluster = &origin.pool.cluster;
    let deadline = worker.env.now() + cluster.connect_timeout;
    let mut place = None;
    loop {
        let may_connect = !origin.is_connecting();
        // What is idle to other endpoints would stay so while this one's requests wait in vain.
        if may_connect
            && let Some(permit) = Arc::clone(&cluster.connections)
                .try_acquire_owned()
                .ok()
                .or_else(|| origin.pool.give_up_idle())
        {
            return open(origin, permit, deadline, worker).await;
        }
        if place.is_none() {
            place = Some(Place::take(origin).ok_or(Kind::Overflow)?);
            if may_connect {
                worker.tell_others(|| Message::GiveUpIdle(cluster.slot.index()));
            }
        }
        let room = async {
            tokio::select! {
                permit = Arc::clone(&cluster.connections).acquire_owned(), if may_connect => permit.ok(),
                () = origin.pool.freed.notified() => None,
            }
        };
        match worker.timer.until(deadline, room).await {
            Some(Some(permit)) => return open(origin, permit, deadline, worker).await,
            Some(None) => {
                if let Some(lease) = at_hand(origin, wish, worker) {
                    return Ok(lease);
                }
            }
            None if may_connect => {
                origin.pool.stats().overflows.inc();
                return Err(Kind::Overflow.into());
            }
            None => return Err(Kind::ConnectTimeout.into()),
        }
    }
}

async fn open(
    origin: &Origin,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
    worker: &Rc<Worker>,
) -> Result<Lease, Error> {
    let stats = origin.pool.stats();
    stats.connects.inc();
    let _connecting = origin.begin_connecting();
    let opened = async {
        let io = worker
            .env
            .connect(origin.address())
            .await
            .map_err(|error| Error::with(Kind::ConnectFailure, error))?;
        if origin.pool.cluster.http2 {
            open_http2(origin, io, permit, worker).await.map(Lease::Http2)
        } else {
            let transport = Transport::new(io, BytesMut::new());
            let permit = (origin.count_connection(), permit);
            Ok(Lease::Http1(http1::ClientConnection::new(
                transport,
                permit,
                origin.clone(),
                worker,
                false,
            )))
        }
    };
    let opened = worker
        .timer
        .until(deadline, opened)
        .await
        .unwrap_or_else(|| Err(Kind::ConnectTimeout.into()));
    if opened.is_err() {
        stats.connect_failures.inc();
        origin.stats().connect_failures.inc();
    }
    opened
}

async fn open_http2(
    origin: &Origin,
    io: Io,
    permit: OwnedSemaphorePermit,
    worker: &Rc<Worker>,
) -> Result<http2::Handle, Error> {
    let freed = Rc::clone(&origin.pool.freed);
    let held = (origin.count_connection(), permit);
    let handle = http2::connect(io, worker, http2::Settings::upstream(), freed, held).await?;
    origin.add_shared(handle.clone());
    Ok(handle)
}

/// A place in the queue for a connection, given up when dropped.
struct Place<'a>(&'a Origin);

impl<'a> Place<'a> {
    fn take(origin: &'a Origin) -> Option<Self> {
        let pool = &origin.pool;
        if pool.cluster.waiting.fetch_add(1, Ordering::Relaxed) >= pool.cluster.max_pending {
            pool.cluster.waiting.fetch_sub(1, Ordering::Relaxed);
            pool.stats().overflows.inc();
            return None;
        }
        pool.begin_waiting();
        pool.stats().pending.rise();
        Some(Self(origin))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let pool = &self.0.pool;
        pool.cluster.waiting.fetch_sub(1, Ordering::Relaxed);
        pool.end_waiting();
        pool.stats().pending.fall();
    }
}
