//! What people read.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "how long a program computes is real time"
)]

use std::time::{Duration, Instant};

use crate::{parse_files, parse_str};

fn shown(text: &str) -> String {
    parse_str("gateway.yaml", text)
        .diagnostics
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_mistake_is_shown_with_its_line_and_a_caret() {
    let text = "listeners:\n  web:\n    address: 127.0.0.1:80\n    timeouts: { idle: 10 secs }\n";
    let expected = "\
error[TG0202]: `10 secs` is not a duration
 --> gateway.yaml:4:23
  |
4 |     timeouts: { idle: 10 secs }
  |                       ^^^^^^^
  = object: listener default/web
  = help: write whole numbers with units, largest first: `250ms`, `5s`, `1m30s`, `1h`; `0s` for none
";
    assert_eq!(shown(text), expected);
}

#[test]
fn a_name_twice_shows_both_places() {
    let listener = |port: u16| format!("listeners:\n  web: {{ address: 127.0.0.1:{port} }}\n");
    let loaded = parse_files([("a.yaml", listener(80).as_str()), ("b.yaml", listener(81).as_str())]);
    let expected = "\
error[TG0301]: there are two of listener default/web
 --> b.yaml:2:3
  |
2 |   web: { address: 127.0.0.1:81 }
  |   ^^^
 --> a.yaml:2:3
  |
2 |   web: { address: 127.0.0.1:80 }
  |   ^^^ first here
  = object: listener default/web
  = help: rename one; until then none of them is used
";
    assert_eq!(
        loaded.diagnostics.iter().map(ToString::to_string).collect::<String>(),
        expected
    );
    assert!(loaded.snapshot.is_empty());
}

#[test]
fn of_a_long_line_only_the_part_around_the_mistake_is_shown() {
    let long = "x".repeat(10_000);
    let shown = shown(&format!(
        "clusters: {{ a: {{ protocol: {long} }}, b: {{ protocol: {long} }} }}"
    ));
    assert_eq!(shown.lines().filter(|line| line.contains('^')).count(), 2);
    assert!(shown.lines().all(|line| line.chars().count() <= 124), "{shown}");
}

#[test]
fn nothing_in_a_file_reaches_the_terminal_as_a_control_character() {
    for text in [
        "listeners:\n  web: { address: \"\\e[31m\" }\n\"\\e\": 1\n",
        "a: \u{1b}[31m",
        "listeners: *\u{1b}",
    ] {
        let shown = shown(text);
        assert!(!shown.is_empty());
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    }
}

#[test]
fn the_nearest_name_is_suggested() {
    for (text, hint) in [
        ("listeners:\n  web: { adress: x }", "did you mean `address`?"),
        (
            "listeners:\n  web: { address: x, time-outs: {} }",
            "did you mean `timeouts`?",
        ),
        ("listener: {}", "did you mean `listeners`?"),
        (
            "zzz: {}",
            "possible here: `namespace`, `listeners`, `routes`, `clusters`",
        ),
        ("clusters:\n  a: { zzz: 1 }", "possible here: `profile`, `protocol`"),
        ("clusters:\n  a: { protocol: h2 }", "possible here: `http1`, `http2`"),
    ] {
        assert!(shown(text).contains(hint), "{text}\n{}", shown(text));
    }
}

/// What is said of a file takes as long as the file is, not as it is times as many mistakes as it has.
#[test]
fn fifty_thousand_mistakes_in_a_file_are_told_in_a_moment() {
    for line_break in ["\n", ""] {
        let routes: String = (0..50_000)
            .map(|n| {
                format!("  r{n}: {{ listeners: [web], rules: [{{ backends: [{{ cluster: gone }}] }}] }}{line_break}")
            })
            .collect();
        let routes = match line_break {
            "" => format!("routes: {{{}}}", routes.replace("}  r", "}, r")),
            _ => format!("routes:\n{routes}"),
        };
        let begun = Instant::now();
        let loaded = parse_str(
            "gateway.yaml",
            &format!("listeners:\n  web: {{ address: 127.0.0.1:1 }}\n{routes}"),
        );
        assert_eq!(loaded.diagnostics.len(), 50_000);
        let shown: usize = loaded.diagnostics.iter().map(|one| one.to_string().len()).sum();
        assert!(shown > 50_000 * 100);
        let last = loaded.diagnostics[49_999].label().excerpt();
        assert_eq!(last.is_some(), line_break == "\n");
        // It takes a second; a minute and more if lines are counted for each.
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
