//! Chunked bodies: RFC 9112 section 7.1. The head is good and may be upstream by the time the body proves bad; then the
//! message there must never become complete.

use crate::table::{Row, broken, judge, passes, post_chunked};

const POST: &str = "POST / HTTP/1.1";

fn ok(name: &str, body: impl AsRef<[u8]>) -> Row {
    passes(name, "9112 7.1", post_chunked(body), POST)
}

fn trailer(line: &str) -> Vec<u8> {
    post_chunked(format!("5\r\nhello\r\n0\r\n{line}\r\n\r\n"))
}

pub(crate) fn rows() -> Vec<Row> {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut rows = vec![
        ok("two chunks", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n").body("hello"),
        ok("an upper-case size", "A\r\n0123456789\r\n0\r\n\r\n").body("0123456789"),
        ok("a lower-case size", "a\r\n0123456789\r\n0\r\n\r\n").body("0123456789"),
        ok("a size with leading zeros", "0005\r\nhello\r\n0\r\n\r\n").body("hello"),
        ok(
            "a size with very many zeros",
            "00000000000000000000005\r\nhello\r\n0\r\n\r\n",
        )
        .body("hello")
        .or_refused(),
        ok("a last chunk of zeros", "5\r\nhello\r\n000\r\n\r\n").body("hello"),
        ok("line ends in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n").body("\r\n\r\n"),
        ok("a last chunk in the data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n").body("0\r\n\r\n"),
        ok("a chunk extension", "5;a\r\nhello\r\n0\r\n\r\n").body("hello"),
        ok("a chunk extension with a value", "5;a=b;c=d\r\nhello\r\n0;e\r\n\r\n").body("hello"),
        ok("a quoted chunk extension", "5;a=\"b c\"\r\nhello\r\n0\r\n\r\n").body("hello"),
        ok("a request after the last chunk", format!("0\r\n\r\n{smuggled}"))
            .body("")
            .then_passes("GET /smuggled HTTP/1.1"),
        ok("a trailer", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n").body("hello"),
        passes(
            "a trailer that was announced",
            "9110 6.6.2",
            [
                b"POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n",
                &b"0\r\nX-Sum: 1\r\n\r\n"[..],
            ]
            .concat(),
            POST,
        )
        .trailer("x-sum", &["1"]),
        ok("a trailer twice", "0\r\nX: 1\r\nX: 2\r\n\r\n"),
        broken(
            "a size with letters",
            "9112 7.1",
            post_chunked("g\r\nhello\r\n0\r\n\r\n"),
        ),
        broken("an empty size", "9112 7.1", post_chunked("\r\nhello\r\n0\r\n\r\n")),
        broken(
            "an extension without a size",
            "9112 7.1",
            post_chunked(";a\r\nhello\r\n0\r\n\r\n"),
        ),
        broken("data without a last chunk", "9112 7.1", post_chunked("5\r\nhello\r\n")).fin(),
        broken(
            "a last chunk without its end",
            "9112 7.1",
            post_chunked("5\r\nhello\r\n0\r\n"),
        )
        .fin(),
        broken("no chunk at all", "9112 7.1", post_chunked("")).fin(),
        broken("half a chunk", "9112 7.1", post_chunked("5\r\nhel")).fin(),
        broken("a trailer without its end", "9112 7.1.2", post_chunked("0\r\nX: y\r\n")).fin(),
        broken(
            "data longer than its size",
            "9112 7.1",
            post_chunked("5\r\nhelloX\r\n0\r\n\r\n"),
        ),
        broken(
            "data shorter than its size",
            "9112 7.1",
            post_chunked("6\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "data that ends with a bare LF",
            "9112 2.2",
            post_chunked("5\r\nhello\n0\r\n\r\n"),
        ),
        broken(
            "data that ends with CR CR",
            "9112 2.2",
            post_chunked("5\r\nhello\r\r0\r\n\r\n"),
        ),
        broken(
            "data with two bytes for CRLF",
            "9112 7.1",
            post_chunked("5\r\nhelloXX0\r\n\r\n"),
        ),
        broken(
            "a last chunk that ends with a bare LF",
            "9112 2.2",
            post_chunked("5\r\nhello\r\n0\n\r\n"),
        ),
        broken(
            "an end that is a bare LF",
            "9112 2.2",
            post_chunked("5\r\nhello\r\n0\r\n\n"),
        ),
        broken(
            "an end that is a bare CR",
            "9112 2.2",
            post_chunked(format!("5\r\nhello\r\n0\r\n\rX{smuggled}")),
        ),
        broken(
            "an extension with a bare LF",
            "9112 7.1.1",
            post_chunked(format!("5;\nhello\r\n0\r\n\r\n{smuggled}")),
        ),
        broken(
            "a bare LF in a quoted extension",
            "9112 7.1.1",
            post_chunked("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "an extension with a bare CR",
            "9112 7.1.1",
            post_chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "an extension with NUL",
            "9112 7.1.1",
            post_chunked("5;a\0\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "an extension with a control",
            "9112 7.1.1",
            post_chunked("5;a=\x01\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "an extension with DEL",
            "9112 7.1.1",
            post_chunked("5;a=\x7f\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "an extension in the last chunk with a bare LF",
            "9112 7.1.1",
            post_chunked("5\r\nhello\r\n0;a\n\r\n\r\n"),
        ),
        broken(
            "a size that wraps at 64 bits",
            "9112 7.1",
            post_chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "a size of seventeen F",
            "9112 7.1",
            post_chunked("FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
        ),
        broken(
            "a size of 2^64 - 1",
            "9112 7.1",
            post_chunked("FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
        )
        .fin(),
        broken(
            "a size that wraps at 32 bits",
            "9112 7.1",
            post_chunked("100000005\r\nhello\r\n0\r\n\r\n"),
        )
        .fin(),
    ];
    let bad_sizes = [
        ("a trailing space", "5 "),
        ("a leading space", " 5"),
        ("a trailing tab", "5\t"),
        ("a 0x", "0x5"),
        ("a plus", "+5"),
        ("a minus", "-5"),
        ("a comma", "5,"),
        ("a dot", "5.0"),
        ("an underscore", "0_5"),
        ("CR CR LF", "5\r"),
        ("a vertical tab", "5\x0b"),
        ("NUL", "5\0"),
        ("an equals sign", "5=a"),
        ("two sizes", "5 5"),
        ("a letter that is not ASCII", "5\u{e9}"),
    ];
    rows.extend(bad_sizes.map(|(what, size)| {
        broken(
            format!("a chunk size with {what}"),
            "9112 7.1",
            post_chunked(format!("{size}\r\nhello\r\n0\r\n\r\n")),
        )
    }));
    rows.push(broken(
        "a chunk size with a bare LF",
        "9112 2.2",
        post_chunked("5\nhello\r\n0\r\n\r\n"),
    ));
    let bad_trailers = [
        ("a space before the colon", "X : y"),
        ("no colon", "X"),
        ("no name", ": y"),
        ("a folded line", "X: y\r\n z"),
        ("NUL in its value", "X: \0"),
        ("NUL in its name", "X\0: y"),
        ("a bare LF", "X: y\nZ: w"),
        ("a bare CR", "X: y\rZ: w"),
        ("a control", "X: \x01"),
        ("DEL", "X: \x7f"),
        ("a space in its name", "X Y: z"),
        ("a leading space", " X: y"),
        ("a request line", "GET /smuggled HTTP/1.1"),
    ];
    rows.extend(bad_trailers.map(|(what, line)| broken(format!("a trailer with {what}"), "9112 7.1.2", trailer(line))));
    // RFC 9110 section 6.5.1: what frames, routes, or authenticates a message may not come after it.
    let forbidden = [
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "Host: b",
        "Authorization: x",
        "Connection: close",
        "X-Forwarded-For: 1.2.3.4",
        "Content-Type: text/x",
        "Trailer: x",
        "TE: trailers",
        "Upgrade: x",
    ];
    rows.extend(forbidden.map(|line| {
        let name = line.split(':').next().unwrap_or_default();
        passes(format!("a trailer of {name}"), "9110 6.5.1", trailer(line), POST)
            .body("hello")
            .lacks_trailer(name)
            .or_refused()
    }));
    rows
}

#[test]
fn chunked_bodies() {
    judge(&rows());
}
