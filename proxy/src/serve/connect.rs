//! Innermost: gets a connection and sends the request on it.
//!
//! A connection that was used before may be closed by the upstream just as the request goes out. When not a byte of an
//! answer came, a request that may be repeated goes again on a fresh connection and no client notices (docs/wire.md, promise
//! 7; RFC 9112 section 9.3.1); one that may not is checked against such a close before it is sent.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::{Method, Response};
use tower::Service;

use super::timeout::Limited;
use crate::exchange::{Answer, Body, Error, Exchange, Kind, Record};
use crate::http2;
use crate::upstream::{Again, Failed, Lease, Origin, Wish, lease};

#[derive(Clone, Copy, Debug)]
pub struct Connect;

impl Service<Box<Exchange>> for Connect {
    type Response = Answer;
    type Error = Error;
    // The one box of the stack: everything that waits is in it.
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Error>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, exchange: Box<Exchange>) -> Self::Future {
        Box::pin(connect(exchange))
    }
}

async fn connect(mut exchange: Box<Exchange>) -> Result<Answer, Error> {
    let record = Rc::clone(&exchange.record);
    let origin = record.origin().ok_or(Kind::NoEndpoint)?;
    let repeatable = is_idempotent(&exchange.head.method);
    let mut wish = Wish {
        // Parsed in this very poll, or the one before.
        now: record.started,
        fresh: false,
        certain: !repeatable,
    };
    loop {
        let tries = record.tries.get() + 1;
        record.tries.set(tries);
        match one_try(&mut exchange, &origin, wish, &record).await {
            Ok(answer) => {
                let headers = std::mem::take(&mut exchange.head.headers);
                exchange.worker.header_maps.give_back(headers);
                return Ok(answer);
            }
            Err(Failed { again, .. }) if again.is_allowed(tries, repeatable) => {
                origin.pool.stats().resent.inc();
                wish.now = exchange.worker.env.now();
                wish.fresh = true;
            }
            Err(Failed { error, .. }) => return Err(error),
        }
    }
}

async fn one_try(exchange: &mut Exchange, origin: &Origin, wish: Wish, record: &Rc<Record>) -> Result<Answer, Failed> {
    let worker = Rc::clone(&exchange.worker);
    let limit = exchange.rule.as_ref().and_then(|rule| rule.backend_timeout);
    let attempt = async {
        match lease(origin, wish, record, &worker).await? {
            Lease::Http1(connection) => connection.send(exchange).await,
            Lease::Http2(connection) => send_http2(&connection, exchange).await,
        }
    };
    let Some(limit) = limit else { return attempt.await };
    let mut limited = Limited {
        limit,
        since: wish.now,
        deadline: worker.timer.deadline(),
        record: Rc::clone(record),
    };
    let mut attempt = std::pin::pin!(attempt);
    std::future::poll_fn(|cx| match attempt.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => limited.poll(cx).map(|()| Err(Error::new(Kind::BackendTimeout).into())),
    })
    .await
}

async fn send_http2(connection: &http2::Handle, exchange: &mut Exchange) -> Result<Answer, Failed> {
    let body = std::mem::replace(&mut exchange.body, Body::Empty);
    let interim = exchange.interim.clone();
    match connection.send(&mut exchange.head, body, interim).await {
        Ok((head, body)) => {
            exchange.record.answered(exchange.worker.env.now());
            Ok(Response::from_parts(head, body).into())
        }
        Err(http2::Failure { error, again, body }) => {
            let again = body.map_or(Again::No, |body| {
                exchange.body = body;
                again
            });
            Err(Failed { error, again })
        }
    }
}

/// RFC 9110 section 9.2.2, of the methods it defines.
fn is_idempotent(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    )
}
