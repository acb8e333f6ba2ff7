//! One body type, both ways.
//!
//! Its sources are enumerated so that a frame passes from one side to the other without a virtual call or a box.
//! [`Body::poll_frame`] hands out what is there and never holds a frame back to fill it.

use std::task::{Context, Poll};

use bytes::Bytes;

use super::Error;
use crate::{http1, http2};

pub type Frame = http_body::Frame<Bytes>;

#[derive(Debug)]
pub enum Body {
    Empty,
    Full(Bytes),
    /// A request body read from an HTTP/1.1 client.
    Http1Request(http1::RequestBody),
    /// An answer's body read from an HTTP/1.1 upstream, which also finishes the upload that belongs to it.
    Http1Response(Box<http1::ResponseBody>),
    /// A request body read from an HTTP/2 client.
    Http2Request(http2::RequestBody),
    /// An answer's body read from an HTTP/2 upstream, which also finishes the upload that belongs to it.
    Http2Response(Box<http2::ResponseBody>),
}

impl Body {
    /// The next frame; `None` after the last. After an error nothing more comes.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Http1Request(body) => body.poll_frame(cx),
            Self::Http1Response(body) => body.poll_frame(cx),
            Self::Http2Request(body) => body.poll_frame(cx),
            Self::Http2Response(body) => body.poll_frame(cx),
        }
    }

    /// Drives the upload that belongs to an answer while nobody asks for the answer's next frame (a client that does not
    /// read while it sends must not stop its own upload).
    pub fn poll_upload(&mut self, cx: &mut Context<'_>) {
        match self {
            Self::Http1Response(body) => body.poll_upload(cx),
            Self::Http2Response(body) => body.poll_upload(cx),
            _ => {}
        }
    }

    /// The length if it is known before the first frame.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Full(bytes) => Some(bytes.len() as u64),
            Self::Http1Request(body) => body.length(),
            Self::Http1Response(body) => body.length(),
            Self::Http2Request(body) => body.length(),
            Self::Http2Response(body) => body.length(),
        }
    }

    /// Whether nothing at all will come: no data, no trailers.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Http1Request(body) => body.length() == Some(0),
            Self::Http1Response(body) => body.length() == Some(0),
            Self::Http2Request(body) => body.is_end(),
            Self::Http2Response(body) => body.is_end(),
        }
    }
}
