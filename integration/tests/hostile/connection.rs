//! Hop-by-hop fields, identity fields, Expect and Upgrade: RFC 9110 sections 7.6.1, 7.8 and 10.1.1, promises 2 and 6.

use crate::table::{Row, get_with, head_with, judge, passes};

const GET: &str = "GET / HTTP/1.1";
const POST: &str = "POST / HTTP/1.1";

fn get(name: &str, section: &'static str, line: &str) -> Row {
    passes(name, section, get_with(line), GET)
}

fn expects(lines: &str, body: &str) -> Vec<u8> {
    [head_with(POST, lines), body.as_bytes().to_vec()].concat()
}

pub(crate) fn rows() -> Vec<Row> {
    let old = b"POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello".to_vec();
    vec![
        get(
            "a field that Connection names",
            "9110 7.6.1",
            "Connection: x-foo\r\nX-Foo: y",
        )
        .lacks("x-foo")
        .lacks("connection"),
        get(
            "it comes before Connection",
            "9110 7.6.1",
            "X-Foo: y\r\nConnection: X-FOO",
        )
        .lacks("x-foo"),
        get(
            "two fields in one Connection",
            "9110 7.6.1",
            "Connection: x-foo ,\t x-bar\r\nX-Foo: y\r\nX-Bar: z",
        )
        .lacks("x-foo")
        .lacks("x-bar"),
        get(
            "empty elements in Connection",
            "9110 5.6.1",
            "Connection: , x-foo,, ,x-bar,\r\nX-Foo: y\r\nX-Bar: z",
        )
        .lacks("x-foo")
        .lacks("x-bar"),
        get(
            "two Connection fields",
            "9110 7.6.1",
            "Connection: x-foo\r\nConnection: x-bar\r\nX-Foo: y\r\nX-Bar: z",
        )
        .lacks("x-foo")
        .lacks("x-bar"),
        get(
            "a named field that stands twice",
            "9110 7.6.1",
            "Connection: x-foo\r\nX-Foo: y\r\nX-Foo: z",
        )
        .lacks("x-foo"),
        get("other fields stay", "9110 7.6.1", "Connection: x-foo\r\nX-Foo-Bar: y").field("x-foo-bar", &["y"]),
        get("Connection names what is absent", "9110 7.6.1", "Connection: x-foo").lacks("connection"),
        get("Connection cannot strip Host", "promise 2", "Connection: host").field("host", &["a"]),
        get(
            "Connection cannot strip Authorization",
            "promise 2",
            "Connection: authorization\r\nAuthorization: Basic eA==",
        )
        .field("authorization", &["Basic eA=="]),
        get(
            "Connection cannot strip X-Forwarded-For",
            "promise 2",
            "Connection: x-forwarded-for",
        )
        .field("x-forwarded-for", &["127.0.0.1"]),
        get(
            "Connection cannot strip X-Forwarded-Proto",
            "promise 2",
            "Connection: x-forwarded-proto",
        )
        .field("x-forwarded-proto", &["http"]),
        get(
            "Connection cannot strip them together",
            "promise 2",
            "Connection: close, x-forwarded-for, x-forwarded-proto, host",
        )
        .field("x-forwarded-for", &["127.0.0.1"])
        .field("x-forwarded-proto", &["http"])
        .closes(),
        get(
            "Keep-Alive",
            "9110 7.6.1",
            "Connection: keep-alive\r\nKeep-Alive: timeout=5",
        )
        .lacks("keep-alive"),
        get("Keep-Alive that nothing names", "9110 7.6.1", "Keep-Alive: timeout=5").lacks("keep-alive"),
        get("Proxy-Connection", "9110 7.6.1", "Proxy-Connection: keep-alive").lacks("proxy-connection"),
        get("TE", "9110 10.1.4", "TE: gzip, trailers;q=0.5\r\nConnection: TE").lacks("connection"),
        get("Connection: close", "9112 9.6", "Connection: close").closes(),
        get("close among others", "9112 9.6", "Connection: x-foo, Close\r\nX-Foo: y")
            .lacks("x-foo")
            .closes(),
        get(
            "close in the second field",
            "9112 9.6",
            "Connection: x-foo\r\nConnection: close",
        )
        .closes(),
        get("close beats keep-alive", "9112 9.3", "Connection: keep-alive, close").closes(),
        get("Connection that is no token", "9110 7.6.1", "Connection: (x)").or_refused(),
        get("Upgrade without Connection", "9110 7.8", "Upgrade: websocket")
            .lacks("upgrade")
            .or_status(&[400, 403, 426, 501]),
        get(
            "a WebSocket that the upstream does not want",
            "9110 7.8",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13",
        )
        .or_status(&[400, 403, 426, 501]),
        get(
            "Upgrade: h2c",
            "9113 3.1",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        )
        .lacks("upgrade")
        .lacks("http2-settings")
        .or_status(&[400, 403, 426, 501]),
        get(
            "Upgrade: h2c among others",
            "9113 3.1",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: foo, h2c\r\nHTTP2-Settings: AAMAAABk",
        )
        .lacks("upgrade")
        .lacks("http2-settings")
        .or_status(&[400, 403, 426, 501]),
        get("HTTP2-Settings alone", "9113 3.1", "HTTP2-Settings: AAMAAABk")
            .lacks("http2-settings")
            .or_status(&[400, 403, 426, 501]),
        get(
            "X-Forwarded-For from a stranger",
            "promise 6",
            "X-Forwarded-For: 1.2.3.4",
        )
        .field("x-forwarded-for", &["127.0.0.1"]),
        get(
            "X-Forwarded-For from a stranger, twice",
            "promise 6",
            "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8",
        )
        .field("x-forwarded-for", &["127.0.0.1"]),
        get(
            "X-Forwarded-Proto from a stranger",
            "promise 6",
            "X-Forwarded-Proto: https",
        )
        .field("x-forwarded-proto", &["http"]),
        get("X-Forwarded-Host from a stranger", "promise 6", "X-Forwarded-Host: b").field("x-forwarded-host", &["a"]),
        get(
            "Forwarded from a stranger",
            "7239 8",
            "Forwarded: for=1.2.3.4;proto=https",
        )
        .lacks("forwarded"),
        get(
            "X-Forwarded-Client-Cert from a stranger",
            "promise 6",
            "X-Forwarded-Client-Cert: Hash=x",
        )
        .lacks("x-forwarded-client-cert"),
        get(
            "Proxy-Authorization is not for the origin",
            "9110 11.7.2",
            "Proxy-Authorization: Basic eA==",
        ),
        get("Via is kept", "9110 7.6.3", "Via: 1.1 other"),
        get("Max-Forwards", "9110 7.6.2", "Max-Forwards: 0").field("max-forwards", &["0"]),
        get(
            "end-to-end fields",
            "9110 7.6.1",
            "Accept: */*\r\nAuthorization: Basic eA==\r\nCookie: a=b\r\nDate: x",
        )
        .field("accept", &["*/*"])
        .field("authorization", &["Basic eA=="])
        .field("cookie", &["a=b"])
        .field("date", &["x"]),
        passes(
            "Connection names Content-Length",
            "promise 1",
            expects("Connection: content-length\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello")
        .or_refused(),
        passes(
            "Connection names Transfer-Encoding",
            "promise 1",
            expects(
                "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
                "5\r\nhello\r\n0\r\n\r\n",
            ),
            POST,
        )
        .body("hello")
        .or_refused(),
        passes(
            "Connection names Content-Type",
            "9110 7.6.1",
            expects(
                "Connection: content-type\r\nContent-Type: x/y\r\nContent-Length: 5",
                "hello",
            ),
            POST,
        )
        .body("hello"),
        passes(
            "Expect with the body at once",
            "9110 10.1.1",
            expects("Expect: 100-continue\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello"),
        passes(
            "Expect in capitals",
            "9110 10.1.1",
            expects("Expect: 100-CONTINUE\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello"),
        passes(
            "Expect with a chunked body",
            "9110 10.1.1",
            expects(
                "Expect: 100-continue\r\nTransfer-Encoding: chunked",
                "5\r\nhello\r\n0\r\n\r\n",
            ),
            POST,
        )
        .body("hello"),
        passes(
            "Expect without a body",
            "9110 10.1.1",
            get_with("Expect: 100-continue"),
            GET,
        ),
        passes(
            "an unknown expectation",
            "9110 10.1.1",
            expects("Expect: 200-ok\r\nContent-Length: 5", "hello"),
            POST,
        )
        .body("hello")
        .or_status(&[400, 417]),
        passes("Expect in HTTP/1.0", "9110 10.1.1", old, POST)
            .body("hello")
            .closes(),
    ]
}

#[test]
fn connection_fields() {
    judge(&rows());
}
