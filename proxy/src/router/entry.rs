//! One match of one rule as the tables hold it, and its place in the order of precedence.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use tidegate_config::{ObjectId, PathMatch, Route};

use super::predicates::Predicates;

/// What leads to a target, a rule of whatever kind, when it holds.
#[derive(Clone, Debug)]
pub struct Entry<R> {
    priority: u32,
    path: PathMatch,
    /// `None`: the path is all that counts.
    predicates: Option<Arc<Predicates>>,
    place: Place,
    target: R,
}

/// Where a match stands in the configuration. Earlier ones win among equals.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    pub route: ObjectId,
    /// The position of the rule in its route, from 0.
    pub rule: usize,
    /// The position of the match in its rule, from 0.
    pub position: usize,
}

/// The entries of a route whose rules have these targets.
pub fn entries<R: Clone>(route: &Route, targets: &[R]) -> Vec<Entry<R>> {
    let mut entries = Vec::new();
    for (rule, (written, target)) in route.rules().iter().zip(targets).enumerate() {
        for (position, matched) in written.matches().iter().enumerate() {
            entries.push(Entry {
                priority: route.priority(),
                path: matched.path().clone(),
                predicates: Predicates::compile(matched).map(Arc::new),
                place: Place {
                    route: route.id().clone(),
                    rule,
                    position,
                },
                target: target.clone(),
            });
        }
    }
    entries
}

impl<R> Entry<R> {
    pub fn target(&self) -> &R {
        &self.target
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn priority(&self) -> u32 {
        self.priority
    }

    pub(super) fn path(&self) -> &PathMatch {
        &self.path
    }

    /// How many bytes of a path that it holds for are the match's: a prefix without the slash at its end, or all of one
    /// that is matched exactly. A regular expression leaves none to be replaced.
    pub fn covers(&self, path: &str) -> usize {
        match &self.path {
            PathMatch::Exact(_) => path.len(),
            PathMatch::Prefix(prefix) if prefix.as_str() == "/" => 0,
            PathMatch::Prefix(prefix) => prefix.as_str().len(),
            PathMatch::Regex(_) => 0,
        }
    }

    /// Whether all but the path holds.
    pub(super) fn admits(&self, head: &http::request::Parts) -> bool {
        self.predicates.as_ref().is_none_or(|predicates| predicates.hold(head))
    }

    /// Whether both are under one key of an index: of one priority and path. Regular expressions have one key together.
    pub(super) fn shares_key(&self, other: &Self) -> bool {
        self.priority == other.priority && key(&self.path) == key(&other.path)
    }

    /// Entries in this order are grouped by key, and within a group the first that holds wins.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let rank = |entry: &Self| {
            let (method, headers, query) = entry.predicates.as_ref().map_or((false, 0, 0), |it| it.counts());
            (Reverse(method), Reverse(headers), Reverse(query))
        };
        Reverse(self.priority)
            .cmp(&Reverse(other.priority))
            .then_with(|| key(&self.path).cmp(&key(&other.path)))
            .then_with(|| rank(self).cmp(&rank(other)))
            .then_with(|| self.place.cmp(&other.place))
    }
}

/// Exact paths, then prefixes, then regular expressions, which are tried in turn whatever they say.
fn key(path: &PathMatch) -> (u8, &str) {
    match path {
        PathMatch::Exact(path) => (0, path.as_str()),
        PathMatch::Prefix(prefix) => (1, prefix.as_str()),
        PathMatch::Regex(_) => (2, ""),
    }
}
