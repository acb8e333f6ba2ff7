//! What only HTTP/2 has: many streams on a connection, and its end by GOAWAY.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tidegate_integration::harness::{Proxy, Signal, until};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::setup::{Extra, config};

const LONG: Duration = Duration::from_secs(20);

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// An upstream whose connections are made by `server` and answer `ok`, each stream after `delay`.
struct Upstream {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    _task: JoinHandle<()>,
}

#[derive(Clone)]
struct Plan {
    server: h2::server::Builder,
    delay: Duration,
    /// After so many requests a connection says GOAWAY.
    requests: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            server: h2::server::Builder::new(),
            delay: Duration::ZERO,
            requests: usize::MAX,
        }
    }
}

async fn upstream(plan: Plan) -> Upstream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (made, seen) = (Arc::clone(&connections), Arc::clone(&requests));
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            made.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream, plan.clone(), Arc::clone(&seen)));
        }
    });
    Upstream {
        address,
        connections,
        requests,
        _task: task,
    }
}

async fn serve(stream: TcpStream, plan: Plan, seen: Arc<AtomicUsize>) {
    let Ok(mut connection) = plan.server.handshake::<_, Bytes>(stream).await else {
        return;
    };
    let mut count = 0;
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        seen.fetch_add(1, Ordering::Relaxed);
        count += 1;
        if count == plan.requests {
            connection.graceful_shutdown();
        }
        let delay = plan.delay;
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let mut body = respond.send_response(Response::new(()), false)?;
            body.send_data(Bytes::from_static(b"ok"), true)
        });
    }
}

type Requests = h2::client::SendRequest<Bytes>;

async fn connect(address: SocketAddr) -> (Requests, JoinHandle<Result<(), h2::Error>>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    (requests, tokio::spawn(connection))
}

async fn get(mut requests: Requests, path: &str) -> Result<(u16, Vec<u8>), h2::Error> {
    let request = Request::get(format!("http://a{path}")).body(()).unwrap();
    requests = requests.ready().await?;
    let (response, _) = requests.send_request(request, true)?;
    let response = response.await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut all = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        let _ = body.flow_control().release_capacity(piece.len());
        all.extend_from_slice(&piece);
    }
    Ok((status, all))
}

/// So many requests at once on one connection; every one must be answered.
async fn all_answered(address: SocketAddr, count: usize) {
    let (requests, _connection) = connect(address).await;
    // After its answer the limit of the other side is known; before, a client can only guess.
    assert_eq!(
        timeout(LONG, get(requests.clone(), "/"))
            .await
            .expect("an answer")
            .unwrap()
            .0,
        200
    );
    let mut calls = JoinSet::new();
    for number in 0..count {
        let requests = requests.clone();
        calls.spawn(async move { (number, timeout(LONG, get(requests, "/")).await) });
    }
    while let Some(call) = calls.join_next().await {
        let (number, answer) = call.unwrap();
        let answer = answer.unwrap_or_else(|_| panic!("request {number} of {count} hangs"));
        let answer = answer.unwrap_or_else(|error| panic!("request {number} of {count}: {error}"));
        assert_eq!(answer, (200, b"ok".to_vec()), "request {number} of {count}");
    }
}

fn proxy(upstream: &Upstream, extra: Extra) -> Proxy {
    Proxy::start(&config(upstream.address, "http2", extra))
}

#[test]
fn a_small_upstream_stream_limit_costs_no_call() {
    runtime().block_on(async {
        for limit in [1, 2, 10] {
            let mut plan = Plan {
                delay: Duration::from_millis(20),
                ..Plan::default()
            };
            plan.server.max_concurrent_streams(limit);
            let upstream = upstream(plan).await;
            let proxy = proxy(&upstream, Extra::default());
            all_answered(proxy.address(), 200).await;
        }
    });
}

#[test]
fn an_upstream_that_goes_away_costs_no_call() {
    runtime().block_on(async {
        for requests in [1, 5, 50] {
            let upstream = upstream(Plan {
                requests,
                delay: Duration::from_millis(5),
                ..Plan::default()
            })
            .await;
            let proxy = proxy(&upstream, Extra::default());
            all_answered(proxy.address(), 200).await;
            let connections = upstream.connections.load(Ordering::Relaxed);
            assert!(connections > 1, "{connections} connections, GOAWAY after {requests}");
        }
    });
}

#[test]
fn streams_share_upstream_connections() {
    runtime().block_on(async {
        let upstream = upstream(Plan {
            delay: Duration::from_millis(20),
            ..Plan::default()
        })
        .await;
        let proxy = proxy(&upstream, Extra::default());
        all_answered(proxy.address(), 100).await;
        all_answered(proxy.address(), 100).await;
        let connections = upstream.connections.load(Ordering::Relaxed);
        assert!(connections <= 4, "{connections} connections for 100 streams at once");
        assert_eq!(upstream.requests.load(Ordering::Relaxed), 202);
    });
}

/// More streams than the listener allows: the client's own crate waits, so nothing fails.
#[test]
fn the_listener_says_how_many_streams() {
    runtime().block_on(async {
        let upstream = upstream(Plan {
            delay: Duration::from_millis(20),
            ..Plan::default()
        })
        .await;
        let proxy = proxy(
            &upstream,
            Extra {
                listener: "http2: { maxConcurrentStreams: 7 }",
                ..Extra::default()
            },
        );
        let (requests, _connection) = connect(proxy.address()).await;
        assert_eq!(get(requests.clone(), "/").await.unwrap().0, 200);
        assert_eq!(requests.current_max_send_streams(), 7);
        all_answered(proxy.address(), 50).await;
    });
}

/// Requests go on while the proxy stops: those that it took are answered, and the connection ends by GOAWAY.
#[test]
fn a_stop_under_load_fails_no_stream() {
    let runtime = runtime();
    runtime.block_on(async {
        let upstream = upstream(Plan {
            delay: Duration::from_millis(5),
            ..Plan::default()
        })
        .await;
        let mut proxy = proxy(
            &upstream,
            Extra {
                listener: "drain: 10s",
                ..Extra::default()
            },
        );
        let (requests, connection) = connect(proxy.address()).await;
        let done = Arc::new(AtomicUsize::new(0));
        let failures = Arc::new(Mutex::new(BTreeSet::new()));
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let (requests, done, failures) = (requests.clone(), Arc::clone(&done), Arc::clone(&failures));
            clients.spawn(async move {
                loop {
                    match timeout(LONG, get(requests.clone(), "/")).await {
                        Ok(Ok((200, _))) => done.fetch_add(1, Ordering::Relaxed),
                        // Not taken: GOAWAY said so before, or names a lower stream.
                        Ok(Err(error)) if error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR) => return,
                        other => {
                            failures.lock().unwrap().insert(format!("{other:?}"));
                            return;
                        }
                    };
                }
            });
        }
        tokio::task::block_in_place(|| until("some load", || (done.load(Ordering::Relaxed) > 200).then_some(())));
        proxy.signal(Signal::Term);
        while clients.join_next().await.is_some() {}
        assert_eq!(
            *failures.lock().unwrap(),
            BTreeSet::new(),
            "after {} answers",
            done.load(Ordering::Relaxed)
        );
        drop(requests);
        let end = timeout(LONG, connection).await.expect("the connection ends").unwrap();
        assert!(end.is_ok(), "{end:?}");
        let status = tokio::task::block_in_place(|| proxy.exit());
        assert_eq!(status.code(), Some(0));
    });
}

#[test]
fn an_idle_connection_is_told_before_it_ends() {
    runtime().block_on(async {
        let upstream = upstream(Plan::default()).await;
        let proxy = proxy(
            &upstream,
            Extra {
                listener: "timeouts: { idle: 500ms }",
                ..Extra::default()
            },
        );
        let (requests, connection) = connect(proxy.address()).await;
        assert_eq!(get(requests.clone(), "/").await.unwrap().0, 200);
        let end = timeout(LONG, connection).await.expect("the connection ends").unwrap();
        assert!(end.is_ok(), "{end:?}");
        drop(requests);
    });
}

/// The peer that stalls has used up its window on the shared upstream connection; the others must not feel it.
#[test]
fn a_stalled_stream_stalls_no_other_on_its_connections() {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve_large(stream));
            }
        });
        let proxy = Proxy::start(&config(address, "http2", Extra::default()));
        let (requests, _connection) = connect(proxy.address()).await;
        let mut stalled = Vec::new();
        for _ in 0..5 {
            let request = Request::get("http://a/large").body(()).unwrap();
            let (response, _) = requests
                .clone()
                .ready()
                .await
                .unwrap()
                .send_request(request, true)
                .unwrap();
            // Its body is never read.
            stalled.push(timeout(LONG, response).await.expect("a head").unwrap());
        }
        // By then whatever the stalled ones may hold is held.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (others, _connection) = connect(proxy.address()).await;
        for number in 0..50 {
            let answer = timeout(Duration::from_secs(2), get(others.clone(), "/")).await;
            let answer = answer.unwrap_or_else(|_| panic!("request {number} hangs beside stalled streams"));
            assert_eq!(answer.unwrap(), (200, b"ok".to_vec()));
        }
    });
}

async fn serve_large(stream: TcpStream) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let size = if request.uri().path() == "/large" { 64 << 20 } else { 2 };
        tokio::spawn(async move {
            let mut body = respond.send_response(Response::new(()), false).unwrap();
            let bytes = if size == 2 {
                Bytes::from_static(b"ok")
            } else {
                Bytes::from(vec![7; size])
            };
            let _ = body.send_data(bytes, true);
            let _ = std::future::poll_fn(|cx| body.poll_reset(cx)).await;
        });
    }
}
