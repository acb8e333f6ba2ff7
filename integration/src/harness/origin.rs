//! An upstream whose script speaks of exchanges, over either protocol.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use http::{Response, StatusCode};

use super::message::{Fields, Framing, Head, values};
use super::raw::End;
use super::recorder::{Conn, Recorder};
use super::stream::{
    Data, Decoder, Wire, chunk, fields_of, header_map, is_sized, lines, receive_h2, runtime, send_h2, within,
};
use super::wait::DEADLINE;

const SEND: Duration = Duration::from_secs(60);

/// A running upstream.
#[derive(Debug)]
pub struct Origin {
    /// Where it listens.
    pub address: SocketAddr,
    /// Which protocol it speaks.
    pub wire: Wire,
    _keeps: Option<Recorder>,
    task: Option<tokio::task::AbortHandle>,
}

/// One exchange, seen by the upstream.
#[derive(Debug)]
pub struct Served<'c> {
    /// The request's method.
    pub method: String,
    /// The request's path and query.
    pub path: String,
    /// The request's fields.
    pub fields: Fields,
    inner: Inner<'c>,
}

#[derive(Debug)]
enum Inner<'c> {
    H1 {
        conn: &'c mut Conn,
        decoder: Decoder,
        sized: bool,
        bodiless: bool,
        over: bool,
        read: bool,
    },
    H2 {
        body: h2::RecvStream,
        respond: h2::server::SendResponse<Bytes>,
        send: Option<h2::SendStream<Bytes>>,
    },
}

impl Origin {
    /// Runs the script on every request.
    pub fn start(wire: Wire, script: impl Fn(&mut Served<'_>) + Send + Sync + 'static) -> Self {
        match wire {
            Wire::H1 => {
                let recorder = Recorder::start(move |conn| {
                    conn.records = false;
                    while let Some(head) = conn.head() {
                        if !serve_h1(conn, head, &script) {
                            return;
                        }
                    }
                });
                Self {
                    address: recorder.address,
                    wire,
                    _keeps: Some(recorder),
                    task: None,
                }
            }
            Wire::H2 => runtime().block_on(Self::start_h2(Arc::new(script))),
        }
    }

    async fn start_h2(script: Arc<impl Fn(&mut Served<'_>) + Send + Sync + 'static>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("an address");
        let accept = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("nodelay");
                tokio::spawn(serve_h2(stream, Arc::clone(&script)));
            }
        });
        Self {
            address,
            wire: Wire::H2,
            _keeps: None,
            task: Some(accept.abort_handle()),
        }
    }

    /// The word for its protocol in a configuration.
    pub fn protocol(&self) -> &'static str {
        match self.wire {
            Wire::H1 => "http1",
            Wire::H2 => "http2",
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Whether the connection may carry another exchange.
fn serve_h1(conn: &mut Conn, head: Head, script: &impl Fn(&mut Served<'_>)) -> bool {
    let framing = head.request_framing().expect("a framing");
    let (method, path) = (head.method().to_owned(), head.target().to_owned());
    let bodiless = method == "HEAD";
    let inner = Inner::H1 {
        conn,
        decoder: Decoder::new(framing),
        sized: false,
        bodiless,
        over: false,
        read: framing == Framing::Empty || framing == Framing::Length(0),
    };
    let mut served = Served {
        method,
        path,
        fields: head.fields,
        inner,
    };
    script(&mut served);
    matches!(
        served.inner,
        Inner::H1 {
            over: true,
            read: true,
            ..
        }
    )
}

async fn serve_h2(stream: tokio::net::TcpStream, script: Arc<impl Fn(&mut Served<'_>) + Send + Sync + 'static>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let script = Arc::clone(&script);
        let (parts, body) = request.into_parts();
        tokio::task::spawn_blocking(move || {
            let mut served = Served {
                method: parts.method.to_string(),
                path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
                fields: with_host(&parts.uri, fields_of(&parts.headers)),
                inner: Inner::H2 {
                    body,
                    respond,
                    send: None,
                },
            };
            script(&mut served);
        });
    }
}

/// The authority as the field that HTTP/1.1 has for it.
fn with_host(uri: &http::Uri, mut fields: Fields) -> Fields {
    let authority = uri.authority().map(|authority| authority.as_str().to_owned());
    fields.extend(authority.map(|authority| ("host".to_owned(), authority)));
    fields
}

impl Served<'_> {
    /// The values of a request field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        values(&self.fields, name)
    }

    /// The next piece of the request's body.
    pub fn data(&mut self, time: Duration) -> Data {
        match &mut self.inner {
            Inner::H1 {
                conn, decoder, read, ..
            } => {
                let end = Instant::now() + time;
                loop {
                    if let Some(data) = decoder.next(&mut conn.unread) {
                        *read |= matches!(data, Data::End(_));
                        return data;
                    }
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Data::Silent;
                    }
                    if conn.read_for(Some(left)).is_none() {
                        return decoder.ended(conn.ended == Some(End::Fin));
                    }
                }
            }
            Inner::H2 { body, .. } => within(time, receive_h2(body)).unwrap_or(Data::Silent),
        }
    }

    /// The whole body of the request and its trailers; `None` when it is cut short.
    pub fn body(&mut self) -> Option<(Vec<u8>, Fields)> {
        let mut all = Vec::new();
        loop {
            match self.data(DEADLINE) {
                Data::Bytes(bytes) => all.extend_from_slice(&bytes),
                Data::End(trailers) => return Some((all, trailers)),
                Data::Cut | Data::Silent => return None,
            }
        }
    }

    /// Sends an interim answer.
    pub fn interim(&mut self, status: u16, fields: &[(&str, &str)]) {
        match &mut self.inner {
            Inner::H1 { conn, .. } => {
                conn.write(format!("HTTP/1.1 {status} Interim\r\n{}\r\n", lines(fields)));
            }
            Inner::H2 { respond, .. } => {
                let mut answer = Response::builder().status(status).body(()).expect("an answer");
                *answer.headers_mut() = header_map(fields);
                // The crate's own task writes it.
                runtime()
                    .block_on(async { respond.send_informational(answer) })
                    .expect("sent");
            }
        }
    }

    /// Sends the final head, after which a body follows.
    pub fn head(&mut self, status: u16, fields: &[(&str, &str)]) {
        match &mut self.inner {
            Inner::H1 { conn, sized, .. } => {
                *sized = is_sized(fields);
                let framing = if *sized { "" } else { "Transfer-Encoding: chunked\r\n" };
                conn.write(format!("HTTP/1.1 {status} Whatever\r\n{framing}{}\r\n", lines(fields)));
            }
            Inner::H2 { respond, send, .. } => {
                let mut answer = Response::new(());
                *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
                *answer.headers_mut() = header_map(fields);
                *send = respond.send_response(answer, false).ok();
            }
        }
    }

    /// Sends a piece of the answer's body; false when the other side has given up.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        match &mut self.inner {
            Inner::H1 { conn, sized, .. } => conn.write(chunk(bytes, *sized)),
            Inner::H2 { send: Some(send), .. } => {
                within(SEND, send_h2(send, Bytes::copy_from_slice(bytes))).unwrap_or(false)
            }
            Inner::H2 { .. } => false,
        }
    }

    /// Ends the answer.
    pub fn finish(&mut self, trailers: &[(&str, &str)]) {
        match &mut self.inner {
            Inner::H1 {
                conn,
                sized,
                bodiless,
                over,
                ..
            } => {
                if !*sized && !*bodiless {
                    conn.write(format!("0\r\n{}\r\n", lines(trailers)));
                }
                *over = true;
            }
            Inner::H2 { send: Some(send), .. } if trailers.is_empty() => drop(send.send_data(Bytes::new(), true)),
            Inner::H2 { send: Some(send), .. } => drop(send.send_trailers(header_map(trailers))),
            Inner::H2 { .. } => {}
        }
    }

    /// A whole answer of known length; without the bytes to HEAD.
    pub fn answer(&mut self, status: u16, body: &[u8]) {
        self.head(status, &[("content-length", &body.len().to_string())]);
        if self.method != "HEAD" {
            self.send(body);
        }
        self.finish(&[]);
    }

    /// Gives up in the middle: a reset of the stream or of the connection.
    pub fn abort(&mut self) {
        match &mut self.inner {
            Inner::H1 { conn, .. } => conn.reset(),
            Inner::H2 { send: Some(send), .. } => send.send_reset(Reason::INTERNAL_ERROR),
            Inner::H2 { respond, .. } => respond.send_reset(Reason::INTERNAL_ERROR),
        }
    }

    /// Waits until the other side gives up, and says when.
    pub fn gone(&mut self) -> Option<Instant> {
        match &mut self.inner {
            Inner::H1 { conn, .. } => conn.wait_end().then(Instant::now),
            Inner::H2 { send: Some(send), .. } => {
                within(DEADLINE, std::future::poll_fn(|cx| send.poll_reset(cx))).map(|_| Instant::now())
            }
            Inner::H2 { respond, .. } => {
                within(DEADLINE, std::future::poll_fn(|cx| respond.poll_reset(cx))).map(|_| Instant::now())
            }
        }
    }
}
