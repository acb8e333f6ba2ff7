use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::*;
use crate::exchange;
use crate::live::{Route, compile};
use crate::telemetry::AccessLogs;
use crate::worker::{PerWorker, WorkerId};

const WORKERS: usize = 2;

fn route(id: &str) -> Arc<Route> {
    Arc::new(Route {
        id: id.into(),
        stats: PerWorker::new(WORKERS),
    })
}

fn process(routes: Vec<Arc<Route>>) -> Process {
    let process = Process::new(WORKERS, 50_000, AccessLogs::default());
    process.tables.store(Arc::new(Tables {
        generation: 7,
        routes,
        ..Tables::default()
    }));
    process
}

/// What a scraper makes of the text: families in order, each with its samples by name and labels.
#[derive(Debug, Default)]
struct Scrape {
    types: HashMap<String, String>,
    samples: BTreeMap<String, f64>,
}

impl Scrape {
    /// Panics where the format is broken.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut scrape = Self::default();
        let mut helped = HashSet::new();
        let mut family = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(helped.insert(name.to_owned()), "HELP of {name} twice");
                assert!(help.ends_with('.'), "HELP of {name} is no sentence: {help}");
                family = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, family, "TYPE does not follow its HELP");
                assert!(
                    scrape.types.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "TYPE of {name} twice"
                );
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let name = series.split('{').next().unwrap();
                let suffix = name
                    .strip_prefix(&family)
                    .unwrap_or_else(|| panic!("{line} stands under {family}"));
                match scrape.types[&family].as_str() {
                    "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{line}"),
                    "counter" => assert!(suffix.is_empty() && name.ends_with("_total"), "{line}"),
                    _ => assert!(suffix.is_empty() && !name.ends_with("_total"), "{line}"),
                }
                let value = value.parse().unwrap();
                assert!(
                    scrape.samples.insert(series.to_owned(), value).is_none(),
                    "{series} twice"
                );
            }
        }
        assert_eq!(helped.len(), scrape.types.len());
        scrape
    }

    fn value(&self, series: &str) -> f64 {
        *self.samples.get(series).unwrap_or_else(|| panic!("no {series}"))
    }
}

#[test]
fn counts_of_all_workers_are_summed_and_families_are_well_formed() {
    let reviews = route("default/reviews");
    for worker in 0..WORKERS {
        let stats = reviews.stats.on(WorkerId(worker));
        stats.finished(Some(StatusCode::OK), Duration::from_millis(4));
        stats.finished(Some(StatusCode::BAD_GATEWAY), Duration::from_secs(31));
        stats.finished(None, Duration::from_micros(10));
        stats.response_bytes.add(1000);
    }
    reviews.stats.on(WorkerId(0)).active.rise();
    reviews.stats.on(WorkerId(0)).active.rise();
    reviews.stats.on(WorkerId(1)).active.fall();
    let process = process(vec![reviews, route("other/idle")]);
    for worker in 0..WORKERS {
        let refusals = process.refusals.on(WorkerId(worker));
        refusals.count(exchange::Kind::NoRoute, exchange::Object::listener("default/web"));
    }
    process.set_readiness(crate::live::Readiness::Ready);

    let scrape = Scrape::parse(&render(&process));
    let of =
        |name: &str, labels: &str| scrape.value(&format!("{name}{{listener=\"\",route=\"default/reviews\"{labels}}}"));
    assert_eq!(of("tidegate_requests_total", ",class=\"2xx\""), 2.0);
    assert_eq!(of("tidegate_requests_total", ",class=\"5xx\""), 2.0);
    assert_eq!(of("tidegate_requests_total", ",class=\"cancelled\""), 2.0);
    assert_eq!(of("tidegate_requests_total", ",class=\"4xx\""), 0.0);
    assert_eq!(of("tidegate_requests_active", ""), 1.0);
    assert_eq!(of("tidegate_response_body_bytes_total", ""), 2000.0);
    assert_eq!(of("tidegate_request_duration_seconds_sum", ""), 62.00802);
    assert_eq!(
        scrape.value("tidegate_refusals_total{flag=\"NR\",reason=\"no-route\",object=\"listener default/web\"}"),
        2.0
    );
    assert_eq!(scrape.value("tidegate_config_generation"), 7.0);
    assert_eq!(scrape.value("tidegate_ready"), 1.0);
    assert_eq!(scrape.value("tidegate_workers"), 2.0);
    assert_eq!(
        scrape.value(concat!(
            "tidegate_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"}"
        )),
        1.0
    );
    assert!(scrape.value("process_resident_memory_bytes") > 0.0);
}

#[test]
fn histograms_are_cumulative_and_end_in_their_count() {
    let reviews = route("default/reviews");
    for micros in [1, 250, 251, 9_999, 10_000_000, 30_000_001, u64::MAX / 2] {
        reviews
            .stats
            .on(WorkerId(0))
            .latency
            .record(Duration::from_micros(micros));
    }
    let text = render(&process(vec![reviews]));
    Scrape::parse(&text);
    let prefix = "tidegate_request_duration_seconds_bucket{listener=\"\",route=\"default/reviews\",le=\"";
    let buckets: Vec<(f64, u64)> = text
        .lines()
        .filter_map(|line| line.strip_prefix(prefix)?.split_once("\"} "))
        .map(|(bound, count)| (bound.parse().unwrap(), count.parse().unwrap()))
        .collect();
    assert_eq!(buckets.len(), LATENCY_BOUNDS_MICROS.len() + 1);
    assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{buckets:?}");
    assert_eq!(buckets[0], (0.00025, 2));
    assert_eq!(buckets[1], (0.0005, 3));
    assert_eq!(buckets.last(), Some(&(f64::INFINITY, 7)));
    let count = "tidegate_request_duration_seconds_count{listener=\"\",route=\"default/reviews\"} 7\n";
    assert!(text.contains(count));
}

#[test]
fn listeners_and_clusters_of_the_configuration_have_their_own() {
    let yaml = "listeners: { web: { address: 127.0.0.1:0 } }\nclusters: { a: { endpoints: [{ address: 127.0.0.1:1 }] } }\n\
                routes: { r: { listeners: [web], rules: [{ backends: [{ cluster: a }] }] } }\n";
    let loaded = tidegate_config::parse_str("test.yaml", yaml);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let tables = compile(&Arc::new(loaded.snapshot), None, 1, WORKERS).tables;
    for worker in 0..WORKERS {
        let listener = tables.listeners[0].0.stats.on(WorkerId(worker));
        listener.accepted.inc();
        listener
            .unrouted
            .finished(Some(StatusCode::NOT_FOUND), Duration::from_millis(1));
        let cluster = tables.clusters[0].stats.on(WorkerId(worker));
        cluster.connects.inc();
        cluster.latency.record(Duration::from_millis(2));
    }
    let _taken = Arc::clone(&tables.clusters[0].connections).try_acquire_owned().unwrap();
    let process = Process::new(WORKERS, 50_000, AccessLogs::default());
    process.tables.store(Arc::new(tables));

    let scrape = Scrape::parse(&render(&process));
    let unrouted = "tidegate_requests_total{listener=\"default/web\",route=\"\",class=\"4xx\"}";
    assert_eq!(scrape.value(unrouted), 2.0);
    assert_eq!(
        scrape.value("tidegate_requests_total{listener=\"\",route=\"default/r\",class=\"4xx\"}"),
        0.0
    );
    assert_eq!(
        scrape.value("tidegate_downstream_connections_accepted_total{listener=\"default/web\"}"),
        2.0
    );
    assert_eq!(
        scrape.value("tidegate_downstream_connections_limit{listener=\"default/web\"}"),
        10_000.0
    );
    assert_eq!(
        scrape.value("tidegate_upstream_connects_total{cluster=\"default/a\"}"),
        2.0
    );
    assert_eq!(
        scrape.value("tidegate_upstream_latency_seconds_sum{cluster=\"default/a\"}"),
        0.004
    );
    assert_eq!(
        scrape.value("tidegate_upstream_connections_available{cluster=\"default/a\"}"),
        1023.0
    );
}

#[test]
fn label_values_are_escaped() {
    let text = render(&process(vec![route("a\"b\\c\nd")]));
    assert!(
        text.contains("tidegate_requests_active{listener=\"\",route=\"a\\\"b\\\\c\\nd\"} 0\n"),
        "{text}"
    );
    Scrape::parse(&text);
}

#[test]
fn a_gauge_that_was_read_halfway_is_not_negative() {
    let reviews = route("default/reviews");
    reviews.stats.on(WorkerId(1)).active.fall();
    let scrape = Scrape::parse(&render(&process(vec![reviews])));
    assert_eq!(
        scrape.value("tidegate_requests_active{listener=\"\",route=\"default/reviews\"}"),
        0.0
    );
}

/// Every name once over all tables, so that no two objects claim a family.
#[test]
fn every_family_of_the_tables_is_there_exactly_once() {
    fn names<T, const LABELS: usize>(group: &Group<T, LABELS>) -> impl Iterator<Item = (&'static str, Kind)> {
        group.families.iter().map(|family| (family.name, family.kind))
    }
    let all: Vec<_> = names(&families::BUILD)
        .chain(names(&families::GLOBALS))
        .chain(names(&families::REFUSALS))
        .chain(names(&families::ACCESS_LOGS))
        .chain(names(&families::REQUESTS))
        .chain(names(&families::LISTENER))
        .chain(names(&families::LISTENER_LIMITS))
        .chain(names(&families::CLUSTER))
        .chain(names(&families::CLUSTER_LIMITS))
        .collect();
    let scrape = Scrape::parse(&render(&process(Vec::new())));
    assert_eq!(scrape.types.len(), all.len());
    for (name, kind) in all {
        assert_eq!(scrape.types[name], kind.name());
    }
}

#[test]
fn of_very_many_routes_those_are_shown_that_requests_have_come_to() {
    let routes: String = (0..=ALL_SHOWN)
        .map(|n| format!("  r{n}: {{ listeners: [web], rules: [{{ backends: [{{ cluster: a }}] }}] }}\n"))
        .collect();
    let yaml = format!(
        "listeners: {{ web: {{ address: 127.0.0.1:0 }} }}\nclusters: {{ a: {{ endpoints: [{{ address: 127.0.0.1:1 }}] }} }}\n\
         routes:\n{routes}"
    );
    let loaded = tidegate_config::parse_str("test.yaml", &yaml);
    let tables = compile(&Arc::new(loaded.snapshot), None, 1, WORKERS).tables;
    let used = &tables.routes[3];
    used.stats.on(WorkerId(1)).active.rise();
    let (used, unused) = (used.id.to_string(), tables.routes[4].id.to_string());
    let process = Process::new(WORKERS, 50_000, AccessLogs::default());
    process.tables.store(Arc::new(tables));
    let text = render(&process);
    assert!(text.contains(&format!("route=\"{used}\"")));
    assert!(!text.contains(&format!("route=\"{unused}\"")));
}
