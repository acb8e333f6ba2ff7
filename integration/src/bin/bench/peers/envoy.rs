//! Envoy: the router filter alone, no access log, no tracing, no admin port; circuit breakers out of the way.

use std::path::Path;
use std::process::Command;

use super::{Protocol, Site};
use crate::Outcome;

pub(super) fn command(program: &Path, site: &Site<'_>) -> Outcome<Command> {
    let codec = match site.front {
        Protocol::Http1 => "HTTP1",
        Protocol::Http2 => "HTTP2",
    };
    let upstream = match site.back {
        Protocol::Http1 => "http_protocol_options",
        Protocol::Http2 => "http2_protocol_options",
    };
    let text = format!(
        "\
static_resources:
  listeners:
  - name: web
    address: {{ socket_address: {{ address: {listen}, port_value: {listen_port} }} }}
    tcp_backlog_size: 4096
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          codec_type: {codec}
          use_remote_address: true
          route_config:
            virtual_hosts:
            - name: all
              domains: [\"*\"]
              routes:
              - match: {{ prefix: / }}
                route: {{ cluster: backend }}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: backend
    type: STATIC
    connect_timeout: 5s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        \"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ {upstream}: {{}} }}
    circuit_breakers:
      thresholds:
      - {{ max_connections: 20000, max_pending_requests: 20000, max_requests: 20000 }}
    load_assignment:
      cluster_name: backend
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: {to}, port_value: {to_port} }} }} }}
",
        listen = site.listen.ip(),
        listen_port = site.listen.port(),
        to = site.upstream.ip(),
        to_port = site.upstream.port(),
    );
    let mut command = Command::new(program);
    command.args([
        "--disable-hot-restart",
        "--log-level",
        "warning",
        "--concurrency",
        &site.workers.to_string(),
    ]);
    command.arg("-c").arg(site.file("envoy.yaml", &text)?);
    Ok(command)
}
