//! Objects as lists of settings, so that two of them can be compared one by one.
//!
//! Every struct is taken apart field by field: one that gets a new field does not compile here before it is compared.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Difference;
use super::show::{self, count, size, span};
use crate::access_log::{AccessLog, LogFilter};
use crate::cluster::{Cluster, ClusterLimits, ClusterTimeouts, Endpoint};
use crate::listener::{Http2Settings, HttpSettings, Listener, ListenerLimits, ListenerTimeouts};
use crate::route::{Policies, WrittenTimeouts};
use crate::values::{StatusRange, TimeSpan};

/// Values by keys, and by member where a setting is a list whose members come and go.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<(String, Option<String>), String>);

impl Settings {
    pub(super) fn put(&mut self, setting: &str, value: &dyn Display) {
        self.0.insert((setting.to_owned(), None), value.to_string());
    }

    pub(super) fn item(&mut self, setting: &str, item: &dyn Display, value: &dyn Display) {
        let key = (setting.to_owned(), Some(item.to_string()));
        self.0.insert(key, value.to_string());
    }

    /// What is different in `new`, said of `rule`.
    pub(super) fn against(mut self, mut new: Self, rule: Option<&str>) -> Vec<Difference> {
        let mut keys: Vec<_> = self.0.keys().chain(new.0.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        let difference = |(setting, item): (String, Option<String>)| {
            let key = (setting, item);
            let (old, new) = (self.0.remove(&key), new.0.remove(&key));
            let (setting, item) = key;
            (old != new).then(|| Difference::Setting {
                rule: rule.map(str::to_owned),
                setting,
                item,
                old,
                new,
            })
        };
        keys.into_iter().filter_map(difference).collect()
    }
}

pub(super) fn listeners(old: &Listener, new: &Listener) -> Vec<Difference> {
    let mut differences = listener(old).against(listener(new), None);
    differences.extend(policy_filters(&old.policies, &new.policies, None));
    differences
}

pub(super) fn clusters(old: &Cluster, new: &Cluster) -> Vec<Difference> {
    cluster(old).against(cluster(new), None)
}

fn listener(listener: &Listener) -> Settings {
    let Listener {
        id: _,
        origin: _,
        address,
        profile,
        timeouts,
        limits,
        http,
        http2,
        drain,
        access_log,
        policies,
    } = listener;
    let mut settings = Settings::default();
    settings.put("address", &address);
    settings.put("profile", &profile);
    settings.put("drain", &span(Some(*drain)));
    if let Some(log) = access_log {
        self::access_log(&mut settings, log);
    }
    listener_timeouts(&mut settings, timeouts);
    listener_limits(&mut settings, limits);
    self::http(&mut settings, http);
    self::http2(&mut settings, http2);
    self::policies(&mut settings, policies);
    settings
}

fn access_log(settings: &mut Settings, log: &AccessLog) {
    let AccessLog { to, format, only } = log;
    settings.put("accessLog.to", to);
    settings.put("accessLog.format", format);
    let Some(only) = only else { return };
    let LogFilter {
        statuses,
        slower_than,
        sample,
    } = only;
    let listed = |ranges: &Vec<StatusRange>| ranges.iter().map(StatusRange::to_string).collect::<Vec<_>>().join(", ");
    settings.put(
        "accessLog.only.statuses",
        &statuses.as_ref().map_or("failed".to_owned(), listed),
    );
    if slower_than.is_some() {
        settings.put("accessLog.only.slowerThan", &span(*slower_than));
    }
    settings.put("accessLog.only.sample", sample);
}

fn listener_timeouts(settings: &mut Settings, timeouts: &ListenerTimeouts) {
    let ListenerTimeouts {
        request_head,
        idle,
        body_stall,
        write_stall,
        stream_idle,
        tunnel_idle,
    } = timeouts;
    settings.put("timeouts.requestHead", &span(*request_head));
    settings.put("timeouts.idle", &span(*idle));
    settings.put("timeouts.bodyStall", &span(*body_stall));
    settings.put("timeouts.writeStall", &span(*write_stall));
    settings.put("timeouts.streamIdle", &span(*stream_idle));
    settings.put("timeouts.tunnelIdle", &span(*tunnel_idle));
}

fn listener_limits(settings: &mut Settings, limits: &ListenerLimits) {
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
    } = limits;
    settings.put("limits.headBytes", &size(*head_bytes));
    settings.put("limits.lineBytes", &size(*line_bytes));
    settings.put("limits.headerFields", &header_fields);
    settings.put("limits.trailerFields", &trailer_fields);
    settings.put("limits.targetBytes", &size(*target_bytes));
    settings.put("limits.chunkExtensionBytes", &size(*chunk_extension_bytes));
    settings.put("limits.trailerBytes", &size(*trailer_bytes));
    settings.put("limits.connections", &connections);
    settings.put("limits.requestsPerConnection", &count(*requests_per_connection));
}

fn http(settings: &mut Settings, http: &HttpSettings) {
    let HttpSettings {
        server,
        via,
        request_id,
        trusted_hops,
        preserve_header_case,
        underscores,
    } = http;
    settings.put("http.server", &show::server(server));
    settings.put("http.via", &show::via(via));
    settings.put("http.requestId", &request_id);
    settings.put("http.trustedHops", &trusted_hops);
    settings.put("http.preserveHeaderCase", &preserve_header_case);
    settings.put("http.underscores", &show::underscores(*underscores));
}

fn http2(settings: &mut Settings, http2: &Http2Settings) {
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
        settings: settings_frames,
        empty_data,
    } = http2;
    settings.put("http2.maxConcurrentStreams", &max_concurrent_streams);
    settings.put("http2.streamWindow", &size(stream_window.get() as usize));
    settings.put("http2.connectionWindow", &size(connection_window.get() as usize));
    settings.put("http2.sendBuffer", &size(*send_buffer));
    settings.put("http2.maxFrameSize", &size(max_frame_size.get() as usize));
    settings.put("http2.headerTableSize", &size(*header_table_size as usize));
    settings.put("http2.pendingAcceptResets", &pending_accept_resets);
    settings.put("http2.ownResets", &own_resets);
    settings.put("http2.receivedResets", &received_resets);
    settings.put("http2.pings", &pings);
    settings.put("http2.settings", &settings_frames);
    settings.put("http2.emptyData", &empty_data);
}

/// All but the filters, which are compared by what they are ([`show::filters`]).
/// How the filters of a listener, route or rule differ.
pub(super) fn policy_filters(old: &Policies, new: &Policies, rule: Option<&str>) -> Option<Difference> {
    show::filters(&old.filters, &new.filters, "filters", rule)
}

pub(super) fn policies(settings: &mut Settings, policies: &Policies) {
    let Policies {
        filters: _,
        disabled,
        timeouts,
    } = policies;
    for (_, kind) in disabled {
        settings.item("disabled", kind, &"");
    }
    if let Some(said) = timeouts {
        let WrittenTimeouts {
            origin: _,
            request,
            backend_request,
        } = said;
        settings.put(
            "timeouts.request",
            &request.map_or("default".to_owned(), |span| span.to_string()),
        );
        settings.put(
            "timeouts.backendRequest",
            &span(backend_request.and_then(TimeSpan::limit)),
        );
    }
}

fn cluster(cluster: &Cluster) -> Settings {
    let Cluster {
        id: _,
        origin: _,
        profile,
        protocol,
        balancer,
        endpoints,
        timeouts,
        limits,
    } = cluster;
    let ClusterTimeouts { connect, idle } = timeouts;
    let ClusterLimits {
        connections,
        pending_requests,
    } = limits;
    let mut settings = Settings::default();
    settings.put("profile", &profile);
    settings.put("protocol", &protocol.as_str());
    settings.put("balancer", &balancer.as_str());
    settings.put("timeouts.connect", &span(*connect));
    settings.put("timeouts.idle", &span(*idle));
    settings.put("limits.connections", &connections);
    settings.put("limits.pendingRequests", &pending_requests);
    for endpoint in endpoints {
        let Endpoint {
            origin: _,
            address,
            weight,
        } = endpoint;
        settings.item("endpoints", address, &format!("weight {weight}"));
    }
    settings
}
