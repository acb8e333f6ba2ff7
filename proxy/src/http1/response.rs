//! Response heads (RFC 9112 4 and 6) from upstreams, as strict as requests: what one reader cuts differently poisons
//! a connection that others share.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::response::Parts;
use http::{Method, Response, StatusCode, Version};

use super::body::BodyLength;
use super::fields::Seen;
use super::head::{STATUS_LINE, first_fault, split_status_line};
use super::limits::{Limits, Underscores};
use super::reject::{Peer, Reason, Reject};
use super::scan::{Bounds, Lines, Scan};

/// A response as Tidegate sees it, whichever protocol brought it.
#[derive(Debug)]
pub struct ResponseHead {
    pub parts: Parts,
    /// [`BodyLength::None`] for an interim response (1xx), after which another head comes.
    pub body: BodyLength,
    /// The connection can carry another request once the body has been read.
    pub persistent: bool,
    /// How long the upstream says that it keeps the connection idle (`Keep-Alive: timeout=`).
    pub keep_alive: Option<Duration>,
    /// What the upstream switches to, in a 101.
    pub upgrade: Option<HeaderValue>,
}

/// Takes one response head off the front of `buf`, or nothing while it is incomplete.
///
/// `request` is the method that is answered: HEAD and CONNECT change what a response means. `headers` is as in
/// [`super::parse_request`]. No empty line may come first: bytes after a response are never the next one.
///
/// # Errors
///
/// The upstream's connection is of no use any more.
pub fn parse_response(
    buf: &mut BytesMut,
    scan: &mut Scan,
    headers: &mut HeaderMap,
    request: &Method,
    limits: &Limits,
) -> Result<Option<ResponseHead>, Reject> {
    if matches!(buf.first(), Some(b'\r' | b'\n')) {
        return Err(reject(Reason::LeadingEmptyLine));
    }
    let mut lines = Lines::new();
    match scan.find_lines(buf, &mut lines, &Bounds::head(limits, &STATUS_LINE)) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(reason) => return Err(reject(first_fault(buf, Some(&STATUS_LINE)).unwrap_or(reason))),
    }
    let head = buf.split_to(lines.end).freeze();
    // Built where it is returned: the head is too large to be moved about for nothing.
    let mut read = read(&head, &lines, headers, request, limits);
    if let Err(reject) = &mut read {
        headers.clear();
        reject.reason = first_fault(&head, Some(&STATUS_LINE)).unwrap_or(reject.reason);
    }
    read
}

const fn reject(reason: Reason) -> Reject {
    reason.from(Peer::Upstream)
}

#[inline]
fn read(
    head: &Bytes,
    lines: &Lines,
    headers: &mut HeaderMap,
    request: &Method,
    limits: &Limits,
) -> Result<Option<ResponseHead>, Reject> {
    let mut lines = lines.of(head);
    let (_, line) = lines.next().ok_or(reject(Reason::MalformedStatusLine))?;
    let line = split_status_line(line).map_err(reject)?;
    let status = StatusCode::from_u16(line.code).map_err(|_| reject(Reason::MalformedStatusLine))?;
    // What a name with `_` may do to a CGI behind us, it does in requests alone.
    let mut seen = Seen::new(limits.preserve_case);
    seen.collect(head, lines, headers, Underscores::Allow).map_err(reject)?;
    let body = body_length(&seen, line.minor, status, request).map_err(reject)?;
    if has_no_length(status) {
        headers.remove(CONTENT_LENGTH);
    }

    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.version = if line.minor == 1 {
        Version::HTTP_11
    } else {
        Version::HTTP_10
    };
    parts.headers = std::mem::take(headers);
    if let Some(names) = seen.names {
        parts.extensions.insert(*names);
    }
    Ok(Some(ResponseHead {
        parts,
        body,
        persistent: !seen.close && body != BodyLength::UntilClose && (line.minor == 1 || seen.keep_alive),
        keep_alive: seen
            .keep_alive_timeout
            .map(|seconds| Duration::from_secs(seconds.into())),
        upgrade: seen.upgrade.filter(|_| status == StatusCode::SWITCHING_PROTOCOLS),
    }))
}

/// RFC 9112 6.3. Framing that contradicts itself is refused even where there can be no body.
#[inline]
fn body_length(seen: &Seen, minor: u8, status: StatusCode, request: &Method) -> Result<BodyLength, Reason> {
    let framed = match (seen.chunked, seen.content_length) {
        (true, _) if minor == 0 => return Err(Reason::TransferEncodingInHttp10),
        (true, Some(_)) => return Err(Reason::ContentLengthAndTransferEncoding),
        (true, None) => BodyLength::Chunked,
        (false, Some(length)) => BodyLength::Sized(length),
        (false, None) => BodyLength::UntilClose,
    };
    let is_bodyless = has_no_length(status)
        || status == StatusCode::NOT_MODIFIED
        || *request == Method::HEAD
        || (*request == Method::CONNECT && status.is_success());
    Ok(if is_bodyless { BodyLength::None } else { framed })
}

/// RFC 9110 8.6: no Content-Length in these, so none goes on.
fn has_no_length(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
