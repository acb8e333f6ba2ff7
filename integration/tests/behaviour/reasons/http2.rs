//! What ends HTTP/2 connections and streams, of clients and of upstreams.

use tidegate_integration::harness::{Call, Conn, DEADLINE, Wire};

use super::{Row, Seen};
use crate::floods::{DATA, FLOODS, GET, HEADERS, PREFACE, RST_STREAM, SETTINGS, flood, frame};

const GOAWAY: u8 = 7;
const REFUSED_STREAM: &[u8] = &[0, 0, 0, 7];

pub(super) fn rows() -> Vec<Row> {
    let floods = FLOODS.into_iter().map(|one| {
        Row::new("DPE", one.reason, "listener default/web", move |world| {
            flood(&mut world.connect("web"), &one);
            Seen::End
        })
    });
    let broken = Row::new("DPE", "h2-protocol-error", "listener default/web", |world| {
        // RFC 9113 section 6.1: DATA belongs to a stream.
        end_of_connection(world.connect("web"), &frame(DATA, 0, 0, b"x"))
    });
    let late = Row::new("DT", "request-head-timeout", "listener default/hasty", |world| {
        end_of_connection(world.connect("hasty"), &frame(HEADERS, 0, 1, GET))
    });
    let upstreams = [
        ("UR", "upstream-refused", "refusing"),
        ("UC", "upstream-goaway", "leaving"),
        ("UPE", "h2-protocol-error", "broken"),
        ("UF", "connect-timeout", "mute"),
    ]
    .map(|(flag, reason, cluster)| {
        Row::new(flag, reason, &format!("cluster default/{cluster}"), move |world| {
            let mut call = Call::get(world.address("web"), Wire::H2, &format!("/{cluster}"));
            call.receiver.whole().into()
        })
    });
    floods.chain([broken, late]).chain(upstreams).collect()
}

fn end_of_connection(mut client: tidegate_integration::harness::Raw, bytes: &[u8]) -> Seen {
    client.send(PREFACE).send(frame(SETTINGS, 0, 0, &[])).send(bytes);
    assert!(client.ends(DEADLINE), "it goes on");
    Seen::End
}

/// An upstream that answers each request with these frames, given its stream.
pub(super) fn upstream(conn: &mut Conn, answer: impl Fn(u32) -> Vec<u8>) {
    conn.take(PREFACE.len());
    conn.write(frame(SETTINGS, 0, 0, &[]));
    loop {
        let head = conn.take(9);
        let [a, b, c, kind, _, stream @ ..] = &head[..] else {
            return;
        };
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        conn.take(length);
        if *kind == HEADERS {
            conn.write(answer(u32::from_be_bytes(stream.try_into().unwrap())));
        }
    }
}

pub(super) fn refusing(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, REFUSED_STREAM)
}

/// Took no stream, and is going.
pub(super) fn leaving(_: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0; 8])
}

pub(super) fn broken(_: u32) -> Vec<u8> {
    frame(DATA, 0, 0, b"x")
}
