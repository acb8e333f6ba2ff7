//! What is known of a downstream connection for as long as it lives.

use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderValue;
use tidegate_config::Scheme;

use crate::live::Listener;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    Http1,
    Http2,
}

#[derive(Debug)]
pub struct Connection {
    pub peer: SocketAddr,
    /// The peer's address as X-Forwarded-For says it.
    pub peer_address: HeaderValue,
    pub local: SocketAddr,
    pub protocol: Protocol,
    pub listener: Arc<Listener>,
}

impl Connection {
    pub fn new(peer: SocketAddr, local: SocketAddr, protocol: Protocol, listener: Arc<Listener>) -> Self {
        let peer_address = HeaderValue::from_str(&peer.ip().to_canonical().to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Self {
            peer,
            peer_address,
            local,
            protocol,
            listener,
        }
    }

    /// The scheme the client used.
    pub fn scheme(&self) -> Scheme {
        Scheme::Http
    }
}
