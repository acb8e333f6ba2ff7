//! Requests that break a rule, on HTTP/1.1; those that HTTP/2 can carry, on it, too.

use tidegate_integration::harness::{Call, DEADLINE, Wire};

use super::{Row, Seen};

const KIB: usize = 1024;

/// A GET with one more line.
fn get(line: &str) -> String {
    format!("GET /ok HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")
}

/// A GET of this target.
fn target(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// A POST with this body after a chunked head.
fn chunked(body: &str) -> String {
    format!("POST /ok HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

/// So many lines `name: value`.
fn lines(count: usize, length: usize) -> String {
    let value = "v".repeat(length);
    let lines: Vec<_> = (0..count).map(|number| format!("x-{number}: {value}")).collect();
    lines.join("\r\n")
}

fn requests() -> Vec<(&'static str, String)> {
    vec![
        ("bare-cr", get("X: a\rb")),
        ("bare-lf", "GET /ok HTTP/1.1\nHost: a\r\n\r\n".to_owned()),
        (
            "chunk-extensions-too-large",
            chunked(&format!("1;{}\r\n", "e".repeat(17 * KIB))),
        ),
        (
            "content-length-and-transfer-encoding",
            get("Content-Length: 1\r\nTransfer-Encoding: chunked"),
        ),
        ("content-length-conflict", get("Content-Length: 1\r\nContent-Length: 2")),
        ("control-character", get("X: a\u{1}b")),
        (
            "content-on-connect",
            "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 1\r\n\r\nx".to_owned(),
        ),
        ("dot-segment-parameter", target("/ok/..;/a")),
        ("encoded-backslash", target("/ok%5Ca")),
        ("encoded-nul", target("/ok%00")),
        ("encoded-slash", target("/ok%2Fa")),
        ("expectation-unknown", get("Expect: a miracle")),
        ("fragment-in-target", target("/ok#a")),
        ("head-too-large", get(&lines(5, 15 * KIB))),
        ("host-disagrees", target("http://b/ok")),
        ("host-invalid", "GET /ok HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned()),
        ("host-missing", "GET /ok HTTP/1.1\r\n\r\n".to_owned()),
        ("host-repeated", get("Host: a")),
        ("invalid-content-length", get("Content-Length: +1")),
        ("invalid-field-name", get("a(b: c")),
        ("invalid-percent-encoding", target("/ok%zz")),
        ("invalid-target", target("ok")),
        (
            "leading-empty-line",
            "\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        ),
        ("line-too-long", get(&lines(1, 17 * KIB))),
        ("malformed-chunk", chunked("xyz\r\n")),
        ("malformed-field", get("nothing")),
        ("malformed-request-line", "GET /ok\r\n\r\n".to_owned()),
        (
            "method-too-long",
            format!("{} /ok HTTP/1.1\r\nHost: a\r\n\r\n", "A".repeat(64)),
        ),
        ("obs-fold", get("X: a\r\n b")),
        ("backslash-in-path", target("/ok\\a")),
        ("space-before-colon", get("X : a")),
        ("target-too-long", target(&format!("/ok/{}", "t".repeat(17 * KIB)))),
        ("too-many-fields", get(&lines(101, 1))),
        ("too-many-trailers", chunked(&format!("0\r\n{}\r\n\r\n", lines(33, 1)))),
        (
            "trailers-too-large",
            chunked(&format!("0\r\n{}\r\n\r\n", lines(3, 8 * KIB))),
        ),
        (
            "transfer-encoding-in-http-1.0",
            "POST /ok HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        ),
        ("underscore-in-field-name", get("x_y: a")),
        ("unsupported-transfer-encoding", get("Transfer-Encoding: gzip, chunked")),
        ("unsupported-version", "GET /ok HTTP/1.3\r\nHost: a\r\n\r\n".to_owned()),
    ]
}

/// A path and a field that HTTP/2 carries as well.
const OVER_HTTP2: [(&str, &str, (&str, &str)); 6] = [
    ("encoded-slash", "/ok%2Fa", ("x", "a")),
    ("encoded-nul", "/ok%00", ("x", "a")),
    ("dot-segment-parameter", "/ok/..;/a", ("x", "a")),
    ("invalid-percent-encoding", "/ok%zz", ("x", "a")),
    ("underscore-in-field-name", "/ok", ("x_y", "a")),
    ("host-disagrees", "/ok", ("host", "b")),
];

pub(super) fn rows() -> Vec<Row> {
    let http1 = requests().into_iter().map(|(reason, bytes)| {
        Row::new("DPE", reason, "listener default/web", move |world| {
            let method = bytes.split(' ').next().unwrap();
            world
                .connect("web")
                .ask(if method == "CONNECT" { "CONNECT" } else { "GET" }, &bytes)
                .into()
        })
    });
    let http2 = OVER_HTTP2.into_iter().map(|(reason, path, field)| {
        Row::new("DPE", reason, "listener default/web", move |world| {
            let mut call = Call::start(world.address("web"), Wire::H2, "GET", path, &[field], false);
            call.receiver.whole().into()
        })
    });
    let not_http = Row::new("DPE", "not-http", "listener default/web", |world| {
        let mut client = world.connect("web");
        client.send("USER anonymous now\r\n");
        assert!(
            client.ends(DEADLINE) && client.received.is_empty(),
            "{:?}",
            client.received
        );
        Seen::End
    });
    http1.chain(http2).chain([not_http]).collect()
}
