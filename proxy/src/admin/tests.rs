use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::live::{Readiness, Route, Tables};
use crate::telemetry::AccessLogs;
use crate::worker::PerWorker;

/// The interface on a port of its own, on a runtime of its own as in the process. It ends with the test process.
fn start() -> (SocketAddr, Arc<Process>) {
    let process = Arc::new(Process::new(2, 100, AccessLogs::default()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = Arc::clone(&process);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(serve(listener, served, Vec::new()))
    });
    (address, process)
}

fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn request(address: SocketAddr, method: &str, path: &str) -> String {
    exchange(
        address,
        &format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
    )
}

#[test]
fn readiness_follows_the_process_and_liveness_does_not() {
    let (address, process) = start();
    let answer = request(address, "GET", "/ready");
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\n\r\nstarting: "),
        "{answer}"
    );
    process.set_readiness(Readiness::Ready);
    let answer = request(address, "GET", "/ready?verbose");
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\n\r\nready: "),
        "{answer}"
    );
    process.set_readiness(Readiness::Draining);
    let answer = request(address, "GET", "/ready");
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\n\r\ndraining: "),
        "{answer}"
    );
    let by_accept = "GET /ready HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\nconnection: close\r\n\r\n";
    for answer in [
        request(address, "GET", "/ready?format=json"),
        exchange(address, by_accept),
    ] {
        assert!(
            answer.starts_with("HTTP/1.1 503 ")
                && answer.contains("\r\ncontent-type: application/json\r\n")
                && answer.contains("\r\n\r\n{\n  \"state\": \"draining\",\n  \"why\": \""),
            "{answer}"
        );
    }
    assert!(request(address, "GET", "/live").starts_with("HTTP/1.1 200 "));
}

#[test]
fn metrics_come_with_the_media_type_of_their_format() {
    let (address, _) = start();
    let answer = request(address, "GET", "/metrics");
    assert!(
        answer.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"),
        "{answer}"
    );
    assert!(answer.contains("\ntidegate_workers 2\n"), "{answer}");
}

#[test]
fn a_head_request_gets_the_head_that_a_get_would() {
    let (address, _) = start();
    let answer = request(address, "HEAD", "/live");
    assert!(
        answer.contains("\r\ncontent-length: 5\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[test]
fn other_paths_and_methods_are_told_what_there_is() {
    let (address, _) = start();
    let answer = request(address, "GET", "/");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        PAGES
            .iter()
            .all(|page| answer.contains(page.path) && answer.contains(page.about)),
        "{answer}"
    );
    let answer = request(address, "GET", "/metrics/");
    assert!(
        answer.starts_with("HTTP/1.1 404 ") && answer.contains("/metrics "),
        "{answer}"
    );
    let answer = request(address, "POST", "/metrics");
    assert!(
        answer.starts_with("HTTP/1.1 405 ") && answer.contains("\r\nallow: GET, HEAD\r\n"),
        "{answer}"
    );
    assert!(request(address, "POST", "/nothing").starts_with("HTTP/1.1 404 "));
}

#[test]
fn what_is_no_request_or_too_long_is_refused_and_the_interface_lives_on() {
    let (address, _) = start();
    assert!(exchange(address, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let long = "a".repeat(MAX_HEAD);
    let answer = exchange(
        address,
        &format!("GET / HTTP/1.1\r\nhost: localhost\r\nlong: {long}\r\n"),
    );
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(request(address, "GET", "/live").starts_with("HTTP/1.1 200 "));
}

/// Time stands still but for timers, which fire as soon as nothing else is left to do.
#[tokio::test(start_paused = true)]
async fn silent_clients_keep_others_out_only_until_their_time_is_over() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let began = tokio::time::Instant::now();
    tokio::spawn(serve(
        listener,
        Arc::new(Process::new(1, 100, AccessLogs::default())),
        Vec::new(),
    ));
    let silent: Vec<_> = (0..MAX_CONNECTIONS)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(began.elapsed() >= HEAD_TIMEOUT, "served beyond the limit");
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer_is_cut() {
    const REQUESTS: usize = 200;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let process = Process::new(1, 100, AccessLogs::default());
    let route = |id| {
        Arc::new(Route {
            id: format!("default/{id}").into(),
            stats: PerWorker::new(1),
        })
    };
    process.tables.store(Arc::new(Tables {
        routes: (0..100).map(route).collect(),
        ..Tables::default()
    }));
    let one = prometheus::render(&process).len();
    tokio::spawn(serve(listener, Arc::new(process), Vec::new()));

    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let requests = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(REQUESTS);
    stream.write_all(requests.as_bytes()).await.unwrap();
    sleep(MAX_AGE + LAST_ANSWER + Duration::from_secs(1)).await;
    let mut taken = Vec::new();
    // The end may be a reset: what was sent stays unread on both sides.
    let _ = stream.read_to_end(&mut taken).await;
    assert!(
        taken.len() < one * REQUESTS,
        "nothing held the answers back: {} bytes",
        taken.len()
    );
}
