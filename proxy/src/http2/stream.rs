//! One stream of a client, from its head to the end of its answer, in a task of its own.
//!
//! Races everything with the client's reset: when it comes, the call and with it the upstream's try are dropped at once.
//! An answer that cannot be completed ends in RST_STREAM, never in END_STREAM.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderValue, Method, Request, Response, StatusCode, request, response};
use pin_project_lite::pin_project;

use super::body::RequestBody;
use super::head::{Hosts, canonical, content_length, prepare};
use super::pump::{Pump, Side, Stop};
use super::reason;
use crate::exchange::{Answer, Body, Connection, Error, Exchange, Interim, Kind, Record};
use crate::serve::generated;
use crate::worker::{Deadline, Drain, Env, Worker};

/// What the streams of one connection have in common.
pub(super) struct Shared {
    pub(super) connection: Arc<Connection>,
    pub(super) worker: Rc<Worker>,
    /// Begins when the client has finished: what is not whole then never will be.
    pub(super) end: Drain,
    hosts: Hosts,
    open: Cell<usize>,
}

/// A stream that is being served.
struct Stream {
    shared: Rc<Shared>,
    record: Rc<Record>,
    responder: Rc<Responder>,
    is_head: bool,
    silence: Silence,
}

/// Sends the head of the answer, and 1xx before it.
#[derive(Debug)]
struct Responder(RefCell<SendResponse<Bytes>>);

/// Notices when nothing moves for too long.
struct Silence {
    timer: Deadline,
    /// How much had moved, and what was waited for, when the timer was armed.
    armed_at: Option<(u64, Side)>,
}

impl Shared {
    pub(super) fn new(connection: Arc<Connection>, worker: Rc<Worker>) -> Self {
        Self {
            connection,
            worker,
            end: Drain::default(),
            hosts: Hosts::default(),
            open: Cell::new(0),
        }
    }

    /// Streams whose task has not ended.
    pub(super) fn open(&self) -> usize {
        self.open.get()
    }
}

/// Takes up a stream: refuses it here, or gives it to the stack in a task of its own.
pub(super) fn begin<S>(shared: &Rc<Shared>, stack: &S, request: Request<RecvStream>, respond: SendResponse<Bytes>)
where
    S: tower::Service<Box<Exchange>, Response = Answer, Error = Error> + Clone + 'static,
{
    let (mut head, receive) = request.into_parts();
    let worker = &shared.worker;
    let canonical = canonical(&mut head, &shared.connection.listener.limits, &shared.hosts);
    let record = Rc::new(Record::new(worker, &shared.connection, Some(&head)));
    let mut stream = Stream {
        shared: Rc::clone(shared),
        record: Rc::clone(&record),
        responder: Rc::new(Responder(RefCell::new(respond))),
        is_head: head.method == Method::HEAD,
        silence: Silence {
            timer: worker.timer.deadline(),
            armed_at: None,
        },
    };
    let task = match canonical {
        Ok(()) => {
            let exchange = Box::new(Exchange {
                body: body(&head, receive, &record, shared),
                head,
                connection: Arc::clone(&shared.connection),
                record,
                tables: worker.tables(&shared.connection.listener),
                rule: None,
                upgrade: None,
                interim: Some(Rc::clone(&stream.responder) as Rc<dyn Interim>),
                worker: Rc::clone(worker),
            });
            Task::<S::Future> {
                call: Some(stack.clone().call(exchange)),
                pump: None,
                stream,
                open: Open::new(shared),
            }
        }
        Err(kind) => Task {
            call: None,
            pump: stream.refuse(kind),
            stream,
            open: Open::new(shared),
        },
    };
    debug_assert!(
        size_of_val(&task) < TASK_BYTES,
        "the runtime copies a task when it ends"
    );
    tokio::task::spawn_local(task);
}

/// What a stream's task may grow to: hundreds of them live on one connection, and each is copied.
const TASK_BYTES: usize = 640;

pin_project! {
    /// Serves one stream: waits for the stack's answer, then moves its body.
    struct Task<F> {
        #[pin]
        call: Option<F>,
        pump: Option<Pump>,
        stream: Stream,
        // Goes last: the end of the stream's handles wakes the connection's driver, which then finds it closed.
        open: Open,
    }
}

impl<F> Future for Task<F>
where
    F: Future<Output = Result<Answer, Error>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Some(call) = this.call.as_mut().as_pin_mut() {
            let answer = ready!(this.stream.poll_answer(call, cx));
            *this.pump = this.stream.begin(answer);
            this.call.set(None);
        }
        match this.pump {
            Some(pump) => this.stream.poll_body(pump, cx),
            None => Poll::Ready(()),
        }
    }
}

fn body(head: &request::Parts, receive: RecvStream, record: &Rc<Record>, shared: &Rc<Shared>) -> Body {
    if receive.is_end_stream() {
        record.request_ended(record.started);
        return Body::Empty;
    }
    let content_type = head.headers.get(CONTENT_TYPE);
    let is_grpc = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let length = content_length(&head.headers);
    Body::Http2Request(RequestBody::new(
        receive,
        length,
        !is_grpc,
        Rc::clone(record),
        Rc::clone(shared),
    ))
}

impl Stream {
    /// The stack's answer, unless the client resets the stream or everything is silent; then the call is to be dropped.
    fn poll_answer<F>(&mut self, call: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Result<Answer, Kind>>
    where
        F: Future<Output = Result<Answer, Error>>,
    {
        if let Poll::Ready(answer) = call.poll(cx) {
            return Poll::Ready(answer.map_err(|error| error.kind()));
        }
        if self.responder.0.borrow_mut().poll_reset(cx).is_ready() {
            return Poll::Ready(Err(Kind::DownstreamReset));
        }
        self.poll_silence(cx, Side::Source).map(Err)
    }

    /// Answers what the stack did not.
    fn refuse(&mut self, kind: Kind) -> Option<Pump> {
        self.record.fail(kind);
        match generated(kind, &self.record) {
            Some(answer) => return self.send(answer),
            None => self.abort(kind),
        }
        None
    }

    /// Begins the answer; what is left of it then, if anything, is its body.
    fn begin(&mut self, answer: Result<Answer, Kind>) -> Option<Pump> {
        match answer {
            Ok(Answer::Response(response)) => return self.send(response),
            Ok(Answer::Tunnel(_)) => self.abort(Kind::UpgradeRefused),
            // Told, if somebody listens.
            Err(kind) => return self.refuse(kind),
        }
        None
    }

    fn send(&mut self, response: Response<Body>) -> Option<Pump> {
        let (mut head, body) = response.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            self.abort(Kind::UnaskedUpgrade);
            return None;
        }
        self.complete(&mut head);
        let has_no_body = self.is_head || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let is_end = has_no_body || body.is_empty();
        let status = head.status;
        let response = Response::from_parts(head, ());
        let sent = self.responder.0.borrow_mut().send_response(response, is_end);
        let Ok(stream) = sent else {
            self.abort(Kind::DownstreamReset);
            return None;
        };
        self.record.status.set(Some(status));
        (!is_end).then(|| Pump::new(body, stream))
    }

    fn complete(&self, head: &mut response::Parts) {
        prepare(&mut head.headers);
        if !head.headers.contains_key(DATE)
            && let Ok(date) = HeaderValue::from_bytes(&self.shared.worker.date())
        {
            head.headers.insert(DATE, date);
        }
    }

    /// Moves the answer's body; ready when it is handed over whole, or cut off.
    fn poll_body(&mut self, pump: &mut Pump, cx: &mut Context<'_>) -> Poll<()> {
        let before = pump.sent();
        let moved = pump.poll(cx);
        self.record.add_response_bytes((pump.sent() - before) as usize);
        let failed = match moved {
            Poll::Ready(Ok(())) => return Poll::Ready(()),
            Poll::Ready(Err(Stop::Source(error))) => error.kind(),
            Poll::Ready(Err(Stop::Sink)) => Kind::DownstreamReset,
            Poll::Pending if pump.stream().poll_reset(cx).is_ready() => Kind::DownstreamReset,
            Poll::Pending => ready!(self.poll_silence(cx, pump.waits_for())),
        };
        self.record.fail(failed);
        pump.stream().send_reset(reason::to_client(failed));
        Poll::Ready(())
    }

    /// Ready when nothing has moved in either direction for as long as the listener allows.
    fn poll_silence(&mut self, cx: &mut Context<'_>, waits_for: Side) -> Poll<Kind> {
        let timeouts = &self.shared.connection.listener.timeouts;
        let (limit, kind) = match waits_for {
            Side::Source => (timeouts.stream_idle, Kind::StreamIdle),
            Side::Sink => (timeouts.write_stall, Kind::WriteStall),
        };
        let Some(limit) = limit else { return Poll::Pending };
        let (up, down) = (self.record.request_bytes.get(), self.record.response_bytes.get());
        let moved = match waits_for {
            Side::Source => up.wrapping_add(down),
            Side::Sink => down,
        };
        self.silence
            .poll(cx, (moved, waits_for), limit, &self.record, &self.shared.worker.env)
            .map(|()| kind)
    }

    fn abort(&self, kind: Kind) {
        self.record.fail(kind);
        self.responder.0.borrow_mut().send_reset(reason::to_client(kind));
    }
}

impl Interim for Responder {
    fn send(&self, mut head: response::Parts) {
        // RFC 9113, section 8.6: there is no 101 in HTTP/2.
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
        prepare(&mut head.headers);
        // A client that is gone misses nothing; the stream's task notices by itself.
        let _ = self.0.borrow_mut().send_informational(Response::from_parts(head, ()));
    }
}

impl Silence {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        now_at: (u64, Side),
        limit: Duration,
        record: &Record,
        env: &Env,
    ) -> Poll<()> {
        if self.armed_at != Some(now_at) {
            // The first time is so soon after the start that the clock need not be asked again.
            let now = self.armed_at.map_or(record.started, |_| env.now());
            self.armed_at = Some(now_at);
            self.timer.arm(now + limit);
        }
        self.timer.poll(cx)
    }
}

/// Counts a stream for as long as it is served.
struct Open(Rc<Shared>);

impl Open {
    fn new(shared: &Rc<Shared>) -> Self {
        shared.open.set(shared.open.get() + 1);
        Self(Rc::clone(shared))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get().saturating_sub(1));
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("peer", &self.connection.peer)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
