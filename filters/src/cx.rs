//! What a filter knows of a request beside its head.

use std::net::IpAddr;

use tidegate_config::Scheme;

/// The circumstances of a request.
#[derive(Clone, Copy, Debug)]
pub struct FilterCx {
    /// Who asks, as far as the proxies in front are trusted to say.
    pub client: IpAddr,
    /// The scheme that the client used.
    pub scheme: Scheme,
    /// The port of the listener.
    pub port: u16,
    /// How many bytes of the path the match covers: a prefix without the slash at its end (so `/` covers none), or the
    /// whole path that was matched exactly.
    pub matched: usize,
}
