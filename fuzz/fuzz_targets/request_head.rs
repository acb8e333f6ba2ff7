//! Any bytes as a request head: no panic, one verdict however they are cut, and what is accepted survives being
//! written and read again.
#![no_main]

use bytes::BytesMut;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use libfuzzer_sys::fuzz_target;
use tidegate::http1::{BodyLength, Limits, RequestHead, RequestOptions, Scan, encode_request_head, parse_request};

fuzz_target!(|data: &[u8]| {
    let Some((step, bytes)) = data.split_first() else {
        return;
    };
    let (mut whole, mut scan, mut headers) = (BytesMut::from(bytes), Scan::default(), HeaderMap::new());
    let at_once = parse_request(&mut whole, &mut scan, &mut headers, &Limits::default());
    let (in_pieces, rest) = parse_in_pieces(bytes, usize::from(*step).max(1));
    match (at_once, in_pieces) {
        (Ok(Some(at_once)), Ok(Some(in_pieces))) => {
            assert_eq!(format!("{at_once:?}"), format!("{in_pieces:?}"));
            assert_eq!(whole, rest);
            write_and_read(at_once);
        }
        (Ok(None), Ok(None)) => {}
        (Err(at_once), Err(in_pieces)) => assert_eq!(at_once.peer, in_pieces.peer),
        (at_once, in_pieces) => panic!("{at_once:?} but {in_pieces:?}"),
    }
});

fn parse_in_pieces(bytes: &[u8], step: usize) -> (Result<Option<RequestHead>, tidegate::http1::Reject>, BytesMut) {
    let (mut buf, mut scan, mut headers) = (BytesMut::new(), Scan::default(), HeaderMap::new());
    let mut pieces = bytes.chunks(step);
    for piece in pieces.by_ref() {
        buf.extend_from_slice(piece);
        match parse_request(&mut buf, &mut scan, &mut headers, &Limits::default()) {
            Ok(None) => {}
            done => {
                pieces.for_each(|piece| buf.extend_from_slice(piece));
                return (done, buf);
            }
        }
    }
    (Ok(None), buf)
}

fn write_and_read(head: RequestHead) {
    let mut wire = BytesMut::new();
    let options = RequestOptions {
        upgrade: head.upgrade.as_ref(),
        ..RequestOptions::default()
    };
    encode_request_head(&head.parts, head.body, options, &mut wire);
    let host = head.parts.headers.contains_key("host");
    let again = parse_request(
        &mut wire,
        &mut Scan::default(),
        &mut HeaderMap::new(),
        &Limits::default(),
    );
    let again = match again {
        Ok(again) => again.expect("whole"),
        // An HTTP/1.0 request may lack a host; what we add may be the field too many or the byte too many.
        Err(_) if !host || head.parts.headers.len() > 90 || wire.len() > 50_000 => return,
        Err(reject) => panic!("{reject} of {head:?}"),
    };
    assert!(wire.is_empty());
    assert_eq!(again.parts.method, head.parts.method);
    assert_eq!(again.parts.uri, head.parts.uri);
    assert_eq!(again.upgrade, head.upgrade);
    assert_eq!(again.body.is_empty(), head.body.is_empty());
    if head.body != BodyLength::None {
        assert_eq!(again.body, head.body);
    }
    let fields = |headers: &HeaderMap| {
        let mut headers = headers.clone();
        headers.remove(CONTENT_LENGTH);
        headers
    };
    assert_eq!(fields(&again.parts.headers), fields(&head.parts.headers));
}
