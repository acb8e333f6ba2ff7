//! Clusters as they are meant: endpoints that serve the same requests, and how to reach them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::id::ObjectId;
use crate::listener::Profile;
use crate::origin::Origin;
use crate::values::{EndpointAddress, Weight};

/// Endpoints that serve the same requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cluster {
    pub(crate) id: ObjectId,
    pub(crate) origin: Origin,
    pub(crate) profile: Profile,
    pub(crate) protocol: Protocol,
    pub(crate) balancer: Balancer,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) timeouts: ClusterTimeouts,
    pub(crate) limits: ClusterLimits,
}

impl Cluster {
    /// Its identity.
    pub const fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Which defaults it has.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// What is spoken with its endpoints.
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// How an endpoint is chosen for a request.
    pub const fn balancer(&self) -> Balancer {
        self.balancer
    }

    /// Its endpoints, at least one, in the order written, each address once.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// How long things may take.
    pub const fn timeouts(&self) -> &ClusterTimeouts {
        &self.timeouts
    }

    /// How much it may get at once, from all workers together.
    pub const fn limits(&self) -> &ClusterLimits {
        &self.limits
    }
}

/// What is spoken with the endpoints of a cluster.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2; in clear text by prior knowledge.
    Http2,
}

impl Protocol {
    /// The word in YAML: `http1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        }
    }
}

/// How an endpoint is chosen for a request.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Balancer {
    /// The better of two random ones, by recent latency times requests in flight.
    #[default]
    PeakEwma,
    /// One after the other, by weight.
    RoundRobin,
}

impl Balancer {
    /// The word in YAML: `peakEwma`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PeakEwma => "peakEwma",
            Self::RoundRobin => "roundRobin",
        }
    }
}

/// One server of a cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    pub(crate) origin: Origin,
    pub(crate) address: EndpointAddress,
    pub(crate) weight: Weight,
}

impl Endpoint {
    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where it listens.
    pub const fn address(&self) -> EndpointAddress {
        self.address
    }

    /// Its share in proportion to the other endpoints' (1).
    pub const fn weight(&self) -> Weight {
        self.weight
    }
}

/// How long things may take between the proxy and a cluster. `None` where the limit was switched off with `0s`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClusterTimeouts {
    /// Until a connection is established (2 s; mesh: 1 s).
    pub connect: Option<Duration>,
    /// How long a connection without a request is kept (30 s; mesh: 4 s).
    pub idle: Option<Duration>,
}

impl ClusterTimeouts {
    /// The defaults of a profile.
    pub const fn defaults(profile: Profile) -> Self {
        let (connect, idle) = match profile {
            Profile::Edge => (2, 30),
            Profile::Mesh => (1, 4),
        };
        Self {
            connect: Some(Duration::from_secs(connect)),
            idle: Some(Duration::from_secs(idle)),
        }
    }
}

/// How much a cluster may get at once, from all workers together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClusterLimits {
    /// Connections, busy and idle (1024).
    pub connections: usize,
    /// Requests that wait for a connection (1024).
    pub pending_requests: usize,
}

impl Default for ClusterLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            pending_requests: 1024,
        }
    }
}
