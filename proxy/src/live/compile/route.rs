//! Routes, and their rules on a listener.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_config::{self as config, ObjectId};

use super::{SideTable, chain, label};
use crate::live::{Backend, Cluster, Route, Rule};
use crate::router::{Change, entries};
use crate::worker::PerWorker;

/// What rules are linked with.
#[derive(Debug)]
pub(super) struct Links<'a> {
    pub(super) clusters: HashMap<&'a ObjectId, &'a Arc<Cluster>>,
    pub(super) side: &'a SideTable,
}

/// A route that changed, or whose clusters did.
#[derive(Debug)]
pub(super) struct Changed<'a> {
    pub(super) before: Option<&'a config::Route>,
    pub(super) after: Option<(&'a config::Route, Arc<Route>)>,
}

/// Compiles a route; what it counts goes on from where its `previous` version is.
pub(super) fn compile(route: &config::Route, previous: Option<&Route>, workers: usize) -> Route {
    Route {
        id: previous.map_or_else(|| label(route.id()), |previous| Arc::clone(&previous.id)),
        stats: previous.map_or_else(|| PerWorker::new(workers), |previous| previous.stats.clone()),
    }
}

impl<'a> Changed<'a> {
    /// What this is to the table of a listener; `None` if the route never was on it.
    pub(super) fn on(&self, listener: &config::Listener, links: &Links<'_>) -> Option<Change<'a, Arc<Rule>>> {
        let is_on = |route: &config::Route| {
            let mut listeners = route.listeners().iter();
            listeners.any(|reference| reference.id() == Some(listener.id()))
        };
        let before = self.before.filter(|route| is_on(route));
        let after = self.after.as_ref().filter(|(route, _)| is_on(route));
        let route = before.or(after.map(|(route, _)| *route))?;
        Some(Change {
            route: route.id(),
            before: before.map(config::Route::hosts),
            after: after.map(|(route, compiled)| {
                let rules = rules(route, compiled, listener, links);
                (route.hosts(), entries(route, &rules))
            }),
        })
    }
}

/// The rules of a route on a listener, from which they inherit.
fn rules(
    route: &config::Route,
    compiled: &Arc<Route>,
    listener: &config::Listener,
    links: &Links<'_>,
) -> Vec<Arc<Rule>> {
    let rules = route.rules().iter().enumerate();
    rules
        .map(|(position, rule)| {
            let timeouts = route.timeouts_of(rule, listener);
            let backends: Box<[_]> = rule.backends().iter().map(|it| backend(it, links)).collect();
            Arc::new(Rule {
                route: Arc::clone(compiled),
                stats: compiled.stats.clone(),
                name: rule.label(position).into(),
                filters: chain::of_rule(route, position, listener, links.side),
                total_weight: backends.iter().map(|backend| backend.weight).sum(),
                backends,
                request_timeout: timeouts.request,
                backend_timeout: timeouts.backend_request,
            })
        })
        .collect()
}

fn backend(backend: &config::Backend, links: &Links<'_>) -> Backend {
    let cluster = backend.cluster().id().and_then(|id| links.clusters.get(id));
    Backend {
        weight: backend.weight().get().into(),
        cluster: cluster.map(|cluster| Arc::clone(cluster)),
        edits: chain::of_backend(backend),
    }
}
