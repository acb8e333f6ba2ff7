//! Every way in which a request or connection can fail, and the one map from each to what is said of it: reason, response
//! flag, side, status, the object that it is due to.
//!
//! The tables are the source: `docs/reasons.md` is their rendering, and a test provokes each row from outside. What a codec
//! refuses a message for is a [`Reason`] of its own table. A reason, once released, keeps its name.

use http::StatusCode;

use super::object::{Met, Object};
use crate::http1::{Peer, Reason, Reject};

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

macro_rules! flags {
    ($($(#[doc = $meaning:literal])+ $name:ident;)+) => {
        impl Flag {
            $($(#[doc = $meaning])+ pub const $name: Self = Self(stringify!($name));)+

            /// All there are, with what they mean.
            #[cfg(test)]
            pub(crate) const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, concat!($($meaning),+)),)+];
        }
    };
}

flags! {
    /// The client broke the protocol.
    DPE;
    /// The client went away.
    DC;
    /// The client was too slow.
    DT;
    /// No route matches.
    NR;
    /// A rate limit is used up.
    RL;
    /// The rule has no cluster to send the request to.
    NC;
    /// The cluster has no endpoint to send it to.
    UH;
    /// The endpoint cannot be reached.
    UF;
    /// A limit of the cluster is used up.
    UO;
    /// The upstream took longer than the request's time.
    UT;
    /// The upstream ended its connection.
    UC;
    /// The upstream said that it did not process the request.
    UR;
    /// The upstream broke the protocol.
    UPE;
    /// Nothing moved for too long.
    SI;
    /// A limit of connections is used up.
    OM;
}

/// Where the cause of a failure is.
#[derive(Clone, Copy, Debug)]
enum Due {
    Process,
    Listener,
    Route,
    /// Whoever says the filter: listener or route.
    Filter,
    Cluster,
}

/// What is said of every failure of a kind.
#[derive(Clone, Copy, Debug)]
struct Facts {
    reason: &'static str,
    flag: Flag,
    side: Side,
    status: Option<StatusCode>,
    due: Due,
}

/// `-` where nobody is answered.
macro_rules! status {
    (-) => {
        None
    };
    ($name:ident) => {
        Some(StatusCode::$name)
    };
}

macro_rules! kinds {
    ($($(#[doc = $meaning:literal])+
    $name:ident: $reason:expr, $flag:ident, $side:ident, $status:tt, $due:ident, $advice:literal;)+) => {
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Kind {
            /// The client's message breaks a rule.
            BadRequest(Reason),
            /// The upstream's message breaks a rule.
            UpstreamProtocol(Reason),
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Kind {
            const fn facts(self) -> Facts {
                match self {
                    Self::BadRequest(reason) => Facts {
                        reason: reason.as_str(),
                        flag: Flag::DPE,
                        side: Side::Downstream,
                        status: Some(reason.status()),
                        due: Due::Listener,
                    },
                    Self::UpstreamProtocol(reason) => Facts {
                        reason: reason.as_str(),
                        flag: Flag::UPE,
                        side: Side::Upstream,
                        status: status!(BAD_GATEWAY),
                        due: Due::Cluster,
                    },
                    $(Self::$name => Facts {
                        reason: $reason,
                        flag: Flag::$flag,
                        side: Side::$side,
                        status: status!($status),
                        due: Due::$due,
                    },)+
                }
            }
        }

        /// Those that are no broken rule of a message, each with what it means and what to do about it.
        #[cfg(test)]
        pub(crate) const KINDS: &[(Kind, &str, &str)] = &[$((Kind::$name, concat!($($meaning),+), $advice),)+];
    };
}

kinds! {
    /// A preface of HTTP/2 gone wrong, or a first line shaped like a request that names no version of HTTP: whoever sends
    /// it would not understand an answer.
    NotHttp: Reason::NotHttp.as_str(), DPE, Downstream, -, Listener,
        "The client speaks another protocol: send it to another port.";
    /// HTTP/2's framing is broken, or a message in it is malformed; the stream or connection was reset.
    Http2Protocol: "h2-protocol-error", DPE, Downstream, -, Listener,
        "The client is at fault: mend it.";
    /// More PING frames than `http2.pings` in 10 s.
    Http2PingFlood: "h2-ping-flood", DPE, Downstream, -, Listener,
        "An attack, or a client whose keep-alive pings are too frequent: mend it, or raise the limit.";
    /// More SETTINGS frames than `http2.settings` in 10 s.
    Http2SettingsFlood: "h2-settings-flood", DPE, Downstream, -, Listener,
        "An attack, most likely.";
    /// More empty DATA frames in a row than `http2.emptyData`.
    Http2EmptyDataFlood: "h2-empty-data-flood", DPE, Downstream, -, Listener,
        "An attack, most likely.";
    /// More resets of streams than `http2.receivedResets` in 10 s, `http2.pendingAcceptResets` at once, or
    /// `http2.ownResets` that the client provoked.
    Http2ResetFlood: "h2-reset-flood", DPE, Downstream, -, Listener,
        "An attack (rapid reset), or a client that cancels nearly everything: mend it, or raise the limit.";
    /// A head in so many CONTINUATION frames that it cannot be meant.
    Http2ContinuationFlood: "h2-continuation-flood", DPE, Downstream, -, Listener,
        "An attack, most likely.";
    /// The client went away, or reset its stream, before it had its whole answer.
    DownstreamReset: "client-gone", DC, Downstream, -, Listener,
        "Nothing, if clients may leave; if many do, answers take longer than they wait.";
    /// The head of a request was not whole within `timeouts.requestHead`.
    RequestHeadTimeout: "request-head-timeout", DT, Downstream, REQUEST_TIMEOUT, Listener,
        "An attack (slow loris) or a bad line; raise the limit if real clients are that slow.";
    /// The client sent nothing more of its body for `timeouts.bodyStall`.
    RequestBodyStall: "request-body-stall", DT, Downstream, REQUEST_TIMEOUT, Listener,
        "As for a slow head; clients that pause in an upload need a longer limit.";
    /// The client took nothing of its answer for `timeouts.writeStall`.
    WriteStall: "write-stall", DT, Downstream, -, Listener,
        "A client that has hung or a dead line; raise the limit if real clients pause that long.";
    /// An upgrade or CONNECT that is not passed on.
    UpgradeRefused: "upgrade-refused", DPE, Downstream, NOT_IMPLEMENTED, Listener,
        "CONNECT is not served: do not use Tidegate as a forward proxy.";
    /// No rule of a route on this listener matches.
    NoRoute: "no-route", NR, Us, NOT_FOUND, Listener,
        "`tidegate explain CONFIG URL` says why each rule does not match.";
    /// The rate limit of a rule is used up.
    RateLimited: tidegate_filters::Reason::RateLimited.as_str(), RL, Downstream, TOO_MANY_REQUESTS, Filter,
        "The client shall slow down, as `Retry-After` says; raise `rateLimit` if it is too low.";
    /// The path that the rule's `rewrite` makes would itself be refused in a request.
    InvalidRewrite: tidegate_filters::Reason::InvalidRewrite.as_str(), DPE, Downstream, BAD_REQUEST, Filter,
        "Mend the pattern or substitution, if the request was a good one.";
    /// The rule's share for this request goes to a cluster that does not exist.
    InvalidBackend: "invalid-backend", NC, Us, INTERNAL_SERVER_ERROR, Route,
        "`tidegate check` names the reference; add the cluster or mend its name.";
    /// The rule has no backend with a weight above 0.
    NoBackend: "no-backend", NC, Us, INTERNAL_SERVER_ERROR, Route,
        "Give a backend of the rule a weight.";
    /// The cluster has no endpoint with a weight above 0.
    NoEndpoint: "no-endpoint", UH, Upstream, SERVICE_UNAVAILABLE, Cluster,
        "Give an endpoint of the cluster a weight.";
    /// The endpoint refused the connection, or an HTTP/2 endpoint did not answer as one.
    ConnectFailure: "connect-failure", UF, Upstream, SERVICE_UNAVAILABLE, Cluster,
        "See whether the endpoint runs, listens at that address, and speaks the cluster's `protocol`.";
    /// There was no connection to the endpoint within `timeouts.connect`.
    ConnectTimeout: "connect-timeout", UF, Upstream, SERVICE_UNAVAILABLE, Cluster,
        "See whether the endpoint is overloaded, or a firewall drops its packets.";
    /// The cluster's `limits.connections` are used up and none came free in time, or more than `limits.pendingRequests`
    /// wait.
    Overflow: "cluster-limit", UO, Us, SERVICE_UNAVAILABLE, Cluster,
        "The upstream is too slow for its load: add endpoints, or raise the limit.";
    /// No answer within `timeouts.request`.
    RequestTimeout: "request-timeout", UT, Upstream, GATEWAY_TIMEOUT, Route,
        "See why the upstream is slow; raise the limit for requests that may take so long.";
    /// No answer to one try within `timeouts.backendRequest`.
    BackendTimeout: "backend-timeout", UT, Upstream, GATEWAY_TIMEOUT, Route,
        "As for the whole request.";
    /// The upstream closed or reset before its answer was whole.
    UpstreamReset: "upstream-reset", UC, Upstream, BAD_GATEWAY, Cluster,
        "See the upstream's own log: it crashed, was stopped, or has a shorter time limit.";
    /// An HTTP/2 upstream refused the stream (REFUSED_STREAM), again and again.
    UpstreamRefused: "upstream-refused", UR, Upstream, BAD_GATEWAY, Cluster,
        "The upstream is overloaded or stops: see its own log.";
    /// An HTTP/2 upstream ended each connection (GOAWAY) before it took this request.
    UpstreamGoAway: "upstream-goaway", UC, Upstream, BAD_GATEWAY, Cluster,
        "The upstream stops, or ends connections too early: see its own log.";
    /// The upstream broke HTTP/2's framing, or a message in it is malformed.
    UpstreamHttp2: "h2-protocol-error", UPE, Upstream, BAD_GATEWAY, Cluster,
        "The upstream is at fault: mend it.";
    /// The upstream switched protocols (101) although nobody had asked for that.
    UnaskedUpgrade: "unasked-upgrade", UPE, Upstream, BAD_GATEWAY, Cluster,
        "The upstream is at fault: mend it.";
    /// A body that is not as long as its head says. A last line of defence: codecs check what they read, so no client and
    /// no upstream can cause it.
    LengthMismatch: "body-length-mismatch", UPE, Upstream, BAD_GATEWAY, Cluster,
        "A fault in Tidegate: report it.";
    /// A request on which neither side sent anything for `timeouts.streamIdle`; also an upstream that stops in the middle
    /// of its answer, which nothing tells from a stream that has nothing to say. Once the answer has begun, it is cut off.
    StreamIdle: "stream-idle", SI, Upstream, GATEWAY_TIMEOUT, Listener,
        "Raise the limit for streams that may be silent for longer, or let them send pings.";
    /// A tunnel in which neither end sent anything for `timeouts.tunnelIdle`.
    TunnelIdle: "tunnel-idle", SI, Us, -, Listener,
        "As for a stream.";
    /// The listener has `limits.connections` open; the new one was closed unread.
    ListenerConnections: "listener-connection-limit", OM, Us, -, Listener,
        "An attack, or too low a limit for the clients there are.";
    /// The process has `--max-connections` open; the new one was closed unread.
    ProcessConnections: "process-connection-limit", OM, Us, -, Process,
        "An attack, or too low a limit; it is never above half of the descriptors that the system allows.";
}

impl Kind {
    /// What a client is told, if it is told anything.
    pub const fn status(self) -> Option<StatusCode> {
        self.facts().status
    }

    pub const fn side(self) -> Side {
        self.facts().side
    }

    pub const fn flag(self) -> Flag {
        self.facts().flag
    }

    /// The stable, kebab-case reason that answers, logs and metrics name.
    pub const fn reason(self) -> &'static str {
        self.facts().reason
    }

    /// Where the cause is, in words.
    #[cfg(test)]
    pub(crate) const fn due(self) -> &'static str {
        match self.facts().due {
            Due::Process => "process",
            Due::Listener => "listener",
            Due::Route => "route",
            Due::Filter => "route or listener",
            Due::Cluster => "cluster",
        }
    }

    /// The object that the failure is due to: whose setting it was, or who could not do its part.
    pub fn object(self, met: Met<'_>) -> Object<'_> {
        let listener = Object::listener(met.listener);
        let route = met.route.map_or(listener, Object::route);
        match self.facts().due {
            Due::Process => Object::PROCESS,
            Due::Listener => listener,
            Due::Route => route,
            Due::Filter => met.filter.unwrap_or(route),
            Due::Cluster => met.cluster.map_or(route, Object::cluster),
        }
    }
}

impl From<Reject> for Kind {
    fn from(reject: Reject) -> Self {
        match (reject.peer, reject.reason) {
            (Peer::Downstream, Reason::TruncatedBody) => Self::DownstreamReset,
            (Peer::Downstream, Reason::NotHttp) => Self::NotHttp,
            (Peer::Downstream, reason) => Self::BadRequest(reason),
            (Peer::Upstream, Reason::TruncatedBody) => Self::UpstreamReset,
            (Peer::Upstream, reason) => Self::UpstreamProtocol(reason),
        }
    }
}
