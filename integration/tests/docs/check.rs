//! Whether the binary takes a configuration, or a piece of one completed to a whole.

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
    match said.contains("error") || said.contains("warning[") {
        true if said.contains("0 errors, 0 warnings") => String::new(),
        _ => said,
    }
}

/// The keys of one kind of object, `rule` say, completed to a configuration; `None` when there is no such kind.
///
/// Clusters that the piece names are there.
pub(crate) fn complete(kind: &str, piece: &str) -> Option<String> {
    const BACKENDS: &str = "backends: [{ cluster: up }]\n";
    let says = |key: &str| piece.contains(key);
    let unless = |key: &str, otherwise: &str| if says(key) { String::new() } else { otherwise.to_owned() };
    let piece = if piece.ends_with('\n') {
        piece.to_owned()
    } else {
        format!("{piece}\n")
    };
    let answers = ["backends:", "redirect:", "directResponse:"].into_iter().any(says);
    let mut listener = "address: 127.0.0.1:8080\n".to_owned();
    let mut route = format!("listeners: [web]\nrules: [{{ {} }}]\n", BACKENDS.trim());
    let mut cluster = "endpoints: [{ address: 127.0.0.1:9000 }]\n".to_owned();
    let rule = |rule: &str| format!("listeners: [web]\nrules:\n  -\n{}", indent(4, rule));
    match kind {
        "listener" => listener = unless("address:", &listener) + &piece,
        "route" => {
            route = unless("listeners:", "listeners: [web]\n")
                + &unless("rules:", &format!("rules: [{{ {} }}]\n", BACKENDS.trim()))
                + &piece;
        }
        "rule" => route = rule(&((if answers { "" } else { BACKENDS }).to_owned() + &piece)),
        "filter" => {
            route = rule(&format!(
                "{}filters:\n  -\n{}",
                if answers { "" } else { BACKENDS },
                indent(4, &piece)
            ))
        }
        "match" => route = rule(&format!("{BACKENDS}matches:\n  -\n{}", indent(4, &piece))),
        "backend" => route = rule(&format!("backends:\n  - cluster: up\n{}", indent(4, &piece))),
        "cluster" => cluster = unless("endpoints:", &cluster) + &piece,
        "endpoint" => {
            let address = unless("address:", "address: 127.0.0.1:9000\n");
            cluster = format!("endpoints:\n  -\n{}", indent(4, &(address + &piece)));
        }
        _ => return None,
    }
    let names = piece.match_indices("cluster: ").map(|(at, key)| {
        let rest = &piece[at + key.len()..];
        rest.split(|char: char| !char.is_alphanumeric() && char != '-')
            .next()
            .unwrap()
    });
    let mut others: Vec<&str> = names.filter(|name| *name != "up").collect();
    others.sort_unstable();
    others.dedup();
    let others: String = others
        .iter()
        .map(|name| format!("  {name}: {{ endpoints: [{{ address: 127.0.0.1:9000 }}] }}\n"))
        .collect();
    Some(format!(
        "listeners:\n  web:\n{}routes:\n  all:\n{}clusters:\n  up:\n{}{others}",
        indent(4, &listener),
        indent(4, &route),
        indent(4, &cluster)
    ))
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
