//! Interim answers: RFC 9110 section 15.2.

use super::{After, Row, bad, good};

pub(super) fn rows() -> Vec<Row> {
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let after = |first: &str| format!("{first}{last}");
    vec![
        good(
            "103",
            "8297 2",
            after("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
            200,
            "hi",
        )
        .interim(&[103]),
        good(
            "three 103",
            "9110 15.2",
            after(&"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(3)),
            200,
            "hi",
        )
        .interim(&[103, 103, 103]),
        good("102", "9110 15.2", after("HTTP/1.1 102 Processing\r\n\r\n"), 200, "hi").interim(&[102]),
        good(
            "an unknown 1xx",
            "9110 15.2",
            after("HTTP/1.1 199 Odd\r\n\r\n"),
            200,
            "hi",
        ),
        good(
            "100 that nobody asked for",
            "9110 15.2.1",
            after("HTTP/1.1 100 Continue\r\n\r\n"),
            200,
            "hi",
        ),
        good(
            "100 without a reason phrase",
            "9112 4",
            after("HTTP/1.1 100 \r\n\r\n"),
            200,
            "hi",
        ),
        bad(
            "101 that nobody asked for",
            "promise 2",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ),
        bad(
            "101 with bytes after it",
            "promise 2",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nevil",
        ),
        bad(
            "101, then a real answer",
            "promise 2",
            after("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        ),
        bad("103, then nothing", "9112 8", "HTTP/1.1 103 Early Hints\r\n\r\n")
            .after(After::Close)
            .status(&[502, 503]),
        bad(
            "103, then garbage",
            "9112 4",
            "HTTP/1.1 103 Early Hints\r\n\r\nhello\r\n\r\n",
        ),
        good(
            "103 with a length",
            "9110 8.6",
            after("HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\n"),
            200,
            "hi",
        )
        .or_bad(),
        good(
            "103 with a coding",
            "9112 6.1",
            after("HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n"),
            200,
            "hi",
        )
        .or_bad(),
        good(
            "a thousand 103",
            "9110 15.2",
            after(&"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000)),
            200,
            "hi",
        )
        .or_bad(),
    ]
}
