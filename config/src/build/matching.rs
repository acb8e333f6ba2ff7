//! Matches.

use super::Site;
use crate::diagnostic::{Code, ValueError};
use crate::matching::{HeaderMatch, Match, PathMatch, QueryMatch, ValueMatch};
use crate::raw;
use crate::values::{HeaderName, HeaderText};
use crate::yaml::At;

pub(super) fn one_match(site: &mut Site<'_>, raw: &At<raw::Match>) -> Option<Match> {
    let mut one = Match::everything(site.origin(raw.mark));
    if let Some(path) = &raw.value.path {
        one.path = path_match(site, path)?;
    }
    one.method = raw.value.method.as_ref().and_then(|method| site.parse(method));
    one.headers = values(site, raw.value.headers.as_ref(), "header", header_name)
        .into_iter()
        .map(|(name, value)| HeaderMatch { name, value })
        .collect();
    one.query = values(site, raw.value.query.as_ref(), "query parameter", query_name)
        .into_iter()
        .map(|(name, value)| QueryMatch { name, value })
        .collect();
    Some(one)
}

fn header_name(site: &mut Site<'_>, raw: &raw::ValueMatch) -> Option<HeaderName> {
    let name: HeaderName = site.parse(&raw.name)?;
    if name.as_str() == "host" {
        let error = ValueError::new(Code::BadHeaderName, "the host is no header to match".to_owned());
        site.report(raw.name.mark, error.help("write `hosts: [...]` on the route"));
        return None;
    }
    if let Some(exact) = &raw.exact {
        // What no header can say would never match.
        site.parse::<HeaderText>(exact)?;
    }
    Some(name)
}

fn query_name(site: &mut Site<'_>, raw: &raw::ValueMatch) -> Option<Box<str>> {
    if raw.name.value.is_empty() {
        let error = ValueError::is_not(Code::BadName, "", "the name of a query parameter");
        site.report(
            raw.name.mark,
            error.help("write the name as it is after decoding: `debug`"),
        );
        return None;
    }
    Some(raw.name.value.as_str().into())
}

fn path_match(site: &mut Site<'_>, raw: &At<raw::Path>) -> Option<PathMatch> {
    match &raw.value {
        raw::Path {
            exact: Some(path),
            prefix: None,
            regex: None,
        } => site.parse(path).map(PathMatch::Exact),
        raw::Path {
            exact: None,
            prefix: Some(prefix),
            regex: None,
        } => site.parse(prefix).map(PathMatch::Prefix),
        raw::Path {
            exact: None,
            prefix: None,
            regex: Some(pattern),
        } => site.parse(pattern).map(PathMatch::Regex),
        _ => {
            let error = ValueError::new(Code::NotOneOf, "a path is matched in one way".to_owned());
            site.report(
                raw.mark,
                error.help("write one of `exact: /a`, `prefix: /a` or `regex: /a.*`"),
            );
            None
        }
    }
}

fn values<N: Clone + Eq + std::hash::Hash + ToString>(
    site: &mut Site<'_>,
    raw: Option<&At<Vec<At<raw::ValueMatch>>>>,
    what: &str,
    name_of: impl Fn(&mut Site<'_>, &raw::ValueMatch) -> Option<N>,
) -> Vec<(N, ValueMatch)> {
    let list = raw.map(|raw| raw.value.as_slice()).unwrap_or_default();
    let mut values = Vec::new();
    let mut names = Vec::new();
    for raw in list {
        let name = name_of(site, &raw.value);
        let value = value(site, raw);
        if let (Some(name), Some(value)) = (name, value) {
            names.push((name.clone(), raw.value.name.mark));
            values.push((name, value));
        }
    }
    site.distinct(names.into_iter(), what);
    values
}

fn value(site: &mut Site<'_>, raw: &At<raw::ValueMatch>) -> Option<ValueMatch> {
    match &raw.value {
        raw::ValueMatch {
            exact: Some(text),
            regex: None,
            present: None,
            ..
        } => Some(ValueMatch::Exact(text.value.as_str().into())),
        raw::ValueMatch {
            exact: None,
            regex: Some(pattern),
            present: None,
            ..
        } => site.parse(pattern).map(ValueMatch::Regex),
        raw::ValueMatch {
            exact: None,
            regex: None,
            present: Some(present),
            ..
        } => Some(ValueMatch::Present(*present)),
        _ => {
            let error = ValueError::new(Code::NotOneOf, "a value is matched in one way".to_owned());
            site.report(
                raw.mark,
                error.help("write one of `exact: text`, `regex: te.t` or `present: true`"),
            );
            None
        }
    }
}
