//! What the admin server says: alive, ready, and the figures.

use std::time::Duration;

use tidegate_integration::harness::message::Message;
use tidegate_integration::harness::{Proxy, Raw, Recorder, Signal, until};

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
