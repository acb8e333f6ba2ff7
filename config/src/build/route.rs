//! Routes.

use super::matching::one_match;
use super::{Site, filter};
use crate::diagnostic::{Code, Diagnostic, Label, ValueError};
use crate::filter::{Filter, FilterKind};
use crate::id::{Kind, ObjectId, ObjectName};
use crate::matching::{Match, PathMatch};
use crate::origin::Mark;
use crate::raw;
use crate::route::{Backend, Policies, Reference, Route, Rule, WrittenTimeouts, nearest_filters};
use crate::values::{HostPattern, Weight};
use crate::yaml::At;

const MAX_PRIORITY: u64 = 1_000_000;

pub(crate) fn route(site: &mut Site<'_>, raw: &raw::Route) -> Option<Route> {
    let mut priority = 0;
    site.number(&mut priority, raw.priority.as_ref(), 0, MAX_PRIORITY);
    let policies = policies(site, raw.filters.as_ref(), raw.disabled.as_ref(), raw.timeouts.as_ref());
    Some(Route {
        id: site.id.clone(),
        origin: site.origin(site.mark),
        listeners: listeners(site, &raw.listeners),
        hosts: raw
            .hosts
            .as_ref()
            .map(|hosts| self::hosts(site, hosts))
            .unwrap_or_default(),
        priority,
        rules: rules(site, raw, &policies),
        policies,
    })
}

fn listeners(site: &mut Site<'_>, raw: &At<Vec<raw::Text>>) -> Vec<Reference> {
    site.not_empty(raw, "listener", "name the listeners that the route is for: `[web]`");
    let references: Vec<_> = raw
        .value
        .iter()
        .filter_map(|name| reference(site, Kind::Listener, name))
        .collect();
    let targets = references
        .iter()
        .map(|reference| (reference.target().clone(), reference.origin().mark()));
    site.distinct(targets, "reference");
    references
}

fn hosts(site: &mut Site<'_>, raw: &At<Vec<raw::Text>>) -> Vec<HostPattern> {
    site.not_empty(raw, "host", "leave `hosts` out to mean every host");
    let hosts: Vec<(HostPattern, _)> = raw
        .value
        .iter()
        .filter_map(|host| Some((site.parse(host)?, host.mark)))
        .collect();
    site.distinct(hosts.iter().cloned(), "host");
    hosts.into_iter().map(|(host, _)| host).collect()
}

fn rules(site: &mut Site<'_>, raw: &raw::Route, inherited: &Policies) -> Vec<Rule> {
    let lost = filter::lost_answer(raw.filters.as_ref(), &inherited.filters);
    let raw = &raw.rules;
    site.not_empty(
        raw,
        "rule",
        "a rule says where requests go: `- backends: [{ cluster: echo }]`",
    );
    let rules: Vec<_> = raw.value.iter().map(|raw| rule(site, raw, inherited, lost)).collect();
    inherited_answers(site, &rules, inherited);
    let names = raw.value.iter().filter_map(|raw| raw.value.name.as_ref());
    site.distinct(names.map(|name| (name.value.clone(), name.mark)), "rule name");
    rules
}

/// `lost`: the route has a filter that answers, but a bad one.
fn rule(site: &mut Site<'_>, raw: &At<raw::Rule>, inherited: &Policies, lost: bool) -> Rule {
    let written = &raw.value;
    let name: Option<ObjectName> = written.name.as_ref().and_then(|name| site.parse(name));
    let policies = policies(
        site,
        written.filters.as_ref(),
        written.disabled.as_ref(),
        written.timeouts.as_ref(),
    );
    let matches = matches(site, raw);
    let filters = nearest_filters(&[&policies, inherited]);
    let answering: Vec<_> = filters
        .iter()
        .filter(|filter| filter.kind().answers())
        .copied()
        .collect();
    let lost = lost || filter::lost_answer(written.filters.as_ref(), &policies.filters);
    if policies.answers() {
        only_one_answers(site, &answering, &policies);
    }
    prefixes_to_replace(site, &filters, &policies, &matches);
    Rule {
        origin: site.origin(raw.mark),
        name,
        backends: match (&written.backends, answering.first()) {
            (Some(list), Some(filter)) => {
                needless_backends(site, list.mark, filter.kind(), policies.has(filter.kind()));
                Vec::new()
            }
            (Some(list), None) => backends(site, list),
            // A mistake that was reported already is the reason why nobody answers.
            (None, None) if !lost => {
                let error = ValueError::new(Code::MissingKey, "the key `backends` is missing".to_owned());
                site.report(raw.mark, error.help(BACKENDS));
                Vec::new()
            }
            (None, _) => Vec::new(),
        },
        matches,
        policies,
    }
}

fn matches(site: &mut Site<'_>, raw: &At<raw::Rule>) -> Vec<Match> {
    let Some(list) = &raw.value.matches else {
        return vec![Match::everything(site.origin(raw.mark))];
    };
    site.not_empty(list, "match", "leave `matches` out to mean every request");
    list.value.iter().filter_map(|raw| one_match(site, raw)).collect()
}

/// What a rule or route says of filters and time limits.
fn policies(
    site: &mut Site<'_>,
    filters: Option<&raw::Filters>,
    disabled: Option<&raw::Disabled>,
    timeouts: Option<&raw::RouteTimeouts>,
) -> Policies {
    let filters = filter::filters(site, filters);
    let disabled = disabled.map(|list| list.value.as_slice()).unwrap_or_default();
    site.distinct(disabled.iter().map(|kind| (kind.value, kind.mark)), "filter");
    for kind in disabled {
        if filters.iter().any(|filter| filter.kind() == kind.value) {
            let error = ValueError::new(
                Code::Pointless,
                format!("`{}` is given and disabled in one place", kind.value),
            );
            site.report(
                kind.mark,
                error.help("`disabled` is for what is inherited, which a filter of one's own replaces anyway"),
            );
        }
    }
    Policies {
        filters,
        disabled: disabled
            .iter()
            .map(|kind| (site.origin(kind.mark), kind.value))
            .collect(),
        timeouts: timeouts.and_then(|raw| self::timeouts(site, raw.request.as_ref(), raw.backend_request.as_ref())),
    }
}

pub(super) fn timeouts(
    site: &mut Site<'_>,
    request: Option<&raw::Text>,
    backend_request: Option<&raw::Text>,
) -> Option<WrittenTimeouts> {
    let at = backend_request.or(request)?;
    Some(WrittenTimeouts {
        origin: site.origin(at.mark),
        request: request.and_then(|text| site.parse(text)),
        backend_request: backend_request.and_then(|text| site.parse(text)),
    })
}

/// The filters that answer and that a route's rules inherit together are the route's mistake, and said once.
fn inherited_answers(site: &mut Site<'_>, rules: &[Rule], inherited: &Policies) {
    let together = rules.iter().filter(|rule| !rule.policies.answers()).find_map(|rule| {
        let filters = nearest_filters(&[&rule.policies, inherited]).into_iter();
        let answering: Vec<_> = filters.filter(|filter| filter.kind().answers()).collect();
        (answering.len() > 1).then_some(answering)
    });
    only_one_answers(site, &together.unwrap_or_default(), inherited);
}

/// Of several filters that answer, those behind the first would never act. Each of `own` is told so; of others one is
/// enough, since as many rules may inherit them as there are.
fn only_one_answers(site: &mut Site<'_>, answering: &[&Filter], own: &Policies) {
    let [first, others @ ..] = answering else { return };
    for second in own_and_one(others, own) {
        let message = format!(
            "this `{}` never acts: a `{}` answers first",
            second.kind(),
            first.kind()
        );
        let diagnostic = Diagnostic::new(Code::Pointless, message, second.origin().clone());
        let label = Label::new(first.origin().clone()).note("this one answers");
        let help = format!(
            "leave one out; `disabled: [{}]` switches an inherited one off",
            first.kind()
        );
        site.problems
            .push(diagnostic.object(site.id.clone()).related(label).help(help));
    }
}

/// Those of `filters` that stand in `own`, and the first of the others. Of one kind all are from one place.
fn own_and_one<'a>(filters: &[&'a Filter], own: &Policies) -> Vec<&'a Filter> {
    let (mut told, others): (Vec<_>, Vec<_>) = filters.iter().partition(|filter| own.has(filter.kind()));
    told.extend(others.first());
    told
}

/// A filter that replaces the prefix that matched is for rules that match by prefix.
fn prefixes_to_replace(site: &mut Site<'_>, filters: &[&Filter], own: &Policies, matches: &[Match]) {
    let Some(other) = matches.iter().find(|one| !matches!(one.path, PathMatch::Prefix(_))) else {
        return;
    };
    let replacing: Vec<_> = filters
        .iter()
        .filter(|filter| filter.spec().replaces_prefix())
        .copied()
        .collect();
    for filter in own_and_one(&replacing, own) {
        let message = format!("this `{}` replaces a prefix, but no prefix is matched", filter.kind());
        let diagnostic = Diagnostic::new(Code::NoPrefix, message, filter.origin().clone());
        let label = Label::new(other.origin().clone()).note("this matches in another way");
        let help = "match `prefix: ...`, or replace the whole path with `full: ...`";
        site.problems
            .push(diagnostic.object(site.id.clone()).related(label).help(help));
    }
}

/// A rule has backends, or a filter that answers; never both. A listener's filters are not asked: one that redirects
/// everything to HTTPS is no mistake of routes that are attached elsewhere, too.
fn needless_backends(site: &mut Site<'_>, mark: Mark, kind: FilterKind, is_own: bool) {
    let (message, help) = if is_own {
        let message = format!("there are backends beside a `{kind}`");
        (
            message,
            "no request would reach them: leave the filter or the backends out".to_owned(),
        )
    } else {
        let message = format!("there are backends below a `{kind}` of the route");
        (
            message,
            format!("no request would reach them: add `disabled: [{kind}]` to this rule"),
        )
    };
    site.report(mark, ValueError::new(Code::NeedlessBackends, message).help(help));
}

fn backends(site: &mut Site<'_>, raw: &At<Vec<raw::Backend>>) -> Vec<Backend> {
    site.not_empty(raw, "backend", BACKENDS);
    raw.value.iter().filter_map(|raw| backend(site, raw)).collect()
}

const BACKENDS: &str = "name the clusters that requests go to: `[{ cluster: echo }]`";

fn backend(site: &mut Site<'_>, raw: &raw::Backend) -> Option<Backend> {
    let mut weight = Weight::default();
    site.set(&mut weight, raw.weight.as_ref(), |&number| Weight::new(number));
    let filters = filter::filters(site, raw.filters.as_ref());
    for filter in &filters {
        if !matches!(filter.kind(), FilterKind::RequestHeaders | FilterKind::ResponseHeaders) {
            let message = format!("`{}` does not go on a backend", filter.kind());
            let error = ValueError::new(Code::MisplacedFilter, message);
            site.report(
                filter.origin().mark(),
                error.help("a backend has `requestHeaders` and `responseHeaders`; put this on the rule"),
            );
        }
    }
    Some(Backend {
        cluster: reference(site, Kind::Cluster, &raw.cluster)?,
        weight,
        filters,
    })
}

/// A reference, taken for valid until it is looked up.
fn reference(site: &mut Site<'_>, kind: Kind, raw: &raw::Text) -> Option<Reference> {
    let target = ObjectId::parse_reference(kind, site.id.namespace(), &raw.value);
    Some(Reference {
        origin: site.origin(raw.mark),
        target: site.take(raw.mark, target)?,
        is_valid: true,
    })
}
