//! `rewrite`.

use tidegate_integration::harness::{Proxy, Wire};

use super::{WIRES, config, get, telling, text, values};
use crate::setup::in_every_pairing;

in_every_pairing!(paths_and_hosts_become_what_is_said);

fn paths_and_hosts_become_what_is_said(client: Wire, upstream: Wire) {
    let origin = telling(upstream);
    let rule = |prefix: &str, rewrite: &str| {
        format!(
            "{{ matches: [{{ path: {{ prefix: {prefix} }} }}], backends: [{{ cluster: up }}], \
             filters: [{{ rewrite: {{ {rewrite} }} }}] }}"
        )
    };
    let rules = [
        rule("/full", "path: { full: /x/y }"),
        rule("/old/v1", "path: { prefix: /new }"),
        rule("/bare", "path: { prefix: / }"),
        rule("/host", "host: 'up.test:81'"),
        rule(
            "/users",
            "path: { regex: '^/users/([0-9]+)/(.*)$', substitution: '/$2/of/$1' }, host: users.test",
        ),
        rule("/", "path: { prefix: /all }"),
    ];
    let proxy = Proxy::start(&config(&origin, "", "", &rules.join(", ")));
    for (path, target, host) in [
        ("/full/a/b?c=d", "/x/y?c=d", "a"),
        ("/full", "/x/y", "a"),
        ("/old/v1", "/new", "a"),
        ("/old/v1/", "/new/", "a"),
        ("/old/v1/a%20b?c", "/new/a%20b?c", "a"),
        // Matched in its one form, so forwarded in it.
        ("/old/./v1//x/../y", "/new/y", "a"),
        ("/bare", "/", "a"),
        ("/bare/a", "/a", "a"),
        ("/host/a?b", "/host/a?b", "up.test:81"),
        (
            "/users/42/posts/?q=/users/1/x",
            "/posts/of/42?q=/users/1/x",
            "users.test",
        ),
        ("/users", "/users", "users.test"),
        ("/other", "/all/other", "a"),
        ("/", "/all/", "a"),
    ] {
        let told = text(&get(&proxy, client, path));
        assert!(told.starts_with(&format!("GET {target}\n")), "{path}: {told}");
        assert_eq!(values(&told, "host"), [host], "{path}: {told}");
        // Whom the client asked is not lost.
        assert_eq!(values(&told, "x-forwarded-host"), ["a"], "{path}: {told}");
    }
}

/// A stranger who knows the pattern must not reach with it what was refused in a request.
#[test]
fn a_pattern_is_no_way_around_the_form_of_paths() {
    let origin = telling(Wire::H1);
    let filters = "{ rewrite: { path: { regex: '-', substitution: '' } } }";
    let rule = format!("{{ backends: [{{ cluster: up }}], filters: [{filters}] }}");
    let proxy = Proxy::with_access_log(&config(&origin, "", "", &rule));
    for wire in WIRES {
        assert!(text(&get(&proxy, wire, "/a-b-c")).starts_with("GET /abc\n"));
        for path in ["/public/.-./admin", "/a/-.", "/%2-5"] {
            let answer = get(&proxy, wire, path);
            assert_eq!(answer.status, 400, "{path}");
        }
        let answer = get(&proxy, wire, "/public/.-./admin");
        assert_eq!(answer.all("x-tidegate-reason"), ["invalid-rewrite"]);
        assert_eq!(answer.all("x-tidegate-object"), ["route default/all"]);
    }
    proxy.logged(&["status=400", "reason=invalid-rewrite", "filter=rewrite#1", "flag=DPE"]);
}
