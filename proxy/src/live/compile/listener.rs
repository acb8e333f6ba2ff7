//! Listeners.

use std::sync::Arc;

use http::HeaderValue;
use tidegate_config::{self as config, ServerHeader, ViaHeader};

use super::label;
use crate::http1;
use crate::http2;
use crate::live::{HttpOptions, Listener, ListenerTimeouts, ServerField, Via};
use crate::telemetry::AccessLogs;
use crate::worker::PerWorker;

/// Compiles a listener; what it counts goes on from where its `previous` version is.
pub(super) fn compile(
    listener: &config::Listener,
    previous: Option<&Listener>,
    workers: usize,
    logs: &AccessLogs,
) -> Listener {
    let (limits, timeouts, http) = (listener.limits(), listener.timeouts(), listener.http());
    Listener {
        id: previous.map_or_else(|| label(listener.id()), |previous| Arc::clone(&previous.id)),
        address: listener.address().socket_addr(),
        limits: http1::Limits {
            head_bytes: limits.head_bytes,
            line_bytes: limits.line_bytes,
            target_bytes: limits.target_bytes,
            fields: limits.header_fields,
            trailer_fields: limits.trailer_fields,
            trailer_bytes: limits.trailer_bytes,
            chunk_extension_bytes: limits.chunk_extension_bytes,
            underscores: match http.underscores {
                config::Underscores::Refuse => http1::Underscores::Refuse,
                config::Underscores::Pass => http1::Underscores::Allow,
            },
            normalise_path: true,
            preserve_case: http.preserve_header_case,
        },
        timeouts: ListenerTimeouts {
            request_head: timeouts.request_head,
            idle: timeouts.idle,
            body_stall: timeouts.body_stall,
            write_stall: timeouts.write_stall,
            stream_idle: timeouts.stream_idle,
            tunnel_idle: timeouts.tunnel_idle,
        },
        http2: http2_settings(listener),
        http: http_options(http),
        connections: previous.map_or_else(Arc::default, |previous| Arc::clone(&previous.connections)),
        max_connections: limits.connections,
        requests_per_connection: limits.requests_per_connection.map(u64::from),
        drain: listener.drain(),
        stats: previous.map_or_else(|| PerWorker::new(workers), |previous| previous.stats.clone()),
        access_log: logs.compile(listener.access_log()),
    }
}

fn http2_settings(listener: &config::Listener) -> http2::Settings {
    let http2 = listener.http2();
    http2::Settings {
        max_concurrent_streams: http2.max_concurrent_streams,
        stream_window: http2.stream_window.get(),
        connection_window: http2.connection_window.get(),
        send_buffer: http2.send_buffer,
        max_frame_size: http2.max_frame_size.get(),
        header_table: http2.header_table_size,
        head_bytes: u32::try_from(listener.limits().head_bytes).unwrap_or(u32::MAX),
        pending_accept_resets: http2.pending_accept_resets,
        own_resets: http2.own_resets,
        received_resets: http2.received_resets,
        pings: http2.pings,
        settings: http2.settings,
        empty_data: http2.empty_data,
    }
}

fn http_options(http: &config::HttpSettings) -> HttpOptions {
    HttpOptions {
        server: match &http.server {
            ServerHeader::Overwrite(product) => ServerField::Set(value(product.as_str())),
            ServerHeader::Pass => ServerField::Pass,
            ServerHeader::Remove => ServerField::Remove,
        },
        via: match &http.via {
            ViaHeader::Append(name) => Via::Append {
                http10: value(&format!("1.0 {name}")),
                http11: value(&format!("1.1 {name}")),
                http2: value(&format!("2.0 {name}")),
            },
            ViaHeader::Pass => Via::Pass,
            ViaHeader::Remove => Via::Remove,
        },
        request_id: http.request_id,
        trusted_hops: http.trusted_hops,
    }
}

/// `config` admits only tokens here, which are field values, too.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("tidegate"))
}
