//! An answer of the admin interface, and the fields that all of them have.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use super::query::BadQuery;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What each answer tells a browser.
const FIELDS: [(HeaderName, &str); 6] = [
    // Each answer is true only for the moment.
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
];

#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    media_type: HeaderValue,
    body: Bytes,
}

#[derive(Serialize)]
struct Failure {
    error: String,
}

impl Answer {
    pub(super) fn new(media_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type,
            body: body.into(),
        }
    }

    pub(super) fn text(body: impl Into<Bytes>) -> Self {
        Self::new(TEXT, body)
    }

    pub(super) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_string_pretty(value) {
            Ok(text) => Self::new(JSON, text + "\n"),
            Err(error) => Self::failed(&error),
        }
    }

    pub(super) fn failed(error: &serde_json::Error) -> Self {
        Self::text(format!("this cannot be shown: {error}\n")).with_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What is wrong with the question, as JSON.
    pub(super) fn bad(error: &dyn std::error::Error) -> Self {
        let error = error.to_string();
        Self::json(&Failure { error }).with_status(StatusCode::BAD_REQUEST)
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.media_type);
        headers.insert(VARY, HeaderValue::from_static("accept"));
        for (name, value) in FIELDS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl From<BadQuery> for Answer {
    fn from(error: BadQuery) -> Self {
        Self::bad(&error)
    }
}
