use proptest::prelude::*;

use super::*;

fn parse_for(method: &Method, bytes: &str) -> Result<Option<(ResponseHead, BytesMut)>, Reason> {
    let mut buf = BytesMut::from(bytes);
    let head = parse_response(
        &mut buf,
        &mut Scan::default(),
        &mut HeaderMap::new(),
        method,
        &Limits::default(),
    );
    match head {
        Ok(head) => Ok(head.map(|head| (head, buf))),
        Err(reject) => {
            assert_eq!(
                (reject.peer, reject.status()),
                (Peer::Upstream, StatusCode::BAD_GATEWAY)
            );
            Err(reject.reason)
        }
    }
}

fn parse_all(bytes: &str) -> ResponseHead {
    parse_for(&Method::GET, bytes).expect(bytes).expect(bytes).0
}

fn refusal(bytes: &str) -> Reason {
    parse_for(&Method::GET, bytes)
        .map(|head| head.map(|head| head.0))
        .expect_err(bytes)
}

#[test]
fn a_response_is_taken_apart() {
    let (head, rest) = parse_for(
        &Method::GET,
        "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 3\r\n\r\nabc",
    )
    .unwrap()
    .unwrap();
    assert_eq!(head.parts.status, 200);
    assert_eq!(head.body, BodyLength::Sized(3));
    assert_eq!(head.parts.headers["content-length"], "3");
    assert!(head.persistent);
    assert_eq!(rest, "abc");
}

/// RFC 9112 4: the reason phrase may be empty; the space before it is missing often enough to be let go.
#[test]
fn status_lines() {
    for line in [
        "HTTP/1.1 200 ",
        "HTTP/1.1 200",
        "HTTP/1.1 200 \u{e9}\t x",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 999 No",
    ] {
        parse_all(&format!("{line}\r\n\r\n"));
    }
    for (line, reason) in [
        ("HTTP/1.1 20 OK", Reason::MalformedStatusLine),
        ("HTTP/1.1 2000 OK", Reason::MalformedStatusLine),
        ("HTTP/1.1 099 OK", Reason::MalformedStatusLine),
        ("HTTP/1.1  200 OK", Reason::MalformedStatusLine),
        ("HTTP/1.1 abc OK", Reason::MalformedStatusLine),
        ("HTTP/1.1 +20 OK", Reason::MalformedStatusLine),
        ("HTTP/1.1\t200 OK", Reason::MalformedStatusLine),
        ("http/1.1 200 OK", Reason::MalformedStatusLine),
        ("ICY 200 OK", Reason::MalformedStatusLine),
        ("HTTP/2.0 200 OK", Reason::UnsupportedVersion),
        ("HTTP/0.9 200 OK", Reason::UnsupportedVersion),
        ("HTTP/1.2 200 OK", Reason::UnsupportedVersion),
        ("HTTP/1.1 200 a\0b", Reason::ControlCharacter),
        ("HTTP/1.1 200 a\rb", Reason::BareCr),
    ] {
        assert_eq!(refusal(&format!("{line}\r\n\r\n")), reason, "{line:?}");
    }
}

#[test]
fn malformed_heads() {
    for (bytes, reason) in [
        ("HTTP/1.1 200 OK\n\n", Reason::BareLf),
        ("HTTP/1.1 200 OK\nA: b\r\n\r\n", Reason::BareLf),
        ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", Reason::BareLf),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Reason::SpaceBeforeColon),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Reason::ObsFold),
        ("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", Reason::ObsFold),
        ("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", Reason::ControlCharacter),
        ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", Reason::BareCr),
        ("HTTP/1.1 200 OK\r\nA\r\n\r\n", Reason::MalformedField),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", Reason::LeadingEmptyLine),
        ("\nHTTP/1.1 200 OK\r\n\r\n", Reason::LeadingEmptyLine),
        ("<html>", Reason::MalformedStatusLine),
    ] {
        assert_eq!(refusal(bytes), reason, "{bytes:?}");
    }
}

/// RFC 9112 6.3.
#[test]
fn framing() {
    for (method, status, lines, expected) in [
        ("GET", 200, "", Ok(BodyLength::UntilClose)),
        ("GET", 200, "Content-Length: 0\r\n", Ok(BodyLength::Sized(0))),
        ("GET", 200, "Transfer-Encoding: chunked\r\n", Ok(BodyLength::Chunked)),
        (
            "GET",
            404,
            "Content-Length: 7\r\nContent-Length: 7\r\n",
            Ok(BodyLength::Sized(7)),
        ),
        ("HEAD", 200, "Content-Length: 7\r\n", Ok(BodyLength::None)),
        ("HEAD", 200, "Transfer-Encoding: chunked\r\n", Ok(BodyLength::None)),
        ("HEAD", 200, "", Ok(BodyLength::None)),
        ("GET", 204, "Content-Length: 7\r\n", Ok(BodyLength::None)),
        ("GET", 304, "Content-Length: 7\r\n", Ok(BodyLength::None)),
        ("GET", 304, "Transfer-Encoding: chunked\r\n", Ok(BodyLength::None)),
        ("GET", 100, "Content-Length: 7\r\n", Ok(BodyLength::None)),
        ("GET", 103, "Link: x\r\n", Ok(BodyLength::None)),
        ("GET", 101, "Upgrade: x\r\n", Ok(BodyLength::None)),
        ("CONNECT", 200, "Content-Length: 7\r\n", Ok(BodyLength::None)),
        ("CONNECT", 407, "Content-Length: 7\r\n", Ok(BodyLength::Sized(7))),
        (
            "GET",
            200,
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            Err(Reason::ContentLengthConflict),
        ),
        (
            "GET",
            200,
            "Content-Length: 1, 1\r\n",
            Err(Reason::InvalidContentLength),
        ),
        ("GET", 200, "Content-Length: -1\r\n", Err(Reason::InvalidContentLength)),
        (
            "GET",
            200,
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            Err(Reason::ContentLengthAndTransferEncoding),
        ),
        (
            "HEAD",
            200,
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            Err(Reason::ContentLengthAndTransferEncoding),
        ),
        ("GET", 204, "Content-Length: x\r\n", Err(Reason::InvalidContentLength)),
        (
            "GET",
            200,
            "Transfer-Encoding: gzip\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "GET",
            200,
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
    ] {
        let bytes = format!("HTTP/1.1 {status} X\r\n{lines}\r\n");
        let head = parse_for(&method.parse().unwrap(), &bytes);
        assert_eq!(head.map(|head| head.unwrap().0.body), expected, "{method} {bytes:?}");
    }
    assert_eq!(
        refusal("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Reason::TransferEncodingInHttp10
    );
}

/// RFC 9110 8.6.
#[test]
fn content_length_stays_where_it_means_something() {
    let has_length = |method: &Method, status: u16| {
        let bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: 7\r\n\r\n");
        parse_for(method, &bytes)
            .unwrap()
            .unwrap()
            .0
            .parts
            .headers
            .contains_key(CONTENT_LENGTH)
    };
    assert!(has_length(&Method::HEAD, 200));
    assert!(has_length(&Method::GET, 304));
    assert!(!has_length(&Method::GET, 204));
    assert!(!has_length(&Method::GET, 103));
}

#[test]
fn persistence() {
    for (bytes, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n",
            false,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
            true,
        ),
    ] {
        assert_eq!(parse_all(bytes).persistent, expected, "{bytes:?}");
    }
    let head = parse_all("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: max=9, timeout=5\r\n\r\n");
    assert_eq!(head.keep_alive, Some(Duration::from_secs(5)));
    assert!(head.parts.headers.get("keep-alive").is_none());
}

#[test]
fn only_a_101_upgrades() {
    let upgrade = |status: u16| {
        parse_all(&format!(
            "HTTP/1.1 {status} X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        ))
        .upgrade
    };
    assert_eq!(upgrade(101).unwrap(), "websocket");
    assert!(upgrade(426).is_none());
}

#[test]
fn interim_responses_are_followed_by_the_final_one() {
    let bytes = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    let (head, mut rest) = parse_for(&Method::GET, bytes).unwrap().unwrap();
    assert_eq!((head.parts.status.as_u16(), head.persistent), (103, true));
    let (scan, map) = (&mut Scan::default(), &mut HeaderMap::new());
    let head = parse_response(&mut rest, scan, map, &Method::GET, &Limits::default())
        .unwrap()
        .unwrap();
    assert_eq!(head.parts.status, 200);
}

#[test]
fn underscores_of_responses_are_nobodys_business() {
    assert!(
        parse_all("HTTP/1.1 200 OK\r\nx_y: z\r\n\r\n")
            .parts
            .headers
            .contains_key("x_y")
    );
}

fn parse_in_pieces(bytes: &[u8], pieces: &[usize]) -> Result<Option<(String, Vec<u8>)>, Reason> {
    let (mut buf, mut scan, mut headers) = (BytesMut::new(), Scan::default(), HeaderMap::new());
    let mut rest = bytes;
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at(rest.len().min(*piece));
        buf.extend_from_slice(now);
        rest = later;
        let head = parse_response(&mut buf, &mut scan, &mut headers, &Method::GET, &Limits::default());
        if let Some(head) = head.map_err(|reject| reject.reason)? {
            return Ok(Some((format!("{head:?}"), [&buf[..], rest].concat())));
        }
        if rest.is_empty() {
            return Ok(None);
        }
    }
    unreachable!("pieces are endless")
}

fn head_like() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("HTTP/1.1 200 OK\r\n"),
        Just("HTTP/1.1 "),
        Just("204"),
        Just(" "),
        Just("\r\n"),
        Just("\r\n\r\n"),
        Just("\n"),
        Just("\r"),
        Just("A: b\r\n"),
        Just("Content-Length: 3\r\n"),
        Just("Transfer-Encoding: chunked\r\n"),
        Just("X: y"),
        Just("\0"),
        Just("abc"),
    ];
    prop::collection::vec(token, 1..10)
        .prop_map(|tokens| format!("HTTP/1.1 200 OK\r\n{}", tokens.concat()).into_bytes())
}

proptest! {
    #[test]
    fn any_cut_gives_the_same(bytes in head_like(), pieces in prop::collection::vec(1_usize..9, 1..8)) {
        prop_assert_eq!(parse_in_pieces(&bytes, &[bytes.len()]), parse_in_pieces(&bytes, &pieces));
    }
}
