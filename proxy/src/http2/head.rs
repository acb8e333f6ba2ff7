//! From HTTP/2's heads to the canonical form and back: what RFC 9113, section 8, asks for and the `h2` crate does not
//! check, and what docs/wire.md adds.

use std::borrow::Cow;
use std::cell::RefCell;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Uri, request};

use crate::exchange::{Kind, remove_all};
use crate::http1::{self, Limits, Peer, Reason, Reject, Underscores, path};

/// The port of the scheme that is spoken without TLS.
const DEFAULT_PORT: u16 = 80;

/// The last `:authority` of a connection and its `Host`: clients hardly ever change it.
#[derive(Debug, Default)]
pub(super) struct Hosts(RefCell<Option<(Authority, HeaderValue)>>);

/// The last `Host` that went to an upstream and its `:authority`.
#[derive(Debug, Default)]
pub(super) struct Authorities(RefCell<Option<(HeaderValue, Authority)>>);

impl Hosts {
    fn value(&self, authority: Authority) -> Result<HeaderValue, Reason> {
        let mut cached = self.0.borrow_mut();
        if let Some((known, value)) = &*cached
            && known.as_str() == authority.as_str()
        {
            return Ok(value.clone());
        }
        parse(authority.as_str().as_bytes())?;
        let value = HeaderValue::from_str(authority.as_str()).map_err(|_| Reason::HostInvalid)?;
        *cached = Some((authority, value.clone()));
        Ok(value)
    }
}

fn parse(authority: &[u8]) -> Result<http1::Authority<'_>, Reason> {
    http1::Authority::parse(authority).map_err(|_| Reason::HostInvalid)
}

impl Authorities {
    pub(super) fn of(&self, host: &HeaderValue) -> Option<Authority> {
        let mut cached = self.0.borrow_mut();
        if let Some((known, authority)) = &*cached
            && known == host
        {
            return Some(authority.clone());
        }
        let authority = Authority::try_from(host.as_bytes()).ok()?;
        *cached = Some((host.clone(), authority.clone()));
        Some(authority)
    }
}

/// Brings a received head into canonical form, or says what is wrong with it.
pub(super) fn canonical(head: &mut request::Parts, limits: &Limits, hosts: &Hosts) -> Result<(), Kind> {
    if head.method == Method::CONNECT {
        return Err(Kind::UpgradeRefused);
    }
    rewrite(head, limits, hosts).map_err(|reason| {
        Reject {
            reason,
            peer: Peer::Downstream,
        }
        .into()
    })
}

fn rewrite(head: &mut request::Parts, limits: &Limits, hosts: &Hosts) -> Result<(), Reason> {
    let normal = normal_target(&head.uri, &head.method, limits)?;
    let uri = std::mem::take(&mut head.uri).into_parts();
    head.uri = normal.or(uri.path_and_query).map_or_else(Uri::default, Uri::from);
    let met = check_fields(&mut head.headers, limits)?;
    if met.hosts > 1 {
        return Err(Reason::HostRepeated);
    }
    set_host(&mut head.headers, uri.authority, hosts)?;
    if met.cookies > 1 {
        join_cookies(&mut head.headers);
    }
    if met.lengths > 0 {
        fold_content_length(&mut head.headers)?;
    }
    Ok(())
}

/// How often the fields came that must not repeat.
#[derive(Default)]
struct Met {
    hosts: usize,
    cookies: usize,
    lengths: usize,
}

/// RFC 9113, section 8.3.1: begins with a slash, or is `*` for OPTIONS. `None` if it is in normal form.
fn normal_target(uri: &Uri, method: &Method, limits: &Limits) -> Result<Option<PathAndQuery>, Reason> {
    let is_http = |scheme: &Scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
    if !uri.scheme().is_none_or(is_http) {
        return Err(Reason::InvalidTarget);
    }
    let target = uri.path_and_query().ok_or(Reason::InvalidTarget)?;
    if target.as_str().len() > limits.target_bytes {
        return Err(Reason::TargetTooLong);
    }
    if *method == Method::OPTIONS && target.as_str() == "*" {
        return Ok(None);
    }
    if !target.path().starts_with('/') {
        return Err(Reason::InvalidTarget);
    }
    if !limits.normalise_path {
        return Ok(None);
    }
    match path::normalise(target.as_str().as_bytes())? {
        Cow::Borrowed(_) => Ok(None),
        Cow::Owned(normal) => match PathAndQuery::from_maybe_shared(Bytes::from(normal)) {
            Ok(normal) => Ok(Some(normal)),
            Err(_) => Err(Reason::InvalidTarget),
        },
    }
}

fn check_fields(fields: &mut HeaderMap, limits: &Limits) -> Result<Met, Reason> {
    if fields.len() > limits.fields {
        return Err(Reason::TooManyFields);
    }
    let mut has_underscores = false;
    let mut has_hop = false;
    let mut met = Met::default();
    for (name, value) in &*fields {
        match *name {
            HOST => met.hosts += 1,
            COOKIE => met.cookies += 1,
            CONTENT_LENGTH => met.lengths += 1,
            EXPECT if !is_continue(value) => return Err(Reason::ExpectationUnknown),
            _ => {
                has_underscores |= name.as_str().contains('_');
                has_hop |= http1::is_hop(name);
            }
        }
        check_value(value)?;
    }
    if has_underscores && limits.underscores == Underscores::Refuse {
        return Err(Reason::Underscore);
    }
    if has_hop {
        remove_all(fields, http1::is_hop);
    }
    Ok(met)
}

/// RFC 9110, section 10.1.1: the only expectation that there is.
fn is_continue(expectation: &HeaderValue) -> bool {
    expectation.is_empty() || expectation.as_bytes().eq_ignore_ascii_case(b"100-continue")
}

/// RFC 9113, section 8.2.1: no value begins or ends with a space or tab. The crate refuses the other bad octets.
fn check_value(value: &HeaderValue) -> Result<(), Reason> {
    let is_blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    let octets = value.as_bytes();
    if is_blank(octets.first()) || is_blank(octets.last()) {
        Err(Reason::ControlCharacter)
    } else {
        Ok(())
    }
}

/// RFC 9113, section 8.3.1: what `Host` says must be what `:authority` says.
fn set_host(fields: &mut HeaderMap, authority: Option<Authority>, hosts: &Hosts) -> Result<(), Reason> {
    match (authority, fields.get(HOST)) {
        (Some(authority), Some(host)) => {
            let agrees = parse(authority.as_str().as_bytes())?.agrees(&parse(host.as_bytes())?, DEFAULT_PORT);
            let value = hosts.value(authority)?;
            if !agrees {
                return Err(Reason::HostDisagrees);
            }
            fields.insert(HOST, value);
        }
        (Some(authority), None) => {
            fields.insert(HOST, hosts.value(authority)?);
        }
        (None, Some(host)) => {
            parse(host.as_bytes())?;
        }
        (None, None) => return Err(Reason::HostMissing),
    }
    Ok(())
}

/// RFC 9113, section 8.2.3.
fn join_cookies(fields: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = fields.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    // Pieces that were valid make a valid whole.
    if let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        fields.insert(COOKIE, cookie);
    }
}

/// The crate compares repeated lengths as numbers and takes an empty one for 0.
fn fold_content_length(fields: &mut HeaderMap) -> Result<(), Reason> {
    let mut values = fields.get_all(CONTENT_LENGTH).iter();
    let Some(first) = values.next() else { return Ok(()) };
    let is_number = |value: &HeaderValue| !value.is_empty() && value.as_bytes().iter().all(u8::is_ascii_digit);
    let mut repeats = 0;
    if !is_number(first) || !values.inspect(|_| repeats += 1).all(is_number) {
        return Err(Reason::InvalidContentLength);
    }
    if repeats > 0 {
        let first = first.clone();
        fields.insert(CONTENT_LENGTH, first);
    }
    Ok(())
}

pub(super) fn content_length(fields: &HeaderMap) -> Option<u64> {
    fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Makes a head one that may go out by HTTP/2: takes away what RFC 9113, section 8.2.2, forbids (canonical heads have it
/// only when a filter put it there), and keeps values that do not come again out of the compression table, where they
/// would only push out those that do; the crate's encoder, moreover, compares a value with all of its name in the table.
pub(super) fn prepare(fields: &mut HeaderMap) {
    let mut has_forbidden = false;
    let mut has_bad_te = false;
    for (name, value) in fields.iter_mut() {
        match *name {
            CONNECTION | TRANSFER_ENCODING | UPGRADE => has_forbidden = true,
            TE => has_bad_te |= value != "trailers",
            _ => match name.as_str() {
                "keep-alive" | "proxy-connection" => has_forbidden = true,
                "x-request-id" | "traceparent" => value.set_sensitive(true),
                _ => {}
            },
        }
    }
    if has_forbidden {
        for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
            fields.remove(name);
        }
        fields.remove("keep-alive");
        fields.remove("proxy-connection");
    }
    if has_bad_te {
        fields.remove(TE);
    }
}

pub(super) fn check_trailers(trailers: &HeaderMap, limits: &Limits, peer: Peer) -> Result<(), Reject> {
    let refuse = |reason| Reject { reason, peer };
    if trailers.len() > limits.trailer_fields {
        return Err(refuse(Reason::TooManyTrailers));
    }
    let has_underscores = || trailers.keys().any(|name| name.as_str().contains('_'));
    if peer == Peer::Downstream && limits.underscores == Underscores::Refuse && has_underscores() {
        return Err(refuse(Reason::Underscore));
    }
    trailers.values().try_for_each(check_value).map_err(refuse)
}

/// RFC 9110, section 6.5.1: some fields mean nothing behind a message, or would be a trick.
pub(super) fn strip_trailers(trailers: &mut HeaderMap) {
    remove_all(trailers, |name| !http1::is_trailer(name));
}

#[cfg(test)]
#[path = "head/tests.rs"]
mod tests;
