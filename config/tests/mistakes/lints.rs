//! What loads and is probably not meant, with its code and place; and what looks like it and is meant.

use tidegate_config::{Severity, check_files, parse_files};

use super::unmarked;

/// Stands beside each: listeners `web` and `tls`, clusters `a` and `b`, and a route that uses them all.
const GOOD: &str = "
listeners:
  web: { address: 127.0.0.1:1 }
  tls: { address: 127.0.0.1:2, filters: [{ rateLimit: { requests: 1, per: 1s } }] }
clusters:
  a: { endpoints: [{ address: 127.0.0.1:9 }] }
  b: { endpoints: [{ address: 127.0.0.1:9 }] }
routes:
  good:
    listeners: [web, tls]
    hosts: [good.example]
    rules: [{ backends: [{ cluster: a }, { cluster: b }] }]
";

/// A file and what is said of it; a `»` stands before the place.
const LINTS: &[(&str, &str)] = &[
    ("listeners:\n  »idle: { address: 127.0.0.1:3 }", "TG0403"),
    (
        "clusters:\n  »idle: { endpoints: [{ address: 127.0.0.1:9 }] }",
        "TG0404",
    ),
    (
        "routes:\n  r:\n    listeners: [web]\n    rules:\n      - »{ backends: [{ cluster: a, weight: 0 }, { cluster: b, weight: 0 }] }",
        "TG0405",
    ),
    (
        "clusters:\n  »c: { endpoints: [{ address: 127.0.0.1:9, weight: 0 }] }\nroutes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: c }] }] }",
        "TG0405",
    ),
    (
        "routes:\n  r:\n    listeners: [web]\n    timeouts: { request: 1s, backendRequest: »2s }\n    rules: [{ backends: [{ cluster: a }] }]",
        "TG0406",
    ),
    (
        "routes:\n  r:\n    listeners: [web]\n    rules: [{ timeouts: { backendRequest: »61s, request: 1m }, backends: [{ cluster: a }] }]",
        "TG0406",
    ),
    (
        "routes:\n  r: { listeners: [web], disabled: [»rateLimit], rules: [{ backends: [{ cluster: a }] }] }",
        "TG0407",
    ),
    (
        "routes:\n  r: { listeners: [tls], rules: [{ disabled: [rateLimit, »rewrite], backends: [{ cluster: a }] }] }",
        "TG0407",
    ),
    (
        "routes:\n  r: { listeners: [web], rules: [{ filters: [{ redirect: { port: 1 } }, »{ rewrite: { host: x } }] }] }",
        "TG0408",
    ),
    // The same below one that the rule inherits: of its route, or of each of its listeners.
    (
        "routes:\n  r: { listeners: [web], filters: [{ directResponse: { status: 200 } }], rules: [{ filters: [»{ rewrite: { host: x } }] }] }",
        "TG0408",
    ),
    (
        "routes:\n  r: { listeners: [web], filters: [{ redirect: { port: 1 } }, »{ rewrite: { host: x } }], rules: [{}, { matches: [{ method: GET }] }] }",
        "TG0408",
    ),
    (
        "listeners:\n  p: { address: 127.0.0.1:3, filters: [{ redirect: { port: 1 } }] }\n  q: { address: 127.0.0.1:4, filters: [{ directResponse: { status: 404 } }] }\nroutes:\n  r: { listeners: [p, q], rules: [{ filters: [»{ requestHeaders: { remove: [x] } }], backends: [{ cluster: a }] }] }",
        "TG0408",
    ),
    (
        "listeners:\n  p: { address: 127.0.0.1:3, filters: [{ redirect: { port: 1 } }] }\nroutes:\n  r: { listeners: [p], rules: [{ filters: [»{ directResponse: { status: 200 } }] }] }",
        "TG0408",
    ),
    (
        "routes:\n  r: { listeners: [web], rules: [{ filters: [»{ requestHeaders: { set: { Authorization: Basic eDp5 } } }], backends: [{ cluster: a }] }] }",
        "TG0409",
    ),
    (
        "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a, filters: [»{ requestHeaders: { add: { x-api-key: k } } }] }] }] }",
        "TG0409",
    ),
    // Unreachable: the same twice, by name of the route and by position.
    (
        "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }, »{ backends: [{ cluster: b }] }] }",
        "TG0401",
    ),
    (
        "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }] }\n  s: { listeners: [web], rules: [»{ backends: [{ cluster: a }] }] }",
        "TG0401",
    ),
    (
        "routes:\n  s: { listeners: [web], rules: [»{ backends: [{ cluster: a }] }] }\n  r: { listeners: [web, tls], rules: [{ backends: [{ cluster: a }] }] }",
        "TG0401",
    ),
    // A prefix is tried before an expression that can match nothing else.
    (
        "routes:\n  r:\n    listeners: [web]\n    rules:\n      - matches: [{ path: { prefix: /a } }]\n        backends: [{ cluster: a }]\n      - »matches: [{ path: { regex: '/a/[0-9]+' } }]\n        backends: [{ cluster: b }]",
        "TG0401",
    ),
    // A higher priority takes what is more specific.
    (
        "routes:\n  r: { listeners: [web], priority: 1, hosts: [\"*.x.y\"], rules: [{ backends: [{ cluster: a }] }] }\n  s: { listeners: [web], hosts: [b.a.x.y], rules: [»{ matches: [{ path: { exact: /a/b }, method: GET }], backends: [{ cluster: a }] }] }",
        "TG0401",
    ),
    // All matches of a rule, each by another one.
    (
        "routes:\n  r:\n    listeners: [web]\n    rules:\n      - { matches: [{ path: { exact: /a } }], backends: [{ cluster: a }] }\n      - { matches: [{ path: { exact: /b } }], backends: [{ cluster: a }] }\n      - »{ matches: [{ path: { exact: /b } }, { path: { exact: /a } }], backends: [{ cluster: a }] }",
        "TG0401",
    ),
];

/// What is meant, though it looks like one of those above.
const MEANT: &[&str] = &[
    // More specific matches, hosts and methods are tried first.
    "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }, { matches: [{ method: GET }], backends: [{ cluster: b }] }] }",
    "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }, { matches: [{ path: { prefix: /a } }], backends: [{ cluster: b }] }] }",
    "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }] }\n  s: { listeners: [web], hosts: [x.y], rules: [{ backends: [{ cluster: a }] }] }",
    // Another listener has it still.
    "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }] }\n  s: { listeners: [web, tls], rules: [{ backends: [{ cluster: a }] }] }",
    // One of two matches is left, or one of two hosts.
    "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }, { matches: [{}, { method: GET }], backends: [{ cluster: b }] }] }",
    "routes:\n  r: { listeners: [web], hosts: [x.y], rules: [{ backends: [{ cluster: a }] }] }\n  s: { listeners: [web], hosts: [x.y, z.y], rules: [{ backends: [{ cluster: a }] }] }",
    // Other headers, and expressions that may leave the prefix.
    "routes:\n  r: { listeners: [web], rules: [{ matches: [{ headers: [{ name: x, exact: a }] }], backends: [{ cluster: a }] }, { matches: [{ headers: [{ name: x, exact: b }] }], backends: [{ cluster: a }] }] }",
    "routes:\n  r: { listeners: [web], rules: [{ matches: [{ path: { prefix: /a } }], backends: [{ cluster: a }] }, { matches: [{ path: { regex: '/a/b|/c' } }], backends: [{ cluster: a }] }, { matches: [{ path: { regex: '/a[^/]*' } }], backends: [{ cluster: a }] }] }",
    "routes:\n  r: { listeners: [web], rules: [{ matches: [{ path: { prefix: /a/b } }], backends: [{ cluster: a }] }, { matches: [{ path: { regex: '/a/b?/c' } }], backends: [{ cluster: a }] }] }",
    // A limit of no length is none; one weight is enough; what is inherited may be disabled.
    "routes:\n  r: { listeners: [web], timeouts: { request: 0s, backendRequest: 5s }, rules: [{ backends: [{ cluster: a }] }] }",
    "routes:\n  r: { listeners: [web], rules: [{ backends: [{ cluster: a, weight: 0 }, { cluster: b }] }] }",
    "routes:\n  r: { listeners: [web, tls], disabled: [rateLimit], rules: [{ backends: [{ cluster: a }] }] }",
    // A filter that acts on one of two listeners, or in one of two rules; one that changes the answer of another.
    "listeners:\n  p: { address: 127.0.0.1:3, filters: [{ redirect: { port: 1 } }] }\nroutes:\n  r: { listeners: [p, tls], rules: [{ filters: [{ rewrite: { host: x } }], backends: [{ cluster: a }] }] }",
    "routes:\n  r: { listeners: [web], filters: [{ redirect: { port: 1 } }, { rewrite: { host: x } }], rules: [{}, { matches: [{ method: GET }], disabled: [redirect], backends: [{ cluster: a }] }] }",
    "routes:\n  r: { listeners: [web], filters: [{ redirect: { port: 1 } }], rules: [{ filters: [{ responseHeaders: { set: { x: y } } }] }] }",
];

#[test]
fn each_lint_is_told_where_it_is_and_changes_nothing() {
    for &(text, code) in LINTS {
        let (text, line, column) = unmarked(text);
        let files = [("bad.yaml", &*text), ("good.yaml", GOOD)];
        let checked = check_files(files);
        let found: Vec<_> = checked
            .diagnostics
            .iter()
            .map(|d| (d.file(), d.code().as_str(), d.line(), d.column()))
            .collect();
        assert_eq!(
            found,
            [("bad.yaml", code, line, column)],
            "{text}\n{:?}",
            checked.diagnostics
        );
        assert!(
            checked
                .diagnostics
                .iter()
                .all(|d| d.severity() == Severity::Warning && d.help_text().is_some())
        );
        let loaded = parse_files(files);
        assert_eq!(
            (loaded.diagnostics, loaded.snapshot),
            (vec![], checked.snapshot),
            "{text}"
        );
    }
}

#[test]
fn what_is_meant_is_left_alone() {
    for text in MEANT {
        let checked = check_files([("meant.yaml", *text), ("good.yaml", GOOD)]);
        assert_eq!(checked.diagnostics, [], "{text}");
    }
}

#[test]
fn a_route_that_is_attached_nowhere_is_said_beside_the_reference() {
    let text = "routes:\n  r: { listeners: [wbe], rules: [{ backends: [{ cluster: a }] }] }";
    let checked = check_files([("bad.yaml", text), ("good.yaml", GOOD)]);
    let found: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| (d.code().as_str(), d.line(), d.column()))
        .collect();
    assert_eq!(found, [("TG0402", 2, 3), ("TG0302", 2, 20)]);
}

#[test]
fn what_an_error_set_aside_may_be_what_uses_the_rest() {
    let text = "listeners:\n  l: { address: 127.0.0.1:3, filters: [{ rewrite: {} }] }
clusters: { c: { endpoints: [{ address: 127.0.0.1:9 }] } }
routes:\n  r: { listeners: [l, web], disabled: [rewrite], rules: [{ backends: [{ cluster: c }], timeouts: { request: 1 } }] }
  s: { listeners: [l, web], disabled: [rewrite], rules: [{ backends: [{ cluster: a }] }] }";
    let checked = check_files([("bad.yaml", text), ("good.yaml", GOOD)]);
    let found: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| (d.code().as_str(), d.line()))
        .collect();
    assert_eq!(found, [("TG0209", 2), ("TG0202", 5), ("TG0303", 6)]);
}

#[test]
fn ten_thousand_prefixes_are_linted_in_a_moment() {
    let rules: String = (0..10_000)
        .map(|n| format!("      - {{ matches: [{{ path: {{ prefix: /p{n} }} }}], backends: [{{ cluster: a }}] }}\n"))
        .collect();
    let text = format!(
        "routes:\n  r:\n    listeners: [web]\n    rules:\n{rules}      - {{ matches: [{{ path: {{ prefix: /p7 }} }}], backends: [{{ cluster: a }}] }}"
    );
    let checked = check_files([("many.yaml", &*text), ("good.yaml", GOOD)]);
    let found: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| (d.code().as_str(), d.line()))
        .collect();
    assert_eq!(found, [("TG0401", 10_005)]);
}
