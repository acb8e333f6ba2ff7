//! One error type and its one map to the wire: whose side failed, whether trying again is safe, the response flag, the
//! status and the stable reason are all decided here and nowhere else.

use std::fmt;

use http::StatusCode;

use crate::http1::{EncodeError, Peer, Reason, Reject};

/// Why a request (or its connection) failed.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// The client broke the protocol; reason and status come from the codec.
    BadRequest {
        reason: &'static str,
        status: StatusCode,
    },
    /// The client speaks no HTTP/1: nothing that we could answer would be understood.
    NotHttp,
    /// The client went away or reset its stream.
    DownstreamReset,
    /// The client did not finish its request head in time.
    RequestHeadTimeout,
    /// The client stopped sending its body.
    RequestBodyStall,
    /// The client stopped reading the answer.
    WriteStall,
    /// No route of this listener matches.
    NoRoute,
    /// A rate limit of the rule is used up.
    RateLimited,
    /// The path that the rule's filters would give the request is none.
    InvalidRewrite,
    /// The rule's share for this request goes to a cluster that does not exist.
    InvalidBackend,
    /// The rule has no backend with a weight.
    NoBackend,
    /// The cluster has no endpoint.
    NoEndpoint,
    /// The upstream could not be reached.
    ConnectFailure,
    ConnectTimeout,
    /// The cluster's connection or pending-request limit is used up.
    Overflow,
    /// The whole request took longer than its limit.
    RequestTimeout,
    /// One try took longer than its limit.
    BackendTimeout,
    /// The upstream closed or reset before its answer was whole.
    UpstreamReset,
    /// An HTTP/2 upstream said that it did not process this request.
    UpstreamRefused,
    /// An HTTP/2 upstream ended the connection (GOAWAY) before it took this request.
    UpstreamGoAway,
    /// The upstream broke the protocol.
    UpstreamProtocol {
        reason: &'static str,
    },
    /// Neither side sent anything for as long as a stream may be silent. An upstream that stops in the middle of its answer
    /// is this, too: nothing tells it from a stream that has nothing to say.
    StreamIdle,
    /// Neither end of a tunnel sent anything for as long as one may be silent.
    TunnelIdle,
    /// An upgrade or CONNECT that is not configured.
    UpgradeRefused,
    /// Tidegate is out of something it needs.
    Overload,
}

/// Whose side a failure is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    Downstream,
    Upstream,
    Us,
}

/// What the access log and metrics call a failure: Envoy's letters where they exist.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Flag(pub &'static str);

/// What a request met on its way, by the ids of the objects.
#[derive(Clone, Copy, Debug)]
pub struct Met<'a> {
    pub listener: &'a str,
    pub route: Option<&'a str>,
    /// Whose filter answered.
    pub filter: Option<Object<'a>>,
    pub cluster: Option<&'a str>,
}

/// An object of the configuration, written `cluster default/web`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Object<'a> {
    pub kind: &'static str,
    pub id: &'a str,
}

impl Error {
    pub fn new(kind: Kind) -> Self {
        Self { kind, source: None }
    }

    pub fn with(kind: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }

    pub fn side(&self) -> Side {
        self.kind.side()
    }

    /// What lies beneath, for logs.
    pub fn source_text(&self) -> String {
        self.source.as_ref().map_or_else(String::new, ToString::to_string)
    }
}

impl Kind {
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest { status, .. } => status,
            Self::NotHttp => StatusCode::BAD_REQUEST,
            // Nobody reads it; the access log has nginx's number for «client closed request».
            Self::DownstreamReset | Self::WriteStall => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            Self::RequestHeadTimeout | Self::RequestBodyStall => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidRewrite => StatusCode::BAD_REQUEST,
            Self::InvalidBackend | Self::NoBackend => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoEndpoint | Self::ConnectFailure | Self::ConnectTimeout | Self::Overflow | Self::Overload => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::RequestTimeout | Self::BackendTimeout | Self::StreamIdle | Self::TunnelIdle => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::UpstreamReset | Self::UpstreamRefused | Self::UpstreamGoAway | Self::UpstreamProtocol { .. } => {
                StatusCode::BAD_GATEWAY
            }
            Self::UpgradeRefused => StatusCode::NOT_IMPLEMENTED,
        }
    }

    pub fn side(self) -> Side {
        match self {
            Self::BadRequest { .. }
            | Self::NotHttp
            | Self::DownstreamReset
            | Self::RequestHeadTimeout
            | Self::RequestBodyStall
            | Self::WriteStall
            | Self::RateLimited
            | Self::InvalidRewrite
            | Self::UpgradeRefused => Side::Downstream,
            Self::NoRoute
            | Self::InvalidBackend
            | Self::NoBackend
            | Self::Overflow
            | Self::TunnelIdle
            | Self::Overload => Side::Us,
            Self::NoEndpoint
            | Self::ConnectFailure
            | Self::ConnectTimeout
            | Self::RequestTimeout
            | Self::BackendTimeout
            | Self::UpstreamReset
            | Self::UpstreamRefused
            | Self::UpstreamGoAway
            | Self::UpstreamProtocol { .. }
            | Self::StreamIdle => Side::Upstream,
        }
    }

    /// The object that the failure is due to: whose setting it was, or who could not do its part.
    pub fn object(self, met: Met<'_>) -> Object<'_> {
        let listener = Object::listener(met.listener);
        let route = met.route.map_or(listener, Object::route);
        match self {
            Self::BadRequest { .. }
            | Self::NotHttp
            | Self::DownstreamReset
            | Self::RequestHeadTimeout
            | Self::RequestBodyStall
            | Self::WriteStall
            | Self::NoRoute
            | Self::StreamIdle
            | Self::TunnelIdle
            | Self::UpgradeRefused
            | Self::Overload => listener,
            Self::RateLimited | Self::InvalidRewrite => met.filter.unwrap_or(route),
            Self::InvalidBackend | Self::NoBackend | Self::RequestTimeout | Self::BackendTimeout => route,
            Self::NoEndpoint
            | Self::ConnectFailure
            | Self::ConnectTimeout
            | Self::Overflow
            | Self::UpstreamReset
            | Self::UpstreamRefused
            | Self::UpstreamGoAway
            | Self::UpstreamProtocol { .. } => met.cluster.map_or(route, |id| Object::new("cluster", id)),
        }
    }

    pub fn flag(self) -> Flag {
        Flag(match self {
            Self::BadRequest { .. } | Self::NotHttp => "DPE",
            Self::DownstreamReset => "DC",
            Self::RequestHeadTimeout | Self::RequestBodyStall | Self::WriteStall => "DT",
            Self::NoRoute => "NR",
            Self::RateLimited => "RL",
            Self::InvalidRewrite => "DPE",
            Self::InvalidBackend | Self::NoBackend => "NC",
            Self::NoEndpoint => "UH",
            Self::ConnectFailure | Self::ConnectTimeout => "UF",
            Self::Overflow => "UO",
            Self::RequestTimeout | Self::BackendTimeout => "UT",
            Self::UpstreamReset | Self::UpstreamGoAway => "UC",
            Self::UpstreamRefused => "UR",
            Self::UpstreamProtocol { .. } => "UPE",
            Self::StreamIdle | Self::TunnelIdle => "SI",
            Self::UpgradeRefused => "DPE",
            Self::Overload => "OM",
        })
    }

    /// The stable, kebab-case reason that answers, logs and metrics name.
    pub fn reason(self) -> &'static str {
        match self {
            Self::BadRequest { reason, .. } | Self::UpstreamProtocol { reason } => reason,
            Self::NotHttp => Reason::NotHttp.as_str(),
            Self::DownstreamReset => "client-gone",
            Self::RequestHeadTimeout => "request-head-timeout",
            Self::RequestBodyStall => "request-body-stall",
            Self::WriteStall => "write-stall",
            Self::NoRoute => "no-route",
            Self::RateLimited => tidegate_filters::Reason::RateLimited.as_str(),
            Self::InvalidRewrite => tidegate_filters::Reason::InvalidRewrite.as_str(),
            Self::InvalidBackend => "invalid-backend",
            Self::NoBackend => "no-backend",
            Self::NoEndpoint => "no-endpoint",
            Self::ConnectFailure => "connect-failure",
            Self::ConnectTimeout => "connect-timeout",
            Self::Overflow => "cluster-limit",
            Self::RequestTimeout => "request-timeout",
            Self::BackendTimeout => "backend-timeout",
            Self::UpstreamReset => "upstream-reset",
            Self::UpstreamRefused => "upstream-refused",
            Self::UpstreamGoAway => "upstream-goaway",
            Self::StreamIdle => "stream-idle",
            Self::TunnelIdle => "tunnel-idle",
            Self::UpgradeRefused => "upgrade-refused",
            Self::Overload => "overload",
        }
    }
}

impl<'a> Object<'a> {
    const fn new(kind: &'static str, id: &'a str) -> Self {
        Self { kind, id }
    }

    pub const fn listener(id: &'a str) -> Self {
        Self::new("listener", id)
    }

    pub const fn route(id: &'a str) -> Self {
        Self::new("route", id)
    }
}

impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

impl From<Reject> for Kind {
    fn from(reject: Reject) -> Self {
        let reason = reject.reason.as_str();
        match reject.peer {
            Peer::Downstream if reject.reason == Reason::TruncatedBody => Self::DownstreamReset,
            Peer::Downstream if reject.reason == Reason::NotHttp => Self::NotHttp,
            Peer::Downstream => Self::BadRequest {
                reason,
                status: reject.status(),
            },
            Peer::Upstream if reject.reason == Reason::TruncatedBody => Self::UpstreamReset,
            Peer::Upstream => Self::UpstreamProtocol { reason },
        }
    }
}

impl From<Reject> for Error {
    fn from(reject: Reject) -> Self {
        Self::new(reject.into())
    }
}

/// A body that is not as long as was said. Codecs check what they read, so only an answer or a filter of ours can be at
/// fault; the other side must see an abort.
impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::with(
            Kind::UpstreamProtocol {
                reason: "body-length-mismatch",
            },
            error,
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.reason())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
