//! The machine: which cores there are and who may use them, how many files may be open, and how the report names it.

use std::fs;
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

use crate::Outcome;

/// Enough for the 10 000 connections of the memory figures.
const OPEN_FILES: u64 = 15_000;

pub(crate) type Cores = Vec<usize>;

/// Who runs where while so many workers are measured.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) proxy: Cores,
    pub(crate) rest: Cores,
}

/// The cores that this thread may use.
pub(crate) fn cores() -> Outcome<Cores> {
    let allowed = sched_getaffinity(None)?;
    let cores: Cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
    if cores.len() < 2 {
        Err("the benchmark needs two cores".into())
    } else {
        Ok(cores)
    }
}

/// The proxy on the first cores, a core for each worker; load and backend on the others, or on the same when there are none.
pub(crate) fn layout(cores: &[usize], workers: usize) -> Layout {
    let (proxy, rest) = cores.split_at(workers.min(cores.len()));
    let rest = if rest.is_empty() { proxy } else { rest };
    Layout {
        proxy: proxy.to_vec(),
        rest: rest.to_vec(),
    }
}

/// Binds a thread (this one, without an id) to some cores.
pub(crate) fn pin(thread: Option<Pid>, cores: &[usize]) -> Outcome<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    Ok(sched_setaffinity(thread, &set)?)
}

/// Children inherit it.
pub(crate) fn raise_open_files() -> Outcome<()> {
    let now = getrlimit(Resource::Nofile);
    if now.current.is_some_and(|current| current < OPEN_FILES) {
        let maximum = now.maximum.map(|maximum| maximum.max(OPEN_FILES));
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(OPEN_FILES),
                maximum,
            },
        )
        .map_err(|error| format!("{OPEN_FILES} open files: {error}"))?;
    }
    Ok(())
}

/// CPU, memory, kernel, and what the kernel does by default to each send.
pub(crate) fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = rustix::system::uname();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(0);
    let model = model.map_or("unknown CPU", |(_, model)| model);
    let release = kernel.release().to_string_lossy();
    let congestion = fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").unwrap_or_default();
    let congestion = congestion.trim();
    format!(
        "{model}, {cores} cores, {:.0} GiB, {} {release}, TCP congestion control {congestion}",
        kib as f64 / (1 << 20) as f64,
        kernel.sysname().to_string_lossy()
    )
}

/// The day in UTC, as year-month-day.
pub(crate) fn today() -> Outcome<String> {
    let output = Command::new("date").args(["-u", "+%F"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
