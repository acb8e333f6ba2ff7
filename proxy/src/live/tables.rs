//! The compiled objects.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use http::HeaderValue;
use tidegate_config::{Kind, ObjectId, Snapshot};
use tidegate_filters::BackendEdits;
use tokio::sync::Semaphore;

use super::compile::{RuleFilters, SideTable};
use crate::http1;
use crate::http2;
use crate::router::HostTable;
use crate::telemetry::{AccessLog, AccessLogs, ClusterStats, EndpointStats, ListenerStats, RouteStats};
use crate::upstream::Slot;
use crate::worker::PerWorker;

/// One generation of configuration. Objects of a kind are in the order of their ids.
#[derive(Debug, Default)]
pub struct Tables {
    pub generation: u64,
    /// What they were compiled from.
    pub written: Arc<Snapshot>,
    pub listeners: Vec<(Arc<Listener>, Arc<Routing>)>,
    pub routes: Vec<Arc<Route>>,
    pub clusters: Vec<Arc<Cluster>>,
    /// This and the next are handed from one generation to the next.
    pub side: SideTable,
    pub logs: AccessLogs,
}

/// The rules of one listener.
pub type Routing = HostTable<Arc<Rule>>;

impl Tables {
    /// The rule that serves a request on this listener, or what has become of it since the connection was accepted, and
    /// how many bytes of the path its match covers.
    pub fn find(&self, listener: &Listener, head: &http::request::Parts) -> Option<(Arc<Rule>, usize)> {
        let entry = self.routing(listener)?.find(head)?;
        Some((Arc::clone(entry.target()), entry.covers(head.uri.path())))
    }

    /// The rules of this listener, in whichever version.
    pub fn routing(&self, listener: &Listener) -> Option<&Routing> {
        let mut listeners = self.listeners.iter();
        let (_, routing) = listeners.find(|(known, _)| known.is_same(listener))?;
        Some(routing)
    }

    /// The version of this listener that is in them.
    pub fn current(&self, listener: &Listener) -> Option<&Arc<Listener>> {
        let mut listeners = self.listeners.iter().map(|(listener, _)| listener);
        listeners.find(|known| known.is_same(listener))
    }

    /// Whether this listener is in them, in whichever version.
    pub fn has(&self, listener: &Listener) -> bool {
        self.current(listener).is_some()
    }

    /// The listener of this id.
    pub fn listener(&self, id: &ObjectId) -> Option<&Arc<Listener>> {
        let listeners = self.listeners.iter().map(|(listener, _)| listener);
        let path = id.path();
        listeners
            .filter(|_| id.kind() == Kind::Listener)
            .find(|it| *it.id == *path)
    }
}

#[derive(Debug)]
pub struct Listener {
    /// `namespace/name`.
    pub id: Arc<str>,
    /// As configured; port 0 lets the system choose.
    pub address: SocketAddr,
    pub limits: http1::Limits,
    pub timeouts: ListenerTimeouts,
    pub http2: http2::Settings,
    pub http: HttpOptions,
    /// Open connections over all workers, and how many there may be.
    pub connections: Arc<AtomicUsize>,
    pub max_connections: usize,
    pub requests_per_connection: Option<u64>,
    /// How long requests may go on once the listener closes.
    pub drain: Duration,
    pub stats: PerWorker<ListenerStats>,
    pub access_log: Option<Arc<AccessLog>>,
}

impl Listener {
    /// Whether this is the same listener, in whichever version: its label is the same `Arc` in all of them.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.id, &other.id)
    }
}

/// `None` never fires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListenerTimeouts {
    /// For a request head, from its first byte.
    pub request_head: Option<Duration>,
    /// Between two requests of a connection.
    pub idle: Option<Duration>,
    /// Between two pieces of a request body.
    pub body_stall: Option<Duration>,
    /// While the client takes nothing of the answer.
    pub write_stall: Option<Duration>,
    /// While neither side sends anything.
    pub stream_idle: Option<Duration>,
    /// While neither end of a tunnel sends anything.
    pub tunnel_idle: Option<Duration>,
}

/// What is added to and taken from messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpOptions {
    pub server: ServerField,
    pub via: Via,
    pub request_id: bool,
    /// How many proxies in front of us are trusted to have written X-Forwarded-*.
    pub trusted_hops: u32,
}

/// What answers say in `Server`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerField {
    Set(HeaderValue),
    Pass,
    Remove,
}

/// What happens to `Via`: `Append` concerns requests, `Remove` answers, too. The elements to append are ready-made, by the protocol a message came by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Via {
    Append {
        http10: HeaderValue,
        http11: HeaderValue,
        http2: HeaderValue,
    },
    Pass,
    Remove,
}

#[derive(Debug)]
pub struct Route {
    /// `namespace/name`.
    pub id: Arc<str>,
    pub stats: PerWorker<RouteStats>,
}

#[derive(Debug)]
pub struct Rule {
    pub route: Arc<Route>,
    /// Its route's: one place in memory fewer on the way of each request.
    pub stats: PerWorker<RouteStats>,
    /// Its name, or its place in the route: `#1` is the first.
    pub name: Box<str>,
    pub filters: RuleFilters,
    pub backends: Box<[Backend]>,
    pub total_weight: u64,
    /// For all tries together, from when the request is complete to the head of the answer.
    pub request_timeout: Option<Duration>,
    /// The same for each single try.
    pub backend_timeout: Option<Duration>,
}

#[derive(Debug)]
pub struct Backend {
    pub weight: u64,
    /// `None`: the cluster does not exist; this share answers 500.
    pub cluster: Option<Arc<Cluster>>,
    pub edits: BackendEdits,
}

#[derive(Debug)]
pub struct Cluster {
    /// `namespace/name`.
    pub id: Arc<str>,
    /// Its place in each worker's table of pools.
    pub slot: Slot,
    pub http2: bool,
    pub round_robin: bool,
    pub endpoints: Box<[Arc<Endpoint>]>,
    pub total_weight: u64,
    pub connect_timeout: Duration,
    /// `None` keeps idle connections until the upstream closes them.
    pub idle_timeout: Option<Duration>,
    /// One permit a connection that may be open over all workers.
    pub connections: Arc<Semaphore>,
    /// How many requests wait for a permit, over all workers.
    pub waiting: AtomicUsize,
    pub max_pending: usize,
    pub stats: PerWorker<ClusterStats>,
}

#[derive(Debug)]
pub struct Endpoint {
    pub address: SocketAddr,
    pub weight: u64,
    pub stats: PerWorker<EndpointStats>,
}
