//! Which backend by weight, which endpoint of its cluster by load.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower::Service;

use super::early::Early;
use crate::exchange::{Answer, Error, Exchange, Kind};
use crate::live::{Backend, Rule};
use crate::upstream::draw;
use crate::worker::Worker;

#[derive(Clone, Copy, Debug)]
pub struct Balance<S> {
    inner: S,
}

impl<S> Balance<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Box<Exchange>> for Balance<S>
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
        match choose(&mut exchange) {
            Ok(()) => Early::Passed {
                inner: self.inner.call(exchange),
            },
            Err(kind) => Early::failed(kind),
        }
    }
}

/// Notes the chosen backend and endpoint in the exchange's record, and makes the backend's edits of the request.
fn choose(exchange: &mut Exchange) -> Result<(), Kind> {
    let worker = &exchange.worker;
    let rule = exchange.rule.as_ref().ok_or(Kind::NoRoute)?;
    let (position, backend) = backend(rule, worker)?;
    let cluster = backend.cluster.as_ref().ok_or(Kind::InvalidBackend)?;
    let pool = worker.pools.of(cluster, worker.id);
    let Some(chosen) = pool.choose(exchange.record.started, &worker.env) else {
        // Chosen once.
        let _ = exchange.record.barren.set(Arc::clone(cluster));
        return Err(Kind::NoEndpoint);
    };
    exchange.record.aim(chosen);
    exchange.record.backend.set(Some(position));
    backend.edits.on_request(&mut exchange.head.headers);
    Ok(())
}

fn backend<'a>(rule: &'a Rule, worker: &Worker) -> Result<(usize, &'a Backend), Kind> {
    if rule.total_weight == 0 {
        return Err(Kind::NoBackend);
    }
    let index = match rule.backends.len() {
        1 => 0,
        _ => draw(
            rule.backends.iter().map(|backend| backend.weight),
            rule.total_weight,
            &worker.env,
        ),
    };
    let backend = rule.backends.get(index).ok_or(Kind::NoBackend)?;
    Ok((index, backend))
}
