//! Content-Length and Transfer-Encoding: RFC 9112 section 6, and the smuggling that lives on disagreement about it.

use crate::table::{Row, judge, passes, post, refused};

const POST: &str = "POST / HTTP/1.1";

fn length(value: &str) -> Vec<u8> {
    post(&format!("Content-Length: {value}"), "hello")
}

fn coding(value: &str) -> Vec<u8> {
    post(&format!("Transfer-Encoding: {value}"), "5\r\nhello\r\n0\r\n\r\n")
}

pub(crate) fn rows() -> Vec<Row> {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut rows = vec![
        passes("a length", "9112 6.2", length("5"), POST).body("hello"),
        passes("a length with blanks around", "9112 5", length(" \t5 \t"), POST).body("hello"),
        passes("a length with a leading zero", "9110 8.6", length("05"), POST)
            .body("hello")
            .field("content-length", &["5"]),
        passes("a length of zero", "9112 6.2", post("Content-Length: 0", ""), POST).body(""),
        passes("a POST with neither", "9112 6.3", post("X: y", ""), POST).body(""),
        passes(
            "a GET with a body",
            "9110 9.3.1",
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".to_vec(),
            "GET / HTTP/1.1",
        )
        .body("hello"),
        passes(
            "a DELETE with a body",
            "9110 9.3.5",
            b"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".to_vec(),
            "DELETE / HTTP/1.1",
        )
        .body("hello"),
        passes(
            "the same length twice",
            "9112 6.3",
            post("Content-Length: 5\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello")
        .or_refused(),
        refused(
            "two lengths",
            "9112 6.3",
            post("Content-Length: 5\r\nContent-Length: 6", "hello"),
        ),
        refused(
            "two lengths, the second empty",
            "9112 6.3",
            post("Content-Length: 5\r\nContent-Length:", "hello"),
        ),
        passes(
            "two spellings of one length",
            "9112 6.3",
            post("Content-Length: 5\r\nContent-Length: 05", "hello"),
            POST,
        )
        .body("hello")
        .field("content-length", &["5"])
        .or_refused(),
        refused(
            "two lengths in different case",
            "9112 6.3",
            post("Content-Length: 5\r\ncontent-length: 0", "hello"),
        ),
        refused(
            "CL.TE",
            "9112 6.1",
            post("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\nG"),
        ),
        refused(
            "TE.CL",
            "9112 6.1",
            post(
                "Transfer-Encoding: chunked\r\nContent-Length: 4",
                &format!("5c\r\n{smuggled}\r\n0\r\n\r\n"),
            ),
        ),
        refused(
            "CL.TE with agreement",
            "9112 6.1",
            post(
                "Content-Length: 15\r\nTransfer-Encoding: chunked",
                "5\r\nhello\r\n0\r\n\r\n",
            ),
        ),
        refused(
            "CL of zero with TE",
            "9112 6.1",
            post(
                "Content-Length: 0\r\nTransfer-Encoding: chunked",
                &format!("0\r\n\r\n{smuggled}"),
            ),
        ),
        refused(
            "a length with an empty coding",
            "9112 6.1",
            post("Content-Length: 5\r\nTransfer-Encoding:", "hello"),
        ),
        refused(
            "a length with identity",
            "9112 6.1",
            post("Content-Length: 5\r\nTransfer-Encoding: identity", "hello"),
        ),
        refused(
            "TE.TE",
            "9112 6.1",
            post(
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                "5\r\nhello\r\n0\r\n\r\n",
            ),
        ),
        refused(
            "TE.TE the other way round",
            "9112 6.1",
            post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "chunked twice in two fields",
            "9112 6.1",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "Transfer-Encoding in HTTP/1.0",
            "9112 6.1",
            b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        ),
        refused(
            "both in HTTP/1.0",
            "9112 6.1",
            b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n".to_vec(),
        ),
        passes("chunked", "9112 7.1", coding("chunked"), POST)
            .body("hello")
            .lacks("content-length"),
        passes("chunked with blanks around", "9112 5", coding(" \tchunked\t "), POST).body("hello"),
        passes("Chunked in capitals", "9112 7", coding("CHUNKED"), POST)
            .body("hello")
            .or_refused(),
        passes(
            "a chunked GET",
            "9112 6.1",
            b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_vec(),
            "GET / HTTP/1.1",
        )
        .body("hello"),
        passes(
            "an empty chunked body",
            "9112 7.1",
            post("Transfer-Encoding: chunked", "0\r\n\r\n"),
            POST,
        )
        .body(""),
        passes(
            "Content-Encoding is not a transfer coding",
            "9110 8.4",
            post("Content-Encoding: chunked\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello")
        .field("content-encoding", &["chunked"]),
        refused(
            "Transfer-Encoding with a space before the colon",
            "9112 5.1",
            post("Content-Length: 5\r\nTransfer-Encoding : chunked", "0\r\n\r\n"),
        ),
        refused(
            "Transfer-Encoding with a tab before the colon",
            "9112 5.1",
            post("Transfer-Encoding\t: chunked", "0\r\n\r\n"),
        ),
        refused(
            "Content-Length with a space before the colon",
            "9112 5.1",
            post("Content-Length : 5", "hello"),
        ),
        refused(
            "Transfer-Encoding behind a space",
            "9112 5.2",
            post(" Transfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "Transfer-Encoding in a folded line",
            "9112 5.2",
            post("X: y\r\n Transfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "a folded coding",
            "9112 5.2",
            post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
        ),
        refused(
            "a coding after a bare LF",
            "9112 2.2",
            post("X: y\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "a coding after a bare CR",
            "9112 2.2",
            post("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "a length after a bare LF",
            "9112 2.2",
            post("X: y\nContent-Length: 5", "hello"),
        ),
        refused(
            "NUL in the name",
            "9110 5.1",
            post("Transfer-\0Encoding: chunked", "0\r\n\r\n"),
        ),
        refused(
            "an underscore in the name",
            "promise 6",
            post("Transfer_Encoding: chunked\r\nContent-Length: 5", "hello"),
        ),
        refused("Content_Length", "promise 6", post("Content_Length: 5", "")),
        // What follows the length is the next message, and none of the first one's.
        passes(
            "bytes after the length",
            "9112 6.3",
            post("Content-Length: 2", "hello\r\n\r\n"),
            POST,
        )
        .body("he")
        .then_refused(),
        passes(
            "a request after the length",
            "9112 6.3",
            post("Content-Length: 5", &format!("hello{smuggled}")),
            POST,
        )
        .body("hello")
        .then_passes("GET /smuggled HTTP/1.1"),
        passes(
            "a request inside the body",
            "9112 6.3",
            post(&format!("Content-Length: {}", smuggled.len()), smuggled),
            POST,
        )
        .body(smuggled),
        passes(
            "TE alone is no framing",
            "9110 10.1.4",
            post("TE: chunked\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello"),
    ];
    let bad_lengths = [
        ("a list", "5, 5"),
        ("a list of two", "5, 6"),
        ("a list without a space", "5,5"),
        ("a trailing comma", "5,"),
        ("a leading comma", ",5"),
        ("a plus", "+5"),
        ("a minus", "-5"),
        ("minus zero", "-0"),
        ("hex", "0x5"),
        ("hex digits", "a"),
        ("a space inside", "5 5"),
        ("nothing", ""),
        ("a letter after", "5a"),
        ("a semicolon", "5;"),
        ("a fraction", "5.0"),
        ("an exponent", "5e0"),
        ("an underscore", "1_0"),
        ("quotes", "\"5\""),
        ("NUL", "5\0"),
        ("a vertical tab", "\x0b5"),
        ("a no-break space", "\u{a0}5"),
        ("a digit that is not ASCII", "\u{ff15}"),
        ("2^64", "18446744073709551616"),
        ("2^64 + 5", "18446744073709551621"),
        ("forty digits", "9999999999999999999999999999999999999999"),
    ];
    rows.extend(bad_lengths.map(|(what, value)| refused(format!("a length with {what}"), "9112 6.3", length(value))));
    let bad_codings = [
        ("gzip, chunked", "gzip, chunked"),
        ("chunked, gzip", "chunked, gzip"),
        ("chunked twice", "chunked, chunked"),
        ("identity", "identity"),
        ("identity, chunked", "identity, chunked"),
        ("gzip", "gzip"),
        ("an unknown one", "xchunked"),
        ("a longer name", "chunkedx"),
        ("a parameter", "chunked;q=1"),
        ("quotes", "\"chunked\""),
        ("single quotes", "'chunked'"),
        ("a leading comma", ", chunked"),
        ("a trailing comma", "chunked,"),
        ("nothing", ""),
        ("a vertical tab", "\x0bchunked"),
        ("a form feed", "chunked\x0c"),
        ("NUL", "chunked\0"),
        ("a space inside", "chun ked"),
        ("letters that are not ASCII", "chun\u{212a}ed"),
        ("a no-break space", "\u{a0}chunked"),
        ("brackets", "[chunked]"),
    ];
    rows.extend(bad_codings.map(|(what, value)| refused(format!("a coding of {what}"), "9112 6.1", coding(value))));
    rows
}

#[test]
fn framings() {
    judge(&rows());
}
