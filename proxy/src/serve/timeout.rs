//! The limit of the whole request: from when the client has finished sending it to the head of the final answer.
//!
//! An upload counts as long as it moves (the body stall limit watches it), and so does an answer's body: a total limit
//! would cut off every slow but steady transfer, which is what peers are blamed for.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::Service;

use crate::exchange::{Answer, Error, Exchange, Kind, Record};
use crate::worker::Deadline;

#[derive(Clone, Copy, Debug)]
pub struct Timeout<S> {
    inner: S,
}

impl<S> Timeout<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Box<Exchange>> for Timeout<S>
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error>,
{
    type Response = Answer;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, exchange: Box<Exchange>) -> Self::Future {
        let limit = exchange.rule.as_ref().and_then(|rule| rule.request_timeout);
        let limited = limit.map(|limit| Limited {
            limit,
            since: exchange.record.started,
            deadline: exchange.worker.timer.deadline(),
            record: Rc::clone(&exchange.record),
        });
        ResponseFuture {
            inner: self.inner.call(exchange),
            limited,
        }
    }
}

pin_project! {
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        limited: Option<Limited>,
    }
}

/// A limit that begins to run when the request is complete.
#[derive(Debug)]
pub(super) struct Limited {
    pub(super) limit: Duration,
    /// Not before this.
    pub(super) since: Instant,
    pub(super) deadline: Deadline,
    pub(super) record: Rc<Record>,
}

impl Limited {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.deadline.is_armed() {
            // Not complete yet: the task that reads the rest of it polls this, too.
            let Some(complete) = self.record.request_complete.get() else {
                return Poll::Pending;
            };
            self.deadline.arm(complete.max(self.since) + self.limit);
        }
        self.deadline.poll(cx)
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Answer, Error>>,
{
    type Output = Result<Answer, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answer) = this.inner.poll(cx) {
            return Poll::Ready(answer);
        }
        let Some(limited) = this.limited else {
            return Poll::Pending;
        };
        limited.poll(cx).map(|()| Err(Kind::RequestTimeout.into()))
    }
}
