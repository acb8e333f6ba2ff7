//! The keep-alive race: an upstream closes a connection just as a request is sent on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tidegate_integration::harness::{Proxy, Recorder};

use crate::setup::{Extra, config};

/// Answers `per` requests a connection, then closes when the next one is there, without a byte of answer.
fn closes_at_reuse(per: usize, reset: bool) -> Recorder {
    Recorder::start(move |conn| {
        for _ in 0..per {
            if conn.request().is_none() {
                return;
            }
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
        if conn.request().is_some() && reset {
            conn.reset();
        }
    })
}

fn proxy(upstream: &Recorder) -> Proxy {
    Proxy::start(&config(upstream.address, "http1", Extra::default()))
}

#[test]
fn a_thousand_requests_meet_a_close_at_reuse_and_none_fails() {
    for reset in [false, true] {
        let upstream = closes_at_reuse(1, reset);
        let proxy = proxy(&upstream);
        let mut client = proxy.connect();
        for round in 0..500 {
            let answer = client.get(&format!("/{round}"));
            assert_eq!(answer.head.status(), Some(200), "request {round}, reset: {reset}");
        }
    }
}

/// The upstream closes right after its answer, without having said so: the request may meet the FIN at any point.
#[test]
fn a_thousand_requests_meet_a_close_after_the_answer_and_none_fails() {
    let upstream = Recorder::start(|conn| {
        if conn.request().is_some() {
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            if conn.index % 2 == 0 {
                std::thread::sleep(std::time::Duration::from_micros(conn.index as u64 % 500));
            }
            conn.close();
        }
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    for round in 0..1000 {
        let answer = client.get(&format!("/{round}"));
        assert_eq!(answer.head.status(), Some(200), "request {round}");
    }
}

#[test]
fn a_post_is_never_sent_twice() {
    for reset in [false, true] {
        let upstream = closes_at_reuse(1, reset);
        let proxy = proxy(&upstream);
        let mut client = proxy.connect();
        let mut refused = 0;
        for round in 0..200 {
            let answer = client.ask(
                "POST",
                format!("POST /{round} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"),
            );
            match answer.head.status() {
                Some(200) => {}
                Some(502 | 503) => refused += 1,
                other => panic!("{other:?}"),
            }
            if client.end.is_some() {
                client = proxy.connect();
            }
        }
        let mut seen = std::collections::BTreeMap::new();
        for request in upstream.requests() {
            *seen.entry(request.head.target().to_owned()).or_insert(0) += 1;
        }
        assert!(seen.values().all(|count| *count == 1), "sent twice: {seen:?}");
        assert_eq!(seen.len(), 200, "refused {refused}");
    }
}

/// A fresh connection that fails is no race: one try, one honest answer.
#[test]
fn a_close_on_a_fresh_connection_is_not_tried_for_ever() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let upstream = Recorder::start(move |conn| {
        if conn.request().is_some() {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        conn.close();
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    let status = client.get("/").head.status();
    assert!(matches!(status, Some(502 | 503)), "{status:?}");
    assert!(
        count.load(Ordering::Relaxed) <= 2,
        "{} tries",
        count.load(Ordering::Relaxed)
    );
}
