//! What is measured: one row for each kind of work.

use crate::Outcome;
use crate::load::Shape;
use crate::message::Exchange;
use crate::peers::{Peer, Protocol};

#[derive(Debug)]
pub(crate) struct Row {
    /// As the command line calls it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) back: Protocol,
    pub(crate) work: Work,
    pub(crate) shape: Shape,
    /// Requests a second for the latency figures, well under what the slowest proxy can do.
    pub(crate) rate: Option<u64>,
    /// Tidegate's CPU time over the peer's may be at most this.
    pub(crate) bars: &'static [Bar],
}

/// What the proxy does to each request beside passing it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Nothing,
    /// A header match, four header edits, a rate limit far above the load, an access log in a file.
    Filters,
    /// A JSON access log in a file.
    AccessLog,
    /// Finds its route among so many by its host; requests are spread evenly over all of them.
    Hosts(usize),
    /// The same by a prefix of its path.
    Prefixes(usize),
}

impl Work {
    /// The same with the first of the routes alone: enough to see whether it works.
    pub(crate) fn first(self) -> Self {
        match self {
            Self::Hosts(_) => Self::Hosts(1),
            Self::Prefixes(_) => Self::Prefixes(1),
            Self::Nothing | Self::Filters | Self::AccessLog => self,
        }
    }
}

/// A bound on Tidegate's CPU time.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) at_most: f64,
    pub(crate) of: Beside,
}

/// Whose CPU time a bound is a multiple of.
#[derive(Debug)]
pub(crate) enum Beside {
    /// That of the cheapest of these.
    Peers(&'static [Peer]),
    /// Tidegate's own in this row.
    Row(&'static str),
}

const HAPROXY: &[Peer] = &[Peer::HaproxyWheel, Peer::HaproxyDebian];

const fn http1(exchange: Exchange, connections: usize) -> Shape {
    Shape {
        protocol: Protocol::Http1,
        exchange,
        connections,
        streams: 1,
    }
}

const HTTP2: Shape = Shape {
    protocol: Protocol::Http2,
    exchange: Exchange::SmallAnswer,
    connections: 16,
    streams: 32,
};

/// A row stands near the one that it is measured beside: the machine changes with time.
pub(crate) static ROWS: [Row; 15] = [
    Row {
        name: "http1",
        title: "HTTP/1.1 to HTTP/1.1, 1 KiB answers, 64 connections",
        back: Protocol::Http1,
        work: Work::Nothing,
        shape: http1(Exchange::SmallAnswer, 64),
        rate: Some(8_000),
        bars: &[
            Bar {
                at_most: 1.0,
                of: Beside::Peers(&[Peer::HaproxyWheel, Peer::HaproxyDebian, Peer::Nginx]),
            },
            Bar {
                at_most: 0.6,
                of: Beside::Peers(&[Peer::Envoy]),
            },
        ],
    },
    Row {
        name: "access-log",
        title: "HTTP/1.1 to HTTP/1.1, 1 KiB answers, 64 connections; a JSON access log in a file",
        back: Protocol::Http1,
        work: Work::AccessLog,
        shape: http1(Exchange::SmallAnswer, 64),
        rate: None,
        bars: &[beside("http1", 1.08)],
    },
    Row {
        name: "http2",
        title: "HTTP/2 to HTTP/2, 1 KiB answers, 16 connections of 32 streams",
        back: Protocol::Http2,
        work: Work::Nothing,
        shape: HTTP2,
        rate: Some(8_000),
        bars: &[Bar {
            at_most: 1.05,
            of: Beside::Peers(HAPROXY),
        }],
    },
    Row {
        name: "http2-http1",
        title: "HTTP/2 to HTTP/1.1, 1 KiB answers, 16 connections of 32 streams",
        back: Protocol::Http1,
        work: Work::Nothing,
        shape: HTTP2,
        rate: Some(8_000),
        bars: &[Bar {
            at_most: 1.0,
            of: Beside::Peers(HAPROXY),
        }],
    },
    Row {
        name: "answers",
        title: "HTTP/1.1 to HTTP/1.1, 1 MiB answers, 16 connections",
        back: Protocol::Http1,
        work: Work::Nothing,
        shape: http1(Exchange::LargeAnswer, 16),
        rate: None,
        bars: &[Bar {
            at_most: 1.0,
            of: Beside::Peers(HAPROXY),
        }],
    },
    Row {
        name: "uploads",
        title: "HTTP/1.1 to HTTP/1.1, 1 MiB uploads, 16 connections",
        back: Protocol::Http1,
        work: Work::Nothing,
        shape: http1(Exchange::Upload, 16),
        rate: None,
        bars: &[Bar {
            at_most: 1.0,
            of: Beside::Peers(HAPROXY),
        }],
    },
    Row {
        name: "filters",
        title: "HTTP/1.1 to HTTP/1.1, 1 KiB answers, 64 connections; four header edits, a header match, a rate limit, a log file",
        back: Protocol::Http1,
        work: Work::Filters,
        shape: http1(Exchange::SmallAnswer, 64),
        rate: None,
        bars: &[Bar {
            at_most: 1.0,
            of: Beside::Peers(HAPROXY),
        }],
    },
    routes("hosts-10", "10 routes by host", Work::Hosts(10), &[]),
    routes("hosts-1000", "1 000 routes by host", Work::Hosts(1_000), &[]),
    routes(
        "hosts-10000",
        "10 000 routes by host",
        Work::Hosts(10_000),
        &[beside("hosts-10", 1.15)],
    ),
    routes(
        "hosts-100000",
        "100 000 routes by host",
        Work::Hosts(100_000),
        &[beside("hosts-10", 1.3)],
    ),
    routes("prefixes-10", "10 routes by prefix", Work::Prefixes(10), &[]),
    routes("prefixes-1000", "1 000 routes by prefix", Work::Prefixes(1_000), &[]),
    routes(
        "prefixes-10000",
        "10 000 routes by prefix",
        Work::Prefixes(10_000),
        &[beside("prefixes-10", 1.15)],
    ),
    routes(
        "prefixes-100000",
        "100 000 routes by prefix",
        Work::Prefixes(100_000),
        &[beside("prefixes-10", 1.3)],
    ),
];

const fn beside(row: &'static str, at_most: f64) -> Bar {
    Bar {
        at_most,
        of: Beside::Row(row),
    }
}

const fn routes(name: &'static str, title: &'static str, work: Work, bars: &'static [Bar]) -> Row {
    Row {
        name,
        title,
        back: Protocol::Http1,
        work,
        shape: http1(Exchange::SmallAnswer, 64),
        rate: None,
        bars,
    }
}

pub(crate) fn named(name: &str) -> Outcome<&'static Row> {
    let known = ROWS.iter().find(|row| row.name == name);
    let names = || ROWS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    known.ok_or_else(|| format!("no row is called {name}: {}", names()).into())
}
