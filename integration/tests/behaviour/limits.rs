//! How many connections there may be: those over a limit are closed unread and counted, and who leaves makes room.

use std::thread;

use tidegate_integration::harness::{DEADLINE, Origin, Proxy, Raw, Recorder, Wire, until};

use crate::setup::{Extra, config};

/// A connection that is served for sure.
fn served(address: std::net::SocketAddr) -> Raw {
    let mut client = Raw::connect(address);
    assert_eq!(client.get("/").head.status(), Some(200));
    client
}

/// A connection that is over a limit: closed without a byte.
fn refused(address: std::net::SocketAddr) {
    let mut client = Raw::connect(address);
    assert!(client.ends(DEADLINE), "it is kept");
    assert!(client.received.is_empty(), "{:?}", client.received);
}

/// Waits for a place that someone left.
fn served_in_time(address: std::net::SocketAddr) -> Raw {
    until("a place to come free", || {
        let mut client = Raw::connect(address);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_until(DEADLINE, |bytes| !bytes.is_empty()).then_some(client)
    })
}

#[test]
fn a_listener_takes_so_many_connections_over_all_workers() {
    let upstream = Recorder::ok();
    let extra = Extra {
        listener: "limits: { connections: 4 }",
        ..Extra::default()
    };
    let proxy = Proxy::with_workers(&config(upstream.address, "http1", extra), 2);
    let mut clients: Vec<_> = (0..4).map(|_| served(proxy.address())).collect();
    for _ in 0..3 {
        refused(proxy.address());
    }
    assert_eq!(proxy.refusals("OM", "listener-connection-limit"), 3.0);
    for client in &mut clients {
        assert_eq!(client.get("/still").head.status(), Some(200));
    }
    clients.pop();
    clients.push(served_in_time(proxy.address()));
    assert_eq!(
        proxy.metric("tidegate_downstream_connections{listener=\"default/web\"}"),
        Some(4.0)
    );
}

#[test]
fn the_process_takes_so_many_connections_over_all_listeners() {
    let upstream = Recorder::ok();
    let yaml = config(upstream.address, "http1", Extra::default())
        .replace("listeners: [web]", "listeners: [web, side]")
        .replace("listeners:\n", "listeners:\n  side: { address: 127.0.0.1:0 }\n");
    let proxy = Proxy::with_arguments(&yaml, &["--workers", "2", "--max-connections", "3"]);
    let (web, side) = (proxy.listeners["web"], proxy.listeners["side"]);
    let mut clients = vec![served(web), served(side), served(web)];
    refused(web);
    refused(side);
    assert_eq!(proxy.refusals("OM", "process-connection-limit"), 2.0);
    assert_eq!(proxy.metric("tidegate_connections"), Some(3.0));
    clients.remove(1);
    clients.push(served_in_time(side));
    refused(web);
}

/// A proxy of one worker whose only connection goes to the one or the other of two upstreams in turn.
fn one_connection_for_two(wire: Wire) -> (Proxy, [Origin; 2]) {
    let origins = [(); 2].map(|()| Origin::start(wire, |served| served.answer(200, b"ok")));
    let [a, b] = origins.each_ref().map(|origin| origin.address);
    let proxy = Proxy::start(&format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\n\
         routes: {{ all: {{ listeners: [web], rules: [{{ backends: [{{ cluster: up }}] }}] }} }}\n\
         clusters:\n  up: {{ protocol: {}, balancer: roundRobin, limits: {{ connections: 1 }}, \
         endpoints: [{{ address: {a} }}, {{ address: {b} }}] }}\n",
        origins[0].protocol(),
    ));
    (proxy, origins)
}

/// What is idle to another endpoint makes room: nobody else would close it.
fn requests_in_turn_are_answered(wire: Wire) {
    let (proxy, _origins) = one_connection_for_two(wire);
    let mut client = proxy.connect();
    for _ in 0..6 {
        assert_eq!(client.get("/").head.status(), Some(200));
    }
    assert_eq!(
        proxy.metric("tidegate_upstream_connections{cluster=\"default/up\"}"),
        Some(1.0)
    );
}

#[test]
fn one_connection_serves_two_endpoints_in_turn_http1() {
    requests_in_turn_are_answered(Wire::H1);
}

#[test]
fn one_connection_serves_two_endpoints_in_turn_http2() {
    requests_in_turn_are_answered(Wire::H2);
}

/// Whoever is woken by a connection that came back can use it, whichever endpoint it is to.
#[test]
fn one_connection_serves_two_endpoints_at_once() {
    let (proxy, _origins) = one_connection_for_two(Wire::H1);
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let mut client = proxy.connect();
            thread::spawn(move || {
                for _ in 0..10 {
                    assert_eq!(client.get("/").head.status(), Some(200));
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}
