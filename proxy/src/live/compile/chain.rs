//! The filters of rules and backends, and the side table of what their limits have counted.

use std::ptr;
use std::sync::Arc;

use tidegate_config::{self as config, FilterKind};
use tidegate_filters::{BackendEdits, Chain, Filter, Limiters};

use crate::worker::Env;

/// What outlives a configuration: the counts of rate limits, by the identity of the limit.
#[derive(Clone, Debug)]
pub struct SideTable(Arc<Limiters>);

impl Default for SideTable {
    fn default() -> Self {
        Self(Arc::new(Limiters::new(Env::limiter_clock())))
    }
}

/// The filters of a rule.
#[derive(Debug, Default)]
pub struct RuleFilters {
    pub chain: Chain,
    /// Which of the chain the listener says, and not the route.
    inherited: Box<[bool]>,
}

impl RuleFilters {
    /// Whether the filter at this position of the chain stands on the listener.
    pub fn is_listeners(&self, position: usize) -> bool {
        self.inherited.get(position).copied().unwrap_or_default()
    }
}

/// The filters of the rule at `position` on this listener, from which it inherits.
pub(super) fn of_rule(
    route: &config::Route,
    position: usize,
    listener: &config::Listener,
    side: &SideTable,
) -> RuleFilters {
    let rule = route.rules().get(position);
    let filters = rule.map(|rule| route.filters_of(rule, listener)).unwrap_or_default();
    if filters.is_empty() {
        return RuleFilters::default();
    }
    let is_inherited = |filter: &config::Filter| {
        let mut own = listener.policies().filters().iter();
        own.any(|own| ptr::eq(own, filter))
    };
    let name = rule.map(|rule| rule.label(position)).unwrap_or_default();
    let mut limits = 0;
    let compile = |filter: &&config::Filter| {
        limits += usize::from(filter.kind() == FilterKind::RateLimit);
        let mut id = format!("{} rule {name} limit {limits}", route.id());
        if is_inherited(filter) {
            // Listeners may say different things to one rule.
            id = format!("{id} of {}", listener.id());
        }
        Filter::compile(filter.spec(), &side.0, &id)
    };
    RuleFilters {
        // They come in the order in which they run, so that positions are the chain's.
        chain: Chain::new(filters.iter().map(compile).collect()),
        inherited: filters.iter().map(|filter| is_inherited(filter)).collect(),
    }
}

pub(super) fn of_backend(backend: &config::Backend) -> BackendEdits {
    BackendEdits::compile(backend.filters().iter().map(config::Filter::spec))
}

#[cfg(test)]
mod tests {
    use http::Request;
    use tidegate_config::{Scheme, Snapshot, parse_str};
    use tidegate_filters::FilterCx;

    use super::*;

    fn snapshot(listeners: &str, rules: &str) -> Snapshot {
        let yaml = format!(
            "listeners: {{ {listeners} }}\n\
             routes: {{ all: {{ listeners: [a, b], rules: [{rules}] }} }}\n\
             clusters: {{ up: {{ endpoints: [{{ address: 127.0.0.1:9 }}] }} }}\n"
        );
        let loaded = parse_str("test.yaml", &yaml);
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        Snapshot::clone(&loaded.snapshot)
    }

    fn rule(limit: &str) -> String {
        format!("{{ backends: [{{ cluster: up }}], filters: [{limit}] }}")
    }

    const LISTENERS: &str = "a: { address: 127.0.0.1:1 }, b: { address: 127.0.0.1:2 }";
    const TWICE: &str = "{ rateLimit: { requests: 2, per: 1h } }";

    /// How many of `asked` requests the rule lets pass on this listener.
    fn passed(snapshot: &Snapshot, side: &SideTable, listener: &str, rule: usize, asked: usize) -> usize {
        let route = snapshot.routes().next().unwrap();
        let mut listeners = snapshot.listeners();
        let listener = listeners.find(|it| it.id().name().as_str() == listener).unwrap();
        let chain = of_rule(route, rule, listener, side).chain;
        let (mut head, ()) = Request::new(()).into_parts();
        let cx = FilterCx {
            client: [127, 0, 0, 1].into(),
            scheme: Scheme::Http,
            port: 80,
            matched: 0,
        };
        (0..asked)
            .filter(|_| chain.on_request(&mut head, &cx).is_continue())
            .count()
    }

    /// The chain of the old configuration is gone by then, as it may be when nobody is asked between two changes; the
    /// tables that hold it are not.
    #[test]
    fn counts_outlive_a_change_that_leaves_their_numbers_alone() {
        let side = SideTable::default();
        let before = snapshot(LISTENERS, &rule(TWICE));
        let held = of_rule(
            before.routes().next().unwrap(),
            0,
            before.listeners().next().unwrap(),
            &side,
        );
        assert_eq!(passed(&before, &side, "a", 0, 1), 1);
        let edited = snapshot(
            LISTENERS,
            &rule(&format!("{{ requestHeaders: {{ set: {{ x-a: b }} }} }}, {TWICE}")),
        );
        assert_eq!(passed(&edited, &side, "a", 0, 3), 1, "one of two was used before");
        assert!(!held.chain.is_empty());
        let raised = snapshot(LISTENERS, &rule("{ rateLimit: { requests: 3, per: 1h } }"));
        assert_eq!(passed(&raised, &side, "a", 0, 9), 3, "other numbers begin anew");
    }

    #[test]
    fn a_routes_limit_is_one_on_all_listeners_and_a_listeners_is_its_own() {
        let side = SideTable::default();
        let own = snapshot(LISTENERS, &rule(TWICE));
        let _held = of_rule(own.routes().next().unwrap(), 0, own.listeners().next().unwrap(), &side);
        assert_eq!(passed(&own, &side, "a", 0, 1), 1);
        assert_eq!(passed(&own, &side, "b", 0, 9), 1);

        let listeners = format!(
            "a: {{ address: 127.0.0.1:1, filters: [{TWICE}] }}, \
             b: {{ address: 127.0.0.1:2, filters: [{{ rateLimit: {{ requests: 5, per: 1h }} }}] }}"
        );
        let inherited = snapshot(&listeners, &rule(""));
        let side = SideTable::default();
        assert_eq!(passed(&inherited, &side, "a", 0, 9), 2);
        assert_eq!(passed(&inherited, &side, "b", 0, 9), 5);
    }

    #[test]
    fn limits_of_one_rule_and_of_several_are_counted_apart() {
        let side = SideTable::default();
        let two = format!("{TWICE}, {TWICE}");
        let rules = format!(
            "{}, {{ name: '1', backends: [{{ cluster: up }}], filters: [{TWICE}] }}",
            rule(&two)
        );
        let snapshot = snapshot(LISTENERS, &rules);
        assert_eq!(passed(&snapshot, &side, "a", 0, 9), 2);
        assert_eq!(passed(&snapshot, &side, "a", 1, 9), 2);
    }
}
