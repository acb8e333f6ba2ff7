//! What loads and is probably not meant: rules that no request can reach, clusters that nobody uses, and the like.
//!
//! Lints look at a snapshot as it is meant, never at its text, and change nothing. They cost a pass over everything, so
//! that they are for whoever asks (`tidegate check`), not for each load.

mod reach;

use std::collections::{HashMap, HashSet};
use std::ptr;

use crate::cluster::Cluster;
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::filter::{Filter, FilterKind, FilterSpec};
use crate::id::ObjectId;
use crate::listener::Listener;
use crate::origin::Origin;
use crate::route::{Policies, Route, Rule, nearest_filters};
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
        let knows_all = listeners.len() == route.listeners.len();
        self.idle_filters(route, if knows_all { &listeners } else { &[] });
        let further: Vec<_> = listeners.iter().map(|listener| listener.policies()).collect();
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

    /// Filters that stand behind one that answers, in each rule that has them and on each listener.
    fn idle_filters(&mut self, route: &Route, listeners: &[&Listener]) {
        let (mut active, mut idle) = (HashSet::new(), HashMap::new());
        for rule in &route.rules {
            for chain in chains(route, rule, listeners) {
                let mut answering: Option<&Filter> = None;
                for filter in chain {
                    match answering {
                        Some(first) if is_for_requests(filter.kind()) => {
                            idle.entry(ptr::from_ref(filter)).or_insert(first);
                        }
                        _ => {
                            active.insert(ptr::from_ref(filter));
                        }
                    }
                    answering = answering.or(Some(filter).filter(|filter| filter.kind().answers()));
                }
            }
        }
        let policies = route.rules.iter().map(|rule| &rule.policies);
        let written = policies.chain([&route.policies]).flat_map(|policies| &policies.filters);
        for filter in written.filter(|filter| !active.contains(&ptr::from_ref(*filter))) {
            let Some(first) = idle.get(&ptr::from_ref(filter)) else {
                continue;
            };
            let (kind, answering) = (filter.kind(), first.kind());
            let message = format!("this `{kind}` never acts: a `{answering}` answers first");
            let label = Label::new(first.origin().clone()).note("this one answers");
            let help = format!("leave it out; `disabled: [{answering}]` switches an inherited one off");
            let diagnostic = Diagnostic::new(Code::IdleFilter, message, filter.origin().clone());
            self.found
                .push(diagnostic.object(route.id.clone()).related(label).help(help));
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

/// The filters of a rule as they run, on each of these listeners; without any, those that it has whatever its listeners are.
fn chains<'a>(route: &'a Route, rule: &'a Rule, listeners: &[&'a Listener]) -> Vec<Vec<&'a Filter>> {
    if listeners.is_empty() {
        return vec![nearest_filters(&[&rule.policies, &route.policies])];
    }
    let chains = listeners.iter().map(|listener| route.filters_of(rule, listener));
    chains.collect()
}

/// Whether a filter of this kind has nothing to do with a request that was answered.
const fn is_for_requests(kind: FilterKind) -> bool {
    kind.answers() || matches!(kind, FilterKind::RequestHeaders | FilterKind::Rewrite)
}

/// The listeners that a route is attached to and that exist.
fn attached<'a>(snapshot: &'a Snapshot, route: &'a Route) -> impl Iterator<Item = &'a Listener> {
    let ids = route.listeners.iter().filter_map(|reference| reference.id());
    ids.filter_map(|id| snapshot.listener(id)).map(AsRef::as_ref)
}
