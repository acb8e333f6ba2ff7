//! What routing costs by the number of routes: a lookup, spread evenly over all of them, and the compilation, of all and
//! of one change.
//!
//! `cargo bench -p tidegate --bench router` prints a table of CPU time. With a case and a number of rounds it only runs
//! that, for `proxy/benches/count`, which counts instructions (of up to a thousand routes: reading more of them takes
//! callgrind minutes).

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench whose configuration is not valid has nothing to measure"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, Request, Uri};
use rustix::time::{ClockId, clock_gettime};
use tidegate::live::{Tables, compile};
use tidegate_config::{Snapshot, parse_str};

const SIZES: [usize; 4] = [10, 1_000, 10_000, 100_000];
const LOOKUPS: usize = 300_000;
const PASSES: usize = 7;

/// What tells the routes apart.
#[derive(Clone, Copy)]
enum Spread {
    Hosts,
    Prefixes,
}

impl Spread {
    fn name(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Prefixes => "prefixes",
        }
    }

    fn route(self, number: usize) -> String {
        match self {
            Self::Hosts => {
                format!("hosts: [service-{number}.example.com], rules: [{{ backends: [{{ cluster: up }}] }}]")
            }
            Self::Prefixes => format!(
                "hosts: [example.com], rules: [{{ matches: [{{ path: {{ prefix: /api/service-{number}/v1 }} }}], \
                 backends: [{{ cluster: up }}] }}]"
            ),
        }
    }

    /// So many routes, of which one may be `changed` to lead elsewhere.
    fn snapshot(self, routes: usize, changed: Option<usize>) -> Arc<Snapshot> {
        let mut text = String::from("listeners: { web: { address: 127.0.0.1:1 } }\nroutes:\n");
        for number in 0..routes {
            let mut route = self.route(number);
            if changed == Some(number) {
                route = route.replace("cluster: up", "cluster: other");
            }
            writeln!(text, "  route-{number}: {{ listeners: [web], {route} }}").expect("a String takes everything");
        }
        text += "clusters:\n  up: { endpoints: [{ address: 127.0.0.1:1 }] }\n  other: { endpoints: [{ address: 127.0.0.1:2 }] }\n";
        let loaded = parse_str("bench.yaml", &text);
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics.first());
        Arc::new(loaded.snapshot)
    }

    /// What sets a request apart for each route, in an order that no cache foresees.
    fn requests(self, routes: usize) -> Vec<(HeaderValue, Uri)> {
        let mut random = fastrand::Rng::with_seed(1);
        let mut numbers: Vec<usize> = (0..routes).collect();
        random.shuffle(&mut numbers);
        let request = |number: usize| match self {
            Self::Hosts => (format!("service-{number}.example.com:8080"), "/index.html".to_owned()),
            Self::Prefixes => (
                "example.com:8080".to_owned(),
                format!("/api/service-{number}/v1/items/17"),
            ),
        };
        let requests = numbers.into_iter().map(request).map(|(host, path)| {
            let host = HeaderValue::try_from(host).expect("a host");
            let path = Uri::try_from(path).expect("a path");
            // Their first clones allocate, and are none of what is measured.
            drop((host.clone(), path.clone()));
            (host, path)
        });
        requests.collect()
    }
}

struct Bench {
    tables: Tables,
    requests: Vec<(HeaderValue, Uri)>,
    head: Parts,
}

impl Bench {
    fn new(spread: Spread, snapshot: &Arc<Snapshot>, routes: usize) -> Self {
        let request = Request::get("/")
            .header("user-agent", "curl/8.5.0")
            .header("accept", "*/*");
        let mut head = request.body(()).expect("a request").into_parts().0;
        head.headers.insert(HOST, HeaderValue::from_static("a"));
        Self {
            tables: compile(snapshot, None, 1, 1).tables,
            requests: spread.requests(routes),
            head,
        }
    }

    /// Sets the head for each request, and looks it up if `find` says so.
    fn run(&mut self, rounds: usize, find: bool) {
        let (listener, _) = self.tables.listeners.first().expect("a listener");
        for (host, uri) in self.requests.iter().cycle().take(rounds) {
            self.head.headers.insert(HOST, host.clone());
            self.head.uri = uri.clone();
            let head = black_box(&self.head);
            if find {
                let rule = self.tables.find(listener, head);
                assert!(black_box(rule).is_some());
            }
        }
    }

    /// Nanoseconds of one lookup: the least of several passes, since whatever else runs on the machine only adds.
    fn cost(&mut self) -> u128 {
        let mut least = |find| {
            let passes = (0..PASSES).map(|_| cpu(|| self.run(LOOKUPS, find)).0);
            passes.min().unwrap_or_default()
        };
        let (with, without) = (least(true), least(false));
        with.saturating_sub(without).as_nanos() / LOOKUPS as u128
    }
}

/// The CPU time that this thread takes for something.
fn cpu<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
    };
    let before = now();
    let result = black_box(work());
    (now().saturating_sub(before), result)
}

fn row(spread: Spread, routes: usize) {
    let snapshot = spread.snapshot(routes, None);
    let changed = spread.snapshot(routes, Some(routes / 2));
    let (whole, compiled) = cpu(|| compile(&snapshot, None, 1, 2));
    // As after everything was read again: no object is the same in memory.
    let (change, again) = cpu(|| compile(&changed, Some(&compiled.tables), 2, 2));
    assert_eq!((compiled.objects, again.objects), (routes + 3, 1));
    let (free, ()) = cpu(|| drop(compiled));
    let lookup = Bench::new(spread, &snapshot, routes).cost();
    let name = spread.name();
    println!("{name:<9} {routes:>7} {lookup:>7} ns {whole:>12.1?} {change:>12.1?} {free:>12.1?}");
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(case) = arguments.next() else {
        println!(
            "{:<9} {:>7} {:>10} {:>12} {:>12} {:>12}",
            "spread", "routes", "a lookup", "compile all", "one change", "free old"
        );
        for spread in [Spread::Hosts, Spread::Prefixes] {
            for routes in SIZES {
                row(spread, routes);
            }
        }
        return;
    };
    let rounds = arguments
        .next()
        .map_or(1, |rounds| rounds.parse().expect("a number of rounds"));
    let (spread, routes) = match case.as_str() {
        "hosts-10" => (Spread::Hosts, 10),
        "hosts-1000" => (Spread::Hosts, 1_000),
        "prefixes-10" => (Spread::Prefixes, 10),
        "prefixes-1000" => (Spread::Prefixes, 1_000),
        _ => panic!("there is no case {case}"),
    };
    Bench::new(spread, &spread.snapshot(routes, None), routes).run(rounds, true);
}
