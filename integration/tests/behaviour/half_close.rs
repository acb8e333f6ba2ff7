//! An HTTP/2 client that finishes sending before it has its answers, and one that only seems to.

use std::time::Duration;

use tidegate_integration::harness::{DEADLINE, End, Origin, Proxy, Raw, Recorder, Wire, until};

use crate::setup::{Extra, config, proxy};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The frames that are there whole: kind, flags, stream, payload.
fn frames(mut bytes: &[u8]) -> Vec<(u8, u8, u32, &[u8])> {
    let mut found = Vec::new();
    while let Some(([a, b, c, kind, flags, stream @ ..], rest)) = bytes.split_first_chunk::<9>() {
        let Some((payload, next)) = rest.split_at_checked(u32::from_be_bytes([0, *a, *b, *c]) as usize) else {
            break;
        };
        found.push((*kind, *flags, u32::from_be_bytes(*stream), payload));
        bytes = next;
    }
    found
}

/// `GET http://a/`, or `POST`, in HPACK without Huffman.
fn head(method: u8) -> Vec<u8> {
    vec![method, 0x86, 0x84, 0x41, 1, b'a']
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;

fn connect(proxy: &Proxy) -> Raw {
    let mut client = proxy.connect();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(frame(SETTINGS, 0, 0, &[]));
    client
}

fn bodies(client: &Raw, streams: &[u32]) -> Vec<Option<Vec<u8>>> {
    let frames = frames(&client.received);
    let body = |stream: &u32| {
        let of = || frames.iter().filter(|frame| frame.0 == DATA && frame.2 == *stream);
        let ends = of().any(|frame| frame.1 & END_STREAM != 0);
        ends.then(|| of().flat_map(|frame| frame.3.to_vec()).collect())
    };
    streams.iter().map(body).collect()
}

/// docs/wire.md, promise 14. The connection ends with the last answer.
#[test]
fn a_client_that_finishes_first_gets_its_answers() {
    for up in [Wire::H1, Wire::H2] {
        // As much as the windows let pass, which such a client cannot open any more.
        let body = vec![b'x'; 20_000];
        let answer = body.clone();
        let origin = Origin::start(up, move |served| {
            std::thread::sleep(Duration::from_millis(300));
            served.answer(200, &answer);
        });
        let proxy = proxy(&origin);
        let mut client = connect(&proxy);
        for stream in [1, 3, 5] {
            client.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, &head(GET)));
        }
        client.fin();
        assert!(client.ends(DEADLINE));
        assert_eq!(client.end, Some(End::Fin));
        assert_eq!(bodies(&client, &[1, 3, 5]), vec![Some(body); 3], "before {up:?}");
    }
}

/// Longer than it takes to see whether somebody is still there.
#[test]
fn it_may_take_its_time() {
    let origin = Origin::start(Wire::H1, |served| {
        std::thread::sleep(Duration::from_millis(2500));
        served.answer(200, b"late");
    });
    let proxy = proxy(&origin);
    let mut client = connect(&proxy);
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(GET)));
    client.fin();
    assert!(client.ends(DEADLINE));
    assert_eq!(bodies(&client, &[1]), [Some(b"late".to_vec())]);
}

fn silent() -> Recorder {
    Recorder::start(|conn| {
        conn.head();
        conn.drain();
    })
}

/// Its system answers for a client that has closed, and the upstream learns of it.
#[test]
fn one_that_has_gone_altogether_is_noticed() {
    let upstream = silent();
    let proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    let mut client = connect(&proxy);
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &head(GET)));
    // All that came is read, so that the close is no reset.
    assert!(client.read_until(DEADLINE, |bytes| frames(bytes).len() >= 2));
    until("the request to be upstream", || {
        (!upstream.requests().is_empty()).then_some(())
    });
    drop(client);
    upstream.ended(0);
}

/// A body that is not whole never will be: the upstream sees an abort at once.
#[test]
fn half_an_upload_is_given_up_while_whole_requests_are_answered() {
    let upstream = Recorder::start(|conn| {
        let Some(head) = conn.head() else { return };
        if head.method() == "GET" {
            std::thread::sleep(Duration::from_millis(500));
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
        conn.drain();
    });
    let proxy = Proxy::with_access_log(&config(upstream.address, "http1", Extra::default()));
    let mut client = connect(&proxy);
    client.send(frame(HEADERS, END_HEADERS, 1, &head(POST)));
    client.send(frame(DATA, 0, 1, b"half"));
    until("the upload to be upstream", || {
        let connections = upstream.connections();
        connections
            .first()
            .is_some_and(|one| one.bytes.ends_with(b"half\r\n"))
            .then_some(())
    });
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 3, &head(GET)));
    client.fin();
    proxy.logged(&["method=POST", "reason=client-gone"]);
    upstream.ended(0);
    assert!(client.ends(DEADLINE));
    assert_eq!(bodies(&client, &[1, 3]), [None, Some(b"ok".to_vec())]);
}
