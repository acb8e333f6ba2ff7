//! What a proxy's processes have used, read from /proc: CPU time by thread in nanoseconds, and resident memory.

use std::fs;
use std::time::Duration;

use crate::Outcome;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct CpuTime {
    pub(crate) total: Duration,
    /// How the kernel splits it, in ticks: it needs a second or two to mean something.
    user_ticks: u64,
    system_ticks: u64,
}

impl CpuTime {
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            total: self.total.saturating_sub(earlier.total),
            user_ticks: self.user_ticks.saturating_sub(earlier.user_ticks),
            system_ticks: self.system_ticks.saturating_sub(earlier.system_ticks),
        }
    }

    pub(crate) fn user(self) -> Duration {
        let ticks = (self.user_ticks + self.system_ticks).max(1);
        self.total.mul_f64(self.user_ticks as f64 / ticks as f64)
    }
}

/// A process and all that it started.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut seen = 0;
    while let Some(parent) = all.get(seen).copied() {
        seen += 1;
        for thread in threads(parent) {
            let children = fs::read_to_string(format!("/proc/{parent}/task/{thread}/children")).unwrap_or_default();
            all.extend(
                children
                    .split_whitespace()
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
        }
    }
    all
}

fn threads(pid: u32) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}

/// What a process and all that it started have used.
pub(crate) fn cpu_time(pid: u32) -> Outcome<CpuTime> {
    let mut sum = CpuTime::default();
    for pid in family(pid) {
        let one = process_time(pid)?;
        sum.total += one.total;
        sum.user_ticks += one.user_ticks;
        sum.system_ticks += one.system_ticks;
    }
    Ok(sum)
}

pub(crate) fn process_time(pid: u32) -> Outcome<CpuTime> {
    let mut total = Duration::ZERO;
    for thread in threads(pid) {
        let statistics = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat"))?;
        let nanoseconds = statistics
            .split_whitespace()
            .next()
            .ok_or("an empty schedstat")?
            .parse()?;
        total += Duration::from_nanos(nanoseconds);
    }
    let status = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The command's name may hold spaces; it ends with the last parenthesis.
    let (_, fields) = status.rsplit_once(") ").ok_or("a stat without a name")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || Outcome::Ok(ticks.next().ok_or("a stat without times")??);
    Ok(CpuTime {
        total,
        user_ticks: next()?,
        system_ticks: next()?,
    })
}

/// Resident bytes, what processes share counted in shares.
pub(crate) fn resident(pid: u32) -> Outcome<u64> {
    let mut kib = 0;
    let several = family(pid);
    let wanted = if several.len() == 1 { "Rss:" } else { "Pss:" };
    for pid in several {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let value = rollup
            .lines()
            .find_map(|line| line.strip_prefix(wanted)?.split_whitespace().next());
        kib += value.ok_or("no resident size")?.parse::<u64>()?;
    }
    Ok(kib << 10)
}
