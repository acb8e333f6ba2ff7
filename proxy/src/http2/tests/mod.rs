//! Both drivers against the crate's own client and server, over pipes in memory and on virtual time.

mod client;
mod server;

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::DuplexStream;
use tokio::task::{LocalSet, spawn_local};

use super::Settings;
use crate::exchange::{Answer, Body, Connection, Error, Exchange, Frame, Protocol};
use crate::http1;
use crate::live::{HttpOptions, Listener, ListenerTimeouts, ServerField, Via};
use crate::telemetry::{Counts, Refusals};
use crate::worker::{Drain, Env, Peers, PerWorker, Worker, WorkerId};

/// Bytes that a pipe holds: as much as a socket.
const PIPE: usize = 256 * 1024;

fn worker() -> Rc<Worker> {
    let (peers, _) = Peers::new(1);
    let worker = Worker::new(WorkerId(0), Env::seeded(1), peers, PerWorker::<Refusals>::new(1));
    spawn_local(worker.timer.clone().drive());
    worker
}

fn listener() -> Listener {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    Listener {
        id: "default/test".into(),
        address: loopback(),
        limits: http1::Limits::default(),
        timeouts: ListenerTimeouts {
            request_head: seconds(10),
            idle: seconds(60),
            body_stall: seconds(30),
            write_stall: seconds(30),
            stream_idle: seconds(300),
            tunnel_idle: seconds(3600),
        },
        http2: Settings::edge(),
        http: HttpOptions {
            server: ServerField::Pass,
            via: Via::Pass,
            request_id: false,
            trusted_hops: 0,
        },
        connections: Arc::default(),
        max_connections: 10,
        requests_per_connection: None,
        drain: Duration::from_secs(60),
        stats: PerWorker::new(1),
        access_log: None,
    }
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// Runs a test where tasks of one thread may be spawned.
async fn locally<F: Future>(test: F) -> F::Output {
    LocalSet::new().run_until(test).await
}

/// A stack that is one function.
#[derive(Clone)]
struct Stack<F>(F);

impl<F, R> tower::Service<Box<Exchange>> for Stack<F>
where
    F: Fn(Box<Exchange>) -> R,
    R: Future<Output = Result<Answer, Error>>,
{
    type Response = Answer;
    type Error = Error;
    type Future = R;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, exchange: Box<Exchange>) -> R {
        (self.0)(exchange)
    }
}

/// A server of ours on the other end of the pipe that comes back.
struct Served {
    io: DuplexStream,
    drain: Drain,
    worker: Rc<Worker>,
}

fn serve<F, R>(listener: Listener, stack: F) -> Served
where
    F: Fn(Box<Exchange>) -> R + Clone + 'static,
    R: Future<Output = Result<Answer, Error>> + 'static,
{
    let (ours, io) = tokio::io::duplex(PIPE);
    let worker = worker();
    let drain = Drain::default();
    let connection = Arc::new(Connection::new(
        loopback(),
        loopback(),
        Protocol::Http2,
        Arc::new(listener),
    ));
    let driver = super::serve(
        ours,
        BytesMut::new(),
        connection,
        drain.watch(),
        Rc::clone(&worker),
        Stack(stack),
    );
    spawn_local(driver);
    Served { io, drain, worker }
}

type Sender = h2::client::SendRequest<Bytes>;

/// The crate's client; the task gives how the connection ended.
async fn connect(io: DuplexStream) -> (Sender, tokio::task::JoinHandle<Result<(), h2::Error>>) {
    let (sender, connection) = h2::client::handshake(io).await.unwrap();
    (sender.ready().await.unwrap(), spawn_local(connection))
}

fn get(uri: &str) -> http::Request<()> {
    http::Request::get(uri).version(http::Version::HTTP_2).body(()).unwrap()
}

fn post(uri: &str) -> http::Request<()> {
    http::Request::post(uri)
        .version(http::Version::HTTP_2)
        .body(())
        .unwrap()
}

fn ok(body: impl Into<Bytes>) -> Result<Answer, Error> {
    Ok(http::Response::new(Body::Full(body.into())).into())
}

async fn next(body: &mut Body) -> Option<Result<Frame, Error>> {
    poll_fn(|cx| body.poll_frame(cx)).await
}

/// All data and the trailers of a body.
async fn collect(body: &mut Body) -> Result<(Vec<u8>, Option<http::HeaderMap>), Error> {
    let mut data = Vec::new();
    while let Some(frame) = next(body).await {
        match frame?.into_data() {
            Ok(piece) => data.extend_from_slice(&piece),
            Err(frame) => return Ok((data, frame.into_trailers().ok())),
        }
    }
    Ok((data, None))
}

async fn read_all(stream: &mut h2::RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut all = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        all.extend_from_slice(&data);
        stream.flow_control().release_capacity(data.len())?;
    }
    Ok(all)
}
