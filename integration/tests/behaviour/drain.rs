//! Stops lose nothing: SIGTERM under load, long requests, idle connections, a second signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tidegate_integration::harness::{Call, DEADLINE, Data, Origin, Proxy, Raw, Recorder, Signal, Wire, until};

use crate::setup::{Extra, config, in_every_pairing, proxy};

in_every_pairing!(a_running_request_is_finished);

/// Clients that go on until they are told to close or cannot connect; an answer that fails is counted.
#[test]
fn a_stop_under_load_fails_no_request() {
    let upstream = Recorder::ok();
    let mut proxy = Proxy::with_workers(&config(upstream.address, "http1", Extra::default()), 2);
    let address = proxy.address();
    let (done, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let stopping = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (done, failed, stopping) = (Arc::clone(&done), Arc::clone(&failed), Arc::clone(&stopping));
            thread::spawn(move || client(address, &done, &failed, &stopping))
        })
        .collect();
    until("some load", || (done.load(Ordering::Relaxed) > 500).then_some(()));
    stopping.store(true, Ordering::Relaxed);
    proxy.signal(Signal::Term);
    let status = proxy.exit();
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(
        failed.load(Ordering::Relaxed),
        0,
        "of {} requests",
        done.load(Ordering::Relaxed)
    );
    assert_eq!(status.code(), Some(0), "{status}");
}

/// Sends one request after the other; reconnects when the proxy closes in order between two of them, and stops when
/// nobody listens any more.
fn client(address: std::net::SocketAddr, done: &AtomicUsize, failed: &AtomicUsize, stopping: &AtomicBool) {
    while let Ok(stream) = std::net::TcpStream::connect(address) {
        drop(stream);
        let Ok(mut raw) = std::panic::catch_unwind(|| Raw::connect(address)) else {
            return;
        };
        loop {
            raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            let answered = raw.read_until(DEADLINE, |bytes| bytes.ends_with(b"ok"));
            if !answered && raw.received.is_empty() && stopping.load(Ordering::Relaxed) {
                // Closed between two requests, which HTTP/1.1 allows; the request was not taken.
                return;
            }
            let closes = String::from_utf8_lossy(&raw.received)
                .to_ascii_lowercase()
                .contains("connection: close");
            if !answered || !raw.received.starts_with(b"HTTP/1.1 200") {
                failed.fetch_add(1, Ordering::Relaxed);
                return;
            }
            done.fetch_add(1, Ordering::Relaxed);
            raw.received.clear();
            if closes {
                break;
            }
        }
    }
}

fn a_running_request_is_finished(down: Wire, up: Wire) {
    let go = Arc::new(AtomicBool::new(false));
    let may_end = Arc::clone(&go);
    let origin = Origin::start(up, move |served| {
        served.head(200, &[]);
        served.send(b"first");
        until("leave to end", || may_end.load(Ordering::Relaxed).then_some(()));
        served.send(b"last");
        served.finish(&[]);
    });
    let mut proxy = proxy(&origin);
    let mut call = Call::get(proxy.address(), down, "/");
    assert_eq!(call.receiver.head().0, 200);
    assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"first".to_vec()));
    proxy.signal(Signal::Term);
    until("the listener to close", || {
        std::net::TcpStream::connect(proxy.address()).is_err().then_some(())
    });
    assert!(proxy.runs(), "it ended with a request under way");
    go.store(true, Ordering::Relaxed);
    assert_eq!(call.receiver.data(DEADLINE), Data::Bytes(b"last".to_vec()));
    assert_eq!(call.receiver.data(DEADLINE), Data::End(Vec::new()));
    assert_eq!(proxy.exit().code(), Some(0));
}

#[test]
fn idle_connections_do_not_hold_a_stop() {
    let upstream = Recorder::ok();
    let mut proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    let mut used = proxy.connect();
    used.get("/");
    let mut fresh = proxy.connect();
    proxy.connect().get("/");
    let begun = Instant::now();
    proxy.signal(Signal::Int);
    assert_eq!(proxy.exit().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(used.ends(Duration::from_secs(1)) && fresh.ends(Duration::from_secs(1)));
    assert!(used.received.is_empty() && fresh.received.is_empty());
}

#[test]
fn the_drain_time_ends_what_goes_on() {
    let upstream = Recorder::start(|conn| {
        conn.request();
        conn.drain();
    });
    let extra = Extra {
        listener: "drain: 1s",
        ..Extra::default()
    };
    let mut proxy = Proxy::start(&config(upstream.address, "http1", extra));
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until("the request to be upstream", || {
        (!upstream.requests().is_empty()).then_some(())
    });
    let begun = Instant::now();
    proxy.signal(Signal::Term);
    assert_eq!(proxy.exit().code(), Some(0));
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(900) && took < Duration::from_secs(4),
        "{took:?}"
    );
    assert!(client.ends(Duration::from_secs(1)));
}

#[test]
fn a_second_signal_ends_at_once() {
    let upstream = Recorder::start(|conn| {
        conn.request();
        conn.drain();
    });
    let mut proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until("the request to be upstream", || {
        (!upstream.requests().is_empty()).then_some(())
    });
    proxy.signal(Signal::Term);
    until("the first signal to be felt", || {
        std::net::TcpStream::connect(proxy.address()).is_err().then_some(())
    });
    assert!(proxy.runs());
    let begun = Instant::now();
    proxy.signal(Signal::Term);
    proxy.exit();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

/// So many workers take a while to start; a stop that is asked for meanwhile is one all the same.
#[test]
fn a_signal_while_it_starts_is_heard() {
    let upstream = Recorder::ok();
    let config = config(upstream.address, "http1", Extra::default());
    let mut proxy = Proxy::with_workers(&config, 300);
    proxy.signal(Signal::Term);
    let status = proxy.exit();
    assert_eq!(status.code(), Some(0), "{status}");
}
