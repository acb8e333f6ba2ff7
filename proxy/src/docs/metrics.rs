//! `docs/metrics.md`, from the tables that `/metrics` is rendered from.

use super::{Page, code};
use crate::telemetry::LATENCY_BOUNDS_MICROS;
use crate::telemetry::families::{self, Family, Group, Kind, Read};

const INTRODUCTION: &str = "\
What `/metrics` of the admin address says, in Prometheus' text format. Counters begin at 0 with the process and go on when \
the configuration changes; what an object has counted goes with it.

No label holds anything that a client chooses. `listener`, `route` and `cluster` are ids as `default/web`; what does not \
apply is empty. «Series» says how many there can be at most, «x» for each of them. Of more than 200 routes only those are \
shown that a request has come to.";

const BUCKETS: &str = "\
Their upper bounds, in seconds, and `+Inf`; sum and count make two more series.";

#[test]
fn metrics() {
    let mut page = Page::new("Metrics", INTRODUCTION);
    page.section("The process", "");
    families_of(&mut page, &families::BUILD, "");
    families_of(&mut page, &families::GLOBALS, "");
    page.section(
        "Requests",
        "`listener` is set for requests that no route took, `route` for all others.",
    );
    families_of(&mut page, &families::REQUESTS, "x (listeners + routes)");
    page.section(
        "Failures",
        "What each reason means is in [reasons](reasons.md). `object` is what the failure is due to, as `cluster \
         default/web`; beyond 10 000 pairs of a reason and an object they count without it.",
    );
    families_of(&mut page, &families::REFUSALS, "x (reason, object) met, at most 10 000");
    page.section("Client connections", "");
    families_of(&mut page, &families::LISTENER, "x listeners");
    families_of(&mut page, &families::LISTENER_LIMITS, "x listeners");
    page.section("Upstreams", "");
    families_of(&mut page, &families::CLUSTER, "x clusters");
    families_of(&mut page, &families::CLUSTER_LIMITS, "x clusters");
    page.section("Buckets of histograms", BUCKETS);
    let bounds = LATENCY_BOUNDS_MICROS.map(|bound| code(bound as f64 / 1e6));
    page.text.push_str(&format!("\n{}\n", bounds.join(", ")));
    page.is_in("metrics.md");
}

fn families_of<T, const LABELS: usize>(page: &mut Page, group: &Group<T, LABELS>, objects: &str) {
    page.table(
        ["name", "type", "unit", "labels", "series", "meaning"],
        group.families.iter().map(|family| row(family, &group.labels, objects)),
    );
}

fn row<T>(family: &Family<T>, labels: &[&str], objects: &str) -> [String; 6] {
    let (split, each) = match family.read {
        Read::Sum(_) | Read::Number(_) => (None, 1),
        Read::Split { label, parts } => (Some(label), parts.len()),
        Read::Histogram(_) => (Some("le"), LATENCY_BOUNDS_MICROS.len() + 3),
    };
    let labels: Vec<_> = labels.iter().copied().chain(split).map(code).collect();
    [
        code(family.name),
        family.kind.name().to_owned(),
        unit(family.name).to_owned(),
        labels.join(", "),
        format!("{each} {objects}").trim().to_owned(),
        family.help.to_owned(),
    ]
}

/// The base unit, which the name ends in.
fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    match name.rsplit('_').next() {
        Some("seconds") => "seconds",
        Some("bytes") => "bytes",
        _ => "",
    }
}

/// <https://prometheus.io/docs/practices/naming/>, as far as a name can tell.
#[test]
fn names_and_labels_keep_the_conventions() {
    fn check<T, const LABELS: usize>(group: &Group<T, LABELS>) {
        for family in group.families {
            let name = family.name;
            assert!(name.starts_with("tidegate_") || name.starts_with("process_"), "{name}");
            let is_plain = |text: &str| {
                text.bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            };
            assert!(
                is_plain(name) && group.labels.iter().all(|label| is_plain(label)),
                "{name}"
            );
            assert_eq!(name.ends_with("_total"), family.kind == Kind::Counter, "{name}");
            for other in [
                "milli", "micro", "nano", "minutes", "kilo", "mega", "_ms", "_kib", "percent", "gauge",
            ] {
                assert!(!name.contains(other), "{name} is in no base unit, or names its type");
            }
            let is_time = name.contains("duration") || name.contains("latency") || name.contains("timestamp");
            assert!(!is_time || unit(name) == "seconds", "{name} has no unit");
            for label in group.labels {
                assert!(
                    !name.split('_').any(|word| word == label),
                    "{name} repeats its label {label}"
                );
                assert!(
                    !["le", "quantile", "job", "instance"].contains(&label),
                    "{name}: {label} is taken"
                );
            }
        }
    }
    check(&families::BUILD);
    check(&families::GLOBALS);
    check(&families::REFUSALS);
    check(&families::REQUESTS);
    check(&families::LISTENER);
    check(&families::LISTENER_LIMITS);
    check(&families::CLUSTER);
    check(&families::CLUSTER_LIMITS);
}
