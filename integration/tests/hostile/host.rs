//! Host, and the authority of an absolute-form target: RFC 9110 section 7.2, RFC 9112 section 3.2.

use crate::table::{Row, judge, passes, refused};

fn get(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\n{lines}\r\n").into_bytes()
}

fn host(value: &str) -> Vec<u8> {
    get("/", &format!("Host: {value}\r\n"))
}

pub(crate) fn rows() -> Vec<Row> {
    let to_root = "GET / HTTP/1.1";
    let mut rows = vec![
        refused("no Host", "9112 3.2", get("/", "")),
        refused("no Host but other fields", "9112 3.2", get("/", "X: y\r\n")),
        refused("an empty Host", "9110 4.2.1", host("")),
        refused("a Host of blanks", "9110 4.2.1", host(" \t ")),
        refused("two Hosts", "9112 3.2", get("/", "Host: a\r\nHost: b\r\n")),
        refused("the same Host twice", "9112 3.2", get("/", "Host: a\r\nHost: a\r\n")),
        refused(
            "two Hosts in different case",
            "9112 3.2",
            get("/", "Host: a\r\nhOST: a\r\n"),
        ),
        refused(
            "two Hosts, others between",
            "9112 3.2",
            get("/", "Host: a\r\nX: y\r\nHost: b\r\n"),
        ),
        refused(
            "a second Host that is empty",
            "9112 3.2",
            get("/", "Host: a\r\nHost:\r\n"),
        ),
        passes("Host with a port", "9110 7.2", host("a:8080"), to_root).field("host", &["a:8080"]),
        passes("Host in brackets", "9110 7.2", host("[::1]"), to_root).field("host", &["[::1]"]),
        passes("Host in brackets with a port", "9110 7.2", host("[::1]:80"), to_root),
        passes("Host as an address", "9110 7.2", host("127.0.0.1"), to_root).field("host", &["127.0.0.1"]),
        passes("Host with blanks around", "9112 5", host(" \ta\t "), to_root).field("host", &["a"]),
        passes("Host in capitals", "9110 4.2.3", host("EXAMPLE.com"), to_root),
        passes("Host last", "9110 7.2", get("/", "X: y\r\nHost: a\r\n"), to_root).field("host", &["a"]),
        passes("Host with an empty port", "9110 7.2", host("a:"), to_root).or_refused(),
        passes("Host with a percent-encoding", "9110 7.2", host("%61"), to_root).or_refused(),
        passes("a Host ending with a dot", "9110 7.2", host("a."), to_root),
        passes(
            "absolute-form",
            "9112 3.2.2",
            get("http://a/b", "Host: a\r\n"),
            "GET /b HTTP/1.1",
        )
        .field("host", &["a"]),
        passes(
            "absolute-form without a path",
            "9112 3.2.2",
            get("http://a", "Host: a\r\n"),
            to_root,
        ),
        passes(
            "absolute-form with only a query",
            "9112 3.2.2",
            get("http://a?b", "Host: a\r\n"),
            "GET /?b HTTP/1.1",
        ),
        passes(
            "absolute-form in another case",
            "9110 4.2.3",
            get("http://A/", "Host: a\r\n"),
            to_root,
        ),
        passes(
            "an absolute-form scheme in capitals",
            "9110 4.2.3",
            get("HTTP://a/", "Host: a\r\n"),
            to_root,
        ),
        passes(
            "absolute-form with the same port",
            "9112 3.2.2",
            get("http://a:81/", "Host: a:81\r\n"),
            to_root,
        )
        .field("host", &["a:81"]),
        passes(
            "absolute-form, default port on one side",
            "9110 4.2.3",
            get("http://a:80/", "Host: a\r\n"),
            to_root,
        )
        .or_refused(),
        passes(
            "https in the absolute-form of a clear connection",
            "9110 7.4",
            get("https://a/", "Host: a\r\n"),
            to_root,
        )
        .or_status(&[400, 421]),
        refused("absolute-form without Host", "9112 3.2", get("http://a/", "")),
        refused(
            "absolute-form against another Host",
            "promise 1",
            get("http://a/", "Host: b\r\n"),
        ),
        refused(
            "absolute-form against another port",
            "promise 1",
            get("http://a:81/", "Host: a:82\r\n"),
        ),
        refused(
            "absolute-form against a longer Host",
            "promise 1",
            get("http://a/", "Host: a.b\r\n"),
        ),
        refused(
            "absolute-form against an empty Host",
            "promise 1",
            get("http://a/", "Host:\r\n"),
        ),
        refused(
            "absolute-form with two Hosts",
            "9112 3.2",
            get("http://a/", "Host: a\r\nHost: a\r\n"),
        ),
        refused(
            "absolute-form with user information",
            "9110 4.2.4",
            get("http://u:p@a/", "Host: a\r\n"),
        ),
        refused(
            "user information that looks like the Host",
            "9110 4.2.4",
            get("http://a@b/", "Host: a\r\n"),
        ),
        refused(
            "absolute-form without an authority",
            "9110 4.2.1",
            get("http:///b", "Host: a\r\n"),
        ),
        refused(
            "absolute-form with one slash",
            "9110 4.2.1",
            get("http:/b", "Host: a\r\n"),
        ),
        refused(
            "absolute-form with a backslash",
            "3986 3.2",
            get("http:\\\\a\\b", "Host: a\r\n"),
        ),
        refused(
            "absolute-form of another scheme",
            "9110 4.2",
            get("ftp://a/", "Host: a\r\n"),
        ),
        refused(
            "absolute-form of a file",
            "9110 4.2",
            get("file:///etc/passwd", "Host: a\r\n"),
        ),
        refused(
            "HTTP/1.0 with two Hosts",
            "9112 3.2",
            b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n".to_vec(),
        ),
        refused(
            "HTTP/1.0 with a bad Host",
            "9112 3.2",
            b"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n".to_vec(),
        ),
        // 9112 section 3.2 asks for Host only in HTTP/1.1, but a request that names no authority cannot be routed by one.
        refused("HTTP/1.0 without Host", "promise 1", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        refused(
            "HTTP/1.0 in asterisk-form without Host",
            "promise 1",
            b"OPTIONS * HTTP/1.0\r\n\r\n".to_vec(),
        ),
        passes(
            "HTTP/1.0 in absolute-form without Host",
            "9112 3.2.2",
            b"GET http://a/ HTTP/1.0\r\n\r\n".to_vec(),
            to_root,
        )
        .field("host", &["a"])
        .closes(),
    ];
    let bad = [
        ("two names", "a, b"),
        ("a space", "a b"),
        ("a tab inside", "a\tb"),
        ("a path", "a/b"),
        ("a query", "a?b"),
        ("a fragment", "a#b"),
        ("user information", "u@a"),
        ("a scheme", "http://a"),
        ("a backslash", "a\\b"),
        ("a port that is no number", "a:b"),
        ("a port too large", "a:65536"),
        ("a signed port", "a:+80"),
        ("two ports", "a:80:81"),
        ("only a port", ":80"),
        ("an open bracket", "[::1"),
        ("a bare IPv6 address", "::1"),
        ("something after the bracket", "[::1]a"),
        ("no address in the brackets", "[a]"),
        ("angle brackets", "<a>"),
        ("a quote", "\"a\""),
        ("a brace", "{a}"),
        ("a pipe", "a|b"),
        ("a caret", "a^b"),
        ("a bad percent-encoding", "a%zz"),
        ("half a percent-encoding", "a%2"),
        ("letters that are not ASCII", "b\u{fc}cher.example"),
        ("NUL", "a\0b"),
        ("a control", "a\x01b"),
        ("DEL", "a\x7f"),
        ("an at sign at its end", "a@"),
    ];
    rows.extend(bad.map(|(what, value)| refused(format!("Host with {what}"), "9110 7.2", host(value))));
    rows
}

#[test]
fn hosts() {
    judge(&rows());
}
