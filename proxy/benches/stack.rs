//! Instruction counts of the fixed stack: what one request costs in it while every layer lets it pass.
//!
//! Counted as `codec` is, by `proxy/benches/count`. In the place of the upstream stands a leaf that waits once and then
//! answers; `exchange` does all that this takes without the stack, to be taken off `stack`. What `filters` takes more than
//! `stack` are four header edits and a rate limit.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench whose request fails has nothing to measure"
)]

use std::future::poll_fn;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use http::Response;
use tidegate::exchange::{Answer, Body, Connection, Error, Exchange, Protocol, Record};
use tidegate::http1::{Limits, Scan, parse_request};
use tidegate::live::compile;
use tidegate::serve::stack_on;
use tidegate::telemetry::Refusals;
use tidegate::worker::{Env, Peers, PerWorker, Worker, WorkerId};
use tower::Service;

const REQUEST: &str =
    "GET /index.html HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

/// Every setting as it is by default, but nobody listens and nobody is connected to.
const CONFIGURATION: &str = "
listeners:
  web: { address: 127.0.0.1:1 }
routes:
  all: { listeners: [web], rules: [{ backends: [{ cluster: up }] }] }
clusters:
  up: { endpoints: [{ address: 127.0.0.1:1 }] }
";

/// The same with four header edits, and a limit that no bench reaches.
const FILTERED: &str = "
listeners:
  web: { address: 127.0.0.1:1 }
routes:
  all:
    listeners: [web]
    rules:
      - backends: [{ cluster: up }]
        filters:
          - rateLimit: { requests: 1000000000, per: 1s, key: clientIp }
          - requestHeaders: { set: { x-env: beta }, remove: [x-debug] }
          - responseHeaders: { set: { x-frame-options: DENY }, remove: [x-powered-by] }
clusters:
  up: { endpoints: [{ address: 127.0.0.1:1 }] }
";

/// A worker with a client's connection.
struct Bench {
    worker: Rc<Worker>,
    connection: Arc<Connection>,
    wire: BytesMut,
}

impl Bench {
    fn new(configuration: &str) -> Self {
        let loaded = tidegate_config::parse_str("bench.yaml", configuration);
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        let tables = Arc::new(compile(&Arc::new(loaded.snapshot), None, 1, 1).tables);
        let (listener, _) = tables.listeners.first().expect("one listener");
        let address: SocketAddr = (Ipv4Addr::LOCALHOST, 1).into();
        let connection = Arc::new(Connection::new(address, address, Protocol::Http1, Arc::clone(listener)));
        let (peers, _) = Peers::new(1);
        let refusals = PerWorker::<Refusals>::new(1);
        let worker = Worker::new(WorkerId(0), Env::seeded(1), peers, refusals);
        worker.apply(&tables);
        Self {
            worker,
            connection,
            wire: BytesMut::with_capacity(16 * 1024),
        }
    }

    /// A request as the driver gives it to the stack.
    fn exchange(&mut self) -> Box<Exchange> {
        self.wire.reserve(REQUEST.len());
        self.wire.extend_from_slice(REQUEST.as_bytes());
        let mut headers = self.worker.header_maps.take();
        let head = parse_request(&mut self.wire, &mut Scan::default(), &mut headers, &Limits::default())
            .expect("valid")
            .expect("whole");
        let record = Rc::new(Record::new(&self.worker, &self.connection, Some(&head.parts)));
        record.request_ended(record.started);
        Box::new(Exchange {
            head: head.parts,
            body: Body::Empty,
            connection: Arc::clone(&self.connection),
            record,
            tables: self.worker.tables(&self.connection.listener),
            rule: None,
            upgrade: None,
            interim: None,
            worker: Rc::clone(&self.worker),
        })
    }

    fn run<S>(&mut self, mut stack: S, rounds: usize)
    where
        S: Service<Box<Exchange>, Response = Answer, Error = Error>,
    {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..rounds {
            let exchange = self.exchange();
            let mut answer = pin!(stack.call(exchange));
            assert!(answer.as_mut().poll(&mut context).is_pending(), "the leaf waits once");
            match answer.poll(&mut context) {
                Poll::Ready(Ok(Answer::Response(response))) if response.status() == 200 => {
                    self.worker.header_maps.give_back(response.into_parts().0.headers);
                }
                other => panic!("no answer: {other:?}"),
            }
        }
    }
}

/// Answers after one wait, and gives the request's map back, as the upstream's side does.
#[derive(Clone, Copy)]
struct Leaf;

impl Service<Box<Exchange>> for Leaf {
    type Response = Answer;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Error>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut exchange: Box<Exchange>) -> Self::Future {
        Box::pin(async move {
            let mut has_waited = false;
            poll_fn(|_| match std::mem::replace(&mut has_waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            let headers = std::mem::take(&mut exchange.head.headers);
            exchange.worker.header_maps.give_back(headers);
            let mut response = Response::new(Body::Empty);
            *response.headers_mut() = exchange.worker.header_maps.take();
            Ok(black_box(response).into())
        })
    }
}

type Case = fn(&mut Bench, usize);

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let only = arguments.next();
    let rounds = arguments
        .next()
        .map_or(1, |rounds| rounds.parse().expect("a number of rounds"));
    let cases: [(&str, &str, Case); 3] = [
        ("exchange", CONFIGURATION, |bench, rounds| bench.run(Leaf, rounds)),
        ("stack", CONFIGURATION, |bench, rounds| {
            bench.run(stack_on(Leaf), rounds);
        }),
        ("filters", FILTERED, |bench, rounds| bench.run(stack_on(Leaf), rounds)),
    ];
    for (name, configuration, case) in cases {
        if only.as_deref().is_none_or(|only| only == name) {
            case(&mut Bench::new(configuration), rounds);
        }
    }
}
