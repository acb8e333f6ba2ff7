use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use proptest::prelude::*;

use super::*;
use crate::http1::limits::Limits;
use crate::http1::reject::{Peer, Reason};

/// A body read to its end: data, trailers, and what was left in the buffer.
#[derive(Debug, Default, PartialEq)]
struct Read {
    data: Vec<u8>,
    trailers: Option<Vec<(String, String)>>,
    rest: Vec<u8>,
}

fn read_in_pieces(length: BodyLength, bytes: &[u8], pieces: &[usize]) -> Result<Read, Reason> {
    let mut decoder = Decoder::new(length, Peer::Downstream, &Limits::default());
    let (mut buf, mut rest, mut read) = (BytesMut::new(), bytes, Read::default());
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at(rest.len().min(*piece));
        buf.extend_from_slice(now);
        rest = later;
        loop {
            match decoder.decode(&mut buf).map_err(|reject| reject.reason)? {
                Decoded::Data(data) => {
                    assert!(!data.is_empty());
                    read.data.extend_from_slice(&data);
                }
                Decoded::Trailers(map) => {
                    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                        (name.to_string(), value.to_str().unwrap().to_owned())
                    };
                    read.trailers = Some(map.iter().map(pair).collect());
                    assert!(decoder.is_done());
                }
                Decoded::More => break,
                Decoded::End => {
                    assert!(decoder.is_done());
                    read.rest = [&buf[..], rest].concat();
                    return Ok(read);
                }
            }
        }
        if rest.is_empty() {
            return decoder.eof().map(|()| read).map_err(|reject| reject.reason);
        }
    }
    unreachable!("pieces are endless")
}

fn read(length: BodyLength, bytes: &str) -> Result<Read, Reason> {
    let whole = read_in_pieces(length, bytes.as_bytes(), &[bytes.len()]);
    assert_eq!(
        whole,
        read_in_pieces(length, bytes.as_bytes(), &[1]),
        "{bytes:?} byte by byte"
    );
    whole
}

fn chunked(bytes: &str) -> Result<String, Reason> {
    read(BodyLength::Chunked, bytes).map(|read| String::from_utf8(read.data).unwrap())
}

#[test]
fn sized_bodies() {
    let body = read(BodyLength::Sized(3), "abcGET").unwrap();
    assert_eq!((&body.data[..], &body.rest[..]), (&b"abc"[..], &b"GET"[..]));
    assert_eq!(read(BodyLength::Sized(4), "abc"), Err(Reason::TruncatedBody));
    assert_eq!(read(BodyLength::None, "abc").unwrap().rest, b"abc");
    assert_eq!(read(BodyLength::Sized(0), "abc").unwrap().rest, b"abc");
}

#[test]
fn bodies_until_close() {
    assert_eq!(read(BodyLength::UntilClose, "abc").unwrap().data, b"abc");
}

#[test]
fn data_is_cut_off_the_buffer() {
    let mut buf = BytesMut::from("3\r\nabc\r\n");
    let range = buf.as_ptr_range();
    let mut decoder = Decoder::new(BodyLength::Chunked, Peer::Downstream, &Limits::default());
    let Ok(Decoded::Data(data)) = decoder.decode(&mut buf) else {
        panic!("no data")
    };
    assert!(range.contains(&data.as_ptr()));
}

/// RFC 9112 7.1.
#[test]
fn chunks() {
    for (bytes, expected) in [
        ("0\r\n\r\n", Ok("")),
        ("3\r\nabc\r\n0\r\n\r\n", Ok("abc")),
        ("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", Ok("abcde")),
        ("A\r\n0123456789\r\n000\r\n\r\n", Ok("0123456789")),
        ("a\r\n0123456789\r\n0\r\n\r\n", Ok("0123456789")),
        ("0000000000000001\r\na\r\n0\r\n\r\n", Ok("a")),
        ("3;a=b\r\nabc\r\n0;c\r\n\r\n", Ok("abc")),
        ("3 ;a=\"b;c\"\r\nabc\r\n0\r\n\r\n", Ok("abc")),
        ("3\t; a\r\nabc\r\n0\r\n\r\n", Ok("abc")),
        ("00000000000000001\r\na\r\n0\r\n\r\n", Err(Reason::MalformedChunk)),
        ("\r\n0\r\n\r\n", Err(Reason::MalformedChunk)),
        (";a\r\n", Err(Reason::MalformedChunk)),
        (" 3\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("3 \r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("3 3\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("+3\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("-3\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("0x3\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("g\r\n", Err(Reason::MalformedChunk)),
        ("3,\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("3\nabc\r\n", Err(Reason::BareLf)),
        ("3;a\nabc\r\n", Err(Reason::BareLf)),
        ("3;a\rb\r\nabc\r\n", Err(Reason::BareCr)),
        ("3;\0\r\nabc\r\n", Err(Reason::MalformedChunk)),
        ("3\rabc\r\n", Err(Reason::BareCr)),
        ("3\r\nabc\n", Err(Reason::BareLf)),
        ("3\r\nabc\r0", Err(Reason::BareCr)),
        ("3\r\nabcd\r\n", Err(Reason::MalformedChunk)),
        ("3\r\nabc0\r\n\r\n", Err(Reason::MalformedChunk)),
        ("3\r\nab", Err(Reason::TruncatedBody)),
        ("3\r\nabc\r\n", Err(Reason::TruncatedBody)),
        ("3\r\nabc\r\n0\r\n", Err(Reason::TruncatedBody)),
        ("3\r\nabc\r\n0\r\n\r", Err(Reason::TruncatedBody)),
        ("0\r\n\rX", Err(Reason::BareCr)),
        ("0\r\n\n", Err(Reason::BareLf)),
    ] {
        assert_eq!(chunked(bytes), expected.map(str::to_owned), "{bytes:?}");
    }
    assert_eq!(
        read(BodyLength::Chunked, "1\r\na\r\n0\r\n\r\nGET /").unwrap().rest,
        b"GET /"
    );
}

/// RFC 9112 7.1.2, RFC 9110 6.5.1.
#[test]
fn trailers() {
    let trailers = |lines: &str| read(BodyLength::Chunked, &format!("0\r\n{lines}\r\n")).map(|read| read.trailers);
    let pairs = |pairs: &[(&str, &str)]| {
        Ok(Some(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        ))
    };
    assert_eq!(trailers("X-Sum: 1\r\n"), pairs(&[("x-sum", "1")]));
    assert_eq!(
        trailers("a: 1\r\na: 2\r\ngrpc-status: 0\r\n"),
        pairs(&[("a", "1"), ("a", "2"), ("grpc-status", "0")])
    );
    let forbidden = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: x\r\nCookie: c\r\n\
                     Set-Cookie: c\r\nX-Forwarded-For: x\r\nConnection: close\r\nContent-Type: t\r\nTrailer: x\r\nTE: x\r\n";
    assert_eq!(trailers(forbidden), Ok(None));
    assert_eq!(trailers(&format!("{forbidden}a: 1\r\n")), pairs(&[("a", "1")]));
    for (lines, reason) in [
        ("a : 1\r\n", Reason::SpaceBeforeColon),
        (" a: 1\r\n", Reason::ObsFold),
        ("a: 1\r\n b\r\n", Reason::ObsFold),
        ("a: 1\nb: 2\r\n", Reason::BareLf),
        ("a: 1\rb: 2\r\n", Reason::BareCr),
        ("a: \0\r\n", Reason::ControlCharacter),
        ("a\r\n", Reason::MalformedField),
        ("a_b: 1\r\n", Reason::Underscore),
        ("GET / HTTP/1.1\r\n", Reason::MalformedField),
    ] {
        assert_eq!(trailers(lines), Err(reason), "{lines:?}");
    }
    assert_eq!(
        trailers(&"a: 1\r\n".repeat(32)).map(|trailers| trailers.unwrap().len()),
        Ok(32)
    );
    assert_eq!(trailers(&"a: 1\r\n".repeat(33)), Err(Reason::TooManyTrailers));
    assert_eq!(trailers(&"a: 1\r\n".repeat(300)), Err(Reason::TooManyTrailers));
    assert_eq!(
        trailers(&format!("a: {}\r\n", "b".repeat(16 * 1024))),
        Err(Reason::TrailersTooLarge)
    );
}

#[test]
fn chunk_extensions_are_counted_over_the_body() {
    let chunk = format!("1;{}\r\na\r\n", "e".repeat(1023));
    let body = |chunks: usize| chunked(&format!("{}0\r\n\r\n", chunk.repeat(chunks))).map(|data| data.len());
    assert_eq!(body(16), Ok(16));
    assert_eq!(body(17), Err(Reason::ChunkExtensionsTooLarge));
}

#[test]
fn what_was_promised_has_to_be_sent() {
    let mut dst = BytesMut::new();
    assert_eq!(Encoder::Sized(2).data(3, &mut dst), Err(EncodeError::TooLong));
    assert_eq!(Encoder::Sized(2).end(None, &mut dst), Err(EncodeError::TooShort));
    assert_eq!(Encoder::Done.data(1, &mut dst), Err(EncodeError::TooLong));
    let mut encoder = Encoder::Sized(2);
    assert_eq!(encoder.data(2, &mut dst), Ok(&b""[..]));
    assert!(encoder.is_done());
    assert_eq!(encoder.end(None, &mut dst), Ok(()));
    assert!(dst.is_empty());
}

#[test]
fn an_empty_piece_is_no_last_chunk() {
    let mut dst = BytesMut::new();
    assert_eq!(Encoder::Chunked.data(0, &mut dst), Ok(&b""[..]));
    assert!(dst.is_empty());
}

#[test]
fn trailers_that_must_not_go_do_not() {
    let mut trailers = HeaderMap::new();
    trailers.insert("content-length", "5".parse().unwrap());
    trailers.insert("x-sum", "1".parse().unwrap());
    let mut dst = BytesMut::new();
    Encoder::Chunked.end(Some(&trailers), &mut dst).unwrap();
    assert_eq!(dst, "0\r\nx-sum: 1\r\n\r\n");
}

fn encode(pieces: &[Vec<u8>], trailers: Option<&HeaderMap>) -> Bytes {
    let (mut encoder, mut dst) = (Encoder::Chunked, BytesMut::new());
    for piece in pieces {
        let after = encoder.data(piece.len(), &mut dst).unwrap();
        dst.extend_from_slice(piece);
        dst.extend_from_slice(after);
    }
    encoder.end(trailers, &mut dst).unwrap();
    dst.freeze()
}

fn chunk_like() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("0"),
        Just("1"),
        Just("3"),
        Just("a"),
        Just("\r\n"),
        Just("\r\n"),
        Just("\r"),
        Just("\n"),
        Just(";"),
        Just(" "),
        Just("abc"),
        Just("3\r\nabc\r\n"),
        Just("0\r\n"),
        Just("X: y\r\n"),
        Just("x-y:"),
        Just("0\r\n\r\n"),
    ];
    prop::collection::vec(token, 1..12).prop_map(|tokens| tokens.concat().into_bytes())
}

proptest! {
    #[test]
    fn encode_then_decode(data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6), tail in "[a-z]{0,9}", pieces in prop::collection::vec(1_usize..50, 1..8)) {
        let mut trailers = HeaderMap::new();
        if !tail.is_empty() {
            trailers.insert("x-tail", tail.parse().unwrap());
        }
        let wire = encode(&data, Some(&trailers));
        let read = read_in_pieces(BodyLength::Chunked, &wire, &pieces).unwrap();
        prop_assert_eq!(read.data, data.concat());
        prop_assert_eq!(read.trailers.is_some(), !tail.is_empty());
    }

    #[test]
    fn any_cut_gives_the_same(bytes in chunk_like(), pieces in prop::collection::vec(1_usize..9, 1..8)) {
        let whole = read_in_pieces(BodyLength::Chunked, &bytes, &[bytes.len()]);
        prop_assert_eq!(whole, read_in_pieces(BodyLength::Chunked, &bytes, &pieces));
    }
}
