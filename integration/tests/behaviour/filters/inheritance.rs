//! Filters on listener, route and rule: of a kind the nearest that says any wins whole; `disabled` switches off what would
//! be inherited.

use tidegate_integration::harness::{Proxy, Wire};

use super::{WIRES, config, get, telling, text, values};

#[test]
fn the_nearest_of_a_kind_wins_whole_and_disabled_switches_off() {
    let origin = telling(Wire::H1);
    let rule = |prefix: &str, policies: &str| {
        format!("{{ matches: [{{ path: {{ prefix: {prefix} }} }}], backends: [{{ cluster: up }}], {policies} }}")
    };
    let rules = [
        rule("/inherits", "filters: []"),
        rule("/own", "filters: [{ requestHeaders: { set: { x-rule: a } } }]"),
        rule("/without", "disabled: [requestHeaders, responseHeaders]"),
        rule(
            "/mixed",
            "disabled: [responseHeaders], filters: [{ rewrite: { path: { full: /x } } }]",
        ),
    ];
    let proxy = Proxy::start(&config(
        &origin,
        "filters: [{ requestHeaders: { set: { x-listener: a } } }, { responseHeaders: { set: { x-out: listener } } }]",
        "filters: [{ requestHeaders: { set: { x-route: a } } }],",
        &rules.join(", "),
    ));
    for (path, seen, out) in [
        ("/inherits", &["x-route"][..], &["listener"][..]),
        ("/own", &["x-rule"], &["listener"]),
        ("/without", &[], &[]),
        ("/mixed", &["x-route"], &[]),
    ] {
        for wire in WIRES {
            let answer = get(&proxy, wire, path);
            let told = text(&answer);
            let found: Vec<_> = ["x-listener", "x-route", "x-rule"]
                .into_iter()
                .filter(|name| !values(&told, name).is_empty())
                .collect();
            assert_eq!(found, seen, "{path}: {told}");
            assert_eq!(answer.all("x-out"), out, "{path}");
        }
    }
}

#[test]
fn a_route_may_answer_for_all_of_its_rules_but_one() {
    let origin = telling(Wire::H1);
    let proxy = Proxy::start(&config(
        &origin,
        "",
        "filters: [{ redirect: { scheme: https } }],",
        "{ matches: [{ path: { prefix: /health } }], disabled: [redirect], backends: [{ cluster: up }] }, {}",
    ));
    for wire in WIRES {
        assert_eq!(get(&proxy, wire, "/any").status, 302);
        assert!(text(&get(&proxy, wire, "/health")).starts_with("GET /health\n"));
    }
}

/// Who is refused learns whose limit it was: one that stands on the listener is not the route's.
#[test]
fn an_inherited_filter_names_the_object_that_says_it() {
    let origin = telling(Wire::H1);
    let proxy = Proxy::with_access_log(&config(
        &origin,
        "filters: [{ rateLimit: { requests: 1, per: 1h } }, { redirect: { scheme: https } }]",
        "",
        "{ matches: [{ path: { prefix: /moved } }] , filters: [{ redirect: { host: b.test } }] }, \
         { matches: [{ path: { prefix: /other } }], backends: [{ cluster: up }] }",
    ));
    for (path, reason, object) in [
        ("/moved", "redirect", "route default/all"),
        ("/moved", "rate-limited", "listener default/web"),
        ("/other", "redirect", "listener default/web"),
    ] {
        let answer = get(&proxy, Wire::H1, path);
        assert_eq!(answer.all("x-tidegate-reason"), [reason], "{path}");
        assert_eq!(answer.all("x-tidegate-object"), [object], "{path}");
        proxy.logged(&[&format!("reason={reason}"), &format!("object=\"{object}\"")]);
    }
}

/// A limit that several rules inherit counts for each of them.
#[test]
fn an_inherited_limit_is_each_rules_own() {
    let origin = telling(Wire::H1);
    let proxy = Proxy::start(&config(
        &origin,
        "filters: [{ rateLimit: { requests: 2, per: 1h } }]",
        "",
        "{ matches: [{ path: { prefix: /a } }], backends: [{ cluster: up }] }, \
         { matches: [{ path: { prefix: /b } }], backends: [{ cluster: up }] }, \
         { matches: [{ path: { prefix: /c } }], backends: [{ cluster: up }], disabled: [rateLimit] }",
    ));
    let passed = |path: &str| (0..4).filter(|_| get(&proxy, Wire::H1, path).status == 200).count();
    assert_eq!((passed("/a"), passed("/b"), passed("/c")), (2, 2, 4));
}
