//! Request lines: RFC 9112 section 3, versions of section 2.3, and what is not HTTP/1 at all.

use crate::table::{Row, judge, passes, refused};

fn line(bytes: &str) -> Vec<u8> {
    format!("{bytes}\r\nHost: a\r\n\r\n").into_bytes()
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        passes(
            "the plainest request",
            "9112 3",
            line("GET / HTTP/1.1"),
            "GET / HTTP/1.1",
        )
        .field("host", &["a"]),
        passes(
            "a query",
            "9112 3.2.1",
            line("GET /a?b=c&d HTTP/1.1"),
            "GET /a?b=c&d HTTP/1.1",
        ),
        passes(
            "an empty query",
            "9112 3.2.1",
            line("GET /a? HTTP/1.1"),
            "GET /a? HTTP/1.1",
        ),
        passes(
            "an unknown method",
            "9110 9.1",
            line("BREW /pot HTTP/1.1"),
            "BREW /pot HTTP/1.1",
        ),
        passes(
            "a method of odd token characters",
            "9110 5.6.2",
            line("M!#$%&'*+-.^_`|~9 / HTTP/1.1"),
            "M!#$%&'*+-.^_`|~9 / HTTP/1.1",
        ),
        passes(
            "methods are case-sensitive",
            "9110 9.1",
            line("get / HTTP/1.1"),
            "get / HTTP/1.1",
        ),
        passes(
            "OPTIONS with a path",
            "9110 9.3.7",
            line("OPTIONS /a HTTP/1.1"),
            "OPTIONS /a HTTP/1.1",
        ),
        passes(
            "asterisk-form",
            "9112 3.2.4",
            line("OPTIONS * HTTP/1.1"),
            "OPTIONS * HTTP/1.1",
        )
        .or_status(&[400, 404]),
        refused(
            "asterisk-form with another method",
            "9112 3.2.4",
            line("GET * HTTP/1.1"),
        ),
        passes(
            "an empty line first",
            "9112 2.2",
            b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            "GET / HTTP/1.1",
        )
        .or_refused(),
        refused(
            "a bare LF first",
            "9112 2.2",
            b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        ),
        refused(
            "a bare CR first",
            "9112 2.2",
            b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        ),
        refused(
            "a request line that ends with a bare LF",
            "9112 2.2",
            b"GET / HTTP/1.1\nHost: a\r\n\r\n".to_vec(),
        ),
        refused(
            "a whole head with bare LF",
            "9112 2.2",
            b"GET / HTTP/1.1\nHost: a\n\n".to_vec(),
        ),
        refused(
            "a line that ends with CR CR LF",
            "9112 2.2",
            b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n".to_vec(),
        ),
        refused(
            "a bare CR inside the request line",
            "9112 2.2",
            line("GET /\r HTTP/1.1"),
        ),
        refused(
            "a request line split by a bare CR",
            "9112 2.2",
            line("GET / HTTP/1.1\rX: y"),
        ),
        refused("HTTP/0.9", "promise 1", b"GET /\r\n\r\n".to_vec()),
        refused("HTTP/0.9 with a field", "promise 1", line("GET /")),
        refused("no version but a space", "9112 3", line("GET / ")),
        refused("only a method", "9112 3", line("GET")),
        refused("no method", "9112 3", line(" / HTTP/1.1")),
        refused("no target", "9112 3", line("GET HTTP/1.1")),
        refused("two spaces for a target", "9112 3", line("GET  HTTP/1.1")),
        refused("two spaces before the target", "9112 3", line("GET  / HTTP/1.1")),
        refused("two spaces before the version", "9112 3", line("GET /  HTTP/1.1")),
        refused("a space after the version", "9112 3", line("GET / HTTP/1.1 ")),
        refused("a tab after the version", "9112 3", line("GET / HTTP/1.1\t")),
        refused("a space before the method", "9112 3", line(" GET / HTTP/1.1")),
        refused("a tab before the target", "9112 3", line("GET\t/ HTTP/1.1")),
        refused("a tab before the version", "9112 3", line("GET /\tHTTP/1.1")),
        refused("a vertical tab as a space", "9112 3", line("GET /\x0bHTTP/1.1")),
        refused("a form feed as a space", "9112 3", line("GET\x0c/ HTTP/1.1")),
        refused("a space in the target", "9112 3.2", line("GET /a b HTTP/1.1")),
        refused("a smuggled second version", "9112 3.2", line("GET / HTTP/1.1 HTTP/1.1")),
        refused("a target without a slash", "9112 3.2", line("GET a HTTP/1.1")),
        refused("a target that is only a query", "9112 3.2", line("GET ?a HTTP/1.1")),
        refused("authority-form with GET", "9112 3.2.3", line("GET a:80 HTTP/1.1")),
        refused("a method with a colon", "9110 5.6.2", line("GE:T / HTTP/1.1")),
        refused("a method with a parenthesis", "9110 5.6.2", line("GET( / HTTP/1.1")),
        refused("a method with a slash", "9110 5.6.2", line("GE/T / HTTP/1.1")),
        refused("a method in quotes", "9110 5.6.2", line("\"GET\" / HTTP/1.1")),
        refused("a method that is not ASCII", "9110 5.6.2", line("G\u{cb}T / HTTP/1.1")),
        refused("a method with NUL", "9110 5.6.2", line("GE\0T / HTTP/1.1")),
        refused("a method with a control", "9110 5.6.2", line("GE\x01T / HTTP/1.1")),
        refused("NUL in the target", "9112 3.2", line("GET /a\0b HTTP/1.1")),
        refused("a control in the target", "9112 3.2", line("GET /a\x01b HTTP/1.1")),
        refused("DEL in the target", "9112 3.2", line("GET /a\x7fb HTTP/1.1")),
        refused("ESC in the query", "9112 3.2", line("GET /a?\x1b HTTP/1.1")),
        refused("a target that is not ASCII", "9112 3.2", line("GET /\u{e9} HTTP/1.1")),
        refused("a query that is not ASCII", "9112 3.2", line("GET /?\u{e9} HTTP/1.1")),
        refused("a version in lower case", "9112 2.3", line("GET / http/1.1")),
        refused("a version of two digits", "9112 2.3", line("GET / HTTP/1.10")),
        refused("a version with a leading zero", "9112 2.3", line("GET / HTTP/01.1")),
        refused("a version with a space", "9112 2.3", line("GET / HTTP/ 1.1")),
        refused("a version with a comma", "9112 2.3", line("GET / HTTP/1,1")),
        refused("a version without a minor", "9112 2.3", line("GET / HTTP/1")),
        refused("a version with letters after it", "9112 2.3", line("GET / HTTP/1.1x")),
        refused("a version with NUL", "9112 2.3", line("GET / HTTP/1.1\0")),
        refused("another protocol", "9112 2.3", line("GET / HTTPS/1.1")),
        refused("an ICAP request", "9112 2.3", line("OPTIONS / ICAP/1.0")),
        refused("HTTP/0.9 said aloud", "9112 2.3", line("GET / HTTP/0.9")).status(&[400, 505]),
        refused("HTTP/2.0 on a request line", "9112 2.3", line("GET / HTTP/2.0")).status(&[400, 505]),
        refused("HTTP/3.0 on a request line", "9112 2.3", line("GET / HTTP/3.0")).status(&[400, 505]),
        refused("HTTP/1.2 is not spoken", "9110 2.5", line("GET / HTTP/1.2")).status(&[400, 505]),
        refused("CONNECT", "9110 9.3.6", line("CONNECT a:443 HTTP/1.1")).answered(&[400, 403, 404, 405, 501]),
        refused("CONNECT with a path", "9112 3.2.3", line("CONNECT / HTTP/1.1")).status(&[400, 403, 405, 501]),
        refused(
            "a colon line instead of a request",
            "9112 3",
            b"Host: a\r\n\r\n".to_vec(),
        ),
        refused("an SSH banner", "9112 3", b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()),
        // Who sends these reads no HTTP/1.1: an answer would be noise to it.
        refused(
            "a broken preface of HTTP/2",
            "9113 3.4",
            b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        )
        .closes(),
        refused(
            "words in place of a preface",
            "9113 3.4",
            b"INVALID CONNECTION PREFACE\r\n\r\n".to_vec(),
        )
        .closes(),
        refused("an SMTP greeting", "9112 3", b"EHLO mail.example\r\n\r\n".to_vec()),
        refused(
            "a response",
            "9112 2.1",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
        refused(
            "a TLS ClientHello",
            "9112 3",
            b"\x16\x03\x01\x00\x10\x01\x00\x00\x0c\x03\x03\r\n\r\n\r\n\r\n".to_vec(),
        ),
        refused(
            "bytes above 0x7f",
            "9112 3",
            [0xffu8; 40].iter().copied().chain(*b"\r\n\r\n").collect::<Vec<_>>(),
        ),
    ];
    // The upstream is spoken to in HTTP/1.1 whatever the client speaks (RFC 9110 section 2.5).
    rows.push(
        passes("HTTP/1.0", "9112 9.3", line("GET / HTTP/1.0"), "GET / HTTP/1.1")
            .field("host", &["a"])
            .closes(),
    );
    rows.push(
        passes(
            "HTTP/1.0 with keep-alive",
            "9112 9.3",
            b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n".to_vec(),
            "GET / HTTP/1.1",
        )
        .lacks("connection"),
    );
    rows.push(
        passes(
            "HTTP/1.0 with a body",
            "9112 6.3",
            b"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
            "POST / HTTP/1.1",
        )
        .body("hi")
        .closes(),
    );
    rows
}

#[test]
fn request_lines() {
    judge(&rows());
}
