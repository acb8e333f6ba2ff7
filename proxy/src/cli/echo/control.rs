//! What a request asks of its answer, by query parameters or headers; the query wins.

use std::time::Duration;

use http::{HeaderMap, StatusCode, request};
use thiserror::Error;
use tidegate_config::{ByteSize, TimeSpan};

/// What headers that control the answer begin with.
const PREFIX: &str = "x-echo-";

#[derive(Debug, Eq, PartialEq)]
pub(super) struct Control {
    pub(super) status: StatusCode,
    pub(super) delay: Duration,
    pub(super) content: Content,
    /// Whether the body goes out without its length: chunked in HTTP/1.1.
    pub(super) unsized_body: bool,
}

#[derive(Debug, Eq, PartialEq)]
pub(super) enum Content {
    /// What was received, described.
    Report,
    /// As many bytes.
    Size(u64),
    /// The request's body.
    Echo,
}

#[derive(Debug, Eq, Error, PartialEq)]
pub(super) enum ControlError {
    #[error("status: `{0}` is not a status of an answer: write a number from 200 to 599")]
    Status(String),
    #[error("delay: {0}: write for example `250ms`, `5s` or `1m30s`")]
    Delay(String),
    #[error("size: {0}: write for example `512`, `64KiB` or `1MiB`")]
    Size(String),
    #[error("body: `{0}` is not something this can send: write `echo`, or leave it out")]
    Body(String),
    #[error("chunked: `{0}` is neither `true` nor `false`; `chunked` alone means true")]
    Chunked(String),
    #[error("size and body: an answer has one body: choose one of them")]
    TwoBodies,
}

impl Control {
    pub(super) fn of(head: &request::Parts) -> Result<Self, ControlError> {
        let asked = |name| asked(head.uri.query(), &head.headers, name);
        let size = asked("size").map(size).transpose()?;
        let body = asked("body").map(body).transpose()?;
        let content = match (size, body) {
            (Some(_), Some(())) => return Err(ControlError::TwoBodies),
            (Some(size), None) => Content::Size(size),
            (None, Some(())) => Content::Echo,
            (None, None) => Content::Report,
        };
        Ok(Self {
            status: asked("status").map_or(Ok(StatusCode::OK), status)?,
            delay: asked("delay").map_or(Ok(Duration::ZERO), delay)?,
            content,
            unsized_body: asked("chunked").map_or(Ok(false), chunked)?,
        })
    }
}

/// What the query, else the headers say about `name`.
fn asked<'a>(query: Option<&'a str>, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = query
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let by_query = pairs
        .into_iter()
        .find_map(|(key, value)| (key == name).then_some(value));
    // A value with bytes beyond ASCII is none of ours.
    by_query.or_else(|| headers.get(format!("{PREFIX}{name}"))?.to_str().ok())
}

fn status(text: &str) -> Result<StatusCode, ControlError> {
    // 1xx are no final answers.
    let status = StatusCode::from_bytes(text.as_bytes()).ok();
    let status = status.filter(|status| (200..=599).contains(&status.as_u16()));
    status.ok_or_else(|| ControlError::Status(text.into()))
}

fn delay(text: &str) -> Result<Duration, ControlError> {
    text.parse()
        .map(TimeSpan::duration)
        .map_err(|error| ControlError::Delay(error.to_string()))
}

fn size(text: &str) -> Result<u64, ControlError> {
    text.parse()
        .map(ByteSize::bytes)
        .map_err(|error| ControlError::Size(error.to_string()))
}

fn body(text: &str) -> Result<(), ControlError> {
    if text == "echo" {
        Ok(())
    } else {
        Err(ControlError::Body(text.into()))
    }
}

fn chunked(text: &str) -> Result<bool, ControlError> {
    match text {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ControlError::Chunked(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn control(target: &str, headers: &[(&str, &str)]) -> Result<Control, ControlError> {
        let request = headers.iter().fold(Request::get(target), |request, (name, value)| {
            request.header(*name, *value)
        });
        Control::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn asks_nothing_of_a_request_that_says_nothing() {
        let plain = Control {
            status: StatusCode::OK,
            delay: Duration::ZERO,
            content: Content::Report,
            unsized_body: false,
        };
        assert_eq!(control("/", &[]), Ok(plain));
        assert_eq!(control("/?page=2&&sizes=3", &[("x-size", "7")]), control("/", &[]));
    }

    #[test]
    fn takes_the_query_before_headers() {
        let asked = control(
            "/?status=503&chunked",
            &[("x-echo-status", "200"), ("x-echo-delay", "250ms")],
        )
        .unwrap();
        let expected = Control {
            status: StatusCode::SERVICE_UNAVAILABLE,
            delay: Duration::from_millis(250),
            content: Content::Report,
            unsized_body: true,
        };
        assert_eq!(asked, expected);
        assert_eq!(
            control("/?size=2KiB&chunked=false", &[]).unwrap().content,
            Content::Size(2048)
        );
        assert_eq!(control("/", &[("x-echo-body", "echo")]).unwrap().content, Content::Echo);
    }

    #[test]
    fn refuses_what_it_cannot_do_and_says_what_it_could() {
        for (target, expected) in [
            ("/?status=101", "from 200 to 599"),
            ("/?status=+200", "from 200 to 599"),
            ("/?delay=soon", "`250ms`"),
            ("/?size=-1", "`64KiB`"),
            ("/?body=mine", "`echo`"),
            ("/?chunked=maybe", "`true`"),
            ("/?size=1&body=echo", "one body"),
        ] {
            let error = control(target, &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{target}: {error}");
        }
    }
}
