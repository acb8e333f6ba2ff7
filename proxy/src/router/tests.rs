//! The precedence table, and the tables against the reference.

use std::fmt::Write as _;

use http::Request;
use http::request::Parts;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tidegate_config::{Snapshot, parse_str};

use super::reference::{Criterion, Reason, judge};
use super::*;

fn snapshot(routes: &str) -> Snapshot {
    let text = format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\nroutes:\n{routes}\n\
         clusters: {{ up: {{ endpoints: [{{ address: 127.0.0.1:9 }}] }} }}\n"
    );
    let loaded = parse_str("routes.yaml", &text);
    assert!(!loaded.has_errors(), "{:#?}\n{text}", loaded.diagnostics);
    loaded.snapshot
}

fn table(snapshot: &Snapshot) -> HostTable<()> {
    let routes = snapshot.routes().map(|route| Change {
        route: route.id(),
        before: None,
        after: Some((route.hosts(), entries(route, &[(); 8]))),
    });
    HostTable::default().with(routes)
}

fn head(method: &str, host: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let request = Request::builder().method(method).uri(target).header("host", host);
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

/// `route/rule`, as both matchers say.
fn winner(snapshot: &Snapshot, head: &Parts) -> Option<String> {
    let table = table(snapshot);
    let compiled = table.find(head).map(|entry| entry.place().clone());
    let plain = judge(snapshot.routes().map(|route| &**route), head)
        .winner
        .map(|it| Place {
            route: it.route.id().clone(),
            rule: it.rule,
            position: it.position,
        });
    assert_eq!(compiled, plain);
    compiled.map(|place| format!("{}/{}", place.route.name(), place.rule))
}

/// Two routes of one rule each, of which the first, though later by name, is to win.
#[track_caller]
fn wins(first: &str, second: &str, head: &Parts) {
    let routes = format!("  b: {{ {} }}\n  a: {{ {} }}\n", route(first), route(second));
    assert_eq!(winner(&snapshot(&routes), head).as_deref(), Some("b/0"), "{routes}");
}

fn route(says: &str) -> String {
    let (route, matches) = says.split_once('|').unwrap_or((says, ""));
    let matches = if matches.is_empty() {
        String::new()
    } else {
        format!("matches: [{{ {matches} }}],")
    };
    let comma = if route.is_empty() { "" } else { "," };
    format!("listeners: [web], {route}{comma} rules: [{{ {matches} backends: [{{ cluster: up }}] }}]")
}

#[test]
fn each_criterion_decides_before_the_next() {
    let asked = head("GET", "a.b.example", "/x/y?q=1&r=2", &[("x-a", "1"), ("x-b", "2")]);
    for (first, second) in [
        ("priority: 1", "hosts: [a.b.example] | path: { exact: /x/y }"),
        ("hosts: [a.b.example]", "hosts: ['*.b.example'] | path: { exact: /x/y }"),
        ("hosts: ['*.b.example']", "hosts: ['*.example'] | path: { exact: /x/y }"),
        ("hosts: ['*.example']", "| path: { exact: /x/y }"),
        ("| path: { exact: /x/y }", "| path: { prefix: /x/y }, method: GET"),
        ("| path: { prefix: /x/y }", "| path: { prefix: /x }, method: GET"),
        ("| path: { prefix: / }", "| path: { regex: '/x/.*' }, method: GET"),
        (
            "| method: GET",
            "| headers: [{ name: x-a, exact: '1' }, { name: x-b, present: true }]",
        ),
        (
            "| headers: [{ name: x-a, exact: '1' }, { name: x-b, present: true }]",
            "| headers: [{ name: x-a, regex: '[0-9]' }], query: [{ name: q, exact: '1' }]",
        ),
        (
            "| query: [{ name: q, exact: '1' }, { name: r, present: true }]",
            "| query: [{ name: q, exact: '1' }]",
        ),
    ] {
        wins(first, second, &asked);
    }
}

#[test]
fn among_equals_names_then_positions_decide() {
    let rule = "{ backends: [{ cluster: up }] }";
    let routes =
        format!("  b: {{ listeners: [web], rules: [{rule}] }}\n  a: {{ listeners: [web], rules: [{rule}, {rule}] }}");
    let snapshot = snapshot(&routes);
    let asked = head("GET", "a", "/", &[]);
    assert_eq!(winner(&snapshot, &asked).as_deref(), Some("a/0"));
    let reasons: Vec<Reason> = judge(snapshot.routes().map(|route| &**route), &asked)
        .losers
        .into_iter()
        .map(|loser| loser.reason)
        .collect();
    assert_eq!(reasons, [Criterion::Position, Criterion::Name].map(Reason::Outranked));
}

#[test]
fn a_less_specific_host_still_counts_when_no_rule_of_the_more_specific_one_holds() {
    let routes = format!(
        "  exact: {{ {} }}\n  suffix: {{ {} }}\n  any: {{ {} }}\n",
        route("hosts: [a.example] | path: { prefix: /only }"),
        route("hosts: ['*.example'] | method: POST"),
        route("| path: { prefix: /all }"),
    );
    let snapshot = snapshot(&routes);
    for (method, path, found) in [
        ("POST", "/only", Some("exact/0")),
        ("POST", "/all", Some("suffix/0")),
        ("GET", "/all", Some("any/0")),
        ("GET", "/none", None),
    ] {
        assert_eq!(
            winner(&snapshot, &head(method, "a.example", path, &[])).as_deref(),
            found
        );
    }
}

#[test]
fn hosts_are_compared_without_port_and_case() {
    let routes = format!("  a: {{ {} }}\n", route("hosts: [a.example, '*.b.example']"));
    let snapshot = snapshot(&routes);
    for (host, found) in [
        ("A.Example:8080", true),
        ("x.B.example", true),
        ("x.y.b.example", true),
        ("b.example", false),
        (".b.example", false),
        ("xb.example", false),
        ("[::1]:80", false),
        ("a.example.", false),
    ] {
        assert_eq!(
            winner(&snapshot, &head("GET", host, "/", &[])).is_some(),
            found,
            "{host}"
        );
    }
}

#[test]
fn the_first_value_counts_and_what_is_no_text_is_only_there() {
    let routes = format!(
        "  a: {{ {} }}\n  b: {{ {} }}\n",
        route("| headers: [{ name: X-A, regex: 'one|.*' }]"),
        route("| headers: [{ name: x-a, present: true }], query: [{ name: q, exact: a b }]"),
    );
    let snapshot = snapshot(&routes);
    let mut asked = head("GET", "a", "/?q=a%20b&q=c", &[("x-a", "one"), ("x-a", "\u{e9}")]);
    assert_eq!(winner(&snapshot, &asked).as_deref(), Some("b/0"));
    asked.uri = "/?q=c".parse().unwrap();
    assert_eq!(winner(&snapshot, &asked).as_deref(), Some("a/0"));
    asked
        .headers
        .insert("x-a", http::HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(winner(&snapshot, &asked), None);
}

/// `HTTPRoutePathMatchOrder`, `HTTPRouteMatching` and `HTTPRouteMatchingAcrossRoutes` of the Gateway API's conformance.
#[test]
fn conformance_tables() {
    let to = |matches: &str| format!("{{ matches: [{matches}], backends: [{{ cluster: up }}] }}");
    let order = [
        "exact: /match",
        "exact: /match/exact",
        "exact: /match/exact/one",
        "prefix: /match/",
        "prefix: /match/prefix/",
        "prefix: /match/prefix/one",
    ];
    let rules: Vec<String> = order
        .iter()
        .map(|path| to(&format!("{{ path: {{ {path} }} }}")))
        .collect();
    let snapshot_of =
        |rules: &[String]| snapshot(&format!("  r: {{ listeners: [web], rules: [{}] }}\n", rules.join(", ")));
    let snapshot1 = snapshot_of(&rules);
    for (path, rule) in [
        ("/match/exact/one", "r/2"),
        ("/match/exact", "r/1"),
        ("/match", "r/0"),
        ("/match/prefix/one/any", "r/5"),
        ("/match/prefix/any", "r/4"),
        ("/match/any", "r/3"),
    ] {
        assert_eq!(
            winner(&snapshot1, &head("GET", "a", path, &[])).as_deref(),
            Some(rule),
            "{path}"
        );
    }
    let one = to("{ path: { prefix: / } }, { headers: [{ name: version, exact: one }] }");
    let two = to("{ path: { prefix: /v2 } }, { headers: [{ name: version, exact: two }] }");
    let snapshot2 = snapshot_of(&[one.clone(), two.clone()]);
    for (path, version, rule) in [
        ("/", "", "r/0"),
        ("/example", "", "r/0"),
        ("/", "one", "r/0"),
        ("/v2", "", "r/1"),
        ("/v2/example", "", "r/1"),
        ("/", "two", "r/1"),
        ("/v2/", "", "r/1"),
        ("/v2example", "", "r/0"),
        ("/foo/v2/example", "", "r/0"),
    ] {
        let asked = head("GET", "a", path, &[("version", version)]);
        assert_eq!(winner(&snapshot2, &asked).as_deref(), Some(rule), "{path} {version}");
    }
    let across = format!(
        "  part1: {{ listeners: [web], hosts: [example.com, example.net], rules: [{one}] }}\n  \
         part2: {{ listeners: [web], hosts: [example.com], rules: [{two}] }}\n"
    );
    let snapshot3 = snapshot(&across);
    for (host, path, version, rule) in [
        ("example.com", "/", "", "part1/0"),
        ("example.net", "/example", "", "part1/0"),
        ("example.com", "/example", "one", "part1/0"),
        ("example.com", "/v2", "", "part2/0"),
        ("example.net", "/v2", "", "part1/0"),
        ("example.com", "/v2/example", "", "part2/0"),
        ("example.com", "/", "two", "part2/0"),
    ] {
        let asked = head("GET", host, path, &[("version", version)]);
        assert_eq!(
            winner(&snapshot3, &asked).as_deref(),
            Some(rule),
            "{host}{path} {version}"
        );
    }
}

/// Few letters, so that routes overlap.
fn text(alphabet: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(alphabet).prop_map(ToOwned::to_owned)
}

const HOSTS: &[&str] = &["a.x", "b.x", "b.a.x", "a", "'*.x'", "'*.a.x'", "'*.b.a.x'"];
const PATHS: &[&str] = &[
    "exact: /",
    "exact: /a",
    "exact: /a/",
    "exact: /a/b",
    "prefix: /",
    "prefix: /a",
    "prefix: /a/b",
    "prefix: /a/b/c",
    "prefix: /ab",
    "regex: '/a.*'",
    "regex: '/[ab]/?'",
    "regex: '.*b'",
];
const VALUES: &[&str] = &[
    "exact: a",
    "exact: ''",
    "regex: 'a?b*'",
    "present: true",
    "present: false",
];

fn some(chance: f64, strategy: impl Strategy<Value = String>, key: &'static str) -> impl Strategy<Value = String> {
    proptest::option::weighted(chance, strategy)
        .prop_map(move |value| value.map_or_else(String::new, |value| format!("{key}: {value}, ")))
}

fn values() -> impl Strategy<Value = String> {
    let values = prop::collection::btree_map(select(&["x-a", "x-b", "x-c"][..]), text(VALUES), 1..3);
    values.prop_map(|values| {
        let list: Vec<String> = values
            .iter()
            .map(|(name, value)| format!("{{ name: {name}, {value} }}"))
            .collect();
        format!("[{}]", list.join(", "))
    })
}

fn matches() -> impl Strategy<Value = String> {
    let path = some(0.8, text(PATHS).prop_map(|path| format!("{{ {path} }}")), "path");
    let method = some(0.2, text(&["GET", "POST"]), "method");
    let one = (
        path,
        method,
        some(0.2, values(), "headers"),
        some(0.2, values(), "query"),
    );
    let one = one.prop_map(|(path, method, headers, query)| format!("{{ {path}{method}{headers}{query} }}"));
    prop::collection::vec(one, 1..4).prop_map(|matches| format!("[{}]", matches.join(", ")))
}

/// One rule of a route; `None` of priority and hosts says nothing.
#[derive(Clone, Debug)]
struct Draft {
    priority: Option<u32>,
    hosts: Vec<&'static str>,
    rules: Vec<String>,
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let priority = proptest::option::weighted(0.2, 0..3_u32);
    let hosts = prop::collection::btree_set(select(HOSTS), 0..3);
    let route = (priority, hosts, prop::collection::vec(matches(), 1..4));
    let route = route.prop_map(|(priority, hosts, rules)| Draft {
        priority,
        hosts: hosts.into_iter().collect(),
        rules,
    });
    prop::collection::vec(route, 1..7)
}

fn written(drafts: &[Draft]) -> String {
    let mut text = String::new();
    for (index, draft) in drafts.iter().enumerate() {
        let rules = draft
            .rules
            .iter()
            .map(|matches| format!("{{ matches: {matches}, backends: [{{ cluster: up }}] }}"));
        let priority = draft
            .priority
            .map_or_else(String::new, |priority| format!("priority: {priority}, "));
        let hosts = if draft.hosts.is_empty() {
            String::new()
        } else {
            format!("hosts: [{}], ", draft.hosts.join(", "))
        };
        let rules: Vec<String> = rules.collect();
        let _ = writeln!(
            text,
            "  r{index}: {{ listeners: [web], {priority}{hosts}rules: [{}] }}",
            rules.join(", ")
        );
    }
    text
}

fn heads() -> impl Strategy<Value = Parts> {
    let host = select(&["a.x", "B.x:81", "b.a.x", "c.b.a.x", "a", "z", ".x"][..]);
    let path = select(&["/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c/d", "/ab", "/abb", "/b", "/c"][..]);
    let query = select(
        &[
            "",
            "?x-a=a",
            "?x-a&x-b=ab",
            "?x-b=%61b&x-b=",
            "?x-%61=a&x-c=%ff",
            "?x-c",
        ][..],
    );
    let value = || prop::option::weighted(0.3, select(&["a", "b", "ab", "", "c"][..]));
    let headers = (value(), value(), value());
    (select(&["GET", "POST", "PUT"][..]), host, path, query, headers).prop_map(
        |(method, host, path, query, (a, b, c))| {
            let names = [("x-a", a), ("x-b", b), ("x-a", c)];
            let headers: Vec<_> = names
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect();
            head(method, host, &format!("{path}{query}"), &headers)
        },
    )
}

/// 1 000 tables, on each 100 requests; the same when half of the routes come in a second step and some go again.
#[test]
fn tables_and_reference_agree_on_100_000_pairs() {
    let seed = std::env::var("TIDEGATE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
            u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or_default()
        });
    println!("TIDEGATE_SEED={seed}");
    let config = Config {
        cases: 1_000,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let input = (
        drafts(),
        prop::collection::vec(heads(), 100),
        0..4_usize,
        any::<prop::sample::Index>(),
    );
    let found = std::cell::Cell::new(0);
    let ran = TestRunner::new(config).run(&input, |(drafts, heads, step, gone)| {
        let snapshot = snapshot(&written(&drafts));
        let gone = gone.index(drafts.len());
        let table = in_steps(&snapshot, step, gone);
        for head in heads {
            let routes = snapshot
                .routes()
                .enumerate()
                .filter(|(index, _)| *index != gone || step == 0);
            let plain = judge(routes.map(|(_, route)| &**route), &head).winner;
            let plain = plain.map(|it| (it.route.id(), it.rule, it.position));
            let compiled = table.find(&head).map(Entry::place);
            let compiled = compiled.map(|it| (&it.route, it.rule, it.position));
            prop_assert_eq!(compiled, plain, "{:?}", head);
            found.set(found.get() + usize::from(plain.is_some()));
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("TIDEGATE_SEED={seed}: {error}"));
    assert!(
        (10_000..95_000).contains(&found.get()),
        "requests that a rule took: {}",
        found.get()
    );
}

/// A table built at once (`step` 0), or by adding routes a few at a time and taking one of them away again.
fn in_steps(snapshot: &Snapshot, step: usize, gone: usize) -> HostTable<()> {
    if step == 0 {
        return table(snapshot);
    }
    let routes: Vec<_> = snapshot.routes().collect();
    let mut table = HostTable::default();
    for chunk in routes.chunks(step) {
        table = table.with(chunk.iter().map(|route| Change {
            route: route.id(),
            before: None,
            after: Some((route.hosts(), entries(route, &[(); 8]))),
        }));
    }
    // Once with what it was, which changes nothing.
    let again = |after: bool| {
        let route = routes[gone];
        Change {
            route: route.id(),
            before: Some(route.hosts()),
            after: after.then(|| (route.hosts(), entries(route, &[(); 8]))),
        }
    };
    table.with([again(true)]).with([again(false)])
}
