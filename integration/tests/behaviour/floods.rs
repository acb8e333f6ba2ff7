//! Frames that cost their sender nothing: each flood ends its own connection, is counted by name, and is nobody else's
//! business.

use std::io::Write;
use std::time::Duration;

use tidegate_integration::harness::{DEADLINE, Proxy, Raw, Recorder, until};

use crate::setup::{Extra, config};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const ENHANCE_YOUR_CALM: u32 = 11;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:method: GET`, `:scheme: http`, `:path: /`, `:authority: a`, in HPACK.
pub(crate) const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'a'];
const POST: &[u8] = &[0x83, 0x86, 0x84, 0x41, 1, b'a'];
const CANCEL: &[u8] = &[0, 0, 0, 8];

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The code of the last GOAWAY in what a client received.
fn goaway(mut bytes: &[u8]) -> Option<u32> {
    let mut code = None;
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if *kind == GOAWAY && rest.len() >= 8 {
            code = Some(u32::from_be_bytes(rest[4..8].try_into().unwrap()));
        }
        bytes = rest.get(length..).unwrap_or_default();
    }
    code
}

/// Frames that are a flood.
#[derive(Clone, Copy)]
pub(crate) struct Flood {
    pub(crate) reason: &'static str,
    /// What comes before them.
    opening: fn() -> Vec<u8>,
    /// One of them, by number.
    one: fn(u32) -> Vec<u8>,
}

pub(crate) const FLOODS: [Flood; 5] = [
    Flood {
        reason: "h2-ping-flood",
        opening: Vec::new,
        one: |_| frame(PING, 0, 0, b"12345678"),
    },
    Flood {
        reason: "h2-settings-flood",
        opening: Vec::new,
        one: |_| frame(SETTINGS, 0, 0, &[]),
    },
    Flood {
        reason: "h2-empty-data-flood",
        opening: || frame(HEADERS, END_HEADERS, 1, POST),
        one: |_| frame(DATA, 0, 1, &[]),
    },
    Flood {
        reason: "h2-reset-flood",
        opening: Vec::new,
        one: |number| {
            let stream = 2 * number + 1;
            let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, stream, GET);
            bytes.extend(frame(RST_STREAM, 0, stream, CANCEL));
            bytes
        },
    },
    Flood {
        reason: "h2-continuation-flood",
        opening: || frame(HEADERS, END_STREAM, 1, GET),
        // A field that is never ended by END_HEADERS: `x: ` and its value, over and over.
        one: |_| frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y"),
    },
];

/// Sends a flood until the connection ends, with a word about why.
pub(crate) fn flood(client: &mut Raw, flood: &Flood) {
    let opening = (flood.opening)();
    client.send(PREFACE).send(frame(SETTINGS, 0, 0, &[])).send(opening);
    for number in 0..5_000 {
        if client.stream().write_all(&(flood.one)(number)).is_err() {
            break;
        }
    }
    assert!(client.ends(DEADLINE), "{}: the connection goes on", flood.reason);
    assert_eq!(goaway(&client.received), Some(ENHANCE_YOUR_CALM), "{}", flood.reason);
}

#[test]
fn each_ends_its_own_connection_and_is_counted_once() {
    for one in &FLOODS {
        let reason = one.reason;
        let upstream = Recorder::ok();
        let proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
        let mut bystander = proxy.connect();
        assert_eq!(bystander.get("/before").head.status(), Some(200));
        flood(&mut proxy.connect(), one);
        assert_eq!(bystander.get("/meanwhile").head.status(), Some(200));
        until("the flood to be counted", || {
            (proxy.refusals("DPE", reason) > 0.0).then_some(())
        });
        assert_eq!(proxy.refusals("DPE", reason), 1.0, "a connection is refused once");
        assert_eq!(bystander.get("/after").head.status(), Some(200));
        assert_eq!(Raw::connect(proxy.address()).get("/new").head.status(), Some(200));
    }
}

/// As many as the limits allow are no flood.
#[test]
fn a_busy_client_is_none() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    let mut client = proxy.connect();
    client.send(PREFACE).send(frame(SETTINGS, 0, 0, &[]));
    for _ in 0..90 {
        client
            .send(frame(PING, 0, 0, b"12345678"))
            .send(frame(SETTINGS, 0, 0, &[]));
    }
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, GET));
    let answered = client.read_until(DEADLINE, |bytes| count(bytes, PING) == 90 && count(bytes, HEADERS) == 1);
    assert!(answered, "{:?}", client.end);
    assert!(!client.ends(Duration::from_millis(100)));
}

fn count(mut bytes: &[u8], wanted: u8) -> usize {
    let mut count = 0;
    while let [a, b, c, kind, _, _, _, _, _, rest @ ..] = bytes {
        count += usize::from(*kind == wanted);
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        bytes = rest.get(length..).unwrap_or_default();
    }
    count
}
