//! Any bytes as a chunked body: no panic, one verdict however they are cut, and what is accepted survives being
//! written and read again.
#![no_main]

use bytes::BytesMut;
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use tidegate::http1::{BodyLength, Decoded, Decoder, Encoder, Limits, Peer};

#[derive(Debug, Default, PartialEq)]
struct Body {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
    rest: Vec<u8>,
    ended: bool,
}

fuzz_target!(|data: &[u8]| {
    let Some((step, bytes)) = data.split_first() else {
        return;
    };
    let at_once = read(bytes, bytes.len().max(1));
    let in_pieces = read(bytes, usize::from(*step).max(1));
    assert_eq!(at_once.is_some(), in_pieces.is_some());
    let (Some(body), Some(in_pieces)) = (at_once, in_pieces) else {
        return;
    };
    assert_eq!(body, in_pieces);
    if body.ended {
        let again = read(&write(&body, usize::from(*step).max(1)), 7).expect("valid");
        assert_eq!(
            (again.data, again.trailers, again.ended),
            (body.data, body.trailers, true)
        );
        assert!(again.rest.is_empty());
    }
});

fn read(bytes: &[u8], step: usize) -> Option<Body> {
    let mut decoder = Decoder::new(BodyLength::Chunked, Peer::Downstream, &Limits::default());
    let (mut buf, mut body) = (BytesMut::new(), Body::default());
    for piece in bytes.chunks(step) {
        buf.extend_from_slice(piece);
        if body.ended {
            continue;
        }
        loop {
            match decoder.decode(&mut buf).ok()? {
                Decoded::Data(data) => {
                    assert!(!data.is_empty());
                    body.data.extend_from_slice(&data);
                }
                Decoded::Trailers(trailers) => body.trailers = Some(trailers),
                Decoded::End => {
                    assert!(decoder.is_done());
                    body.ended = true;
                    break;
                }
                Decoded::More => break,
            }
        }
    }
    if body.ended {
        body.rest = buf.to_vec();
    }
    Some(body)
}

fn write(body: &Body, step: usize) -> Vec<u8> {
    let (mut encoder, mut wire) = (Encoder::Chunked, BytesMut::new());
    for piece in body.data.chunks(step) {
        let after = encoder.data(piece.len(), &mut wire).expect("chunked");
        wire.extend_from_slice(piece);
        wire.extend_from_slice(after);
    }
    encoder.end(body.trailers.as_ref(), &mut wire).expect("chunked");
    wire.to_vec()
}
