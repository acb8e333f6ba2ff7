//! `directResponse`: an answer that needs no backend.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tidegate_config as config;

use crate::answer::{Answer, Reason};
use crate::headers::fields;

/// The answer, ready-made; its body is shared by all who get it.
#[derive(Debug)]
pub struct DirectResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl DirectResponse {
    /// Compiles the answer.
    pub fn compile(spec: &config::DirectResponse) -> Self {
        // `config` admits 200 to 599.
        let status = StatusCode::from_u16(spec.status).unwrap_or(StatusCode::OK);
        let body = Bytes::from_owner(std::sync::Arc::clone(&spec.body));
        let mut headers: HeaderMap = fields(&spec.headers).collect();
        if !body.is_empty() {
            headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        Self { status, headers, body }
    }

    /// The answer to any request.
    pub fn answer(&self) -> Box<Answer> {
        let mut answer = Answer::new(Reason::DirectResponse, self.status);
        answer.headers.clone_from(&self.headers);
        answer.body = self.body.clone();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Box<Answer> {
        let field = |(name, value): &(&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        let spec = config::DirectResponse {
            status,
            headers: headers.iter().map(field).collect(),
            body: body.as_bytes().into(),
        };
        DirectResponse::compile(&spec).answer()
    }

    #[test]
    fn a_body_has_a_length_and_a_type() {
        let plain = answer(200, &[], "hello");
        assert_eq!((plain.status.as_u16(), &plain.body[..]), (200, &b"hello"[..]));
        assert_eq!(plain.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(plain.headers["content-length"], "5");
        let json = answer(503, &[("content-type", "application/json"), ("x-a", "b")], "{}");
        assert_eq!(json.status.as_u16(), 503);
        assert_eq!(json.headers.get_all("content-type").iter().count(), 1);
        assert_eq!(json.headers["content-type"], "application/json");
        assert_eq!(json.headers["x-a"], "b");
    }

    #[test]
    fn no_body_has_neither() {
        for status in [200, 204, 304, 404] {
            assert!(answer(status, &[], "").headers.is_empty());
        }
    }
}
