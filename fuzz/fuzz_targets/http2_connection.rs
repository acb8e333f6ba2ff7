//! Any bytes behind an HTTP/2 client's preface, through the front: it ends, every request that comes out of it is in the
//! canonical form, and what the client gets is well-formed frames, none of them on a stream that is over.
#![no_main]

use std::collections::HashSet;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use http::{HeaderName, Response};
use libfuzzer_sys::fuzz_target;
use tidegate::exchange::{Answer, Body, Error, Exchange, Protocol};
use tidegate::http2;
use tidegate_fuzz::{Place, collect, feed, outcome, run};
use tokio::io::AsyncWriteExt;
use tower::Service;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes that the pipe holds: less than a body may have, so that writes stall.
const PIPE: usize = 32 * 1024;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;

fuzz_target!(|data: &[u8]| {
    let [choice, step, bytes @ ..] = data else { return };
    let (echoes, finishes) = (choice & 1 == 0, choice & 2 == 0);
    run(async {
        let place = Place::without_upstream();
        let (ours, client) = tokio::io::duplex(PIPE);
        let driver = tokio::task::spawn_local(http2::serve(
            ours,
            BytesMut::from(PREFACE),
            place.connection(Protocol::Http2),
            place.drain.watch(),
            Rc::clone(&place.worker),
            Stack { echoes },
        ));
        let (reader, mut writer) = tokio::io::split(client);
        let received = collect(reader);
        if feed(&mut writer, bytes, usize::from(*step)).await && finishes {
            let _ = writer.shutdown().await;
        }
        outcome(driver).await;
        drop(writer);
        check_frames(&outcome(received).await);
    });
});

fn check_frames(mut bytes: &[u8]) {
    let mut over = HashSet::new();
    while let [a, b, c, kind, flags, id @ ..] = bytes {
        // The connection may end within a frame, as its client may.
        let Some((id, rest)) = id.split_first_chunk::<4>() else {
            return;
        };
        let (length, id) = (u32::from_be_bytes([0, *a, *b, *c]) as usize, u32::from_be_bytes(*id));
        match *kind {
            SETTINGS | PING | GOAWAY => assert_eq!(id, 0, "frame type {kind}"),
            DATA | HEADERS | CONTINUATION => {
                assert_eq!(id % 2, 1, "frame type {kind}");
                assert!(!over.contains(&id), "frame type {kind} on stream {id}, which is over");
            }
            RST_STREAM => assert_ne!(id, 0),
            WINDOW_UPDATE => {}
            _ => panic!("frame type {kind}"),
        }
        if *kind == RST_STREAM || matches!(*kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            over.insert(id);
        }
        bytes = rest.get(length..).unwrap_or_default();
    }
}

#[derive(Clone)]
struct Stack {
    /// Answers with the request's body as that comes; otherwise with as much as fills every window, unasked.
    echoes: bool,
}

impl Service<Box<Exchange>> for Stack {
    type Response = Answer;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Error>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, exchange: Box<Exchange>) -> Self::Future {
        let Exchange { head, body, .. } = *exchange;
        assert!(head.uri.path().starts_with('/') || head.uri.path() == "*", "{head:?}");
        assert!(head.uri.authority().is_none(), "{head:?}");
        assert_eq!(head.headers.get_all("host").iter().count(), 1, "{head:?}");
        for name in [
            "connection",
            "transfer-encoding",
            "upgrade",
            "keep-alive",
            "proxy-connection",
        ] {
            assert!(!head.headers.contains_key(HeaderName::from_static(name)), "{head:?}");
        }
        let body = if self.echoes {
            body
        } else {
            Body::Full(vec![7; 100_000].into())
        };
        Box::pin(async move { Ok(Response::new(body).into()) })
    }
}
