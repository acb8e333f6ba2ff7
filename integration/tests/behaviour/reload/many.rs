//! Ten thousand routes in a hundred files, of which one changes ten times a second under load.
//!
//! Short by default; `TIDEGATE_RELOAD_SECONDS=60 TIDEGATE_BIN=target/release/tidegate` and `--nocapture` measure.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs};

use tidegate_integration::harness::{DEADLINE, Folder, Proxy, Raw, until};

use super::{WEB, cluster, upstream};

const FILES: usize = 100;
const ROUTES: usize = 100;
/// Changes in a second.
const RATE: u32 = 10;
/// What a change may cost the thread that applies it.
const CPU: Duration = Duration::from_millis(30);

/// The routes of a file; the first has this time limit.
fn routes(file: usize, limit: u32) -> String {
    let route = |number: usize| {
        let limit = if number == 0 { limit } else { 30 };
        format!(
            "  r{file}-{number}: {{ listeners: [web], hosts: [r{file}-{number}.test], timeouts: {{ request: {limit}s }}, \
             rules: [{{ backends: [{{ cluster: up }}] }}] }}\n"
        )
    };
    (0..ROUTES)
        .map(route)
        .fold("routes:\n".to_owned(), |text, route| text + &route)
}

#[test]
fn changes_of_one_file_among_many_cost_little_and_fail_no_request() {
    let seconds = env::var("TIDEGATE_RELOAD_SECONDS")
        .ok()
        .map(|text| text.parse::<u32>().unwrap());
    let changes = seconds.unwrap_or(2) * RATE;
    let up = upstream("a");
    let folder = Folder::with(&[("base.yaml", format!("{WEB}{}", cluster("up", up.address)))]);
    (0..FILES).for_each(|file| folder.write(&format!("{file}.yaml"), routes(file, 30)));
    let proxy = Proxy::on(&folder.path(""), &["--workers", "1"]);
    let address = proxy.listener("web");
    let figure = |name: &str| figure(&proxy, name);
    let compiled = || figure("tidegate_objects_compiled_total");
    assert_eq!(compiled(), (FILES * ROUTES + 2) as f64);

    let rest = Duration::from_secs(seconds.unwrap_or(2).into());
    let calm = measure(&proxy, address, || thread::sleep(rest));
    let (before, resident) = (cpu_of(&proxy, Some("config")), proxy.resident());
    let busy = measure(&proxy, address, || {
        let begun = Instant::now();
        for change in 0..changes {
            let file = change as usize % FILES;
            folder.replace(&format!("{file}.yaml"), routes(file, 31 + change));
            thread::sleep(
                (begun + Duration::from_secs(1) / RATE * (change + 1)).saturating_duration_since(Instant::now()),
            );
        }
    });
    let expected = (FILES * ROUTES + 2) as f64 + f64::from(changes);
    until("the last change", || (compiled() >= expected).then_some(()));
    let cost = (cpu_of(&proxy, Some("config")) - before) / changes;
    println!(
        "{changes} changes, {} generations, {cost:?} of CPU a change; p99 {:?} beside {:?} without; CPU a request {:?} beside {:?}; {} KiB more resident",
        figure("tidegate_config_generation") - 1.0,
        busy.p99,
        calm.p99,
        busy.cpu,
        calm.cpu,
        proxy.resident().saturating_sub(resident) / 1024,
    );
    assert_eq!(compiled(), expected, "not exactly what had changed");
    assert!(seconds.is_none() || cost <= CPU, "{cost:?} a change");
}

/// A metric of the process. They stand first; with those of all the routes there would be megabytes to read.
fn figure(proxy: &Proxy, name: &str) -> f64 {
    let mut raw = Raw::connect(proxy.admin());
    raw.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let found = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    };
    raw.read_until(DEADLINE, |bytes| found(bytes).is_some());
    found(&raw.received).unwrap_or_else(|| panic!("there is no {name}"))
}

struct Measured {
    p99: Duration,
    /// Of the whole process, a request.
    cpu: Duration,
}

/// Sends requests, spread over all routes, while `work` goes on; panics when one fails.
fn measure(proxy: &Proxy, address: SocketAddr, work: impl FnOnce()) -> Measured {
    let stopped = Arc::new(AtomicBool::new(false));
    let clients: Vec<JoinHandle<Vec<Duration>>> = (0..2)
        .map(|seed| {
            let stopped = Arc::clone(&stopped);
            thread::spawn(move || client(address, seed, &stopped))
        })
        .collect();
    let before = cpu_of(proxy, None);
    work();
    stopped.store(true, Ordering::Relaxed);
    let mut took: Vec<Duration> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let cpu = (cpu_of(proxy, None) - before) / u32::try_from(took.len()).unwrap();
    took.sort();
    Measured {
        p99: took[took.len() * 99 / 100],
        cpu,
    }
}

fn client(address: SocketAddr, seed: usize, stopped: &AtomicBool) -> Vec<Duration> {
    let mut raw = Raw::connect(address);
    let mut took = Vec::new();
    let mut place = seed * 4_999;
    while !stopped.load(Ordering::Relaxed) {
        // A step that is prime to their number visits all of them.
        place = (place + 7_919) % (FILES * ROUTES);
        let begun = Instant::now();
        raw.send(format!(
            "GET / HTTP/1.1\r\nHost: r{}-{}.test\r\n\r\n",
            place / ROUTES,
            place % ROUTES
        ));
        let answered = raw.read_until(DEADLINE, |bytes| bytes.ends_with(b"\r\n\r\na"));
        took.push(begun.elapsed());
        let text = String::from_utf8_lossy(&raw.received).to_ascii_lowercase();
        let is_right = answered && text.starts_with("http/1.1 200");
        assert!(is_right, "{place}: {text:?} and {:?}", raw.end);
        raw.received.clear();
        if text.contains("connection: close") {
            raw = Raw::connect(address);
        }
    }
    took
}

/// The CPU time of the threads of the process that have this name, or of all of them.
fn cpu_of(proxy: &Proxy, name: Option<&str>) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", proxy.pid())).unwrap();
    let of = |task: fs::DirEntry| {
        let comm = fs::read_to_string(task.path().join("comm")).ok()?;
        if name.is_some_and(|name| comm.trim() != name) {
            return None;
        }
        let stat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    };
    tasks.filter_map(|task| of(task.ok()?)).sum()
}
