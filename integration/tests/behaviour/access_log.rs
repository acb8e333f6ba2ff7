//! Access logs: what is in a line, which requests get one, and that no request waits for a log or fails because of it.

mod trouble;

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tidegate_integration::harness::{Folder, Proxy, Raw, Recorder, Signal, until};

/// A listener with this access log, on which `/slow` takes 600 ms and statuses are asked for by path.
fn gateway(listeners: &str, upstream: SocketAddr) -> String {
    let names: Vec<_> = listeners
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(name, _)| name)
        .collect();
    format!(
        "listeners:\n{listeners}\
routes:
  all:
    listeners: [{}]
    rules:
      - {{ name: everything, backends: [{{ cluster: up }}] }}
      - {{ name: busy, matches: [{{ path: {{ prefix: /busy }} }}], filters: [{{ directResponse: {{ status: 503 }} }}] }}
      - {{ name: tea, matches: [{{ path: {{ prefix: /tea }} }}], filters: [{{ directResponse: {{ status: 418 }} }}] }}
clusters:
  up: {{ endpoints: [{{ address: {upstream} }}] }}
",
        names.join(", ")
    )
}

fn listener(name: &str, log: &str) -> String {
    format!("  {name}: {{ address: 127.0.0.1:0, accessLog: {log} }}\n")
}

fn upstream() -> Recorder {
    Recorder::start(|conn| {
        while let Some(request) = conn.request() {
            if request.head.target().starts_with("/slow") {
                thread::sleep(Duration::from_millis(600));
            }
            conn.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        }
    })
}

fn start(folder: &Folder) -> Proxy {
    Proxy::on(&folder.path("gateway.yaml"), &["--workers", "2"])
}

/// The lines of a file, once there are so many.
fn lines(folder: &Folder, name: &str, count: usize) -> Vec<String> {
    let read = || fs::read_to_string(folder.path(name)).unwrap_or_default();
    until(&format!("{count} lines in {name}, where there is {:?}", read()), || {
        let text = read();
        (text.ends_with('\n') && text.lines().count() >= count).then(|| text.lines().map(ToOwned::to_owned).collect())
    })
}

fn status(client: &mut Raw, path: &str) -> Option<u16> {
    client.get(path).head.status()
}

#[test]
fn each_format_says_what_became_of_a_request() {
    let upstream = upstream();
    let listeners = [
        listener(
            "text",
            "{ to: text.log, fields: [method, target, status, rule, flag, object] }",
        ),
        listener("json", "{ to: json.log, format: json }"),
        listener("combined", "{ to: logs/combined.log, format: combined }"),
        listener(
            "own",
            "{ to: own.log, pattern: '%{client}|%{host}|%{request}|%{user_agent}|%{bytes_out}' }",
        ),
    ];
    let folder = Folder::with(&[
        ("gateway.yaml", gateway(&listeners.concat(), upstream.address)),
        ("logs/kept", String::new()),
    ]);
    let proxy = start(&folder);
    for name in ["text", "json", "combined", "own"] {
        let mut client = Raw::connect(proxy.listener(name));
        let request =
            "GET /a?b=%22 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: \"caf\u{e9}\" \\x\r\nReferer: /r\r\n\r\n";
        assert_eq!(client.ask("GET", request).head.status(), Some(200));
        assert_eq!(
            client
                .ask("GET", "GET /nul\0 HTTP/1.1\r\nHost: x\r\n\r\n")
                .head
                .status(),
            Some(400)
        );
    }

    let text = lines(&folder, "text.log", 2);
    assert_eq!(
        text[0],
        "method=GET target=\"/a?b=%22\" status=200 rule=everything flag=- object=-"
    );
    assert_eq!(
        text[1],
        "method=- target=- status=400 rule=- flag=DPE object=\"listener default/text\""
    );

    let json = lines(&folder, "json.log", 2);
    let found: Value = serde_json::from_str(&json[0]).unwrap();
    for (field, value) in [
        ("method", Value::from("GET")),
        ("host", "shop.example".into()),
        ("target", "/a?b=%22".into()),
        ("protocol", "HTTP/1.1".into()),
        ("status", 200.into()),
        ("flag", Value::Null),
        ("listener", "default/json".into()),
        ("route", "default/all".into()),
        ("rule", "everything".into()),
        ("cluster", "default/up".into()),
        ("endpoint", upstream.address.to_string().into()),
        ("bytes_out", 5.into()),
        ("tries", 1.into()),
    ] {
        assert_eq!(found[field], value, "{field}");
    }
    let millis = |field: &str| found[field].as_f64().unwrap();
    let parts = millis("connect_ms") + millis("upstream_ms") + millis("response_ms");
    assert!((parts - millis("ms")).abs() < 0.01, "{found}");
    let found: Value = serde_json::from_str(&json[1]).unwrap();
    assert_eq!((&found["method"], &found["flag"]), (&Value::Null, &Value::from("DPE")));

    let combined = lines(&folder, "logs/combined.log", 2);
    let (before, after) = combined[0].split_once(" +0000] ").unwrap();
    assert!(before.starts_with("127.0.0.1 - - ["), "{before}");
    assert_eq!(
        after,
        r#""GET /a?b=%22 HTTP/1.1" 200 5 "/r" "\x22caf\xC3\xA9\x22 \x5Cx""#
    );
    assert!(combined[1].contains(" +0000] \"-\" 400 "), "{}", combined[1]);

    let own = lines(&folder, "own.log", 2);
    assert_eq!(
        own[0],
        r"127.0.0.1|shop.example|GET /a?b=%22 HTTP/1.1|\x22caf\xC3\xA9\x22 \x5Cx|5"
    );
}

#[test]
fn only_what_is_asked_for_gets_a_line() {
    let upstream = upstream();
    let log = |name, only| listener(name, &format!("{{ to: {name}.log, fields: [target], only: {only} }}"));
    let listeners = [
        log("teapots", "{ statuses: [418] }"),
        log("failures", "{ sample: 0% }"),
        log("slow", "{ slowerThan: 500ms }"),
        log("half", "{ sample: 50% }"),
    ];
    let folder = Folder::with(&[("gateway.yaml", gateway(&listeners.concat(), upstream.address))]);
    let proxy = start(&folder);
    for name in ["teapots", "failures", "slow"] {
        let mut client = Raw::connect(proxy.listener(name));
        for path in [
            "/fine",
            "/tea",
            "/busy",
            "/slow",
            "/last/busy",
            "/tea/last",
            "/busy/last",
        ] {
            client.get(path);
        }
    }
    assert_eq!(lines(&folder, "teapots.log", 2), ["target=/tea", "target=/tea/last"]);
    assert_eq!(lines(&folder, "failures.log", 2), ["target=/busy", "target=/busy/last"]);
    assert_eq!(
        lines(&folder, "slow.log", 3),
        ["target=/busy", "target=/slow", "target=/busy/last"]
    );
    let mut client = Raw::connect(proxy.listener("half"));
    (0..400).for_each(|_| assert_eq!(status(&mut client, "/"), Some(200)));
    client.get("/busy");
    let drawn = until("the last line", || {
        let lines = lines(&folder, "half.log", 1);
        (lines.last()? == "target=/busy").then_some(lines.len() - 1)
    });
    // Six times the standard deviation on either side.
    assert!((140..=260).contains(&drawn), "{drawn} of 400");
}

#[test]
fn a_change_holds_for_the_next_request_and_loses_no_line() {
    let upstream = upstream();
    let config = |log: &str| gateway(&format!("  web: {{ address: 127.0.0.1:0{log} }}\n"), upstream.address);
    let folder = Folder::with(&[(
        "gateway.yaml",
        config(", accessLog: { to: a.log, pattern: 'a %{target}' }"),
    )]);
    let usual = folder.path("usual.log");
    let usual = usual.to_str().unwrap();
    let path = folder.path("gateway.yaml");
    let proxy = Proxy::on(
        &path,
        &["--access-log", usual, "--access-log-format", "usual %{target}"],
    );
    let mut client = Raw::connect(proxy.listener("web"));
    let mut sent = 0;
    let mut ask = || {
        sent += 1;
        assert_eq!(status(&mut client, &format!("/{sent}")), Some(200));
    };
    ask();
    for log in [
        ", accessLog: { to: b.log, pattern: 'b %{target}' }",
        ", accessLog: { to: a.log, pattern: 'again %{target}' }",
        ", accessLog: { to: none }",
        "",
    ] {
        let generation = proxy.metric("tidegate_config_applied_generation").unwrap();
        folder.write("gateway.yaml", config(log));
        until("the change", || {
            // On the same connection all the time.
            ask();
            (proxy.metric("tidegate_config_applied_generation")? > generation).then_some(())
        });
        ask();
    }
    let all = until("the first and the last line of all", || {
        let read = |file| fs::read_to_string(folder.path(file)).unwrap_or_default();
        let text = ["a.log", "b.log", "usual.log"].map(read).concat();
        let has = |begin: &str| text.lines().any(|line| line.starts_with(begin));
        let begun = ["a /1", "b /", "again /", "usual /"].into_iter().all(has);
        (begun && text.contains(&format!("/{sent}\n"))).then_some(text)
    });
    let numbers: Vec<usize> = all
        .lines()
        .map(|line| line.rsplit('/').next().unwrap().parse().unwrap())
        .collect();
    let missing: Vec<_> = (1..=sent).filter(|number| !numbers.contains(number)).collect();
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), numbers.len(), "no line stands twice");
    // Those of the time without a log are one stretch.
    let stretch = missing.last().map_or(0, |last| last - missing[0] + 1);
    assert!(!missing.is_empty() && stretch == missing.len(), "{missing:?}");
}

#[test]
fn renamed_files_are_made_anew_on_sigusr1_and_no_line_is_lost() {
    let upstream = upstream();
    let log = listener("web", "{ to: access.log, pattern: '%{target}' }");
    let folder = Folder::with(&[("gateway.yaml", gateway(&log, upstream.address))]);
    let proxy = start(&folder);
    let mut client = Raw::connect(proxy.listener("web"));
    let mut sent = 0;
    for turn in 0..3 {
        for _ in 0..50 {
            sent += 1;
            assert_eq!(status(&mut client, &format!("/{sent}")), Some(200));
        }
        fs::rename(folder.path("access.log"), folder.path(&format!("access.log.{turn}"))).unwrap();
        proxy.signal(Signal::Usr1);
        until("a new file", || {
            sent += 1;
            assert_eq!(status(&mut client, &format!("/{sent}")), Some(200));
            folder.path("access.log").exists().then_some(())
        });
    }
    let all = until("all lines", || {
        let names = ["access.log.0", "access.log.1", "access.log.2", "access.log"];
        let text = names
            .map(|name| fs::read_to_string(folder.path(name)).unwrap())
            .concat();
        (text.lines().count() == sent).then_some(text)
    });
    let expected: String = (1..=sent).map(|number| format!("/{number}\n")).collect();
    assert_eq!(all, expected);
}

#[test]
fn start_up_tells_people_what_there_is() {
    let upstream = upstream();
    let log = listener("web", "{ to: access.log }");
    let bad = "  broken: { endpoints: [{ address: nowhere }] }\n";
    let folder = Folder::with(&[("gateway.yaml", gateway(&log, upstream.address) + bad)]);
    let proxy = start(&folder);
    let said = until("the end of what it says", || {
        let logs = proxy.logs();
        logs.contains("  admin  http://").then_some(logs)
    });
    let (web, admin) = (proxy.listener("web"), proxy.admin());
    for line in [
        &format!("tidegate {} serves ", env!("CARGO_PKG_VERSION")),
        " on 2 workers:",
        &format!("  listener default/web  {web}"),
        "  1 route, 1 cluster",
        "  set aside: cluster default/broken, ",
        "`nowhere` is not an address (TG0204)",
        &format!("  access log  {}", folder.path("access.log").display()),
        &format!("  admin  http://{admin}/"),
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let quiet = Proxy::on(&folder.path("gateway.yaml"), &["--log", "warn"]);
    until("the quiet one's quarantine", || {
        quiet.logs().contains("quarantined").then_some(())
    });
    assert!(!quiet.logs().contains("  admin  "), "{}", quiet.logs());
}
