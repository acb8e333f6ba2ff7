//! What the admin server says, to whom, and what it says of questions that are none.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tidegate_integration::harness::message::Message;
use tidegate_integration::harness::{Proxy, Raw, Recorder, Signal, binary, until};

use crate::setup::{Extra, config};

fn ask(proxy: &Proxy, path: &str) -> Message {
    proxy.admin_get(path)
}

#[test]
fn alive_and_ready_until_it_stops() {
    let upstream = Recorder::start(|conn| {
        conn.request();
        std::thread::sleep(Duration::from_secs(1));
        conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let mut proxy = Proxy::start(&config(upstream.address, "http1", Extra::default()));
    assert_eq!(ask(&proxy, "/live").head.status(), Some(200));
    let ready = ask(&proxy, "/ready");
    assert_eq!(ready.head.status(), Some(200));
    assert!(ready.text().starts_with("ready: "), "{}", ready.text());
    assert_eq!(ask(&proxy, "/nothing").head.status(), Some(404));
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until("the request to be upstream", || {
        (!upstream.requests().is_empty()).then_some(())
    });
    proxy.signal(Signal::Term);
    let not_ready = until("not to be ready", || {
        let answer = ask(&proxy, "/ready");
        (answer.head.status() == Some(503)).then_some(answer)
    });
    assert!(not_ready.text().starts_with("draining: "), "{}", not_ready.text());
    assert_eq!(ask(&proxy, "/live").head.status(), Some(200));
    assert_eq!(client.finals(&["GET"])[0].head.status(), Some(200));
    assert_eq!(proxy.exit().code(), Some(0));
}

/// Requests are counted by status, refusals by reason, in the text format of Prometheus.
#[test]
fn figures_count_what_happened() {
    let upstream = Recorder::ok();
    let proxy = Proxy::with_workers(&config(upstream.address, "http1", Extra::default()), 2);
    for _ in 0..7 {
        assert_eq!(proxy.connect().get("/").head.status(), Some(200));
    }
    for _ in 0..3 {
        assert_eq!(proxy.connect().get("/%00").head.status(), Some(400));
    }
    let figures = until("ten requests to be counted", || {
        let figures = ask(&proxy, "/metrics");
        assert_eq!(figures.head.status(), Some(200));
        let text = figures.text();
        (sum(&text, "2xx") >= 7.0 && sum(&text, "4xx") >= 3.0).then_some(text)
    });
    assert_eq!((sum(&figures, "2xx"), sum(&figures, "4xx")), (7.0, 3.0), "{figures}");
    for line in figures
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (_, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value in {line:?}"));
        assert!(value.parse::<f64>().is_ok(), "{line:?}");
    }
}

/// The sum of the request counters of a class of status, however else they are labelled.
fn sum(figures: &str, class: &str) -> f64 {
    let counts = figures
        .lines()
        .filter(|line| line.contains("requests_total") && line.contains(class));
    counts
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

fn json(proxy: &Proxy, path: &str) -> Value {
    let text = proxy.ask(path);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

/// What is wrong with a question, as its answer says.
fn refused(proxy: &Proxy, path: &str) -> String {
    let answer = ask(proxy, path);
    assert_eq!(answer.head.status(), Some(400), "{path}");
    let said: Value = serde_json::from_str(&answer.text()).unwrap();
    said["error"].as_str().unwrap().to_owned()
}

/// Two routes, one of them to nowhere; two endpoints, one of them without a server.
fn gateway(upstream: SocketAddr) -> String {
    format!(
        "listeners:\n  web: {{ address: 127.0.0.1:0 }}\n\
         routes:\n\
         \x20 shop:\n\
         \x20   listeners: [web]\n\
         \x20   hosts: [shop.example]\n\
         \x20   rules:\n\
         \x20     - name: cart\n\
         \x20       matches: [{{ path: {{ prefix: /cart }}, headers: [{{ name: authorization, exact: hidden }}] }}]\n\
         \x20       filters: [{{ requestHeaders: {{ set: {{ x-a: b }} }} }}]\n\
         \x20       backends: [{{ cluster: up, weight: 3 }}, {{ cluster: gone }}]\n\
         \x20     - backends: [{{ cluster: up }}]\n\
         \x20 dead: {{ listeners: [web], hosts: [dead.example], rules: [{{ backends: [{{ cluster: dead }}] }}] }}\n\
         clusters:\n\
         \x20 up: {{ balancer: roundRobin, endpoints: [{{ address: {upstream} }}] }}\n\
         \x20 dead: {{ endpoints: [{{ address: 127.0.0.1:1, weight: 5 }}] }}\n"
    )
}

fn requested(proxy: &Proxy, host: &str, status: u16) {
    let answer = proxy
        .connect()
        .ask("GET", format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert_eq!(answer.head.status(), Some(status), "{host}");
}

#[test]
fn process_and_lists_say_what_there_is_and_what_it_has_counted() {
    let upstream = Recorder::ok();
    let proxy = Proxy::with_workers(&gateway(upstream.address), 2);
    for _ in 0..4 {
        requested(&proxy, "shop.example", 200);
    }
    requested(&proxy, "dead.example", 503);
    requested(&proxy, "nobody.example", 404);
    let process = until("six requests to be counted", || {
        Some(json(&proxy, "/process")).filter(|process| process["requests"] == 6)
    });
    assert_eq!(process["state"], "ready");
    assert_eq!(process["workers"], 2);
    assert_eq!(process["config"]["generation"], 1);
    assert_eq!(process["config"]["objects"], 5);
    assert!(process["uptimeSeconds"].as_f64().unwrap() >= 0.0);
    assert!(process["residentBytes"].as_f64().unwrap() > 1e6);
    let reasons = process["refusals"].as_array().unwrap().iter();
    let reasons: Vec<_> = reasons
        .map(|it| (it["reason"].as_str().unwrap(), it["count"].clone()))
        .collect();
    assert!(reasons.contains(&("no-route", 1.into())), "{reasons:?}");

    let listener = json(&proxy, "/listeners")["listeners"][0].clone();
    assert_eq!(
        (&listener["name"], &listener["profile"]),
        (&"default/web".into(), &"edge".into())
    );
    assert_eq!(
        (&listener["requests"], &listener["unrouted"]["4xx"]),
        (&6.into(), &1.into())
    );
    assert_eq!(
        proxy.metric("tidegate_downstream_requests_total{listener=\"default/web\"}"),
        Some(6.0)
    );

    let routes = json(&proxy, "/routes");
    assert_eq!((&routes["total"], &routes["matching"]), (&2.into(), &2.into()));
    let (dead, shop) = (&routes["routes"][0], &routes["routes"][1]);
    assert_eq!(
        (&dead["name"], &dead["requests"]["5xx"]),
        (&"default/dead".into(), &1.into())
    );
    assert_eq!(
        (&shop["requests"]["2xx"], &shop["requests"]["latency"]["count"]),
        (&4.into(), &4.into())
    );
    let cart = &shop["rules"][0];
    assert_eq!(
        (&cart["name"], &cart["filters"][0]),
        (&"cart".into(), &"requestHeaders".into())
    );
    assert_eq!(
        cart["matches"][0],
        "path /cart and below, header authorization is `***`"
    );
    assert_eq!(
        (&cart["backends"][0]["share"], &cart["backends"][1]["exists"]),
        (&75.0.into(), &false.into())
    );

    let clusters = json(&proxy, "/clusters");
    let (dead, up) = (&clusters["clusters"][0], &clusters["clusters"][1]);
    assert_eq!(
        (&dead["connectFailures"], &dead["endpoints"][0]["connectFailures"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&dead["endpoints"][0]["weight"], &dead["connections"]),
        (&5.into(), &0.into())
    );
    let endpoint = &up["endpoints"][0];
    assert_eq!((&up["requests"], &endpoint["requests"]), (&4.into(), &4.into()));
    assert_eq!(endpoint["address"], upstream.address.to_string());
    assert_eq!(
        (&up["connections"], &endpoint["active"]),
        (&endpoint["connections"], &0.into())
    );
    assert!(endpoint["connections"].as_u64().unwrap() >= 1, "{endpoint}");
}

#[test]
fn lists_are_searched_and_cut() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&gateway(upstream.address));
    for (path, list, total, matching, names) in [
        ("/routes?search=DEAD", "routes", 2, 1, &["default/dead"][..]),
        ("/routes?search=/cart", "routes", 2, 1, &["default/shop"]),
        ("/routes?search=default%2Fup&limit=0", "routes", 2, 1, &[]),
        ("/routes?limit=1", "routes", 2, 2, &["default/dead"]),
        ("/clusters?limit=1", "clusters", 2, 2, &["default/dead"]),
        ("/listeners?search=nothing", "listeners", 1, 0, &[]),
        ("/objects?format=json&search=listener", "objects", 5, 1, &["web"]),
    ] {
        let said = json(&proxy, path);
        assert_eq!(
            (&said["total"], &said["matching"]),
            (&total.into(), &matching.into()),
            "{path}"
        );
        let shown: Vec<_> = said[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].clone())
            .collect();
        assert_eq!(shown, names, "{path}");
    }
    assert!(refused(&proxy, "/routes?search=a&search=b").contains("`search` stands twice"));
    assert!(refused(&proxy, "/routes?serch=a").contains("`serch` here: this path takes search, limit"));
    assert!(refused(&proxy, "/clusters?limit=some").contains("limit=100"));
    assert!(refused(&proxy, "/listeners?search=%FF").contains("UTF-8"));
}

/// The same as `tidegate explain` says of the same file, but of what serves.
#[test]
fn requests_are_explained_by_the_configuration_that_serves() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&gateway(upstream.address));
    let said = json(
        &proxy,
        "/explain?request=-H+'authorization:+hidden'+http://shop.example/cart/7&listener=web",
    );
    let file = proxy.config().display().to_string();
    let request = ["-H", "authorization: hidden", "http://shop.example/cart/7"];
    let output = Command::new(binary())
        .args(["explain", &file, "--format", "json", "--listener", "web"])
        .args(request)
        .output()
        .unwrap();
    assert_eq!(said, serde_json::from_slice::<Value>(&output.stdout).unwrap());
    assert_eq!((&said["outcome"], &said["rule"]), (&"routed".into(), &"cart".into()));
    assert!(!said.to_string().contains("hidden"), "{said}");
    assert_eq!(
        json(&proxy, "/explain?request=curl+-d+x+http://nobody.example")["status"],
        404
    );

    assert!(refused(&proxy, "/explain").contains("there is no `request`"));
    assert!(refused(&proxy, "/explain?request=ftp://a").contains("write `http://host/path`"));
    assert!(refused(&proxy, "/explain?request=a&listener=none").contains("there is default/web on"));
    assert!(refused(&proxy, "/explain?request=a:1").contains("no listener is on port 1"));
    assert!(refused(&proxy, "/explain?request=-H+'open").contains("quote"));
}

#[test]
fn browsers_get_a_page_and_programs_a_list() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&gateway(upstream.address));
    let root = |accept: &str| {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n");
        Raw::connect(proxy.admin()).ask("GET", request)
    };
    let page = root("text/html,application/xhtml+xml,*/*;q=0.8");
    assert!(page.text().starts_with("<!doctype html>"), "{}", page.text());
    assert_eq!(page.head.all("content-type"), ["text/html; charset=utf-8"]);
    let policy = page.head.all("content-security-policy");
    assert!(
        policy[0].starts_with("default-src 'none'; script-src 'self';"),
        "{policy:?}"
    );
    for accept in ["*/*", "text/plain", "application/json"] {
        assert!(root(accept).text().starts_with("/ "), "{accept}");
    }
    for (path, media_type) in [("/page.js", "text/javascript"), ("/page.css", "text/css")] {
        let answer = ask(&proxy, path);
        assert!(answer.head.all("content-type")[0].starts_with(media_type), "{path}");
    }
    for path in ["/", "/page.js", "/config", "/live", "/nothing"] {
        let head = ask(&proxy, path).head;
        assert_eq!(head.all("cache-control"), ["no-store"], "{path}");
        assert_eq!(head.all("x-content-type-options"), ["nosniff"], "{path}");
        assert_eq!(head.all("cross-origin-resource-policy"), ["same-origin"], "{path}");
    }
}

/// A page of a stranger can lead its own name to the admin's address, or send requests it cannot read the answer of.
#[test]
fn pages_of_strangers_are_refused() {
    let upstream = Recorder::ok();
    let configuration = gateway(upstream.address);
    let proxy = Proxy::with_arguments(&configuration, &["--workers", "1", "--admin-host", "admin.internal"]);
    let status = |fields: &str| {
        let request = format!("GET /config HTTP/1.1\r\n{fields}\r\n\r\n");
        let answer = Raw::connect(proxy.admin()).ask("GET", request);
        (answer.head.status().unwrap(), answer.text())
    };
    for host in ["localhost", "127.0.0.1:15000", "[::1]", "admin.internal:15000"] {
        assert_eq!(status(&format!("Host: {host}")).0, 200, "{host}");
    }
    let (code, why) = status("Host: evil.example");
    assert_eq!(code, 403);
    assert!(
        why.contains("`evil.example`") && why.contains("--admin-host evil.example"),
        "{why}"
    );
    assert_eq!(
        status("Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors").0,
        403
    );
    assert_eq!(
        status("Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate").0,
        200
    );
}
