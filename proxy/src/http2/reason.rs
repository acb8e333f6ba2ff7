//! The one map between our errors and HTTP/2's codes, both ways.

use h2::Reason;

use crate::exchange::{Error, Kind, Side};

/// The code that a client's stream is reset with when its answer cannot be completed.
pub(super) fn to_client(kind: Kind) -> Reason {
    match kind {
        Kind::BadRequest(_) | Kind::Http2Protocol | Kind::InvalidRewrite => Reason::PROTOCOL_ERROR,
        Kind::RateLimited
        | Kind::Http2PingFlood
        | Kind::Http2SettingsFlood
        | Kind::Http2EmptyDataFlood
        | Kind::Http2ResetFlood
        | Kind::Http2ContinuationFlood => Reason::ENHANCE_YOUR_CALM,
        Kind::ListenerConnections
        | Kind::ProcessConnections
        | Kind::Overflow
        | Kind::UpstreamRefused
        | Kind::UpstreamGoAway => Reason::REFUSED_STREAM,
        Kind::RequestTimeout
        | Kind::BackendTimeout
        | Kind::StreamIdle
        | Kind::RequestBodyStall
        | Kind::WriteStall
        | Kind::DownstreamReset => Reason::CANCEL,
        Kind::UpgradeRefused => Reason::HTTP_1_1_REQUIRED,
        Kind::RequestHeadTimeout
        | Kind::NotHttp
        | Kind::TunnelIdle
        | Kind::NoRoute
        | Kind::InvalidBackend
        | Kind::NoBackend
        | Kind::NoEndpoint
        | Kind::ConnectFailure
        | Kind::ConnectTimeout
        | Kind::UpstreamReset
        | Kind::UpstreamHttp2
        | Kind::UnaskedUpgrade
        | Kind::LengthMismatch
        | Kind::UpstreamProtocol(_) => Reason::INTERNAL_ERROR,
    }
}

/// The code that an upstream's stream is reset with when the request cannot be completed.
pub(super) fn to_upstream(kind: Kind) -> Reason {
    match kind.side() {
        Side::Downstream | Side::Upstream => Reason::CANCEL,
        Side::Us => Reason::INTERNAL_ERROR,
    }
}

/// What a failed read from a client's stream means.
pub(super) fn from_client(error: h2::Error) -> Error {
    let kind = match error.reason() {
        Some(Reason::PROTOCOL_ERROR | Reason::FLOW_CONTROL_ERROR | Reason::FRAME_SIZE_ERROR) if error.is_library() => {
            Kind::Http2Protocol
        }
        _ => Kind::DownstreamReset,
    };
    Error::with(kind, error)
}

/// Whether the stream ended because its connection did, without a word.
pub(super) fn is_connection_lost(error: &Error) -> bool {
    use std::error::Error as _;
    let source = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    source.is_some_and(h2::Error::is_io)
}

/// What a failure of an upstream's stream means.
pub(super) fn from_upstream(error: h2::Error) -> Error {
    // What it did nothing about, it says (RFC 9113, section 8.7). The crate fails a stream with a remote GOAWAY only when
    // its id is above the last one that the GOAWAY names.
    let kind = if error.is_remote() && error.is_go_away() {
        Kind::UpstreamGoAway
    } else if error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM) {
        Kind::UpstreamRefused
    } else if error.is_library() {
        Kind::UpstreamHttp2
    } else {
        Kind::UpstreamReset
    };
    Error::with(kind, error)
}
