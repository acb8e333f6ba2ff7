//! Responses of an HTTP/1.1 upstream that break a rule.

use tidegate_integration::harness::DEADLINE;

use super::{Row, Seen};

const KIB: usize = 1024;

/// An answer that breaks a rule.
pub(super) struct Response {
    reason: &'static str,
    pub(super) bytes: String,
    /// Its head is good: the client has it before the rule is broken.
    is_begun: bool,
}

impl Response {
    /// The row that asks for it; the upstream answers by number.
    pub(super) fn row(self, number: usize) -> Row {
        let is_begun = self.is_begun;
        Row::new("UPE", self.reason, "cluster default/script", move |world| {
            let mut client = world.connect("web");
            let request = format!("GET /script/{number} HTTP/1.1\r\nHost: a\r\n\r\n");
            if !is_begun {
                return client.ask("GET", request).into();
            }
            assert!(client.send(request).ends(DEADLINE));
            let answers = client.responses(&["GET"]).unwrap();
            let [answer] = &answers[..] else {
                panic!("one answer that breaks off: {answers:?}");
            };
            assert_eq!((answer.head.status(), answer.complete), (Some(200), false));
            Seen::End
        })
    }
}

fn head(reason: &'static str, bytes: String) -> Response {
    Response {
        reason,
        bytes,
        is_begun: false,
    }
}

/// A 200 with one more line.
fn with(reason: &'static str, line: &str) -> Response {
    head(reason, format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n"))
}

fn body(reason: &'static str, bytes: &str) -> Response {
    Response {
        reason,
        bytes: format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{bytes}"),
        is_begun: true,
    }
}

fn lines(count: usize, length: usize) -> String {
    let value = "v".repeat(length);
    let lines: Vec<_> = (0..count).map(|number| format!("x-{number}: {value}")).collect();
    lines.join("\r\n")
}

pub(super) fn rows() -> Vec<Response> {
    vec![
        with("bare-cr", "X: a\rb"),
        head("bare-lf", "HTTP/1.1 200 OK\nX: a\r\n\r\n".to_owned()),
        body("chunk-extensions-too-large", &format!("1;{}\r\n", "e".repeat(17 * KIB))),
        with(
            "content-length-and-transfer-encoding",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
        ),
        with("content-length-conflict", "Content-Length: 1\r\nContent-Length: 2"),
        with("control-character", "X: a\u{1}b"),
        with("head-too-large", &lines(5, 15 * KIB)),
        with("invalid-content-length", "Content-Length: +1"),
        with("invalid-field-name", "a(b: c"),
        head("leading-empty-line", "\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned()),
        with("line-too-long", &lines(1, 17 * KIB)),
        body("malformed-chunk", "xyz\r\n"),
        with("malformed-field", "nothing"),
        head("malformed-status-line", "HTTP/1.1 OK\r\n\r\n".to_owned()),
        with("obs-fold", "X: a\r\n b"),
        with("space-before-colon", "X : a"),
        with("too-many-fields", &lines(101, 1)),
        head("too-many-interim-answers", "HTTP/1.1 100 Continue\r\n\r\n".repeat(33)),
        body("too-many-trailers", &format!("0\r\n{}\r\n\r\n", lines(33, 1))),
        body("trailers-too-large", &format!("0\r\n{}\r\n\r\n", lines(3, 8 * KIB))),
        head(
            "transfer-encoding-in-http-1.0",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        ),
        with("unsupported-transfer-encoding", "Transfer-Encoding: gzip"),
        head("unsupported-version", "HTTP/1.3 200 OK\r\n\r\n".to_owned()),
    ]
}
