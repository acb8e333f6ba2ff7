//! Rules that no request can reach, because one that is tried earlier takes all of theirs.
//!
//! Which rule is tried earlier is the Gateway API's precedence (`HTTPRouteRule`). Only a single match that takes everything
//! another one could is looked for, never several that do so together. Its cost grows with the number of matches, not
//! with its square: what may cover a match is found by host and path.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Lints, attached};
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::id::ObjectId;
use crate::matching::{HeaderMatch, Match, PathMatch, QueryMatch, ValueMatch};
use crate::route::{Route, Rule};
use crate::snapshot::Snapshot;
use crate::values::HostPattern;

/// How many matches of one host and path are compared with one; what is behind them goes unsaid.
const MAX_COMPARED: usize = 64;

pub(super) fn unreachable(snapshot: &Snapshot, lints: &mut Lints) {
    let index = Index::new(snapshot);
    for route in snapshot.routes() {
        let listeners: Vec<_> = attached(snapshot, route).map(|listener| &listener.id).collect();
        for (number, rule) in route.rules.iter().enumerate() {
            let Some(cover) = index.cover_of(route, number, rule, &listeners) else {
                continue;
            };
            let message = "no request can reach this rule: another one takes all of them".to_owned();
            let diagnostic = Diagnostic::new(Code::UnreachableRule, message, rule.origin.clone());
            let by_regex = rule.matches.iter().all(|one| matches!(one.path, PathMatch::Regex(_)))
                && !matches!(cover.one.path, PathMatch::Regex(_));
            let help = if by_regex {
                "a prefix is tried before regular expressions: give this route a higher `priority`"
            } else {
                "leave it out, or match something that the other one does not"
            };
            let label = Label::new(cover.one.origin.clone()).note("this one is tried first");
            lints
                .found
                .push(diagnostic.object(route.id.clone()).related(label).help(help));
        }
    }
}

/// How many elements of a path are asked whether they are a prefix of another rule.
const MAX_ELEMENTS: usize = 64;

/// Every match, by the host and path that it is for.
struct Index<'a>(HashMap<(&'a ObjectId, Hosts<'a>, PathKey<'a>), Vec<Candidate<'a>>>);

#[derive(Clone, Copy)]
struct Candidate<'a> {
    route: &'a Route,
    number: usize,
    one: &'a Match,
}

/// Which hosts a match is for.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum Hosts<'a> {
    Any,
    Suffix(&'a str),
    Exact(&'a str),
}

#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum PathKey<'a> {
    Exact(&'a str),
    Prefix(&'a str),
    Regex(&'a str),
}

impl<'a> Index<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for route in snapshot.routes() {
            let matches = route.rules.iter().enumerate();
            let matches = matches.flat_map(|(number, rule)| rule.matches.iter().map(move |one| (number, one)));
            for (number, one) in matches {
                for listener in attached(snapshot, route) {
                    for hosts in hosts_of(route) {
                        let key = (&listener.id, hosts, path_key(&one.path));
                        let candidate = Candidate { route, number, one };
                        index.entry(key).or_default().push(candidate);
                    }
                }
            }
        }
        Self(index)
    }

    /// A match that takes some of the rule's requests, when all of them are taken by one or another.
    fn cover_of(&self, route: &'a Route, number: usize, rule: &'a Rule, on: &[&'a ObjectId]) -> Option<Candidate<'a>> {
        let mut cover = None;
        for listener in on {
            for hosts in hosts_of(route) {
                for one in &rule.matches {
                    let candidate = Candidate { route, number, one };
                    cover = Some(self.cover(listener, hosts, candidate)?);
                }
            }
        }
        cover
    }

    fn cover(&self, listener: &'a ObjectId, hosts: Hosts<'a>, of: Candidate<'a>) -> Option<Candidate<'a>> {
        for wider in wider_hosts(hosts) {
            for path in wider_paths(&of.one.path) {
                let candidates = self.0.get(&(listener, wider, path)).map_or(&[][..], Vec::as_slice);
                let cover = candidates.iter().take(MAX_COMPARED).find(|candidate| {
                    order(candidate, wider) < order(&of, hosts)
                        && !same_rule(candidate, &of)
                        && covers(candidate.one, of.one)
                });
                if cover.is_some() {
                    return cover.copied();
                }
            }
        }
        None
    }
}

fn same_rule(a: &Candidate<'_>, b: &Candidate<'_>) -> bool {
    std::ptr::eq(a.route, b.route) && a.number == b.number
}

fn hosts_of(route: &Route) -> Vec<Hosts<'_>> {
    if route.hosts.is_empty() {
        return vec![Hosts::Any];
    }
    let hosts = route.hosts.iter().map(|host| match host {
        HostPattern::Exact(host) => Hosts::Exact(host.as_str()),
        HostPattern::Suffix(host) => Hosts::Suffix(host.as_str()),
    });
    hosts.collect()
}

/// These hosts and all that hold them.
fn wider_hosts(hosts: Hosts<'_>) -> Vec<Hosts<'_>> {
    let (Hosts::Exact(mut name) | Hosts::Suffix(mut name)) = hosts else {
        return vec![Hosts::Any];
    };
    let mut wider = vec![hosts];
    while let Some((_, parent)) = name.split_once('.') {
        wider.push(Hosts::Suffix(parent));
        name = parent;
    }
    wider.push(Hosts::Any);
    wider
}

fn path_key(path: &PathMatch) -> PathKey<'_> {
    match path {
        PathMatch::Exact(path) => PathKey::Exact(path.as_str()),
        PathMatch::Prefix(prefix) => PathKey::Prefix(prefix.as_str()),
        PathMatch::Regex(pattern) => PathKey::Regex(pattern.as_str()),
    }
}

/// What holds all paths of `path`: itself, and the prefixes of what all of them begin with.
fn wider_paths(path: &PathMatch) -> Vec<PathKey<'_>> {
    let mut wider = vec![path_key(path)];
    let mut beginning = match path {
        PathMatch::Exact(path) => path.as_str(),
        PathMatch::Prefix(prefix) => prefix.as_str(),
        PathMatch::Regex(pattern) => whole_elements(literal_beginning(pattern.as_str())),
    };
    while !beginning.is_empty() && beginning != "/" && wider.len() < MAX_ELEMENTS {
        wider.push(PathKey::Prefix(beginning.strip_suffix('/').unwrap_or(beginning)));
        beginning = beginning.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    wider.push(PathKey::Prefix("/"));
    wider
}

/// What every text that matches begins with, as far as it is plain to see.
fn literal_beginning(pattern: &str) -> &str {
    if pattern.contains('|') {
        return "";
    }
    let is_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '~');
    let end = pattern.find(|c| !is_literal(c)).unwrap_or(pattern.len());
    let (literal, rest) = pattern.split_at(end);
    // The last character may be repeated, or left out.
    match literal.char_indices().next_back() {
        Some((last, _)) if rest.starts_with(['*', '?', '{', '+']) => literal.split_at(last).0,
        _ => literal,
    }
}

/// The text up to its last `/`: what is behind may go on within an element.
fn whole_elements(text: &str) -> &str {
    text.rsplit_once('/').map_or("", |(elements, _)| elements)
}

/// The less, the earlier a match is tried among those that a request could have.
fn order<'a>(candidate: &Candidate<'a>, hosts: Hosts<'_>) -> impl Ord + use<'a> {
    let one = candidate.one;
    let (kind, length) = match &one.path {
        PathMatch::Exact(_) => (0, 0),
        PathMatch::Prefix(prefix) => (1, prefix.as_str().len()),
        PathMatch::Regex(_) => (2, 0),
    };
    let host = match hosts {
        Hosts::Exact(name) => (2, name.len()),
        Hosts::Suffix(name) => (1, name.len()),
        Hosts::Any => (0, 0),
    };
    (
        (Reverse(candidate.route.priority), Reverse(host)),
        (kind, Reverse(length), one.method.is_none()),
        (Reverse(one.headers.len()), Reverse(one.query.len())),
        (&candidate.route.id, candidate.number),
    )
}

/// Whether every request of `inner`, whose path is one of `outer`, is one of `outer`.
fn covers(outer: &Match, inner: &Match) -> bool {
    let header = |outer: &HeaderMatch| {
        let same = |inner: &&HeaderMatch| inner.name == outer.name;
        inner
            .headers
            .iter()
            .find(same)
            .is_some_and(|inner| value_covers(&outer.value, &inner.value))
    };
    let query = |outer: &QueryMatch| {
        let same = |inner: &&QueryMatch| inner.name == outer.name;
        inner
            .query
            .iter()
            .find(same)
            .is_some_and(|inner| value_covers(&outer.value, &inner.value))
    };
    (outer.method.is_none() || outer.method == inner.method)
        && outer.headers.iter().all(header)
        && outer.query.iter().all(query)
}

fn value_covers(outer: &ValueMatch, inner: &ValueMatch) -> bool {
    match (outer, inner) {
        (ValueMatch::Present(true), ValueMatch::Exact(_) | ValueMatch::Regex(_)) => true,
        (ValueMatch::Regex(pattern), ValueMatch::Exact(text)) => pattern.matches(text),
        (outer, inner) => outer == inner,
    }
}
