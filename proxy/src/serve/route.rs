//! Finds the rule that serves the request.

use std::task::{Context, Poll};

use tower::Service;

use super::early::Early;
use crate::exchange::{Answer, Error, Exchange, Kind};

#[derive(Clone, Copy, Debug)]
pub struct Match<S> {
    inner: S,
}

impl<S> Match<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Box<Exchange>> for Match<S>
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error>,
{
    type Response = Answer;
    type Error = Error;
    type Future = Early<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut exchange: Box<Exchange>) -> Self::Future {
        if exchange.head.method == http::Method::CONNECT {
            return Early::failed(Kind::UpgradeRefused);
        }
        let found = exchange.tables.find(&exchange.connection.listener, &exchange.head);
        let Some((rule, matched)) = found else {
            return Early::failed(Kind::NoRoute);
        };
        exchange.record.routed(&rule, matched);
        exchange.rule = Some(rule);
        Early::Passed {
            inner: self.inner.call(exchange),
        }
    }
}
