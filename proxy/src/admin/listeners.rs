//! `/listeners`: where clients connect.

use std::sync::atomic::Ordering;

use serde::Serialize;
use tidegate_config as config;

use super::figures::Requests;
use super::query::{Selected, Selection};
use crate::explain::Place;
use crate::live::{Listener, Tables};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    /// `namespace/name`.
    name: String,
    /// As configured: of port 0 the log says what it became.
    address: String,
    profile: &'static str,
    place: Place,
    connections: usize,
    connections_limit: usize,
    accepted: u64,
    http2_connections: u64,
    /// Finished requests, routed or not.
    requests: u64,
    /// Those that no route took.
    unrouted: Requests,
}

pub(super) fn list(tables: &Tables, selection: &Selection) -> Selected<Shown> {
    let compiled = tables.listeners.iter().map(|(listener, _)| &**listener);
    let all = tables.written.listeners().map(|written| &**written).zip(compiled);
    let selected = selection.of("listeners", all, |(written, listener), words| {
        words.say(&listener.id);
        words.say(written.address());
        words.say(written.profile());
    });
    selected.map(|(written, listener)| Shown::of(written, listener))
}

impl Shown {
    fn of(written: &config::Listener, listener: &Listener) -> Self {
        let stats = &listener.stats;
        Self {
            name: listener.id.to_string(),
            address: written.address().to_string(),
            profile: written.profile().as_str(),
            place: Place::of(written.origin()),
            connections: listener.connections.load(Ordering::Relaxed),
            connections_limit: listener.max_connections,
            accepted: stats.sum(|stats| stats.accepted.value()),
            http2_connections: stats.sum(|stats| stats.http2_connections.value()),
            requests: stats.sum(|stats| stats.requests.value()),
            unrouted: Requests::of(stats, |stats| &stats.unrouted),
        }
    }
}
