//! Which rule gets a request: each kind of match, and which of several that match wins (Gateway API, `HTTPRoute`).

use std::time::{Duration, Instant};

use tidegate_integration::harness::{Call, Proxy, Recorder, Wire};

/// A proxy in front of upstreams that answer with their names, `a` to `d`.
struct Lab {
    proxy: Proxy,
    _upstreams: Vec<Recorder>,
}

const UPSTREAMS: [&str; 4] = ["a", "b", "c", "d"];

impl Lab {
    /// A listener and these routes, a line each.
    fn new(routes: &[String]) -> Self {
        let upstreams: Vec<Recorder> = UPSTREAMS
            .iter()
            .map(|name| Recorder::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}")))
            .collect();
        let clusters = UPSTREAMS.iter().zip(&upstreams);
        let clusters =
            clusters.map(|(name, it)| format!("  {name}: {{ endpoints: [{{ address: {} }}] }}\n", it.address));
        let yaml = format!(
            "listeners:\n  web: {{ address: 127.0.0.1:0 }}\nroutes:\n{}clusters:\n{}",
            routes.concat(),
            clusters.collect::<String>()
        );
        Self {
            proxy: Proxy::start(&yaml),
            _upstreams: upstreams,
        }
    }

    /// One route of rules that lead to `a`, `b` and so on.
    fn rules(rules: &[&str]) -> Self {
        let rules = rules.iter().zip(UPSTREAMS);
        let rules: Vec<String> = rules.map(|(matches, to)| rule(matches, to)).collect();
        Self::new(&[format!(
            "  all: {{ listeners: [web], rules: [{}] }}\n",
            rules.join(", ")
        )])
    }

    /// The upstream that answers, or the status that Tidegate gives instead.
    fn ask(&self, method: &str, host: &str, target: &str, fields: &str) -> String {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        let answer = self.proxy.connect().ask(method, request);
        match answer.head.status() {
            Some(200) => answer.text(),
            status => status.unwrap().to_string(),
        }
    }

    /// The same of host `a`, by either protocol.
    fn ask_by(&self, wire: Wire, method: &str, target: &str, fields: &[(&str, &str)]) -> String {
        let mut call = Call::start(self.proxy.address(), wire, method, target, fields, false);
        let answer = call.receiver.whole();
        match answer.status {
            200 => String::from_utf8(answer.body).unwrap(),
            status => status.to_string(),
        }
    }
}

fn rule(matches: &str, to: &str) -> String {
    let matches = if matches.is_empty() {
        String::new()
    } else {
        format!("matches: [{matches}], ")
    };
    format!("{{ {matches}backends: [{{ cluster: {to} }}] }}")
}

/// A route of one rule; `says` is what stands beside the rule, `matches` its matches.
fn route(name: &str, says: &str, matches: &str, to: &str) -> String {
    let says = if says.is_empty() {
        String::new()
    } else {
        format!("{says}, ")
    };
    format!(
        "  {name}: {{ listeners: [web], {says}rules: [{}] }}\n",
        rule(matches, to)
    )
}

#[test]
fn hosts() {
    let lab = Lab::new(&[
        route("exact", "hosts: [shop.example, other.example]", "", "a"),
        route("suffix", "hosts: ['*.example']", "", "b"),
        route("longer", "hosts: ['*.eu.example']", "", "c"),
    ]);
    for (host, to) in [
        ("shop.example", "a"),
        ("SHOP.Example:8080", "a"),
        ("other.example", "a"),
        ("x.example", "b"),
        ("x.y.example", "b"),
        ("eu.example", "b"),
        ("x.eu.example", "c"),
        ("x.y.eu.example", "c"),
        ("example", "404"),
        ("shop.example.com", "404"),
        ("127.0.0.1", "404"),
    ] {
        assert_eq!(lab.ask("GET", host, "/", ""), to, "{host}");
    }
}

#[test]
fn paths() {
    let lab = Lab::rules(&[
        "{ path: { exact: /exact } }",
        "{ path: { prefix: /prefix/ } }",
        "{ path: { regex: '/[a-z]+/[0-9]{2}' } }",
    ]);
    for (target, to) in [
        ("/exact", "a"),
        ("/exact?query", "a"),
        ("/%65xact", "a"),
        ("/x/../exact", "a"),
        ("/exact/", "404"),
        ("/Exact", "404"),
        ("/prefix", "b"),
        ("/prefix/", "b"),
        ("/prefix/x/y", "b"),
        ("//prefix//x", "b"),
        ("/prefixes", "404"),
        ("/abc/42", "c"),
        ("/prefix/42", "b"),
        ("/abc/421", "404"),
        ("/x/abc/42", "404"),
        ("/", "404"),
    ] {
        assert_eq!(lab.ask("GET", "a", target, ""), to, "{target}");
    }
}

#[test]
fn methods_headers_and_query_parameters_by_either_protocol() {
    let lab = Lab::rules(&[
        "{ method: PUT }",
        "{ headers: [{ name: X-Exact, exact: One }] }, { headers: [{ name: x-regex, regex: 'v[0-9]+' }] }, \
         { headers: [{ name: x-there, present: true }, { name: x-not-there, present: false }] }",
        "{ query: [{ name: exact, exact: 'a b' }] }, { query: [{ name: regex, regex: 'v[0-9]+' }] }, \
         { query: [{ name: there, present: true }, { name: 'not', present: false }] }",
    ]);
    for wire in [Wire::H1, Wire::H2] {
        for (method, target, fields, to) in [
            ("PUT", "/", &[][..], "a"),
            ("GET", "/", &[], "404"),
            ("GET", "/", &[("x-exact", "One")], "b"),
            ("GET", "/", &[("x-exact", "one")], "404"),
            ("GET", "/", &[("x-exact", "One"), ("x-exact", "Two")], "b"),
            ("GET", "/", &[("x-exact", "Two"), ("x-exact", "One")], "404"),
            ("GET", "/", &[("x-regex", "v12")], "b"),
            ("GET", "/", &[("x-regex", "v12x")], "404"),
            ("GET", "/", &[("x-there", "")], "b"),
            ("GET", "/", &[("x-there", ""), ("x-not-there", "")], "404"),
            ("GET", "/?exact=a%20b", &[], "c"),
            ("GET", "/?%65xact=a%20b&exact=", &[], "c"),
            ("GET", "/?exact=&exact=a%20b", &[], "404"),
            ("GET", "/?exact=a+b", &[], "404"),
            ("GET", "/?x&regex=%761", &[], "c"),
            ("GET", "/?regex=v", &[], "404"),
            ("GET", "/?there", &[], "c"),
            ("GET", "/?there&not=1", &[], "404"),
        ] {
            assert_eq!(
                lab.ask_by(wire, method, target, fields),
                to,
                "{wire:?} {method} {target} {fields:?}"
            );
        }
    }
}

/// Both routes match the request; the first, which is later by name, wins by what is said of it.
#[test]
fn precedence() {
    for (first, second) in [
        (
            ("priority: 1", ""),
            ("hosts: [a.b.example]", "{ path: { exact: /x/y }, method: GET }"),
        ),
        (
            ("hosts: [a.b.example]", ""),
            ("hosts: ['*.b.example']", "{ path: { exact: /x/y } }"),
        ),
        (
            ("hosts: ['*.b.example']", ""),
            ("hosts: ['*.example']", "{ path: { exact: /x/y } }"),
        ),
        (("hosts: ['*.example']", ""), ("", "{ path: { exact: /x/y } }")),
        (
            ("", "{ path: { exact: /x/y } }"),
            ("", "{ path: { prefix: /x/y }, method: GET }"),
        ),
        (
            ("", "{ path: { prefix: /x/y } }"),
            ("", "{ path: { prefix: /x }, method: GET }"),
        ),
        (
            ("", "{ path: { prefix: / } }"),
            ("", "{ path: { regex: '/x/.' }, method: GET }"),
        ),
        (
            ("", "{ method: GET }"),
            (
                "",
                "{ headers: [{ name: x-a, exact: '1' }, { name: x-b, exact: '2' }] }",
            ),
        ),
        (
            (
                "",
                "{ headers: [{ name: x-a, exact: '1' }, { name: x-b, exact: '2' }] }",
            ),
            (
                "",
                "{ headers: [{ name: x-a, exact: '1' }], query: [{ name: q, exact: '1' }] }",
            ),
        ),
        (
            ("", "{ query: [{ name: q, exact: '1' }, { name: r, present: true }] }"),
            ("", "{ query: [{ name: q, exact: '1' }] }"),
        ),
    ] {
        let lab = Lab::new(&[route("z", first.0, first.1, "a"), route("b", second.0, second.1, "b")]);
        let to = lab.ask("GET", "a.b.example", "/x/y?q=1&r=2", "x-a: 1\r\nx-b: 2\r\n");
        assert_eq!(to, "a", "{first:?} before {second:?}");
    }
}

#[test]
fn among_equals_the_name_of_the_route_decides_then_the_position_of_the_rule() {
    let lab = Lab::new(&[route("z", "", "", "a"), route("y", "", "", "b")]);
    assert_eq!(lab.ask("GET", "a", "/", ""), "b");
    let lab = Lab::rules(&["{ path: { prefix: /a } }", "{ path: { prefix: /a } }"]);
    assert_eq!(lab.ask("GET", "a", "/a", ""), "a");
}

#[test]
fn a_less_specific_host_serves_what_no_rule_of_the_more_specific_one_does() {
    let lab = Lab::new(&[
        route("exact", "hosts: [shop.example]", "{ path: { prefix: /cart } }", "a"),
        route("suffix", "hosts: ['*.example']", "{ method: POST }", "b"),
        route("any", "", "{ path: { prefix: /all } }", "c"),
    ]);
    for (method, target, to) in [
        ("POST", "/cart", "a"),
        ("POST", "/all", "b"),
        ("GET", "/all", "c"),
        ("GET", "/none", "404"),
    ] {
        assert_eq!(lab.ask(method, "shop.example", target, ""), to, "{method} {target}");
    }
}

#[test]
fn rules_serve_the_listeners_that_their_route_names() {
    let upstream = Recorder::ok();
    let proxy = Proxy::start(&format!(
        "listeners:\n  one: {{ address: 127.0.0.1:0 }}\n  two: {{ address: 127.0.0.1:0 }}\n\
         routes:\n  only: {{ listeners: [two, nowhere], rules: [{{ backends: [{{ cluster: up }}] }}] }}\n\
         clusters:\n  up: {{ endpoints: [{{ address: {} }}] }}\n",
        upstream.address
    ));
    let status = |listener: &str| {
        let mut client = tidegate_integration::harness::Raw::connect(proxy.listeners[listener]);
        client.get("/").head.status()
    };
    assert_eq!((status("one"), status("two")), (Some(404), Some(200)));
}

#[test]
fn weights_share_requests_and_an_invalid_backend_answers_its_share() {
    let backends = "backends: [{ cluster: a, weight: 3 }, { cluster: b, weight: 0 }, { cluster: gone, weight: 1 }]";
    let lab = Lab::new(&[format!("  all: {{ listeners: [web], rules: [{{ {backends} }}] }}\n")]);
    let mut client = lab.proxy.connect();
    let (mut valid, mut invalid) = (0, 0);
    for _ in 0..400 {
        let answer = client.get("/");
        match (answer.head.status(), answer.text().as_str()) {
            (Some(200), "a") => valid += 1,
            (Some(500), _) => invalid += 1,
            other => panic!("{other:?}"),
        }
    }
    // 100 in the mean, with a standard deviation of 9.
    assert!((46..=154).contains(&invalid), "{valid} to {invalid}");
    let lab =
        Lab::new(&["  all: { listeners: [web], rules: [{ backends: [{ cluster: a, weight: 0 }] }] }\n".to_owned()]);
    assert_eq!(lab.ask("GET", "a", "/", ""), "500");
}

#[test]
fn no_pattern_takes_long() {
    let lab = Lab::rules(&["{ path: { regex: '/(a+)+b' } }, { headers: [{ name: x, regex: '(x*)*y' }] }"]);
    let begun = Instant::now();
    let target = format!("/{}", "a".repeat(8_000));
    let field = format!("x: {}\r\n", "x".repeat(8_000));
    assert_eq!(lab.ask("GET", "a", &target, &field), "404");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
