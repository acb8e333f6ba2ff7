//! The results as Markdown, for the terminal and for `docs/benchmarks.md`.

use std::fmt::Write;

use crate::measure::{Latency, Visit};
use crate::peers::Peer;
use crate::results::{BUSY, Results};
use crate::rows::{ROWS, Row};
use crate::stats::Spread;

/// Resident memory with 10 000 idle HTTP/1.1 connections.
const MEMORY_BAR: f64 = 30e6;

pub(crate) fn markdown(results: &Results) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, results);
    out
}

fn write(out: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(out, "# Benchmarks\n")?;
    writeln!(
        out,
        "Written by `cargo run --release -p tidegate-integration --bin bench` and by nothing else.\n"
    )?;
    writeln!(out, "![CPU time a request beside the peers](benchmarks.svg)\n")?;
    writeln!(out, "- Day: {}", results.day)?;
    writeln!(out, "- Machine: {}", results.machine)?;
    for (peer, version) in &results.versions {
        writeln!(out, "- {peer}: {version}")?;
    }
    bars(out, results)?;
    for row in &ROWS {
        for workers in [1, 2] {
            if results.has(row, workers) {
                costs(out, results, row, workers)?;
            }
        }
    }
    latencies(out, results)?;
    memory(out, results)?;
    out.push_str(METHOD);
    Ok(())
}

const METHOD: &str = "
## How it is measured

- One proxy at a time, started afresh for each visit. Each round visits every row, and in it every proxy, each time another one first. Ratios are
  taken within a round; the tables give medians, and for ratios the quartiles as well.
- With one worker the proxy has the first core to itself; the load and the backend share the second. With two workers on a machine of two cores all
  share both, so that only CPU time, not throughput, can be compared with the one-worker rows.
- CPU time is what the scheduler accounts to all threads of the proxy (`schedstat`), divided by the requests that were answered meanwhile; user and
  system are split as `/proc/PID/stat` splits them. For 1 MiB messages a request is a MiB: it is the CPU time a byte.
- Load and backend are part of the benchmark: epoll loops with canned messages, that check each answer's status and length. One answer that is not the
  expected one fails the run. *busy* is the share of its core that the proxy used in the closed loop; under 90 % it waited for the load.
- Latency is that of an open loop at a fixed rate with one worker: a request counts from when it was due, so that a stall counts for all it delays.
- System calls are counted by strace in a stretch of its own, with one worker, on connections that are open already.
- Memory is the resident size of a fresh proxy with one worker, half a second after each connection was used once.
- Start-up is from the start of the process to the first answered request, with one worker.
- Tidegate runs as shipped: metrics, decision record, request id, X-Forwarded-* and timeouts on; but its limit of requests a connection is
  lifted (`requestsPerConnection: 0`), as NGINX's is, since the load keeps its connections. The peers add X-Forwarded-For, and no more. Access
  logs are off everywhere but in two rows: that of the filters, where every proxy of it writes one (HAProxy to its standard output, which is a
  file), and that of the JSON access log, which is Tidegate's alone. HTTP/2 is cleartext by prior knowledge. NGINX of Debian speaks no HTTP/2 to its upstreams.
";

fn bars(out: &mut String, results: &Results) -> std::fmt::Result {
    let mut lines = String::new();
    for row in &ROWS {
        for verdict in row.bars.iter().filter_map(|bar| results.verdict(row, bar)) {
            let (ratio, bar) = (quartiles(verdict.ratio), verdict.at_most);
            let met = if verdict.ratio.median <= bar {
                "met"
            } else {
                "**missed**"
            };
            writeln!(
                lines,
                "| {} | {} | {ratio} | {bar:.2} | {met} |",
                row.title, verdict.beside
            )?;
        }
    }
    if let Some(bytes) = results.memory_figure(Peer::Tidegate, |memory| memory.with_http1) {
        let met = if bytes <= MEMORY_BAR { "met" } else { "**missed**" };
        let (megabytes, bar) = (bytes / 1e6, MEMORY_BAR / 1e6);
        writeln!(
            lines,
            "| 10 000 idle HTTP/1.1 connections | | {megabytes:.1} MB | {bar:.0} MB | {met} |"
        )?;
    }
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Bars\n")?;
    writeln!(
        out,
        "CPU time a request of Tidegate over that of the cheapest peer that the bar names, or over its own in another row.\n"
    )?;
    writeln!(
        out,
        "| row | beside | median (quartiles) | at most | |\n|---|---|--:|--:|---|\n{}",
        lines.trim_end()
    )
}

fn costs(out: &mut String, results: &Results, row: &Row, workers: usize) -> std::fmt::Result {
    let (label, calls) = if workers == 1 {
        ("one worker", true)
    } else {
        ("two workers", false)
    };
    writeln!(out, "\n## {}, {label}\n", row.title)?;
    writeln!(
        out,
        "| proxy | CPU us a request | user | system | requests a second | busy | load and backend us | Tidegate / proxy | system calls |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|---|")?;
    for peer in results.peers() {
        let figure = |of: fn(&Visit) -> f64| results.figure(row, workers, peer, of);
        let Some(cost) = figure(Visit::cost) else {
            if peer.can(row) {
                writeln!(out, "| {peer} | failed | | | | | | | |")?;
            }
            continue;
        };
        let user = figure(Visit::user_cost).unwrap_or_default();
        let busy = figure(|visit| visit.busy).unwrap_or_default();
        let idle = if workers == 1 && busy < BUSY { " (waits)" } else { "" };
        let ratio = results.ratio(row, workers, peer).filter(|_| peer != Peer::Tidegate);
        writeln!(
            out,
            "| {peer} | {} | {} | {} | {:.0} | {:.0} %{idle} | {} | {} | {} |",
            micros(cost),
            micros(user),
            micros(cost - user),
            figure(Visit::throughput).unwrap_or_default(),
            busy * 100.0,
            figure(Visit::rest_cost).map(micros).unwrap_or_default(),
            ratio.map(quartiles).unwrap_or_default(),
            if calls {
                system_calls(results, row, peer)
            } else {
                String::new()
            },
        )?;
    }
    Ok(())
}

fn system_calls(results: &Results, row: &Row, peer: Peer) -> String {
    let Some(counted) = results.visits(row, 1, peer).find_map(|visit| visit.syscalls.as_ref()) else {
        return String::new();
    };
    let named: Vec<String> = counted
        .most
        .iter()
        .map(|(name, calls)| format!("{name} {calls:.2}"))
        .collect();
    format!("{:.2}: {}", counted.all, named.join(", "))
}

/// Three digits or so.
pub(crate) fn micros(figure: f64) -> String {
    if figure < 100.0 {
        format!("{figure:.2}")
    } else {
        format!("{figure:.0}")
    }
}

fn quartiles(ratio: Spread) -> String {
    format!("{:.3} ({:.3}-{:.3})", ratio.median, ratio.low, ratio.high)
}

fn latencies(out: &mut String, results: &Results) -> std::fmt::Result {
    for row in &ROWS {
        let Some(rate) = row.rate.filter(|_| results.has(row, 1)) else {
            continue;
        };
        writeln!(out, "\n## Latency at {rate} requests a second: {}\n", row.title)?;
        writeln!(out, "| proxy | p50 us | p99 us | p99.9 us |\n|---|--:|--:|--:|")?;
        for peer in results.peers() {
            let micros = |of: fn(&Latency) -> std::time::Duration| {
                let visits = results.visits(row, 1, peer).filter_map(|visit| visit.latency.as_ref());
                crate::stats::median(visits.map(|latency| of(latency).as_secs_f64() * 1e6))
            };
            if let (Some(p50), Some(p99), Some(p999)) = (
                micros(|latency| latency.p50),
                micros(|latency| latency.p99),
                micros(|latency| latency.p999),
            ) {
                writeln!(out, "| {peer} | {p50:.0} | {p99:.0} | {p999:.0} |")?;
            }
        }
    }
    Ok(())
}

fn memory(out: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(out, "\n## Memory and start-up\n")?;
    writeln!(
        out,
        "| proxy | idle MB | with 10 000 idle HTTP/1.1 connections MB | an idle HTTP/2 connection KiB | start-up ms |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|")?;
    for peer in results.peers() {
        let shown =
            |figure: Option<f64>, unit: f64| figure.map(|figure| format!("{:.1}", figure / unit)).unwrap_or_default();
        writeln!(
            out,
            "| {peer} | {} | {} | {} | {} |",
            shown(results.memory_figure(peer, |memory| memory.idle), 1e6),
            shown(results.memory_figure(peer, |memory| memory.with_http1), 1e6),
            shown(results.memory_figure(peer, |memory| memory.each_http2), 1024.0),
            shown(results.start(peer), 1e-3),
        )?;
    }
    Ok(())
}
