//! The four forms of a request target (RFC 9112 3.2), brought to one, and Host held against it.

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::uri::{self, PathAndQuery};
use http::{Method, Uri};

use super::authority::Authority;
use super::fields::Host;
use super::limits::Limits;
use super::path;
use super::reject::Reason;

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// The canonical URI of a request; makes `host` in `headers` the authority it is for.
#[inline]
pub(super) fn resolve(
    head: &Bytes,
    method: &Method,
    target: &[u8],
    host: Option<Host>,
    headers: &mut HeaderMap,
    limits: &Limits,
) -> Result<Uri, Reason> {
    if target.len() > limits.target_bytes {
        return Err(Reason::TargetTooLong);
    }
    match host {
        Some(Host::Repeated) => return Err(Reason::HostRepeated),
        Some(Host::Invalid) => return Err(Reason::HostInvalid),
        Some(Host::Valid) | None => {}
    }
    match target {
        _ if *method == Method::CONNECT => connect(head, text(target)?, headers),
        [b'/', ..] => origin(head, target, limits),
        b"*" if *method == Method::OPTIONS => Ok(Uri::from(PathAndQuery::from_static("*"))),
        _ => absolute(head, method, text(target)?, headers, limits),
    }
}

fn text(target: &[u8]) -> Result<&str, Reason> {
    str::from_utf8(target).map_err(|_| Reason::InvalidTarget)
}

#[inline]
fn origin(head: &Bytes, target: &[u8], limits: &Limits) -> Result<Uri, Reason> {
    let bytes = if limits.normalise_path {
        match path::normalise(target)? {
            std::borrow::Cow::Borrowed(normal) => head.slice_ref(normal),
            std::borrow::Cow::Owned(normal) => Bytes::from(normal),
        }
    } else {
        path::check(target)?;
        head.slice_ref(target)
    };
    PathAndQuery::from_maybe_shared(bytes)
        .map(Uri::from)
        .map_err(|_| Reason::InvalidTarget)
}

/// RFC 9112 3.2.2: `http://authority/path`, what a client sends to a proxy and may send to anyone.
fn absolute(
    head: &Bytes,
    method: &Method,
    target: &str,
    headers: &mut HeaderMap,
    limits: &Limits,
) -> Result<Uri, Reason> {
    let (scheme, rest) = target.split_once("://").ok_or(Reason::InvalidTarget)?;
    let default_port = match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => HTTP,
        _ if scheme.eq_ignore_ascii_case("https") => HTTPS,
        _ => return Err(Reason::InvalidTarget),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path_and_query) = rest.split_at_checked(end).ok_or(Reason::InvalidTarget)?;
    let parsed = Authority::parse(authority.as_bytes()).map_err(|_| Reason::InvalidTarget)?;
    match headers.get(HOST) {
        Some(host) => {
            let host = Authority::parse(host.as_bytes()).map_err(|_| Reason::HostInvalid)?;
            if !host.agrees(&parsed, default_port) {
                return Err(Reason::HostDisagrees);
            }
        }
        None => insert_host(head, authority, headers)?,
    }
    match path_and_query {
        // RFC 9112 3.2.4: the asterisk-form, as a client has to write it to a proxy.
        "" if *method == Method::OPTIONS => Ok(Uri::from(PathAndQuery::from_static("*"))),
        "" => Ok(Uri::from(PathAndQuery::from_static("/"))),
        _ if path_and_query.starts_with('/') => origin(head, path_and_query.as_bytes(), limits),
        _ => rooted(path_and_query, limits),
    }
}

/// A query right after the authority: its path is empty, which is `/`.
fn rooted(query: &str, limits: &Limits) -> Result<Uri, Reason> {
    let rooted = Bytes::from(format!("/{query}"));
    origin(&rooted, &rooted, limits)
}

/// RFC 9112 3.2.3: `host:port`, and the port is not optional.
fn connect(head: &Bytes, target: &str, headers: &mut HeaderMap) -> Result<Uri, Reason> {
    let parsed = Authority::parse(target.as_bytes()).map_err(|_| Reason::InvalidTarget)?;
    let port = parsed.port.ok_or(Reason::InvalidTarget)?;
    if let Some(host) = headers.get(HOST) {
        let host = Authority::parse(host.as_bytes()).map_err(|_| Reason::HostInvalid)?;
        if !host.agrees(&parsed, port) {
            return Err(Reason::HostDisagrees);
        }
    }
    insert_host(head, target, headers)?;
    let authority = uri::Authority::from_maybe_shared(head.slice_ref(target.as_bytes()));
    authority.map(Uri::from).map_err(|_| Reason::InvalidTarget)
}

fn insert_host(head: &Bytes, authority: &str, headers: &mut HeaderMap) -> Result<(), Reason> {
    let host = HeaderValue::from_maybe_shared(head.slice_ref(authority.as_bytes()));
    headers.insert(HOST, host.map_err(|_| Reason::HostInvalid)?);
    Ok(())
}
