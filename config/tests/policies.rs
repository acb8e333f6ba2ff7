//! Matches, filters and time limits as they are meant: every key with a good value, its default, and who inherits what.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests may fail as a test may"
)]

use std::time::Duration;

use tidegate_config::{
    Filter, FilterKind, FilterSpec, PathMatch, PathRewrite, RateKey, RedirectPath, Rule, Scheme, Snapshot, ValueMatch,
    parse_str,
};

const fn secs(secs: u64) -> Option<Duration> {
    Some(Duration::from_secs(secs))
}

fn clean(text: &str) -> Snapshot {
    let loaded = parse_str("gateway.yaml", text);
    assert_eq!(loaded.diagnostics, [], "{text}");
    loaded.snapshot
}

/// Listener `edge` and `mesh`, cluster `a`, and one route of which this is said.
fn with_route(edge: &str, route: &str, rules: &str) -> Snapshot {
    clean(&format!(
        "listeners: {{ edge: {{ address: 127.0.0.1:0, {edge} }}, mesh: {{ address: 127.0.0.1:0, profile: mesh }} }}
clusters: {{ a: {{ endpoints: [{{ address: 127.0.0.1:9 }}] }} }}
routes:
  all:
    listeners: [edge, mesh]
{route}
    rules:
{rules}"
    ))
}

fn rule(text: &str) -> Rule {
    let snapshot = with_route("", "", &format!("      - {text}"));
    snapshot.routes().next().unwrap().rules()[0].clone()
}

fn filter(text: &str) -> FilterSpec {
    let backends = if text.starts_with("redirect") || text.starts_with("directResponse") {
        ""
    } else {
        ", backends: [{ cluster: a }]"
    };
    let rule = rule(&format!("{{ filters: [{{ {text} }}]{backends} }}"));
    rule.policies().filters()[0].spec().clone()
}

#[test]
fn a_rule_without_matches_is_for_everything() {
    let rule = rule("{ backends: [{ cluster: a }] }");
    let [one] = rule.matches() else { panic!("{rule:?}") };
    assert_eq!(one.path(), &PathMatch::Prefix("/".parse().unwrap()));
    assert!(one.method().is_none() && one.headers().is_empty() && one.query().is_empty());
    assert_eq!(rule.policies().filters(), []);
}

#[test]
fn everything_about_a_match_can_be_said() {
    let rule = rule(
        "{ backends: [{ cluster: a }], matches: [
             { path: { exact: /a/ }, method: PATCH,
               headers: [{ name: X-A, exact: b }, { name: x-b, regex: 'b+' }, { name: x-c, present: true }],
               query: [{ name: Q, exact: '' }, { name: 'a b', regex: '[0-9]+' }, { name: c, present: false }] },
             { path: { regex: '/a/[^/]+' } }, { path: { prefix: /a/ } }] }",
    );
    let [first, second, third] = rule.matches() else {
        panic!("{rule:?}")
    };
    assert_eq!(first.path(), &PathMatch::Exact("/a/".parse().unwrap()));
    assert_eq!(first.method().unwrap().as_str(), "PATCH");
    let headers: Vec<_> = first
        .headers()
        .iter()
        .map(|one| (one.name.as_str(), &one.value))
        .collect();
    assert_eq!(
        headers,
        [
            ("x-a", &ValueMatch::Exact("b".into())),
            ("x-b", &ValueMatch::Regex("b+".parse().unwrap())),
            ("x-c", &ValueMatch::Present(true)),
        ]
    );
    let query: Vec<_> = first.query().iter().map(|one| (&*one.name, &one.value)).collect();
    assert_eq!(
        query,
        [
            ("Q", &ValueMatch::Exact("".into())),
            ("a b", &ValueMatch::Regex("[0-9]+".parse().unwrap())),
            ("c", &ValueMatch::Present(false)),
        ]
    );
    let PathMatch::Regex(pattern) = second.path() else {
        panic!("{second:?}")
    };
    assert!(pattern.matches("/a/b") && !pattern.matches("/a/b/c") && !pattern.matches("x/a/b"));
    assert_eq!(third.path(), &PathMatch::Prefix("/a".parse().unwrap()));
}

#[test]
fn a_value_is_matched_as_a_whole_or_by_being_there() {
    type Values = &'static [Option<&'static str>];
    let table: [(ValueMatch, Values, Values); 4] = [
        (
            ValueMatch::Exact("a".into()),
            &[Some("a")],
            &[Some("aa"), Some("A"), None],
        ),
        (
            ValueMatch::Regex("a|b".parse().unwrap()),
            &[Some("a"), Some("b")],
            &[Some("ab"), Some("xa"), None],
        ),
        (ValueMatch::Present(true), &[Some(""), Some("a")], &[None]),
        (ValueMatch::Present(false), &[None], &[Some("")]),
    ];
    for (value, yes, no) in table {
        assert!(yes.iter().all(|text| value.matches(*text)), "{value:?}");
        assert!(no.iter().all(|text| !value.matches(*text)), "{value:?}");
    }
}

#[test]
fn rate_limits() {
    let FilterSpec::RateLimit(plain) = filter("rateLimit: { requests: 100, per: 1s }") else {
        panic!()
    };
    assert_eq!(
        (plain.requests.get(), plain.burst.get(), plain.per),
        (100, 100, Duration::from_secs(1))
    );
    assert_eq!(plain.key, RateKey::Rule);
    let FilterSpec::RateLimit(said) = filter("rateLimit: { requests: 1, per: 24h, burst: 3, key: clientIp }") else {
        panic!()
    };
    assert_eq!(
        (said.burst.get(), said.key, said.per),
        (3, RateKey::ClientIp, Duration::from_secs(86_400))
    );
    let FilterSpec::RateLimit(by) = filter("rateLimit: { requests: 1, per: 1m, key: header, header: X-Key }") else {
        panic!()
    };
    assert_eq!(by.key, RateKey::Header("x-key".parse().unwrap()));
}

#[test]
fn redirects() {
    let FilterSpec::Redirect(https) = filter("redirect: { scheme: https }") else {
        panic!()
    };
    assert_eq!((https.scheme, https.status.code()), (Some(Scheme::Https), 302));
    assert_eq!((https.host, https.port, https.path), (None, None, None));
    let FilterSpec::Redirect(said) =
        filter("redirect: { scheme: http, host: Example.com, port: 8080, path: { full: /new }, status: 308 }")
    else {
        panic!()
    };
    assert_eq!(
        (said.scheme, said.port, said.status.code()),
        (Some(Scheme::Http), Some(8080), 308)
    );
    assert_eq!(said.host.unwrap().as_str(), "example.com");
    assert_eq!(said.path, Some(RedirectPath::Full("/new".parse().unwrap())));
    for status in [301, 302, 303, 307, 308] {
        let FilterSpec::Redirect(one) = filter(&format!("redirect: {{ path: {{ prefix: /b }}, status: {status} }}"))
        else {
            panic!()
        };
        assert_eq!(
            (one.status.code(), one.path),
            (status, Some(RedirectPath::Prefix("/b".parse().unwrap())))
        );
    }
}

#[test]
fn rewrites() {
    let path = |text: &str| match filter(&format!("rewrite: {{ path: {text} }}")) {
        FilterSpec::Rewrite(rewrite) => rewrite.path.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(path("{ full: /a }"), PathRewrite::Full("/a".parse().unwrap()));
    assert_eq!(path("{ prefix: / }"), PathRewrite::Prefix("/".parse().unwrap()));
    for substitution in ["/$2/$1", "/${first}-${2}", "/$first/x", "", "$0", "%20"] {
        let regex = PathRewrite::Regex {
            pattern: "^/(?P<first>[a-z]+)/(.*)$".parse().unwrap(),
            substitution: substitution.into(),
        };
        let text = format!("{{ regex: '^/(?P<first>[a-z]+)/(.*)$', substitution: '{substitution}' }}");
        assert_eq!(path(&text), regex);
    }
    let FilterSpec::Rewrite(host) = filter("rewrite: { host: 'Example.com:8080' }") else {
        panic!()
    };
    assert_eq!(
        (host.host.unwrap().to_string(), host.path),
        ("example.com:8080".to_owned(), None)
    );
}

#[test]
fn direct_responses() {
    let FilterSpec::DirectResponse(bare) = filter("directResponse: { status: 204 }") else {
        panic!()
    };
    assert_eq!((bare.status, bare.headers.len(), bare.body.len()), (204, 0, 0));
    let FilterSpec::DirectResponse(said) =
        filter("directResponse: { status: 503, body: 'back soon', headers: { Retry-After: 60 } }")
    else {
        panic!()
    };
    assert_eq!((said.status, &*said.body), (503, b"back soon".as_slice()));
    assert_eq!(
        (said.headers[0].0.as_str(), said.headers[0].1.as_str()),
        ("retry-after", "60")
    );
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let FilterSpec::DirectResponse(file) = filter(&format!("directResponse: {{ status: 200, file: {manifest} }}"))
    else {
        panic!()
    };
    assert_eq!(*file.body, *std::fs::read(manifest).unwrap());
}

#[test]
fn header_edits_keep_their_order_and_lower_the_names() {
    let text = "requestHeaders: { set: { X-B: '1', x-a: '' }, add: { x-b: 2 }, remove: [X-C, cookie] }";
    let FilterSpec::RequestHeaders(edits) = filter(text) else {
        panic!()
    };
    let shown = |pairs: &[(tidegate_config::HeaderName, tidegate_config::HeaderText)]| -> Vec<String> {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect()
    };
    assert_eq!(
        (shown(&edits.set), shown(&edits.add)),
        (vec!["x-b=1".into(), "x-a=".into()], vec!["x-b=2".into()])
    );
    assert_eq!(
        edits.remove.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["x-c", "cookie"]
    );
    assert!(matches!(
        filter("responseHeaders: { remove: [server] }"),
        FilterSpec::ResponseHeaders(_)
    ));
}

#[test]
fn a_backend_edits_headers_of_its_own() {
    let rule = rule("{ backends: [{ cluster: a, filters: [{ requestHeaders: { set: { x-a: b } } }] }] }");
    assert_eq!(rule.backends()[0].filters()[0].kind(), FilterKind::RequestHeaders);
}

#[test]
fn priority_is_zero_unless_said() {
    for (said, priority) in [("", 0), ("    priority: 7", 7), ("    priority: 1000000", 1_000_000)] {
        let snapshot = with_route("", said, "      - { backends: [{ cluster: a }] }");
        assert_eq!(snapshot.routes().next().unwrap().priority(), priority);
    }
}

#[test]
fn the_nearest_time_limits_win_whole_and_the_profile_fills_what_they_leave_open() {
    // Listener, route, rule; then on the edge listener and on the mesh listener, which says nothing itself.
    let table = [
        ("", "", "", (secs(60), None), (None, None)),
        ("request: 9s", "", "", (secs(9), None), (None, None)),
        (
            "request: 9s",
            "backendRequest: 1s",
            "",
            (secs(60), secs(1)),
            (None, secs(1)),
        ),
        (
            "",
            "request: 5s, backendRequest: 2s",
            "",
            (secs(5), secs(2)),
            (secs(5), secs(2)),
        ),
        (
            "request: 9s",
            "request: 5s, backendRequest: 2s",
            "request: 0s",
            (None, None),
            (None, None),
        ),
        ("", "request: 5s", "backendRequest: 0s", (secs(60), None), (None, None)),
        ("backendRequest: 3s", "", "", (secs(60), secs(3)), (None, None)),
    ];
    for (listener, route, rule, edge, mesh) in table {
        let said = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("timeouts: {{ {text} }}")
            }
        };
        let (listener, route, rule) = (said(listener), said(route), said(rule));
        let rules = format!("      - {{ backends: [{{ cluster: a }}], {rule} }}");
        let snapshot = with_route(&listener, &format!("    {route}"), &rules);
        let found = snapshot.routes().next().unwrap();
        let on: Vec<_> = snapshot
            .listeners()
            .map(|listener| found.timeouts_of(&found.rules()[0], listener))
            .map(|timeouts| (timeouts.request, timeouts.backend_request))
            .collect();
        assert_eq!(on, [edge, mesh], "{listener} | {route} | {rule}");
    }
}

#[test]
fn the_nearest_filters_of_a_kind_win_whole() {
    let set = |value: &str| format!("{{ requestHeaders: {{ set: {{ x: {value} }} }} }}");
    let values = |filters: Vec<&Filter>| -> Vec<String> {
        let value = |filter: &&Filter| match filter.spec() {
            FilterSpec::RequestHeaders(edits) => edits.set[0].1.to_string(),
            _ => filter.kind().to_string(),
        };
        filters.iter().map(value).collect()
    };
    let limit = "{ rateLimit: { requests: 1, per: 1s } }";
    let edge = format!("filters: [{}, {limit}]", set("edge"));
    let table: [(&str, &str, &[&str]); 6] = [
        ("", "", &["rateLimit", "edge"]),
        (&format!("filters: [{}]", set("route")), "", &["rateLimit", "route"]),
        (
            &format!("filters: [{}]", set("route")),
            &format!("filters: [{}, {}]", set("r1"), set("r2")),
            &["rateLimit", "r1", "r2"],
        ),
        ("disabled: [requestHeaders]", "", &["rateLimit"]),
        (
            "disabled: [requestHeaders]",
            &format!("filters: [{}]", set("rule")),
            &["rateLimit", "rule"],
        ),
        (
            &format!("filters: [{}]", set("route")),
            "disabled: [requestHeaders, rateLimit]",
            &[],
        ),
    ];
    for (route, rule, expected) in table {
        let rules = format!("      - {{ backends: [{{ cluster: a }}], {rule} }}");
        let snapshot = with_route(&edge, &format!("    {route}"), &rules);
        let found = snapshot.routes().next().unwrap();
        let listener = snapshot.listeners().next().unwrap();
        assert_eq!(
            values(found.filters_of(&found.rules()[0], listener)),
            expected,
            "{route} | {rule}"
        );
    }
}

#[test]
fn a_listener_may_answer_for_routes_that_have_backends_elsewhere() {
    let snapshot = with_route(
        "filters: [{ redirect: { scheme: https } }]",
        "",
        "      - { backends: [{ cluster: a }] }",
    );
    let route = snapshot.routes().next().unwrap();
    let on = |listener| route.filters_of(&route.rules()[0], listener).len();
    assert_eq!(
        snapshot.listeners().map(|listener| on(listener)).collect::<Vec<_>>(),
        [1, 0]
    );
}

#[test]
fn a_route_may_answer_for_rules_without_backends_and_a_rule_may_decline() {
    let rules = "      - matches: [{ path: { prefix: /old } }]
      - { disabled: [redirect], backends: [{ cluster: a }] }";
    let snapshot = with_route("", "    filters: [{ redirect: { host: new.example.com } }]", rules);
    let rules = snapshot.routes().next().unwrap().rules();
    assert_eq!((rules[0].backends().len(), rules[1].backends().len()), (0, 1));
}
