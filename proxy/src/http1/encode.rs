//! Heads on the way out: rebuilt, never copied (docs/wire.md, promise 2).
//!
//! Framing comes from the [`BodyLength`] alone, connection management from the options alone. Whatever the map holds
//! of either is left out, so that nothing which a filter puts there can frame a message.

use bytes::{BufMut, BytesMut};
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, Uri, Version};

use super::body::{BodyLength, Encoder};
use super::fields::OriginalNames;

/// What a request head says about its connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestOptions<'a> {
    /// No other request will follow.
    pub close: bool,
    /// What to switch to.
    pub upgrade: Option<&'a HeaderValue>,
    pub names: Option<&'a OriginalNames>,
}

/// What a response head depends on beyond itself.
#[derive(Clone, Copy, Debug)]
pub struct ResponseOptions<'a> {
    /// The client's.
    pub version: Version,
    /// The method that is answered.
    pub request: &'a Method,
    /// The connection stays open, as far as the caller is concerned.
    pub persistent: bool,
    /// What is switched to, in a 101.
    pub upgrade: Option<&'a HeaderValue>,
    pub names: Option<&'a OriginalNames>,
    /// Added unless there is one (RFC 9110 6.6.1).
    pub date: &'a [u8; 29],
}

/// Puts a request head into `dst`, as HTTP/1.1, and returns the framing of its body.
pub fn encode_request_head(
    parts: &Parts,
    body: BodyLength,
    options: RequestOptions<'_>,
    dst: &mut BytesMut,
) -> Encoder {
    dst.reserve(estimate(&parts.headers) + parts.uri.path_and_query().map_or(0, |path| path.as_str().len()));
    dst.put_slice(parts.method.as_str().as_bytes());
    dst.put_slice(b" ");
    dst.put_slice(target(&parts.method, &parts.uri).as_bytes());
    dst.put_slice(b" HTTP/1.1\r\n");
    put_name(&HOST, b"host: ", options.names, dst);
    if let Some(host) = parts.headers.get(HOST) {
        dst.put_slice(host.as_bytes());
    }
    dst.put_slice(b"\r\n");
    let seen = put_fields(&parts.headers, options.names, false, dst);
    put_connection(options.close, false, seen.te, options.upgrade, dst);
    match body {
        // A body that ends with the connection is no request body; chunks can say the same.
        BodyLength::Chunked | BodyLength::UntilClose => put_chunked(dst),
        BodyLength::Sized(length) => put_length(length, options.names, dst),
        // RFC 9110 8.6: expected of methods that have content; some servers answer 411 without.
        BodyLength::None if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) => {
            put_length(0, options.names, dst);
        }
        BodyLength::None => {}
    }
    dst.put_slice(b"\r\n");
    match body {
        BodyLength::Chunked | BodyLength::UntilClose => Encoder::Chunked,
        BodyLength::Sized(length) => Encoder::Sized(length),
        BodyLength::None => Encoder::Done,
    }
}

/// Puts a response head into `dst` and returns the framing of its body.
///
/// A body of unknown length is chunked for HTTP/1.1, so that its truncation shows, and ends with the connection for
/// HTTP/1.0: ask [`Encoder::needs_close`].
pub fn encode_response_head(
    status: StatusCode,
    headers: &HeaderMap,
    body: BodyLength,
    options: ResponseOptions<'_>,
    dst: &mut BytesMut,
) -> Encoder {
    dst.reserve(estimate(headers));
    put_status_line(status, dst);
    let framing = Framing::of(status, body, &options);
    let seen = put_fields(headers, options.names, framing == Framing::MapsOwn, dst);
    let encoder = framing.put(options.names, dst);
    if status.is_informational() {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            put_connection(false, false, false, options.upgrade, dst);
        }
    } else {
        if !seen.date {
            dst.put_slice(b"date: ");
            dst.put_slice(options.date);
            dst.put_slice(b"\r\n");
        }
        let persistent = options.persistent && !encoder.needs_close();
        let is_old = options.version < Version::HTTP_11;
        put_connection(!persistent, persistent && is_old, false, None, dst);
    }
    dst.put_slice(b"\r\n");
    encoder
}

/// How a response's body is framed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Framing {
    /// No body, and nothing may be said of one.
    Bare,
    /// No body; a Content-Length in the map is that of the body which is not sent (RFC 9110 8.6).
    MapsOwn,
    Body(Encoder),
}

impl Framing {
    fn of(status: StatusCode, body: BodyLength, options: &ResponseOptions<'_>) -> Self {
        let opens_tunnel = *options.request == Method::CONNECT && status.is_success();
        if status.is_informational() || status == StatusCode::NO_CONTENT || opens_tunnel {
            return Self::Bare;
        }
        if *options.request == Method::HEAD || status == StatusCode::NOT_MODIFIED {
            return Self::MapsOwn;
        }
        Self::Body(match body {
            BodyLength::None => Encoder::Sized(0),
            BodyLength::Sized(length) => Encoder::Sized(length),
            _ if options.version < Version::HTTP_11 => Encoder::UntilClose,
            BodyLength::Chunked | BodyLength::UntilClose => Encoder::Chunked,
        })
    }

    fn put(self, names: Option<&OriginalNames>, dst: &mut BytesMut) -> Encoder {
        let Self::Body(encoder) = self else {
            return Encoder::Done;
        };
        match encoder {
            Encoder::Sized(length) => put_length(length, names, dst),
            Encoder::Chunked => put_chunked(dst),
            Encoder::Done | Encoder::UntilClose => {}
        }
        encoder
    }
}

/// What was met among the fields.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    date: bool,
    te: bool,
}

fn put_fields(headers: &HeaderMap, names: Option<&OriginalNames>, with_length: bool, dst: &mut BytesMut) -> Met {
    let mut met = Met::default();
    if let Some(names) = names {
        put_fields_as_written(headers, names, with_length, &mut met, dst);
        return met;
    }
    for (name, value) in headers {
        if passes(name, value, with_length, &mut met) {
            put_field(name.as_str().as_bytes(), value, dst);
        }
    }
    met
}

#[cold]
fn put_fields_as_written(
    headers: &HeaderMap,
    names: &OriginalNames,
    with_length: bool,
    met: &mut Met,
    dst: &mut BytesMut,
) {
    for name in headers.keys() {
        let mut spellings = names.spellings(name);
        let mut spelling = name.as_str().as_bytes();
        for value in headers.get_all(name) {
            spelling = spellings.next().unwrap_or(spelling);
            if passes(name, value, with_length, met) {
                put_field(spelling, value, dst);
            }
        }
    }
}

#[inline]
fn put_field(name: &[u8], value: &HeaderValue, dst: &mut BytesMut) {
    dst.put_slice(name);
    dst.put_slice(b": ");
    dst.put_slice(value.as_bytes());
    dst.put_slice(b"\r\n");
}

/// Whether a field of the map goes out: what frames, manages the connection or is written elsewhere does not.
#[inline]
fn passes(name: &HeaderName, value: &HeaderValue, with_length: bool, met: &mut Met) -> bool {
    // The lengths of the names below, as bits: most names are told apart by this alone.
    const LENGTHS: u32 = 1 << 2 | 1 << 4 | 1 << 7 | 1 << 10 | 1 << 14 | 1 << 16 | 1 << 17;
    let text = name.as_str();
    if text.len() >= 32 || LENGTHS & (1 << text.len()) == 0 {
        return true;
    }
    match text {
        "te" => {
            let passes = value == "trailers" && !met.te;
            met.te |= passes;
            passes
        }
        "date" => {
            met.date = true;
            true
        }
        "content-length" => with_length,
        "host" | "upgrade" | "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" => false,
        _ => true,
    }
}

/// Connection and Upgrade, when there is something to say.
fn put_connection(close: bool, keep_alive: bool, te: bool, upgrade: Option<&HeaderValue>, dst: &mut BytesMut) {
    if let Some(protocol) = upgrade {
        dst.put_slice(if te {
            b"connection: upgrade, te\r\nupgrade: "
        } else {
            b"connection: upgrade\r\nupgrade: "
        });
        dst.put_slice(protocol.as_bytes());
        dst.put_slice(b"\r\n");
        return;
    }
    dst.put_slice(match (close, keep_alive, te) {
        (true, _, true) => b"connection: close, te\r\n",
        (true, _, false) => b"connection: close\r\n",
        (false, true, _) => b"connection: keep-alive\r\n",
        (false, false, true) => b"connection: te\r\n",
        (false, false, false) => b"",
    });
}

/// The name of a field that we write ourselves: as its sender spelled it where that is kept, else `ours`, colon and all.
fn put_name(name: &HeaderName, ours: &[u8], names: Option<&OriginalNames>, dst: &mut BytesMut) {
    match names.and_then(|names| names.spellings(name).next()) {
        Some(theirs) => {
            dst.put_slice(theirs);
            dst.put_slice(b": ");
        }
        None => dst.put_slice(ours),
    }
}

fn put_length(length: u64, names: Option<&OriginalNames>, dst: &mut BytesMut) {
    put_name(&CONTENT_LENGTH, b"content-length: ", names, dst);
    dst.put_slice(itoa::Buffer::new().format(length).as_bytes());
    dst.put_slice(b"\r\n");
}

fn put_chunked(dst: &mut BytesMut) {
    dst.put_slice(b"transfer-encoding: chunked\r\n");
}

/// Always with a reason phrase (docs/wire.md, promise 14): there are clients that need one.
fn put_status_line(status: StatusCode, dst: &mut BytesMut) {
    if status == StatusCode::OK {
        dst.put_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    dst.put_slice(b"HTTP/1.1 ");
    dst.put_slice(status.as_str().as_bytes());
    dst.put_slice(b" ");
    dst.put_slice(status.canonical_reason().unwrap_or("Unknown").as_bytes());
    dst.put_slice(b"\r\n");
}

fn target<'u>(method: &Method, uri: &'u Uri) -> &'u str {
    if *method == Method::CONNECT {
        return uri.authority().map_or("", |authority| authority.as_str());
    }
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// Room for a head of ordinary values, so that the buffer grows at most once for most.
fn estimate(headers: &HeaderMap) -> usize {
    128 + headers.len() * 64
}

#[cfg(test)]
mod tests;
