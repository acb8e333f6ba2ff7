//! What people get wrong, each with the code, line and column that they are told; and that the rest of the file serves.

mod access_logs;
mod lints;
mod rules;

use std::collections::HashSet;

use tidegate_config::{Code, Diagnostic, parse_files, parse_str};

use self::access_logs::ACCESS_LOGS;
use self::rules::{RULES, WHOLE};

/// Stands below each mistake that concerns one object, and must load all the same.
const GOOD: &str = "
listeners:
  good: { address: 127.0.0.1:1 }
clusters:
  good: { endpoints: [{ address: 127.0.0.1:9 }] }
";

/// A listener, route or cluster with one thing wrong: YAML, code, line, column.
const OBJECTS: &[(&str, &str, u32, u32)] = &[
    // Shape.
    ("listeners:\n  web: { adress: 127.0.0.1:80 }", "TG0101", 2, 10),
    ("listeners:\n  web: { address: 127.0.0.1:80, tls: {} }", "TG0101", 2, 33),
    ("listeners:\n  web: { drain: 5s }", "TG0102", 2, 3),
    ("listeners:\n  web:", "TG0103", 2, 3),
    ("listeners:\n  web: 127.0.0.1:80", "TG0103", 2, 8),
    ("listeners:\n  web: [127.0.0.1:80]", "TG0103", 2, 8),
    ("listeners:\n  web: { address: [127.0.0.1:80] }", "TG0103", 2, 19),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, address: 127.0.0.1:81 }",
        "TG0104",
        2,
        33,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, profile: egde }",
        "TG0105",
        2,
        42,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, profile: true }",
        "TG0103",
        2,
        42,
    ),
    ("listeners:\n  web: { address: *web }", "TG0106", 2, 19),
    ("listeners:\n  web: { address: !ip 127.0.0.1:80 }", "TG0107", 2, 23),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http: { requestId: yes } }",
        "TG0103",
        2,
        52,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http: { requestId: \"true\" } }",
        "TG0103",
        2,
        52,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http: { server: none } }",
        "TG0103",
        2,
        49,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http: { server: { name: x } } }",
        "TG0102",
        2,
        41,
    ),
    // Values.
    ("listeners:\n  Web: { address: 127.0.0.1:80 }", "TG0201", 2, 3),
    ("listeners:\n  web/x: { address: 127.0.0.1:80 }", "TG0201", 2, 3),
    ("listeners:\n  web: { address: 8080 }", "TG0204", 2, 19),
    ("listeners:\n  web: { address: localhost:8080 }", "TG0204", 2, 19),
    ("listeners:\n  web: { address: 127.0.0.1:65536 }", "TG0204", 2, 19),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, drain: 60 }",
        "TG0202",
        2,
        40,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, drain: 1.5s }",
        "TG0202",
        2,
        40,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, drain: -1s }",
        "TG0202",
        2,
        40,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, timeouts: { idle: 5 min } }",
        "TG0202",
        2,
        51,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { headBytes: 60KB } }",
        "TG0203",
        2,
        54,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { headBytes: 2GiB } }",
        "TG0207",
        2,
        54,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { headBytes: 65KiB } }",
        "TG0207",
        2,
        54,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { headerFields: 257 } }",
        "TG0207",
        2,
        57,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { trailerBytes: 1MiB } }",
        "TG0207",
        2,
        57,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { connections: 0 } }",
        "TG0207",
        2,
        56,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { connections: many } }",
        "TG0103",
        2,
        56,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, limits: { connections: 99999999999999999999 } }",
        "TG0207",
        2,
        56,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http2: { maxFrameSize: 8KiB } }",
        "TG0207",
        2,
        56,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http2: { streamWindow: 2GiB } }",
        "TG0207",
        2,
        56,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http: { via: { action: append, name: a b } } }",
        "TG0208",
        2,
        70,
    ),
    (
        "listeners:\n  web: { address: 127.0.0.1:80, http: { server: { action: pass, name: x } } }",
        "TG0209",
        2,
        71,
    ),
    ("clusters:\n  echo: { endpoints: [] }", "TG0108", 2, 22),
    ("clusters:\n  echo: { endpoints: [127.0.0.1:9] }", "TG0103", 2, 23),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:0 }] }",
        "TG0204",
        2,
        34,
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 0.0.0.0:80 }] }",
        "TG0204",
        2,
        34,
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:8, weight: -1 }] }",
        "TG0103",
        2,
        55,
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:8, weight: 1000001 }] }",
        "TG0207",
        2,
        55,
    ),
    (
        "clusters:\n  echo: { endpoints: [{ address: 127.0.0.1:8 }, { address: 127.0.0.1:8 }] }",
        "TG0210",
        2,
        60,
    ),
    (
        "clusters:\n  echo: { protocol: http3, endpoints: [{ address: 127.0.0.1:8 }] }",
        "TG0105",
        2,
        21,
    ),
    (
        "routes:\n  all: { listeners: [], rules: [{ backends: [{ cluster: good }] }] }",
        "TG0108",
        2,
        21,
    ),
    (
        "routes:\n  all: { listeners: good, rules: [{ backends: [{ cluster: good }] }] }",
        "TG0103",
        2,
        21,
    ),
    (
        "routes:\n  all: { listeners: [good, default/good], rules: [{ backends: [{ cluster: good }] }] }",
        "TG0210",
        2,
        28,
    ),
    ("routes:\n  all: { listeners: [good] }", "TG0102", 2, 3),
    ("routes:\n  all: { listeners: [good], rules: [] }", "TG0108", 2, 36),
    (
        "routes:\n  all: { listeners: [good], rules: [{ name: x }] }",
        "TG0102",
        2,
        37,
    ),
    (
        "routes:\n  all: { listeners: [good], rules: [{ backends: [{ cluster: a/b/c }] }] }",
        "TG0201",
        2,
        61,
    ),
    ("routes:\n  all:\n    hosts:\n    listeners: [good]", "TG0103", 3, 5),
    (
        "routes:\n  all:\n    hosts: [*.example.com]\n    listeners: [good]",
        "TG0106",
        3,
        13,
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    hosts: [\"*\"]\n    rules: [{ backends: [{ cluster: good }] }]",
        "TG0205",
        4,
        13,
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    hosts: [a.b:80]\n    rules: [{ backends: [{ cluster: good }] }]",
        "TG0205",
        4,
        13,
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    hosts: [a.b, A.b]\n    rules: [{ backends: [{ cluster: good }] }]",
        "TG0210",
        4,
        18,
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    rules:\n      - matches: [{ path: { prefix: api } }]\n        backends: [{ cluster: good }]",
        "TG0206",
        5,
        37,
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    rules:\n      - matches: [{ path: { prefix: /a/../b } }]\n        backends: [{ cluster: good }]",
        "TG0206",
        5,
        37,
    ),
    (
        "routes:\n  all:\n    listeners: [good]\n    rules:\n      - { name: x, backends: [{ cluster: good }] }\n      - { name: x, backends: [{ cluster: good }] }",
        "TG0210",
        6,
        17,
    ),
    // References: the object serves, only the reference is invalid.
    (
        "routes:\n  all: { listeners: [god], rules: [{ backends: [{ cluster: good }] }] }",
        "TG0302",
        2,
        22,
    ),
    (
        "routes:\n  all: { listeners: [good], rules: [{ backends: [{ cluster: goof }] }] }",
        "TG0302",
        2,
        61,
    ),
    (
        "routes:\n  all: { listeners: [good], rules: [{ backends: [{ cluster: other/good }] }] }",
        "TG0302",
        2,
        61,
    ),
    // Sections.
    ("listners:\n  web: { address: 127.0.0.1:80 }", "TG0101", 1, 1),
    ("listeners: [web]", "TG0103", 1, 1),
];

/// A file of which nothing can be used: YAML, code, line, column.
const FILES: &[(&str, &str, u32, u32)] = &[
    ("", "TG0007", 1, 1),
    ("# nothing yet\n", "TG0007", 1, 1),
    ("listeners:\n\tweb: {}", "TG0003", 2, 2),
    ("listeners: {", "TG0003", 1, 12),
    ("listeners: \"web", "TG0003", 1, 12),
    ("a: b: c", "TG0003", 1, 5),
    ("{ a: 1 }: 2", "TG0003", 1, 1),
    ("- listeners", "TG0005", 1, 1),
    ("listeners", "TG0005", 1, 1),
    ("null", "TG0005", 1, 1),
    ("listeners: {}\n---\nroutes: {}", "TG0006", 2, 1),
    ("listeners: {}\nlisteners: {}", "TG0104", 2, 1),
    ("namespace: Team_A", "TG0201", 1, 12),
    ("namespace: [a]", "TG0103", 1, 12),
    ("namespace:", "TG0103", 1, 1),
    ("routes: &a [*a]", "TG0106", 1, 13),
    ("routes: { <<: 5 }", "TG0103", 1, 11),
];

fn places(text: &str) -> Vec<(&'static str, u32, u32)> {
    let place = |d: &Diagnostic| (d.code().as_str(), d.line(), d.column());
    parse_str("gateway.yaml", text).diagnostics.iter().map(place).collect()
}

/// Whether `text` is told this one thing, and the good objects beside it are all there.
fn assert_alone(text: &str, code: &str, line: u32, column: u32) {
    let loaded = parse_files([("bad.yaml", text), ("good.yaml", GOOD)]);
    let found: Vec<_> = loaded
        .diagnostics
        .iter()
        .map(|d| (d.file(), d.code().as_str(), d.line(), d.column()))
        .collect();
    let expected = [("bad.yaml", code, line, column)];
    assert_eq!(found, expected, "{text}\n{:?}", loaded.diagnostics);
    // A message of TG0103 says itself what was expected.
    let helps = |d: &Diagnostic| d.help_text().is_some() || d.code() == Code::WrongType;
    assert!(loaded.diagnostics.iter().all(helps), "{text}: no help");
    let ids: Vec<_> = loaded
        .snapshot
        .listeners()
        .map(|object| object.id().to_string())
        .collect();
    assert!(ids.contains(&"listener default/good".to_owned()), "{text}");
    let ids: Vec<_> = loaded
        .snapshot
        .clusters()
        .map(|object| object.id().to_string())
        .collect();
    assert!(ids.contains(&"cluster default/good".to_owned()), "{text}");
}

/// The text without its `»`, and the line and column of what stood behind it.
fn unmarked(text: &str) -> (String, u32, u32) {
    let (before, after) = text.split_once('»').unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (format!("{before}{after}"), line as u32, column as u32)
}

#[test]
fn each_mistake_in_an_object_is_told_where_it_is_and_hurts_nothing_else() {
    for &(text, code, line, column) in OBJECTS {
        assert_alone(text, code, line, column);
    }
    for &(text, code) in WHOLE {
        let (text, line, column) = unmarked(text);
        assert_alone(&text, code, line, column);
    }
}

#[test]
fn each_mistake_in_a_rule_is_told_where_it_is_and_hurts_nothing_else() {
    for &(rule, code) in RULES {
        let route = format!("routes:\n  all:\n    listeners: [good]\n    rules:\n      - {rule}");
        let (text, line, column) = unmarked(&route);
        assert_alone(&text, code, line, column);
    }
}

#[test]
fn each_mistake_in_an_access_log_is_told_where_it_is_and_hurts_nothing_else() {
    for &(log, code) in ACCESS_LOGS {
        let (text, line, column) = unmarked(&format!(
            "listeners:\n  web: {{ address: 127.0.0.1:80, accessLog: {log} }}"
        ));
        assert_alone(&text, code, line, column);
    }
}

#[test]
fn every_code_of_a_mistake_has_a_row() {
    let rows: HashSet<_> = OBJECTS
        .iter()
        .chain(FILES)
        .map(|row| row.1)
        .chain(RULES.iter().chain(WHOLE).chain(ACCESS_LOGS).map(|row| row.1))
        .collect();
    // These need files, or several objects: language.rs has them; lints have a table of their own.
    let elsewhere = ["TG0001", "TG0002", "TG0004", "TG0301", "TG0303", "TG0304", "TG0501"];
    let errors = Code::ALL.iter().filter(|code| !code.as_str().starts_with("TG04"));
    let missing: Vec<_> = errors
        .map(|code| code.as_str())
        .filter(|code| !rows.contains(code) && !elsewhere.contains(code))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn each_mistake_in_a_file_is_told_where_it_is() {
    for &(text, code, line, column) in FILES {
        assert_eq!(places(text), [(code, line, column)], "{text:?}");
    }
}

#[test]
fn all_mistakes_of_one_object_are_told_at_once() {
    let text =
        "listeners:\n  web:\n    address: nowhere\n    drain: soon\n    limits: { connections: 0, headBytes: big }";
    assert_eq!(
        places(text),
        [
            ("TG0204", 3, 14),
            ("TG0202", 4, 12),
            ("TG0207", 5, 28),
            ("TG0203", 5, 42)
        ]
    );
}

#[test]
fn columns_count_characters() {
    assert_eq!(places("listeners: { \"wäb\": { address: ö } }"), [("TG0201", 1, 14)]);
    assert_eq!(
        places("\u{FEFF}listeners: { web: { address: ö } }"),
        [("TG0204", 1, 30)]
    );
    assert_eq!(places("listeners:\r\n  web: { address: x }\r\n"), [("TG0204", 2, 19)]);
}

#[test]
fn a_bomb_and_a_tower_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert_eq!(places(&bomb)[0].0, "TG0004");
    assert_eq!(
        places(&format!("a: {}{}", "[".repeat(40), "]".repeat(40)))[0].0,
        "TG0004"
    );
    assert_eq!(places(&"[".repeat(100_000))[0].0, "TG0004");
    assert_eq!(places(&"- ".repeat(100_000))[0].0, "TG0004");
}

#[test]
fn many_maps_that_merge_a_long_one_are_refused() {
    let keys: String = (0..2_000).map(|key| format!("k{key}: 1, ")).collect();
    let text = format!("base: &b {{ {keys} }}\nlist:\n{}", "  - <<: *b\n".repeat(10_000));
    assert_eq!(places(&text)[0].0, "TG0004");
}

/// However many rules inherit them.
#[test]
fn filters_that_a_route_has_wrong_are_told_once() {
    let route = |filters: &str, rule: &str, rules: usize| {
        let rules = format!("      - {rule}\n").repeat(rules);
        format!("routes:\n  all:\n    listeners: [good]\n    filters:\n{filters}    rules:\n{rules}")
    };
    let three = "      - redirect: { scheme: https }\n      - directResponse: { status: 200 }\n      - directResponse: { status: 201 }\n";
    assert_eq!(places(&route(three, "{}", 100)), [("TG0209", 6, 9), ("TG0209", 7, 9)]);
    // Rules with a filter of their own say it each, for that one.
    let own = "filters: [{ directResponse: { status: 200 } }]";
    let redirect = "      - redirect: { scheme: https }\n";
    assert_eq!(places(&route(redirect, own, 2)), [("TG0209", 7, 19), ("TG0209", 8, 19)]);
    let own = "filters: [{ redirect: { scheme: https } }]";
    assert_eq!(places(&route(three, own, 2)), [("TG0209", 6, 9), ("TG0209", 6, 9)]);
    // What each rule disables is nobody's mistake.
    let disabled = format!("{GOOD}{}", route(three, "disabled: [directResponse]", 3));
    assert_eq!(places(&disabled), []);
}

#[test]
fn twenty_thousand_headers_are_read_in_a_moment() {
    let map = |letter: char| (0..20_000).map(|n| format!("{letter}{n}: v, ")).collect::<String>();
    let list = |letter: char| (0..20_000).map(|n| format!("{letter}{n}, ")).collect::<String>();
    let text = format!(
        "routes:\n  all:\n    listeners: [good]\n    rules:\n      - backends: [{{ cluster: good }}]\n        filters:\n          - requestHeaders: {{ set: {{ {} }}, remove: [{}A7] }}\n",
        map('a'),
        list('b')
    );
    let found = places(&text);
    assert_eq!(found.iter().map(|place| place.0).collect::<Vec<_>>(), ["TG0209"]);
}

#[test]
fn codes_are_unique_and_in_order() {
    let texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(texts.is_sorted_by(|a, b| a < b), "{texts:?}");
}
