//! What loads and is probably not meant: rules that no request can reach, clusters that nobody uses, and the like.
//!
//! Lints look at a snapshot as it is meant, never at its text, and change nothing. They cost a pass over everything, so
//! that they are for whoever asks (`tidegate check`), not for each load.

mod reach;

use std::collections::HashSet;

use crate::cluster::Cluster;
use crate::diagnostic::{Code, Diagnostic};
use crate::filter::{Filter, FilterKind, FilterSpec};
use crate::id::ObjectId;
use crate::listener::Listener;
use crate::origin::Origin;
use crate::route::{Policies, Route, Rule};
use crate::snapshot::Snapshot;

/// Everything that is probably not meant, in no particular order; `is_whole` when nothing was set aside, which may be
/// what uses the rest.
pub(crate) fn lint(snapshot: &Snapshot, is_whole: bool) -> Vec<Diagnostic> {
    let mut lints = Lints::default();
    for listener in snapshot.listeners() {
        lints.policies(listener.id(), listener.policies());
    }
    for route in snapshot.routes() {
        lints.route(snapshot, route);
    }
    if is_whole {
        lints.unused(snapshot);
    }
    for cluster in snapshot.clusters() {
        lints.endpoints(cluster);
    }
    reach::unreachable(snapshot, &mut lints);
    lints.found
}

#[derive(Default)]
struct Lints {
    found: Vec<Diagnostic>,
}

impl Lints {
    fn add(&mut self, code: Code, object: &ObjectId, origin: &Origin, message: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::new(code, message.into(), origin.clone());
        self.found.push(diagnostic.object(object.clone()).help(help));
    }

    fn route(&mut self, snapshot: &Snapshot, route: &Route) {
        let listeners: Vec<&Listener> = attached(snapshot, route).collect();
        if listeners.is_empty() {
            let message = "none of the listeners of this route exists, so that no request reaches it";
            self.add(
                Code::UnattachedRoute,
                &route.id,
                &route.origin,
                message,
                "name a listener that exists",
            );
        }
        self.policies(&route.id, &route.policies);
        let further: Vec<_> = listeners.iter().map(|listener| listener.policies()).collect();
        let knows_all = listeners.len() == route.listeners.len();
        if knows_all {
            self.disabled(route, &route.policies, &further);
        }
        let further: Vec<_> = further.into_iter().chain([&route.policies]).collect();
        for rule in &route.rules {
            self.policies(&route.id, &rule.policies);
            if knows_all {
                self.disabled(route, &rule.policies, &further);
            }
            self.shares(route, rule);
            self.idle_filters(route, rule);
            for backend in &rule.backends {
                self.credentials(&route.id, &backend.filters);
            }
        }
    }

    /// What does not depend on where the policies stand.
    fn policies(&mut self, object: &ObjectId, policies: &Policies) {
        self.time_limits(object, policies);
        self.credentials(object, &policies.filters);
    }

    fn time_limits(&mut self, object: &ObjectId, policies: &Policies) {
        let Some(said) = &policies.timeouts else { return };
        let limits = said.request.zip(said.backend_request);
        if let Some((request, single)) = limits
            && request.limit().is_some_and(|limit| single.duration() > limit)
        {
            let message = format!("a single try may take {single}, but the whole request only {request}");
            let help = "make `backendRequest` shorter than `request`, or leave it out";
            self.add(Code::TryOutlastsRequest, object, &said.origin, message, help);
        }
    }

    fn disabled(&mut self, route: &Route, policies: &Policies, further: &[&Policies]) {
        for (origin, kind) in &policies.disabled {
            if !further.iter().any(|policies| policies.has(*kind)) {
                let message = format!("there is no `{kind}` to disable");
                let help = "a rule inherits from its route and listeners, a route from its listeners";
                self.add(Code::NothingToDisable, &route.id, origin, message, help);
            }
        }
    }

    fn shares(&mut self, route: &Route, rule: &Rule) {
        let weights = || rule.backends.iter().map(|backend| backend.weight.get());
        if !rule.backends.is_empty() && weights().all(|weight| weight == 0) {
            let message = "no backend has a weight, so that all requests of this rule fail";
            let help = "give one of them a weight above 0";
            self.add(Code::NoWeight, &route.id, &rule.origin, message, help);
        }
    }

    fn endpoints(&mut self, cluster: &Cluster) {
        if cluster.endpoints.iter().all(|endpoint| endpoint.weight.get() == 0) {
            let message = "no endpoint has a weight, so that all requests to this cluster fail";
            let help = "give one of them a weight above 0";
            self.add(Code::NoWeight, &cluster.id, &cluster.origin, message, help);
        }
    }

    /// Filters for the way upstream, on a rule that answers before.
    fn idle_filters(&mut self, route: &Route, rule: &Rule) {
        let Some(answering) = rule.policies.filters.iter().find(|filter| filter.kind().answers()) else {
            return;
        };
        let goes_up = |kind| matches!(kind, FilterKind::RequestHeaders | FilterKind::Rewrite);
        for filter in rule.policies.filters.iter().filter(|filter| goes_up(filter.kind())) {
            let message = format!(
                "this `{}` never acts: a `{}` answers first",
                filter.kind(),
                answering.kind()
            );
            let help = "leave it out: no request of this rule goes to a backend";
            self.add(Code::IdleFilter, &route.id, filter.origin(), message, help);
        }
    }

    /// Credentials that everyone can read who can read the configuration.
    fn credentials(&mut self, object: &ObjectId, filters: &[Filter]) {
        for filter in filters {
            let (FilterSpec::RequestHeaders(edits) | FilterSpec::ResponseHeaders(edits)) = filter.spec() else {
                continue;
            };
            let written = edits.set.iter().chain(&edits.add);
            for (name, _) in written.filter(|(name, _)| name.is_credential()) {
                let message = format!("the value of `{name}` can be read by whoever can read this file");
                let help = format!("keep it elsewhere: `setSecret: {{ {name}: {{ file: path }} }}`, or `env: NAME`");
                self.add(Code::WrittenCredential, object, filter.origin(), message, &help);
            }
        }
    }

    fn unused(&mut self, snapshot: &Snapshot) {
        let backends = |route: &Route| -> Vec<ObjectId> {
            let backends = route.rules.iter().flat_map(|rule| &rule.backends);
            backends.map(|backend| backend.cluster.target().clone()).collect()
        };
        let used: HashSet<ObjectId> = snapshot.routes().flat_map(|route| backends(route)).collect();
        for cluster in snapshot.clusters().filter(|cluster| !used.contains(&cluster.id)) {
            let message = "no route sends requests to this cluster";
            let help = "name it in the `backends` of a rule, or leave it out";
            self.add(Code::UnusedCluster, &cluster.id, &cluster.origin, message, help);
        }
        let listeners = |route: &Route| -> Vec<ObjectId> {
            let targets = route.listeners.iter().map(|reference| reference.target().clone());
            targets.collect()
        };
        let attached: HashSet<ObjectId> = snapshot.routes().flat_map(|route| listeners(route)).collect();
        for listener in snapshot.listeners().filter(|listener| !attached.contains(&listener.id)) {
            let message = "no route is attached to this listener, so that it answers everything with 404";
            let help = "name it in the `listeners` of a route, or leave it out";
            self.add(Code::IdleListener, &listener.id, &listener.origin, message, help);
        }
    }
}

/// The listeners that a route is attached to and that exist.
fn attached<'a>(snapshot: &'a Snapshot, route: &'a Route) -> impl Iterator<Item = &'a Listener> {
    let ids = route.listeners.iter().filter_map(|reference| reference.id());
    ids.filter_map(|id| snapshot.listener(id)).map(AsRef::as_ref)
}
