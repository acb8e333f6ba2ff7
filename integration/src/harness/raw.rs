//! A client that sends any byte and reads until something is true.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::message::{Message, responses};
use super::wait::DEADLINE;

/// One TCP connection, with all that it received.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    /// All that was received.
    pub received: Vec<u8>,
    /// How the other side ended it, when it has.
    pub end: Option<End>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order.
    Fin,
    /// By a reset.
    Reset,
}

impl Raw {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).expect("connect")
    }

    /// Connects, unless nobody listens there.
    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::new(),
            end: None,
        })
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends; an error is the other side's right, and shows in what is read next.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// Half-closes: no more will be sent.
    pub fn fin(&mut self) -> &mut Self {
        let _ = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// Closes with a reset.
    pub fn reset(self) {
        reset(self.stream);
    }

    /// Reads until `enough` says so, the other side ends, or the time is over; says whether it was enough.
    pub fn read_until(&mut self, within: Duration, mut enough: impl FnMut(&[u8]) -> bool) -> bool {
        let end = Instant::now() + within;
        loop {
            if enough(&self.received) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.end.is_some() {
                return false;
            }
            self.read_some(left);
        }
    }

    /// One read, of whatever comes first within the time.
    pub fn read_some(&mut self, within: Duration) {
        self.stream
            .set_read_timeout(Some(within.max(Duration::from_millis(1))))
            .expect("timeout");
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.end = Some(End::Fin),
            Ok(read) => self.received.extend_from_slice(&buffer[..read]),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(_) => self.end = Some(End::Reset),
        }
    }

    /// Whether the other side ended the connection within the time.
    pub fn ends(&mut self, within: Duration) -> bool {
        self.read_until(within, |_| false);
        self.end.is_some()
    }

    /// What was received, as responses to these methods.
    pub fn responses(&self, methods: &[&str]) -> Result<Vec<Message>, String> {
        responses(&self.received, self.end == Some(End::Fin), methods)
    }

    /// Waits for so many complete final responses, and takes them and the interim ones before them out of what was
    /// received.
    pub fn finals(&mut self, methods: &[&str]) -> Vec<Message> {
        let complete = |bytes: &[u8], ended: bool| {
            let found = responses(bytes, ended, methods).unwrap_or_else(|error| panic!("bad response: {error}"));
            let finals = found
                .iter()
                .filter(|message| message.complete && is_final(message))
                .count();
            (finals >= methods.len()).then_some(found)
        };
        let mut found = None;
        self.read_until(DEADLINE, |bytes| {
            found = complete(bytes, false);
            found.is_some()
        });
        let found = found.or_else(|| complete(&self.received, self.end == Some(End::Fin)));
        let Some(found) = found else {
            panic!(
                "no {} answers, end {:?}, in {:?}",
                methods.len(),
                self.end,
                super::message::latin1(&self.received)
            );
        };
        let used: usize = found.iter().map(|message| message.length).sum();
        self.received.drain(..used);
        found
    }

    /// Sends one request and waits for its final answer.
    pub fn ask(&mut self, method: &str, request: impl AsRef<[u8]>) -> Message {
        self.send(request);
        self.finals(&[method]).pop().expect("an answer")
    }

    /// What an admin server answers to a GET; it goes by few names.
    pub fn admin(address: SocketAddr, path: &str) -> Message {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Self::connect(address).ask("GET", request)
    }

    /// A GET with nothing to it, and its answer.
    pub fn get(&mut self, path: &str) -> Message {
        self.ask("GET", format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
    }
}

fn is_final(message: &Message) -> bool {
    message.head.status().is_some_and(|status| status >= 200)
}

/// Closes a stream so that the other side gets a reset.
pub(super) fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .expect("linger");
    drop(stream);
}
