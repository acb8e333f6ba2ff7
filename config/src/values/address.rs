//! Where to listen and where to connect.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::diagnostic::{Code, ValueError};

/// An IP address and port to listen on. Port 0 lets the system choose.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ListenerAddress(SocketAddr);

impl ListenerAddress {
    /// The address for the socket.
    pub const fn socket_addr(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for ListenerAddress {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        socket_addr(text).map(Self)
    }
}

impl fmt::Display for ListenerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An IP address and port to connect to; never port 0, never the unspecified address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EndpointAddress(SocketAddr);

impl EndpointAddress {
    /// The address for the socket.
    pub const fn socket_addr(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for EndpointAddress {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let address = socket_addr(text)?;
        if address.port() == 0 || address.ip().is_unspecified() {
            return Err(
                ValueError::new(Code::BadAddress, format!("nothing can be reached at `{text}`"))
                    .help("an endpoint has the address and port of a server: `127.0.0.1:9000`"),
            );
        }
        Ok(Self(address))
    }
}

impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn socket_addr(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| {
        ValueError::is_not(Code::BadAddress, text, "an address")
            .help("write an IP address and a port: `127.0.0.1:8080`, `0.0.0.0:80` or `\"[::1]:8080\"`")
    })
}
