//! Whether the binary takes a configuration, or a piece of one completed to a whole.

use std::collections::BTreeSet;
use std::process::Command;

use tidegate_integration::harness::{Folder, binary};

/// What `tidegate check` says: errors as `error[CODE]`, warnings as `warning[CODE]`; nothing of what is good.
pub(crate) fn check(yaml: &str) -> String {
    // A directResponse of a page may name one.
    let folder = Folder::with(&[("gateway.yaml", yaml), ("robots.txt", "")]);
    let output = Command::new(binary())
        .arg("check")
        .arg(folder.path("gateway.yaml"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    if said.ends_with("0 errors, 0 warnings\n") {
        String::new()
    } else {
        said
    }
}

/// The kinds of objects that a piece may be of.
const KINDS: [&str; 8] = [
    "listener", "route", "rule", "filter", "match", "backend", "cluster", "endpoint",
];

/// A piece of an object of this kind completed to a configuration; `None` when there is no such kind.
///
/// What the piece leaves out and must be there is added, the clusters that it names among it.
pub(crate) fn complete(kind: &str, piece: &str) -> Option<String> {
    KINDS.contains(&kind).then_some(())?;
    // The piece where it belongs, and nothing elsewhere.
    let of = |other: &str| if kind == other { piece } else { "" };
    let listener = with(of("listener"), "address:", "address: 127.0.0.1:8080");
    let rule = rule(kind, piece);
    let rules = format!("rules:\n  -\n{}", indent(4, &rule));
    let route = with(&with(of("route"), "rules:", &rules), "listeners:", "listeners: [web]");
    let endpoint = with(of("endpoint"), "address:", "address: 127.0.0.1:9000");
    let endpoints = format!("endpoints:\n  -\n{}", indent(4, &endpoint));
    let cluster = with(of("cluster"), "endpoints:", &endpoints);
    Some(format!(
        "listeners:\n  web:\n{}routes:\n  all:\n{}clusters:\n  up:\n{}{}",
        indent(4, &listener),
        indent(4, &route),
        indent(4, &cluster),
        other_clusters(piece)
    ))
}

/// The text, with this line in front unless it has the key.
fn with(text: &str, key: &str, line: &str) -> String {
    if text.contains(key) {
        text.to_owned()
    } else {
        format!("{line}\n{text}")
    }
}

/// A rule that holds the piece, if it is of a kind that a rule holds.
fn rule(kind: &str, piece: &str) -> String {
    let piece = match kind {
        "rule" => piece.to_owned(),
        "filter" => format!("filters:\n  -\n{}", indent(4, piece)),
        "match" => format!("matches:\n  -\n{}", indent(4, piece)),
        "backend" => format!("backends:\n  - cluster: up\n{}", indent(4, piece)),
        _ => String::new(),
    };
    if piece.contains("redirect:") || piece.contains("directResponse:") {
        piece
    } else {
        with(&piece, "backends:", "backends: [{ cluster: up }]")
    }
}

/// The clusters that a piece names, beside `up`.
fn other_clusters(piece: &str) -> String {
    let behind = piece.split("cluster: ").skip(1);
    let name = |rest: &'_ str| -> String {
        let end = rest.find(|char: char| !char.is_alphanumeric() && char != '-');
        rest[..end.unwrap_or(rest.len())].to_owned()
    };
    let mut names: BTreeSet<String> = behind.map(name).collect();
    names.remove("up");
    let cluster = |name| format!("  {name}: {{ endpoints: [{{ address: 127.0.0.1:9000 }}] }}\n");
    names.into_iter().map(cluster).collect()
}

fn indent(by: usize, text: &str) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

#[test]
fn pieces_are_completed_and_mistakes_in_them_found() {
    for (kind, good, bad) in [
        ("listener", "drain: 5s", "drein: 5s"),
        ("route", "hosts: [a.example]", "host: [a.example]"),
        ("rule", "timeouts: { request: 1s }", "timeouts: { request: 1 }"),
        (
            "rule",
            "filters:\n  - redirect: { scheme: https }\n",
            "filters: [{ redirect: { status: 200 } }]",
        ),
        (
            "rule",
            "backends: [{ cluster: a }, { cluster: b-c, weight: 0 }]",
            "backends: []",
        ),
        ("filter", "redirect: { scheme: https }", "redirect: { scheme: ftp }"),
        ("match", "method: GET", "method: 'GE T'"),
        ("backend", "weight: 5", "weight: -5"),
        ("cluster", "balancer: roundRobin", "balancer: random"),
        ("endpoint", "weight: 5", "address: 127.0.0.1"),
    ] {
        let check = |piece| check(&complete(kind, piece).unwrap());
        let said = check(good);
        assert!(!said.contains("error["), "{kind} {good}: {said}");
        assert!(check(bad).contains("error["), "{kind} {bad}");
    }
    assert_eq!(complete("gateway", ""), None);
}
