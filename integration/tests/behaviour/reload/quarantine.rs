//! The table of what may be wrong with a configuration, row by row (config/src/store.rs).

use std::net::TcpListener;

use tidegate_integration::harness::{Folder, Proxy, Raw, until};

use super::{ALL, Live, WEB, cluster, comes_to_be, upstream};

const BAD_UP: &str = "clusters:\n  up: { endpoints: [{ address: nowhere }] }\n";

#[test]
fn an_object_that_is_bad_by_itself_serves_as_it_last_was() {
    let live = Live::start();
    live.folder.write("up.yaml", BAD_UP);
    let shown = live.comes_to_be("cluster default/up", "quarantined (last good serves)");
    assert!(shown.contains("TG0204") && shown.contains("up.yaml:2:"), "{shown}");
    assert_eq!(live.says(), "200 a");
    assert_eq!(live.metric("tidegate_objects_quarantined"), 1.0);
    assert_eq!(live.metric("tidegate_config_reloads_total{result=\"partial\"}"), 1.0);
    assert!(live.proxy.logs().contains("its last good version serves"));
    live.folder.write("up.yaml", cluster("up", live.b.address));
    live.comes_to_say("200 b");
    live.comes_to_be("cluster default/up", "active");
    assert_eq!(live.metric("tidegate_objects_quarantined"), 0.0);
}

#[test]
fn one_that_was_never_good_is_absent_and_the_rest_serves_from_the_start() {
    let a = upstream("a");
    let good = "routes:\n  good: { listeners: [web], hosts: [a], rules: [{ backends: [{ cluster: ok }] }] }\n";
    let folder = Folder::with(&[
        (
            "bad.yaml",
            format!("{BAD_UP}{}", ALL.replace("[web],", "[web], hosts: [b],")),
        ),
        ("good.yaml", format!("{WEB}{good}{}", cluster("ok", a.address))),
    ]);
    let proxy = Proxy::on(&folder.path(""), &["--workers", "1"]);
    let mut client = Raw::connect(proxy.listener("web"));
    assert_eq!(
        client.ask("GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n").head.status(),
        Some(200)
    );
    assert_eq!(
        client.ask("GET", "GET / HTTP/1.1\r\nHost: b\r\n\r\n").head.status(),
        Some(500)
    );
    comes_to_be(&proxy, "cluster default/up", "quarantined (absent)");
    let logs = proxy.logs();
    assert!(logs.contains("error[TG0204]") && logs.contains("bad.yaml:2:"), "{logs}");
    assert!(logs.contains("nothing of it serves"), "{logs}");
}

#[test]
fn a_missing_reference_answers_500_until_the_object_comes() {
    let live = Live::start();
    live.folder.remove("up.yaml");
    live.comes_to_say("500");
    live.comes_to_be("route default/all", "active");
    live.folder.write("up.yaml", cluster("up", live.b.address));
    live.comes_to_say("200 b");
}

#[test]
fn a_file_that_does_not_parse_keeps_all_that_it_held() {
    let live = Live::start();
    let both = format!("{ALL}{}", cluster("up", live.b.address));
    live.folder.remove("all.yaml");
    live.folder.replace("up.yaml", &both);
    live.comes_to_say("200 b");
    live.folder.write("up.yaml", format!("{both}broken: {{"));
    for object in ["cluster default/up", "route default/all"] {
        let shown = live.comes_to_be(object, "quarantined (last good serves)");
        assert!(shown.contains("TG0003"), "{shown}");
    }
    assert_eq!(live.says(), "200 b");
    live.folder
        .write("up.yaml", format!("{ALL}{}", cluster("up", live.a.address)));
    live.comes_to_say("200 a");
}

#[test]
fn a_name_that_stands_twice_sets_both_aside() {
    let live = Live::start();
    live.folder.write("more.yaml", cluster("up", live.b.address));
    let shown = live.comes_to_be("cluster default/up", "quarantined (last good serves)");
    assert!(shown.contains("TG0301"), "{shown}");
    assert_eq!(live.says(), "200 a");
    // A process that never knew a good one has none.
    let afresh = Proxy::on(&live.folder.path(""), &["--workers", "1"]);
    assert_eq!(Raw::connect(afresh.listener("web")).get("/").head.status(), Some(500));
    live.folder.remove("up.yaml");
    live.comes_to_say("200 b");
    until("the other one to find it", || {
        let answer = Raw::connect(afresh.listener("web")).get("/");
        (answer.head.status() == Some(200)).then_some(())
    });
}

#[test]
fn a_deleted_file_removes_what_it_held() {
    let live = Live::start();
    live.folder.remove("all.yaml");
    live.comes_to_say("404");
    assert!(!live.objects().contains("route default/all"));
}

#[test]
fn an_address_that_another_process_holds_costs_only_its_listener() {
    let live = Live::start();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let more = format!("{WEB}  more: {{ address: {address} }}\n");
    live.folder.write("all.yaml", ALL.replace("[web]", "[web, more]"));
    live.folder.write("web.yaml", &more);
    let shown = live.comes_to_be("listener default/more", "quarantined (absent)");
    assert!(
        shown.contains("TG0501") && shown.contains("another process listens there"),
        "{shown}"
    );
    assert_eq!(live.says(), "200 a");
    // It is tried again by itself.
    drop(held);
    live.comes_to_be("listener default/more", "active");
    assert_eq!(Raw::connect(address).get("/").head.status(), Some(200));
}

#[test]
fn a_listener_whose_new_address_is_taken_stays_where_it_was() {
    let live = Live::start();
    let before = live.proxy.listener("web");
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    live.folder
        .write("web.yaml", format!("listeners:\n  web: {{ address: {address} }}\n"));
    live.comes_to_be("listener default/web", "quarantined (last good serves)");
    assert_eq!(live.proxy.listener("web"), before);
    assert_eq!(live.says(), "200 a");
}

#[test]
fn a_start_without_any_listener_says_why() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let folder = Folder::with(&[("web.yaml", format!("listeners:\n  web: {{ address: {address} }}\n"))]);
    let mut proxy = Proxy::on(&folder.path(""), &[]);
    assert_eq!(proxy.exit().code(), Some(1));
    until("the reason", || {
        proxy.logs().contains("another process listens there").then_some(())
    });
}
