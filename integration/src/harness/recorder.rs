//! An upstream that records every byte, and answers by a script.
//!
//! The script is a function of a connection: it reads requests (or half of one), writes any bytes, and ends the
//! connection in any way. What was received is kept for each connection, whatever the script does.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::message::{self, Message};
use super::raw::{End, reset};
use super::wait::{DEADLINE, until};

/// What one connection received.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Every byte, in order.
    pub bytes: Vec<u8>,
    /// How and when the other side ended it, when it has.
    pub end: Option<(End, Instant)>,
}

impl Recorded {
    /// The requests in it, by the strictest reading.
    pub fn requests(&self) -> Result<Vec<Message>, String> {
        message::requests(&self.bytes)
    }
}

#[derive(Debug, Default)]
struct Log {
    connections: Mutex<Vec<Recorded>>,
    stopped: AtomicBool,
}

/// An upstream on a port that the system chose.
#[derive(Debug)]
pub struct Recorder {
    /// Where it listens.
    pub address: SocketAddr,
    log: Arc<Log>,
}

impl Recorder {
    /// Runs the script on every connection, each in a thread of its own.
    pub fn start(script: impl Fn(&mut Conn) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("address");
        let log = Arc::new(Log::default());
        let script = Arc::new(script);
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (script, mut conn) = (Arc::clone(&script), Conn::new(stream, &shared));
                thread::spawn(move || script(&mut conn));
            }
        });
        Self { address, log }
    }

    /// Answers every complete request with these bytes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |conn| {
            while conn.request().is_some() {
                conn.write(&answer);
            }
        })
    }

    /// Answers every complete request with 200 and `ok`, and without a body where none may be.
    pub fn ok() -> Self {
        Self::start(|conn| {
            while let Some(request) = conn.request() {
                let body = if request.head.method() == "HEAD" { "" } else { "ok" };
                conn.write(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{body}"));
            }
        })
    }

    /// What every connection received until now.
    pub fn connections(&self) -> Vec<Recorded> {
        self.log.connections.lock().expect("log").clone()
    }

    /// Takes what every connection received since the last time; connections stay at their places.
    pub fn take(&self) -> Vec<Recorded> {
        let mut connections = self.log.connections.lock().expect("log");
        let taken = connections.clone();
        for connection in connections.iter_mut() {
            connection.bytes.clear();
        }
        taken
    }

    /// All complete requests that were received, connection by connection.
    pub fn requests(&self) -> Vec<Message> {
        let all = self
            .connections()
            .into_iter()
            .flat_map(|connection| connection.requests().expect("requests"));
        all.filter(|request| request.complete).collect()
    }

    /// Waits until the other side has ended connection `index`.
    pub fn ended(&self, index: usize) -> (End, Instant) {
        until("the end of an upstream connection", || {
            self.connections().get(index).and_then(|recorded| recorded.end)
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.log.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// One connection of a [`Recorder`].
#[derive(Debug)]
pub struct Conn {
    stream: Option<TcpStream>,
    log: Arc<Log>,
    /// Its number, from 0.
    pub index: usize,
    /// What was received and not yet taken.
    pub(super) unread: Vec<u8>,
    /// Whether what is received is kept; off where a test sends more than it wants to remember.
    pub records: bool,
    /// How the other side ended it, when it has.
    pub(super) ended: Option<End>,
}

impl Conn {
    fn new(stream: TcpStream, log: &Arc<Log>) -> Self {
        stream.set_nodelay(true).expect("nodelay");
        let mut connections = log.connections.lock().expect("log");
        connections.push(Recorded::default());
        let index = connections.len() - 1;
        Self {
            stream: Some(stream),
            log: Arc::clone(log),
            index,
            unread: Vec::new(),
            records: true,
            ended: None,
        }
    }

    /// The next complete request; `None` when the other side ends first or sends what is not a request.
    pub fn request(&mut self) -> Option<Message> {
        loop {
            match message::requests(&self.unread) {
                Ok(found) if found.first().is_some_and(|first| first.complete) => {
                    let first = found.into_iter().next()?;
                    self.unread.drain(..first.length);
                    return Some(first);
                }
                Ok(_) if self.read() => {}
                _ => {
                    self.drain();
                    return None;
                }
            }
        }
    }

    /// The next head alone; what follows stays to be read.
    pub fn head(&mut self) -> Option<message::Head> {
        loop {
            match message::head(&self.unread) {
                Ok(Some((head, used))) => {
                    self.unread.drain(..used);
                    return Some(head);
                }
                Ok(None) if self.read() => {}
                _ => return None,
            }
        }
    }

    /// Reads once and records; false when the other side ended.
    pub fn read(&mut self) -> bool {
        self.read_for(None).is_some()
    }

    /// Reads once, at most so long, and records. How many bytes came, none when the time is over; `None` when the other
    /// side ended.
    pub fn read_for(&mut self, within: Option<Duration>) -> Option<usize> {
        let stream = self.stream.as_mut()?;
        stream.set_read_timeout(within).expect("a timeout");
        let mut buffer = [0; 64 * 1024];
        let end = loop {
            match stream.read(&mut buffer) {
                Ok(0) => break End::Fin,
                Ok(read) => {
                    if self.records {
                        let mut connections = self.log.connections.lock().expect("log");
                        connections[self.index].bytes.extend_from_slice(&buffer[..read]);
                    }
                    self.unread.extend_from_slice(&buffer[..read]);
                    return Some(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Some(0),
                Err(_) => break End::Reset,
            }
        };
        self.note(end);
        None
    }

    /// Reads until the other side ends, so that its end is recorded.
    pub fn drain(&mut self) {
        while self.read() {}
    }

    /// Reads until so many bytes are there that were not yet taken, and takes them.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count && self.read() {}
        let count = count.min(self.unread.len());
        self.unread.drain(..count).collect()
    }

    fn note(&mut self, end: End) {
        if self.ended.is_none() {
            self.ended = Some(end);
            self.log.connections.lock().expect("log")[self.index].end = Some((end, Instant::now()));
        }
    }

    /// Writes; false when the other side is gone.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream
            .as_mut()
            .is_some_and(|stream| stream.write_all(bytes.as_ref()).is_ok())
    }

    /// Half-closes: no more will be written.
    pub fn fin(&mut self) {
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    /// Closes in order, or as near to it as unread bytes allow.
    pub fn close(&mut self) {
        self.stream = None;
    }

    /// Closes with a reset.
    pub fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            reset(stream);
        }
    }

    /// The socket, while it is open.
    pub fn stream(&self) -> Option<&TcpStream> {
        self.stream.as_ref()
    }

    /// Waits, at most [`DEADLINE`], until the other side ends; says whether it did.
    pub fn wait_end(&mut self) -> bool {
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if self.read_for(Some(Duration::from_millis(20))).is_none() {
                return true;
            }
        }
        false
    }
}
