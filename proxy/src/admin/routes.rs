//! `/routes`: which requests go where, and what has become of them.

use serde::Serialize;
use tidegate_config::{self as config, Filter, FilterKind, Policies};

use super::figures::Requests;
use super::query::{Selected, Selection, Words};
use crate::explain::{Backend, Place, backends, matched};
use crate::live::{Route, Tables};

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// `namespace/name`.
    name: String,
    place: Place,
    /// None means every host.
    hosts: Vec<String>,
    listeners: Vec<ListenerUse>,
    /// What the route says for all of its rules.
    filters: Vec<&'static str>,
    rules: Vec<Rule>,
    requests: Requests,
}

/// A listener that the route asks to be on.
#[derive(Debug, Serialize)]
struct ListenerUse {
    name: String,
    exists: bool,
}

#[derive(Debug, Serialize)]
struct Rule {
    /// Its name, or its number: `#1`.
    name: String,
    place: Place,
    /// Any of them will do.
    matches: Vec<String>,
    filters: Vec<&'static str>,
    backends: Vec<Backend>,
}

pub(super) fn list(tables: &Tables, selection: &Selection) -> Selected<Shown> {
    let all = tables.written.routes().map(|written| &**written).zip(&tables.routes);
    let selected = selection.of("routes", all, |(written, route), words| {
        words.say(&route.id);
        search(written, words);
    });
    selected.map(|(written, route)| Shown::of(written, route))
}

fn search(route: &config::Route, words: &mut Words) {
    route.hosts().iter().for_each(|host| words.say(host));
    for rule in route.rules() {
        rule.matches().iter().for_each(|it| words.say(it.path()));
        rule.backends()
            .iter()
            .for_each(|backend| words.say(backend.cluster().target()));
    }
}

impl Shown {
    fn of(written: &config::Route, route: &Route) -> Self {
        let listeners = written.listeners().iter().map(|reference| ListenerUse {
            name: reference.target().path(),
            exists: reference.id().is_some(),
        });
        Self {
            name: route.id.to_string(),
            place: Place::of(written.origin()),
            hosts: written.hosts().iter().map(ToString::to_string).collect(),
            listeners: listeners.collect(),
            filters: kinds(written.policies()),
            rules: written.rules().iter().zip(0..).map(Rule::of).collect(),
            requests: Requests::of(&route.stats, |stats| stats),
        }
    }
}

impl Rule {
    fn of((written, position): (&config::Rule, usize)) -> Self {
        Self {
            name: written.label(position),
            place: Place::of(written.origin()),
            matches: written.matches().iter().map(matched).collect(),
            filters: kinds(written.policies()),
            backends: backends(written.backends()),
        }
    }
}

fn kinds(policies: &Policies) -> Vec<&'static str> {
    policies
        .filters()
        .iter()
        .map(Filter::kind)
        .map(FilterKind::as_str)
        .collect()
}
