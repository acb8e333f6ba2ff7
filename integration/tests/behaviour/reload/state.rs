//! What a change leaves alone, and what it tells.

use tidegate_integration::harness::{Raw, until};

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
