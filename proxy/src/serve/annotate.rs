//! What Tidegate adds to messages: who the client is, what the request is called, whom it passed.
//!
//! What says who the client is comes from strangers unless the listener trusts the hops before it; then it is removed or
//! overwritten (docs/wire.md, promise 6). With trusted hops it is continued.

use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use bytes::{BufMut, BytesMut};
use http::header::{Entry, HOST, HeaderName, SERVER, VIA};
use http::{HeaderMap, HeaderValue, Version};
use tower::Service;

use crate::exchange::{Answer, Connection, Error, Exchange, Logged, remove_all};
use crate::live::{HttpOptions, ServerField, Via};
use crate::worker::Env;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[derive(Clone, Copy, Debug)]
pub struct Annotate<S> {
    inner: S,
}

impl<S> Annotate<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<Box<Exchange>> for Annotate<S>
where
    S: Service<Box<Exchange>, Response = Answer, Error = Error>,
{
    type Response = Answer;
    type Error = Error;
    type Future = S::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut exchange: Box<Exchange>) -> Self::Future {
        let Exchange {
            head,
            connection,
            worker,
            ..
        } = &mut *exchange;
        annotate_request(&mut head.headers, head.version, connection, &worker.env);
        if let Some(logged) = &exchange.record.logged {
            quote(logged, &exchange.head.headers, &exchange.connection);
        }
        self.inner.call(exchange)
    }
}

/// Keeps for the access log what stands in the head only now. A request is annotated once, so that nothing is set twice.
fn quote(logged: &Logged, headers: &HeaderMap, connection: &Connection) {
    let (Some(request), quotes) = (&logged.request, logged.log.quotes()) else {
        return;
    };
    if let Some(id) = headers.get(X_REQUEST_ID).filter(|_| quotes.request_id) {
        let _ = request.request_id.set(id.clone());
    }
    if quotes.client {
        let _ = request.client.set(client(connection, headers));
    }
}

/// Who asks, as the furthest of the trusted hops has seen it; the field's last element is the peer, and ours.
pub(super) fn client(connection: &Connection, headers: &HeaderMap) -> IpAddr {
    let peer = connection.peer.ip();
    let hops = connection.listener.http.trusted_hops;
    if hops == 0 {
        return peer;
    }
    let list = headers.get(X_FORWARDED_FOR).and_then(|list| list.to_str().ok());
    let seen = list.and_then(|list| list.rsplit(',').nth(hops as usize));
    seen.and_then(|seen| address(seen.trim())).unwrap_or(peer)
}

/// With or without a port, as there are proxies that write one.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    bare.parse().or_else(|_| with_port()).ok()
}

/// What rules match is what goes upstream: never a stranger's word for an address.
pub fn annotate_request(headers: &mut HeaderMap, version: Version, connection: &Connection, env: &Env) {
    let options = &connection.listener.http;
    if options.trusted_hops == 0 {
        remove_all(headers, is_claim);
        headers.insert(X_FORWARDED_FOR, connection.peer_address.clone());
        headers.insert(
            X_FORWARDED_PROTO,
            HeaderValue::from_static(connection.scheme().as_str()),
        );
        // Both codecs refuse a request without.
        if let Some(host) = headers.get(HOST).cloned() {
            headers.insert(X_FORWARDED_HOST, host);
        }
    } else {
        append(headers, X_FORWARDED_FOR, &connection.peer_address);
        headers
            .entry(X_FORWARDED_PROTO)
            .or_insert(HeaderValue::from_static(connection.scheme().as_str()));
        if let Some(host) = headers.get(HOST).cloned() {
            headers.entry(X_FORWARDED_HOST).or_insert(host);
        }
    }
    let is_believed = options.trusted_hops > 0;
    if options.request_id && !(is_believed && headers.contains_key(X_REQUEST_ID)) {
        headers.insert(X_REQUEST_ID, request_id(env));
    } else if !is_believed {
        headers.remove(X_REQUEST_ID);
    }
    via(headers, version, options);
}

/// Whether a field claims to know who the client is, or what it asked for: the names that servers and frameworks believe.
fn is_claim(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip")
}

/// `Server` and `Via`, as the listener would have them.
pub(super) fn annotate_answer(headers: &mut HeaderMap, options: &HttpOptions) {
    match &options.server {
        ServerField::Set(server) => {
            headers.insert(SERVER, server.clone());
        }
        ServerField::Remove => {
            headers.remove(SERVER);
        }
        ServerField::Pass => {}
    }
    if options.via == Via::Remove {
        headers.remove(VIA);
    }
}

/// RFC 9110 section 7.6.3: the protocol the request came by, and who passes it on.
fn via(headers: &mut HeaderMap, version: Version, options: &HttpOptions) {
    match &options.via {
        Via::Append { http2, .. } if version == Version::HTTP_2 => append(headers, VIA, http2),
        Via::Append { http10, .. } if version == Version::HTTP_10 => append(headers, VIA, http10),
        Via::Append { http11, .. } => append(headers, VIA, http11),
        Via::Remove => {
            headers.remove(VIA);
        }
        Via::Pass => {}
    }
}

/// Continues a list field in one line.
fn append(headers: &mut HeaderMap, name: HeaderName, value: &HeaderValue) {
    let mut field = match headers.entry(name) {
        Entry::Vacant(field) => {
            field.insert(value.clone());
            return;
        }
        Entry::Occupied(field) => field,
    };
    let mut list = BytesMut::new();
    for earlier in field.iter() {
        list.extend_from_slice(earlier.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(value.as_bytes());
    if let Ok(value) = HeaderValue::from_maybe_shared(list.freeze()) {
        field.insert(value);
    }
}

/// A random UUID (RFC 9562 section 5.4).
fn request_id(env: &Env) -> HeaderValue {
    let bits = env.random() & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let mut text = BytesMut::with_capacity(36);
    for group in 0..8 {
        if matches!(group, 2..=5) {
            text.put_u8(b'-');
        }
        text.put_slice(&hex((bits >> (112 - 16 * group)) as u16));
    }
    HeaderValue::from_maybe_shared(text.freeze()).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

/// Four digits at once, one in each byte of a word.
fn hex(bits: u16) -> [u8; 4] {
    let spread = u32::from(bits);
    let spread = (spread | spread << 8) & 0x00ff_00ff;
    let digits = (spread | spread << 4) & 0x0f0f_0f0f;
    let is_letter = ((digits + 0x0606_0606) >> 4) & 0x0101_0101;
    (digits + 0x3030_3030 + is_letter * u32::from(b'a' - b'9' - 1)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_bare_or_with_a_port() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:80", Some("2001:db8::1")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(address(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn four_digits_are_what_the_formatter_says() {
        for bits in 0..=u16::MAX {
            assert_eq!(hex(bits), format!("{bits:04x}").as_bytes());
        }
    }

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = request_id(&Env::seeded(1));
        let text = id.to_str().unwrap();
        let lengths: Vec<_> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(text.as_bytes()[14], b'4', "version");
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "variant");
        assert_ne!(id, request_id(&Env::seeded(2)));
    }
}
