//! Status lines: RFC 9112 section 4.

use super::{Row, bad, good, sized};

pub(super) fn rows() -> Vec<Row> {
    let good_lines = [
        ("a plain status line", "HTTP/1.1 200 OK", 200),
        ("no reason phrase", "HTTP/1.1 200 ", 200),
        (
            "a long reason phrase",
            "HTTP/1.1 200 It is a truth universally acknowledged",
            200,
        ),
        (
            "a reason phrase with bytes above 0x7f",
            "HTTP/1.1 200 Tr\u{e8}s bien",
            200,
        ),
        ("a reason phrase with a tab", "HTTP/1.1 200 O\tK", 200),
        ("a reason phrase of another status", "HTTP/1.1 200 Not Found", 200),
        ("an unknown success", "HTTP/1.1 299 Odd", 200 + 99),
        ("an unknown client error", "HTTP/1.1 499 Odd", 499),
        ("418", "HTTP/1.1 418 I'm a teapot", 418),
        ("599", "HTTP/1.1 599 Odd", 599),
    ];
    let mut rows: Vec<Row> = good_lines
        .into_iter()
        .map(|(name, line, status)| good(name, "9112 4", sized(line), status, "hi"))
        .collect();
    rows.push(
        good(
            "no reason phrase and no space",
            "9112 4",
            sized("HTTP/1.1 200"),
            200,
            "hi",
        )
        .or_bad(),
    );
    rows.push(good("a status above 599", "9110 15", sized("HTTP/1.1 600 Odd"), 600, "hi").or_bad());
    rows.push(good("a status of 999", "9110 15", sized("HTTP/1.1 999 Odd"), 999, "hi").or_bad());
    let bad_lines = [
        ("a status of two digits", "HTTP/1.1 20 OK"),
        ("a status of four digits", "HTTP/1.1 2000 OK"),
        ("a status of zero", "HTTP/1.1 000 OK"),
        ("a status below 100", "HTTP/1.1 099 OK"),
        ("a status of letters", "HTTP/1.1 abc OK"),
        ("a signed status", "HTTP/1.1 +20 OK"),
        ("a hex status", "HTTP/1.1 0x2 OK"),
        ("no status", "HTTP/1.1 OK"),
        ("only a version", "HTTP/1.1"),
        ("two spaces before the status", "HTTP/1.1  200 OK"),
        ("a tab before the status", "HTTP/1.1\t200 OK"),
        ("a space before the version", " HTTP/1.1 200 OK"),
        ("a version in lower case", "http/1.1 200 OK"),
        ("HTTP/2", "HTTP/2 200 OK"),
        ("HTTP/2.0", "HTTP/2.0 200 OK"),
        ("HTTP/0.9", "HTTP/0.9 200 OK"),
        ("a version of two digits", "HTTP/1.10 200 OK"),
        ("another protocol", "ICY 200 OK"),
        ("a request", "GET / HTTP/1.1"),
        ("garbage", "hello"),
        ("NUL in the reason phrase", "HTTP/1.1 200 O\0K"),
        ("a control in the reason phrase", "HTTP/1.1 200 O\x01K"),
        ("a bare CR in the reason phrase", "HTTP/1.1 200 O\rK"),
        ("a bare CR before the end of the line", "HTTP/1.1 200 OK\r"),
        ("an empty line first", "\r\nHTTP/1.1 200 OK"),
    ];
    rows.extend(bad_lines.map(|(name, line)| bad(format!("answer: {name}"), "9112 4", sized(line))));
    rows
}
