//! `docs/limits.md`: the defaults as the language gives them to both profiles, and the constants beside them.
//!
//! The structs are taken apart whole, so that a new limit does not compile until it has its row, and every setting that a
//! row names must be one of the schema's.

mod fixed;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tidegate_config::{
    Cluster, ClusterLimits, ClusterTimeouts, Http2Settings, Listener, ListenerLimits, ListenerTimeouts, Profile,
    RouteTimeouts, Snapshot, schema,
};

use super::reference::referred;
use super::{Page, code};
use crate::exchange::Kind;
use crate::http1::Reason;
use crate::{cli, http1, http2, listener, serve, upstream, worker};

const INTRODUCTION: &str = "\
How much and how long peers may: what it is by default, where it is set, and what happens at it. `profile: edge`, for \
strangers, is the default of a listener and a cluster; `profile: mesh` is for known peers, and differs in these numbers \
alone. A time of `0s` is no limit. What each reason means is in [reasons](reasons.md).";

const FIXED: &str = "What is no setting.";

/// A limit: its setting, what it is under each profile, its unit, and what it is of.
struct Limit {
    setting: &'static str,
    defaults: Vec<String>,
    unit: &'static str,
    of: &'static str,
    at: At,
}

/// What happens at a limit.
enum At {
    /// It fails so.
    Fails(Kind),
    /// Something else.
    Does(&'static str),
}

use At::{Does, Fails};

/// A value with its unit.
trait Shown {
    const UNIT: &'static str;
    fn shown(self) -> String;
}

/// A number that is one of bytes.
struct Bytes(u64);

/// A number of things.
struct Count(u64);

impl Shown for Duration {
    const UNIT: &'static str = "time";

    fn shown(self) -> String {
        let millis = self.as_millis();
        match millis {
            0 => "0s".to_owned(),
            _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) && millis > 60_000 => format!("{}m", millis / 60_000),
            _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
            _ => format!("{millis}ms"),
        }
    }
}

impl<T: Shown> Shown for Option<T> {
    const UNIT: &'static str = T::UNIT;

    fn shown(self) -> String {
        self.map_or_else(|| "none".to_owned(), T::shown)
    }
}

impl Shown for Bytes {
    const UNIT: &'static str = "bytes";

    fn shown(self) -> String {
        match self.0 {
            bytes if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
            bytes if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
            bytes => bytes.to_string(),
        }
    }
}

impl Shown for Count {
    const UNIT: &'static str = "number";

    fn shown(self) -> String {
        self.0.to_string()
    }
}

fn limit<T: Shown>(setting: &'static str, value: T, of: &'static str, at: At) -> Limit {
    Limit {
        setting,
        defaults: vec![value.shown()],
        unit: T::UNIT,
        of,
        at,
    }
}

/// One listener, route and cluster that say nothing but their profile.
fn defaults(profile: Profile) -> Snapshot {
    let yaml = format!(
        "listeners: {{ a: {{ address: 127.0.0.1:1, profile: {profile} }} }}
clusters: {{ a: {{ endpoints: [{{ address: 127.0.0.1:2 }}], profile: {profile} }} }}
routes: {{ a: {{ listeners: [a], rules: [{{ backends: [{{ cluster: a }}] }}] }} }}"
    );
    let loaded = tidegate_config::parse_str("defaults.yaml", &yaml);
    assert_eq!(loaded.diagnostics, []);
    loaded.snapshot
}

fn times(listener: &Listener, route: RouteTimeouts) -> Vec<Limit> {
    let ListenerTimeouts {
        request_head,
        idle,
        body_stall,
        write_stall,
        stream_idle,
        tunnel_idle,
    } = listener.timeouts().clone();
    let RouteTimeouts {
        request,
        backend_request,
    } = route;
    vec![
        limit(
            "timeouts.requestHead",
            request_head,
            "a request head, from its first byte",
            Fails(Kind::RequestHeadTimeout),
        ),
        limit(
            "timeouts.idle",
            idle,
            "a connection without a request",
            Does("closed without a word; on HTTP/2 after GOAWAY"),
        ),
        limit(
            "timeouts.bodyStall",
            body_stall,
            "no byte of a request body; not for gRPC",
            Fails(Kind::RequestBodyStall),
        ),
        limit(
            "timeouts.writeStall",
            write_stall,
            "a client that takes nothing of what waits for it",
            Fails(Kind::WriteStall),
        ),
        limit(
            "timeouts.streamIdle",
            stream_idle,
            "a request without a byte in either direction",
            Fails(Kind::StreamIdle),
        ),
        limit(
            "timeouts.tunnelIdle",
            tunnel_idle,
            "a tunnel without a byte in either direction",
            Fails(Kind::TunnelIdle),
        ),
        limit(
            "timeouts.request",
            request,
            "from the whole request to the head of its answer; on routes and rules, too",
            Fails(Kind::RequestTimeout),
        ),
        limit(
            "timeouts.backendRequest",
            backend_request,
            "the same of one try; on routes and rules, too",
            Fails(Kind::BackendTimeout),
        ),
        limit(
            "drain",
            listener.drain(),
            "requests that go on when the listener or process stops",
            Does("cut off"),
        ),
    ]
}

fn messages(listener: &Listener) -> Vec<Limit> {
    let ListenerLimits {
        head_bytes,
        line_bytes,
        header_fields,
        trailer_fields,
        target_bytes,
        chunk_extension_bytes,
        trailer_bytes,
        connections,
        requests_per_connection,
    } = listener.limits().clone();
    let (bytes, count) = (|bytes: usize| Bytes(bytes as u64), |count: usize| Count(count as u64));
    let broken = |reason| Fails(Kind::BadRequest(reason));
    vec![
        limit(
            "limits.headBytes",
            bytes(head_bytes),
            "a request head; on HTTP/2 with 32 for each field",
            broken(Reason::HeadTooLarge),
        ),
        limit(
            "limits.lineBytes",
            bytes(line_bytes),
            "a line of it, on HTTP/1.1",
            broken(Reason::LineTooLong),
        ),
        limit(
            "limits.headerFields",
            count(header_fields),
            "its fields; on HTTP/2 each piece of a cookie is one",
            broken(Reason::TooManyFields),
        ),
        limit(
            "limits.targetBytes",
            bytes(target_bytes),
            "its target",
            broken(Reason::TargetTooLong),
        ),
        limit(
            "limits.trailerFields",
            count(trailer_fields),
            "trailer fields of a request",
            broken(Reason::TooManyTrailers),
        ),
        limit(
            "limits.trailerBytes",
            bytes(trailer_bytes),
            "its trailers, on HTTP/1.1",
            broken(Reason::TrailersTooLarge),
        ),
        limit(
            "limits.chunkExtensionBytes",
            bytes(chunk_extension_bytes),
            "chunk extensions of a body",
            broken(Reason::ChunkExtensionsTooLarge),
        ),
        limit(
            "limits.connections",
            count(connections),
            "open connections of the listener",
            Fails(Kind::ListenerConnections),
        ),
        limit(
            "limits.requestsPerConnection",
            requests_per_connection.map(|count| Count(count.into())),
            "requests on a connection",
            Does("closed after the last, which says `Connection: close`; on HTTP/2 after GOAWAY"),
        ),
    ]
}

fn http2_limits(listener: &Listener) -> Vec<Limit> {
    let Http2Settings {
        max_concurrent_streams,
        stream_window,
        connection_window,
        send_buffer,
        max_frame_size,
        header_table_size,
        pending_accept_resets,
        own_resets,
        received_resets,
        pings,
        settings,
        empty_data,
    } = listener.http2().clone();
    let count = |count: u32| Count(count.into());
    vec![
        limit(
            "http2.maxConcurrentStreams",
            count(max_concurrent_streams),
            "open streams of a connection",
            Does("the stream is refused (REFUSED_STREAM), which may go again"),
        ),
        limit(
            "http2.streamWindow",
            Bytes(stream_window.get().into()),
            "sent on a stream and not yet passed on",
            Does("the client waits"),
        ),
        limit(
            "http2.connectionWindow",
            Bytes(connection_window.get().into()),
            "the same on all streams of a connection",
            Does("the client waits"),
        ),
        limit(
            "http2.sendBuffer",
            Bytes(send_buffer as u64),
            "of a stream, waiting for the client to take it",
            Does("the upstream waits"),
        ),
        limit(
            "http2.maxFrameSize",
            Bytes(max_frame_size.get().into()),
            "the payload of a frame",
            Fails(Kind::Http2Protocol),
        ),
        limit(
            "http2.headerTableSize",
            Bytes(header_table_size.into()),
            "the table of compressed headers",
            Does("the oldest are forgotten"),
        ),
        limit(
            "http2.pendingAcceptResets",
            Count(pending_accept_resets as u64),
            "streams reset before they were taken up",
            Fails(Kind::Http2ResetFlood),
        ),
        limit(
            "http2.ownResets",
            Count(own_resets as u64),
            "streams of a connection reset for what the client did",
            Fails(Kind::Http2ResetFlood),
        ),
        limit(
            "http2.receivedResets",
            count(received_resets),
            "streams reset by the client in 10 s",
            Fails(Kind::Http2ResetFlood),
        ),
        limit(
            "http2.pings",
            count(pings),
            "PING frames in 10 s",
            Fails(Kind::Http2PingFlood),
        ),
        limit(
            "http2.settings",
            count(settings),
            "SETTINGS frames in 10 s",
            Fails(Kind::Http2SettingsFlood),
        ),
        limit(
            "http2.emptyData",
            count(empty_data),
            "DATA frames in a row that carry nothing",
            Fails(Kind::Http2EmptyDataFlood),
        ),
    ]
}

fn cluster_limits(cluster: &Cluster) -> Vec<Limit> {
    let ClusterTimeouts { connect, idle } = cluster.timeouts().clone();
    let ClusterLimits {
        connections,
        pending_requests,
    } = cluster.limits().clone();
    vec![
        limit(
            "timeouts.connect",
            connect,
            "until there is a connection, waiting for one included",
            Fails(Kind::ConnectTimeout),
        ),
        limit("timeouts.idle", idle, "a connection without a request", Does("closed")),
        limit(
            "limits.connections",
            Count(connections as u64),
            "open connections, of all workers together",
            Fails(Kind::Overflow),
        ),
        limit(
            "limits.pendingRequests",
            Count(pending_requests as u64),
            "requests that wait for one",
            Fails(Kind::Overflow),
        ),
    ]
}

/// The limits of two profiles as one, with both their defaults.
fn both(edge: Vec<Limit>, mesh: Vec<Limit>) -> Vec<Limit> {
    let pairs = edge.into_iter().zip(mesh);
    pairs
        .map(|(mut edge, mesh)| {
            edge.defaults.extend(mesh.defaults);
            edge
        })
        .collect()
}

/// The settings of a table are all that the language has, and their descriptions say what a mesh has instead.
fn are_settings(limits: &[Limit], definition: &str) {
    let schema = schema();
    let properties = |name: &str| schema["definitions"][name]["properties"].as_object().cloned().unwrap();
    let mut described = BTreeMap::new();
    for (key, property) in properties(definition) {
        match (key.as_str(), referred(&property)) {
            ("timeouts" | "limits" | "http2", Some(name)) => {
                let below = properties(name).into_iter();
                described.extend(below.map(|(name, property)| (format!("{key}.{name}"), description(&property))));
            }
            ("drain", _) => drop(described.insert(key, description(&property))),
            _ => {}
        }
    }
    let mut named: Vec<_> = limits.iter().map(|limit| limit.setting).collect();
    named.sort_unstable();
    assert!(
        named.iter().eq(described.keys()),
        "the limits of a {definition}: {named:?}"
    );
    for limit in limits {
        let [edge, mesh] = &limit.defaults[..] else {
            panic!("two defaults")
        };
        let none = if limit.unit == Duration::UNIT { "0s" } else { "0" };
        let other = (edge != mesh).then(|| mesh.replace("none", none));
        let said = described[limit.setting].rsplit_once("mesh: ");
        let said = said.map(|(_, said)| said.trim_end_matches('.').to_owned());
        assert_eq!(said, other, "what is said of {} on a mesh", limit.setting);
    }
}

fn description(property: &Value) -> String {
    property["description"].as_str().unwrap_or_default().to_owned()
}

fn table(page: &mut Page, limits: Vec<Limit>) {
    let rows = limits.into_iter().map(|limit| {
        let at = match limit.at {
            Fails(kind) => {
                let status = kind
                    .status()
                    .map_or_else(String::new, |status| format!(", {}", status.as_u16()));
                format!("{} ({}{status})", code(kind.reason()), code(kind.flag().0))
            }
            Does(what) => what.to_owned(),
        };
        let defaults: Vec<_> = limit.defaults.iter().map(code).collect();
        (
            limit.of.to_owned(),
            code(limit.setting),
            defaults,
            limit.unit.to_owned(),
            at,
        )
    });
    let rows: Vec<_> = rows.collect();
    if rows.iter().any(|(.., defaults, _, _)| defaults.len() > 1) {
        let head = ["of", "setting", "edge", "mesh", "unit", "at it"];
        page.table(
            head,
            rows.into_iter().map(|(of, setting, mut defaults, unit, at)| {
                let mesh = defaults.pop().unwrap_or_default();
                [of, setting, defaults.pop().unwrap_or_default(), mesh, unit, at]
            }),
        );
    } else {
        let head = ["of", "limit", "unit", "at it"];
        page.table(
            head,
            rows.into_iter()
                .map(|(of, _, defaults, unit, at)| [of, defaults.concat(), unit, at]),
        );
    }
}

#[test]
fn limits() {
    let snapshots = [Profile::Edge, Profile::Mesh].map(defaults);
    let of_listener = |make: fn(&Listener) -> Vec<Limit>| {
        let [edge, mesh] = snapshots
            .each_ref()
            .map(|snapshot| make(snapshot.listeners().next().unwrap()));
        both(edge, mesh)
    };
    let [edge, mesh] = snapshots.each_ref().map(|snapshot| {
        let (listener, route) = (snapshot.listeners().next().unwrap(), snapshot.routes().next().unwrap());
        times(listener, route.timeouts_of(&route.rules()[0], listener))
    });
    let times = both(edge, mesh);
    let (messages, http2) = (of_listener(messages), of_listener(http2_limits));
    let [edge, mesh] = snapshots
        .each_ref()
        .map(|snapshot| cluster_limits(snapshot.clusters().next().unwrap()));
    let cluster = both(edge, mesh);
    let of_listener: Vec<_> = times.into_iter().chain(messages).chain(http2).collect();
    are_settings(&of_listener, "Listener");
    are_settings(&cluster, "Cluster");

    let mut page = Page::new("Limits", INTRODUCTION);
    page.section("Clients: a listener's", "");
    table(&mut page, of_listener);
    page.section("Upstreams: a cluster's", "");
    table(&mut page, cluster);
    page.section("The process", "Options of `tidegate run`.");
    let connections = cli::default_of("max-connections").unwrap();
    let kind = Kind::ProcessConnections;
    page.table(
        ["of", "option", "default", "at it"],
        [[
            "open client connections; never more than half of the descriptors that the system allows".to_owned(),
            code("--max-connections"),
            code(connections),
            format!("{} ({})", code(kind.reason()), code(kind.flag().0)),
        ]],
    );
    page.section("Fixed", FIXED);
    table(&mut page, fixed::limits());
    page.is_in("limits.md");
}

/// What the codec cannot hold must not be settable.
#[test]
fn no_setting_promises_more_than_the_codec_can_hold() {
    let most = |key: &str| schema()["definitions"]["ListenerLimits"]["properties"][key]["maximum"].as_u64();
    assert_eq!(most("headerFields"), Some(http1::MAX_FIELDS as u64));
    assert_eq!(most("trailerFields"), Some(http1::MAX_FIELDS as u64));
}
