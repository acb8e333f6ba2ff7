//! Secrets: they reach the upstream, and nobody who looks at Tidegate.

use std::path::Path;
use std::process::Command;

use tidegate_integration::harness::{Call, Folder, Origin, Proxy, Signal, Wire, binary, until};

use crate::filters::{WIRES, config, telling, text, values};

/// Cargo sets this variable for a test, and the test for its children.
const VARIABLE: &str = "CARGO_PKG_DESCRIPTION";

const TOKEN: &str = "Bearer q7-wide-harbour";

/// A rule that sends `authorization` from `token`, and `x-from` from the environment.
fn gateway(origin: &Origin) -> String {
    let edits = format!(
        "{{ requestHeaders: {{ setSecret: {{ authorization: {{ file: secrets/token }}, \
         x-from: {{ env: {VARIABLE} }} }} }} }}"
    );
    let rule = format!("{{ backends: [{{ cluster: up }}], filters: [{edits}] }}");
    config(origin, "", "", &rule)
}

fn start(folder: &Folder) -> Proxy {
    Proxy::on(
        &folder.path("gateway.yaml"),
        &["--workers", "1", "--log", "trace", "--access-log", "-"],
    )
}

/// What the upstream got as `authorization`.
fn sent(proxy: &Proxy, wire: Wire) -> String {
    let fields = [("authorization", "Bearer of-a-stranger")];
    let mut call = Call::start(proxy.listener("web"), wire, "GET", "/", &fields, false);
    let told = text(&call.receiver.whole());
    assert_eq!(values(&told, "x-from"), [std::env::var(VARIABLE).unwrap()], "{told}");
    values(&told, "authorization").join("; ")
}

fn output(command: &str, arguments: &[&Path]) -> String {
    let output = Command::new(binary()).arg(command).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn they_reach_the_upstream_and_are_shown_nowhere() {
    for wire in WIRES {
        let origin = telling(wire);
        let folder = Folder::with(&[
            ("gateway.yaml", gateway(&origin)),
            ("secrets/token", format!("{TOKEN}\n")),
            ("other/gateway.yaml", gateway(&origin)),
            ("other/secrets/token", "Bearer another\n".to_owned()),
        ]);
        let mut proxy = start(&folder);
        assert_eq!(sent(&proxy, wire), TOKEN);

        let (file, other) = (folder.path("gateway.yaml"), folder.path("other/gateway.yaml"));
        let explained = output("explain", &[&file, Path::new("http://a/")]);
        let differs = output("diff", &[&file, &other]);
        assert!(explained.contains("requestHeaders"), "{explained}");
        assert!(differs.contains("the secret of file secrets/token"), "{differs}");
        assert!(differs.contains("with another body or secret"), "{differs}");
        let served = proxy.ask("/config");
        assert!(served.contains("secrets/token"), "{served}");
        let pages = ["/objects", "/objects?format=json", "/metrics"].map(|path| proxy.ask(path));
        proxy.signal(Signal::Term);
        proxy.exit();
        for shown in pages.iter().chain([&explained, &differs, &served, &proxy.logs()]) {
            assert!(!shown.contains("harbour") && !shown.contains("another\n"), "{shown}");
        }
    }
}

#[test]
fn a_file_that_changes_is_read_again_and_a_bad_one_leaves_the_last() {
    let origin = telling(Wire::H1);
    let folder = Folder::with(&[("gateway.yaml", gateway(&origin)), ("secrets/token", TOKEN.to_owned())]);
    let proxy = start(&folder);
    let comes_to_send = |token: &str| {
        until(&format!("{token:?} to be sent"), || {
            (sent(&proxy, Wire::H1) == token).then_some(())
        });
    };
    comes_to_send(TOKEN);
    folder.replace("secrets/token", "Bearer second\r\n");
    comes_to_send("Bearer second");
    for (bad, why) in [
        ("", "is empty"),
        ("two-words\nlines", "cannot stand in a header"),
        ("\u{0}", "cannot stand"),
    ] {
        folder.write("secrets/token", bad);
        let line = until("the route to be quarantined", || {
            let objects = proxy.ask("/objects");
            let is_bad = objects.contains("TG0222") && objects.contains(why);
            is_bad.then_some(objects)
        });
        assert!(!line.contains("two-words"), "{line}");
        assert_eq!(sent(&proxy, Wire::H1), "Bearer second");
    }
    folder.write("secrets/token", "Bearer third");
    comes_to_send("Bearer third");
    assert!(
        !proxy.logs().contains("two-words") && !proxy.logs().contains("third"),
        "{}",
        proxy.logs()
    );
}

/// The volume of a Kubernetes Secret: a link to a link that is swapped.
#[test]
fn a_secret_volume_is_followed_when_its_link_is_swapped() {
    let origin = telling(Wire::H1);
    let folder = Folder::with(&[
        ("gateway.yaml", gateway(&origin)),
        ("secrets/..first/token", "Bearer first".to_owned()),
        ("secrets/..second/token", "Bearer second".to_owned()),
    ]);
    folder.link("..first", "secrets/..data");
    folder.link("..data/token", "secrets/token");
    let proxy = start(&folder);
    assert_eq!(sent(&proxy, Wire::H1), "Bearer first");
    folder.link("..second", "secrets/..data");
    until("the second secret to be sent", || {
        (sent(&proxy, Wire::H1) == "Bearer second").then_some(())
    });
}

#[test]
fn a_variable_that_is_not_set_is_an_error_that_says_so() {
    let folder = Folder::with(&[(
        "gateway.yaml",
        "listeners: { web: { address: 127.0.0.1:0 } }\nclusters: { up: { endpoints: [{ address: 127.0.0.1:1 }] } }\n\
         routes:\n  all:\n    listeners: [web]\n    rules:\n      - backends: [{ cluster: up }]\n        \
         filters: [{ requestHeaders: { setSecret: { x-key: { env: NO_SUCH_VARIABLE } } } }]\n",
    )]);
    let said = output("check", &[&folder.path("gateway.yaml")]);
    for part in [
        "error[TG0222]: the variable `NO_SUCH_VARIABLE` is not set",
        "gateway.yaml:8:66",
        "object: route default/all",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
}
