//! The answers: a report of what was received, a body of a given size, or the request's own body.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, request};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde::Serialize;
use tokio::time::sleep;

use super::control::{Content, Control};

/// As much of a request's body is shown; the rest is only counted.
const SHOWN: usize = 64 * 1024;

/// The bytes of bodies of a given size, over and over.
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-\n"
        .repeat(256)
        .into()
});

/// The two ends of the connection that a request came by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
}

/// An error means that the request's body broke off; there is nobody to answer then.
pub(super) async fn respond(request: Request<Incoming>, ends: Ends) -> hyper::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let control = match Control::of(&head) {
        Ok(control) => control,
        Err(error) => {
            let mut refusal = response(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8");
            *refusal.body_mut() = Body::full(format!("{error}\n"));
            return Ok(refusal);
        }
    };
    if !control.delay.is_zero() {
        sleep(control.delay).await;
    }
    let mut answer = match control.content {
        Content::Report => {
            let mut answer = response(control.status, "application/json");
            *answer.body_mut() = Body::full(report(&head, ends, &Received::read(body).await?));
            answer
        }
        Content::Size(size) => {
            let mut answer = response(control.status, "text/plain; charset=utf-8");
            answer.body_mut().content = Source::Pattern(size);
            answer
        }
        Content::Echo => {
            let mut answer = response(control.status, "application/octet-stream");
            if let Some(media_type) = head.headers.get(CONTENT_TYPE) {
                answer.headers_mut().insert(CONTENT_TYPE, media_type.clone());
            }
            answer.body_mut().content = Source::Request(body);
            answer
        }
    };
    answer.body_mut().hide_length = control.unsized_body;
    strip_body(&head.method, &mut answer);
    Ok(answer)
}

fn response(status: StatusCode, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Takes the body from answers that must have none (RFC 9110 sections 9.3.2 and 15); to HEAD its length stays known.
fn strip_body(method: &Method, answer: &mut Response<Body>) {
    let bodiless = matches!(
        answer.status(),
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    if !bodiless && method != Method::HEAD {
        return;
    }
    if let (false, Some(length)) = (bodiless, answer.body().size_hint().exact()) {
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    if bodiless {
        answer.headers_mut().remove(CONTENT_TYPE);
    }
    *answer.body_mut() = Body::default();
}

/// A request's body, read to its end.
#[derive(Debug, Default)]
struct Received {
    length: u64,
    shown: Vec<u8>,
    trailers: HeaderMap,
}

impl Received {
    async fn read(mut body: Incoming) -> hyper::Result<Self> {
        let mut received = Self::default();
        while let Some(frame) = body.frame().await {
            match frame?.into_data() {
                Ok(data) => {
                    received.length += data.len() as u64;
                    let room = SHOWN.saturating_sub(received.shown.len());
                    received.shown.extend(data.iter().take(room));
                }
                Err(frame) => received.trailers = frame.into_trailers().unwrap_or_default(),
            }
        }
        Ok(received)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    method: &'a str,
    target: Cow<'a, str>,
    /// Of a request whose target carries them: HTTP/2, or the absolute form.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<&'a str>,
    version: String,
    /// `name: value`, as received but for the names' case.
    headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trailers: Vec<String>,
    body_length: u64,
    body: Cow<'a, str>,
    /// Whether `body` is only the beginning.
    body_truncated: bool,
    peer: SocketAddr,
    local: SocketAddr,
}

fn report(head: &request::Parts, ends: Ends, received: &Received) -> String {
    let uri = &head.uri;
    let target = match uri.path_and_query() {
        Some(target) => target.as_str().into(),
        None => uri.to_string().into(),
    };
    let report = Report {
        method: head.method.as_str(),
        target,
        scheme: uri.scheme_str(),
        authority: uri.authority().map(http::uri::Authority::as_str),
        version: format!("{:?}", head.version),
        headers: fields(&head.headers),
        trailers: fields(&received.trailers),
        body_length: received.length,
        body: String::from_utf8_lossy(&received.shown),
        body_truncated: received.length > received.shown.len() as u64,
        peer: ends.peer,
        local: ends.local,
    };
    // Strings and numbers always have a form in JSON.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn fields(headers: &HeaderMap) -> Vec<String> {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

#[derive(Debug, Default)]
pub(super) struct Body {
    content: Source,
    hide_length: bool,
}

#[derive(Debug, Default)]
enum Source {
    #[default]
    Empty,
    Full(Bytes),
    /// So many bytes of the pattern.
    Pattern(u64),
    Request(Incoming),
}

impl Body {
    fn full(text: String) -> Self {
        Self {
            content: Source::Full(text.into()),
            hide_length: false,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let data = match &mut self.content {
            Source::Empty | Source::Pattern(0) => return Poll::Ready(None),
            Source::Full(bytes) => std::mem::take(bytes),
            Source::Pattern(left) => {
                let length = PATTERN.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= length as u64;
                PATTERN.slice(..length)
            }
            Source::Request(body) => return Pin::new(body).poll_frame(cx),
        };
        if !matches!(self.content, Source::Pattern(_)) {
            self.content = Source::Empty;
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Source::Empty | Source::Pattern(0) => true,
            Source::Full(_) | Source::Pattern(_) => false,
            Source::Request(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            _ if self.hide_length => SizeHint::default(),
            Source::Empty => SizeHint::with_exact(0),
            Source::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Pattern(left) => SizeHint::with_exact(*left),
            Source::Request(body) => body.size_hint(),
        }
    }
}
