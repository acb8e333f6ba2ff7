//! Slow and dead peers end: heads, bodies, idle connections, whole requests.

use std::time::{Duration, Instant};

use tidegate_integration::harness::{Call, DEADLINE, Data, Origin, Proxy, Recorder, Wire};

use crate::setup::{Extra, config, in_every_pairing, proxy_with};

in_every_pairing!(
    a_slow_origin_is_a_gateway_timeout,
    a_stalled_upload_ends,
    a_client_that_reads_nothing_ends,
    an_answer_that_stalls_is_cut,
    an_answer_that_never_begins_is_a_gateway_timeout,
    an_upload_that_moves_is_not_silence,
    an_upload_that_nobody_takes_is_silence,
    trailers_end_a_request,
);

fn listener(settings: &'static str) -> Extra {
    Extra {
        listener: settings,
        ..Extra::default()
    }
}

/// Runs, and checks that it took about as long as a limit says.
fn takes_about<T>(limit: Duration, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = run();
    let took = begun.elapsed();
    assert!(
        took + Duration::from_millis(50) >= limit,
        "after {took:?}, before the limit {limit:?}"
    );
    assert!(
        took < limit + Duration::from_secs(3),
        "after {took:?}, long after the limit {limit:?}"
    );
    result
}

#[test]
fn a_slow_head_ends() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&config(
        upstream.address,
        "http1",
        listener("timeouts: { requestHead: 500ms }"),
    ));
    let mut client = proxy.connect();
    takes_about(Duration::from_millis(500), || {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n");
        assert!(client.ends(DEADLINE));
    });
    let answers = client.responses(&["GET"]).unwrap();
    assert!(
        answers.iter().all(|answer| answer.head.status() == Some(408)),
        "{answers:?}"
    );
    assert!(upstream.connections().is_empty());
}

/// So does one that has got no further than what HTTP/2's preface begins with, too.
#[test]
fn the_beginning_of_a_preface_ends() {
    let proxy = Proxy::with_access_log(&config(
        ([127, 0, 0, 1], 9).into(),
        "http1",
        listener("timeouts: { requestHead: 600ms, idle: 5s }"),
    ));
    let mut client = proxy.connect();
    takes_about(Duration::from_millis(600), || {
        for byte in "PRI * HTTP/2.0".bytes() {
            client.send([byte]).read_some(Duration::from_millis(100));
            if client.end.is_some() || !client.received.is_empty() {
                break;
            }
        }
        assert!(client.ends(DEADLINE));
    });
    let answers = client.responses(&["PRI"]).unwrap();
    assert_eq!(answers[0].head.status(), Some(408));
    proxy.logged(&["status=408", "reason=request-head-timeout"]);
}

/// The limit is from the first byte of the head to its last: a byte now and then does not help.
#[test]
fn a_head_byte_by_byte_ends() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&config(
        upstream.address,
        "http1",
        listener("timeouts: { requestHead: 1s }"),
    ));
    let mut client = proxy.connect();
    takes_about(Duration::from_secs(1), || {
        for byte in "GET / HTTP/1.1\r\nHost: a\r\nX: and so on for ever and ever and ever and ever".bytes() {
            client.send([byte]).read_some(Duration::from_millis(100));
            if client.end.is_some() || !client.received.is_empty() {
                break;
            }
        }
        assert!(client.ends(DEADLINE));
    });
}

#[test]
fn an_idle_connection_ends_without_a_word() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&config(
        upstream.address,
        "http1",
        listener("timeouts: { idle: 500ms }"),
    ));
    let mut fresh = proxy.connect();
    takes_about(Duration::from_millis(500), || assert!(fresh.ends(DEADLINE)));
    assert!(fresh.received.is_empty());
    let mut used = proxy.connect();
    used.get("/");
    takes_about(Duration::from_millis(500), || assert!(used.ends(DEADLINE)));
    assert!(used.received.is_empty());
}

/// Idle time begins after the answer, and a slow answer is not idleness.
#[test]
fn a_request_is_not_idleness() {
    let upstream = Recorder::start(|conn| {
        while conn.request().is_some() {
            std::thread::sleep(Duration::from_millis(900));
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxy = Proxy::start(&config(
        upstream.address,
        "http1",
        listener("timeouts: { idle: 300ms, requestHead: 300ms }"),
    ));
    let mut client = proxy.connect();
    assert_eq!(client.get("/").head.status(), Some(200));
    assert_eq!(client.get("/").head.status(), Some(200));
}

#[test]
fn an_idle_upstream_connection_ends() {
    let upstream = Recorder::ok();
    let extra = Extra {
        cluster: "timeouts: { idle: 500ms }",
        ..Extra::default()
    };
    let proxy = Proxy::start(&config(upstream.address, "http1", extra));
    proxy.connect().get("/");
    takes_about(Duration::from_millis(500), || upstream.ended(0));
}

/// An upstream that says how long it keeps connections is not sent a request just as it closes one.
#[test]
fn an_upstream_connection_ends_before_the_upstream_ends_it() {
    let upstream = Recorder::start(|conn| {
        while conn.request().is_some() {
            conn.write("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    proxy.connect().get("/");
    takes_about(Duration::from_secs(1), || upstream.ended(0));
}

fn a_slow_origin_is_a_gateway_timeout(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.gone();
    });
    let proxy = proxy_with(
        &origin,
        Extra {
            route: "timeouts: { request: 500ms }",
            ..Extra::default()
        },
    );
    let answer = takes_about(Duration::from_millis(500), || {
        Call::get(proxy.address(), down, "/").receiver.whole()
    });
    assert_eq!(answer.status, 504);
}

fn a_stalled_upload_ends(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| while matches!(served.data(DEADLINE), Data::Bytes(_)) {});
    let proxy = proxy_with(&origin, listener("timeouts: { bodyStall: 500ms }"));
    let mut call = Call::post(proxy.address(), down, "/");
    takes_about(Duration::from_millis(500), || {
        assert!(call.sender.send(b"half"));
        // An answer is right (408), and so is a bare end; staying open is not.
        match call.receiver.try_head(DEADLINE) {
            Some((status, _)) => assert!(matches!(status, 400 | 408 | 504), "{status}"),
            None => assert!(!call.sender.send(&[0; 1 << 20]) || !call.sender.send(&[0; 1 << 20])),
        }
    });
}

fn a_client_that_reads_nothing_ends(down: Wire, up: Wire) {
    let (tell, told) = std::sync::mpsc::channel();
    let origin = Origin::start(up, move |served| {
        served.head(200, &[]);
        while served.send(&[7; 64 * 1024]) {}
        tell.send(()).expect("told");
    });
    let proxy = proxy_with(&origin, listener("timeouts: { writeStall: 500ms }"));
    let mut call = Call::get(proxy.address(), down, "/");
    assert_eq!(call.receiver.head().0, 200);
    told.recv_timeout(DEADLINE)
        .expect("the origin is told that nobody reads");
    let (_, end) = call.receiver.count();
    assert_eq!(end, Data::Cut);
}

/// An origin that stops in the middle is a stream that has gone silent: cut, so that nobody takes half for the whole.
fn an_answer_that_stalls_is_cut(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.head(200, &[("content-length", "100")]);
        served.send(b"half");
        served.gone();
    });
    let extra = listener("timeouts: { streamIdle: 500ms, bodyStall: 100ms }");
    let proxy = Proxy::with_access_log(&config(origin.address, origin.protocol(), extra));
    let mut call = Call::get(proxy.address(), down, "/");
    assert_eq!(call.receiver.head().0, 200);
    let (count, end) = takes_about(Duration::from_millis(500), || call.receiver.count());
    assert_eq!((count, end), (4, Data::Cut));
    proxy.logged(&[
        "status=200",
        "flag=SI",
        "reason=stream-idle",
        "object=\"listener default/web\"",
    ]);
}

/// Where no limit of the whole request is shorter, silence ends what nobody answers.
fn an_answer_that_never_begins_is_a_gateway_timeout(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.gone();
    });
    let extra = listener("timeouts: { streamIdle: 500ms, request: 0s }");
    let proxy = Proxy::with_access_log(&config(origin.address, origin.protocol(), extra));
    let mut call = Call::get(proxy.address(), down, "/");
    let answer = takes_about(Duration::from_millis(500), || call.receiver.whole());
    assert_eq!(answer.status, 504);
    proxy.logged(&["status=504", "flag=SI", "reason=stream-idle"]);
}

/// An upload is as good a sign of life as an answer.
fn an_upload_that_moves_is_not_silence(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        let body = served.body().expect("a whole request").0;
        served.answer(200, body.len().to_string().as_bytes());
    });
    let proxy = proxy_with(&origin, listener("timeouts: { streamIdle: 600ms, request: 0s }"));
    let mut call = Call::post(proxy.address(), down, "/");
    for _ in 0..6 {
        assert!(call.sender.send(b"more"));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(call.sender.finish(&[]));
    let answer = call.receiver.whole();
    assert_eq!((answer.status, &*answer.body), (200, &b"24"[..]));
}

/// The limit of the whole request does not run before the request is whole.
fn an_upload_that_nobody_takes_is_silence(down: Wire, up: Wire) {
    // To see whether the proxy is gone would be to take what it sends.
    let origin = Origin::start(up, |_| std::thread::sleep(Duration::from_secs(3)));
    let proxy = proxy_with(&origin, listener("timeouts: { streamIdle: 500ms }"));
    let mut call = Call::post(proxy.address(), down, "/");
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| call.receiver.try_head(DEADLINE));
        while call.sender.send(&[0; 1 << 20]) {}
        let (status, _) = answer.join().unwrap().expect("an answer");
        assert_eq!(status, 504);
    });
}

fn trailers_end_a_request(down: Wire, up: Wire) {
    let origin = Origin::start(up, |served| {
        served.body();
        served.gone();
    });
    let extra = Extra {
        route: "timeouts: { request: 500ms }",
        ..Extra::default()
    };
    let proxy = proxy_with(&origin, extra);
    let mut call = Call::post(proxy.address(), down, "/");
    assert!(call.sender.send(b"body") && call.sender.finish(&[("x-checksum", "1")]));
    let answer = takes_about(Duration::from_millis(500), || call.receiver.whole());
    assert_eq!(answer.status, 504);
}
