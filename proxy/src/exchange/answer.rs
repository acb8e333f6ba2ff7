//! What a service answers with: a response, or the two ends of a tunnel.

use http::Response;

use super::{Body, Io};
use crate::upstream::Permit;

#[derive(Debug)]
pub enum Answer {
    Response(Response<Body>),
    /// 101 after an upgrade that was asked for: from here on bytes pass unread.
    Tunnel(Tunnel),
}

#[derive(Debug)]
pub struct Tunnel {
    pub head: http::response::Parts,
    /// The protocol that was switched to.
    pub upgrade: Option<http::HeaderValue>,
    pub io: TunnelIo,
}

/// The upstream end of a tunnel, with what it already sent behind its 101.
#[derive(Debug)]
pub struct TunnelIo {
    pub io: Io,
    pub prefix: bytes::BytesMut,
    /// Its place among the cluster's connections.
    pub(crate) permit: Permit,
}

impl Answer {
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::Response(response) => response.status(),
            Self::Tunnel(tunnel) => tunnel.head.status,
        }
    }
}

impl From<Response<Body>> for Answer {
    fn from(response: Response<Body>) -> Self {
        Self::Response(response)
    }
}
