use http::Request;
use proptest::prelude::*;

use super::*;
use crate::http1::limits::Limits;
use crate::http1::request::parse_request;
use crate::http1::response::parse_response;
use crate::http1::scan::Scan;

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

fn response<'a>(version: Version, request: &'a Method, persistent: bool) -> ResponseOptions<'a> {
    ResponseOptions {
        version,
        request,
        persistent,
        upgrade: None,
        names: None,
        date: DATE,
    }
}

fn map(fields: &[(&str, &str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect()
}

fn request(method: &str, uri: &str, fields: &[(&str, &str)]) -> Parts {
    let mut parts = Request::builder()
        .method(method)
        .uri(uri)
        .body(())
        .unwrap()
        .into_parts()
        .0;
    parts.headers = map(fields);
    parts
}

fn encode_request(parts: &Parts, body: BodyLength, options: RequestOptions<'_>) -> String {
    let mut dst = BytesMut::new();
    encode_request_head(parts, body, options, &mut dst);
    String::from_utf8(dst.to_vec()).unwrap()
}

fn encode_response(
    status: u16,
    fields: &[(&str, &str)],
    body: BodyLength,
    options: ResponseOptions<'_>,
) -> (String, Encoder) {
    let mut dst = BytesMut::new();
    let status = StatusCode::from_u16(status).unwrap();
    let encoder = encode_response_head(status, &map(fields), body, options, &mut dst);
    (String::from_utf8(dst.to_vec()).unwrap(), encoder)
}

#[test]
fn a_request_has_host_first() {
    let parts = request("GET", "/a?b", &[("accept", "*/*"), ("host", "h:1"), ("x-b", "2")]);
    assert_eq!(
        encode_request(&parts, BodyLength::None, RequestOptions::default()),
        "GET /a?b HTTP/1.1\r\nhost: h:1\r\naccept: */*\r\nx-b: 2\r\n\r\n"
    );
}

#[test]
fn requests_of_other_forms() {
    let line = |method, uri| {
        let text = encode_request(
            &request(method, uri, &[("host", "h")]),
            BodyLength::None,
            RequestOptions::default(),
        );
        text.split("\r\n").next().unwrap().to_owned()
    };
    assert_eq!(line("CONNECT", "h:443"), "CONNECT h:443 HTTP/1.1");
    assert_eq!(line("OPTIONS", "*"), "OPTIONS * HTTP/1.1");
    assert_eq!(line("BREW", "/pot"), "BREW /pot HTTP/1.1");
}

/// docs/wire.md, promise 2: nothing in the map can frame a message or manage a connection.
#[test]
fn framing_is_ours() {
    let fields = [
        ("host", "h"),
        ("content-length", "7"),
        ("transfer-encoding", "gzip"),
        ("connection", "x"),
        ("keep-alive", "x"),
        ("proxy-connection", "x"),
        ("upgrade", "x"),
        ("te", "gzip"),
    ];
    let parts = request("POST", "/", &fields);
    let lines = |body, options| {
        let text = encode_request(&parts, body, options);
        text.strip_prefix("POST / HTTP/1.1\r\nhost: h\r\n").unwrap().to_owned()
    };
    assert_eq!(
        lines(BodyLength::Sized(5), RequestOptions::default()),
        "content-length: 5\r\n\r\n"
    );
    assert_eq!(
        lines(BodyLength::Chunked, RequestOptions::default()),
        "transfer-encoding: chunked\r\n\r\n"
    );
    assert_eq!(
        lines(BodyLength::None, RequestOptions::default()),
        "content-length: 0\r\n\r\n"
    );
    let close = RequestOptions {
        close: true,
        ..RequestOptions::default()
    };
    assert_eq!(
        lines(BodyLength::Sized(0), close),
        "connection: close\r\ncontent-length: 0\r\n\r\n"
    );
    let mut dst = BytesMut::new();
    assert_eq!(
        encode_request_head(&parts, BodyLength::Sized(5), close, &mut dst),
        Encoder::Sized(5)
    );
    assert_eq!(
        encode_request_head(&parts, BodyLength::UntilClose, close, &mut dst),
        Encoder::Chunked
    );
}

#[test]
fn te_and_upgrade_are_named_by_connection() {
    let parts = request("GET", "/", &[("host", "h"), ("te", "trailers")]);
    let head = "GET / HTTP/1.1\r\nhost: h\r\nte: trailers\r\n";
    let text = encode_request(&parts, BodyLength::None, RequestOptions::default());
    assert_eq!(text, format!("{head}connection: te\r\n\r\n"));
    let websocket = HeaderValue::from_static("websocket");
    let options = RequestOptions {
        upgrade: Some(&websocket),
        ..RequestOptions::default()
    };
    let text = encode_request(&parts, BodyLength::None, options);
    assert_eq!(
        text,
        format!("{head}connection: upgrade, te\r\nupgrade: websocket\r\n\r\n")
    );
}

#[test]
fn responses_for_each_version() {
    let (old, new, get) = (Version::HTTP_10, Version::HTTP_11, Method::GET);
    let date = format!("date: {}\r\n", str::from_utf8(DATE).unwrap());
    let chunked = "transfer-encoding: chunked\r\n";
    for (version, persistent, body, framing, connection, encoder) in [
        (
            new,
            true,
            BodyLength::Sized(5),
            "content-length: 5\r\n",
            "",
            Encoder::Sized(5),
        ),
        (
            new,
            true,
            BodyLength::None,
            "content-length: 0\r\n",
            "",
            Encoder::Sized(0),
        ),
        (new, true, BodyLength::Chunked, chunked, "", Encoder::Chunked),
        (new, true, BodyLength::UntilClose, chunked, "", Encoder::Chunked),
        (
            new,
            false,
            BodyLength::Chunked,
            chunked,
            "connection: close\r\n",
            Encoder::Chunked,
        ),
        (
            old,
            true,
            BodyLength::Sized(5),
            "content-length: 5\r\n",
            "connection: keep-alive\r\n",
            Encoder::Sized(5),
        ),
        (
            old,
            false,
            BodyLength::Sized(5),
            "content-length: 5\r\n",
            "connection: close\r\n",
            Encoder::Sized(5),
        ),
        (
            old,
            true,
            BodyLength::Chunked,
            "",
            "connection: close\r\n",
            Encoder::UntilClose,
        ),
        (
            old,
            true,
            BodyLength::UntilClose,
            "",
            "connection: close\r\n",
            Encoder::UntilClose,
        ),
    ] {
        let fields = [
            ("server", "s"),
            ("content-length", "9"),
            ("connection", "x"),
            ("transfer-encoding", "x"),
        ];
        let (text, got) = encode_response(200, &fields, body, response(version, &get, persistent));
        let expected = format!("HTTP/1.1 200 OK\r\nserver: s\r\n{framing}{date}{connection}\r\n");
        assert_eq!((text, got), (expected, encoder), "{version:?} {body:?}");
    }
}

/// RFC 9110 8.6, RFC 9112 6.1.
#[test]
fn responses_without_a_body() {
    let (get, head, connect) = (Method::GET, Method::HEAD, Method::CONNECT);
    for (request, status, body, length) in [
        (&head, 200, BodyLength::None, Some("9")),
        (&head, 200, BodyLength::Sized(5), Some("9")),
        (&get, 304, BodyLength::None, Some("9")),
        (&get, 204, BodyLength::Sized(5), None),
        (&get, 103, BodyLength::None, None),
        (&connect, 200, BodyLength::Chunked, None),
        (&connect, 407, BodyLength::Sized(5), Some("5")),
    ] {
        let options = response(Version::HTTP_11, request, true);
        let (text, encoder) = encode_response(status, &[("content-length", "9")], body, options);
        let found = text
            .split("\r\n")
            .find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(found, length, "{request} {status}");
        assert!(!text.contains("transfer-encoding"));
        assert_eq!(encoder == Encoder::Done, length != Some("5"), "{request} {status}");
    }
}

#[test]
fn interim_responses_are_bare() {
    let (get, websocket) = (Method::GET, HeaderValue::from_static("websocket"));
    let options = response(Version::HTTP_11, &get, false);
    assert_eq!(
        encode_response(100, &[], BodyLength::None, options).0,
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    let options = ResponseOptions {
        upgrade: Some(&websocket),
        ..options
    };
    assert_eq!(
        encode_response(101, &[], BodyLength::None, options).0,
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    );
}

#[test]
fn a_date_is_added_only_when_there_is_none() {
    let get = Method::GET;
    let options = response(Version::HTTP_11, &get, true);
    let (text, _) = encode_response(599, &[("date", "x")], BodyLength::None, options);
    assert_eq!(text, "HTTP/1.1 599 Unknown\r\ndate: x\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn names_come_out_as_they_were_written() {
    let limits = Limits {
        preserve_case: true,
        ..Limits::default()
    };
    let bytes = "POST / HTTP/1.1\r\nHOst: a\r\nX-CaseD: 1\r\nx-cAsed: 2\r\nContent-Length: 2\r\nACCEPT: x\r\n\r\n";
    let (mut buf, mut headers) = (BytesMut::from(bytes), HeaderMap::new());
    let mut head = parse_request(&mut buf, &mut Scan::default(), &mut headers, &limits)
        .unwrap()
        .unwrap();
    head.parts.headers.insert("x-new", HeaderValue::from_static("3"));
    let options = RequestOptions {
        names: head.parts.extensions.get(),
        ..RequestOptions::default()
    };
    assert_eq!(
        encode_request(&head.parts, head.body, options),
        "POST / HTTP/1.1\r\nHOst: a\r\nX-CaseD: 1\r\nx-cAsed: 2\r\nACCEPT: x\r\nx-new: 3\r\nContent-Length: 2\r\n\r\n"
    );
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(
        ("(accept|date|user-agent|x-[a-z]{1,8})", "([!-~]([ -~]{0,20}[!-~])?)?"),
        0..12,
    )
}

fn to_map(fields: &[(String, String)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect()
}

fn body() -> impl Strategy<Value = BodyLength> {
    prop_oneof![any::<u64>().prop_map(BodyLength::Sized), Just(BodyLength::Chunked)]
}

proptest! {
    #[test]
    fn requests_come_back(fields in fields(), body in body(), path in "/[a-z]{1,9}(/[a-z]{1,9}){0,3}(\\?[a-z=&]{0,9})?") {
        let mut parts = request("POST", &path, &[]);
        parts.headers = to_map(&fields);
        parts.headers.insert(HOST, HeaderValue::from_static("h"));
        let mut wire = BytesMut::new();
        encode_request_head(&parts, body, RequestOptions::default(), &mut wire);
        let head =
            parse_request(&mut wire, &mut Scan::default(), &mut HeaderMap::new(), &Limits::default()).unwrap().unwrap();
        let mut headers = head.parts.headers;
        headers.remove(CONTENT_LENGTH);
        prop_assert_eq!(headers, parts.headers);
        prop_assert_eq!(head.parts.uri, parts.uri);
        prop_assert_eq!(head.body, body);
        prop_assert!(wire.is_empty());
    }

    #[test]
    fn responses_come_back(fields in fields(), body in body(), status in 205_u16..304, persistent: bool) {
        let mut headers = to_map(&fields);
        headers.insert("date", HeaderValue::from_static("x"));
        let mut wire = BytesMut::new();
        let status = StatusCode::from_u16(status).unwrap();
        let options = response(Version::HTTP_11, &Method::GET, persistent);
        encode_response_head(status, &headers, body, options, &mut wire);
        let (scan, map) = (&mut Scan::default(), &mut HeaderMap::new());
        let head = parse_response(&mut wire, scan, map, &Method::GET, &Limits::default()).unwrap().unwrap();
        let mut got = head.parts.headers;
        got.remove(CONTENT_LENGTH);
        prop_assert_eq!(got, headers);
        prop_assert_eq!((head.parts.status, head.body, head.persistent), (status, body, persistent));
        prop_assert!(wire.is_empty());
    }
}
