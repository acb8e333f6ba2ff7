//! `redirect` and `directResponse`: answers without a backend, which say who gave them.

use std::{env, fs};

use tidegate_integration::harness::{Proxy, Wire, until};

use super::{WIRES, ask, config, get, telling};

fn rule(prefix: &str, filter: &str) -> String {
    format!("{{ matches: [{{ path: {{ prefix: {prefix} }} }}], filters: [{filter}] }}")
}

#[test]
fn redirects_say_where_to() {
    let origin = telling(Wire::H1);
    let rules = [
        rule("/secure", "{ redirect: { scheme: https } }"),
        rule("/secure-port", "{ redirect: { scheme: https, port: 8443 } }"),
        rule("/host", "{ redirect: { host: other.test, status: 301 } }"),
        rule("/default", "{ redirect: { host: other.test, port: 80, status: 303 } }"),
        rule("/old", "{ redirect: { path: { prefix: /new }, status: 308 } }"),
        rule("/gone", "{ redirect: { path: { full: /here }, status: 307 } }"),
    ];
    let proxy = Proxy::with_access_log(&config(
        &origin,
        "http: { server: { action: overwrite, name: edge } }",
        "",
        &rules.join(", "),
    ));
    let own = format!(":{}", proxy.address().port());
    for (path, status, location) in [
        ("/secure/a?b=c", 302, "https://a/secure/a?b=c".to_owned()),
        ("/secure-port", 302, "https://a:8443/secure-port".to_owned()),
        ("/host", 301, format!("http://other.test{own}/host")),
        ("/default", 303, "http://other.test/default".to_owned()),
        ("/old/x/?y", 308, format!("http://a{own}/new/x/?y")),
        ("/old", 308, format!("http://a{own}/new")),
        ("/gone/for/ever?x", 307, format!("http://a{own}/here?x")),
        // Nothing that the request hides in its path gets into the location.
        ("/secure//evil.test", 302, "https://a/secure/evil.test".to_owned()),
    ] {
        for wire in WIRES {
            for method in ["GET", "HEAD", "POST"] {
                let answer = ask(&proxy, wire, method, path, &[]);
                assert_eq!(answer.status, status, "{path}");
                assert_eq!(answer.all("location"), [&location], "{path}");
                assert_eq!(answer.all("x-tidegate-reason"), ["redirect"], "{path}");
                assert_eq!(answer.all("x-tidegate-object"), ["route default/all"], "{path}");
                assert_eq!(answer.all("server"), ["edge"], "{path}");
                assert!(answer.body.is_empty());
            }
        }
    }
    proxy.logged(&[
        "status=301",
        "flag=-",
        "reason=redirect",
        "object=\"route default/all\"",
        "rule=#3",
        "filter=redirect#1",
        "cluster=-",
        "tries=0",
    ]);
    counted(&proxy, "redirect", 8 * 2 * 3);
}

/// Waits until that many answers of filters are counted under this reason.
fn counted(proxy: &Proxy, reason: &str, count: usize) {
    let line =
        format!("tidegate_filter_answers_total{{listener=\"\",route=\"default/all\",reason=\"{reason}\"}} {count}");
    until(&line, || {
        let figures = proxy.ask("/metrics");
        figures.contains(&line).then_some(())
    });
}

#[test]
fn direct_responses_are_what_is_written_or_in_a_file() {
    let file = env::temp_dir().join(format!("tidegate-test-{}-maintenance.html", std::process::id()));
    fs::write(&file, "<h1>Back soon</h1>").unwrap();
    let origin = telling(Wire::H1);
    let rules = [
        rule("/text", "{ directResponse: { status: 200, body: hello } }"),
        rule(
            "/json",
            "{ directResponse: { status: 418, headers: { content-type: application/json, x-a: b }, body: '{}' } }",
        ),
        rule(
            "/file",
            &format!(
                "{{ directResponse: {{ status: 503, headers: {{ content-type: text/html }}, file: {} }} }}",
                file.display()
            ),
        ),
        rule("/empty", "{ directResponse: { status: 204 } }"),
        rule(
            "/unchanged",
            "{ directResponse: { status: 304, headers: { etag: '\"1\"' } } }",
        ),
    ];
    let proxy = Proxy::with_access_log(&config(&origin, "", "", &rules.join(", ")));
    fs::remove_file(&file).unwrap();
    for (path, status, kind, body) in [
        ("/text", 200, Some("text/plain; charset=utf-8"), "hello"),
        ("/json", 418, Some("application/json"), "{}"),
        ("/file", 503, Some("text/html"), "<h1>Back soon</h1>"),
        ("/empty", 204, None, ""),
        ("/unchanged", 304, None, ""),
    ] {
        for wire in WIRES {
            for method in ["GET", "HEAD", "PUT"] {
                let answer = ask(&proxy, wire, method, path, &[]);
                assert_eq!(answer.status, status, "{method} {path}");
                assert_eq!(answer.all("content-type"), Vec::from_iter(kind), "{method} {path}");
                let sent = if method == "HEAD" { "" } else { body };
                assert_eq!(answer.body, sent.as_bytes(), "{method} {path}");
                if !body.is_empty() {
                    assert_eq!(
                        answer.all("content-length"),
                        [body.len().to_string()],
                        "{method} {path}"
                    );
                }
                assert_eq!(answer.all("x-tidegate-reason"), ["direct-response"]);
            }
        }
    }
    assert_eq!(get(&proxy, Wire::H2, "/json").all("x-a"), ["b"]);
    proxy.logged(&[
        "status=418",
        "flag=-",
        "reason=direct-response",
        "filter=directResponse#1",
    ]);
    counted(&proxy, "direct-response", 5 * 2 * 3 + 1);
}

/// An HTTP/1.1 connection goes on after an answer that no backend gave.
#[test]
fn connections_stay_in_step() {
    let origin = telling(Wire::H1);
    let rules = [
        rule("/moved", "{ redirect: { scheme: https } }"),
        rule("/text", "{ directResponse: { status: 200, body: hello } }"),
        "{ backends: [{ cluster: up }] }".to_owned(),
    ];
    let proxy = Proxy::start(&config(&origin, "", "", &rules.join(", ")));
    let mut client = proxy.connect();
    client.send(
        "GET /moved HTTP/1.1\r\nHost: a\r\n\r\n\
         POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody\
         HEAD /text HTTP/1.1\r\nHost: a\r\n\r\n\
         GET /through HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    let answers = client.finals(&["GET", "POST", "HEAD", "GET"]);
    let statuses: Vec<_> = answers.iter().map(|answer| answer.head.status()).collect();
    assert_eq!(statuses, [Some(302), Some(200), Some(200), Some(200)]);
    assert_eq!(answers[1].text(), "hello");
    assert!(answers[3].text().starts_with("GET /through\n"));
}
