//! What the rule's filters do: they change the request or answer it, and change every answer on its way back.
//!
//! An answer is changed whoever gave it, upstream, filter or Tidegate itself ([`generated`]), and after `Server` and `Via`
//! were written: what a rule says of a header is the last word. A backend's own edits come before those of its rule.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Response};
use pin_project_lite::pin_project;
use tidegate_filters::{self as filters, FilterCx, Reason};
use tower::Service;

use super::annotate::{annotate_answer, client};
use super::generated::{generated, name_cause};
use crate::exchange::{Answer, Body, Connection, Error, Exchange, Kind, Record};

#[derive(Clone, Copy, Debug)]
pub struct Filters<S> {
    inner: S,
}

impl<S> Filters<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Box<Exchange>> for Filters<S>
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error>,
{
    type Response = Answer;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut exchange: Box<Exchange>) -> Self::Future {
        let record = Rc::clone(&exchange.record);
        match on_request(&mut exchange) {
            ControlFlow::Continue(()) => ResponseFuture::Passed {
                inner: self.inner.call(exchange),
                record,
            },
            ControlFlow::Break(answer) => {
                let headers = std::mem::take(&mut exchange.head.headers);
                exchange.worker.header_maps.give_back(headers);
                ResponseFuture::Answered {
                    answer: Some(answer),
                    record,
                }
            }
        }
    }
}

pin_project! {
    #[project = Projection]
    pub enum ResponseFuture<F> {
        Answered { answer: Option<Box<filters::Answer>>, record: Rc<Record> },
        Passed { #[pin] inner: F, record: Rc<Record> },
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Answer, Error>>,
{
    type Output = Result<Answer, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projection::Passed { inner, record } => {
                let mut answer = ready!(inner.poll(cx))?;
                on_answer(&mut answer, record);
                Poll::Ready(Ok(answer))
            }
            Projection::Answered { answer, record } => match answer.take() {
                Some(answer) => Poll::Ready(Ok(filtered(*answer, record).into())),
                // Polled again after it was ready, which no caller does.
                None => Poll::Pending,
            },
        }
    }
}

#[inline]
fn on_request(exchange: &mut Exchange) -> ControlFlow<Box<filters::Answer>> {
    match &exchange.rule {
        Some(rule) if !rule.filters.chain.is_empty() => {
            let cx = circumstances(&exchange.connection, &exchange.record, &exchange.head.headers);
            rule.filters.chain.on_request(&mut exchange.head, &cx)
        }
        _ => ControlFlow::Continue(()),
    }
}

fn circumstances(connection: &Connection, record: &Record, headers: &HeaderMap) -> FilterCx {
    FilterCx {
        client: client(connection, headers),
        scheme: connection.scheme(),
        port: connection.local.port(),
        matched: record.matched.get(),
    }
}

fn on_answer(answer: &mut Answer, record: &Record) {
    let headers = match answer {
        Answer::Response(response) => {
            annotate_answer(response.headers_mut(), &record.connection.listener.http);
            response.headers_mut()
        }
        Answer::Tunnel(tunnel) => &mut tunnel.head.headers,
    };
    let Some(rule) = record.rule.get() else { return };
    if let Some(backend) = record.backend.get().and_then(|position| rule.backends.get(position)) {
        backend.edits.on_response(headers);
    }
    rule.filters.chain.on_response(headers);
}

/// The answer that a filter gave, as the client gets it.
fn filtered(answer: filters::Answer, record: &Record) -> Response<Body> {
    record.answered_by.set(Some(answer.by));
    let refused = match answer.by.reason {
        Reason::RateLimited => Some(Kind::RateLimited),
        Reason::InvalidRewrite => Some(Kind::InvalidRewrite),
        Reason::Redirect | Reason::DirectResponse => None,
    };
    let refusal = refused.and_then(|kind| {
        record.fail(kind);
        generated(kind, record)
    });
    if let Some(mut response) = refusal {
        response.headers_mut().extend(answer.headers);
        return response;
    }
    let mut response = Response::new(Body::Full(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    name_cause(
        response.headers_mut(),
        answer.by.reason.as_str(),
        record.met(None).filter,
    );
    finish_own(response.headers_mut(), record);
    response
}

/// What an answer of ours has in common with those of upstreams.
pub(super) fn finish_own(headers: &mut HeaderMap, record: &Record) {
    annotate_answer(headers, &record.connection.listener.http);
    if let Some(rule) = record.rule.get() {
        rule.filters.chain.on_response(headers);
    }
}

#[cfg(test)]
mod tests;
