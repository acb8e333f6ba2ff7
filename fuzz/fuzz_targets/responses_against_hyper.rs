//! A response, read by us and by hyper's client: whatever we accept, hyper accepts, too, and cuts alike: the same
//! status, fields, body and trailers after the same interim responses. hyper may accept more.
#![no_main]

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use libfuzzer_sys::fuzz_target;
use tidegate::http1::{Decoded, Decoder, Limits, Peer, ResponseHead, Scan, parse_response};

#[derive(Debug)]
struct Message {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    trailers: HeaderMap,
}

fuzz_target!(|data: &[u8]| {
    let Some((method, bytes)) = data.split_first() else {
        return;
    };
    // What follows a CONNECT is no body for either of us, but hyper does not hand it out as none.
    let method = if method % 2 == 0 { Method::GET } else { Method::HEAD };
    let Some(ours) = read_ours(bytes, &method) else { return };
    let Some(hyper) = read_hypers(bytes, &method) else {
        panic!("ours alone: {ours:?}");
    };
    assert_eq!(ours.status, hyper.status);
    assert_eq!(ours.body, hyper.body, "{ours:?}\n{hyper:?}");
    // Where there can be no body, a length that goes no further need not be the same.
    if let Some(length) = length(&ours) {
        assert_eq!(Some(length), self::length(&hyper), "{ours:?}");
    }
    for name in ours
        .headers
        .keys()
        .filter(|name| *name != "te" && *name != "host" && *name != "content-length")
    {
        let values = |message: &Message| message.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        let (our_values, mut hyper_values) = (values(&ours), values(&hyper));
        if name == "expect" {
            hyper_values.truncate(1);
        }
        assert_eq!(our_values, hyper_values, "{name}");
    }
    for (name, value) in &ours.trailers {
        assert!(
            hyper.trailers.get_all(name).iter().any(|other| other == value),
            "{name} of {ours:?}\n{hyper:?}"
        );
    }
});

fn length(message: &Message) -> Option<u64> {
    message
        .headers
        .get("content-length")
        .map(|length| length.to_str().expect("digits").parse().expect("digits"))
}

fn read_ours(bytes: &[u8], method: &Method) -> Option<Message> {
    let limits = Limits::default();
    let (mut buf, mut scan) = (BytesMut::from(bytes), Scan::default());
    loop {
        let head = parse_response(&mut buf, &mut scan, &mut HeaderMap::new(), method, &limits).ok()??;
        if head.parts.status == StatusCode::SWITCHING_PROTOCOLS {
            return None;
        }
        if !head.parts.status.is_informational() {
            return read_body(head, &mut buf, &limits);
        }
    }
}

fn read_body(head: ResponseHead, buf: &mut BytesMut, limits: &Limits) -> Option<Message> {
    let mut decoder = Decoder::new(head.body, Peer::Upstream, limits);
    let mut message = Message {
        status: head.parts.status,
        headers: head.parts.headers,
        body: Vec::new(),
        trailers: HeaderMap::new(),
    };
    loop {
        match decoder.decode(buf).ok()? {
            Decoded::Data(data) => message.body.extend_from_slice(&data),
            Decoded::Trailers(trailers) => message.trailers = trailers,
            Decoded::End => return Some(message),
            Decoded::More => return decoder.eof().is_ok().then_some(message),
        }
    }
}

fn read_hypers(bytes: &[u8], method: &Method) -> Option<Message> {
    let io = Script {
        input: bytes.to_vec(),
        at: 0,
        asked: false,
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut handshake = pin!(http1::handshake::<_, Empty<Bytes>>(io));
    let Poll::Ready(Ok((mut sender, connection))) = handshake.as_mut().poll(&mut context) else {
        return None;
    };
    let request = Request::builder()
        .method(method)
        .uri("/")
        .header("host", "a")
        .body(Empty::new())
        .ok()?;
    let mut exchange = pin!(async move {
        let (parts, body) = sender.send_request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?;
        Some(Message {
            status: parts.status,
            headers: parts.headers,
            trailers: body.trailers().cloned().unwrap_or_default(),
            body: body.to_bytes().to_vec(),
        })
    });
    let mut connection = pin!(connection);
    let mut connected = true;
    // The script is never pending once it was asked, but hyper yields now and then.
    for _ in 0..1000 {
        connected = connected && connection.as_mut().poll(&mut context).is_pending();
        if let Poll::Ready(message) = exchange.as_mut().poll(&mut context) {
            return message;
        }
    }
    panic!("hyper neither answers nor fails");
}

/// Bytes to read once something was written, then the end; what is written is forgotten.
struct Script {
    input: Vec<u8>,
    at: usize,
    asked: bool,
}

impl Read for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        if !self.asked {
            return Poll::Pending;
        }
        let len = buf.remaining().min(self.input.len() - self.at);
        buf.put_slice(&self.input[self.at..self.at + len]);
        self.at += len;
        Poll::Ready(Ok(()))
    }
}

impl Write for Script {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        self.asked = true;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
