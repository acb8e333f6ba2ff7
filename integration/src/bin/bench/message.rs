//! The few messages that the benchmark's ends say, made once, and sent whole: small ones from memory, large ones by `sendfile`, so that the
//! benchmark's own copies do not compete with the proxy's.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;

use rustix::fs::{MemfdFlags, memfd_create, sendfile};

use crate::Outcome;
use crate::http1::{LARGE, LARGE_PATH, SMALL};
use crate::rows::Work;

pub(crate) const HOST: &str = "bench.example";
pub(crate) const AGENT: &str = "tidegate-bench/1";

/// Beside Content-Length. The date stands still: nobody reads it.
pub(crate) const ANSWER_FIELDS: [(&str, &str); 3] = [
    ("content-type", "application/octet-stream"),
    ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("server", "bench"),
];

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchange {
    SmallAnswer,
    LargeAnswer,
    Upload,
}

/// The host and the prefix of the route of this number.
pub(crate) fn host_of(route: usize) -> String {
    format!("h{route}.{HOST}")
}

pub(crate) fn prefix_of(route: usize) -> String {
    format!("/p{}/r{route}", route % 100)
}

fn request_head(line: &str, host: &str, length: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\n{length}\r\n")
}

#[derive(Debug)]
pub(crate) struct Message {
    bytes: Vec<u8>,
    file: Option<File>,
}

impl Message {
    fn new(head: String, body: usize) -> Outcome<Self> {
        let mut bytes = head.into_bytes();
        bytes.resize(bytes.len() + body, b'x');
        if body < LARGE {
            return Ok(Self { bytes, file: None });
        }
        let mut file = File::from(memfd_create("bench-message", MemfdFlags::CLOEXEC)?);
        file.write_all(&bytes)?;
        Ok(Self {
            bytes,
            file: Some(file),
        })
    }

    /// What the clients ask for, one for each route.
    pub(crate) fn requests(exchange: Exchange, work: Work) -> Outcome<Vec<Self>> {
        match work {
            Work::Nothing | Work::Filters | Work::AccessLog => Ok(vec![Self::request(exchange, HOST)?]),
            Work::Hosts(routes) => (0..routes)
                .map(|route| Self::request(exchange, &host_of(route)))
                .collect(),
            Work::Prefixes(routes) => (0..routes)
                .map(|route| Self::new(request_head(&format!("GET {}/x", prefix_of(route)), HOST, ""), 0))
                .collect(),
        }
    }

    fn request(exchange: Exchange, host: &str) -> Outcome<Self> {
        let (line, length, body) = match exchange {
            Exchange::SmallAnswer => ("GET /".to_owned(), String::new(), 0),
            Exchange::LargeAnswer => (format!("GET {LARGE_PATH}"), String::new(), 0),
            Exchange::Upload => ("POST /".to_owned(), format!("Content-Length: {LARGE}\r\n"), LARGE),
        };
        Self::new(request_head(&line, host, &length), body)
    }

    fn answer(body: usize) -> Outcome<Self> {
        let fields: String = ANSWER_FIELDS
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        Self::new(
            format!("HTTP/1.1 200 OK\r\ncontent-length: {body}\r\n{fields}\r\n"),
            body,
        )
    }

    pub(crate) fn small_answer() -> Outcome<Self> {
        Self::answer(SMALL)
    }

    pub(crate) fn large_answer() -> Outcome<Self> {
        Self::answer(LARGE)
    }

    /// Sends what is left after the first `sent` bytes, as far as the socket takes it; true when all is sent.
    pub(crate) fn send(&self, mut socket: &TcpStream, sent: &mut usize) -> Outcome<bool> {
        while let Some(rest) = self.bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
            let taken = match &self.file {
                Some(file) => {
                    let mut offset = *sent as u64;
                    sendfile(socket, file, Some(&mut offset), rest.len()).map_err(Into::into)
                }
                None => socket.write(rest),
            };
            match taken {
                Ok(count) => *sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}
