//! What only HTTP/1.1 has: reuse of connections, HTTP/1.0, half-closed connections, bytes left unread.

use std::time::{Duration, Instant};

use tidegate_integration::harness::{End, Proxy, Recorder};

use crate::setup::{Extra, config};

fn proxy(upstream: &Recorder) -> Proxy {
    Proxy::start(&config(upstream.address, "http1", Extra::default()))
}

#[test]
fn both_connections_are_kept() {
    let upstream = Recorder::ok();
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    for round in 0..50 {
        assert_eq!(client.get(&format!("/{round}")).head.status(), Some(200));
    }
    assert_eq!(upstream.connections().len(), 1);
    assert_eq!(upstream.requests().len(), 50);
}

#[test]
fn a_client_that_goes_leaves_its_upstream_connection_to_the_next() {
    let upstream = Recorder::ok();
    let proxy = proxy(&upstream);
    for _ in 0..20 {
        assert_eq!(proxy.connect().get("/").head.status(), Some(200));
    }
    assert_eq!(upstream.connections().len(), 1);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Recorder::start(|conn| {
        while let Some(request) = conn.request() {
            let body = request.head.target().to_owned();
            conn.write(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
        }
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    let requests: String = (0..100)
        .map(|number| format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    client.send(requests);
    let answers = client.finals(&["GET"; 100]);
    let bodies: Vec<String> = answers
        .iter()
        .map(tidegate_integration::harness::message::Message::text)
        .collect();
    let expected: Vec<String> = (0..100).map(|number| format!("/{number}")).collect();
    assert_eq!(bodies, expected);
}

#[test]
fn a_client_that_half_closes_gets_its_answer() {
    let upstream = Recorder::start(|conn| {
        while conn.request().is_some() {
            std::thread::sleep(Duration::from_millis(300));
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").fin();
    let answers = client.finals(&["GET"]);
    assert_eq!(
        (answers[0].head.status(), answers[0].text().as_str()),
        (Some(200), "ok")
    );
    assert!(client.ends(Duration::from_secs(2)));
    assert_eq!(client.end, Some(End::Fin));
}

#[test]
fn an_old_client_gets_no_chunks() {
    let upstream =
        Recorder::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n");
    let proxy = proxy(&upstream);
    for extra in ["", "Connection: keep-alive\r\n"] {
        let mut client = proxy.connect();
        client.send(format!("GET / HTTP/1.0\r\nHost: a\r\n{extra}\r\n"));
        assert!(client.ends(Duration::from_secs(3)), "only the end can end this body");
        let answer = client.responses(&["GET"]).unwrap().pop().unwrap();
        assert!(answer.all("transfer-encoding").is_empty(), "{:?}", answer.head);
        assert_eq!((answer.complete, answer.text().as_str()), (true, "hi"));
    }
}

#[test]
fn an_old_client_gets_no_interim_answer() {
    let upstream =
        Recorder::answering("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    assert!(client.ends(Duration::from_secs(3)));
    let answers = client.responses(&["GET"]).unwrap();
    assert_eq!(
        answers.iter().map(|answer| answer.head.status()).collect::<Vec<_>>(),
        [Some(200)]
    );
}

#[test]
fn an_old_client_that_asks_is_kept() {
    let upstream = Recorder::ok();
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    for _ in 0..3 {
        let answer = client.ask("GET", "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
        assert_eq!(answer.head.status(), Some(200));
        let says = answer
            .all("connection")
            .iter()
            .any(|value| value.eq_ignore_ascii_case("keep-alive"));
        assert!(says, "without it the client must assume a close: {:?}", answer.head);
    }
}

#[test]
fn a_closing_answer_says_so() {
    let upstream = Recorder::ok();
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    let answer = client.ask("GET", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(answer.all("connection"), ["close"]);
    assert!(client.ends(Duration::from_secs(2)));
}

#[test]
fn a_small_rest_of_an_upload_is_read_and_the_connection_kept_or_closed() {
    let upstream = Recorder::start(|conn| {
        while conn.head().is_some() {
            conn.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            conn.drain();
        }
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    let answer = client.finals(&["POST"]).pop().unwrap();
    assert_eq!(answer.head.status(), Some(413));
    client.send([b'G'; 1000]).send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_until(Duration::from_secs(3), |bytes| !bytes.is_empty());
    // Either an answer to the next request, or the end: never an answer to what was the body.
    let next = client.responses(&["GET"]).unwrap();
    assert!(next.iter().all(|answer| answer.head.status() == Some(413)), "{next:?}");
}

#[test]
fn a_large_rest_of_an_upload_ends_the_connection() {
    let upstream = Recorder::start(|conn| {
        while conn.head().is_some() {
            conn.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            conn.drain();
        }
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
    let begun = Instant::now();
    assert_eq!(client.finals(&["POST"]).pop().unwrap().head.status(), Some(413));
    assert!(client.ends(Duration::from_secs(5)), "nobody reads 100 MB for nothing");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn bytes_on_an_idle_upstream_connection_reach_nobody() {
    let upstream = Recorder::start(|conn| {
        let mut first = true;
        while conn.request().is_some() {
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            if first && conn.index == 0 {
                std::thread::sleep(Duration::from_millis(50));
                conn.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nevil");
            }
            first = false;
        }
    });
    let proxy = proxy(&upstream);
    let mut client = proxy.connect();
    assert_eq!(client.get("/").text(), "ok");
    std::thread::sleep(Duration::from_millis(200));
    for _ in 0..5 {
        assert_eq!(client.get("/").text(), "ok");
    }
}

#[test]
fn an_unknown_host_or_path_is_not_found() {
    let upstream = Recorder::ok();
    let route = "hosts: [known.example]";
    let yaml = config(
        upstream.address,
        "http1",
        Extra {
            route,
            ..Extra::default()
        },
    )
    .replace(
        "rules: [{ backends",
        "rules: [{ matches: [{ path: { prefix: /in } }], backends",
    );
    let proxy = Proxy::start(&yaml);
    let ask = |host: &str, path: &str| {
        let answer = proxy
            .connect()
            .ask("GET", format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        answer.head.status().unwrap()
    };
    assert_eq!(ask("known.example", "/in"), 200);
    assert_eq!(ask("known.example", "/in/side"), 200);
    assert_eq!(ask("KNOWN.example", "/in"), 200);
    assert_eq!(ask("known.example:80", "/in"), 200);
    assert_eq!(ask("known.example", "/inside"), 404);
    assert_eq!(ask("known.example", "/"), 404);
    assert_eq!(ask("other.example", "/in"), 404);
    assert_eq!(upstream.requests().len(), 4);
}

#[test]
fn nobody_at_the_endpoint_is_unavailable() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let proxy = Proxy::start(&config(gone, "http1", Extra::default()));
    let mut client = proxy.connect();
    for _ in 0..3 {
        assert_eq!(client.get("/").head.status(), Some(503));
    }
}
