//! NGINX: streaming both ways, as the others do, and no files for bodies; connections kept far longer than its default of 1 000 requests.

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
        folder,
        ..
    } = site;
    let http2 = if site.front == Protocol::Http2 { " http2" } else { "" };
    // One worker needs no master; several workers each have their listening socket, as the other proxies' workers do.
    let (master, reuseport) = if *workers == 1 {
        ("off", "")
    } else {
        ("on", " reuseport")
    };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("    {kind}_temp_path {}/{kind};\n", folder.display()))
        .collect();
    let (zone, log, filters) = match site.work {
        Work::Filters => (
            "    limit_req_zone $binary_remote_addr zone=clients:10m rate=1000000r/s;\n",
            format!("{}/access.log", folder.display()),
            filters(),
        ),
        _ => ("", "off".to_owned(), String::new()),
    };
    let text = format!(
        "\
daemon off;
master_process {master};
worker_processes {workers};
user root;
pid {pid}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 12000; }}
http {{
    access_log {log};
{zone}{temporary}
    keepalive_requests 1000000000;
    upstream backend {{
        server {upstream};
        keepalive 1024;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {listen}{http2} backlog=4096{reuseport};
        client_max_body_size 0;
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
{filters}            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
",
        pid = folder.display()
    );
    let mut command = Command::new(program);
    command
        .arg("-p")
        .arg(folder)
        .arg("-e")
        .arg("stderr")
        .arg("-c")
        .arg(site.file("nginx.conf", &text)?);
    Ok(command)
}

/// What Tidegate's filters do, in NGINX's words.
fn filters() -> String {
    format!(
        "\
            if ($http_user_agent != {AGENT}) {{ return 404; }}
            limit_req zone=clients burst=100000 nodelay;
            proxy_set_header X-Env bench;
            proxy_set_header X-Tag a;
            proxy_set_header Accept \"\";
            add_header X-Frame-Options DENY;
"
    )
}
