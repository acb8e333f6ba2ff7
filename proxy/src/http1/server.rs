//! Serves one downstream HTTP/1.1 connection: reads a head, calls the stack, writes the answer, again.
//!
//! Everything of a request runs in the connection's own task. Between requests the task holds a [`Session`] without
//! buffers and nothing else; what a request needs is boxed while there is one.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderValue, Response, Version};
use tower::Service;

use super::session::{Asked, HeadError, RequestBody, Session, Wake};
use super::{BodyLength, Encoder, RequestHead};
use crate::exchange::{Answer, Body, Error, Exchange, Interim, Kind, Record, Tunnel};
use crate::serve::{self, generated};

/// How much of an unwanted request body is read to save the connection, and for how long.
pub(crate) const LEFTOVER_BYTES: usize = 64 * 1024;
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(1);

/// Serves until the client closes, an error ends it, or the drain does.
pub async fn serve<S>(session: Rc<Session>, stack: S)
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error> + Clone,
{
    let mut served = 0;
    loop {
        if !session.has_input() && matches!(session.idle().await, Wake::Finished) {
            return;
        }
        match Box::pin(busy(&session, &stack, &mut served)).await {
            Next::Idle => {}
            Next::Close => return,
            Next::Tunnel(tunnel, record) => {
                let worker = Rc::clone(&session.worker);
                if let Some(client) = session.into_tunnel(record) {
                    // Boxed: an idle connection shares this future's size.
                    Box::pin(serve::tunnel(client, *tunnel, worker)).await;
                }
                return;
            }
        }
    }
}

enum Next {
    Idle,
    Close,
    Tunnel(Box<Tunnel>, Rc<Record>),
}

/// Serves requests for as long as their bytes are there.
async fn busy<S>(session: &Rc<Session>, stack: &S, served: &mut u64) -> Next
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error> + Clone,
{
    loop {
        let head = match session.read_head().await {
            Ok(head) => head,
            Err(HeadError::Closed) => return Next::Close,
            Err(HeadError::Refused(kind)) => {
                refuse(session, kind).await;
                return Next::Close;
            }
        };
        *served += 1;
        match one(session, stack, head, *served).await {
            Ok(Ended::KeepAlive) if session.has_input() => {}
            Ok(Ended::KeepAlive) => return Next::Idle,
            Ok(Ended::Close) => {
                session.linger(LINGER_TIME).await;
                return Next::Close;
            }
            Ok(Ended::Tunnel(tunnel, record)) => return Next::Tunnel(tunnel, record),
            Err(()) => return Next::Close,
        }
    }
}

enum Ended {
    KeepAlive,
    Close,
    Tunnel(Box<Tunnel>, Rc<Record>),
}

/// Serves one request. An error means that the connection is beyond use.
async fn one<S>(session: &Rc<Session>, stack: &S, head: RequestHead, served: u64) -> Result<Ended, ()>
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error> + Clone,
{
    let listener = &session.connection.listener;
    let last = listener.requests_per_connection.is_some_and(|limit| served >= limit);
    let asked = Asked {
        version: head.parts.version,
        method: head.parts.method.clone(),
        persistent: head.persistent && !last,
    };
    let record = Rc::new(Record::new(&session.worker, &session.connection, Some(&head.parts)));
    let exchange = exchange(session, head, &record);
    match answer(session, stack.clone(), exchange, &record).await {
        Ok(Answer::Response(response)) => respond(session, &asked, response, &record).await,
        Ok(Answer::Tunnel(tunnel)) => {
            record.status.set(Some(tunnel.head.status));
            session.write_head(&tunnel.head, BodyLength::None, &asked, true, tunnel.upgrade.as_ref());
            poll_fn(|cx| session.poll_flush(cx))
                .await
                .map_err(|error| record.fail(error.kind()))?;
            Ok(Ended::Tunnel(Box::new(tunnel), record))
        }
        Err(error) => {
            record.fail(error.kind());
            let answer = generated(error.kind(), &record).ok_or(())?;
            respond(session, &asked, answer, &record).await
        }
    }
}

fn exchange(session: &Rc<Session>, head: RequestHead, record: &Rc<Record>) -> Box<Exchange> {
    let length = match head.body {
        BodyLength::None => Some(0),
        BodyLength::Sized(length) => Some(length),
        BodyLength::Chunked | BodyLength::UntilClose => None,
    };
    let body = match length {
        Some(0) => {
            record.request_ended(record.started);
            Body::Empty
        }
        length => Body::Http1Request(RequestBody::new(Rc::clone(session), Rc::clone(record), length)),
    };
    let interim = (head.parts.version == Version::HTTP_11).then(|| Rc::clone(session) as Rc<dyn Interim>);
    Box::new(Exchange {
        head: head.parts,
        body,
        connection: Arc::clone(&session.connection),
        record: Rc::clone(record),
        tables: session.worker.tables(&session.connection.listener),
        rule: None,
        upgrade: head.upgrade.filter(is_supported),
        interim,
        worker: Rc::clone(&session.worker),
    })
}

/// WebSocket is tunnelled. Any other wish to switch is not passed on, and the request is served as it is (RFC 9110 section
/// 7.8); h2c would let a client reach the upstream behind the routes' back.
fn is_supported(protocol: &HeaderValue) -> bool {
    protocol.as_bytes().eq_ignore_ascii_case(b"websocket")
}

/// Calls the stack, passing interim answers on and watching whether the client is still there and anything moves.
async fn answer<S>(
    session: &Rc<Session>,
    mut stack: S,
    exchange: Box<Exchange>,
    record: &Record,
) -> Result<Answer, Error>
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error>,
{
    let mut answer = pin!(stack.call(exchange));
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        if let Poll::Ready(Err(error)) = session.poll_flush(cx) {
            return Poll::Ready(Err(error));
        }
        if let Poll::Ready(error) = session.poll_gone(cx) {
            return Poll::Ready(Err(Error::with(Kind::DownstreamReset, error)));
        }
        if is_limited(record) {
            return Poll::Pending;
        }
        session.poll_silence(cx).map(Err)
    })
    .await
}

/// Whether the limit of the whole request runs and ends it before its silence does, which need not be timed then.
fn is_limited(record: &Record) -> bool {
    let runs = record.request_complete.get().is_some();
    let whole = record.rule.get().and_then(|rule| rule.request_timeout);
    let silence = record.connection.listener.timeouts.stream_idle;
    runs && whole.is_some_and(|whole| silence.is_none_or(|silence| whole <= silence))
}

async fn respond(session: &Rc<Session>, asked: &Asked, response: Response<Body>, record: &Record) -> Result<Ended, ()> {
    let (head, body) = response.into_parts();
    let length = match body.length() {
        _ if body.is_empty() => BodyLength::None,
        Some(length) => BodyLength::Sized(length),
        None => BodyLength::Chunked,
    };
    // A client that still waits for a 100 may or may not send its body now; one that is refused while it uploads will not
    // finish in time. Neither connection can be used again.
    let unread = !session.body_is_done() && (session.awaits_continue() || head.status.as_u16() >= 400);
    let persistent = asked.persistent && !unread && !session.drain.has_begun();
    let encoder = session.write_head(&head, length, asked, persistent, None);
    session.worker.header_maps.give_back(head.headers);
    record.status.set(Some(head.status));
    let ends_by_close = encoder.needs_close();
    stream(session, body, encoder, record).await.map_err(|error| {
        record.fail(error.kind());
        if ends_by_close {
            session.abort();
        }
    })?;
    if persistent && !ends_by_close && (session.body_is_done() || session.skip_body(LEFTOVER_BYTES, LINGER_TIME).await)
    {
        return Ok(Ended::KeepAlive);
    }
    Ok(Ended::Close)
}

/// Sends the body as it comes, each piece as soon as the client takes it.
async fn stream(session: &Rc<Session>, mut body: Body, mut encoder: Encoder, record: &Record) -> Result<(), Error> {
    let mut done = encoder.is_done();
    poll_fn(|cx| {
        loop {
            let mut starved = false;
            while !done && session.has_room() {
                match body.poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => {
                            record.add_response_bytes(data.len());
                            session.push(data, &mut encoder)?;
                        }
                        Err(frame) => {
                            let trailers = frame.into_trailers().unwrap_or_default();
                            session.write(|buffer| encoder.end(Some(&trailers), buffer))?;
                            done = true;
                        }
                    },
                    Poll::Ready(Some(Err(error))) => {
                        session.flush_now(cx);
                        return Poll::Ready(Err(error));
                    }
                    Poll::Ready(None) => {
                        session.write(|buffer| encoder.end(None, buffer))?;
                        done = true;
                    }
                    Poll::Pending => {
                        starved = true;
                        break;
                    }
                }
            }
            match session.poll_flush(cx)? {
                Poll::Ready(()) if done => return Poll::Ready(Ok(())),
                // The body was not asked for want of room, or gave something: ask it again.
                Poll::Ready(()) if !starved => {}
                Poll::Ready(()) => {
                    if let Poll::Ready(error) = session.poll_gone(cx) {
                        return Poll::Ready(Err(Error::with(Kind::DownstreamReset, error)));
                    }
                    return session.poll_silence(cx).map(Err);
                }
                Poll::Pending => {
                    body.poll_upload(cx);
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

/// Answers a message that is no request, if its sender may understand an answer; then the connection is to be closed.
pub async fn refuse(session: &Rc<Session>, kind: Kind) {
    let record = Record::new(&session.worker, &session.connection, None);
    record.fail(kind);
    let is_told = match generated(kind, &record) {
        Some(answer) => respond(session, &Asked::UNREAD, answer, &record).await.is_ok(),
        None => true,
    };
    if is_told {
        session.linger(LINGER_TIME).await;
    }
}
