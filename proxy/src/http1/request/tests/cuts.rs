//! Requests that arrive in pieces.

use proptest::prelude::*;

use super::*;

/// What a request amounts to, for comparing.
fn summary(head: &RequestHead) -> String {
    format!(
        "{:?} {:?} {} {} {:?}",
        head.parts, head.body, head.persistent, head.expect_continue, head.upgrade
    )
}

/// Feeds `bytes` in pieces of the given sizes, cyclically.
fn parse_in_pieces(bytes: &[u8], pieces: &[usize]) -> Result<Option<(String, Vec<u8>)>, Reason> {
    let (mut buf, mut scan, mut headers) = (BytesMut::new(), Scan::default(), HeaderMap::new());
    let mut rest = bytes;
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at(rest.len().min(*piece));
        buf.extend_from_slice(now);
        rest = later;
        let head =
            parse_request(&mut buf, &mut scan, &mut headers, &Limits::default()).map_err(|reject| reject.reason)?;
        if let Some(head) = head {
            return Ok(Some((summary(&head), [&buf[..], rest].concat())));
        }
        if rest.is_empty() {
            return Ok(None);
        }
    }
    unreachable!("pieces are endless")
}

fn head_like() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("GET "),
        Just("POST "),
        Just("/ "),
        Just("/a/../b "),
        Just("HTTP/1.1"),
        Just("HTTP/1.0"),
        Just("\r\n"),
        Just("\r\n"),
        Just("\r\n\r\n"),
        Just("\n"),
        Just("\r"),
        Just("Host: a\r\n"),
        Just("Content-Length: 3\r\n"),
        Just("Transfer-Encoding: chunked\r\n"),
        Just("X: y"),
        Just(" "),
        Just(":"),
        Just("\0"),
        Just("x_y: 1\r\n"),
        Just("Connection: x\r\n"),
        Just("GET / HTTP/1.1\r\nHost: a\r\n"),
        Just("abc"),
    ];
    prop::collection::vec(token, 1..12).prop_map(|tokens| tokens.concat().into_bytes())
}

proptest! {
    /// Bytes mean the same however they arrive; a fault may be seen earlier when there is less to see.
    #[test]
    fn any_cut_gives_the_same(bytes in head_like(), pieces in prop::collection::vec(1_usize..9, 1..8)) {
        let whole = parse_in_pieces(&bytes, &[bytes.len()]);
        let cut = parse_in_pieces(&bytes, &pieces);
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_with(&bytes, &Limits::default());
        let bytes = [&b"GET / HTTP/1.1\r\n"[..], &bytes, b"\r\n\r\n"].concat();
        let _ = parse_with(&bytes, &Limits::default());
    }
}
