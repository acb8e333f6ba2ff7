//! The ways in which files change, each noticed soon.

use std::fs;
use std::time::Duration;

use tidegate_integration::harness::{Folder, Proxy, Raw, Signal, until};

use super::{ALL, Live, WEB, cluster, upstream};

/// What a change may take until it serves.
const SOON: Duration = Duration::from_millis(500);

#[test]
fn a_change_serves_within_half_a_second() {
    let live = Live::start();
    let mut took: Vec<Duration> = (0..10)
        .map(|number| {
            let (text, upstream) = if number % 2 == 0 {
                ("200 b", &live.b)
            } else {
                ("200 a", &live.a)
            };
            live.folder.write("up.yaml", cluster("up", upstream.address));
            live.comes_to_say(text)
        })
        .collect();
    took.sort();
    // The machine may be busy now and then.
    assert!(took[took.len() / 2] < SOON, "{took:?}");
}

#[test]
fn a_file_is_followed_through_writes_renames_and_its_removal() {
    let (a, b) = (upstream("a"), upstream("b"));
    let of =
        |upstream: &tidegate_integration::harness::Recorder| format!("{WEB}{ALL}{}", cluster("up", upstream.address));
    let folder = Folder::with(&[("gateway.yaml", of(&a))]);
    let proxy = Proxy::on(&folder.path("gateway.yaml"), &["--workers", "1"]);
    let comes_to_say = |text: &str| {
        until(&format!("{text:?}"), || {
            let answer = Raw::connect(proxy.listener("web")).get("/");
            (answer.text() == text).then_some(())
        });
    };
    comes_to_say("a");
    folder.write("gateway.yaml", of(&b));
    comes_to_say("b");
    folder.replace("gateway.yaml", of(&a));
    comes_to_say("a");
    // Editors rename the old one away first.
    fs::rename(folder.path("gateway.yaml"), folder.path("gateway.yaml~")).unwrap();
    until("the missing file to be noticed", || {
        (proxy.metric("tidegate_config_reloads_total{result=\"failed\"}") > Some(0.0)).then_some(())
    });
    comes_to_say("a");
    folder.write("gateway.yaml", of(&b));
    comes_to_say("b");
    assert!(proxy.logs().contains("the configuration stays as it is"));
}

#[test]
fn files_and_folders_come_and_go() {
    let live = Live::start();
    live.folder.remove("up.yaml");
    live.comes_to_say("500");
    live.folder.write("new/deep/up.yml", cluster("up", live.b.address));
    live.comes_to_say("200 b");
    live.folder.replace("new/deep/up.yml", cluster("up", live.a.address));
    live.comes_to_say("200 a");
    fs::remove_dir_all(live.folder.path("new")).unwrap();
    live.comes_to_say("500");
    fs::create_dir(live.folder.path("new")).unwrap();
    live.folder.write("new/up.yaml", cluster("up", live.b.address));
    live.comes_to_say("200 b");
    live.folder.write("new/.up.yaml", "not read");
    live.folder.write("new/up.txt", "not read");
    live.proxy.signal(Signal::Hup);
    assert_eq!(live.says(), "200 b");
}

/// As the kubelet does it: a folder for each version, and a link that is renamed over.
#[test]
fn a_config_map_is_followed_when_its_link_is_swapped() {
    let (a, b) = (upstream("a"), upstream("b"));
    let of =
        |upstream: &tidegate_integration::harness::Recorder| format!("{WEB}{ALL}{}", cluster("up", upstream.address));
    let folder = Folder::with(&[("..2026_01/gateway.yaml", of(&a)), ("..2026_02/gateway.yaml", of(&b))]);
    folder.link("..2026_01", "..data");
    folder.link("..data/gateway.yaml", "gateway.yaml");
    for path in ["", "gateway.yaml"] {
        let proxy = Proxy::on(&folder.path(path), &["--workers", "1"]);
        let says = || Raw::connect(proxy.listener("web")).get("/").text();
        assert_eq!(says(), "a");
        folder.link("..2026_02", "..data");
        until("the other version", || (says() == "b").then_some(()));
        folder.write("..2026_03/gateway.yaml", of(&a));
        folder.link("..2026_03", "..data");
        until("the third version", || (says() == "a").then_some(()));
        folder.link("..2026_01", "..data");
    }
}

#[test]
fn a_hang_up_reloads_and_one_for_nothing_changes_nothing() {
    let live = Live::start();
    let unchanged = "tidegate_config_reloads_total{result=\"unchanged\"}";
    let before = live.metric(unchanged);
    live.proxy.signal(Signal::Hup);
    until("the look to be counted", || {
        (live.metric(unchanged) > before).then_some(())
    });
    assert_eq!(live.metric("tidegate_config_generation"), 1.0);
    assert_eq!(live.says(), "200 a");
    live.folder.write("up.yaml", cluster("up", live.b.address));
    live.proxy.signal(Signal::Hup);
    live.comes_to_say("200 b");
    assert_eq!(live.metric("tidegate_config_generation"), 2.0);
}
