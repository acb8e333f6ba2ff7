//! `tidegate explain` against the running binary: random requests to random configurations go over a socket, and the
//! access log must name the rule and a backend that `explain` names, or the status and reason.
//!
//! `TIDEGATE_PAIRS` says how many (10 000), `TIDEGATE_SEED` which.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "wall time and real sockets are the subject"
)]

use std::collections::{BTreeMap, VecDeque};
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::Value;
use tidegate_integration::harness::{Proxy, Recorder, binary, until};

/// Requests to one configuration.
const REQUESTS: u32 = 200;

/// One request of a client.
#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    host: &'static str,
    target: String,
    headers: Vec<(&'static str, &'static str)>,
}

impl Request {
    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.target, self.host);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head + "\r\n"
    }

    /// As one describes it to `explain`.
    fn words(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| match *value {
            "" => format!(" -H '{name};'"),
            value => format!(" -H '{name}: {value}'"),
        });
        format!(
            "-X {} 'http://{}{}'{}",
            self.method,
            self.host,
            self.target,
            headers.collect::<String>()
        )
    }
}

fn requests() -> impl Strategy<Value = Request> {
    let path = select(
        &[
            "/",
            "/a",
            "/a/",
            "/a/b",
            "//a/./b/",
            "/a/x/../b/c",
            "/%61",
            "/ab",
            "/abb",
            "/b",
            "/a%2fb",
            "/a;x",
            "/..;/a",
        ][..],
    );
    let query = select(
        &[
            "",
            "",
            "?x-a=a",
            "?x-a&x-b=ab",
            "?x-b=%61b&x-b=",
            "?x-%61=a&x-c=%ff",
            "?x-c",
        ][..],
    );
    let value = || prop::option::weighted(0.3, select(&["a", "b", "ab", "", "c"][..]));
    let host = select(&["a.x", "B.x:81", "b.a.x", "c.b.a.x", "a", "z"][..]);
    let method = select(&["GET", "POST", "PUT"][..]);
    (method, host, path, query, (value(), value(), value())).prop_map(|(method, host, path, query, (a, b, c))| {
        let names = [("x-a", a), ("x-b", b), ("x-a", c)];
        Request {
            method,
            host,
            target: format!("{path}{query}"),
            headers: names
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
        }
    })
}

fn text(alphabet: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(alphabet).prop_map(ToOwned::to_owned)
}

/// `key: value, `, or nothing.
fn some(chance: f64, key: &'static str, value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::option::weighted(chance, value)
        .prop_map(move |value| value.map_or_else(String::new, |value| format!("{key}: {value}, ")))
}

fn list(of: impl Strategy<Value = String>, size: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(of, size).prop_map(|items| format!("[{}]", items.join(", ")))
}

fn values() -> impl Strategy<Value = String> {
    let value = text(&[
        "exact: a",
        "exact: ''",
        "regex: 'a?b*'",
        "present: true",
        "present: false",
    ]);
    let values = prop::collection::btree_map(select(&["x-a", "x-b", "x-c"][..]), value, 1..3);
    values.prop_map(|values| {
        let items: Vec<String> = values
            .iter()
            .map(|(name, value)| format!("{{ name: {name}, {value} }}"))
            .collect();
        format!("[{}]", items.join(", "))
    })
}

fn rules() -> impl Strategy<Value = String> {
    let path = text(&[
        "{ exact: / }",
        "{ exact: /a }",
        "{ exact: /a/ }",
        "{ exact: /a/b }",
        "{ prefix: / }",
        "{ prefix: /a }",
        "{ prefix: /a/b }",
        "{ regex: '/a.*' }",
        "{ regex: '.*b' }",
    ]);
    let method = text(&["GET", "POST"]);
    let one = (
        some(0.8, "path", path),
        some(0.2, "method", method),
        some(0.2, "headers", values()),
        some(0.2, "query", values()),
    );
    let one = one.prop_map(|(path, method, headers, query)| format!("{{ {path}{method}{headers}{query} }}"));
    let backend = (text(&["a", "b", "c", "gone"]), 0..3_u32);
    let backend = backend.prop_map(|(cluster, weight)| format!("{{ cluster: {cluster}, weight: {weight} }}"));
    let rule = (list(one, 1..4), list(backend, 1..3));
    let rule = rule.prop_map(|(matches, backends)| format!("{{ matches: {matches}, backends: {backends} }}"));
    list(rule, 1..4)
}

/// Routes, a line each.
fn routes() -> impl Strategy<Value = Vec<String>> {
    let hosts = prop::collection::btree_set(select(&["a.x", "b.x", "b.a.x", "a", "'*.x'", "'*.a.x'"][..]), 1..3);
    let hosts = hosts.prop_map(|hosts| format!("[{}]", hosts.into_iter().collect::<Vec<_>>().join(", ")));
    let priority = (0..3_u32).prop_map(|priority| priority.to_string());
    let route = (some(0.2, "priority", priority), some(0.6, "hosts", hosts), rules());
    let route = route.prop_map(|(priority, hosts, rules)| format!("{priority}{hosts}rules: {rules}"));
    prop::collection::vec(route, 1..6)
}

fn config(routes: &[String], upstream: SocketAddr) -> String {
    let mut text = String::from("listeners:\n  web: { address: 127.0.0.1:0 }\nroutes:\n");
    for (number, route) in routes.iter().enumerate() {
        let _ = writeln!(text, "  r{number}: {{ listeners: [web], {route} }}");
    }
    text += "clusters:\n";
    for name in ["a", "b", "c"] {
        let _ = writeln!(text, "  {name}: {{ endpoints: [{{ address: {upstream} }}] }}");
    }
    text
}

/// The lines of the access log, one for each request. Those of one connection are in order; what was refused is logged
/// when its connection has ended, and by then the next one may be at work.
fn traffic(proxy: &Proxy, requests: &[Request]) -> Vec<String> {
    let mut client = proxy.connect();
    let mut peers = Vec::new();
    for request in requests {
        peers.push(client.stream().local_addr().unwrap().to_string());
        let answer = client.ask(request.method, request.head());
        if !answer.all("connection").is_empty() {
            client = proxy.connect();
        }
    }
    let lines: Vec<String> = until("a line of the access log for each request", || {
        let logs = proxy.logs();
        let lines = logs.lines().filter(|line| line.starts_with("time="));
        let lines: Vec<String> = lines.map(ToOwned::to_owned).collect();
        (lines.len() == requests.len()).then_some(lines)
    });
    let mut by_peer = BTreeMap::<&str, VecDeque<&String>>::new();
    for line in &lines {
        by_peer.entry(logged(line, "peer")).or_default().push_back(line);
    }
    let mut next = |peer: &String| by_peer.get_mut(&**peer).and_then(VecDeque::pop_front);
    peers.iter().map(|peer| next(peer).unwrap().clone()).collect()
}

fn explained(proxy: &Proxy, requests: &[Request]) -> Vec<Value> {
    let mut child = Command::new(binary())
        .arg("explain")
        .arg(proxy.config())
        .args(["--listener", "web", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let words: String = requests.iter().map(|request| request.words() + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(words.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn logged<'l>(line: &'l str, key: &str) -> &'l str {
    let mut fields = line.split(' ').filter_map(|field| field.split_once('='));
    let (_, value) = fields.find(|(name, _)| *name == key).unwrap();
    value.trim_matches('"')
}

/// Whether what happened is what was explained.
fn agrees(line: &str, explanation: &Value) -> bool {
    if explanation["outcome"] == "answered" {
        let status = explanation["status"].to_string();
        return logged(line, "status") == status && explanation["reason"] == logged(line, "reason");
    }
    let is_rule = explanation["route"] == logged(line, "route") && explanation["rule"] == logged(line, "rule");
    let backends = explanation["backends"].as_array().unwrap();
    let with_share = || {
        backends
            .iter()
            .filter(|backend| backend["share"].as_f64().unwrap() > 0.0)
    };
    let is_backend = match logged(line, "status") {
        "200" => with_share().any(|it| it["cluster"] == logged(line, "cluster") && it["exists"] == true),
        "500" => with_share().count() == 0 || with_share().any(|it| it["exists"] == false),
        _ => false,
    };
    is_rule && is_backend
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn explain_says_what_the_binary_does() {
    let seed = number("TIDEGATE_SEED").unwrap_or_else(|| UNIX_EPOCH.elapsed().unwrap().as_secs());
    let pairs = number("TIDEGATE_PAIRS").unwrap_or(10_000);
    println!("TIDEGATE_SEED={seed}");
    let upstream = Recorder::start(|conn| {
        conn.records = false;
        while conn.head().is_some() {
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let mut runner = TestRunner::new(Config {
        cases: u32::try_from(pairs).unwrap().div_ceil(REQUESTS),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    });
    let seen = std::cell::RefCell::new(BTreeMap::<String, usize>::new());
    let input = (routes(), prop::collection::vec(requests(), REQUESTS as usize));
    let ran = runner.run(&input, |(routes, requests)| {
        let proxy = Proxy::with_access_log(&config(&routes, upstream.address));
        let lines = traffic(&proxy, &requests);
        let explanations = explained(&proxy, &requests);
        prop_assert_eq!(explanations.len(), lines.len());
        for ((request, line), explanation) in requests.iter().zip(&lines).zip(&explanations) {
            if !agrees(line, explanation) {
                return Err(TestCaseError::fail(format!("{request:?}\n{line}\n{explanation}")));
            }
            *seen.borrow_mut().entry(logged(line, "status").to_owned()).or_default() += 1;
        }
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("TIDEGATE_SEED={seed}: {error}"));
    let seen = seen.into_inner();
    println!("answers by status: {seen:?}");
    assert!(
        ["200", "400", "404", "500"]
            .iter()
            .all(|status| seen.contains_key(*status)),
        "{seen:?}"
    );
}

const GATEWAY: &str = "listeners:
  web:
    address: 127.0.0.1:8080
    filters: [{ responseHeaders: { set: { x-l: l } } }]
routes:
  shop:
    listeners: [web]
    hosts: [shop.example]
    filters: [{ requestHeaders: { set: { x-r: r } } }]
    rules:
      - name: cart
        matches: [{ path: { prefix: /cart }, method: POST }, { path: { prefix: /cart } }]
        timeouts: { request: 0s, backendRequest: 250ms }
        backends: [{ cluster: up, weight: 2 }, { cluster: gone, weight: 1 }]
      - matches: [{ headers: [{ name: x-a, exact: b }] }]
        backends: [{ cluster: up }]
  all:
    listeners: [web]
    rules: [{ backends: [{ cluster: up }] }]
clusters:
  up: { endpoints: [{ address: 127.0.0.1:9 }] }
";

/// Runs `explain` on [`GATEWAY`]: whether it succeeded, standard output, standard error.
fn explain(arguments: &[&str]) -> (bool, String, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let file = env::temp_dir().join(format!("tidegate-explain-{}-{number}.yaml", std::process::id()));
    std::fs::write(&file, GATEWAY).unwrap();
    let output = Command::new(binary())
        .arg("explain")
        .arg(&file)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(file.to_str().unwrap(), "gateway.yaml")
    };
    (output.status.success(), text(output.stdout), text(output.stderr))
}

const PAGE: &str = "POST /cart/1?x=y of host shop.example
  listener  default/web on 127.0.0.1:8080 (gateway.yaml:2:3)
  rule      cart of route default/shop (gateway.yaml:11:9)
  because   path /cart and below, method POST (gateway.yaml:12:19)
  filters   1. requestHeaders (gateway.yaml:9:15), from the route
            2. responseHeaders (gateway.yaml:4:15), from the listener
  backends  66.67 % default/up (gateway.yaml:14:31)
            33.33 % default/gone (gateway.yaml:14:59): there is no such cluster, this share is answered with 500
  timeouts  request no limit, each try 250ms

2 other rules do not serve it
  rule #1 of route default/all (gateway.yaml:19:13): it would match, but its host is less specific
  rule #2 of route default/shop (gateway.yaml:15:9): it holds only if header x-a is `b`
";

#[test]
fn a_page_for_people_is_the_same_however_the_request_is_written() {
    for request in [
        &["-X", "POST", "http://shop.example/cart/../cart/1?x=y"][..],
        &["curl", "-sS", "-d", "a=b", "https://shop.example/cart/./1?x=y"],
        &[
            "curl 'http://shop.example:8080//cart/1?x=y' \\\n -H 'content-type: text/plain' --data-raw $'it\\'s' --compressed",
        ],
    ] {
        let (is_ok, page, notes) = explain(request);
        assert_eq!((is_ok, page.as_str()), (true, PAGE), "{request:?}");
        assert!(
            notes.contains("tidegate check gateway.yaml"),
            "there is no cluster `gone`: {notes}"
        );
    }
}

#[test]
fn what_cannot_be_explained_says_what_to_do() {
    for (request, says) in [
        (
            &["http://shop.example:81/"][..],
            "no listener is on port 81; there is default/web on 127.0.0.1:8080",
        ),
        (
            &["--listener", "wep", "http://shop.example/"],
            "there is no listener wep; there is default/web",
        ),
        (&[], "write its URL"),
        (&["ftp://a/"], "`ftp://a/` is no URL: write `http://host/path`"),
        (&["http://a/", "-H", "x"], "`x` is no header: write `name: value`"),
        (&["http://a/", "--heder", "x: y"], "--header"),
        (&["curl http://a/", "-H", "x: y"], "put them into it"),
    ] {
        let (is_ok, page, error) = explain(request);
        assert!(
            !is_ok && page.is_empty() && error.contains(says),
            "{request:?}: {error}"
        );
    }
}
