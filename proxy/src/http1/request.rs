//! Request heads (RFC 9112 3 and 6): parsed, judged, brought to the canonical form.

use bytes::{Buf, Bytes, BytesMut};
use http::header::{EXPECT, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Version};

use super::body::BodyLength;
use super::fields::{Expect, Seen};
use super::head::{REQUEST_LINE, RequestLine, first_fault, split_request_line};
use super::limits::Limits;
use super::reject::{Peer, Reason, Reject};
use super::scan::{Bounds, Lines, Scan};
use super::target;

/// No method in use is half as long.
pub(crate) const METHOD_BYTES: usize = 32;

/// A request as Tidegate sees it, whichever protocol brought it.
#[derive(Debug)]
pub struct RequestHead {
    pub parts: Parts,
    pub body: BodyLength,
    /// The client would send another request on this connection.
    pub persistent: bool,
    /// The client waits for a 100 before it sends its body.
    pub expect_continue: bool,
    /// What the client would switch to: both `Connection: upgrade` and Upgrade were there.
    pub upgrade: Option<HeaderValue>,
}

/// Takes one request head off the front of `buf`, or nothing while it is incomplete.
///
/// The fields go into `headers`, which is empty but may have room from an earlier message, and which is taken on
/// success and stays empty otherwise. One CRLF before a request line is skipped (RFC 9112 2.2, for clients that send one after a body).
///
/// # Errors
///
/// The connection is of no use any more: answer with [`Reject::status`] and close it.
pub fn parse_request(
    buf: &mut BytesMut,
    scan: &mut Scan,
    headers: &mut HeaderMap,
    limits: &Limits,
) -> Result<Option<RequestHead>, Reject> {
    if matches!(buf.first(), Some(b'\r' | b'\n')) && !skip_empty_line(buf, scan).map_err(reject)? {
        return Ok(None);
    }
    let mut lines = Lines::new();
    match scan.find_lines(buf, &mut lines, &Bounds::head(limits, &REQUEST_LINE)) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(reason) => return Err(reject(first_fault(buf, Some(&REQUEST_LINE)).unwrap_or(reason))),
    }
    let head = buf.split_to(lines.end).freeze();
    // Built where it is returned: the head is too large to be moved about for nothing.
    let mut read = read(&head, &lines, headers, limits);
    if let Err(reject) = &mut read {
        headers.clear();
        reject.reason = first_fault(&head, Some(&REQUEST_LINE)).unwrap_or(reject.reason);
    }
    read
}

const fn reject(reason: Reason) -> Reject {
    reason.from(Peer::Downstream)
}

#[inline]
fn read(head: &Bytes, lines: &Lines, headers: &mut HeaderMap, limits: &Limits) -> Result<Option<RequestHead>, Reject> {
    let mut lines = lines.of(head);
    let (_, line) = lines.next().ok_or(reject(Reason::MalformedRequestLine))?;
    let line = split_request_line(line).map_err(reject)?;
    let mut seen = Seen::new(limits.preserve_case);
    seen.collect(head, lines, headers, limits.underscores).map_err(reject)?;
    let method = method(line.method).map_err(reject)?;
    let body = body_length(&seen, &line, &method).map_err(reject)?;
    // In HTTP/1.0, too, a request must say whom it is for; a target that names the authority does.
    if seen.host.is_none() && (line.minor == 1 || matches!(line.target, [b'/', ..] | b"*")) {
        return Err(reject(Reason::HostMissing));
    }
    let uri = target::resolve(head, &method, line.target, seen.host, headers, limits).map_err(reject)?;
    let expect_continue = expectation(&seen, &line, body, headers).map_err(reject)?;

    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method;
    parts.uri = uri;
    parts.version = if line.minor == 1 {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    parts.headers = std::mem::take(headers);
    if let Some(names) = seen.names {
        parts.extensions.insert(*names);
    }
    Ok(Some(RequestHead {
        parts,
        body,
        persistent: !seen.close && (line.minor == 1 || seen.keep_alive),
        expect_continue,
        // RFC 9110 7.8: an HTTP/1.0 request cannot upgrade.
        upgrade: seen.upgrade.filter(|_| line.minor == 1),
    }))
}

/// Takes one CRLF off; false while half of it is missing.
#[cold]
fn skip_empty_line(buf: &mut BytesMut, scan: &mut Scan) -> Result<bool, Reason> {
    match (buf.first(), buf.get(1)) {
        _ if scan.skipped_empty_line => Err(Reason::LeadingEmptyLine),
        (Some(b'\r'), None) => Ok(false),
        (Some(b'\r'), Some(b'\n')) => {
            buf.advance(2);
            scan.skipped_empty_line = true;
            match buf.first() {
                Some(b'\r' | b'\n') => Err(Reason::LeadingEmptyLine),
                _ => Ok(!buf.is_empty()),
            }
        }
        (Some(b'\n'), _) => Err(Reason::BareLf),
        _ => Err(Reason::BareCr),
    }
}

#[inline]
fn method(method: &[u8]) -> Result<Method, Reason> {
    if method.len() > METHOD_BYTES {
        return Err(Reason::MethodTooLong);
    }
    Method::from_bytes(method).map_err(|_| Reason::MalformedRequestLine)
}

/// RFC 9112 6.3, with no case left in which two readers could differ.
#[inline]
fn body_length(seen: &Seen, line: &RequestLine<'_>, method: &Method) -> Result<BodyLength, Reason> {
    let body = match (seen.chunked, seen.content_length) {
        (false, None) => BodyLength::None,
        (false, Some(length)) => BodyLength::Sized(length),
        (true, _) if line.minor == 0 => return Err(Reason::TransferEncodingInHttp10),
        (true, Some(_)) => return Err(Reason::ContentLengthAndTransferEncoding),
        (true, None) => BodyLength::Chunked,
    };
    if *method == Method::CONNECT && !body.is_empty() {
        return Err(Reason::ContentOnConnect);
    }
    Ok(body)
}

/// RFC 9110 10.1.1. An expectation without content, or in HTTP/1.0, is none; it does not go on either.
#[inline]
fn expectation(seen: &Seen, line: &RequestLine<'_>, body: BodyLength, headers: &mut HeaderMap) -> Result<bool, Reason> {
    match seen.expect {
        None => Ok(false),
        Some(_) if line.minor == 0 => {
            headers.remove(EXPECT);
            Ok(false)
        }
        Some(Expect::Unknown) => Err(Reason::ExpectationUnknown),
        Some(Expect::Continue) if body.is_empty() => {
            headers.remove(EXPECT);
            Ok(false)
        }
        Some(Expect::Continue) => Ok(true),
    }
}

#[cfg(test)]
mod tests;
