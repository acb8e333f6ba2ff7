//! HAProxy: no master process, connections to the server shared by all clients. It would ask for two files for each of `maxconn` and refuse to
//! start where it may not have them; no row has many connections on both sides.

use std::path::Path;
use std::process::Command;

use super::{Protocol, Site};
use crate::Outcome;
use crate::message::AGENT;
use crate::rows::Work;

pub(super) fn command(program: &Path, site: &Site<'_>) -> Outcome<Command> {
    let Site {
        listen,
        upstream,
        workers,
        ..
    } = site;
    let (front, back) = (by_prior_knowledge(site.front), by_prior_knowledge(site.back));
    let (log, filters) = match site.work {
        Work::Filters => ("    log stdout format raw local0 info\n", filters()),
        _ => ("", String::new()),
    };
    let text = format!(
        "\
global
{log}    nbthread {workers}
    maxconn 12000
    no strict-limits
defaults
    mode http
    option forwardfor
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout http-keep-alive 60s
frontend web
    bind {listen}{front} backlog 4096
{filters}    default_backend backend
backend backend
    server only {upstream}{back}
"
    );
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(site.file("haproxy.cfg", &text)?);
    Ok(command)
}

/// What Tidegate's filters do, in HAProxy's words.
fn filters() -> String {
    format!(
        "\
    log global
    option httplog
    http-request deny deny_status 404 unless {{ req.hdr(user-agent) -m str {AGENT} }}
    stick-table type ip size 100k expire 30s store http_req_rate(1s)
    http-request track-sc0 src
    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 10000000 }}
    http-request set-header x-env bench
    http-request add-header x-tag a
    http-request del-header accept
    http-response set-header x-frame-options DENY
"
    )
}

fn by_prior_knowledge(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http1 => "",
        Protocol::Http2 => " proto h2",
    }
}
