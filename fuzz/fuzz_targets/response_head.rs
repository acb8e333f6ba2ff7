//! Any bytes as a response head: no panic, one verdict however they are cut, and what is accepted survives being
//! written and read again.
#![no_main]

use bytes::BytesMut;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Version};
use libfuzzer_sys::fuzz_target;
use tidegate::http1::{
    BodyLength, Limits, Reject, ResponseHead, ResponseOptions, Scan, encode_response_head, parse_response,
};

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

fuzz_target!(|data: &[u8]| {
    let [step, method, bytes @ ..] = data else { return };
    let method = match method % 3 {
        0 => Method::GET,
        1 => Method::HEAD,
        _ => Method::CONNECT,
    };
    let (mut whole, mut scan, mut headers) = (BytesMut::from(bytes), Scan::default(), HeaderMap::new());
    let at_once = parse_response(&mut whole, &mut scan, &mut headers, &method, &Limits::default());
    let (in_pieces, rest) = parse_in_pieces(bytes, usize::from(*step).max(1), &method);
    match (at_once, in_pieces) {
        (Ok(Some(at_once)), Ok(Some(in_pieces))) => {
            assert_eq!(format!("{at_once:?}"), format!("{in_pieces:?}"));
            assert_eq!(whole, rest);
            write_and_read(at_once, &method);
        }
        (Ok(None), Ok(None)) | (Err(_), Err(_)) => {}
        (at_once, in_pieces) => panic!("{at_once:?} but {in_pieces:?}"),
    }
});

fn parse_in_pieces(bytes: &[u8], step: usize, method: &Method) -> (Result<Option<ResponseHead>, Reject>, BytesMut) {
    let (mut buf, mut scan, mut headers) = (BytesMut::new(), Scan::default(), HeaderMap::new());
    let mut pieces = bytes.chunks(step);
    for piece in pieces.by_ref() {
        buf.extend_from_slice(piece);
        match parse_response(&mut buf, &mut scan, &mut headers, method, &Limits::default()) {
            Ok(None) => {}
            done => {
                pieces.for_each(|piece| buf.extend_from_slice(piece));
                return (done, buf);
            }
        }
    }
    (Ok(None), buf)
}

fn write_and_read(head: ResponseHead, method: &Method) {
    let mut wire = BytesMut::new();
    let options = ResponseOptions {
        version: Version::HTTP_11,
        request: method,
        persistent: head.persistent,
        upgrade: head.upgrade.as_ref(),
        names: None,
        date: DATE,
    };
    encode_response_head(head.parts.status, &head.parts.headers, head.body, options, &mut wire);
    let again = parse_response(
        &mut wire,
        &mut Scan::default(),
        &mut HeaderMap::new(),
        method,
        &Limits::default(),
    );
    let again = match again {
        Ok(again) => again.expect("whole"),
        // What we add may be the field too many or the byte too many.
        Err(_) if head.parts.headers.len() > 90 || wire.len() > 50_000 => return,
        Err(reject) => panic!("{reject} of {head:?}"),
    };
    assert!(wire.is_empty());
    assert_eq!(again.parts.status, head.parts.status);
    assert_eq!(again.upgrade, head.upgrade);
    let expected = match head.body {
        BodyLength::UntilClose => BodyLength::Chunked,
        other => other,
    };
    assert_eq!(again.body, expected);
    let fields = |headers: &HeaderMap| {
        let mut headers = headers.clone();
        headers.remove("date");
        // A response has none.
        headers.remove("host");
        headers.remove("te");
        headers.remove(CONTENT_LENGTH);
        headers
    };
    assert_eq!(fields(&again.parts.headers), fields(&head.parts.headers));
}
