use std::sync::Arc;

use tidegate_config::{Code, Diagnostic, parse_str};

use super::*;
use crate::live::compile;

const CONFIG: &str = "listeners:
  web:
    address: 127.0.0.1:8080
    filters: [{ responseHeaders: { set: { x-l: l } } }]
  other: { address: 127.0.0.2:8080, timeouts: { request: 1500ms } }
  inner: { address: 127.0.0.1:9090 }
routes:
  shop:
    listeners: [web, inner]
    hosts: [shop.example]
    filters: [{ requestHeaders: { set: { x-r: r } } }]
    rules:
      - name: cart
        matches: [{ path: { prefix: /cart }, method: POST }, { path: { prefix: /cart } }]
        timeouts: { request: 0s, backendRequest: 250ms }
        backends: [{ cluster: up, weight: 3 }, { cluster: gone, weight: 1 }]
      - matches: [{ headers: [{ name: x-a, exact: b }], query: [{ name: q, present: true }] }]
        filters: [{ rewrite: { path: { full: /r } } }]
        backends: [{ cluster: up }]
  all:
    listeners: [web]
    rules: [{ backends: [{ cluster: up }] }]
clusters:
  up: { endpoints: [{ address: 127.0.0.1:9 }] }
";

fn tables(text: &str) -> Tables {
    let loaded = parse_str("gateway.yaml", text);
    let codes = loaded.diagnostics.iter().map(Diagnostic::code);
    let unexpected: Vec<_> = codes
        .filter(|code| !matches!(code, Code::UnknownReference | Code::Empty))
        .collect();
    assert_eq!(unexpected, [], "{:#?}", loaded.diagnostics);
    compile(&Arc::new(loaded.snapshot), None, 1, 1).tables
}

fn ask(method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Explanation, Unexplained> {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let request = Request::new(method, url, headers.collect()).unwrap();
    explain(&tables(CONFIG), None, &request)
}

fn winner(explanation: &Explanation) -> &Winner {
    match &explanation.outcome {
        Outcome::Routed(winner) => winner,
        Outcome::Answered { .. } => panic!("{explanation:?}"),
    }
}

fn why(explanation: &Explanation) -> Vec<(&str, &str, &str)> {
    let losers = explanation.losers.iter();
    losers
        .map(|loser| (&*loser.route, &*loser.rule, loser.reason))
        .collect()
}

#[test]
fn a_winner_has_its_match_filters_shares_and_limits() {
    let explanation = ask("GET", "http://SHOP.example:9090/x/../cart/1?q=%61", &[]).unwrap();
    assert_eq!(explanation.listener.name, "default/inner");
    assert_eq!(
        (&*explanation.request.host, &*explanation.request.path),
        ("shop.example", "/cart/1")
    );
    let winner = winner(&explanation);
    assert_eq!((&*winner.route, &*winner.rule), ("default/shop", "cart"));
    assert_eq!((winner.place.line, winner.matched.place.line), (13, 14));
    assert_eq!(winner.matched.says, "path /cart and below");
    assert_eq!(
        (
            winner.timeouts.request.as_deref(),
            winner.timeouts.backend_request.as_deref()
        ),
        (None, Some("250ms"))
    );
    let shares: Vec<_> = winner
        .backends
        .iter()
        .map(|it| (&*it.cluster, it.share, it.exists))
        .collect();
    assert_eq!(shares, [("default/up", 75.0, true), ("default/gone", 25.0, false)]);
    let filters: Vec<_> = winner
        .filters
        .iter()
        .map(|it| (it.filter, it.on, it.place.line))
        .collect();
    assert_eq!(filters, [("requestHeaders", Level::Route, 11)]);
}

#[test]
fn filters_are_inherited_and_named_with_their_level() {
    let explanation = ask(
        "GET",
        "http://127.0.0.1:8080/?q",
        &[("host", "shop.example"), ("x-a", "b")],
    )
    .unwrap();
    let filters: Vec<_> = winner(&explanation)
        .filters
        .iter()
        .map(|it| (it.filter, it.on))
        .collect();
    assert_eq!(
        filters,
        [
            ("requestHeaders", Level::Route),
            ("responseHeaders", Level::Listener),
            ("rewrite", Level::Rule)
        ]
    );
    assert_eq!(winner(&explanation).timeouts.request.as_deref(), Some("60s"));
}

#[test]
fn each_loser_has_the_first_reason_of_the_match_that_came_furthest() {
    let reasons = |method, path: &str, headers: &[(&str, &str)]| {
        let headers = [&[("host", "shop.example")], headers].concat();
        let explanation = ask(method, &format!("http://127.0.0.1:8080{path}"), &headers).unwrap();
        why(&explanation)
            .iter()
            .map(|(_, rule, reason)| format!("{rule} {reason}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons("POST", "/cart", &[]), ["#1 outranked-by-host", "#2 header"]);
    assert_eq!(
        reasons("GET", "/cart", &[("x-a", "b")]),
        ["#1 outranked-by-host", "#2 query"]
    );
    assert_eq!(
        reasons("GET", "/cart?q", &[("x-a", "b")]),
        ["#2 outranked-by-path", "#1 outranked-by-host"]
    );
    assert_eq!(reasons("GET", "/", &[]), ["#2 header", "cart path"]);
    let explanation = ask("GET", "http://elsewhere.example:8080/cart", &[]);
    assert!(matches!(explanation, Err(Unexplained::ManyListenersOnPort { .. })));
    let explanation = ask("GET", "http://127.0.0.1:8080/cart", &[]).unwrap();
    assert_eq!(
        why(&explanation),
        [("default/shop", "cart", "host"), ("default/shop", "#2", "host")]
    );
    assert_eq!(explanation.losers[0].why, "it is for host shop.example");
}

#[test]
fn what_no_rule_takes_says_what_the_client_gets() {
    let answered = |explanation: Explanation| match explanation.outcome {
        Outcome::Answered { status, reason } => (status, reason, explanation.losers.len()),
        Outcome::Routed(winner) => panic!("{winner:?}"),
    };
    assert_eq!(
        answered(ask("GET", "http://a:9090/", &[]).unwrap()),
        (404, "no-route", 2)
    );
    let refused = answered(ask("GET", "http://a:9090/%2f", &[]).unwrap());
    assert_eq!(refused, (400, crate::http1::Reason::EncodedSlash.as_str(), 0));
    let (status, _, _) = answered(ask("GET", "http://a:9090/", &[("x_a", "b")]).unwrap());
    assert_eq!(status, 400, "names with underscores are refused at the edge");
    let (status, _, _) = answered(ask("CONNECT", "http://a:9090/", &[]).unwrap());
    assert!(status >= 400);
}

#[test]
fn forwarded_headers_are_what_upstreams_see() {
    let text = "
listeners: { web: { address: 127.0.0.1:80 } }
routes:
  liar: { listeners: [web], rules: [{ matches: [{ headers: [{ name: x-forwarded-for, exact: 10.0.0.1 }] }], backends: [{ cluster: up }] }] }
  id: { listeners: [web], rules: [{ matches: [{ headers: [{ name: x-request-id, present: true }] }], backends: [{ cluster: up }] }] }
clusters: { up: { endpoints: [{ address: 127.0.0.1:9 }] } }
";
    let request = Request::new("GET", "a", vec![("x-forwarded-for".to_owned(), "10.0.0.1".to_owned())]).unwrap();
    let explanation = explain(&tables(text), None, &request).unwrap();
    assert_eq!(winner(&explanation).route, "default/id");
    assert_eq!(
        explanation.losers[0].why,
        "it holds only if header x-forwarded-for is `10.0.0.1`"
    );
}

#[test]
fn the_listener_is_chosen_by_port_then_address_then_name() {
    let request = |url| Request::new("GET", url, Vec::new()).unwrap();
    let tables_of_many = tables(CONFIG);
    let chosen = |listener, url| explain(&tables_of_many, listener, &request(url)).map(|it| it.listener.name);
    assert_eq!(chosen(None, "http://127.0.0.2:8080/").as_deref(), Ok("default/other"));
    assert_eq!(chosen(Some("default/web"), "http://a/").as_deref(), Ok("default/web"));
    let error = chosen(None, "http://a/").unwrap_err().to_string();
    assert!(
        error.starts_with("no listener is on port 80; there are default/inner on 127.0.0.1:9090, "),
        "{error}"
    );
    let error = chosen(Some("wep"), "http://a/").unwrap_err().to_string();
    assert!(error.contains("no listener wep"), "{error}");
    let one = tables("listeners: { web: { address: 127.0.0.1:8080 } }");
    assert!(
        explain(&one, None, &request("http://a/")).is_ok(),
        "the only one, and the URL says no port"
    );
    assert!(explain(&one, None, &request("http://a:81/")).is_err());
    let none = explain(&tables(""), None, &request("a")).unwrap_err();
    assert_eq!(none, Unexplained::NoListeners);
}

#[test]
fn an_explanation_is_json() {
    let explanation = ask("GET", "http://shop.example:9090/cart", &[]).unwrap();
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["outcome"], "routed");
    assert_eq!(json["backends"][0]["share"], 75.0);
    assert_eq!(json["timeouts"]["backendRequest"], "250ms");
    assert_eq!(json["losers"][0]["reason"], "header");
    let json = serde_json::to_value(ask("GET", "http://a:9090/", &[]).unwrap()).unwrap();
    assert_eq!((&json["outcome"], &json["status"]), (&"answered".into(), &404.into()));
}
