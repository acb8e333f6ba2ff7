//! What there is to say about a request, ready to be serialised.

use std::fmt;
use std::ptr;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use tidegate_config::{self as config, Filter, Origin};

use super::request::Request;
use super::words;
use crate::exchange::Kind;
use crate::live::Rule;
use crate::router::{host_name, reference};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub request: Asked,
    pub listener: ListenerUse,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The other rules of the listener, those that came furthest first.
    pub losers: Vec<Loser>,
}

/// The request as rules see it: the host without its port, the path in its one form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerUse {
    /// `namespace/name`.
    pub name: String,
    pub address: String,
    pub place: Place,
}

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// A rule takes it.
    Routed(Box<Winner>),
    /// Tidegate answers it, for this reason.
    #[serde(rename_all = "camelCase")]
    Answered { status: u16, reason: &'static str },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Winner {
    /// `namespace/name`.
    pub route: String,
    /// Its name, or its place in the route: `#1` is the first.
    pub rule: String,
    pub place: Place,
    pub matched: MatchUse,
    /// In the order in which they run.
    pub filters: Vec<FilterUse>,
    pub backends: Vec<Backend>,
    pub timeouts: Timeouts,
}

/// The match by which a rule took or lost a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchUse {
    pub says: String,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterUse {
    pub filter: &'static str,
    /// Where it is inherited from.
    pub on: Level,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    Backend,
    Rule,
    Route,
    Listener,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backend {
    /// `namespace/name`.
    pub cluster: String,
    pub weight: u32,
    /// In percent.
    pub share: f64,
    /// Where there is no such cluster the share is answered with 500.
    pub exists: bool,
    pub filters: Vec<FilterUse>,
    pub place: Place,
}

/// As people write them; `None` where there is no limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeouts {
    pub request: Option<String>,
    pub backend_request: Option<String>,
}

/// A rule that does not serve the request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loser {
    /// `namespace/name`.
    pub route: String,
    /// Its name, or its place in the route: `#1` is the first.
    pub rule: String,
    pub place: Place,
    /// The match of it that came furthest.
    pub matched: MatchUse,
    /// A stable word for what decided.
    pub reason: &'static str,
    /// The same for people.
    pub why: String,
}

impl Explanation {
    pub(super) fn new(
        request: Asked,
        listener: &config::Listener,
        outcome: Outcome,
        losers: &[reference::Loser<'_>],
    ) -> Self {
        Self {
            request,
            listener: ListenerUse {
                name: listener.id().path(),
                address: listener.address().to_string(),
                place: Place::of(listener.origin()),
            },
            outcome,
            losers: losers.iter().map(Loser::new).collect(),
        }
    }

    /// Of a request that comes to no rule.
    pub(super) fn refused(request: Asked, listener: &config::Listener, kind: Kind) -> Self {
        Self::new(request, listener, Outcome::of(kind), &[])
    }
}

impl Asked {
    /// As it was described.
    pub(super) fn of(request: &Request) -> Self {
        let (path, query) = request.target().split_once('?').unzip();
        Self {
            method: request.method().to_owned(),
            host: request.host().to_owned(),
            path: path.unwrap_or(request.target()).to_owned(),
            query: query.map(ToOwned::to_owned),
        }
    }

    /// As it was read.
    pub(super) fn read(head: &http::request::Parts) -> Self {
        Self {
            method: head.method.to_string(),
            host: host_name(head).into_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(ToOwned::to_owned),
        }
    }
}

impl Place {
    pub(crate) fn of(origin: &Origin) -> Self {
        Self {
            file: origin.file().to_owned(),
            line: origin.line(),
            column: origin.column(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Outcome {
    pub(super) fn of(kind: Kind) -> Self {
        Self::Answered {
            // A head that can be read is always answered.
            status: kind.status().unwrap_or(StatusCode::BAD_REQUEST).as_u16(),
            reason: kind.reason(),
        }
    }
}

impl Winner {
    pub(super) fn new(candidate: &reference::Candidate<'_>, compiled: &Arc<Rule>, listener: &config::Listener) -> Self {
        let route = candidate.route;
        let rule = candidate.written;
        Self {
            route: route.id().path(),
            rule: compiled.name.to_string(),
            place: Place::of(rule.origin()),
            matched: MatchUse::of(candidate.matched),
            filters: filters(route, rule, listener),
            backends: backends(rule.backends()),
            timeouts: Timeouts {
                request: compiled.request_timeout.map(words::duration),
                backend_request: compiled.backend_timeout.map(words::duration),
            },
        }
    }
}

impl MatchUse {
    fn of(matched: &config::Match) -> Self {
        Self {
            says: words::matched(matched),
            place: Place::of(matched.origin()),
        }
    }
}

impl Loser {
    fn new(loser: &reference::Loser<'_>) -> Self {
        let candidate = &loser.candidate;
        let rule = candidate.written;
        Self {
            route: candidate.route.id().path(),
            rule: rule.label(candidate.rule),
            place: Place::of(rule.origin()),
            matched: MatchUse::of(candidate.matched),
            reason: words::code(&loser.reason),
            why: words::why(loser),
        }
    }
}

fn filters(route: &config::Route, rule: &config::Rule, listener: &config::Listener) -> Vec<FilterUse> {
    let is_of = |policies: &config::Policies, filter: &Filter| policies.filters().iter().any(|it| ptr::eq(it, filter));
    let level = |filter: &Filter| match filter {
        _ if is_of(rule.policies(), filter) => Level::Rule,
        _ if is_of(route.policies(), filter) => Level::Route,
        _ => Level::Listener,
    };
    let filters = route.filters_of(rule, listener).into_iter();
    filters.map(|filter| FilterUse::of(filter, level(filter))).collect()
}

impl FilterUse {
    fn of(filter: &Filter, on: Level) -> Self {
        Self {
            filter: filter.kind().as_str(),
            on,
            place: Place::of(filter.origin()),
        }
    }
}

/// With the share that each has by its weight.
pub(crate) fn backends(backends: &[config::Backend]) -> Vec<Backend> {
    let total: f64 = backends.iter().map(|backend| f64::from(backend.weight().get())).sum();
    let share = |weight: u32| {
        if total > 0.0 {
            f64::from(weight) / total * 100.0
        } else {
            0.0
        }
    };
    let backend = |backend: &config::Backend| Backend {
        cluster: backend.cluster().target().path(),
        weight: backend.weight().get(),
        share: share(backend.weight().get()),
        exists: backend.cluster().id().is_some(),
        filters: backend
            .filters()
            .iter()
            .map(|filter| FilterUse::of(filter, Level::Backend))
            .collect(),
        place: Place::of(backend.origin()),
    };
    backends.iter().map(backend).collect()
}
