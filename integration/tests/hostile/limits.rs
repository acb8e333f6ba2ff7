//! Sizes and counts: RFC 9110 section 5.4, RFC 9112 section 3, and the defaults of Tidegate's own table (head 60 KiB, one
//! line 16 KiB, 100 fields, target 16 KiB, chunk extensions 16 KiB, trailers 16 KiB and 32).

use crate::table::{Row, broken, get_with, judge, passes, post_chunked, refused};

fn target(length: usize) -> Vec<u8> {
    format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(length - 1)).into_bytes()
}

fn fields(count: usize) -> Vec<u8> {
    let lines: Vec<String> = (1..count).map(|number| format!("X-{number}: y")).collect();
    get_with(lines.join("\r\n"))
}

fn bytes_of_fields(lines: usize, each: usize) -> Vec<u8> {
    let lines: Vec<String> = (0..lines)
        .map(|number| format!("X-{number}: {}", "v".repeat(each)))
        .collect();
    get_with(lines.join("\r\n"))
}

fn trailers(count: usize, each: usize) -> Vec<u8> {
    let lines: String = (0..count)
        .map(|number| format!("X-{number}: {}\r\n", "v".repeat(each)))
        .collect();
    post_chunked(format!("5\r\nhello\r\n0\r\n{lines}\r\n"))
}

pub(crate) fn rows() -> Vec<Row> {
    let long = 15 * 1024;
    vec![
        passes(
            "a target of 15 KiB",
            "9112 3",
            target(long),
            &format!("GET /{} HTTP/1.1", "a".repeat(long - 1)),
        ),
        refused("a target of 17 KiB", "9112 3", target(17 * 1024)).status(&[414]),
        refused("a target of 100 KiB", "9112 3", target(100 * 1024)).status(&[414]),
        refused(
            "a target without end",
            "9112 3",
            format!("GET /{}", "a".repeat(100 * 1024)),
        )
        .status(&[414]),
        refused(
            "a method of 17 KiB",
            "9112 3",
            format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "G".repeat(17 * 1024)),
        )
        .status(&[400, 414, 431, 501]),
        refused(
            "a query of 17 KiB",
            "9112 3",
            format!("GET /?{} HTTP/1.1\r\nHost: a\r\n\r\n", "q".repeat(17 * 1024)),
        )
        .status(&[414]),
        passes("100 fields", "9110 5.4", fields(100), "GET / HTTP/1.1").field("x-99", &["y"]),
        refused("101 fields", "9110 5.4", fields(101)).status(&[431]),
        refused("1000 fields", "9110 5.4", fields(1000)).status(&[431]),
        refused(
            "a field line of 17 KiB",
            "9110 5.4",
            get_with(format!("X: {}", "v".repeat(17 * 1024))),
        )
        .status(&[431]),
        refused(
            "a field line without end",
            "9110 5.4",
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "v".repeat(100 * 1024)),
        )
        .status(&[431]),
        refused(
            "a name of 17 KiB",
            "9110 5.4",
            get_with(format!("{}: y", "n".repeat(17 * 1024))),
        )
        .status(&[431]),
        refused(
            "a name without end",
            "9110 5.4",
            format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "n".repeat(100 * 1024)),
        )
        .status(&[431]),
        refused(
            "blanks without end",
            "9110 5.4",
            get_with(format!("X:{}", " ".repeat(100 * 1024))),
        )
        .status(&[431]),
        refused(
            "a Host of 17 KiB",
            "9110 7.2",
            format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(17 * 1024)),
        )
        .status(&[431]),
        passes(
            "a head of 50 KiB",
            "9110 5.4",
            bytes_of_fields(5, 10 * 1024),
            "GET / HTTP/1.1",
        )
        .field("x-4", &[&"v".repeat(10 * 1024)]),
        refused("a head of 64 KiB", "9110 5.4", bytes_of_fields(8, 8 * 1024)).status(&[431]),
        refused("a head of 1 MiB", "9110 5.4", bytes_of_fields(99, 11 * 1024)).status(&[431]),
        broken(
            "chunk extensions of 17 KiB in one chunk",
            "9112 7.1.1",
            post_chunked(format!("5;a={}\r\nhello\r\n0\r\n\r\n", "e".repeat(17 * 1024))),
        )
        .status(&[400, 413, 431]),
        broken(
            "a chunk extension without end",
            "9112 7.1.1",
            post_chunked(format!("5;a={}", "e".repeat(100 * 1024))),
        )
        .status(&[400, 413, 431]),
        broken(
            "chunk extensions of 32 KiB over many chunks",
            "9112 7.1.1",
            post_chunked(format!(
                "{}0\r\n\r\n",
                format!("1;{}\r\nx\r\n", "e".repeat(1000)).repeat(32)
            )),
        )
        .status(&[400, 413, 431]),
        passes(
            "chunk extensions of 8 KiB over many chunks",
            "9112 7.1.1",
            post_chunked(format!(
                "{}0\r\n\r\n",
                format!("1;{}\r\nx\r\n", "e".repeat(1000)).repeat(8)
            )),
            "POST / HTTP/1.1",
        )
        .body("xxxxxxxx"),
        broken(
            "a chunk size without end",
            "9112 7.1",
            post_chunked("0".repeat(100 * 1024)),
        )
        .status(&[400, 413, 431]),
        passes("32 trailers", "9110 6.5", trailers(32, 10), "POST / HTTP/1.1").body("hello"),
        broken("33 trailers", "9110 6.5", trailers(33, 10)).status(&[400, 413, 431]),
        broken("trailers of 20 KiB", "9110 6.5", trailers(20, 1024)).status(&[400, 413, 431]),
        broken(
            "a trailer without end",
            "9110 6.5",
            post_chunked(format!("0\r\nX: {}", "v".repeat(100 * 1024))),
        )
        .status(&[400, 413, 431]),
    ]
}

#[test]
fn limits() {
    judge(&rows());
}
