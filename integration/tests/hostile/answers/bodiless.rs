//! Answers without a body, and bytes after an answer: RFC 9112 section 6.3, promise 3.

use super::{Row, chunked, good, ok};

pub(super) fn rows() -> Vec<Row> {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    vec![
        good("HEAD keeps the length", "9110 9.3.2", head, 200, "")
            .method("HEAD")
            .field("content-length", &["5"]),
        good(
            "HEAD with chunked",
            "9112 6.3",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            200,
            "",
        )
        .method("HEAD"),
        good("HEAD with neither", "9112 6.3", "HTTP/1.1 200 OK\r\n\r\n", 200, "").method("HEAD"),
        good(
            "HEAD that is answered with a body",
            "9112 6.3",
            format!("{head}hello"),
            200,
            "",
        )
        .method("HEAD")
        .discarded(),
        good("204", "9110 15.3.5", "HTTP/1.1 204 No Content\r\n\r\n", 204, "")
            .lacks("content-length")
            .lacks("transfer-encoding"),
        good(
            "204 with a length of zero",
            "9110 8.6",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            204,
            "",
        )
        .any_reuse(),
        good(
            "204 with a body",
            "9112 6.3",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
            204,
            "",
        )
        .or_bad()
        .discarded(),
        good(
            "204 with chunks",
            "9112 6.1",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            204,
            "",
        )
        .or_bad()
        .discarded(),
        good(
            "304",
            "9110 15.4.5",
            "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
            304,
            "",
        )
        .field("etag", &["\"x\""]),
        good(
            "304 with the length of what is not sent",
            "9110 8.6",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            304,
            "",
        ),
        good(
            "304 with a body",
            "9112 6.3",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
            304,
            "",
        )
        .discarded(),
        good(
            "205 with a length of zero",
            "9110 15.3.6",
            "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
            205,
            "",
        ),
        good(
            "bytes after the answer",
            "promise 3",
            ok("Content-Length: 2", "hi!"),
            200,
            "hi",
        )
        .discarded(),
        good(
            "a second answer after the answer",
            "promise 3",
            ok(
                "Content-Length: 2",
                "hiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            ),
            200,
            "hi",
        )
        .discarded(),
        good(
            "a second answer after the last chunk",
            "promise 3",
            chunked("2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
            200,
            "hi",
        )
        .discarded(),
        good(
            "an empty line after the answer",
            "promise 3",
            ok("Content-Length: 2", "hi\r\n"),
            200,
            "hi",
        )
        .discarded(),
        good(
            "a second answer after HEAD",
            "promise 3",
            format!("{head}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
            200,
            "",
        )
        .method("HEAD")
        .discarded(),
    ]
}
