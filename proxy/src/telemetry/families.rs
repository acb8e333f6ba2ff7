//! The metrics there are: name, type, help, labels and where each value comes from, in one table for each kind of object.
//!
//! `/metrics` and `docs/metrics.md` are rendered from these tables alone, so a metric that is not here does not exist. Names
//! follow the Prometheus conventions: base units, `_total` on counters.

use super::system::System;
use super::{ClusterStats, Histogram, ListenerStats, RouteStats};
use crate::live::{Cluster, Listener};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Families that have the same labels and are of the same objects.
#[derive(Debug)]
pub(crate) struct Group<T: 'static, const LABELS: usize> {
    pub(crate) labels: [&'static str; LABELS],
    pub(crate) families: &'static [Family<T>],
}

/// One family of metrics; its values are read from `T`s.
#[derive(Debug)]
pub(crate) struct Family<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    pub(crate) read: Read<T>,
}

#[derive(Debug)]
pub(crate) enum Read<T: 'static> {
    /// A whole number, summed over the cells of an object.
    Sum(fn(&T) -> u64),
    /// Whole numbers told apart by one more label.
    Split {
        label: &'static str,
        parts: &'static [Part<T>],
    },
    /// A number that is not a sum and may be unknown.
    Number(fn(&T) -> Option<f64>),
    Histogram(fn(&T) -> &Histogram),
}

/// A value of the label and what is counted under it.
type Part<T> = (&'static str, fn(&T) -> u64);

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

const fn counter<T>(name: &'static str, help: &'static str, read: fn(&T) -> u64) -> Family<T> {
    Family {
        name,
        kind: Kind::Counter,
        help,
        read: Read::Sum(read),
    }
}

const fn gauge<T>(name: &'static str, help: &'static str, read: fn(&T) -> u64) -> Family<T> {
    Family {
        name,
        kind: Kind::Gauge,
        help,
        read: Read::Sum(read),
    }
}

const fn number<T>(name: &'static str, kind: Kind, help: &'static str, read: fn(&T) -> Option<f64>) -> Family<T> {
    Family {
        name,
        kind,
        help,
        read: Read::Number(read),
    }
}

const fn histogram<T>(name: &'static str, help: &'static str, read: fn(&T) -> &Histogram) -> Family<T> {
    Family {
        name,
        kind: Kind::Histogram,
        help,
        read: Read::Histogram(read),
    }
}

/// Values of the process that belong to no object.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    pub(super) generation: u64,
    pub(super) applied: u64,
    pub(super) config_since: Option<f64>,
    pub(super) quarantined: u64,
    pub(super) compiled: u64,
    pub(super) reloads: [u64; 4],
    pub(super) ready: bool,
    pub(super) workers: u64,
    pub(super) connections: u64,
    pub(super) max_connections: u64,
    pub(super) system: System,
}

pub(crate) const BUILD: Group<(), 1> = Group {
    labels: ["version"],
    families: &[gauge("tidegate_build_info", "The version that runs; always 1.", |()| 1)],
};

pub(crate) const GLOBALS: Group<Globals, 0> = Group {
    labels: [],
    families: &[
        gauge(
            "tidegate_config_generation",
            "The generation of the configuration that serves.",
            |all| all.generation,
        ),
        gauge(
            "tidegate_config_applied_generation",
            "The generation of the configuration that every worker serves by, or a later one.",
            |all| all.applied,
        ),
        number(
            "tidegate_config_timestamp_seconds",
            Kind::Gauge,
            "When the configuration that serves came, since unix epoch in seconds.",
            |all| all.config_since,
        ),
        Family {
            name: "tidegate_config_reloads_total",
            kind: Kind::Counter,
            help: "Looks at the configuration: it serves whole (applied) or without what was set aside (partial), \
               nothing was different (unchanged), or it cannot be read at all (failed).",
            read: Read::Split {
                label: "result",
                parts: &[
                    ("applied", |all| all.reloads[0]),
                    ("partial", |all| all.reloads[1]),
                    ("unchanged", |all| all.reloads[2]),
                    ("failed", |all| all.reloads[3]),
                ],
            },
        },
        gauge(
            "tidegate_objects_quarantined",
            "Configuration objects of which the newest version is set aside.",
            |all| all.quarantined,
        ),
        counter(
            "tidegate_objects_compiled_total",
            "Configuration objects that were compiled because they were new or changed.",
            |all| all.compiled,
        ),
        gauge(
            "tidegate_ready",
            "1 while new traffic is welcome, 0 before start-up is done and while draining.",
            |all| u64::from(all.ready),
        ),
        gauge("tidegate_workers", "Worker threads.", |all| all.workers),
        gauge(
            "tidegate_connections",
            "Open downstream connections of all listeners.",
            |all| all.connections,
        ),
        gauge(
            "tidegate_connections_limit",
            "Downstream connections that may be open at the same time.",
            |all| all.max_connections,
        ),
        number(
            "process_cpu_seconds_total",
            Kind::Counter,
            "User and system CPU time spent in seconds.",
            |all| all.system.cpu_seconds,
        ),
        number(
            "process_resident_memory_bytes",
            Kind::Gauge,
            "Resident memory size in bytes.",
            |all| all.system.resident_bytes,
        ),
        number(
            "process_virtual_memory_bytes",
            Kind::Gauge,
            "Virtual memory size in bytes.",
            |all| all.system.virtual_bytes,
        ),
        number(
            "process_open_fds",
            Kind::Gauge,
            "Number of open file descriptors.",
            |all| all.system.open_fds,
        ),
        number(
            "process_max_fds",
            Kind::Gauge,
            "Maximum number of open file descriptors.",
            |all| all.system.max_fds,
        ),
        number("process_threads", Kind::Gauge, "Number of threads.", |all| {
            all.system.threads
        }),
        number(
            "process_start_time_seconds",
            Kind::Gauge,
            "Start time of the process since unix epoch in seconds.",
            |all| all.system.start_seconds,
        ),
    ],
};

/// `to` is a path, or `stdout`.
pub(crate) const ACCESS_LOGS: Group<u64, 1> = Group {
    labels: ["to"],
    families: &[counter(
        "tidegate_access_log_lost_lines_total",
        "Access log lines lost because they could not be written, or not fast enough.",
        |lines| *lines,
    )],
};

pub(crate) const REFUSALS: Group<u64, 3> = Group {
    labels: ["flag", "reason", "object"],
    families: &[counter(
        "tidegate_refusals_total",
        "Requests and connections that failed, by response flag, reason and the object that it is due to.",
        |count| *count,
    )],
};

/// `listener` is set for requests that no route took, `route` for all others.
pub(crate) const REQUESTS: Group<RouteStats, 2> = Group {
    labels: ["listener", "route"],
    families: &[
        Family {
            name: "tidegate_requests_total",
            kind: Kind::Counter,
            help: "Finished requests by class of the status sent; cancelled: they ended before one was.",
            read: Read::Split {
                label: "class",
                parts: &[
                    ("1xx", |route| route.classes[0].value()),
                    ("2xx", |route| route.classes[1].value()),
                    ("3xx", |route| route.classes[2].value()),
                    ("4xx", |route| route.classes[3].value()),
                    ("5xx", |route| route.classes[4].value()),
                    ("cancelled", |route| route.cancelled.value()),
                ],
            },
        },
        Family {
            name: "tidegate_filter_answers_total",
            kind: Kind::Counter,
            help: "Requests that a filter answered, by the reason that access log and answer name.",
            read: Read::Split {
                label: "reason",
                parts: &[
                    ("rate-limited", |route| route.filtered.rate_limited.value()),
                    ("redirect", |route| route.filtered.redirected.value()),
                    ("direct-response", |route| route.filtered.answered.value()),
                    ("invalid-rewrite", |route| route.filtered.invalid_rewrite.value()),
                ],
            },
        },
        gauge("tidegate_requests_active", "Requests being served.", |route| {
            route.active.value()
        }),
        histogram(
            "tidegate_request_duration_seconds",
            "From the request's parsed head to the last byte of the answer handed to the kernel.",
            |route| &route.latency,
        ),
        counter(
            "tidegate_request_body_bytes_total",
            "Bytes of request bodies received, and of what clients sent through tunnels.",
            |route| route.request_bytes.value(),
        ),
        counter(
            "tidegate_response_body_bytes_total",
            "Bytes of answers' bodies sent, and of what came back through tunnels.",
            |route| route.response_bytes.value(),
        ),
    ],
};

pub(crate) const LISTENER: Group<ListenerStats, 1> = Group {
    labels: ["listener"],
    families: &[
        gauge(
            "tidegate_downstream_connections",
            "Open downstream connections.",
            |listener| listener.active.value(),
        ),
        counter(
            "tidegate_downstream_connections_accepted_total",
            "Downstream connections accepted.",
            |listener| listener.accepted.value(),
        ),
        counter(
            "tidegate_downstream_connections_dealt_total",
            "Downstream connections accepted by one worker and served by a less loaded one.",
            |listener| listener.dealt.value(),
        ),
        counter(
            "tidegate_downstream_http2_connections_total",
            "Downstream connections that spoke HTTP/2.",
            |listener| listener.http2_connections.value(),
        ),
        counter(
            "tidegate_downstream_requests_total",
            "Finished requests of a listener, whatever became of them.",
            |listener| listener.requests.value(),
        ),
    ],
};
pub(crate) const LISTENER_LIMITS: Group<Listener, 1> = Group {
    labels: ["listener"],
    families: &[gauge(
        "tidegate_downstream_connections_limit",
        "Downstream connections that a listener may have open.",
        |listener| listener.max_connections as u64,
    )],
};

pub(crate) const CLUSTER: Group<ClusterStats, 1> = Group {
    labels: ["cluster"],
    families: &[
        counter(
            "tidegate_upstream_requests_total",
            "Requests handed to a cluster; one that is sent again counts once.",
            |cluster| cluster.requests.value(),
        ),
        gauge(
            "tidegate_upstream_requests_active",
            "Requests handed to a cluster that are not over, those that wait for a connection among them.",
            |cluster| cluster.active.value(),
        ),
        gauge(
            "tidegate_upstream_requests_pending",
            "Requests that wait for an upstream connection.",
            |cluster| cluster.pending.value(),
        ),
        counter(
            "tidegate_upstream_requests_resent_total",
            "Times that a request was sent again, because a reused connection turned out closed or the upstream had not taken it (GOAWAY, REFUSED_STREAM).",
            |cluster| cluster.resent.value(),
        ),
        counter(
            "tidegate_upstream_requests_overflow_total",
            "Requests refused because the cluster's connection or pending limit was used up.",
            |cluster| cluster.overflows.value(),
        ),
        counter(
            "tidegate_upstream_connects_total",
            "Upstream connections attempted.",
            |cluster| cluster.connects.value(),
        ),
        counter(
            "tidegate_upstream_connect_failures_total",
            "Upstream connections that failed or timed out before they were established.",
            |cluster| cluster.connect_failures.value(),
        ),
        gauge(
            "tidegate_upstream_connections",
            "Open upstream connections, idle ones included.",
            |cluster| cluster.connections.value(),
        ),
        gauge(
            "tidegate_upstream_connections_idle",
            "Open upstream connections that serve no request.",
            |cluster| cluster.idle.value(),
        ),
        histogram(
            "tidegate_upstream_latency_seconds",
            "From the request's hand-over to the endpoint to the head of its answer.",
            |cluster| &cluster.latency,
        ),
    ],
};
pub(crate) const CLUSTER_LIMITS: Group<Cluster, 1> = Group {
    labels: ["cluster"],
    families: &[gauge(
        "tidegate_upstream_connections_available",
        "Upstream connections that a cluster may still open before its limit is reached.",
        |cluster| cluster.connections.available_permits() as u64,
    )],
};
