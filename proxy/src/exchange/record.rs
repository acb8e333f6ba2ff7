//! What was decided about a request and what came of it: enums and ids, rendered only when someone asks.
//!
//! A record reports itself when its last holder lets go, so that a request that was cancelled, timed out or panicked is
//! counted like any other. Its `Drop` calls telemetry; it decides nothing.

use std::cell::{Cell, OnceCell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, REFERER, USER_AGENT};
use http::{HeaderName, HeaderValue, StatusCode};
use tidegate_filters::By;
use tokio::time::Instant;

use super::{Connection, Kind, Met, Object};
use crate::live::{Cluster, Rule};
use crate::telemetry::AccessLog;
use crate::upstream::{Origin, Try};
use crate::worker::Worker;

#[derive(Debug)]
pub struct Record {
    pub started: Instant,
    pub connection: Arc<Connection>,
    worker: Rc<Worker>,
    /// The access log that this goes to, if any.
    pub logged: Option<Box<Logged>>,
    pub rule: OnceCell<Arc<Rule>>,
    /// How many bytes of the path the rule's match covers.
    pub matched: Cell<usize>,
    /// The filter that answered.
    pub answered_by: Cell<Option<By>>,
    /// The position of the backend that was chosen among the rule's.
    pub backend: Cell<Option<usize>>,
    /// The endpoint of the last try; the request counts as in flight there until the record reports.
    target: RefCell<Option<Try>>,
    /// The chosen cluster, if it had no endpoint to try.
    pub barren: OnceCell<Arc<Cluster>>,
    pub tries: Cell<u32>,
    /// How long the request has waited for a connection, in all tries.
    pub waited: Cell<Duration>,
    /// The status that was sent; `None` while the client has seen none.
    pub status: Cell<Option<StatusCode>>,
    pub failure: Cell<Option<Kind>>,
    pub request_bytes: Cell<u64>,
    pub response_bytes: Cell<u64>,
    /// When the last byte of the request was read.
    pub request_complete: Cell<Option<Instant>>,
    /// When the head of the upstream's answer had arrived.
    pub answered: Cell<Option<Instant>>,
}

/// A record that makes a line of an access log, with what the line quotes of the request.
#[derive(Debug)]
pub struct Logged {
    pub log: Arc<AccessLog>,
    /// `None`: no head could be read.
    pub request: Option<Quoted>,
}

/// What an access log quotes of a request's head; the headers only if it does.
#[derive(Debug)]
pub struct Quoted {
    pub method: http::Method,
    pub version: http::Version,
    pub target: http::Uri,
    pub host: Option<HeaderValue>,
    pub user_agent: Option<HeaderValue>,
    pub referer: Option<HeaderValue>,
    /// As it goes upstream; none while there is no head that went there.
    pub request_id: OnceCell<HeaderValue>,
    /// Who asks, if trusted hops say so.
    pub client: OnceCell<IpAddr>,
}

/// Counts as waiting for a connection until dropped, also when the wait is cut off.
#[derive(Debug)]
pub struct Waiting<'a> {
    record: &'a Record,
    since: Instant,
}

impl Record {
    /// Begins with the parsed head; without one the record is of a message that could not be read.
    pub fn new(worker: &Rc<Worker>, connection: &Arc<Connection>, head: Option<&http::request::Parts>) -> Self {
        Self {
            started: worker.env.now(),
            connection: Arc::clone(connection),
            worker: Rc::clone(worker),
            logged: worker
                .access_log(&connection.listener)
                .map(|log| Box::new(Logged::new(log, head))),
            rule: OnceCell::new(),
            matched: Cell::new(0),
            answered_by: Cell::new(None),
            backend: Cell::new(None),
            target: RefCell::new(None),
            barren: OnceCell::new(),
            tries: Cell::new(0),
            waited: Cell::new(Duration::ZERO),
            status: Cell::new(None),
            failure: Cell::new(None),
            request_bytes: Cell::new(0),
            response_bytes: Cell::new(0),
            request_complete: Cell::new(None),
            answered: Cell::new(None),
        }
    }

    pub fn routed(&self, rule: &Arc<Rule>, matched: usize) {
        self.matched.set(matched);
        // A request is routed once.
        if self.rule.set(Arc::clone(rule)).is_ok() {
            rule.stats.on(self.worker.id).active.rise();
        }
    }

    /// The next try goes there.
    pub fn aim(&self, target: Try) {
        *self.target.borrow_mut() = Some(target);
    }

    /// Where the last try went.
    pub fn origin(&self) -> Option<Origin> {
        self.target.borrow().as_ref().map(|target| target.origin.clone())
    }

    /// What the request has met; `origin` is this record's own.
    pub fn met<'a>(&'a self, origin: Option<&'a Origin>) -> Met<'a> {
        let tried = origin.map(|origin| &origin.pool.cluster);
        let (listener, rule) = (&*self.connection.listener.id, self.rule.get());
        let route = rule.map(|rule| &*rule.route.id);
        let is_listeners = |by: By| rule.is_some_and(|rule| rule.filters.is_listeners(by.position));
        Met {
            listener,
            route,
            filter: self.answered_by.get().and_then(|by| match is_listeners(by) {
                true => Some(Object::listener(listener)),
                false => route.map(Object::route),
            }),
            cluster: tried.or(self.barren.get()).map(|cluster| &*cluster.id),
        }
    }

    pub fn answered(&self, now: Instant) {
        self.answered.set(Some(now));
        if let Some(target) = &*self.target.borrow() {
            target.answered(now, self.waited.get(), self.request_complete.get());
        }
    }

    /// Notes that the endpoint of the last try, if there is one, is to blame.
    pub fn blame(&self, now: Instant) {
        if let Some(target) = &*self.target.borrow() {
            target.failed(now);
        }
    }

    pub fn request_ended(&self, now: Instant) {
        self.request_complete.set(Some(now));
    }

    /// The request waits for a connection from now on.
    pub fn waits(&self) -> Waiting<'_> {
        Waiting {
            record: self,
            since: self.worker.env.now(),
        }
    }

    /// Notes why the request failed; the first reason is the one that counts.
    pub fn fail(&self, kind: Kind) {
        if self.failure.get().is_none() {
            self.failure.set(Some(kind));
        }
    }

    pub fn add_response_bytes(&self, bytes: usize) {
        self.response_bytes
            .set(self.response_bytes.get().saturating_add(bytes as u64));
    }

    pub fn add_request_bytes(&self, bytes: usize) {
        self.request_bytes
            .set(self.request_bytes.get().saturating_add(bytes as u64));
    }
}

impl Logged {
    fn new(log: Arc<AccessLog>, head: Option<&http::request::Parts>) -> Self {
        let quotes = log.quotes();
        let request = head.map(|head| {
            let header = |name: HeaderName| head.headers.get(name).cloned();
            Quoted {
                method: head.method.clone(),
                version: head.version,
                target: head.uri.clone(),
                host: quotes.host.then(|| header(HOST)).flatten(),
                user_agent: quotes.user_agent.then(|| header(USER_AGENT)).flatten(),
                referer: quotes.referer.then(|| header(REFERER)).flatten(),
                request_id: OnceCell::new(),
                client: OnceCell::new(),
            }
        });
        Self { log, request }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let (record, now) = (self.record, self.record.worker.env.now());
        let waited = now.saturating_duration_since(self.since);
        record.waited.set(record.waited.get().saturating_add(waited));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.worker.report(self);
    }
}
