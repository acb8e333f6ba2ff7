//! The language as it is meant: defaults, namespaces, references, quarantine, directories.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use tidegate_config::{
    Balancer, Cluster, Code, Kind, Listener, Loaded, ObjectId, Profile, Protocol, ServerHeader, Snapshot, Underscores,
    ViaHeader, check, load, parse_files, parse_str,
};

const fn secs(secs: u64) -> Option<Duration> {
    Some(Duration::from_secs(secs))
}

fn clean(text: &str) -> Snapshot {
    let loaded = parse_str("gateway.yaml", text);
    assert_eq!(loaded.diagnostics, [], "{text}");
    loaded.snapshot
}

fn listener(text: &str) -> Listener {
    let snapshot = clean(&format!("listeners:\n  web: {{ address: 127.0.0.1:0, {text} }}"));
    (**snapshot.listeners().next().unwrap()).clone()
}

fn cluster(text: &str) -> Cluster {
    let snapshot = clean(&format!(
        "clusters:\n  echo: {{ endpoints: [{{ address: 127.0.0.1:9 }}], {text} }}"
    ));
    (**snapshot.clusters().next().unwrap()).clone()
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code().as_str())
        .collect()
}

fn ids(snapshot: &Snapshot) -> Vec<String> {
    let listeners = snapshot.listeners().map(|object| object.id());
    let routes = snapshot.routes().map(|object| object.id());
    let clusters = snapshot.clusters().map(|object| object.id());
    listeners
        .chain(routes)
        .chain(clusters)
        .map(ToString::to_string)
        .collect()
}

#[test]
fn an_edge_listener_has_the_defaults_of_the_edge() {
    let listener = listener("");
    assert_eq!(
        (listener.profile(), listener.drain()),
        (Profile::Edge, Duration::from_secs(60))
    );
    let timeouts = listener.timeouts();
    assert_eq!(
        (timeouts.request_head, timeouts.idle, timeouts.stream_idle),
        (secs(10), secs(60), secs(300))
    );
    assert_eq!(
        (timeouts.body_stall, timeouts.write_stall, timeouts.tunnel_idle),
        (secs(30), secs(30), secs(3600))
    );
    let limits = listener.limits();
    assert_eq!(
        (limits.head_bytes, limits.line_bytes, limits.target_bytes),
        (61_440, 16_384, 16_384)
    );
    assert_eq!((limits.chunk_extension_bytes, limits.trailer_bytes), (16_384, 16_384));
    assert_eq!((limits.header_fields, limits.trailer_fields), (100, 32));
    assert_eq!(
        (limits.connections, limits.requests_per_connection),
        (10_000, Some(10_000))
    );
    let http2 = listener.http2();
    assert_eq!((http2.max_concurrent_streams, http2.send_buffer), (100, 65_536));
    assert_eq!(
        (http2.stream_window.get(), http2.connection_window.get()),
        (65_536, 1 << 20)
    );
    assert_eq!((http2.max_frame_size.get(), http2.header_table_size), (16_384, 4_096));
    assert_eq!(
        (http2.pending_accept_resets, http2.own_resets, http2.received_resets),
        (20, 256, 200)
    );
    assert_eq!((http2.pings, http2.settings, http2.empty_data), (100, 100, 100));
    let http = listener.http();
    assert_eq!(http.server, ServerHeader::Pass);
    assert_eq!(http.via, ViaHeader::Append("tidegate".parse().unwrap()));
    assert!(http.request_id && !http.preserve_header_case);
    assert_eq!((http.trusted_hops, http.underscores), (0, Underscores::Refuse));
}

#[test]
fn the_example_with_every_setting_says_what_holds_anyway() {
    let example = |name| check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)).unwrap();
    let (every, few) = (example("every-setting"), example("edge-gateway"));
    assert_eq!((every.diagnostics, few.diagnostics), (vec![], vec![]));
    let (every, few) = (every.snapshot, few.snapshot);
    let meant = |snapshot: &Snapshot| {
        let listener = snapshot.listeners().next().unwrap();
        let all = snapshot
            .routes()
            .find(|route| route.id().name().as_str() == "all")
            .unwrap();
        let rule = &all.rules()[0];
        (
            (listener.timeouts().clone(), listener.limits().clone()),
            (listener.http().clone(), listener.http2().clone(), listener.drain()),
            (all.hosts().to_vec(), all.priority(), rule.matches().to_vec()),
            (rule.backends().to_vec(), all.timeouts_of(rule, listener)),
        )
    };
    assert_eq!(meant(&every), meant(&few));
    assert!(every.clusters().eq(few.clusters()));
    let route = every.routes().next().unwrap();
    assert!(
        route
            .filters_of(&route.rules()[0], every.listeners().next().unwrap())
            .is_empty()
    );
}

#[test]
fn a_mesh_listener_differs_in_a_few_numbers() {
    let listener = listener("profile: mesh");
    assert_eq!(
        (listener.drain(), listener.timeouts().idle),
        (Duration::from_secs(30), secs(300))
    );
    assert_eq!(listener.limits().requests_per_connection, None);
    let http2 = listener.http2();
    assert_eq!((http2.max_concurrent_streams, http2.send_buffer), (200, 262_144));
    assert_eq!(
        (http2.stream_window.get(), http2.connection_window.get()),
        (1 << 20, 4 << 20)
    );
    assert_eq!(listener.http().underscores, Underscores::Pass);
}

#[test]
fn everything_about_a_listener_can_be_said() {
    let listener = listener(
        "timeouts: { requestHead: 1s, idle: 2s, bodyStall: 3s, writeStall: 0s, streamIdle: 1h, tunnelIdle: 4s },
         limits: { headBytes: 2KiB, lineBytes: 3KiB, headerFields: 4, trailerFields: 5, targetBytes: 6KiB,
                   chunkExtensionBytes: 7, trailerBytes: 8, connections: 9, requestsPerConnection: 0 },
         http2: { maxConcurrentStreams: 1, streamWindow: 2KiB, connectionWindow: 3KiB, sendBuffer: 4KiB,
                  maxFrameSize: 32KiB, headerTableSize: 0, pendingAcceptResets: 5, ownResets: 6, receivedResets: 7,
                  pings: 8, settings: 9, emptyData: 10 },
         http: { server: { action: remove }, via: { action: append, name: edge-1 }, requestId: false, trustedHops: 2,
                 preserveHeaderCase: true, underscores: pass },
         drain: 0s",
    );
    let timeouts = listener.timeouts();
    assert_eq!(
        (timeouts.request_head, timeouts.idle, timeouts.body_stall),
        (secs(1), secs(2), secs(3))
    );
    assert_eq!(
        (timeouts.write_stall, timeouts.stream_idle, timeouts.tunnel_idle),
        (None, secs(3600), secs(4))
    );
    assert_eq!(listener.drain(), Duration::ZERO);
    let limits = listener.limits();
    assert_eq!(
        (limits.head_bytes, limits.line_bytes, limits.target_bytes),
        (2048, 3072, 6144)
    );
    assert_eq!((limits.header_fields, limits.trailer_fields), (4, 5));
    assert_eq!((limits.chunk_extension_bytes, limits.trailer_bytes), (7, 8));
    assert_eq!((limits.connections, limits.requests_per_connection), (9, None));
    let http2 = listener.http2();
    assert_eq!(
        (http2.max_concurrent_streams, http2.send_buffer, http2.header_table_size),
        (1, 4096, 0)
    );
    assert_eq!((http2.stream_window.get(), http2.connection_window.get()), (2048, 3072));
    assert_eq!(
        (
            http2.max_frame_size.get(),
            http2.pending_accept_resets,
            http2.own_resets
        ),
        (32_768, 5, 6)
    );
    assert_eq!(
        (http2.received_resets, http2.pings, http2.settings, http2.empty_data),
        (7, 8, 9, 10)
    );
    let http = listener.http();
    assert_eq!(
        (&http.server, &http.via),
        (&ServerHeader::Remove, &ViaHeader::Append("edge-1".parse().unwrap()))
    );
    assert!(!http.request_id && http.preserve_header_case);
    assert_eq!((http.trusted_hops, http.underscores), (2, Underscores::Pass));
}

#[test]
fn clusters() {
    let plain = cluster("");
    assert_eq!(
        (plain.protocol(), plain.balancer()),
        (Protocol::Http1, Balancer::PeakEwma)
    );
    assert_eq!((plain.timeouts().connect, plain.timeouts().idle), (secs(2), secs(30)));
    assert_eq!(
        (plain.limits().connections, plain.limits().pending_requests),
        (1024, 1024)
    );
    assert_eq!(plain.endpoints()[0].weight().get(), 1);
    let mesh = cluster("profile: mesh");
    assert_eq!((mesh.timeouts().connect, mesh.timeouts().idle), (secs(1), secs(4)));
    let said = cluster(
        "protocol: http2, balancer: roundRobin, timeouts: { connect: 5s, idle: 0s }, \
         limits: { connections: 1, pendingRequests: 0 }",
    );
    assert_eq!(
        (said.protocol(), said.balancer()),
        (Protocol::Http2, Balancer::RoundRobin)
    );
    assert_eq!((said.timeouts().connect, said.timeouts().idle), (secs(5), None));
    assert_eq!((said.limits().connections, said.limits().pending_requests), (1, 0));
}

#[test]
fn a_route_keeps_the_order_written() {
    let snapshot = clean(
        "listeners: { web: { address: 127.0.0.1:0 } }
clusters: { a: { endpoints: [{ address: 127.0.0.1:9 }] }, b: { endpoints: [{ address: 127.0.0.1:9, weight: 3 }] } }
routes:
  all:
    listeners: [web]
    hosts: [example.com, \"*.Example.com\"]
    rules:
      - { name: api, matches: [{ path: { prefix: /api/ } }, {}], backends: [{ cluster: b, weight: 0 }, { cluster: a }] }
      - { backends: [{ cluster: default/a }] }",
    );
    let route = snapshot.routes().next().unwrap();
    assert_eq!(
        route.hosts().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["example.com", "*.example.com"]
    );
    let [api, rest] = route.rules() else {
        panic!("{route:?}")
    };
    assert_eq!((api.name().unwrap().as_str(), rest.name()), ("api", None));
    assert_eq!(
        api.matches().iter().map(|m| m.path().to_string()).collect::<Vec<_>>(),
        ["/api and below", "/ and below"]
    );
    assert_eq!(rest.matches()[0].path().to_string(), "/ and below");
    let backends: Vec<_> = api
        .backends()
        .iter()
        .map(|b| (b.cluster().target().name().as_str(), b.weight().get()))
        .collect();
    assert_eq!(backends, [("b", 0), ("a", 1)]);
    assert_eq!(
        (api.origin().line(), api.origin().column(), rest.origin().line()),
        (8, 9, 9)
    );
    assert_eq!(
        (api.backends()[1].origin().line(), api.backends()[1].origin().column()),
        (8, 115)
    );
}

#[test]
fn a_namespace_is_the_files_and_references_may_name_another() {
    let edge = "namespace: edge
listeners: { web: { address: 127.0.0.1:0 } }
routes: { all: { listeners: [web], rules: [{ backends: [{ cluster: shop/echo }, { cluster: echo }] }] } }";
    let shop = "namespace: shop\nclusters: { echo: { endpoints: [{ address: 127.0.0.1:9 }] } }";
    let loaded = parse_files([("edge.yaml", edge), ("shop.yaml", shop)]);
    assert_eq!(
        ids(&loaded.snapshot),
        ["listener edge/web", "route edge/all", "cluster shop/echo"]
    );
    let route = loaded.snapshot.routes().next().unwrap();
    let [there, missing] = route.rules()[0].backends() else {
        panic!("{route:?}")
    };
    let id = there.cluster().id().unwrap();
    assert_eq!(
        (id.kind(), id.namespace().as_str(), id.name().as_str()),
        (Kind::Cluster, "shop", "echo")
    );
    assert!(loaded.snapshot.cluster(id).is_some());
    assert_eq!(
        (missing.cluster().id(), missing.cluster().target().to_string()),
        (None, "cluster edge/echo".into())
    );
    assert_eq!(
        loaded.diagnostics[0].help_text().unwrap(),
        "did you mean `shop/echo`? Until then this backend's share of requests is answered with 500"
    );
}

/// The rules of quarantine (`config/src/store.rs`): files, what loads, what is said.
#[test]
fn what_is_bad_is_set_aside_alone() {
    let listener = "listeners: { web: { address: 127.0.0.1:0 } }";
    let route = "routes: { all: { listeners: [web], rules: [{ backends: [{ cluster: echo }] }] } }";
    let cluster = "clusters: { echo: { endpoints: [{ address: 127.0.0.1:9 }] } }";
    let bad_listener = "listeners: { web: { address: nowhere } }";
    let bad_cluster = "clusters: { echo: { endpoints: [] } }";
    let (web, all, echo) = ("listener default/web", "route default/all", "cluster default/echo");
    let table: &[(&[&str], &[&str], &[&str])] = &[
        (&[listener, route, cluster], &[web, all, echo], &[]),
        // Fails by itself: absent; who points at it loads, and that reference alone is invalid.
        (&[bad_listener, route, cluster], &[all, echo], &["TG0204", "TG0303"]),
        (&[listener, route, bad_cluster], &[web, all], &["TG0303", "TG0108"]),
        // Points at something that is not there.
        (&[listener, route], &[web, all], &["TG0302"]),
        (&[route, cluster], &[all, echo], &["TG0302"]),
        // A name twice sets both aside, also when one of them is bad.
        (&[listener, route, cluster, cluster], &[web, all], &["TG0303", "TG0301"]),
        (&[listener, bad_listener, cluster], &[echo], &["TG0301", "TG0204"]),
        (&[listener, listener, listener], &[], &["TG0301", "TG0301"]),
        // A file that does not parse hurts no other.
        (&[listener, "routes: [", cluster], &[web, echo], &["TG0003"]),
        // One address, two listeners: the first by id stays.
        (
            &["listeners: { b: { address: 127.0.0.1:80 }, a: { address: 127.0.0.1:80 } }"],
            &["listener default/a"],
            &["TG0304"],
        ),
        (
            &["listeners: { b: { address: 127.0.0.1:0 }, a: { address: 127.0.0.1:0 } }"],
            &["listener default/a", "listener default/b"],
            &[],
        ),
    ];
    let names = ["0.yaml", "1.yaml", "2.yaml", "3.yaml"];
    for (files, loads, says) in table {
        let loaded = parse_files(names.into_iter().zip(files.iter().copied()));
        assert_eq!(
            (ids(&loaded.snapshot), codes(&loaded)),
            (loads.iter().map(ToString::to_string).collect(), says.to_vec()),
            "{files:?}"
        );
        assert_eq!(loaded.has_errors(), !says.is_empty());
        for route in loaded.snapshot.routes() {
            let reference = &route.listeners()[0];
            assert_eq!(
                reference.id().is_some(),
                loaded.snapshot.listener(reference.target()).is_some()
            );
            let reference = route.rules()[0].backends()[0].cluster();
            assert_eq!(
                reference.id().is_some(),
                loaded.snapshot.cluster(reference.target()).is_some()
            );
        }
    }
}

#[test]
fn where_an_object_stands_is_no_part_of_what_it_is() {
    let text = "listeners: { web: { address: 127.0.0.1:0 } }";
    let moved = format!("# moved\n\n{text}");
    let (here, there) = (parse_str("a.yaml", text).snapshot, parse_str("b.yaml", &moved).snapshot);
    assert_eq!(here, there);
    let place = |snapshot: &Snapshot| snapshot.listeners().next().unwrap().origin().to_string();
    assert_eq!(
        (place(&here), place(&there)),
        ("a.yaml:1:14".into(), "b.yaml:3:14".into())
    );
}

#[test]
fn anchors_and_merge_keys_work() {
    let snapshot = clean(
        "listeners:
  a: &a { address: 127.0.0.1:0, timeouts: &times { idle: 7s }, drain: 1s }
  b: { <<: *a, drain: 2s }
  c: { address: 127.0.0.1:0, timeouts: *times }
  d: { <<: [{ drain: 3s }, *a] }",
    );
    let seen: Vec<_> = snapshot
        .listeners()
        .map(|listener| (listener.timeouts().idle, listener.drain().as_secs()))
        .collect();
    assert_eq!(seen, [(secs(7), 1), (secs(7), 2), (secs(7), 60), (secs(7), 3)]);
}

#[test]
fn a_section_without_objects_says_nothing() {
    assert!(clean("listeners:\nroutes: {}\n").is_empty());
}

/// A directory that goes when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn one(name: &str) -> String {
    format!("listeners: {{ {name}: {{ address: 127.0.0.1:0 }} }}")
}

#[test]
fn a_directory_is_one_configuration() {
    let directory = Directory::new("directory");
    directory.write("b.yaml", one("b"));
    directory.write("a/deep/a.yml", one("a"));
    directory.write(".hidden.yaml", one("hidden"));
    directory.write("..data/c.yaml", one("c"));
    directory.write("notes.txt", "not YAML: [");
    directory.write("latin.yaml", b"# caf\xe9\n");
    {
        // As Kubernetes mounts a ConfigMap; and a loop.
        std::os::unix::fs::symlink("..data/c.yaml", directory.0.join("c.yaml")).unwrap();
        std::os::unix::fs::symlink("..", directory.0.join("a/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", directory.0.join("dangling.yaml")).unwrap();
    }
    let loaded = load(&directory.0).unwrap();
    assert_eq!(
        ids(&loaded.snapshot),
        ["listener default/a", "listener default/b", "listener default/c"]
    );
    assert_eq!(codes(&loaded), ["TG0001", "TG0002"]);
    let diagnostic = &loaded.diagnostics[1];
    assert_eq!(diagnostic.file(), directory.0.join("latin.yaml").to_string_lossy());
    assert_eq!((diagnostic.line(), diagnostic.column()), (1, 6));
}

#[test]
fn a_directory_without_files_is_said_aloud_and_a_missing_path_is_an_error() {
    let directory = Directory::new("empty");
    let loaded = load(&directory.0).unwrap();
    assert_eq!((codes(&loaded), loaded.has_errors()), (vec!["TG0007"], false));
    let error = load(&directory.0.join("gone.yaml")).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot read ") && error.path().ends_with("gone.yaml"),
        "{error}"
    );
}

#[test]
fn an_id_is_what_three_names_make() {
    let id = ObjectId::parse_reference(Kind::Route, &"a".parse().unwrap(), "b/c.d").unwrap();
    assert_eq!(
        id,
        ObjectId::new(Kind::Route, "b".parse().unwrap(), "c.d".parse().unwrap())
    );
    let error = ObjectId::parse_reference(Kind::Route, &"a".parse().unwrap(), "b/").unwrap_err();
    assert_eq!(error.code(), Code::BadName);
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in "\\PC*") {
        let loaded = parse_str("any.yaml", &text);
        let _ = loaded.diagnostics.iter().map(ToString::to_string).collect::<String>();
    }

    #[test]
    fn no_text_that_looks_like_yaml_makes_the_loader_panic(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..60)
    ) {
        let loaded = parse_str("any.yaml", &words.concat());
        for diagnostic in &loaded.diagnostics {
            prop_assert!(diagnostic.line() > 0 && diagnostic.column() > 0, "{}", diagnostic);
            prop_assert!(!diagnostic.to_string().is_empty());
        }
    }
}

const WORDS: &[&str] = &[
    "listeners",
    "routes",
    "clusters",
    "namespace",
    "web",
    "all",
    "address",
    "rules",
    "backends",
    "cluster",
    "endpoints",
    "weight",
    "matches",
    "path",
    "prefix",
    "hosts",
    "timeouts",
    "idle",
    "127.0.0.1:80",
    "5s",
    "64KiB",
    "1",
    "true",
    "null",
    ": ",
    ": ",
    ": ",
    ":",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n  - ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "<<",
    "\"",
    "'",
    "!!str ",
    "!x ",
    "|\n",
    ">\n",
    "#",
    "---\n",
    "...\n",
    "\t",
    "\r\n",
    "\u{FEFF}",
    "ö",
    "%YAML 1.2\n",
    "? ",
    "@",
    "`",
    "\\",
    "\u{2028}",
    "\0",
];
