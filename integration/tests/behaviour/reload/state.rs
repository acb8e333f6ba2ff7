//! What a change leaves alone, and what it tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_integration::harness::{Conn, Raw, Recorder, until};

use super::{ALL, Live, WEB, cluster};

const GENERATION: &str = "tidegate_config_generation";
const APPLIED: &str = "tidegate_config_applied_generation";
const COMPILED: &str = "tidegate_objects_compiled_total";

/// Waits for every worker to serve by this generation.
fn comes_to_apply(live: &Live, generation: f64) {
    until("the workers to acknowledge", || {
        (live.metric(APPLIED) == generation).then_some(())
    });
    assert_eq!(live.metric(GENERATION), generation);
}

#[test]
fn objects_that_did_not_change_keep_pools_and_counters_and_are_not_compiled() {
    let live = Live::start();
    let requests = "tidegate_requests_total{listener=\"\",route=\"default/all\",class=\"2xx\"}";
    let tries = "tidegate_upstream_requests_total{cluster=\"default/up\"}";
    let mut client = Raw::connect(live.proxy.listener("web"));
    for _ in 0..5 {
        client.get("/");
    }
    let before = live.a.connections().len();
    comes_to_apply(&live, 1.0);
    assert_eq!(live.metric(COMPILED), 3.0);
    live.folder.write("more.yaml", cluster("more", live.b.address));
    comes_to_apply(&live, 2.0);
    assert_eq!(live.metric(COMPILED), 4.0);
    for _ in 0..5 {
        client.get("/");
    }
    assert_eq!(live.a.connections().len(), before, "the pool was not kept");
    until("eleven requests", || (live.metric(requests) == 11.0).then_some(()));
    assert_eq!(live.metric(tries), 11.0);
    // A change of one object is compiled alone, and written anew without a change none.
    live.folder.write("more.yaml", cluster("more", live.a.address));
    comes_to_apply(&live, 3.0);
    assert_eq!(live.metric(COMPILED), 5.0);
    live.folder
        .write("more.yaml", format!("# moved\n{}", cluster("more", live.a.address)));
    live.folder
        .write("all.yaml", ALL.replace("[web],", "[web], hosts: [a],"));
    comes_to_apply(&live, 4.0);
    assert_eq!(live.metric(COMPILED), 6.0);
    assert!(live.metric(requests) >= 11.0, "what the route had counted goes on");
    assert_eq!(client.get("/").head.status(), Some(200), "the connection goes on");
}

/// An upstream that goes on by `script` once it is let; a request that is under way to it while its cluster changes; and
/// what has become of the connection after.
fn changes_under_way(
    cluster: impl Fn(&str) -> String,
    script: impl Fn(&mut Conn, &AtomicBool) + Send + Sync + 'static,
) {
    let go = Arc::new(AtomicBool::new(false));
    let may_go = Arc::clone(&go);
    let slow = Recorder::start(move |conn| script(conn, &may_go));
    let live = Live::start();
    live.folder.write("up.yaml", cluster(&slow.address.to_string()));
    comes_to_apply(&live, 2.0);
    let mut client = Raw::connect(live.proxy.listener("web"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until("the upstream to be asked", || {
        slow.connections().first().filter(|first| !first.bytes.is_empty())?;
        Some(())
    });
    live.folder.write("up.yaml", cluster(&live.b.address.to_string()));
    comes_to_apply(&live, 3.0);
    go.store(true, Ordering::Relaxed);
    assert_eq!(client.finals(&["GET"])[0].head.status(), Some(200));
    slow.ended(0);
    for gauge in ["connections", "connections_idle"] {
        until(&format!("no {gauge}"), || {
            let value = live.metric(&format!("tidegate_upstream_{gauge}{{cluster=\"default/up\"}}"));
            (value == 0.0).then_some(())
        });
    }
}

fn wait_for(go: &AtomicBool) {
    until("leave to go on", || go.load(Ordering::Relaxed).then_some(()));
}

#[test]
fn a_connection_in_use_while_its_cluster_changes_is_closed_after_the_request() {
    changes_under_way(
        |address| format!("clusters:\n  up: {{ endpoints: [{{ address: {address} }}] }}\n"),
        |conn, go| {
            while conn.request().is_some() {
                wait_for(go);
                conn.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        },
    );
}

/// HTTP/2 in bytes: the upstream's settings are late, so that nobody shares the connection when the cluster changes.
#[test]
fn a_connection_that_opens_while_its_cluster_changes_is_closed_after_the_request() {
    changes_under_way(
        |address| format!("clusters:\n  up: {{ protocol: http2, endpoints: [{{ address: {address} }}] }}\n"),
        |conn, go| {
            conn.take(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len());
            wait_for(go);
            conn.write([0, 0, 0, 4, 0, 0, 0, 0, 0]);
            // HEADERS of the request, after SETTINGS and what else there is.
            while let [high, middle, low, kind, ..] = conn.take(9)[..] {
                conn.take(usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low));
                if kind == 1 {
                    // :status 200, the end of the stream.
                    conn.write([0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]);
                }
            }
        },
    );
}

#[test]
fn the_configuration_that_serves_is_shown_without_credentials() {
    let live = Live::start();
    let secret = "matches: [{ headers: [{ name: authorization, exact: hidden }] }], ";
    live.folder
        .write("all.yaml", ALL.replace("backends", &format!("{secret}backends")));
    comes_to_apply(&live, 2.0);
    live.folder
        .write("up.yaml", "clusters:\n  up: { endpoints: [{ address: nowhere }] }\n");
    live.comes_to_be("cluster default/up", "quarantined");
    let shown = live.proxy.ask("/config");
    assert!(
        shown.contains(&live.a.address.to_string()) && !shown.contains("nowhere"),
        "{shown}"
    );
    assert!(shown.contains("***") && !shown.contains("hidden"), "{shown}");
    assert!(shown.contains("\"generation\": 2"), "{shown}");
    let objects = live.proxy.ask("/objects?format=json");
    for part in [
        "\"status\": \"quarantined\"",
        "\"code\": \"TG0204\"",
        "\"line\": 2",
        "\"serves\": true",
    ] {
        assert!(objects.contains(part), "no {part} in {objects}");
    }
    assert!(live.metric("tidegate_config_timestamp_seconds") > 1_600_000_000.0);
}

#[test]
fn many_changes_in_a_row_end_with_the_last() {
    let live = Live::start();
    for number in 0..50 {
        let upstream = if number % 2 == 0 { &live.b } else { &live.a };
        live.folder.replace("up.yaml", cluster("up", upstream.address));
    }
    live.folder.write("web.yaml", format!("{WEB}# touched\n"));
    live.folder.write("up.yaml", cluster("up", live.b.address));
    live.comes_to_say("200 b");
}
