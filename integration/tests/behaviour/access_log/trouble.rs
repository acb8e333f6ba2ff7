//! Disks that are full, readers that have stopped, files that cannot be opened: lines are lost, and counted, and no
//! request fails or waits.

use std::fs;
use std::time::{Duration, Instant};

use tidegate_integration::harness::{Folder, Proxy, Raw, until};

use super::{gateway, lines, listener, start, status, upstream};

/// No request takes nearly as long as anything that waits for a log would.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Asks with long targets, so that buffers fill soon, until enough lines were lost; gives how many requests that took.
fn until_lines_are_lost(proxy: &Proxy, lost: impl Fn() -> f64, at_least: f64) -> usize {
    let path = format!("/{}", "a".repeat(3500));
    let mut clients: Vec<_> = (0..4).map(|_| Raw::connect(proxy.listener("web"))).collect();
    let mut asked = 0;
    until("lines to be lost", || {
        for _ in 0..50 {
            for client in &mut clients {
                let begun = Instant::now();
                assert_eq!(status(client, &path), Some(200));
                assert!(begun.elapsed() < AT_ONCE, "request {asked} took {:?}", begun.elapsed());
                asked += 1;
            }
        }
        (lost() >= at_least).then_some(asked)
    })
}

fn lost(proxy: &Proxy, to: &str) -> f64 {
    let sample = format!("tidegate_access_log_lost_lines_total{{to=\"{to}\"}}");
    proxy.metric(&sample).unwrap_or_default()
}

#[test]
fn a_full_disk_costs_lines_and_no_request() {
    let upstream = upstream();
    let log = listener("web", "{ to: /dev/full, format: json }");
    let folder = Folder::with(&[("gateway.yaml", gateway(&log, upstream.address))]);
    let proxy = start(&folder);
    let asked = until_lines_are_lost(&proxy, || lost(&proxy, "/dev/full"), 1.0);
    until("every line to be lost", || {
        (lost(&proxy, "/dev/full") == asked as f64).then_some(())
    });
    let logs = proxy.logs();
    assert_eq!(logs.matches("the access log cannot be written").count(), 1, "{logs}");
    assert!(
        logs.contains("to=/dev/full") && logs.contains("No space left on device"),
        "{logs}"
    );
}

#[test]
fn a_reader_that_has_stopped_costs_lines_and_no_request() {
    let upstream = upstream();
    let log = listener("web", "{ to: stdout, format: json }");
    let folder = Folder::with(&[("gateway.yaml", gateway(&log, upstream.address))]);
    let mut proxy = Proxy::unread(&folder.path("gateway.yaml"), &["--workers", "2"]);
    until_lines_are_lost(&proxy, || lost(&proxy, "stdout"), 100.0);
    // Nor does the end wait for it.
    proxy.signal(tidegate_integration::harness::Signal::Term);
    assert!(proxy.exit().success());
}

#[test]
fn a_file_that_cannot_be_opened_is_tried_again() {
    let upstream = upstream();
    let log = listener("web", "{ to: later/access.log, pattern: '%{target}' }");
    let folder = Folder::with(&[("gateway.yaml", gateway(&log, upstream.address))]);
    let proxy = start(&folder);
    let mut client = Raw::connect(proxy.listener("web"));
    assert_eq!(status(&mut client, "/1"), Some(200));
    let path = folder.path("later/access.log");
    until("a lost line", || {
        (lost(&proxy, path.to_str().unwrap()) == 1.0).then_some(())
    });
    assert!(proxy.logs().contains("No such file or directory"), "{}", proxy.logs());
    fs::create_dir(folder.path("later")).unwrap();
    until("a line", || {
        assert_eq!(status(&mut client, "/2"), Some(200));
        fs::metadata(&path)
            .is_ok_and(|metadata| metadata.len() > 0)
            .then_some(())
    });
    assert!(lines(&folder, "later/access.log", 1).iter().all(|line| line == "/2"));
    until("word of it", || {
        proxy.logs().contains("can be written again").then_some(())
    });
}

#[test]
fn a_wrong_command_line_says_what_is_wrong() {
    let upstream = upstream();
    let folder = Folder::with(&[(
        "gateway.yaml",
        gateway("  web: { address: 127.0.0.1:0 }\n", upstream.address),
    )]);
    for (arguments, code, says) in [
        (
            vec!["--access-log", "/nowhere/access.log"],
            1,
            "cannot open the access log /nowhere/access.log",
        ),
        (
            vec!["--access-log", "-", "--access-log-format", "jsno"],
            2,
            "did you mean `json`?",
        ),
        (
            vec!["--access-log", "-", "--access-log-format", "%{statsu}"],
            2,
            "did you mean `%{status}`?",
        ),
        (vec!["--access-log-format", "json"], 2, "--access-log"),
    ] {
        let mut proxy = Proxy::on(&folder.path("gateway.yaml"), &arguments);
        assert_eq!(proxy.exit().code(), Some(code), "{arguments:?}");
        until("the reason", || proxy.logs().contains(says).then_some(()));
    }
}
