//! System calls a request, counted by strace in a stretch of its own: it slows the proxy down far too much to be measured beside.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::Outcome;
use crate::children::{Process, signal};
use crate::load::{Load, Pace};

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct Syscalls {
    pub(crate) all: f64,
    /// The most frequent ones by name.
    pub(crate) most: Vec<(String, f64)>,
}

/// The load is quiet before and after, so that calls and requests are counted over the same stretch.
pub(crate) fn count(folder: &Path, pid: u32, load: &Load, stretch: Duration) -> Outcome<Syscalls> {
    let table = folder.join("strace.table");
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-p", &pid.to_string(), "-o"]).arg(&table);
    let mut tracer = Process::start(&mut command, folder.join("strace.log"))?;
    tracer.until(PATIENCE, |tracer| tracer.log().contains("attached"))?;
    let before = load.answered();
    load.set(Pace::Closed)?;
    thread::sleep(stretch);
    load.pause()?;
    let requests = load.answered() - before;
    signal(tracer.id(), Signal::INT);
    tracer.wait(PATIENCE)?;
    parse(&std::fs::read_to_string(table)?, requests as f64).ok_or_else(|| "strace counted nothing".into())
}

/// Lines of share, seconds, microseconds a call, calls, errors (may be blank), name; the last names the total.
fn parse(table: &str, requests: f64) -> Option<Syscalls> {
    let mut most = Vec::new();
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some(name), Some(calls)) = (words.last(), words.get(3).and_then(|calls| calls.parse::<f64>().ok())) else {
            continue;
        };
        if *name == "total" {
            most.sort_by(|(_, more): &(String, f64), (_, less)| less.total_cmp(more));
            most.retain(|(_, calls)| *calls >= 0.01);
            return Some(Syscalls {
                all: calls / requests,
                most,
            });
        }
        most.push(((*name).to_owned(), calls / requests));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_table_of_strace_is_read() {
        let table = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           3       200           sendto
 40.00    0.000400           2       210        10 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           2       410        10 total
";
        let counted = parse(table, 100.0).unwrap();
        assert_eq!(counted.all, 4.1);
        assert_eq!(counted.most, [("recvfrom".to_owned(), 2.1), ("sendto".to_owned(), 2.0)]);
    }
}
