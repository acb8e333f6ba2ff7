//! Instruction counts of the HTTP/1.1 codec.
//!
//! Alone, it checks that every case works. `proxy/benches/count` runs it under callgrind and prints instructions for
//! each: it counts a case twice, with one and with many rounds, so that what is outside the loop cancels out.

#![expect(
    clippy::expect_used,
    reason = "a bench whose input is not valid has nothing to measure"
)]

use std::hint::black_box;

use bytes::BytesMut;
use http::{HeaderMap, Method, StatusCode, Version};
use tidegate::http1::{
    BodyLength, Decoded, Decoder, Limits, Peer, RequestHead, RequestOptions, ResponseHead, ResponseOptions, Scan,
    encode_request_head, encode_response_head, parse_request, parse_response, path,
};

const SHORT: &str =
    "GET /index.html HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n";

const BROWSER: &str = concat!(
    "GET /assets/app/main.4f3c2a1b.js?v=20240612 HTTP/1.1\r\n",
    "Host: www.example.com\r\n",
    "Connection: keep-alive\r\n",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n",
    "Accept: */*\r\n",
    "Sec-Fetch-Site: same-origin\r\n",
    "Sec-Fetch-Mode: no-cors\r\n",
    "Referer: https://www.example.com/some/page?id=12345\r\n",
    "Accept-Encoding: gzip, deflate, br, zstd\r\n",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.2.1234567890.1234567890\r\n",
    "\r\n",
);

const RESPONSE: &str = concat!(
    "HTTP/1.1 200 OK\r\n",
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    "Content-Type: text/html; charset=utf-8\r\n",
    "Content-Length: 1024\r\n",
    "Server: backend\r\n",
    "\r\n",
);

const CHUNKED: &str = "400\r\n";

/// One way through the codec, again and again with the same buffers, as a connection does it.
struct Bench {
    wire: BytesMut,
    out: BytesMut,
    headers: HeaderMap,
    scan: Scan,
    limits: Limits,
}

impl Bench {
    fn new() -> Self {
        Self {
            wire: BytesMut::with_capacity(16 * 1024),
            out: BytesMut::with_capacity(16 * 1024),
            headers: HeaderMap::with_capacity(24),
            scan: Scan::default(),
            limits: Limits::default(),
        }
    }

    fn fill(&mut self, bytes: &str) {
        self.wire.reserve(bytes.len());
        self.wire.extend_from_slice(bytes.as_bytes());
    }

    fn request(&mut self, bytes: &str) -> RequestHead {
        self.fill(bytes);
        parse_request(&mut self.wire, &mut self.scan, &mut self.headers, &self.limits)
            .expect("valid")
            .expect("whole")
    }

    fn response(&mut self) -> ResponseHead {
        self.fill(RESPONSE);
        let method = &Method::GET;
        parse_response(&mut self.wire, &mut self.scan, &mut self.headers, method, &self.limits)
            .expect("valid")
            .expect("whole")
    }

    /// Takes a map back, as the driver does.
    fn recycle(&mut self, mut headers: HeaderMap) {
        headers.clear();
        self.headers = headers;
    }
}

/// Only what a driver does anyway: filling the buffer. To be taken off the others.
fn fill(bench: &mut Bench, rounds: usize, bytes: &str) {
    for _ in 0..rounds {
        bench.fill(black_box(bytes));
        black_box(bench.wire.split().freeze());
    }
}

fn parse(bench: &mut Bench, rounds: usize, bytes: &str) {
    for _ in 0..rounds {
        let head = black_box(bench.request(black_box(bytes)));
        bench.recycle(head.parts.headers);
    }
}

fn parse_answer(bench: &mut Bench, rounds: usize) {
    for _ in 0..rounds {
        let head = black_box(bench.response());
        bench.recycle(head.parts.headers);
    }
}

fn encode(bench: &mut Bench, rounds: usize, bytes: &str) {
    let head = bench.request(bytes);
    for _ in 0..rounds {
        bench.out.clear();
        black_box(encode_request_head(
            &head.parts,
            head.body,
            RequestOptions::default(),
            &mut bench.out,
        ));
    }
}

fn encode_answer(bench: &mut Bench, rounds: usize) {
    let head = bench.response();
    let options = ResponseOptions {
        version: Version::HTTP_11,
        request: &Method::GET,
        persistent: true,
        upgrade: None,
        names: None,
        date: b"Sun, 06 Nov 1994 08:49:37 GMT",
    };
    for _ in 0..rounds {
        bench.out.clear();
        black_box(encode_response_head(
            StatusCode::OK,
            &head.parts.headers,
            head.body,
            options,
            &mut bench.out,
        ));
    }
}

fn decode_chunk(bench: &mut Bench, rounds: usize) {
    let chunk = format!("{CHUNKED}{}\r\n", "x".repeat(1024));
    let mut decoder = Decoder::new(BodyLength::Chunked, Peer::Downstream, &bench.limits);
    for _ in 0..rounds {
        bench.fill(&chunk);
        while let Decoded::Data(data) = decoder.decode(&mut bench.wire).expect("valid") {
            black_box(data);
        }
    }
}

fn normalise(rounds: usize) {
    for _ in 0..rounds {
        black_box(path::normalise(black_box(b"/assets/app/main.4f3c2a1b.js?v=20240612")).expect("normal"));
    }
}

type Case = fn(&mut Bench, usize);

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let only = arguments.next();
    let rounds = arguments
        .next()
        .map_or(1, |rounds| rounds.parse().expect("a number of rounds"));
    let cases: [(&str, Case); 11] = [
        ("fill-short", |bench, rounds| fill(bench, rounds, SHORT)),
        ("fill-browser", |bench, rounds| fill(bench, rounds, BROWSER)),
        ("parse-short", |bench, rounds| parse(bench, rounds, SHORT)),
        ("parse-browser", |bench, rounds| parse(bench, rounds, BROWSER)),
        ("parse-response", parse_answer),
        ("encode-short", |bench, rounds| encode(bench, rounds, SHORT)),
        ("encode-browser", |bench, rounds| encode(bench, rounds, BROWSER)),
        ("encode-response", encode_answer),
        ("decode-chunk", decode_chunk),
        ("normalise", |_, rounds| normalise(rounds)),
        ("nothing", |_, _| {}),
    ];
    for (name, case) in cases {
        if only.as_deref().is_none_or(|only| only == name) {
            case(&mut Bench::new(), rounds);
        }
    }
}
