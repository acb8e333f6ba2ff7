use std::fmt::Write as _;

use http::Request;
use http::request::Parts;
use tidegate_config::parse_str;

use super::*;
use crate::live::Rule;
use crate::worker::WorkerId;

const WORKERS: usize = 1;

fn snapshot(text: &str) -> Arc<Snapshot> {
    let loaded = parse_str("gateway.yaml", text);
    assert!(!loaded.has_errors(), "{:#?}", loaded.diagnostics);
    Arc::new(loaded.snapshot)
}

/// Two listeners, two clusters, and a route for each pair.
const PLAIN: &str = "
listeners:
  a: { address: 127.0.0.1:0 }
  b: { address: 127.0.0.1:0 }
routes:
  a-one: { listeners: [a], hosts: [one], rules: [{ backends: [{ cluster: one }] }] }
  a-two: { listeners: [a], hosts: [two], rules: [{ backends: [{ cluster: two }] }] }
  b-one: { listeners: [b], hosts: [one], rules: [{ backends: [{ cluster: one }] }] }
clusters:
  one: { endpoints: [{ address: 127.0.0.1:1 }] }
  two: { endpoints: [{ address: 127.0.0.1:2 }] }
";

fn head(host: &str) -> Parts {
    Request::get("/").header("host", host).body(()).unwrap().into_parts().0
}

fn find(tables: &Tables, listener: usize, host: &str) -> Option<Arc<Rule>> {
    let found = tables.find(&tables.listeners[listener].0, &head(host));
    found.map(|(rule, _)| rule)
}

/// Applies a change of [`PLAIN`] to its tables.
fn change(from: &str, to: &str) -> (Tables, Compiled) {
    let text = PLAIN.replace(from, to);
    assert_ne!(text, PLAIN);
    let before = compile(&snapshot(PLAIN), None, 1, WORKERS);
    assert_eq!(before.objects, 7);
    let after = compile(&snapshot(&text), Some(&before.tables), 2, WORKERS);
    (before.tables, after)
}

fn same<T>(before: &[Arc<T>], after: &[Arc<T>]) -> Vec<bool> {
    before
        .iter()
        .zip(after)
        .map(|(before, after)| Arc::ptr_eq(before, after))
        .collect()
}

fn same_routing(before: &Tables, after: &Tables) -> Vec<bool> {
    let pairs = before.listeners.iter().zip(&after.listeners);
    pairs
        .map(|((_, before), (_, after))| Arc::ptr_eq(before, after))
        .collect()
}

#[test]
fn what_only_moved_is_the_same() {
    let (before, after) = change("listeners:", "\n\n# a comment\nlisteners:");
    assert_eq!((after.objects, after.tables.generation), (0, 2));
    assert_eq!(same(&before.routes, &after.tables.routes), [true; 3]);
    assert_eq!(same(&before.clusters, &after.tables.clusters), [true; 2]);
    assert_eq!(same_routing(&before, &after.tables), [true; 2]);
    assert_eq!(after.tables.written.listeners().next().unwrap().origin().line(), 6);
}

#[test]
fn a_changed_route_is_the_only_one_compiled_and_counts_on() {
    let (before, after) = change("hosts: [two]", "hosts: [three]");
    before.routes[1].stats.on(WorkerId(0)).cancelled.inc();
    assert_eq!(after.objects, 1);
    assert_eq!(same(&before.routes, &after.tables.routes), [true, false, true]);
    assert_eq!(same_routing(&before, &after.tables), [false, true]);
    assert_eq!(after.tables.routes[1].stats.on(WorkerId(0)).cancelled.value(), 1);
    assert!(find(&after.tables, 0, "two").is_none());
    let rule = find(&after.tables, 0, "three").unwrap();
    assert!(Arc::ptr_eq(&rule.route, &after.tables.routes[1]));
    let kept = [&before, &after.tables].map(|tables| find(tables, 0, "one").unwrap());
    assert!(
        Arc::ptr_eq(&kept[0], &kept[1]),
        "a host that was not touched keeps its rules"
    );
}

#[test]
fn a_changed_cluster_is_linked_with_the_rules_that_name_it() {
    let (before, after) = change("127.0.0.1:1 ", "127.0.0.1:3 ");
    assert_eq!(after.objects, 1);
    assert_eq!(same(&before.clusters, &after.tables.clusters), [false, true]);
    assert_eq!(same(&before.routes, &after.tables.routes), [true; 3]);
    for listener in 0..2 {
        let rule = find(&after.tables, listener, "one").unwrap();
        assert!(Arc::ptr_eq(
            rule.backends[0].cluster.as_ref().unwrap(),
            &after.tables.clusters[0]
        ));
    }
    let other = [&before, &after.tables].map(|tables| find(tables, 0, "two").unwrap());
    assert!(Arc::ptr_eq(&other[0], &other[1]));
}

#[test]
fn a_cluster_that_goes_leaves_its_share_invalid_and_comes_back() {
    let (before, _) = change("hosts: [two]", "hosts: [three]");
    let without = parse_str("gateway.yaml", &PLAIN.replace("  two: {", "  other: {")).snapshot;
    let gone = compile(&Arc::new(without), Some(&before), 2, WORKERS).tables;
    assert!(find(&gone, 0, "two").unwrap().backends[0].cluster.is_none());
    let back = compile(&snapshot(PLAIN), Some(&gone), 3, WORKERS).tables;
    assert!(find(&back, 0, "two").unwrap().backends[0].cluster.is_some());
}

#[test]
fn rules_inherit_from_a_listener_that_changed() {
    let (before, after) = change(
        "a: { address: 127.0.0.1:0 }",
        "a: { address: 127.0.0.1:0, timeouts: { request: 7s } }",
    );
    assert_eq!(after.objects, 1);
    assert_eq!(same_routing(&before, &after.tables), [false, true]);
    let limit = find(&after.tables, 0, "one").unwrap().request_timeout;
    assert_eq!(limit, Some(std::time::Duration::from_secs(7)));
    let (before, after) = change("a: { address: 127.0.0.1:0 }", "a: { address: 127.0.0.1:0, drain: 1s }");
    assert_eq!(same_routing(&before, &after.tables), [true; 2]);
    let old = &before.listeners[0].0;
    assert!(!Arc::ptr_eq(old, &after.tables.listeners[0].0));
    assert!(
        after.tables.find(old, &head("one")).is_some(),
        "for connections that came before"
    );
}

#[test]
fn a_route_moves_between_listeners_and_goes() {
    let (_, after) = change("a-two: { listeners: [a]", "a-two: { listeners: [b]");
    assert!(find(&after.tables, 0, "two").is_none() && find(&after.tables, 1, "two").is_some());
    let (_, after) = change(
        "  b-one: { listeners: [b], hosts: [one], rules: [{ backends: [{ cluster: one }] }] }\n",
        "",
    );
    assert_eq!((after.objects, after.tables.routes.len()), (0, 2));
    assert!(find(&after.tables, 1, "one").is_none() && find(&after.tables, 0, "one").is_some());
}

/// A change among ten thousand routes touches one host; all the rest is shared.
#[test]
fn a_change_among_many_shares_the_rest() {
    let text = |changed: usize| {
        let mut text = String::from("listeners: { web: { address: 127.0.0.1:0 } }\nroutes:\n");
        for number in 0..1_000 {
            let path = if number == changed { "/new" } else { "/" };
            let _ = writeln!(
                text,
                "  r{number}: {{ listeners: [web], hosts: [h{number}.example], \
                 rules: [{{ matches: [{{ path: {{ prefix: {path} }} }}], backends: [{{ cluster: up }}] }}] }}"
            );
        }
        text + "clusters: { up: { endpoints: [{ address: 127.0.0.1:1 }] } }\n"
    };
    let before = compile(&snapshot(&text(usize::MAX)), None, 1, WORKERS).tables;
    let after = compile(&snapshot(&text(500)), Some(&before), 2, WORKERS);
    assert_eq!(after.objects, 1);
    for number in 0..1_000 {
        let host = format!("h{number}.example");
        let rules = [&before, &after.tables].map(|tables| find(tables, 0, &host));
        match rules {
            [Some(before), Some(after)] => assert!(Arc::ptr_eq(&before, &after)),
            [Some(_), None] => assert_eq!(number, 500),
            [None, _] => panic!("{host} was not found"),
        }
    }
}
