//! Clusters.

use super::Site;
use crate::cluster::{Cluster, ClusterLimits, ClusterTimeouts, Endpoint};
use crate::listener::Profile;
use crate::raw;
use crate::values::Weight;

const MOST_CONNECTIONS: u64 = 1_000_000;

pub(crate) fn cluster(site: &mut Site<'_>, raw: &raw::Cluster) -> Option<Cluster> {
    Some(Cluster {
        id: site.id.clone(),
        origin: site.origin(site.mark),
        profile: raw.profile,
        protocol: raw.protocol,
        balancer: raw.balancer,
        endpoints: endpoints(site, raw),
        timeouts: timeouts(site, raw.profile, &raw.timeouts),
        limits: limits(site, &raw.limits),
    })
}

fn endpoints(site: &mut Site<'_>, raw: &raw::Cluster) -> Vec<Endpoint> {
    site.not_empty(
        &raw.endpoints,
        "endpoint",
        "name the servers of the cluster: `[{ address: 127.0.0.1:9000 }]`",
    );
    let endpoints: Vec<_> = raw
        .endpoints
        .value
        .iter()
        .filter_map(|raw| endpoint(site, raw))
        .collect();
    let addresses = raw
        .endpoints
        .value
        .iter()
        .filter_map(|raw| Some((raw.address.value.parse().ok()?, raw.address.mark)));
    site.distinct::<crate::values::EndpointAddress>(addresses, "address");
    endpoints
}

fn endpoint(site: &mut Site<'_>, raw: &raw::Endpoint) -> Option<Endpoint> {
    let mut weight = Weight::default();
    site.set(&mut weight, raw.weight.as_ref(), |&number| Weight::new(number));
    Some(Endpoint {
        origin: site.origin(raw.address.mark),
        address: site.parse(&raw.address)?,
        weight,
    })
}

fn timeouts(site: &mut Site<'_>, profile: Profile, raw: &raw::ClusterTimeouts) -> ClusterTimeouts {
    let mut timeouts = ClusterTimeouts::defaults(profile);
    site.limit(&mut timeouts.connect, raw.connect.as_ref());
    site.limit(&mut timeouts.idle, raw.idle.as_ref());
    timeouts
}

fn limits(site: &mut Site<'_>, raw: &raw::ClusterLimits) -> ClusterLimits {
    let mut limits = ClusterLimits::default();
    site.count(&mut limits.connections, raw.connections.as_ref(), 1, MOST_CONNECTIONS);
    site.count(
        &mut limits.pending_requests,
        raw.pending_requests.as_ref(),
        0,
        MOST_CONNECTIONS,
    );
    limits
}
