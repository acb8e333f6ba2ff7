//! A worker's connections to the endpoints of a cluster.
//!
//! Idle HTTP/1.1 connections are kept last in, first out, so that the surplus grows old and is closed; HTTP/2 connections
//! are shared by the streams on them. A connection counts against the cluster's limit (over all workers) from connect to
//! close, by the permit it holds.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Instant;

use super::balance::{PeakEwma, draw};
use crate::http1::Transport;
use crate::http2;
use crate::live::{Cluster, Endpoint};
use crate::telemetry::{ClusterStats, EndpointStats};
use crate::worker::{Env, Worker, WorkerId};

/// The pools of a worker, by the cluster's slot.
#[derive(Debug, Default)]
pub struct Pools(RefCell<Vec<Option<Rc<ClusterPool>>>>);

impl Pools {
    pub fn of(&self, cluster: &Arc<Cluster>, worker: WorkerId) -> Rc<ClusterPool> {
        let mut pools = self.0.borrow_mut();
        if pools.len() <= cluster.slot.index() {
            pools.resize(cluster.slot.index() + 1, None);
        }
        match pools.get_mut(cluster.slot.index()) {
            Some(Some(pool)) => Rc::clone(pool),
            Some(empty) => Rc::clone(empty.insert(Rc::new(ClusterPool::new(Arc::clone(cluster), worker)))),
            None => Rc::new(ClusterPool::new(Arc::clone(cluster), worker)),
        }
    }

    /// Drops the pools of clusters that are no longer configured.
    pub fn retain(&self, configured: &[Arc<Cluster>]) {
        let mut pools = self.0.borrow_mut();
        let mut is_configured = vec![false; pools.len()];
        for cluster in configured {
            if let Some(found) = is_configured.get_mut(cluster.slot.index()) {
                *found = true;
            }
        }
        for (pool, _) in pools
            .iter_mut()
            .zip(is_configured)
            .filter(|(_, is_configured)| !is_configured)
        {
            if let Some(pool) = pool.take() {
                pool.retired.set(true);
                pool.close_idle();
            }
        }
    }

    /// Closes what has been idle too long or was closed by its peer.
    pub fn sweep(&self, now: Instant) {
        for pool in self.0.borrow().iter().flatten() {
            pool.sweep(now);
        }
    }

    /// Gives up one idle connection of a cluster whose limit is used up, for a worker that needs one.
    pub fn give_up_idle(&self, slot: usize) {
        if let Some(Some(pool)) = self.0.borrow().get(slot) {
            // Whoever waits longest gets its permit.
            drop(pool.give_up_idle());
        }
    }
}

#[derive(Debug)]
pub struct ClusterPool {
    pub cluster: Arc<Cluster>,
    worker: WorkerId,
    endpoints: Box<[EndpointPool]>,
    /// Where round robin stands.
    next: Cell<usize>,
    /// Told when a connection came back or a stream ended while requests wait.
    pub(super) freed: Rc<Notify>,
    waiting: Cell<usize>,
    /// Its cluster is gone, and nobody looks after what it would keep.
    retired: Cell<bool>,
}

#[derive(Debug)]
struct EndpointPool {
    endpoint: Arc<Endpoint>,
    idle: RefCell<Vec<Idle>>,
    shared: RefCell<Vec<Shared>>,
    /// One HTTP/2 connection is opened at a time; other requests wait to share it.
    connecting: Cell<bool>,
    latency: PeakEwma,
}

#[derive(Debug)]
struct Idle {
    transport: Transport,
    permit: Permit,
    since: Instant,
    limit: Option<Duration>,
}

impl Idle {
    fn is_old(&self, now: Instant) -> bool {
        is_old(self.since, now, self.limit)
    }
}

#[derive(Debug)]
struct Shared {
    handle: http2::Handle,
    idle_since: Option<Instant>,
}

/// What a connection holds while it is open: its share of the cluster's limit, and its place in the count.
pub(crate) type Permit = (Counted, OwnedSemaphorePermit);

/// A connection that counts as open until this is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Origin);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.pool.stats().connections.fall();
        self.0.stats().connections.fall();
    }
}

impl ClusterPool {
    fn new(cluster: Arc<Cluster>, worker: WorkerId) -> Self {
        let endpoints = cluster.endpoints.iter().map(|endpoint| EndpointPool {
            endpoint: Arc::clone(endpoint),
            idle: RefCell::default(),
            shared: RefCell::default(),
            connecting: Cell::new(false),
            latency: PeakEwma::default(),
        });
        let endpoints = endpoints.collect();
        // Workers start at different places so that together they do not march in step.
        let next = Cell::new(worker.0);
        Self {
            cluster,
            worker,
            endpoints,
            next,
            freed: Rc::default(),
            waiting: Cell::new(0),
            retired: Cell::new(false),
        }
    }

    pub(super) fn begin_waiting(&self) {
        self.waiting.set(self.waiting.get() + 1);
    }

    pub(super) fn end_waiting(&self) {
        self.waiting.set(self.waiting.get().saturating_sub(1));
        if !self.keeps() {
            self.close_idle();
        }
    }

    /// Whether connections that are free stay open. What is kept holds the pool itself by its permit, so that a retired pool
    /// would never go; it keeps them only for the requests that still wait.
    fn keeps(&self) -> bool {
        !self.retired.get() || self.waiting.get() > 0
    }

    /// The endpoint for a request that comes `now`; `None` when the cluster has none.
    pub fn choose(self: &Rc<Self>, now: Instant, env: &Env) -> Option<Try> {
        let index = match self.endpoints.len() {
            0 => return None,
            1 => 0,
            count if self.cluster.round_robin => self.round_robin(count),
            _ => self.better_of_two(now, env),
        };
        if self.cluster.total_weight == 0 {
            return None;
        }
        let endpoint = self.endpoints.get(index)?;
        let stats = endpoint.endpoint.stats.on(self.worker);
        stats.requests.inc();
        stats.active.rise();
        self.stats().requests.inc();
        self.stats().active.rise();
        Some(Try {
            origin: Origin {
                pool: Rc::clone(self),
                index,
            },
            started: now,
        })
    }

    /// Weighted round robin: the turn walks through as many places as the weights add up to.
    fn round_robin(&self, count: usize) -> usize {
        let weights = || self.endpoints.iter().map(|pool| pool.endpoint.weight);
        let turn = self.next.get();
        self.next.set(turn.wrapping_add(1));
        if weights().all(|weight| weight == 1) {
            return turn % count;
        }
        let mut left = turn as u64 % self.cluster.total_weight.max(1);
        for (index, weight) in weights().enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    fn better_of_two(&self, now: Instant, env: &Env) -> usize {
        let weights = || self.endpoints.iter().map(|pool| pool.endpoint.weight);
        let first = draw(weights(), self.cluster.total_weight, env);
        let mut second = draw(weights(), self.cluster.total_weight, env);
        if second == first {
            second = (first + 1) % self.endpoints.len();
            if self.endpoints.get(second).is_none_or(|pool| pool.endpoint.weight == 0) {
                return first;
            }
        }
        let cost = |index: usize| {
            self.endpoints.get(index).map_or(f64::MAX, |pool| {
                let in_flight = pool.endpoint.stats.on(self.worker).active.value();
                let load = in_flight as f64 / pool.endpoint.weight.max(1) as f64;
                pool.latency.cost(load, now)
            })
        };
        if cost(second) < cost(first) { second } else { first }
    }

    pub(crate) fn stats(&self) -> &ClusterStats {
        self.cluster.stats.on(self.worker)
    }

    fn sweep(&self, now: Instant) {
        for endpoint in &self.endpoints {
            endpoint.idle.borrow_mut().retain(|idle| {
                let keep = is_quiet(&idle.transport) && !idle.is_old(now);
                if !keep {
                    self.closed_idle();
                }
                keep
            });
            endpoint.shared.borrow_mut().retain_mut(|shared| {
                if shared.handle.is_closing() {
                    return false;
                }
                if shared.handle.active_streams() > 0 {
                    shared.idle_since = None;
                    return true;
                }
                let since = *shared.idle_since.get_or_insert(now);
                !is_old(since, now, self.cluster.idle_timeout)
            });
        }
    }

    fn closed_idle(&self) {
        self.stats().idle.fall();
    }

    fn close_idle(&self) {
        for endpoint in &self.endpoints {
            for _ in endpoint.idle.borrow_mut().drain(..) {
                self.closed_idle();
            }
            endpoint.shared.borrow_mut().clear();
        }
    }

    /// Closes one idle connection. The permit of an HTTP/1.1 connection is given, past whoever waits for one; that of an
    /// HTTP/2 connection comes to those once it is closed in order.
    pub(super) fn give_up_idle(&self) -> Option<OwnedSemaphorePermit> {
        for endpoint in &self.endpoints {
            let mut idle = endpoint.idle.borrow_mut();
            if !idle.is_empty() {
                let (_, permit) = idle.remove(0).permit;
                self.closed_idle();
                return Some(permit);
            }
        }
        for endpoint in &self.endpoints {
            let mut shared = endpoint.shared.borrow_mut();
            if let Some(index) = shared.iter().position(|shared| shared.handle.active_streams() == 0) {
                shared.remove(index);
                break;
            }
        }
        None
    }
}

/// Long enough before the peer closes that no request meets the close on its way; of a short time, half.
fn shorter(kept: Duration) -> Duration {
    kept.saturating_sub(Duration::from_secs(1)).max(kept / 2)
}

fn is_old(since: Instant, now: Instant, limit: Option<Duration>) -> bool {
    limit.is_some_and(|limit| now.saturating_duration_since(since) >= limit)
}

/// Whether the peer has neither closed nor spoken, as far as the runtime has heard.
fn is_quiet(transport: &Transport) -> bool {
    transport
        .io
        .poll_read_ready(&mut Context::from_waker(Waker::noop()))
        .is_pending()
}

/// One endpoint of one pool: where a connection belongs.
#[derive(Clone, Debug)]
pub struct Origin {
    pub pool: Rc<ClusterPool>,
    index: usize,
}

impl Origin {
    /// Always there: an origin is made only by its pool, whose endpoints never change.
    #[allow(clippy::indexing_slicing)]
    fn endpoint(&self) -> &EndpointPool {
        &self.pool.endpoints[self.index]
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.endpoint().endpoint.address
    }

    /// What this worker counts of the endpoint.
    pub(super) fn stats(&self) -> &EndpointStats {
        self.endpoint().endpoint.stats.on(self.pool.worker)
    }

    pub(super) fn count_connection(&self) -> Counted {
        self.pool.stats().connections.rise();
        self.stats().connections.rise();
        Counted(self.clone())
    }

    /// The idle connection that was used last and is still good.
    ///
    /// `certain` asks the kernel as well: for a request that must not be sent twice, one system call buys that a close
    /// which has arrived is not overlooked.
    pub(super) fn checkout(&self, now: Instant, certain: bool) -> Option<(Transport, Permit)> {
        let mut idle = self.endpoint().idle.borrow_mut();
        while let Some(last) = idle.pop() {
            self.pool.closed_idle();
            if !last.is_old(now) && is_quiet(&last.transport) && (!certain || last.transport.io.is_quiet()) {
                return Some((last.transport, last.permit));
            }
        }
        None
    }

    /// Takes back a connection whose answer was complete at `now`, and which the upstream may have said that it keeps for
    /// `kept`. It is closed instead when another worker waits for its permit, and when the cluster is gone.
    pub(crate) fn check_in(
        &self,
        mut transport: Transport,
        permit: Permit,
        now: Instant,
        kept: Option<Duration>,
        worker: &Worker,
    ) {
        let waiting_elsewhere = self.pool.cluster.waiting.load(Ordering::Relaxed) > self.pool.waiting.get();
        if waiting_elsewhere && self.pool.waiting.get() == 0 || !self.pool.keeps() {
            return;
        }
        transport.rest(&worker.buffers);
        self.endpoint().idle.borrow_mut().push(Idle {
            transport,
            permit,
            since: now,
            limit: [self.pool.cluster.idle_timeout, kept.map(shorter)]
                .into_iter()
                .flatten()
                .min(),
        });
        self.pool.stats().idle.rise();
        if self.pool.waiting.get() > 0 {
            self.pool.freed.notify_one();
        }
    }
}

impl Origin {
    /// The HTTP/2 connection with the fewest streams that can take one more.
    pub(super) fn share(&self) -> Option<http2::Handle> {
        let shared = self.endpoint().shared.borrow();
        let usable = shared
            .iter()
            .map(|shared| &shared.handle)
            .filter(|handle| handle.is_usable());
        usable.min_by_key(|handle| handle.active_streams()).cloned()
    }

    /// Lets others share this connection, unless the cluster is gone.
    pub(super) fn add_shared(&self, handle: http2::Handle) {
        if !self.pool.keeps() {
            return;
        }
        self.endpoint().shared.borrow_mut().push(Shared {
            handle,
            idle_since: None,
        });
    }

    /// Whether someone is opening a connection that others can share.
    pub(super) fn is_connecting(&self) -> bool {
        self.endpoint().connecting.get()
    }

    /// Lets others wait for this connection, until the result is dropped.
    pub(super) fn begin_connecting(&self) -> Connecting<'_> {
        self.endpoint().connecting.set(self.pool.cluster.http2);
        Connecting(self)
    }
}

pub(super) struct Connecting<'a>(&'a Origin);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.endpoint().connecting.set(false);
        self.0.pool.freed.notify_waiters();
    }
}

/// A request that an endpoint was chosen for; counts as in flight until dropped.
#[derive(Debug)]
pub struct Try {
    pub origin: Origin,
    started: Instant,
}

impl Try {
    /// Notes that the head of the answer has arrived. Before the endpoint had a connection and the whole request, time says
    /// nothing of how fast it is: one that was never asked, or that a slow client uploads to, would seem slow.
    pub fn answered(&self, now: Instant, waited: Duration, complete: Option<Instant>) {
        let handed_over = self.started + waited;
        let since = complete.map_or(handed_over, |complete| complete.max(handed_over));
        let took = now.saturating_duration_since(since);
        self.origin.endpoint().latency.record(took, now);
        self.origin.pool.stats().latency.record(took);
    }

    /// Notes that the upstream failed the request.
    pub fn failed(&self, now: Instant) {
        self.origin.endpoint().latency.failed(now);
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        self.origin.stats().active.fall();
        self.origin.pool.stats().active.fall();
    }
}
