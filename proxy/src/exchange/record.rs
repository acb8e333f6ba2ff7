//! What was decided about a request and what came of it: enums and ids, rendered only when someone asks.
//!
//! A record reports itself when its last holder lets go, so that a request that was cancelled, timed out or panicked is
//! counted like any other. Its `Drop` calls telemetry; it decides nothing.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use http::StatusCode;
use tidegate_filters::By;
use tokio::time::Instant;

use super::{Connection, Kind, Met, Object};
use crate::live::{Cluster, Rule};
use crate::upstream::{Origin, Try};
use crate::worker::Worker;

#[derive(Debug)]
pub struct Record {
    pub started: Instant,
    pub connection: Arc<Connection>,
    worker: Rc<Worker>,
    /// What else an access log says of the request, kept only while there is one.
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

/// What an access log quotes of the request.
#[derive(Debug)]
pub struct Logged {
    pub method: http::Method,
    pub version: http::Version,
    pub target: http::Uri,
    /// As it goes upstream; none while there is no head that went there.
    pub request_id: OnceCell<http::HeaderValue>,
}

impl Record {
    /// Begins with the parsed head; without one the record is of a message that could not be read.
    pub fn new(worker: &Rc<Worker>, connection: &Arc<Connection>, head: Option<&http::request::Parts>) -> Self {
        let head = head.filter(|_| worker.logs_access());
        Self {
            started: worker.env.now(),
            connection: Arc::clone(connection),
            worker: Rc::clone(worker),
            logged: head.map(|head| Box::new(Logged::of(head))),
            rule: OnceCell::new(),
            matched: Cell::new(0),
            answered_by: Cell::new(None),
            backend: Cell::new(None),
            target: RefCell::new(None),
            barren: OnceCell::new(),
            tries: Cell::new(0),
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
            rule.route.stats.on(self.worker.id).active.rise();
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
            target.answered(now);
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
    fn of(head: &http::request::Parts) -> Self {
        Self {
            method: head.method.clone(),
            version: head.version,
            target: head.uri.clone(),
            request_id: OnceCell::new(),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.worker.report(self);
    }
}
