//! Outermost: a failure below becomes an answer, and the record learns of it.
//!
//! Only what nobody would read an answer to passes as an error: the client has gone, or its stream was reset.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower::Service;

use super::generated;
use crate::exchange::{Answer, Error, Exchange, Record};

#[derive(Clone, Copy, Debug)]
pub struct Observe<S> {
    inner: S,
}

impl<S> Observe<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Box<Exchange>> for Observe<S>
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
        let record = Rc::clone(&exchange.record);
        ResponseFuture {
            inner: self.inner.call(exchange),
            record,
        }
    }
}

pin_project! {
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        record: Rc<Record>,
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Answer, Error>>,
{
    type Output = Result<Answer, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        Poll::Ready(result.or_else(|error| {
            let kind = error.kind();
            this.record.fail(kind);
            tracing::debug!(reason = kind.reason(), source = error.source_text(), "request failed");
            generated(kind, this.record).map(Answer::from).ok_or(error)
        }))
    }
}
