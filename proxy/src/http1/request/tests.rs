use http::Version;

use super::*;
use crate::http1::limits::{MAX_FIELDS, Underscores};

mod cuts;

fn parse_with(bytes: &[u8], limits: &Limits) -> Result<Option<(RequestHead, BytesMut)>, Reason> {
    let mut buf = BytesMut::from(bytes);
    let head = parse_request(&mut buf, &mut Scan::default(), &mut HeaderMap::new(), limits);
    match head {
        Ok(head) => Ok(head.map(|head| (head, buf))),
        Err(reject) => {
            assert_eq!(reject.peer, Peer::Downstream);
            Err(reject.reason)
        }
    }
}

fn parse_all(bytes: &str) -> RequestHead {
    let (head, rest) = parse_with(bytes.as_bytes(), &Limits::default())
        .expect(bytes)
        .expect(bytes);
    assert!(rest.is_empty(), "{bytes:?} leaves {rest:?}");
    head
}

fn refusal(bytes: impl AsRef<[u8]>) -> Reason {
    let bytes = bytes.as_ref();
    match parse_with(bytes, &Limits::default()) {
        Err(reason) => reason,
        Ok(head) => panic!("{:?} gave {head:?}", String::from_utf8_lossy(bytes)),
    }
}

/// A request with these lines beside a request line and Host.
fn with(lines: &str) -> String {
    format!("POST /p HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

fn uri(target: &str) -> Result<String, Reason> {
    let bytes = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    Ok(parse_with(bytes.as_bytes(), &Limits::default())?
        .expect("whole")
        .0
        .parts
        .uri
        .to_string())
}

fn field<'h>(head: &'h RequestHead, name: &str) -> Vec<&'h [u8]> {
    head.parts
        .headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect()
}

#[test]
fn a_request_is_taken_apart() {
    let head =
        parse_all("GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\nX-A: 1\r\nx-a:  2 \t\r\nX-B:\r\n\r\n");
    assert_eq!(head.parts.method, Method::GET);
    assert_eq!(head.parts.uri, "/a/b?c=d");
    assert_eq!(head.parts.version, Version::HTTP_11);
    assert_eq!(head.body, BodyLength::None);
    assert!(head.persistent);
    assert_eq!(field(&head, "host"), [b"example.com"]);
    assert_eq!(field(&head, "x-a"), [b"1", b"2"]);
    assert_eq!(field(&head, "x-b"), [b""]);
    assert_eq!(head.parts.headers.len(), 5);
}

#[test]
fn values_are_slices_of_one_buffer() {
    let mut buf = BytesMut::from(&b"GET /path HTTP/1.1\r\nHost: example.com\r\n\r\nrest"[..]);
    let range = buf.as_ptr_range();
    let mut headers = HeaderMap::with_capacity(8);
    let head = parse_request(&mut buf, &mut Scan::default(), &mut headers, &Limits::default())
        .unwrap()
        .unwrap();
    assert!(range.contains(&head.parts.headers["host"].as_bytes().as_ptr()));
    assert!(range.contains(&head.parts.uri.path().as_ptr()));
    assert!(head.parts.headers.capacity() >= 8);
    assert_eq!(buf, "rest");
}

#[test]
fn pipelined_requests_are_cut_where_they_end() {
    let (_, rest) = parse_with(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2", &Limits::default())
        .unwrap()
        .unwrap();
    assert_eq!(rest, "GET /2");
}

/// RFC 9112 2.2 (line ends), 3 (request line), 5 (field syntax).
#[test]
fn malformed_heads() {
    for (bytes, reason) in [
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", Reason::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", Reason::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n\r\n", Reason::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n\r\n\r\n", Reason::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\n\n", Reason::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", Reason::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", Reason::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n", Reason::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r: b\r\n\r\n", Reason::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", Reason::BareCr),
        ("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", Reason::BareCr),
        ("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", Reason::BareCr),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", Reason::ControlCharacter),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", Reason::ControlCharacter),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n",
            Reason::ControlCharacter,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n", Reason::ControlCharacter),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", Reason::ControlCharacter),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", Reason::SpaceBeforeColon),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\t: b\r\n\r\n", Reason::SpaceBeforeColon),
        ("GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n", Reason::ObsFold),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", Reason::ObsFold),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", Reason::ObsFold),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Reason::ObsFold),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", Reason::MalformedField),
        ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", Reason::MalformedField),
        ("GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n", Reason::InvalidFieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", Reason::InvalidFieldName),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\u{e9}: b\r\n\r\n",
            Reason::InvalidFieldName,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nx_y: b\r\n\r\n", Reason::Underscore),
        // Fields that go no further are read all the same.
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: a\rb\r\n\r\n", Reason::BareCr),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\0\r\n\r\n",
            Reason::ControlCharacter,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: \x0e\r\n\r\n",
            Reason::ControlCharacter,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nProxy-Authorization: \x7f\r\n\r\n",
            Reason::ControlCharacter,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: \r\r\n\r\n", Reason::BareCr),
        ("GET /\r\n\r\n", Reason::MalformedRequestLine),
        ("GET /\r\n", Reason::MalformedRequestLine),
        ("GET\r\n\r\n", Reason::MalformedRequestLine),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("GET / HTTP/1\r\nHost: a\r\n\r\n", Reason::MalformedRequestLine),
        ("EHLO mail.example\r\n\r\n", Reason::MalformedRequestLine),
        ("INVALID CONNECTION PREFACE\r\n\r\n", Reason::NotHttp),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r!", Reason::NotHttp),
        ("PRI * HTTP/2.1\r\n\r\n", Reason::NotHttp),
        ("PRI * HTTP/1.1\r\nHost: a\r\n\r\n", Reason::InvalidTarget),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", Reason::UnsupportedVersion),
        ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", Reason::UnsupportedVersion),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Reason::UnsupportedVersion),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reason::NotHttp),
        ("\u{16}\u{3}\u{1}\u{2}", Reason::ControlCharacter),
    ] {
        assert_eq!(refusal(bytes), reason, "{bytes:?}");
    }
}

/// RFC 9112 2.2: one CRLF before a request line is skipped, no more than one, and nothing like one.
#[test]
fn empty_lines_before_a_request() {
    parse_all("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        refusal("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Reason::LeadingEmptyLine
    );
    assert_eq!(refusal("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::BareLf);
    assert_eq!(refusal("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::BareCr);
    let (mut buf, mut scan) = (BytesMut::from("\r\n"), Scan::default());
    let idle = parse_request(&mut buf, &mut scan, &mut HeaderMap::new(), &Limits::default());
    assert!(idle.unwrap().is_none() && buf.is_empty());
    buf.extend_from_slice(b"\r\n");
    let again = parse_request(&mut buf, &mut scan, &mut HeaderMap::new(), &Limits::default());
    assert_eq!(again.unwrap_err().reason, Reason::LeadingEmptyLine);
}

/// RFC 9112 6.
#[test]
fn framing() {
    for (lines, expected) in [
        ("", Ok(BodyLength::None)),
        ("Content-Length: 0\r\n", Ok(BodyLength::Sized(0))),
        ("Content-Length: 5\r\n", Ok(BodyLength::Sized(5))),
        (
            "Content-Length: 18446744073709551615\r\n",
            Ok(BodyLength::Sized(u64::MAX)),
        ),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", Ok(BodyLength::Sized(5))),
        ("Transfer-Encoding: chunked\r\n", Ok(BodyLength::Chunked)),
        ("transfer-encoding: Chunked\r\n", Ok(BodyLength::Chunked)),
        (
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            Err(Reason::ContentLengthConflict),
        ),
        ("Content-Length: 5, 5\r\n", Err(Reason::InvalidContentLength)),
        ("Content-Length: +5\r\n", Err(Reason::InvalidContentLength)),
        ("Content-Length: -5\r\n", Err(Reason::InvalidContentLength)),
        ("Content-Length: 0x5\r\n", Err(Reason::InvalidContentLength)),
        ("Content-Length: 5 5\r\n", Err(Reason::InvalidContentLength)),
        ("Content-Length:\r\n", Err(Reason::InvalidContentLength)),
        ("Content-Length: \u{0665}\r\n", Err(Reason::InvalidContentLength)),
        (
            "Content-Length: 18446744073709551616\r\n",
            Err(Reason::InvalidContentLength),
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            Err(Reason::ContentLengthAndTransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            Err(Reason::ContentLengthAndTransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            Err(Reason::ContentLengthAndTransferEncoding),
        ),
        (
            "Transfer-Encoding: gzip, chunked\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked, chunked\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked, identity\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: identity\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked;q=1\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: \"chunked\"\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: xchunked\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        ("Transfer-Encoding: \u{b}chunked\r\n", Err(Reason::ControlCharacter)),
        (
            "Transfer-Encoding: chunked,\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        ("Transfer-Encoding:\r\n", Err(Reason::UnsupportedTransferEncoding)),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            Err(Reason::UnsupportedTransferEncoding),
        ),
    ] {
        let got = parse_with(with(lines).as_bytes(), &Limits::default());
        assert_eq!(got.map(|head| head.expect("whole").0.body), expected, "{lines:?}");
    }
}

#[test]
fn content_length_stays_once_and_transfer_encoding_does_not() {
    let head = parse_all(&with("Content-Length: 5\r\nContent-Length: 5\r\n"));
    assert_eq!(field(&head, "content-length"), [b"5"]);
    let head = parse_all(&with("Content-Length: 005\r\nContent-Length: 5\r\n"));
    assert_eq!(
        (field(&head, "content-length"), head.body),
        (vec![&b"5"[..]], BodyLength::Sized(5))
    );
    let head = parse_all(&with("Transfer-Encoding: chunked\r\n"));
    assert!(field(&head, "transfer-encoding").is_empty());
}

#[test]
fn http_10() {
    let head = parse_all("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_eq!((head.persistent, head.parts.version), (false, Version::HTTP_10));
    assert!(parse_all("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n").persistent);
    assert!(!parse_all("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n").persistent);
    // RFC 9112 6.1, RFC 9110 7.8 and 10.1.1.
    let coded = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refusal(coded), Reason::TransferEncodingInHttp10);
    assert!(
        parse_all("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            .upgrade
            .is_none()
    );
    let head = parse_all("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    assert!(!head.expect_continue && field(&head, "expect").is_empty());
}

/// RFC 9112 3.2 and 3.2.2.
#[test]
fn host() {
    let line = "GET / HTTP/1.1\r\n";
    for (hosts, reason) in [
        ("", Reason::HostMissing),
        ("Host: a\r\nHost: a\r\n", Reason::HostRepeated),
        ("Host:\r\n", Reason::HostInvalid),
        ("Host: a b\r\n", Reason::HostInvalid),
        ("Host: a,b\r\n", Reason::HostInvalid),
        ("Host: u@a\r\n", Reason::HostInvalid),
        ("Host: a/b\r\n", Reason::HostInvalid),
        ("Host: a:b\r\n", Reason::HostInvalid),
        ("Host: http://a\r\n", Reason::HostInvalid),
    ] {
        assert_eq!(refusal(format!("{line}{hosts}\r\n")), reason, "{hosts:?}");
    }
    assert_eq!(refusal("GET / HTTP/1.0\r\n\r\n"), Reason::HostMissing);
    assert_eq!(refusal("OPTIONS * HTTP/1.0\r\n\r\n"), Reason::HostMissing);
    assert_eq!(refusal("GET / HTTP/1.0\r\nHost: a b\r\n\r\n"), Reason::HostInvalid);
    assert_eq!(refusal("OPTIONS * HTTP/1.1\r\nHost: a b\r\n\r\n"), Reason::HostInvalid);
    parse_all("GET / HTTP/1.1\r\nHost: A.example:8080\r\n\r\n");
    parse_all("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
}

/// RFC 9112 3.2.
#[test]
fn target_forms() {
    for (target, expected) in [
        ("/", Ok("/")),
        ("/?", Ok("/?")),
        ("/?a?b/../c//", Ok("/?a?b/../c//")),
        ("http://a", Ok("/")),
        ("http://a/", Ok("/")),
        ("HTTP://A/x?y", Ok("/x?y")),
        ("http://a?x", Ok("/?x")),
        ("https://a:443/x", Ok("/x")),
        ("http://a:80/x/../y", Ok("/y")),
        ("http://b/", Err(Reason::HostDisagrees)),
        ("http://a:81/", Err(Reason::HostDisagrees)),
        ("http://a:443/", Err(Reason::HostDisagrees)),
        ("http:///", Err(Reason::InvalidTarget)),
        ("http://u@a/", Err(Reason::InvalidTarget)),
        ("ftp://a/", Err(Reason::InvalidTarget)),
        ("http:/a", Err(Reason::InvalidTarget)),
        ("a", Err(Reason::InvalidTarget)),
        ("a:80", Err(Reason::InvalidTarget)),
        ("*", Err(Reason::InvalidTarget)),
        ("?x", Err(Reason::InvalidTarget)),
        ("/a#b", Err(Reason::Fragment)),
        ("/?a#b", Err(Reason::Fragment)),
        ("http://a#b", Err(Reason::Fragment)),
        ("/\u{e9}", Err(Reason::InvalidTarget)),
        ("/a\"b", Err(Reason::InvalidTarget)),
        ("/?a<b", Err(Reason::InvalidTarget)),
    ] {
        assert_eq!(uri(target), expected.map(str::to_owned), "{target}");
    }
}

#[test]
fn asterisk_and_authority_forms() {
    assert_eq!(parse_all("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").parts.uri, "*");
    assert_eq!(parse_all("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").parts.uri, "*");
    let head = parse_all("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(head.parts.uri.authority().unwrap(), "a:443");
    assert_eq!(field(&head, "host"), [b"a:443"]);
    for (bytes, reason) in [
        ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", Reason::InvalidTarget),
        ("CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", Reason::InvalidTarget),
        (
            "CONNECT http://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n",
            Reason::InvalidTarget,
        ),
        ("CONNECT a:443 HTTP/1.1\r\nHost: b\r\n\r\n", Reason::HostDisagrees),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n", Reason::HostDisagrees),
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
            Reason::ContentOnConnect,
        ),
    ] {
        assert_eq!(refusal(bytes), reason, "{bytes:?}");
    }
}

#[test]
fn the_host_of_an_absolute_target_is_put_where_host_is() {
    let head = parse_all("GET http://b:81/ HTTP/1.0\r\n\r\n");
    assert_eq!(field(&head, "host"), [b"b:81"]);
}

/// RFC 9110 7.6.1 and docs/wire.md, promise 2.
#[test]
fn hop_by_hop_fields_go_and_others_cannot_be_made_to() {
    let head = parse_all(&with(concat!(
        "X-Gone: 1\r\n",
        "Connection: x-gone, close , host,authorization,, Cookie, x-forwarded-for, content-length\r\n",
        "Connection: X-Gone-Too, x-request-id, content-digest, @\r\n",
        "X-Gone-Too: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: h2c\r\n",
        "HTTP2-Settings: x\r\nProxy-Authorization: Basic x\r\n",
        "Authorization: x\r\nCookie: y\r\nX-Forwarded-For: z\r\nContent-Length: 3\r\nX-Request-Id: i\r\nContent-Digest: d\r\n",
    )));
    assert!(!head.persistent);
    assert!(head.upgrade.is_none());
    let mut names: Vec<_> = head.parts.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let kept = [
        "authorization",
        "content-digest",
        "content-length",
        "cookie",
        "host",
        "x-forwarded-for",
        "x-request-id",
    ];
    assert_eq!(names, kept);
}

#[test]
fn connection_options_are_bounded() {
    let options = |n: usize| with(&format!("Connection: {}\r\n", "a,".repeat(n)));
    parse_all(&options(MAX_FIELDS));
    assert_eq!(refusal(options(MAX_FIELDS + 1)), Reason::TooManyFields);
}

#[test]
fn trailers_are_all_that_stays_of_te() {
    let head = parse_all(&with(
        "TE: trailers, deflate;q=0.5\r\nTE: trailers\r\nConnection: TE\r\n",
    ));
    assert_eq!(field(&head, "te"), [b"trailers"]);
}

/// RFC 9110 7.8.
#[test]
fn upgrades() {
    let upgrade = |lines: &str| parse_all(&with(lines)).upgrade;
    assert_eq!(
        upgrade("Connection: Upgrade\r\nUpgrade: websocket\r\n").unwrap(),
        "websocket"
    );
    assert_eq!(
        upgrade("Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n").unwrap(),
        "websocket"
    );
    assert!(upgrade("Upgrade: websocket\r\n").is_none());
    assert!(upgrade("Connection: upgrade\r\n").is_none());
    assert!(upgrade("Connection: upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n").is_none());
}

/// RFC 9110 10.1.1.
#[test]
fn expectations() {
    let head = parse_all(&with("Expect: 100-Continue\r\nContent-Length: 1\r\n"));
    assert!(head.expect_continue);
    assert_eq!(field(&head, "expect"), [b"100-Continue"]);
    let head = parse_all(&with("Expect: 100-continue\r\n"));
    assert!(!head.expect_continue && field(&head, "expect").is_empty());
    assert_eq!(refusal(with("Expect: x\r\n")), Reason::ExpectationUnknown);
    assert_eq!(
        refusal(with("Expect: 100-continue\r\nExpect: x\r\nContent-Length: 1\r\n")),
        Reason::ExpectationUnknown
    );
    assert_eq!(Reason::ExpectationUnknown.status(), 417);
}

#[test]
fn limits_are_exact() {
    let limits = Limits {
        head_bytes: 100,
        line_bytes: 50,
        target_bytes: 20,
        fields: 2,
        ..Limits::default()
    };
    let check = |bytes: String| parse_with(bytes.as_bytes(), &limits).map(|head| head.is_some());
    let head = |pad: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nX: {}\r\n\r\n",
            "a".repeat(40),
            "b".repeat(pad)
        )
    };
    assert_eq!(head(29).len(), 100);
    assert_eq!(check(head(29)), Ok(true));
    assert_eq!(check(head(30)), Err(Reason::HeadTooLarge));
    let line = |pad: usize| format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(pad));
    assert_eq!(check(line(44)), Ok(true));
    assert_eq!(check(line(45)), Err(Reason::LineTooLong));
    let target = |pad: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(pad));
    assert_eq!(check(target(19)), Ok(true));
    assert_eq!(check(target(20)), Err(Reason::TargetTooLong));
    assert_eq!(check(target(40)), Err(Reason::TargetTooLong));
    assert_eq!(check("a".repeat(52)), Err(Reason::TargetTooLong));
    let fields = |n: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(n));
    assert_eq!(check(fields(1)), Ok(true));
    assert_eq!(check(fields(2)), Err(Reason::TooManyFields));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(300));
    assert_eq!(refusal(many), Reason::TooManyFields);
    assert_eq!(
        refusal(format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(33))),
        Reason::MethodTooLong
    );
}

#[test]
fn a_head_that_never_ends_is_refused_at_its_limit() {
    let mut bytes = b"GET / HTTP/1.1\r\n".to_vec();
    while bytes.len() < Limits::default().head_bytes {
        bytes.extend_from_slice(format!("X: {}\r\n", "y".repeat(1000)).as_bytes());
    }
    assert_eq!(refusal(bytes), Reason::HeadTooLarge);
}

#[test]
fn underscores() {
    let bytes = with("x_y: 1\r\n");
    let names = |underscores| {
        let limits = Limits {
            underscores,
            ..Limits::default()
        };
        parse_with(bytes.as_bytes(), &limits).map(|head| head.unwrap().0.parts.headers.contains_key("x_y"))
    };
    assert_eq!(names(Underscores::Refuse), Err(Reason::Underscore));
    assert_eq!(names(Underscores::Allow), Ok(true));
}

#[test]
fn paths_can_be_left_alone() {
    let limits = Limits {
        normalise_path: false,
        ..Limits::default()
    };
    let bytes = b"GET //a/../%2f\\?{} HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(
        parse_with(bytes, &limits).unwrap().unwrap().0.parts.uri,
        "//a/../%2f\\?{}"
    );
    assert_eq!(refusal(bytes), Reason::EncodedSlash);
}
