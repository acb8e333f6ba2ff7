//! The answers that Tidegate gives itself.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response};

use super::filters::finish_own;
use crate::exchange::{Body, Kind, Object, Record};

/// Names the reason of an answer that no upstream gave.
const REASON: HeaderName = HeaderName::from_static("x-tidegate-reason");
/// Names the object of the configuration that the failure is due to.
const OBJECT: HeaderName = HeaderName::from_static("x-tidegate-object");

/// An answer that says what failed: status, reason, flag and object. `None`: nobody would read it.
pub fn generated(kind: Kind, record: &Record) -> Option<Response<Body>> {
    let (status, reason, flag) = (kind.status()?, kind.reason(), kind.flag().0);
    let origin = record.origin();
    let object = kind.object(record.met(origin.as_ref()));
    let text = format!(
        "{} {}: {reason} ({flag}), {object}\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or("Error")
    );
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    name_cause(headers, reason, Some(object));
    finish_own(headers, record);
    *response.body_mut() = Body::Full(text.into());
    Some(response)
}

/// Says why an answer is not an upstream's.
pub(super) fn name_cause(headers: &mut HeaderMap, reason: &'static str, object: Option<Object<'_>>) {
    headers.insert(REASON, HeaderValue::from_static(reason));
    // Ids are made of tokens, which a field value takes.
    if let Some(Ok(object)) = object.map(|object| HeaderValue::try_from(object.to_string())) {
        headers.insert(OBJECT, object);
    }
}
