//! Tidegate as shipped: metrics, decision record, request id, X-Forwarded-* and timeouts on, access log off but in the rows of
//! the filters and of the access log. Only the limit of requests a connection is lifted (`requestsPerConnection: 0`), as it is
//! for NGINX: the load keeps its connections.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Protocol, Site};
use crate::Outcome;
use crate::message::{AGENT, host_of, prefix_of};
use crate::rows::Work;

pub(super) fn command(program: &Path, site: &Site<'_>) -> Outcome<Command> {
    let Site { listen, upstream, .. } = site;
    let protocol = match site.back {
        Protocol::Http1 => "http1",
        Protocol::Http2 => "http2",
    };
    let text = format!(
        "\
listeners:
  web: {{ address: \"{listen}\", limits: {{ requestsPerConnection: 0 }} }}
routes:
{routes}clusters:
  backend:
    protocol: {protocol}
    endpoints: [{{ address: \"{upstream}\" }}]
",
        routes = routes(site.work),
    );
    let mut command = Command::new(program);
    command.arg("run").arg(site.file("gateway.yaml", &text)?);
    command.args(["--workers", &site.workers.to_string(), "--admin", "127.0.0.1:0"]);
    if matches!(site.work, Work::Filters | Work::AccessLog) {
        // Not beside the configuration, whose folder is watched for changes.
        let logs = site.folder.join("logs");
        fs::create_dir_all(&logs)?;
        command.arg("--access-log").arg(logs.join("access.log"));
    }
    if site.work == Work::AccessLog {
        command.args(["--access-log-format", "json"]);
    }
    Ok(command)
}

fn routes(work: Work) -> String {
    match work {
        Work::Nothing | Work::AccessLog => "  all: { listeners: [web], rules: [{ backends: [{ cluster: backend }] }] }\n".to_owned(),
        Work::Filters => format!(
            "  all:
    listeners: [web]
    rules:
      - matches: [{{ headers: [{{ name: user-agent, exact: {AGENT} }}] }}]
        filters:
          - rateLimit: {{ requests: 10000000, per: 1s, key: clientIp }}
          - requestHeaders: {{ set: {{ x-env: bench }}, add: {{ x-tag: a }}, remove: [accept] }}
          - responseHeaders: {{ set: {{ x-frame-options: DENY }} }}
        backends: [{{ cluster: backend }}]
"
        ),
        Work::Hosts(routes) => (0..routes)
            .map(|route| {
                let host = host_of(route);
                format!("  h{route}: {{ listeners: [web], hosts: [{host}], rules: [{{ backends: [{{ cluster: backend }}] }}] }}\n")
            })
            .collect(),
        Work::Prefixes(routes) => (0..routes)
            .map(|route| {
                let prefix = prefix_of(route);
                format!(
                    "  p{route}: {{ listeners: [web], rules: [{{ matches: [{{ path: {{ prefix: {prefix} }} }}], \
                     backends: [{{ cluster: backend }}] }}] }}\n"
                )
            })
            .collect(),
    }
}
