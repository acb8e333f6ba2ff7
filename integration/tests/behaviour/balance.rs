//! Which endpoint and which backend a request goes to.

use std::net::{SocketAddr, TcpListener};

use tidegate_integration::harness::{Proxy, Recorder};

fn upstreams<const N: usize>() -> [Recorder; N] {
    std::array::from_fn(|_| Recorder::ok())
}

/// One cluster in turn over these endpoints.
fn round_robin(endpoints: &[(&Recorder, u32)]) -> String {
    let endpoints: Vec<_> = endpoints
        .iter()
        .map(|(upstream, weight)| format!("{{ address: {}, weight: {weight} }}", upstream.address))
        .collect();
    format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\n\
         routes: {{ all: {{ listeners: [web], rules: [{{ backends: [{{ cluster: up }}] }}] }} }}\n\
         clusters: {{ up: {{ balancer: roundRobin, endpoints: [{}] }} }}\n",
        endpoints.join(", ")
    )
}

/// The paths that an upstream was asked for, in order.
fn paths(upstream: &Recorder) -> Vec<String> {
    let requests = upstream.requests().into_iter();
    requests.map(|request| request.head.target().to_owned()).collect()
}

fn ask(proxy: &Proxy, count: usize) {
    let mut client = proxy.connect();
    for number in 0..count {
        assert_eq!(client.get(&format!("/{number}")).head.status(), Some(200));
    }
}

#[test]
fn in_turn_every_endpoint_gets_every_nth_request() {
    let [a, b, c] = upstreams();
    let proxy = Proxy::start(&round_robin(&[(&a, 1), (&b, 1), (&c, 1)]));
    ask(&proxy, 30);
    for (index, upstream) in [a, b, c].iter().enumerate() {
        let expected: Vec<_> = (0..10).map(|round| format!("/{}", 3 * round + index)).collect();
        assert_eq!(paths(upstream), expected, "endpoint {index}");
    }
}

#[test]
fn in_turn_weights_are_exact_and_zero_is_none() {
    let [a, b, c] = upstreams();
    let proxy = Proxy::start(&round_robin(&[(&a, 1), (&b, 3), (&c, 0)]));
    ask(&proxy, 40);
    assert_eq!([a, b, c].map(|upstream| paths(&upstream).len()), [10, 30, 0]);
}

#[test]
fn in_turn_each_worker_shares_alike() {
    let [a, b, c] = upstreams();
    let proxy = Proxy::with_workers(&round_robin(&[(&a, 1), (&b, 1), (&c, 1)]), 2);
    for _ in 0..10 {
        ask(&proxy, 6);
    }
    assert_eq!([a, b, c].map(|upstream| paths(&upstream).len()), [20, 20, 20]);
}

/// Backends are drawn, by a generator that the system seeds: six standard deviations are once in a billion.
#[test]
fn backends_share_by_weight() {
    let [a, b, c] = upstreams();
    let proxy = Proxy::start(&format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\n\
         routes: {{ all: {{ listeners: [web], rules: [{{ backends: \
         [{{ cluster: a, weight: 30 }}, {{ cluster: b, weight: 70 }}, {{ cluster: c, weight: 0 }}] }}] }} }}\n\
         clusters:\n  a: {{ endpoints: [{{ address: {} }}] }}\n  b: {{ endpoints: [{{ address: {} }}] }}\n  \
         c: {{ endpoints: [{{ address: {} }}] }}\n",
        a.address, b.address, c.address
    ));
    ask(&proxy, 1_000);
    let [a, b, c] = [a, b, c].map(|upstream| paths(&upstream).len());
    assert_eq!((a + b, c), (1_000, 0));
    assert!((213..=387).contains(&a), "{a} of 1000 went where 300 should");
}

/// One cluster, balanced by default, over these endpoints.
fn peak_ewma(endpoints: &[(SocketAddr, u32)]) -> String {
    let endpoints: Vec<_> = endpoints
        .iter()
        .map(|(address, weight)| format!("{{ address: {address}, weight: {weight} }}"))
        .collect();
    format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\n\
         routes: {{ all: {{ listeners: [web], rules: [{{ backends: [{{ cluster: up }}] }}] }} }}\n\
         clusters: {{ up: {{ endpoints: [{}] }} }}\n",
        endpoints.join(", ")
    )
}

/// How they share depends on how fast each is, where the machine is busy; but none that is fast is left out.
#[test]
fn by_default_every_endpoint_is_asked() {
    let [a, b] = upstreams();
    let proxy = Proxy::start(&peak_ewma(&[(a.address, 1), (b.address, 1)]));
    ask(&proxy, 400);
    let [a, b] = [a, b].map(|upstream| paths(&upstream).len());
    assert_eq!(a + b, 400);
    assert!(a > 0 && b > 0, "{a} and {b} of 400");
}

#[test]
fn one_that_fails_is_asked_less_and_less() {
    let a = Recorder::ok();
    // A port that nobody listens on.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::start(&peak_ewma(&[(a.address, 1), (gone, 1)]));
    let mut client = proxy.connect();
    let failed = (0..200).filter(|_| client.get("/").head.status() == Some(503)).count();
    // A first one, and those after which it was forgiven too soon.
    assert!((1..=10).contains(&failed), "{failed} of 200 went where nobody is");
    assert_eq!(paths(&a).len(), 200 - failed);
}
