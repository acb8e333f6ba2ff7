//! Field lines: RFC 9110 section 5, RFC 9112 section 5.

use crate::table::{Row, get_with, head_with, judge, passes, refused};

const GET: &str = "GET / HTTP/1.1";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        passes("an empty value", "9110 5.5", get_with("X:"), GET).field("x", &[""]),
        passes("a value of blanks", "9110 5.5", get_with("X: \t "), GET).field("x", &[""]),
        passes("blanks around a value", "9112 5.1", get_with("X: \t y z \t"), GET).field("x", &["y z"]),
        passes("no blank before a value", "9112 5.1", get_with("X:y"), GET).field("x", &["y"]),
        passes("a tab inside a value", "9110 5.5", get_with("X: y\tz"), GET).field("x", &["y\tz"]),
        passes("colons in a value", "9112 5", get_with("X: :y:z:"), GET).field("x", &[":y:z:"]),
        passes(
            "bytes above 0x7f in a value",
            "9110 5.5",
            get_with(b"X: \x80\xff\xe9"),
            GET,
        )
        .field("x", &["\u{80}\u{ff}\u{e9}"]),
        passes(
            "quotes and backslashes in a value",
            "9110 5.6.4",
            get_with("X: \"a\\\"b\""),
            GET,
        )
        .field("x", &["\"a\\\"b\""]),
        passes(
            "odd token characters in a name",
            "9110 5.6.2",
            get_with("!#$%&'*+-.^`|~9: y"),
            GET,
        )
        .field("!#$%&'*+-.^`|~9", &["y"]),
        passes("a name of one digit", "9110 5.1", get_with("1: y"), GET).field("1", &["y"]),
        passes("names in any case", "9110 5.1", get_with("aCCept: y"), GET).field("accept", &["y"]),
        passes(
            "one name three times",
            "9110 5.3",
            get_with("X: 1\r\nY: -\r\nx: 2\r\nX: 1"),
            GET,
        )
        .field("x", &["1", "2", "1"]),
        passes(
            "several cookies",
            "6265 5.4",
            get_with("Cookie: a=b\r\nCookie: c=d"),
            GET,
        ),
        passes(
            "a long name",
            "9110 5.4",
            get_with(format!("{}: y", "n".repeat(200))),
            GET,
        )
        .field(&"n".repeat(200), &["y"]),
        passes(
            "a long value",
            "9110 5.4",
            get_with(format!("X: {}", "v".repeat(15_000))),
            GET,
        )
        .field("x", &[&"v".repeat(15_000)]),
        refused("a space before the colon", "9112 5.1", get_with("X : y")),
        refused("a tab before the colon", "9112 5.1", get_with("X\t: y")),
        refused(
            "a space before the colon of Host",
            "9112 5.1",
            b"GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_vec(),
        ),
        refused("no colon", "9112 5", get_with("X")),
        refused("no colon but an equals sign", "9112 5", get_with("X=y")),
        refused("no name", "9112 5", get_with(": y")),
        refused("only a colon", "9112 5", get_with(":")),
        refused("a folded line", "9112 5.2", get_with("X: y\r\n z")),
        refused("a line folded with a tab", "9112 5.2", get_with("X: y\r\n\tz")),
        refused("a folded line of blanks", "9112 5.2", get_with("X: y\r\n ")),
        refused("a fold before the value", "9112 5.2", get_with("X:\r\n y")),
        refused(
            "a folded Host",
            "9112 5.2",
            b"GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n".to_vec(),
        ),
        refused(
            "a first line that begins with a space",
            "9112 2.2",
            b"GET / HTTP/1.1\r\n Host: a\r\n\r\n".to_vec(),
        ),
        refused(
            "a first line that begins with a space, then Host",
            "9112 2.2",
            b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n".to_vec(),
        ),
        refused(
            "a first line that begins with a tab",
            "9112 2.2",
            b"GET / HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n".to_vec(),
        ),
        refused("a line of a single space", "9112 2.2", get_with(" ")),
        refused("a bare LF after a field", "9112 2.2", get_with("X: y\nZ: w")),
        refused("a bare LF inside a value", "9110 5.5", get_with("X: y\nz")),
        refused("a bare CR inside a value", "9110 5.5", get_with("X: y\rz")),
        refused("a bare CR at the end of a value", "9110 5.5", get_with("X: y\r")),
        refused("a bare CR inside a name", "9110 5.1", get_with("X\rY: z")),
        refused(
            "LF LF for the end of the head",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\n\n".to_vec(),
        ),
        refused(
            "CR LF LF for the end of the head",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n".to_vec(),
        ),
        refused(
            "LF CR LF for the end of the head",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\n\r\n".to_vec(),
        ),
        refused(
            "CR CR for the end of the head",
            "9112 2.2",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\rX\r\n\r\n".to_vec(),
        ),
        refused(
            "an injected request after a bare CR",
            "9112 2.2",
            get_with("X: y\r\r GET /smuggled HTTP/1.1"),
        ),
        refused("an underscore in a name", "promise 6", get_with("X_Y: z")),
        refused(
            "an underscore that would forge a forwarded field",
            "promise 6",
            get_with("X_Forwarded_For: 1.2.3.4"),
        ),
        refused("a name that is only an underscore", "promise 6", get_with("_: z")),
        refused("a name that is not ASCII", "9110 5.1", get_with("\u{dc}: y")),
        refused("a name of bytes above 0x7f", "9110 5.1", get_with(b"\x80X: y")),
        refused(
            "a name that looks like Host after a no-break space",
            "9110 5.1",
            get_with(b"\xa0Host: b"),
        ),
        refused("a pseudo-header", "9113 8.3", get_with(":path: /b")),
        refused(
            "a bad field after good ones",
            "9112 5",
            get_with("X: y\r\nZ: w\r\nBad Name: v"),
        ),
        refused(
            "a bad field in a POST",
            "9112 5",
            head_with("POST / HTTP/1.1", "Content-Length: 5\r\nBad Name: v"),
        ),
    ];
    for separator in "()/<=>?@[\\]{}\",; ".chars() {
        rows.push(refused(
            format!("{separator:?} in a name"),
            "9110 5.6.2",
            get_with(format!("X{separator}Y: z")),
        ));
    }
    for control in (0u8..=0x1f)
        .chain([0x7f])
        .filter(|byte| !matches!(byte, b'\t' | b'\r' | b'\n'))
    {
        let value = [b"X: y", &[control][..], b"z"].concat();
        rows.push(refused(
            format!("byte {control:#04x} in a value"),
            "9110 5.5",
            get_with(value),
        ));
    }
    for control in [0u8, 0x01, 0x0b, 0x0c, 0x1b, 0x7f] {
        let name = [b"X", &[control][..], b"Y: z"].concat();
        rows.push(refused(
            format!("byte {control:#04x} in a name"),
            "9110 5.1",
            get_with(name),
        ));
    }
    rows
}

#[test]
fn field_lines() {
    judge(&rows());
}
