//! What an HTTP/1.1 client reads: answers, one after the other.

use bytes::BytesMut;
use http::{HeaderMap, Method, StatusCode};
use tidegate::http1::{Decoded, Decoder, Limits, Peer, Scan, parse_response};

/// A final answer.
#[derive(Debug, Eq, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
    pub trailers: Option<HeaderMap>,
    /// It ended as its framing says.
    pub complete: bool,
}

/// The final answers in all that a client received, given the methods of its requests; where they run out, GET is
/// assumed. Panics where something else stands. After a 101 it stops: what follows is no HTTP.
pub fn read_answers(bytes: &[u8], methods: &[Method]) -> Vec<Answer> {
    let mut buf = BytesMut::from(bytes);
    let mut methods = methods.iter();
    let mut method = methods.next().unwrap_or(&Method::GET);
    let mut answers = Vec::new();
    let limits = Limits::default();
    while !buf.is_empty() {
        let head = parse_response(&mut buf, &mut Scan::default(), &mut HeaderMap::new(), method, &limits)
            .unwrap_or_else(|reject| panic!("{reject:?} in {:?}", String::from_utf8_lossy(bytes)));
        // Cut within a head: the connection was aborted.
        let Some(head) = head else { break };
        if head.parts.status == StatusCode::SWITCHING_PROTOCOLS {
            break;
        }
        if head.parts.status.is_informational() {
            continue;
        }
        let mut decoder = Decoder::new(head.body, Peer::Upstream, &limits);
        let mut answer = Answer {
            status: head.parts.status,
            body: Vec::new(),
            trailers: None,
            complete: false,
        };
        read_body(&mut decoder, &mut buf, &mut answer);
        let complete = answer.complete;
        answers.push(answer);
        if !complete {
            assert!(buf.is_empty(), "bytes after an answer that did not end");
            break;
        }
        method = methods.next().unwrap_or(&Method::GET);
    }
    answers
}

fn read_body(decoder: &mut Decoder, buf: &mut BytesMut, answer: &mut Answer) {
    loop {
        match decoder.decode(buf) {
            Ok(Decoded::Data(data)) => answer.body.extend_from_slice(&data),
            Ok(Decoded::Trailers(trailers)) => answer.trailers = Some(trailers),
            Ok(Decoded::End) => {
                answer.complete = true;
                return;
            }
            Ok(Decoded::More) => {
                answer.complete = decoder.eof().is_ok();
                return;
            }
            Err(reject) => panic!("{reject:?} in the body of {answer:?}"),
        }
    }
}
