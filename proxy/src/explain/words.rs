//! How things are called and why rules lose, for people.

use std::time::Duration;

use tidegate_config::{self as config, HeaderMatch, HostPattern, Match, ObjectId, ValueMatch};

use crate::router::reference::{Criterion, Loser, Reason};
use crate::secret::{MASK, is_secret};

pub(super) fn listener(listener: &config::Listener) -> String {
    format!("{} on {}", listener.id().path(), listener.address())
}

pub(super) fn list_of_listeners(listeners: &[String]) -> String {
    match listeners {
        [] => "is none".to_owned(),
        [only] => format!("is {only}"),
        _ => format!("are {}", listeners.join(", ")),
    }
}

/// A rule, where there is one.
pub(super) fn name_of(rule: Option<(&ObjectId, usize)>) -> String {
    rule.map_or_else(
        || "no rule".to_owned(),
        |(route, rule)| format!("rule #{} of {route}", rule.saturating_add(1)),
    )
}

/// Whole seconds as such, else with milliseconds.
pub(super) fn duration(duration: Duration) -> String {
    match (duration.as_secs(), duration.subsec_millis()) {
        (0, millis) => format!("{millis}ms"),
        (secs, 0) => format!("{secs}s"),
        (secs, millis) => format!("{secs}s{millis}ms"),
    }
}

/// What a match asks for.
pub(crate) fn matched(matched: &Match) -> String {
    let path = format!("path {}", matched.path());
    let method = matched.method().map(|method| format!("method {method}"));
    let headers = matched.headers().iter();
    let headers = headers.map(|header| format!("header {} {}", header.name, header_value(header)));
    let query = matched.query().iter();
    let query = query.map(|parameter| format!("query parameter {} {}", parameter.name, value(&parameter.value)));
    let parts: Vec<String> = std::iter::once(path)
        .chain(method)
        .chain(headers)
        .chain(query)
        .collect();
    parts.join(", ")
}

fn value(wanted: &ValueMatch) -> String {
    match wanted {
        ValueMatch::Exact(text) => format!("is `{text}`"),
        ValueMatch::Regex(pattern) => format!("matches `{pattern}`"),
        ValueMatch::Present(true) => "is there".to_owned(),
        ValueMatch::Present(false) => "is not there".to_owned(),
    }
}

/// What a header must say, unless that is a secret.
fn header_value(header: &HeaderMatch) -> String {
    match header.value {
        ValueMatch::Exact(_) | ValueMatch::Regex(_) if is_secret(header.name.as_str()) => format!("is `{MASK}`"),
        _ => value(&header.value),
    }
}

/// The stable word for a reason.
pub(super) const fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Host => "host",
        Reason::Path => "path",
        Reason::Method => "method",
        Reason::Header(_) => "header",
        Reason::Query(_) => "query",
        Reason::Outranked(criterion) => match criterion {
            Criterion::Priority => "outranked-by-priority",
            Criterion::Host => "outranked-by-host",
            Criterion::Path => "outranked-by-path",
            Criterion::Method => "outranked-by-method",
            Criterion::Headers => "outranked-by-headers",
            Criterion::Query => "outranked-by-query",
            Criterion::Name => "outranked-by-name",
            Criterion::Position => "outranked-by-position",
        },
    }
}

/// The first reason why a rule lost.
pub(super) fn why(loser: &Loser<'_>) -> String {
    let candidate = &loser.candidate;
    match (&loser.reason, candidate.written.matches().len()) {
        (Reason::Outranked(criterion), _) => format!("it would match, but {criterion}"),
        (Reason::Host, _) => {
            let hosts: Vec<String> = candidate.route.hosts().iter().map(HostPattern::to_string).collect();
            format!("it is for host {}", hosts.join(", "))
        }
        (reason, 1) => format!("it {}", asks_for(reason, candidate.matched)),
        (reason, count) => format!(
            "of its {count} matches the nearest {}",
            asks_for(reason, candidate.matched)
        ),
    }
}

/// The part of a match that does not hold.
fn asks_for(reason: &Reason, matched: &Match) -> String {
    match reason {
        Reason::Method => {
            let method = matched.method().map(ToString::to_string);
            format!("is for method {}", method.unwrap_or_default())
        }
        Reason::Header(name) => {
            let header = matched.headers().iter().find(|header| header.name == *name);
            let wanted = header.map(header_value).unwrap_or_default();
            format!("holds only if header {name} {wanted}")
        }
        Reason::Query(name) => {
            let parameter = matched.query().iter().find(|parameter| parameter.name == *name);
            let wanted = parameter.map(|parameter| value(&parameter.value)).unwrap_or_default();
            format!("holds only if query parameter {name} {wanted}")
        }
        Reason::Host | Reason::Path | Reason::Outranked(_) => format!("is for path {}", matched.path()),
    }
}
