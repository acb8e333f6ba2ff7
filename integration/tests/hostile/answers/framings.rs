//! How long an answer is, and answers that are cut short: RFC 9112 sections 6 to 8.

use super::{After, Row, bad, chunked, cut, field, good, ok};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        good("a length", "9112 6.3", field("X: y"), 200, "hi").field("x", &["y"]),
        good("a length of zero", "9112 6.3", ok("Content-Length: 0", ""), 200, ""),
        good(
            "chunks",
            "9112 7.1",
            chunked("1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"),
            200,
            "hi",
        ),
        good(
            "chunks with extensions",
            "9112 7.1.1",
            chunked("2;a=b\r\nhi\r\n0;c\r\n\r\n"),
            200,
            "hi",
        ),
        good(
            "chunks with a trailer",
            "9112 7.1.2",
            chunked("2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n"),
            200,
            "hi",
        )
        .trailer("x-sum", &["1"]),
        good(
            "a trailer of Content-Length",
            "9110 6.5.1",
            chunked("2\r\nhi\r\n0\r\nContent-Length: 9\r\n\r\n"),
            200,
            "hi",
        )
        .trailer("content-length", &[])
        .any_reuse(),
        good(
            "a trailer of Set-Cookie",
            "9110 6.5.1",
            chunked("2\r\nhi\r\n0\r\nX: y\r\n\r\n"),
            200,
            "hi",
        ),
        good("a body until the end", "9112 6.3", ok("X: y", "hi"), 200, "hi").after(After::Close),
        good("an empty body until the end", "9112 6.3", ok("X: y", ""), 200, "").after(After::Close),
        good(
            "Connection: close with a length",
            "9112 9.6",
            field("Connection: close"),
            200,
            "hi",
        )
        .lacks("connection")
        .discarded(),
        good(
            "Connection: close, and it does",
            "9112 9.6",
            field("Connection: close"),
            200,
            "hi",
        )
        .lacks("connection")
        .after(After::Close),
        good(
            "HTTP/1.0 with a length",
            "9112 9.3",
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
            200,
            "hi",
        )
        .discarded(),
        good(
            "HTTP/1.0 until the end",
            "9112 6.3",
            b"HTTP/1.0 200 OK\r\n\r\nhi".to_vec(),
            200,
            "hi",
        )
        .after(After::Close),
        good(
            "HTTP/1.0 with keep-alive",
            "9112 9.3",
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
            200,
            "hi",
        )
        .any_reuse(),
        good(
            "the same length twice",
            "9112 6.3",
            ok("Content-Length: 2\r\nContent-Length: 2", "hi"),
            200,
            "hi",
        )
        .or_bad(),
        bad(
            "a length and a coding",
            "9112 6.3",
            ok(
                "Content-Length: 2\r\nTransfer-Encoding: chunked",
                "2\r\nhi\r\n0\r\n\r\n",
            ),
        ),
        bad(
            "a coding and a length",
            "9112 6.3",
            ok(
                "Transfer-Encoding: chunked\r\nContent-Length: 2",
                "2\r\nhi\r\n0\r\n\r\n",
            ),
        ),
        bad(
            "two lengths",
            "9112 6.3",
            ok("Content-Length: 2\r\nContent-Length: 3", "hi!"),
        ),
        bad(
            "Transfer-Encoding in HTTP/1.0",
            "9112 6.1",
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n".to_vec(),
        ),
        bad(
            "two codings in two fields",
            "9112 6.1",
            ok(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                "2\r\nhi\r\n0\r\n\r\n",
            ),
        ),
        cut(
            "a length cut short",
            "9112 8",
            ok("Content-Length: 5", "he"),
            After::Close,
        ),
        cut(
            "a length cut short by a reset",
            "9112 8",
            ok("Content-Length: 5", "he"),
            After::Reset,
        ),
        cut("chunks cut short", "9112 8", chunked("5\r\nhe"), After::Close),
        cut(
            "chunks cut short between two",
            "9112 8",
            chunked("2\r\nhi\r\n"),
            After::Close,
        ),
        cut(
            "chunks without their last end",
            "9112 8",
            chunked("2\r\nhi\r\n0\r\n"),
            After::Close,
        ),
        cut(
            "chunks cut short by a reset",
            "9112 8",
            chunked("2\r\nhi\r\n"),
            After::Reset,
        ),
        cut(
            "a body until the end cut short by a reset",
            "9112 8",
            ok("X: y", "hi"),
            After::Reset,
        ),
        cut(
            "a chunk size of letters",
            "9112 7.1",
            chunked("2\r\nhi\r\nx\r\nhi\r\n0\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a chunk size with a space",
            "9112 7.1",
            chunked("2\r\nhi\r\n2 \r\nhi\r\n0\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a chunk size with a bare LF",
            "9112 2.2",
            chunked("2\r\nhi\r\n2\nhi\r\n0\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a chunk size that wraps",
            "9112 7.1",
            chunked("2\r\nhi\r\n10000000000000002\r\nhi\r\n0\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a chunk longer than its size",
            "9112 7.1",
            chunked("2\r\nhello\r\n0\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a chunk extension with a bare LF",
            "9112 7.1.1",
            chunked("2\r\nhi\r\n2;\nhi\r\n0\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a trailer with a folded line",
            "9112 5.2",
            chunked("2\r\nhi\r\n0\r\nX: y\r\n z\r\n\r\n"),
            After::Keep,
        ),
        cut(
            "a trailer with NUL",
            "9112 5",
            chunked("2\r\nhi\r\n0\r\nX: \0\r\n\r\n"),
            After::Keep,
        ),
    ];
    let lengths = [
        "+2",
        "-2",
        "0x2",
        "2, 2",
        "2,3",
        "",
        "two",
        "2 2",
        "2;",
        "18446744073709551618",
        "99999999999999999999999",
    ];
    rows.extend(lengths.map(|value| {
        bad(
            format!("answer: a length of {value:?}"),
            "9112 6.3",
            ok(&format!("Content-Length: {value}"), "hi"),
        )
    }));
    let codings = [
        "gzip, chunked",
        "chunked, gzip",
        "identity",
        "gzip",
        "chunked, chunked",
        "xchunked",
        "",
        "chunked;q=1",
        "\x0bchunked",
    ];
    rows.extend(codings.map(|value| {
        bad(
            format!("answer: a coding of {value:?}"),
            "9112 6.1",
            ok(&format!("Transfer-Encoding: {value}"), "2\r\nhi\r\n0\r\n\r\n"),
        )
    }));
    rows
}
