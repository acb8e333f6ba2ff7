//! Routes as they are meant: for which hosts and paths, and where to.
//!
//! Which of several routes wins is the router's business; here rules, matches and backends keep the order written.

use std::time::Duration;

use crate::filter::{Filter, FilterKind};
use crate::id::{ObjectId, ObjectName};
use crate::listener::{Listener, Profile};
use crate::matching::Match;
use crate::origin::Origin;
use crate::values::{HostPattern, TimeSpan, Weight};

/// The default of an edge listener; a mesh listener has none.
const EDGE_REQUEST: Duration = Duration::from_secs(60);

/// Rules for requests of some hosts on some listeners.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    pub(crate) id: ObjectId,
    pub(crate) origin: Origin,
    pub(crate) listeners: Vec<Reference>,
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) priority: u32,
    pub(crate) policies: Policies,
    pub(crate) rules: Vec<Rule>,
}

impl Route {
    /// Its identity.
    pub const fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The listeners it is attached to, at least one; it is not attached where the reference is invalid.
    pub fn listeners(&self) -> &[Reference] {
        &self.listeners
    }

    /// The hosts it is for, each once; empty means every host.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// Its rules, at least one, in the order written.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Rules of a route with a higher priority are tried first, whatever they match (0).
    pub const fn priority(&self) -> u32 {
        self.priority
    }

    /// What it says for all of its rules.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The time limits of requests of one of its rules on this listener: of rule, route and listener the nearest that
    /// says any wins whole. What that one leaves open is as the listener's profile has it.
    pub fn timeouts_of(&self, rule: &Rule, listener: &Listener) -> RouteTimeouts {
        let levels = [&rule.policies, &self.policies, listener.policies()];
        let said = levels.into_iter().find_map(|policies| policies.timeouts.as_ref());
        let default = match listener.profile() {
            Profile::Edge => Some(EDGE_REQUEST),
            Profile::Mesh => None,
        };
        RouteTimeouts {
            request: said.and_then(|said| said.request).map_or(default, TimeSpan::limit),
            backend_request: said.and_then(|said| said.backend_request).and_then(TimeSpan::limit),
        }
    }

    /// The filters of one of its rules on this listener, in the order in which they run: of each kind those of the
    /// nearest of rule, route and listener that has any, unless a level nearer than that disables the kind.
    pub fn filters_of<'a>(&'a self, rule: &'a Rule, listener: &'a Listener) -> Vec<&'a Filter> {
        nearest_filters(&[&rule.policies, &self.policies, listener.policies()])
    }
}

/// Of each kind, in the order in which they run, the filters of the first level that has any or disables the kind.
pub(crate) fn nearest_filters<'a>(levels: &[&'a Policies]) -> Vec<&'a Filter> {
    let of_kind = |kind: FilterKind| {
        let deciding = |policies: &&&Policies| policies.has(kind) || policies.disabled().any(|other| other == kind);
        let filters = levels
            .iter()
            .find(deciding)
            .map_or(&[][..], |policies| &policies.filters);
        filters.iter().filter(move |filter| filter.kind() == kind)
    };
    FilterKind::ALL.into_iter().flat_map(of_kind).collect()
}

/// What may stand on a listener, on a route and on a rule.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policies {
    pub(crate) filters: Vec<Filter>,
    pub(crate) disabled: Vec<(Origin, FilterKind)>,
    pub(crate) timeouts: Option<WrittenTimeouts>,
}

impl Policies {
    /// The filters, in the order written.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The kinds of filters that are not inherited from further away.
    pub fn disabled(&self) -> impl Iterator<Item = FilterKind> {
        self.disabled.iter().map(|(_, kind)| *kind)
    }

    /// The time limits, if anything is said of them.
    pub const fn timeouts(&self) -> Option<&WrittenTimeouts> {
        self.timeouts.as_ref()
    }

    /// Whether one of its filters answers.
    pub(crate) fn answers(&self) -> bool {
        self.filters.iter().any(|filter| filter.kind().answers())
    }

    pub(crate) fn has(&self, kind: FilterKind) -> bool {
        self.filters.iter().any(|filter| filter.kind() == kind)
    }
}

/// Time limits as one listener, route or rule says them; `None` where it says nothing, `0s` where it wants none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WrittenTimeouts {
    pub(crate) origin: Origin,
    /// Of the whole request.
    pub request: Option<TimeSpan>,
    /// Of each single try.
    pub backend_request: Option<TimeSpan>,
}

/// The time limits of a request, in the Gateway API's meaning. `None` where there is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RouteTimeouts {
    /// From when the request is complete to the head of the answer, tries and all (60 s on an edge listener; mesh: none).
    /// Bodies are under the listener's `bodyStall`, `writeStall` and `streamIdle` instead.
    pub request: Option<Duration>,
    /// The same for each single try (none).
    pub backend_request: Option<Duration>,
}

/// What to do with requests that match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    pub(crate) origin: Origin,
    pub(crate) name: Option<ObjectName>,
    pub(crate) matches: Vec<Match>,
    pub(crate) backends: Vec<Backend>,
    pub(crate) policies: Policies,
}

impl Rule {
    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its name, no other rule's in its route.
    pub const fn name(&self) -> Option<&ObjectName> {
        self.name.as_ref()
    }

    /// What people know it by, as the one at this position of its route, from 0: its name, or `#1` for the first.
    pub fn label(&self, position: usize) -> String {
        self.name()
            .map_or_else(|| format!("#{}", position.saturating_add(1)), ToString::to_string)
    }

    /// What requests it is for: any of these, at least one.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// Where they go, by weight, in the order written; none only when a filter answers them.
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// What it says for itself.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }
}

/// A cluster that requests go to, and its share of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backend {
    pub(crate) cluster: Reference,
    pub(crate) weight: Weight,
    pub(crate) filters: Vec<Filter>,
}

impl Backend {
    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        self.cluster.origin()
    }

    /// The cluster. Where this is invalid the backend's share of requests is answered with 500.
    pub const fn cluster(&self) -> &Reference {
        &self.cluster
    }

    /// Its share in proportion to the other backends' (1).
    pub const fn weight(&self) -> Weight {
        self.weight
    }

    /// Edits of the headers of those requests that go here and of their answers, done after the rule's own.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }
}

/// A reference from one object to another, which may not be there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    pub(crate) origin: Origin,
    pub(crate) target: ObjectId,
    pub(crate) is_valid: bool,
}

impl Reference {
    /// Where it is written.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The id of the object when the snapshot holds it.
    pub fn id(&self) -> Option<&ObjectId> {
        self.is_valid.then_some(&self.target)
    }

    /// The id that is referred to, whether or not there is such an object.
    pub const fn target(&self) -> &ObjectId {
        &self.target
    }
}
