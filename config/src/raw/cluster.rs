//! Clusters as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Number, Text};
use crate::cluster::{Balancer, Protocol};
use crate::listener::Profile;
use crate::schema::{Address, Duration};
use crate::yaml::At;

/// Endpoints that serve the same requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Cluster {
    /// Which set of defaults holds.
    #[serde(default)]
    #[schemars(extend("examples" = ["mesh"], "default" = "edge"))]
    pub(crate) profile: Profile,
    /// What is spoken with its endpoints.
    #[serde(default)]
    #[schemars(extend("examples" = ["http2"], "default" = "http1"))]
    pub(crate) protocol: Protocol,
    /// How an endpoint is chosen for a request.
    #[serde(default)]
    #[schemars(extend("examples" = ["roundRobin"], "default" = "peakEwma"))]
    pub(crate) balancer: Balancer,
    /// Its servers.
    #[schemars(length(min = 1), extend("examples" = [[{ "address": "127.0.0.1:9000" }]]))]
    pub(crate) endpoints: At<Vec<Endpoint>>,
    /// How long things may take; `0s` is no limit.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "connect": "500ms" }]))]
    pub(crate) timeouts: ClusterTimeouts,
    /// How much it may get at once, from all workers together.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "connections": 200 }]))]
    pub(crate) limits: ClusterLimits,
}

/// One server of a cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// Where it listens.
    #[schemars(with = "Address", extend("examples" = ["127.0.0.1:9000"]))]
    pub(crate) address: Text,
    /// Its share in proportion to the other endpoints'.
    #[schemars(range(max = 1000000), extend("examples" = [3], "$comment" = "share", "default" = 1))]
    pub(crate) weight: Option<Number>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterTimeouts {
    /// Until a connection is established; mesh: 1s.
    #[schemars(with = "Option<Duration>", extend("examples" = ["500ms"], "default" = "2s"))]
    pub(crate) connect: Option<Text>,
    /// How long a connection without a request is kept, or less where the upstream says so (`Keep-Alive`); mesh: 4s.
    #[schemars(with = "Option<Duration>", extend("examples" = ["15s"], "default" = "30s"))]
    pub(crate) idle: Option<Text>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterLimits {
    /// Connections, busy and idle.
    #[schemars(range(min = 1, max = 1000000), extend("examples" = [200], "$comment" = "connections", "default" = 1024))]
    pub(crate) connections: Option<Number>,
    /// Requests that wait for a connection.
    #[schemars(range(max = 1000000), extend("examples" = [100], "$comment" = "requests", "default" = 1024))]
    pub(crate) pending_requests: Option<Number>,
}
