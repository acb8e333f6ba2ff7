//! The examples of filters, as they stand but for their addresses, do what their comments say.

use std::fs;
use std::path::Path;

use tidegate_integration::harness::{Origin, Proxy, Wire};

use super::{WIRES, ask, get, telling, text, values};

/// The example on a port of the system's choice, with this origin in the place of the echo server.
fn example(name: &str, origin: &Origin) -> Proxy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    let yaml = fs::read_to_string(folder.join("gateway.yaml")).unwrap();
    assert!(yaml.contains("127.0.0.1:8080") && yaml.contains("127.0.0.1:9000"));
    let yaml = yaml
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    Proxy::start(
        &yaml
            .replace("127.0.0.1:8080", "127.0.0.1:0")
            .replace("127.0.0.1:9000", &origin.address.to_string()),
    )
}

#[test]
fn redirect_and_rewrite() {
    let origin = telling(Wire::H1);
    let proxy = example("redirect-and-rewrite", &origin);
    for wire in WIRES {
        let moved = get(&proxy, wire, "/blog/2024/hello?page=2");
        assert_eq!(moved.status, 301);
        assert_eq!(moved.all("location"), ["https://blog.example.com/2024/hello?page=2"]);
        assert_eq!(moved.all("x-content-type-options"), ["nosniff"]);

        let api = text(&get(&proxy, wire, "/api/v1/users?all"));
        assert!(api.starts_with("GET /users?all\n"), "{api}");
        assert_eq!(values(&api, "x-api-version"), ["1"]);

        let posts = text(&get(&proxy, wire, "/users/42/posts"));
        assert!(posts.starts_with("GET /posts/by/42\n"), "{posts}");
        assert_eq!(values(&posts, "host"), ["posts.internal"]);

        let robots = get(&proxy, wire, "/robots.txt");
        assert_eq!(robots.body, b"User-agent: *\nDisallow: /api/\n");
        assert_eq!(robots.all("cache-control"), ["max-age=86400"]);

        assert_eq!(get(&proxy, wire, "/other").status, 404);
    }
}

#[test]
fn rate_limit() {
    let origin = telling(Wire::H1);
    let proxy = example("rate-limit", &origin);
    let statuses = |path: &str, key: &str, count| -> Vec<u16> {
        let ask = |_| ask(&proxy, Wire::H1, "GET", path, &[("x-api-key", key)]).status;
        (0..count).map(ask).collect()
    };
    assert_eq!(statuses("/login", "", 6), [200, 200, 200, 200, 200, 429]);
    assert_eq!(
        get(&proxy, Wire::H2, "/login").all("ratelimit-policy"),
        ["\"client-ip\";q=5;w=60"]
    );

    let first = statuses("/api", "one", 11);
    assert_eq!(first.iter().filter(|status| **status == 200).count(), 10);
    let second = statuses("/api", "two", 6);
    assert_eq!(
        second.iter().filter(|status| **status == 200).count(),
        5,
        "15 of all keys"
    );
    assert_eq!(
        get(&proxy, Wire::H2, "/api").all("ratelimit-policy"),
        ["\"rule\";q=15;w=60"]
    );

    assert!(statuses("/health", "", 40).iter().all(|status| *status == 200));
    assert!(statuses("/", "", 20).iter().all(|status| *status == 200));
}
