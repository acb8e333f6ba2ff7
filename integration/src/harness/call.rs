//! A client's side of one exchange, on a connection of its own, over either protocol.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use http::{Method, Request};
use tokio::task::AbortHandle;

use super::message::{Fields, head, values};
use super::raw::{End, Raw, reset};
use super::stream::{
    Data, Decoder, Wire, chunk, fields_of, header_map, is_sized, lines, receive_h2, runtime, send_h2, within,
};
use super::wait::DEADLINE;

/// Longest time that a piece may wait for the other side to take it.
const SEND: Duration = Duration::from_secs(60);

/// The two halves of an exchange; a test may move one to another thread.
#[derive(Debug)]
pub struct Call {
    /// Sends the request's body.
    pub sender: Sender,
    /// Receives the answer.
    pub receiver: Receiver,
}

/// Sends the body of a request.
#[derive(Debug)]
pub enum Sender {
    /// In chunks, or as it is where the length was given.
    H1 {
        /// The connection.
        stream: TcpStream,
        /// Whether the length was given.
        sized: bool,
    },
    /// In DATA frames.
    H2(h2::SendStream<Bytes>),
}

/// Receives an answer.
#[derive(Debug)]
pub struct Receiver {
    inner: Inner,
    method: String,
    /// The interim answers that came before the final one.
    pub interim: Vec<u16>,
}

#[derive(Debug)]
enum Inner {
    H1 {
        raw: Raw,
        decoder: Option<Decoder>,
    },
    H2 {
        response: Option<h2::client::ResponseFuture>,
        body: Option<h2::RecvStream>,
        connection: AbortHandle,
    },
}

/// A final answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its fields.
    pub fields: Fields,
    /// Its body.
    pub body: Vec<u8>,
    /// Its trailers.
    pub trailers: Fields,
}

impl Answer {
    /// The values of a name, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }
}

impl Call {
    /// Sends the head; `has_body` says whether a body follows.
    pub fn start(
        address: SocketAddr,
        wire: Wire,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        has_body: bool,
    ) -> Self {
        match wire {
            Wire::H1 => Self::start_h1(address, method, path, fields, has_body),
            Wire::H2 => runtime().block_on(Self::start_h2(address, method, path, fields, has_body)),
        }
    }

    /// A GET.
    pub fn get(address: SocketAddr, wire: Wire, path: &str) -> Self {
        Self::start(address, wire, "GET", path, &[], false)
    }

    /// A POST whose body follows.
    pub fn post(address: SocketAddr, wire: Wire, path: &str) -> Self {
        Self::start(address, wire, "POST", path, &[], true)
    }

    fn start_h1(address: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)], has_body: bool) -> Self {
        let mut raw = Raw::connect(address);
        let sized = is_sized(fields);
        let framing = if has_body && !sized {
            "Transfer-Encoding: chunked\r\n"
        } else {
            ""
        };
        raw.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\n{framing}{}\r\n",
            lines(fields)
        ));
        let stream = raw.stream().try_clone().expect("a second handle");
        let inner = Inner::H1 { raw, decoder: None };
        let receiver = Receiver {
            inner,
            method: method.to_owned(),
            interim: Vec::new(),
        };
        Self {
            sender: Sender::H1 { stream, sized },
            receiver,
        }
    }

    async fn start_h2(address: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)], has_body: bool) -> Self {
        let stream = tokio::net::TcpStream::connect(address).await.expect("connect");
        stream.set_nodelay(true).expect("nodelay");
        let (requests, connection) = h2::client::handshake(stream).await.expect("handshake");
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).expect("a method"))
            .uri(format!("http://a{path}"))
            .body(())
            .expect("a request");
        *request.headers_mut() = header_map(fields);
        let mut requests = requests.ready().await.expect("a stream");
        let (response, send) = requests.send_request(request, !has_body).expect("sent");
        let inner = Inner::H2 {
            response: Some(response),
            body: None,
            connection: connection.abort_handle(),
        };
        let receiver = Receiver {
            inner,
            method: method.to_owned(),
            interim: Vec::new(),
        };
        Self {
            sender: Sender::H2(send),
            receiver,
        }
    }

    /// Gives up: RST_STREAM, or a reset of the connection.
    pub fn abort(self) -> Instant {
        let Self { sender, receiver } = self;
        match sender {
            Sender::H1 { stream, .. } => {
                // The option holds for the socket, so the last handle that closes it sends the reset.
                drop(receiver);
                reset(stream);
            }
            // The connection lives on for a while, so that the frame gets out.
            Sender::H2(mut send) => send.send_reset(Reason::CANCEL),
        }
        Instant::now()
    }
}

impl Sender {
    /// Sends a piece; false when the other side has given up.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::H1 { stream, sized } => stream.write_all(&chunk(bytes, *sized)).is_ok(),
            Self::H2(stream) => within(SEND, send_h2(stream, Bytes::copy_from_slice(bytes))).unwrap_or(false),
        }
    }

    /// Ends the body.
    pub fn finish(&mut self, trailers: &[(&str, &str)]) -> bool {
        match self {
            Self::H1 { sized: true, .. } => true,
            Self::H1 { stream, .. } => stream
                .write_all(format!("0\r\n{}\r\n", lines(trailers)).as_bytes())
                .is_ok(),
            Self::H2(stream) if trailers.is_empty() => stream.send_data(Bytes::new(), true).is_ok(),
            Self::H2(stream) => stream.send_trailers(header_map(trailers)).is_ok(),
        }
    }
}

impl Receiver {
    /// The final head; panics when there is none in time.
    pub fn head(&mut self) -> (u16, Fields) {
        self.try_head(DEADLINE)
            .unwrap_or_else(|| panic!("no answer to {}, interim {:?}", self.method, self.interim))
    }

    /// The final head; `None` when there is none in time, or the exchange ended before.
    pub fn try_head(&mut self, time: Duration) -> Option<(u16, Fields)> {
        match &mut self.inner {
            Inner::H1 { raw, decoder } => loop {
                raw.read_until(time, |bytes| head(bytes).expect("a head").is_some());
                let (found, used) = head(&raw.received).expect("a head")?;
                raw.received.drain(..used);
                let status = found.status().expect("a status");
                if status < 200 {
                    self.interim.push(status);
                    continue;
                }
                *decoder = Some(Decoder::new(found.response_framing(&self.method).expect("a framing")));
                return Some((status, found.fields));
            },
            Inner::H2 { response, body, .. } => {
                let mut waiting = response.take()?;
                let interim = &mut self.interim;
                let answer = within(time, async {
                    loop {
                        // Interim answers come first, but the final one ends the wait for them.
                        let informational = std::future::poll_fn(|cx| waiting.poll_informational(cx));
                        match informational.await {
                            Some(Ok(answer)) => interim.push(answer.status().as_u16()),
                            _ => break (&mut waiting).await,
                        }
                    }
                });
                let Some(answer) = answer else {
                    *response = Some(waiting);
                    return None;
                };
                let (parts, stream) = answer.ok()?.into_parts();
                *body = Some(stream);
                Some((parts.status.as_u16(), fields_of(&parts.headers)))
            }
        }
    }

    /// The next piece of the body.
    pub fn data(&mut self, time: Duration) -> Data {
        match &mut self.inner {
            Inner::H1 { raw, decoder } => {
                let decoder = decoder.as_mut().expect("the head was read");
                let end = Instant::now() + time;
                loop {
                    if let Some(data) = decoder.next(&mut raw.received) {
                        return data;
                    }
                    if let Some(ended) = raw.end {
                        return decoder.ended(ended == End::Fin);
                    }
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Data::Silent;
                    }
                    raw.read_some(left);
                }
            }
            Inner::H2 { body, .. } => {
                let body = body.as_mut().expect("the head was read");
                within(time, receive_h2(body)).unwrap_or(Data::Silent)
            }
        }
    }

    /// The whole answer; panics when it is cut short.
    pub fn whole(&mut self) -> Answer {
        let (status, fields) = self.head();
        let mut body = Vec::new();
        loop {
            match self.data(DEADLINE) {
                Data::Bytes(bytes) => body.extend_from_slice(&bytes),
                Data::End(trailers) => {
                    return Answer {
                        status,
                        fields,
                        body,
                        trailers,
                    };
                }
                other => panic!("{other:?} after {} bytes of the answer {status}", body.len()),
            }
        }
    }

    /// Reads to the end and says how many bytes came, and how it ended.
    pub fn count(&mut self) -> (usize, Data) {
        let mut count = 0;
        loop {
            match self.data(DEADLINE) {
                Data::Bytes(bytes) => count += bytes.len(),
                other => return (count, other),
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Inner::H2 { connection, .. } = &self.inner {
            // Time for a last frame to get out; then the socket must not outlive the test.
            let connection = connection.clone();
            runtime().spawn(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                connection.abort();
            });
        }
    }
}
