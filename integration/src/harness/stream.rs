//! A body piece by piece, the same for HTTP/1.1 and HTTP/2.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::{Builder, Runtime};

use super::message::{Fields, Framing, field_lines, find, latin1};

/// Which protocol one side speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1.
    H1,
    /// HTTP/2 by prior knowledge.
    H2,
}

/// The next thing that a body has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Some bytes of it.
    Bytes(Vec<u8>),
    /// Its end, as its framing says, with its trailers.
    End(Fields),
    /// An end before that.
    Cut,
    /// Nothing within the time.
    Silent,
}

/// Everything over HTTP/2 runs here; tests block on it.
pub(super) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    })
}

/// Runs a future from a test's thread, at most so long.
pub(super) fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    runtime().block_on(async { tokio::time::timeout(time, future).await.ok() })
}

pub(super) fn header_map(fields: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name = HeaderName::try_from(*name).expect("a field name");
        (name, HeaderValue::try_from(*value).expect("a field value"))
    };
    fields.iter().map(pair).collect()
}

pub(super) fn fields_of(map: &HeaderMap) -> Fields {
    map.iter()
        .map(|(name, value)| (name.as_str().to_owned(), latin1(value.as_bytes())))
        .collect()
}

pub(super) fn is_sized(fields: &[(&str, &str)]) -> bool {
    fields
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-length"))
}

pub(super) fn lines(fields: &[(&str, &str)]) -> String {
    fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect()
}

/// A chunk, or the bytes themselves in a body of known length.
pub(super) fn chunk(bytes: &[u8], sized: bool) -> Vec<u8> {
    if sized {
        return bytes.to_vec();
    }
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Sends as the windows allow; false when the stream is gone.
pub(super) async fn send_h2(stream: &mut h2::SendStream<Bytes>, mut bytes: Bytes) -> bool {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let capacity = match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(Ok(capacity)) if capacity > 0 => capacity.min(bytes.len()),
            Some(Ok(_)) => continue,
            _ => return false,
        };
        if stream.send_data(bytes.split_to(capacity), false).is_err() {
            return false;
        }
    }
    true
}

/// Receives one piece and gives its window back; an empty DATA frame is none.
pub(super) async fn receive_h2(stream: &mut h2::RecvStream) -> Data {
    loop {
        match stream.data().await {
            Some(Ok(bytes)) if bytes.is_empty() => {}
            Some(Ok(bytes)) => {
                let _ = stream.flow_control().release_capacity(bytes.len());
                return Data::Bytes(bytes.to_vec());
            }
            Some(Err(_)) => return Data::Cut,
            None => break,
        }
    }
    match stream.trailers().await {
        Ok(trailers) => Data::End(trailers.as_ref().map(fields_of).unwrap_or_default()),
        Err(_) => Data::Cut,
    }
}

/// Cuts a body out of the bytes of a connection.
#[derive(Debug)]
pub(super) struct Decoder {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Length(usize),
    Size,
    Chunk(usize),
    UntilClose,
}

impl Decoder {
    pub(super) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Empty => State::Length(0),
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size,
            Framing::UntilClose => State::UntilClose,
        };
        Self { state }
    }

    /// The next piece in `buffer`, which it is taken out of; `None` when more bytes are needed.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> Option<Data> {
        match self.state {
            State::Length(0) => Some(Data::End(Fields::new())),
            State::Length(left) => {
                let bytes = take(buffer, left)?;
                self.state = State::Length(left - bytes.len());
                Some(Data::Bytes(bytes))
            }
            State::UntilClose => take(buffer, usize::MAX).map(Data::Bytes),
            State::Size => self.size(buffer),
            State::Chunk(2) if buffer.len() >= 2 => {
                assert_eq!(buffer.drain(..2).as_slice(), b"\r\n", "the end of a chunk");
                self.state = State::Size;
                self.next(buffer)
            }
            State::Chunk(2) => None,
            State::Chunk(left) => {
                let bytes = take(buffer, left - 2)?;
                self.state = State::Chunk(left - bytes.len());
                Some(Data::Bytes(bytes))
            }
        }
    }

    /// What the end of the connection means here.
    pub(super) fn ended(&self, in_order: bool) -> Data {
        match self.state {
            State::UntilClose if in_order => Data::End(Fields::new()),
            _ => Data::Cut,
        }
    }

    fn size(&mut self, buffer: &mut Vec<u8>) -> Option<Data> {
        let end = find(buffer, b"\r\n")?;
        let line = latin1(&buffer[..end]);
        let size = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("chunk size {line:?}"));
        if size > 0 {
            buffer.drain(..end + 2);
            self.state = State::Chunk(size + 2);
            return self.next(buffer);
        }
        if buffer[end + 2..].starts_with(b"\r\n") {
            buffer.drain(..end + 4);
            return Some(Data::End(Fields::new()));
        }
        let length = find(&buffer[end + 2..], b"\r\n\r\n")?;
        let trailers = field_lines(&buffer[end + 2..end + 2 + length]).expect("trailers");
        buffer.drain(..end + 2 + length + 4);
        Some(Data::End(trailers))
    }
}

fn take(buffer: &mut Vec<u8>, most: usize) -> Option<Vec<u8>> {
    let count = most.min(buffer.len());
    (count > 0).then(|| buffer.drain(..count).collect())
}
