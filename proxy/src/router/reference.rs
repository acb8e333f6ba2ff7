//! The specification of routing, written down plainly: every match of every route is looked at, those that hold are
//! ranked, and the first of the ranking wins. It works on the configuration as it is meant and shares no code with the
//! tables; it is their oracle in tests, and tells `explain` why a rule lost.

use std::cmp::Reverse;
use std::fmt;

use http::header::HOST;
use http::request::Parts;
use tidegate_config::{HeaderName, HostPattern, Match, ObjectId, PathMatch, Route, Rule, ValueMatch};

/// What there is to say about a request: the rule that wins, and of each other rule why it does not.
#[derive(Debug)]
pub struct Verdict<'a> {
    pub winner: Option<Candidate<'a>>,
    /// Those that came furthest first.
    pub losers: Vec<Loser<'a>>,
}

/// A match of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub route: &'a Route,
    /// The position of the rule in its route, from 0.
    pub rule: usize,
    /// The position of the match in its rule, from 0.
    pub position: usize,
    pub written: &'a Rule,
    pub matched: &'a Match,
}

/// A rule that does not serve the request, by the match of it that came furthest.
#[derive(Debug)]
pub struct Loser<'a> {
    pub candidate: Candidate<'a>,
    pub reason: Reason,
}

/// The first reason why a match does not serve a request. Later ones are better: they came further.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// The route is for other hosts.
    Host,
    Path,
    Method,
    /// This header is missing, or says something else.
    Header(HeaderName),
    /// So does this query parameter.
    Query(Box<str>),
    /// It holds for the request, and so does one that is before it by this.
    Outranked(Criterion),
}

/// What one match is before another by.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Criterion {
    Priority,
    Host,
    Path,
    Method,
    Headers,
    Query,
    /// Namespace and name of the route.
    Name,
    /// The place of the rule in its route.
    Position,
}

/// Judges the rules of some routes.
pub fn judge<'a>(routes: impl IntoIterator<Item = &'a Route>, head: &Parts) -> Verdict<'a> {
    let rules: Vec<Vec<(Candidate<'a>, Result<Rank<'a>, Reason>)>> = routes
        .into_iter()
        .flat_map(|route| {
            route
                .rules()
                .iter()
                .enumerate()
                .map(move |(number, rule)| candidates(route, number, rule))
        })
        .map(|candidates| candidates.map(|it| (it, rank(&it, head))).collect())
        .collect();
    let held = rules.iter().flatten();
    let held = held.filter_map(|(candidate, result)| Some((candidate, result.as_ref().ok()?)));
    let winner = held.max_by(|(_, one), (_, other)| one.cmp(other));
    let mut losers: Vec<Loser<'a>> = rules
        .iter()
        .filter(|rule| !is_of(rule.first(), winner.map(|(candidate, _)| candidate)))
        .filter_map(|rule| best(rule, winner.map(|(_, rank)| rank)))
        .collect();
    // Stable: among equals the order of routes and rules stays.
    losers.sort_by(|one, other| other.reason.cmp(&one.reason));
    Verdict {
        winner: winner.map(|(candidate, _)| *candidate),
        losers,
    }
}

fn candidates<'a>(route: &'a Route, number: usize, rule: &'a Rule) -> impl Iterator<Item = Candidate<'a>> {
    rule.matches()
        .iter()
        .enumerate()
        .map(move |(position, matched)| Candidate {
            route,
            rule: number,
            position,
            written: rule,
            matched,
        })
}

/// Whether this is a match of the winner's rule.
fn is_of<T>(first: Option<&(Candidate<'_>, T)>, winner: Option<&Candidate<'_>>) -> bool {
    match (first, winner) {
        (Some((one, _)), Some(winner)) => one.route.id() == winner.route.id() && one.rule == winner.rule,
        _ => false,
    }
}

/// The match of a rule that lost which came furthest.
fn best<'a>(rule: &[(Candidate<'a>, Result<Rank<'_>, Reason>)], winner: Option<&Rank<'_>>) -> Option<Loser<'a>> {
    let losers = rule.iter().filter_map(|(candidate, result)| {
        let reason = match result {
            Err(reason) => reason.clone(),
            Ok(rank) => Reason::Outranked(rank.behind(winner?)),
        };
        Some(Loser {
            candidate: *candidate,
            reason,
        })
    });
    // Of equals the first.
    losers.reduce(|best, next| if next.reason > best.reason { next } else { best })
}

/// The place of a match that holds: the greatest wins.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Rank<'a> {
    priority: u32,
    host: HostRank,
    path: PathRank,
    method: bool,
    headers: usize,
    query: usize,
    route: Reverse<&'a ObjectId>,
    rule: Reverse<usize>,
    position: Reverse<usize>,
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum HostRank {
    Any,
    Suffix(usize),
    Exact,
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum PathRank {
    Regex,
    Prefix(usize),
    Exact,
}

impl Rank<'_> {
    /// The first criterion by which this is behind `winner`.
    fn behind(&self, winner: &Rank<'_>) -> Criterion {
        if self.priority != winner.priority {
            Criterion::Priority
        } else if self.host != winner.host {
            Criterion::Host
        } else if self.path != winner.path {
            Criterion::Path
        } else if self.method != winner.method {
            Criterion::Method
        } else if self.headers != winner.headers {
            Criterion::Headers
        } else if self.query != winner.query {
            Criterion::Query
        } else if self.route != winner.route {
            Criterion::Name
        } else {
            Criterion::Position
        }
    }
}

/// The rank of a match, or the first thing in it that does not hold.
fn rank<'a>(candidate: &Candidate<'a>, head: &Parts) -> Result<Rank<'a>, Reason> {
    let Candidate { route, matched, .. } = candidate;
    let host = host_rank(route.hosts(), head).ok_or(Reason::Host)?;
    let path = path_rank(matched.path(), head.uri.path()).ok_or(Reason::Path)?;
    if matched
        .method()
        .is_some_and(|method| method.as_str() != head.method.as_str())
    {
        return Err(Reason::Method);
    }
    for header in matched.headers() {
        let first = head.headers.get_all(header.name.as_str()).iter().next();
        if !says(&header.value, first.map(|value| value.as_bytes().to_vec())) {
            return Err(Reason::Header(header.name.clone()));
        }
    }
    for parameter in matched.query() {
        if !says(&parameter.value, parameter_of(head, &parameter.name)) {
            return Err(Reason::Query(parameter.name.clone()));
        }
    }
    Ok(Rank {
        priority: route.priority(),
        host,
        path,
        method: matched.method().is_some(),
        headers: matched.headers().len(),
        query: matched.query().len(),
        route: Reverse(route.id()),
        rule: Reverse(candidate.rule),
        position: Reverse(candidate.position),
    })
}

fn host_rank(hosts: &[HostPattern], head: &Parts) -> Option<HostRank> {
    if hosts.is_empty() {
        return Some(HostRank::Any);
    }
    let host = host_of(head);
    let matching = hosts.iter().filter(|pattern| pattern.matches(&host));
    let ranks = matching.map(|pattern| match pattern {
        HostPattern::Exact(_) => HostRank::Exact,
        HostPattern::Suffix(suffix) => HostRank::Suffix(suffix.as_str().len()),
    });
    ranks.max()
}

/// `Host` without its port, in lower case.
fn host_of(head: &Parts) -> String {
    let host = head.headers.get(HOST).map(|host| host.as_bytes().to_ascii_lowercase());
    let host = String::from_utf8(host.unwrap_or_default()).unwrap_or_default();
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name.to_owned(),
        _ => host,
    }
}

fn path_rank(path: &PathMatch, asked: &str) -> Option<PathRank> {
    let (holds, rank) = match path {
        PathMatch::Exact(path) => (path.as_str() == asked, PathRank::Exact),
        PathMatch::Prefix(prefix) => (prefix.matches(asked), PathRank::Prefix(prefix.as_str().len())),
        PathMatch::Regex(pattern) => (pattern.matches(asked), PathRank::Regex),
    };
    holds.then_some(rank)
}

/// The first parameter of this name, decoded.
fn parameter_of(head: &Parts, name: &str) -> Option<Vec<u8>> {
    let parameters = head.uri.query()?.split('&');
    let mut pairs = parameters.map(|parameter| match parameter.split_once('=') {
        Some((name, value)) => (percent_decoded(name), percent_decoded(value)),
        None => (percent_decoded(parameter), Vec::new()),
    });
    let (_, value) = pairs.find(|(written, _)| written == name.as_bytes())?;
    Some(value)
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some(byte) = rest.bytes().next() {
        let escape = rest
            .get(1..3)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) if byte == b'%' => {
                decoded.push(escaped);
                rest = rest.get(3..).unwrap_or_default();
            }
            _ => {
                decoded.push(byte);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    decoded
}

/// Text that is not UTF-8 is there, and says nothing that could be asked for.
fn says(wanted: &ValueMatch, value: Option<Vec<u8>>) -> bool {
    match value.map(String::from_utf8) {
        None => wanted.matches(None),
        Some(Ok(text)) => wanted.matches(Some(&text)),
        Some(Err(_)) => *wanted == ValueMatch::Present(true),
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Priority => "its route has a lower priority",
            Self::Host => "its host is less specific",
            Self::Path => "its path is less specific",
            Self::Method => "it does not match a method",
            Self::Headers => "it matches fewer headers",
            Self::Query => "it matches fewer query parameters",
            Self::Name => "its route comes later by namespace and name",
            Self::Position => "it comes later in its route",
        })
    }
}
