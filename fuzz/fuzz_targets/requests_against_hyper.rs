//! Pipelined requests, read by us and by hyper: whatever we accept, hyper accepts, too, and cuts alike: the same
//! methods, targets, fields, bodies and trailers, in the same order. hyper may accept more.
#![no_main]

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use libfuzzer_sys::fuzz_target;
use tidegate::http1::{Decoded, Decoder, Limits, Peer, RequestHead, Scan, Underscores, parse_request};

#[derive(Debug)]
struct Message {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    trailers: HeaderMap,
}

fuzz_target!(|data: &[u8]| {
    let ours = read_ours(data);
    if ours.is_empty() {
        return;
    }
    let hypers = read_hypers(data);
    for (i, our) in ours.iter().enumerate() {
        let Some(hyper) = hypers.get(i) else {
            panic!("message {i} is ours alone: {our:?}\nhyper has {hypers:?}");
        };
        compare(our, hyper);
    }
});

fn compare(ours: &Message, hyper: &Message) {
    assert_eq!(ours.method, hyper.method);
    assert_eq!(ours.target, hyper.target, "{ours:?}");
    assert_eq!(ours.body, hyper.body, "{ours:?}\n{hyper:?}");
    assert_eq!(length(ours), length(hyper), "{ours:?}");
    for (name, _) in &ours.headers {
        // A host may come from an absolute target, TE is reduced, a length loses its leading zeros.
        if name != "host" && name != "te" && name != "content-length" {
            let values = |message: &Message| message.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
            let (our_values, mut hyper_values) = (values(ours), values(hyper));
            if name == "expect" {
                hyper_values.truncate(1);
            }
            assert_eq!(our_values, hyper_values, "{name}");
        }
    }
    for (name, value) in &ours.trailers {
        assert!(
            hyper.trailers.get_all(name).iter().any(|other| other == value),
            "{name} of {ours:?}\n{hyper:?}"
        );
    }
}

fn length(message: &Message) -> Option<u64> {
    message
        .headers
        .get("content-length")
        .map(|length| length.to_str().expect("digits").parse().expect("digits"))
}

/// The whole messages at the front, as far as one connection would go.
fn read_ours(data: &[u8]) -> Vec<Message> {
    // hyper knows neither of these choices.
    let limits = Limits {
        normalise_path: false,
        underscores: Underscores::Allow,
        ..Limits::default()
    };
    let (mut buf, mut scan, mut messages) = (BytesMut::from(data), Scan::default(), Vec::new());
    while let Ok(Some(head)) = parse_request(&mut buf, &mut scan, &mut HeaderMap::new(), &limits) {
        let goes_on = head.persistent && head.parts.method != Method::CONNECT;
        let Some(message) = read_body(head, &mut buf, &limits) else {
            break;
        };
        messages.push(message);
        if !goes_on {
            break;
        }
    }
    messages
}

fn read_body(head: RequestHead, buf: &mut BytesMut, limits: &Limits) -> Option<Message> {
    let mut decoder = Decoder::new(head.body, Peer::Downstream, limits);
    let mut message = Message {
        target: target(&head.parts.uri),
        method: head.parts.method,
        headers: head.parts.headers,
        body: Vec::new(),
        trailers: HeaderMap::new(),
    };
    loop {
        match decoder.decode(buf).ok()? {
            Decoded::Data(data) => message.body.extend_from_slice(&data),
            Decoded::Trailers(trailers) => message.trailers = trailers,
            Decoded::End => return Some(message),
            Decoded::More => return None,
        }
    }
}

fn target(uri: &http::Uri) -> String {
    match uri.path_and_query() {
        // OPTIONS for a whole server, in either form.
        Some(path) if path == "*" || path == "/" => "/".to_owned(),
        Some(path) => path.to_string(),
        None => uri.to_string(),
    }
}

fn read_hypers(data: &[u8]) -> Vec<Message> {
    let messages = Rc::new(RefCell::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let messages = messages.clone();
        async move {
            let (parts, body) = request.into_parts();
            if let Ok(body) = body.collect().await {
                messages.borrow_mut().push(Message {
                    target: target(&parts.uri),
                    method: parts.method,
                    headers: parts.headers,
                    trailers: body.trailers().cloned().unwrap_or_default(),
                    body: body.to_bytes().to_vec(),
                });
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let io = Script {
        input: data.to_vec(),
        at: 0,
    };
    let connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut context = Context::from_waker(Waker::noop());
    // The script is never pending, but hyper yields now and then.
    for _ in 0..1000 {
        if connection.as_mut().poll(&mut context).is_ready() {
            break;
        }
    }
    messages.take()
}

/// Bytes to read, then the end; what is written is forgotten.
struct Script {
    input: Vec<u8>,
    at: usize,
}

impl Read for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let len = buf.remaining().min(self.input.len() - self.at);
        buf.put_slice(&self.input[self.at..self.at + len]);
        self.at += len;
        Poll::Ready(Ok(()))
    }
}

impl Write for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
