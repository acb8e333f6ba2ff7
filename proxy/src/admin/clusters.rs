//! `/clusters`: where requests go, and the connections there.

use std::net::SocketAddr;

use serde::Serialize;
use tidegate_config as config;

use super::figures::{Latency, level};
use super::query::{Selected, Selection};
use crate::explain::Place;
use crate::live::{self, Tables};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    /// `namespace/name`.
    name: String,
    place: Place,
    protocol: &'static str,
    balancer: &'static str,
    /// Open upstream connections, idle ones included, and how many more there may be.
    connections: u64,
    connections_idle: u64,
    connections_available: usize,
    /// Requests that are not over, and those of them that wait for a connection.
    active: u64,
    pending: u64,
    /// Requests handed to it; one that is sent again counts once.
    requests: u64,
    /// Times that a request was sent again: a reused connection turned out closed, or the upstream had not taken it.
    resent: u64,
    /// Requests refused because a limit was used up.
    overflows: u64,
    connects: u64,
    connect_failures: u64,
    /// To the head of the answer.
    latency: Latency,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    address: SocketAddr,
    weight: u64,
    active: u64,
    requests: u64,
    connections: u64,
    connect_failures: u64,
}

pub(super) fn list(tables: &Tables, selection: &Selection) -> Selected<Shown> {
    let all = tables
        .written
        .clusters()
        .map(|written| &**written)
        .zip(&tables.clusters);
    let selected = selection.of("clusters", all, |(_, cluster), words| {
        words.say(&cluster.id);
        cluster
            .endpoints
            .iter()
            .for_each(|endpoint| words.say(endpoint.address));
    });
    selected.map(|(written, cluster)| Shown::of(written, cluster))
}

impl Shown {
    fn of(written: &config::Cluster, cluster: &live::Cluster) -> Self {
        let stats = &cluster.stats;
        Self {
            name: cluster.id.to_string(),
            place: Place::of(written.origin()),
            protocol: written.protocol().as_str(),
            balancer: written.balancer().as_str(),
            connections: level(stats, |stats| stats.connections.value()),
            connections_idle: level(stats, |stats| stats.idle.value()),
            connections_available: cluster.connections.available_permits(),
            active: level(stats, |stats| stats.active.value()),
            pending: level(stats, |stats| stats.pending.value()),
            requests: stats.sum(|stats| stats.requests.value()),
            resent: stats.sum(|stats| stats.resent.value()),
            overflows: stats.sum(|stats| stats.overflows.value()),
            connects: stats.sum(|stats| stats.connects.value()),
            connect_failures: stats.sum(|stats| stats.connect_failures.value()),
            latency: Latency::of(stats, |stats| &stats.latency),
            endpoints: cluster
                .endpoints
                .iter()
                .map(|endpoint| Endpoint::of(endpoint))
                .collect(),
        }
    }
}

impl Endpoint {
    fn of(endpoint: &live::Endpoint) -> Self {
        let stats = &endpoint.stats;
        Self {
            address: endpoint.address,
            weight: endpoint.weight,
            active: level(stats, |stats| stats.active.value()),
            requests: stats.sum(|stats| stats.requests.value()),
            connections: level(stats, |stats| stats.connections.value()),
            connect_failures: stats.sum(|stats| stats.connect_failures.value()),
        }
    }
}
