//! What is said of two configurations.

use std::{env, fs};

use super::{Change, Difference, diff};
use crate::{Snapshot, load, parse_files, parse_str};

/// Every change, one a line, as terse as tests are read.
fn changes(old: &str, new: &str) -> Vec<String> {
    let snapshot = |text| parse_str("x.yaml", text).snapshot;
    between(&snapshot(old), &snapshot(new))
}

fn between(old: &Snapshot, new: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for object in diff(old, new) {
        match object.change {
            Change::Added => lines.push(format!("+ {}", object.id)),
            Change::Removed => lines.push(format!("- {}", object.id)),
            Change::Changed(differences) => lines.extend(differences.iter().map(shown)),
        }
    }
    lines
}

fn shown(difference: &Difference) -> String {
    let option = |text: &Option<String>| text.clone().unwrap_or_else(|| "_".to_owned());
    match difference {
        Difference::Setting {
            rule,
            setting,
            item,
            old,
            new,
        } => {
            let (rule, item) = (rule.clone().unwrap_or_default(), item.clone().unwrap_or_default());
            format!("{rule}/{setting}/{item}: {} > {}", option(old), option(new))
        }
        Difference::Share {
            rule,
            cluster,
            old,
            new,
        } => {
            let option = |share: &Option<_>| option(&share.map(|share: super::Share| share.to_string()));
            format!("{rule}/{cluster}: {} > {}", option(old), option(new))
        }
        Difference::Rule { rule, is_new, matches } => format!("{rule} {is_new}: {matches}"),
    }
}

const BASE: &str = "
listeners:
  web: { address: 127.0.0.1:1 }
clusters:
  a: { endpoints: [{ address: 127.0.0.1:8 }, { address: 127.0.0.1:9 }] }
  b: { endpoints: [{ address: 127.0.0.1:9 }] }
routes:
  r:
    listeners: [web]
    hosts: [x.y]
    rules:
      - { name: api, matches: [{ path: { prefix: /api } }], backends: [{ cluster: a, weight: 90 }, { cluster: b, weight: 10 }] }
      - backends: [{ cluster: a }]
";

const OTHER: &str = "namespace: other\nclusters:\n  a: { endpoints: [{ address: 127.0.0.1:7 }] }\n";

#[test]
fn what_means_the_same_is_no_difference() {
    let moved = format!("# moved\n\n{BASE}").replace("127.0.0.1:1 }", "127.0.0.1:1, drain: 1m }");
    let spelled = moved
        .replace("hosts: [x.y]", "hosts: [X.Y]")
        .replace("weight: 90", "weight: 9")
        .replace("weight: 10", "weight: 1");
    assert_eq!(changes(BASE, &spelled), [""; 0]);
}

#[test]
fn objects_come_and_go() {
    let without = BASE.replace("  b: {", "  c: {").replace("cluster: b", "cluster: c");
    let gone = changes(BASE, &without);
    assert_eq!(
        gone,
        [
            "- cluster default/b",
            "+ cluster default/c",
            "api/cluster default/b: 10% > _",
            "api/cluster default/c: _ > 10%",
        ]
    );
    assert_eq!(changes(BASE, "").len(), 4);
    assert_eq!(changes("", BASE)[0], "+ cluster default/a");
}

#[test]
fn each_change_is_said_by_its_setting() {
    let web = |text: &str| ("127.0.0.1:1 }", format!("127.0.0.1:1, {text} }}"));
    let table: &[(&str, String, &str)] = &[
        (
            "127.0.0.1:1 ",
            "127.0.0.1:2 ".into(),
            "/address/: 127.0.0.1:1 > 127.0.0.1:2",
        ),
        (web("").0, web("timeouts: { idle: 0s }").1, "/timeouts.idle/: 1m > 0s"),
        (
            web("").0,
            web("timeouts: { request: 5s }").1,
            "/timeouts.request/: _ > 5s",
        ),
        (
            web("").0,
            web("limits: { headBytes: 2KiB }").1,
            "/limits.headBytes/: 60KiB > 2KiB",
        ),
        (
            web("").0,
            web("limits: { requestsPerConnection: 0 }").1,
            "/limits.requestsPerConnection/: 10000 > 0",
        ),
        (
            web("").0,
            web("http: { server: { action: overwrite, name: x } }").1,
            "/http.server/: pass > overwrite with x",
        ),
        (web("").0, web("http2: { pings: 7 }").1, "/http2.pings/: 100 > 7"),
        (
            web("").0,
            web("filters: [{ rateLimit: { requests: 5, per: 1s, key: clientIp } }]").1,
            "/filters/: none > rateLimit 5 per 1s, burst 5, by clientIp",
        ),
        (
            "{ address: 127.0.0.1:8 }, ",
            String::new(),
            "/endpoints/127.0.0.1:8: weight 1 > _",
        ),
        (
            "127.0.0.1:8 }",
            "127.0.0.1:8, weight: 3 }".into(),
            "/endpoints/127.0.0.1:8: weight 1 > weight 3",
        ),
        ("  a: {", "  a: { protocol: http2,".into(), "/protocol/: http1 > http2"),
        ("hosts: [x.y]", "hosts: [x.y, '*.x.y']".into(), "/hosts/*.x.y: _ > "),
        (
            "hosts: [x.y]",
            "hosts: [x.y]\n    priority: 3".into(),
            "/priority/: 0 > 3",
        ),
        (
            "prefix: /api",
            "exact: /api".into(),
            "api/matches/: /api and below > exactly /api",
        ),
        (
            "name: api,",
            "name: api, timeouts: { backendRequest: 1s },".into(),
            "api/timeouts.backendRequest/: _ > 1s",
        ),
        (
            "- backends",
            "- filters: [{ rewrite: { host: z } }]\n        backends".into(),
            "#2/filters/: none > rewrite host z",
        ),
        (
            "- backends",
            "- backends: [{ cluster: b }]\n      - matches: [{ method: GET }]\n        backends".into(),
            "#2/cluster default/a: 100% > _",
        ),
        (
            "      - backends: [{ cluster: a }]\n",
            String::new(),
            "#2 false: / and below",
        ),
        (
            "      - backends",
            "      - { matches: [{ method: GET }], backends: [{ cluster: b }] }\n      - backends".into(),
            "#2 true: GET / and below",
        ),
    ];
    for (from, to, expected) in table {
        let found = changes(BASE, &BASE.replacen(from, to, 1));
        assert!(found.iter().any(|line| line == expected), "{expected}\n{found:?}");
    }
}

#[test]
fn shares_are_percentages_and_a_cluster_that_is_gone_is_said() {
    let new = BASE
        .replace("weight: 90", "weight: 2")
        .replace("weight: 10", "weight: 1");
    assert_eq!(
        changes(BASE, &new),
        [
            "api/cluster default/a: 90% > 66.67%",
            "api/cluster default/b: 10% > 33.33%"
        ]
    );
    let broken = BASE.replace("  b: {", "  c: {");
    let found = changes(BASE, &broken);
    assert!(
        found.contains(&"api/cluster default/b: 10% > 10% (answered with 500)".to_owned()),
        "{found:?}"
    );
}

#[test]
fn filters_of_backends_differ_by_the_whole_reference_and_the_place() {
    let edits = |value: &str| format!("filters: [{{ requestHeaders: {{ set: {{ x: {value} }} }} }}]");
    let with = |backends: &str| {
        let rule = BASE.replace("{ cluster: a, weight: 90 }, { cluster: b, weight: 10 }", backends);
        parse_files([("other.yaml", OTHER), ("x.yaml", &*rule)]).snapshot
    };
    // Of one name in two namespaces.
    let namesakes = |one: &str, two: &str| {
        let (one, two) = (edits(one), edits(two));
        with(&format!("{{ cluster: a, {one} }}, {{ cluster: other/a, {two} }}"))
    };
    assert_eq!(
        between(&namesakes("1", "2"), &namesakes("3", "2")),
        ["api/backends.a.filters/: requestHeaders set x: 1 > requestHeaders set x: 3"]
    );
    assert_eq!(
        between(&namesakes("1", "2"), &namesakes("1", "3")),
        ["api/backends.other/a.filters/: requestHeaders set x: 2 > requestHeaders set x: 3"]
    );
    // One twice: its share is one, yet which part of it has which filters counts.
    let twice = |value: &str, plain: u32, edited: u32| {
        let edits = edits(value);
        with(&format!(
            "{{ cluster: a, weight: {edited}, {edits} }}, {{ cluster: a, weight: {plain} }}"
        ))
    };
    assert_eq!(
        between(&twice("1", 9, 1), &twice("2", 9, 1)),
        ["api/backends.a.filters/: requestHeaders set x: 1 > requestHeaders set x: 2"]
    );
    assert_eq!(
        between(&twice("1", 9, 1), &twice("1", 1, 9)),
        ["api/backends.a#2.share/: 90% > 10%", "api/backends.a.share/: 10% > 90%"]
    );
    assert_eq!(between(&twice("1", 9, 1), &twice("1", 18, 2)), [""; 0]);
}

#[test]
fn a_secret_of_a_backend_that_changes_is_said_and_not_shown() {
    let filter = "filters: [{ requestHeaders: { setSecret: { x: { file: secret } } } }]";
    let folder = env::temp_dir().join(format!("tidegate-diff-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let [config, secret] = ["x.yaml", "secret"].map(|name| folder.join(name));
    fs::write(&config, BASE.replace("weight: 90", &format!("weight: 90, {filter}"))).unwrap();
    let [old, new] = ["one", "two"].map(|value| {
        fs::write(&secret, value).unwrap();
        load(&config).unwrap().snapshot
    });
    fs::remove_dir_all(folder).unwrap();
    let shown = "requestHeaders set x: the secret of file secret";
    let expected = format!("api/backends.a.filters/: {shown} > {shown} (with another body or secret)");
    assert_eq!(between(&old, &new), [expected]);
}

#[test]
fn rules_in_another_order_are_one_difference() {
    let (first, second) = ("      - { name: api", "      - backends: [{ cluster: a }]\n");
    let swapped = BASE.replace(second, "").replace(first, &format!("{second}{first}"));
    assert_eq!(
        changes(BASE, &swapped),
        ["/rules/: in the order api, #2 > in another order: #1, api"]
    );
}

#[test]
fn access_logs_differ_by_where_how_and_what_is_logged() {
    let with = |log: &str| BASE.replace("127.0.0.1:1 }", &format!("127.0.0.1:1, accessLog: {log} }}"));
    assert_eq!(
        changes(
            &with("{ to: /a.log, only: { statuses: [429, 500-599], sample: 1% } }"),
            &with("{ to: /b.log, format: json, fields: [status, ms], only: { slowerThan: 1s } }")
        ),
        [
            "/accessLog.format/: text > json of status, ms",
            "/accessLog.only.sample/: 1% > 0%",
            "/accessLog.only.slowerThan/: _ > 1s",
            "/accessLog.only.statuses/: 429, 500-599 > failed",
            "/accessLog.to/: /a.log > /b.log",
        ]
    );
    assert_eq!(
        changes(BASE, &with("{ to: stdout, pattern: '100%% %{status}' }")),
        ["/accessLog.format/: _ > 100%% %{status}", "/accessLog.to/: _ > stdout"]
    );
}
