//! WebSocket tunnels: what passes, when they end, what is said of them.

use std::time::{Duration, Instant};

use tidegate_integration::harness::{Conn, DEADLINE, Proxy, Raw, Recorder, Signal, until};

use crate::setup::{Extra, config};

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A text frame of `hi`, from a server and from a client.
const FROM_SERVER: &[u8] = b"\x81\x02hi";
const FROM_CLIENT: &[u8] = b"\x81\x82\x00\x00\x00\x00hi";
/// Going away, as a server says it.
const GOING_AWAY: &[u8] = &[0x88, 2, 0x03, 0xe9];

/// An upstream that switches and gives the connection to a script.
fn websocket(script: impl Fn(&mut Conn) + Send + Sync + 'static) -> Recorder {
    Recorder::start(move |conn| {
        if conn.head().is_some() && conn.write(SWITCHED) {
            script(conn);
        }
    })
}

/// Answers each frame of a client with one of its own.
fn chat(conn: &mut Conn) {
    while conn.take(FROM_CLIENT.len()) == FROM_CLIENT {
        conn.write(FROM_SERVER);
    }
}

fn proxy(upstream: &Recorder, listener: &'static str) -> Proxy {
    let extra = Extra {
        listener,
        ..Extra::default()
    };
    Proxy::with_access_log(&config(upstream.address, "http1", extra))
}

/// A client whose connection has become a tunnel.
fn open(proxy: &Proxy) -> Raw {
    let mut client = proxy.connect();
    client.send(UPGRADE);
    let end = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
    assert!(client.read_until(DEADLINE, |bytes| end(bytes).is_some()));
    let head = end(&client.received).unwrap() + 4;
    assert!(client.received.starts_with(b"HTTP/1.1 101 "));
    client.received.drain(..head);
    client
}

/// A switch to another protocol than was asked for is none that the client can follow.
#[test]
fn a_switch_to_something_else_is_a_bad_gateway() {
    for upgrade in ["Connection: Upgrade\r\nUpgrade: other\r\n", ""] {
        let upstream = Recorder::start(move |conn| {
            if conn.head().is_some() {
                conn.write(format!("HTTP/1.1 101 Switching Protocols\r\n{upgrade}\r\n"));
            }
        });
        let proxy = proxy(&upstream, "");
        let mut client = proxy.connect();
        let answer = client.ask("GET", UPGRADE);
        assert_eq!(answer.head.status(), Some(502), "{upgrade:?}");
        proxy.logged(&["status=502", "reason=unasked-upgrade"]);
    }
}

fn exchange(client: &mut Raw) {
    client.send(FROM_CLIENT);
    assert!(client.read_until(DEADLINE, |bytes| bytes == FROM_SERVER));
    client.received.clear();
}

fn figure(proxy: &Proxy, name: &str) -> Option<u64> {
    let text = proxy.ask("/metrics");
    let line = text
        .lines()
        .find(|line| line.starts_with(name) && line.contains("default/all"))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn its_bytes_and_its_time_are_in_the_record_when_it_ends() {
    let upstream = websocket(chat);
    let proxy = proxy(&upstream, "");
    let mut client = open(&proxy);
    for _ in 0..3 {
        exchange(&mut client);
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(!proxy.logs().contains("target=/chat"), "reported before its end");
    assert_eq!(figure(&proxy, "tidegate_requests_active"), Some(1));
    client.fin();
    assert!(client.ends(DEADLINE));
    let line = proxy.logged(&["status=101", "bytes_in=24", "bytes_out=12", "flag=-"]);
    let (_, millis) = line.split_once(" ms=").unwrap();
    let millis: f64 = millis.split(' ').next().unwrap().parse().unwrap();
    assert!(millis >= 100.0, "{line}");
    until("the figures to count the tunnel", || {
        let counted = figure(&proxy, "tidegate_request_body_bytes_total") == Some(24)
            && figure(&proxy, "tidegate_response_body_bytes_total") == Some(12)
            && figure(&proxy, "tidegate_requests_active") == Some(0);
        counted.then_some(())
    });
}

/// Bytes keep it open; their absence ends it.
#[test]
fn a_silent_one_ends_after_its_limit_and_no_other_limit_concerns_it() {
    let upstream = websocket(chat);
    let proxy = proxy(
        &upstream,
        "timeouts: { tunnelIdle: 800ms, idle: 200ms, requestHead: 200ms, bodyStall: 200ms, streamIdle: 200ms }",
    );
    let mut client = open(&proxy);
    let begun = Instant::now();
    for _ in 0..4 {
        client.read_some(Duration::from_millis(400));
        exchange(&mut client);
    }
    assert!(begun.elapsed() > Duration::from_millis(1600));
    let last = Instant::now();
    assert!(client.ends(DEADLINE));
    assert!(last.elapsed() >= Duration::from_millis(750), "{:?}", last.elapsed());
    upstream.ended(0);
    proxy.logged(&["status=101", "flag=SI", "reason=tunnel-idle"]);
}

#[test]
fn a_reset_is_passed_on_as_one() {
    let upstream = websocket(chat);
    let proxy = proxy(&upstream, "");
    let mut client = open(&proxy);
    exchange(&mut client);
    client.reset();
    let (end, _) = upstream.ended(0);
    assert_eq!(end, tidegate_integration::harness::End::Reset);
    proxy.logged(&["status=101", "reason=client-gone"]);
}

#[test]
fn a_stop_waits_for_it() {
    let upstream = websocket(chat);
    let mut proxy = proxy(&upstream, "drain: 30s");
    let mut client = open(&proxy);
    proxy.signal(Signal::Term);
    until("the listener to close", || {
        std::net::TcpStream::connect(proxy.address()).is_err().then_some(())
    });
    for _ in 0..5 {
        assert!(proxy.runs(), "it ended with a tunnel open");
        exchange(&mut client);
        client.read_some(Duration::from_millis(50));
    }
    client.fin();
    assert!(client.ends(DEADLINE));
    assert_eq!(proxy.exit().code(), Some(0));
    proxy.logged(&["status=101", "bytes_in=40", "flag=-"]);
}

/// Both sides are told, at the end of a frame, and the record is reported before the process ends.
#[test]
fn late_in_a_stop_both_sides_are_told_that_it_goes_away() {
    let upstream = websocket(|conn| {
        chat(conn);
        conn.drain();
    });
    let mut proxy = proxy(&upstream, "drain: 2s");
    let mut client = open(&proxy);
    exchange(&mut client);
    let begun = Instant::now();
    proxy.signal(Signal::Term);
    assert!(client.read_until(DEADLINE, |bytes| bytes.len() >= GOING_AWAY.len()));
    assert_eq!(client.received, GOING_AWAY);
    assert!(begun.elapsed() > Duration::from_millis(1500), "{:?}", begun.elapsed());
    assert_eq!(proxy.exit().code(), Some(0));
    assert!(!proxy.logs().contains("drain time is over"), "{}", proxy.logs());
    upstream.ended(0);
    let told = &upstream.connections()[0].bytes;
    let close = &told[told.len() - 8..];
    assert_eq!(close[..2], [0x88, 0x82]);
    assert_eq!([close[6] ^ close[2], close[7] ^ close[3]], 1001_u16.to_be_bytes());
    proxy.logged(&["status=101", "bytes_in=16", "bytes_out=8"]);
}

/// A frame that never ends is not cut in two by the farewell; the end of the time ends it.
#[test]
fn half_a_frame_is_never_followed_by_a_farewell() {
    let upstream = websocket(|conn| {
        conn.write([&[0x82, 126, 0x10, 0x00][..], &[7; 100]].concat());
        conn.drain();
    });
    let mut proxy = proxy(&upstream, "drain: 2s");
    let mut client = open(&proxy);
    assert!(client.read_until(DEADLINE, |bytes| bytes.len() == 104));
    proxy.signal(Signal::Term);
    assert!(client.ends(DEADLINE));
    assert_eq!(client.received.len(), 104);
    assert_eq!(proxy.exit().code(), Some(0));
    proxy.logged(&["status=101"]);
}

/// A tunnel holds a place among the cluster's connections for as long as it is open.
#[test]
fn it_counts_against_the_limit_of_its_cluster() {
    let upstream = websocket(chat);
    let extra = Extra {
        cluster: "limits: { connections: 1, pendingRequests: 1 }, timeouts: { connect: 300ms }",
        ..Extra::default()
    };
    let proxy = Proxy::start(&config(upstream.address, "http1", extra));
    let mut first = open(&proxy);
    let mut second = proxy.connect();
    second.send(UPGRADE);
    assert_eq!(second.finals(&["GET"])[0].head.status(), Some(503));
    first.fin();
    assert!(first.ends(DEADLINE));
    exchange(&mut open(&proxy));
}
