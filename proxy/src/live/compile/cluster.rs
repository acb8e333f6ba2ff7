//! Clusters.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tidegate_config::{self as config, Balancer, Protocol};
use tokio::sync::Semaphore;

use super::label;
use crate::live::{Cluster, Endpoint};
use crate::upstream::Slot;
use crate::worker::PerWorker;

/// A connect without a limit still ends when the kernel gives up; this is beyond any such time.
const NO_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Compiles a cluster. Its pools are new, since they may lead elsewhere now; what it and
/// its endpoints count goes on from where its `previous` version is.
pub(super) fn compile(cluster: &config::Cluster, previous: Option<&Cluster>, workers: usize) -> Cluster {
    let known: HashMap<SocketAddr, &Arc<Endpoint>> = previous
        .map(|previous| previous.endpoints.iter())
        .unwrap_or_default()
        .map(|endpoint| (endpoint.address, endpoint))
        .collect();
    let endpoints: Box<[_]> = cluster
        .endpoints()
        .iter()
        .map(|endpoint| {
            let address = endpoint.address().socket_addr();
            let stats = known.get(&address).map(|known| known.stats.clone());
            Arc::new(Endpoint {
                address,
                weight: endpoint.weight().get().into(),
                stats: stats.unwrap_or_else(|| PerWorker::new(workers)),
            })
        })
        .collect();
    let (limits, timeouts) = (cluster.limits(), cluster.timeouts());
    Cluster {
        id: previous.map_or_else(|| label(cluster.id()), |previous| Arc::clone(&previous.id)),
        slot: Slot::take(),
        http2: cluster.protocol() == Protocol::Http2,
        round_robin: cluster.balancer() == Balancer::RoundRobin,
        total_weight: endpoints.iter().map(|endpoint| endpoint.weight).sum(),
        endpoints,
        connect_timeout: timeouts.connect.unwrap_or(NO_LIMIT),
        idle_timeout: timeouts.idle,
        connections: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
        waiting: AtomicUsize::new(0),
        max_pending: limits.pending_requests,
        stats: previous.map_or_else(|| PerWorker::new(workers), |previous| previous.stats.clone()),
    }
}
