//! Field lines and sizes: RFC 9110 section 5, RFC 9112 section 5; and what is no answer at all.

use super::{After, Row, bad, field, good, sized};

pub(super) fn rows() -> Vec<Row> {
    let bad_fields = [
        ("a space before the colon", "X : y"),
        ("a tab before the colon", "X\t: y"),
        ("a folded line", "X: y\r\n z"),
        ("a folded length", "X: y\r\n Content-Length: 9"),
        ("no colon", "X"),
        ("no name", ": y"),
        ("a space in a name", "X Y: z"),
        ("NUL in a value", "X: y\0z"),
        ("NUL in a name", "X\0: y"),
        ("a control in a value", "X: \x01"),
        ("DEL in a value", "X: \x7f"),
        ("a bare CR in a value", "X: y\rz"),
        ("a bare LF in a value", "X: y\nz"),
        ("a bare LF that hides a field", "X: y\nSet-Cookie: evil=1"),
        ("a name that is not ASCII", "\u{dc}: y"),
        ("a bracket in a name", "[X]: y"),
    ];
    let mut rows: Vec<Row> = bad_fields
        .into_iter()
        .map(|(name, line)| bad(format!("answer: {name}"), "9112 5", field(line)))
        .collect();
    rows.extend([
        good(
            "bytes above 0x7f in a value",
            "9110 5.5",
            [&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \x80\xff\r\n\r\nhi"[..]].concat(),
            200,
            "hi",
        )
        .field("x", &["\u{80}\u{ff}"]),
        good("an empty value", "9110 5.5", field("X:"), 200, "hi").field("x", &[""]),
        good(
            "several Set-Cookie",
            "6265 3",
            field("Set-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2"),
            200,
            "hi",
        )
        .field("set-cookie", &["a=1", "b=2"]),
        good(
            "a field that Connection names",
            "9110 7.6.1",
            field("Connection: x-foo\r\nX-Foo: y"),
            200,
            "hi",
        )
        .lacks("x-foo"),
        good("Keep-Alive", "9110 7.6.1", field("Keep-Alive: timeout=5"), 200, "hi").lacks("keep-alive"),
        good(
            "Proxy-Connection",
            "9110 7.6.1",
            field("Proxy-Connection: keep-alive"),
            200,
            "hi",
        )
        .lacks("proxy-connection"),
        good(
            "Upgrade that only advertises",
            "9110 7.8",
            field("Connection: upgrade\r\nUpgrade: h2c"),
            200,
            "hi",
        )
        .lacks("upgrade"),
        good(
            "Connection names Content-Length",
            "promise 2",
            field("Connection: content-length"),
            200,
            "hi",
        ),
        good("an underscore in a name", "promise 6", field("X_Y: z"), 200, "hi").or_bad(),
        good(
            "100 fields",
            "9110 5.4",
            field(&vec!["X: y"; 99].join("\r\n")),
            200,
            "hi",
        ),
        bad("answer: 200 fields", "9110 5.4", field(&vec!["X: y"; 199].join("\r\n"))),
        bad(
            "answer: a line of 20 KiB",
            "9110 5.4",
            field(&format!("X: {}", "v".repeat(20 * 1024))),
        ),
        bad(
            "answer: a line without end",
            "9110 5.4",
            format!("HTTP/1.1 200 OK\r\nX: {}", "v".repeat(200 * 1024)),
        ),
        bad(
            "answer: a head of 100 KiB",
            "9110 5.4",
            field(&vec![format!("X: {}", "v".repeat(10 * 1024)); 10].join("\r\n")),
        ),
        bad(
            "answer: a reason phrase of 20 KiB",
            "9112 4",
            sized(&format!("HTTP/1.1 200 {}", "r".repeat(20 * 1024))),
        ),
        bad(
            "answer: a status line that ends with a bare LF",
            "9112 2.2",
            b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi".to_vec(),
        ),
        bad(
            "answer: bare LF everywhere",
            "9112 2.2",
            b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi".to_vec(),
        ),
        bad(
            "answer: a head that ends with LF LF",
            "9112 2.2",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\nhi".to_vec(),
        ),
        bad("nothing at all", "9112 8", "")
            .after(After::Close)
            .status(&[502, 503]),
        bad("nothing but a reset", "9112 8", "")
            .after(After::Reset)
            .status(&[502, 503]),
        bad("half a status line", "9112 8", "HTTP/1.1 20")
            .after(After::Close)
            .status(&[502, 503]),
        bad("half a head", "9112 8", "HTTP/1.1 200 OK\r\nContent-")
            .after(After::Close)
            .status(&[502, 503]),
        bad("half a head and a reset", "9112 8", "HTTP/1.1 200 OK\r\nContent-")
            .after(After::Reset)
            .status(&[502, 503]),
        bad("HTTP/0.9", "9112 2.3", "<html>hello</html>")
            .after(After::Close)
            .status(&[502, 503]),
        bad("an HTTP/2 SETTINGS frame", "9113 3.4", b"\0\0\0\x04\0\0\0\0\0".to_vec())
            .after(After::Close)
            .status(&[502, 503]),
        bad("a TLS alert", "9112 4", b"\x15\x03\x01\0\x02\x02\x46".to_vec())
            .after(After::Close)
            .status(&[502, 503]),
    ]);
    rows
}
