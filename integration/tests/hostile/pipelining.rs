//! Several messages on one connection: RFC 9112 section 9.3. What is left of one must never become another.

use crate::table::{Row, broken, judge, passes, refused};

const A: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const B: &str = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
const LINE_A: &str = "GET /a HTTP/1.1";
const LINE_B: &str = "GET /b HTTP/1.1";

pub(crate) fn rows() -> Vec<Row> {
    let many = (0..50).fold(Vec::new(), |bytes, _| [bytes, A.into()].concat());
    let fifty = (1..50).fold(passes("fifty", "9112 9.3.2", many, LINE_A), |row, _| {
        row.then_passes(LINE_A)
    });
    let bad = "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n";
    let sends = |parts: &[&str]| parts.concat().into_bytes();
    vec![
        fifty,
        passes("two", "9112 9.3.2", sends(&[A, B]), LINE_A).then_passes(LINE_B),
        passes(
            "a POST, then a GET",
            "9112 9.3.2",
            sends(&["POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", B]),
            "POST /p HTTP/1.1",
        )
        .body("hello")
        .then_passes(LINE_B),
        passes(
            "a chunked POST, then a GET",
            "9112 9.3.2",
            sends(&[
                "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                B,
            ]),
            "POST /p HTTP/1.1",
        )
        .body("hello")
        .then_passes(LINE_B),
        passes(
            "a chunked POST with trailers, then a GET",
            "9112 9.3.2",
            sends(&[
                "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
                B,
            ]),
            "POST /p HTTP/1.1",
        )
        .then_passes(LINE_B),
        passes(
            "a HEAD, then a GET",
            "9110 9.3.2",
            sends(&["HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n", B]),
            "HEAD /h HTTP/1.1",
        )
        .then_passes(LINE_B),
        passes("a bad one after a good one", "9112 9.3.2", sends(&[A, bad]), LINE_A).then_refused(),
        passes(
            "a bad one after a good one, then another good one",
            "9112 9.3.2",
            sends(&[A, bad, B]),
            LINE_A,
        )
        .then_refused(),
        passes(
            "a smuggling one after a good one",
            "9112 6.1",
            sends(&[
                A,
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
                B,
            ]),
            LINE_A,
        )
        .then_refused(),
        passes(
            "garbage after a good one",
            "9112 9.3.2",
            sends(&[A, "\0\0\0\0\r\n\r\n"]),
            LINE_A,
        )
        .then_refused(),
        passes("an empty line between", "9112 2.2", sends(&[A, "\r\n", B]), LINE_A).then_passes(LINE_B),
        refused("a good one after a bad one", "promise 1", sends(&[bad, A])),
        refused(
            "a good one after a bad length",
            "promise 1",
            sends(&["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", A]),
        ),
        refused(
            "a good one after two Hosts",
            "promise 1",
            sends(&["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", A]),
        ),
        refused(
            "a good one after a refused path",
            "promise 1",
            sends(&["GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", A]),
        ),
        refused(
            "a good one after 101 fields",
            "promise 1",
            sends(&["GET / HTTP/1.1\r\nHost: a\r\n", &"X: y\r\n".repeat(100), "\r\n", A]),
        )
        .status(&[431]),
        broken(
            "a good one after a bad chunk",
            "promise 3",
            sends(&[
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                A,
            ]),
        ),
        broken(
            "a good one inside a broken chunk",
            "promise 3",
            sends(&[
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n",
                A,
            ]),
        ),
        passes(
            "a request after Connection: close",
            "9112 9.6",
            sends(&["GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", B]),
            LINE_A,
        )
        .closes(),
        passes(
            "a request after HTTP/1.0",
            "9112 9.3",
            sends(&["GET /a HTTP/1.0\r\nHost: a\r\n\r\n", B]),
            LINE_A,
        )
        .closes(),
        passes(
            "HTTP/1.0 with keep-alive, then another",
            "9112 9.3",
            sends(&["GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", B]),
            LINE_A,
        )
        .then_passes(LINE_B),
        passes("a FIN right after the request", "promise 3", sends(&[A]), LINE_A)
            .fin()
            .closes(),
        passes("a FIN right after two requests", "promise 3", sends(&[A, B]), LINE_A)
            .then_passes(LINE_B)
            .fin()
            .closes(),
        passes(
            "a FIN right after a body",
            "promise 3",
            sends(&["POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"]),
            "POST /p HTTP/1.1",
        )
        .body("hello")
        .fin()
        .closes(),
        passes(
            "half a head after a good request, then FIN",
            "9112 8",
            sends(&[A, "GET /b HT"]),
            LINE_A,
        )
        .fin()
        .closes()
        .or_just_closed(),
        refused("half a head, then FIN", "9112 8", sends(&["GET /a HTTP/1.1\r\nHost:"]))
            .fin()
            .or_just_closed(),
        refused("nothing, then FIN", "9112 8", sends(&[]))
            .fin()
            .or_just_closed(),
        broken(
            "a length cut short by FIN",
            "9112 8",
            sends(&["POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhello"]),
        )
        .fin(),
    ]
}

#[test]
fn pipelining() {
    judge(&rows());
}
