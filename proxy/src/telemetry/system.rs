//! What the kernel says about this process, for the `process_*` metrics. A value that cannot be read is left out.

use std::fs;

/// The unit of CPU times in `/proc`: `USER_HZ`, which Linux fixes at 100 for user space on every architecture we build for.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug, Default)]
pub(crate) struct System {
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) resident_bytes: Option<f64>,
    pub(crate) virtual_bytes: Option<f64>,
    pub(crate) open_fds: Option<f64>,
    pub(crate) max_fds: Option<f64>,
    pub(crate) threads: Option<f64>,
    pub(crate) start_seconds: Option<f64>,
}

impl System {
    pub(crate) fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let ticks = |number| stat_field(&stat, number).map(|ticks| ticks / TICKS_PER_SECOND);
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        // Reading the directory takes a descriptor itself.
        let open_fds = fs::read_dir("/proc/self/fd")
            .ok()
            .map(|fds| fds.count().saturating_sub(1) as f64);
        let boot = fs::read_to_string("/proc/stat")
            .ok()
            .and_then(|text| field(&text, "btime "));
        Self {
            cpu_seconds: ticks(14).zip(ticks(15)).map(|(user, system)| user + system),
            resident_bytes: field(&status, "VmRSS:").map(|kib| kib * 1024.0),
            virtual_bytes: field(&status, "VmSize:").map(|kib| kib * 1024.0),
            open_fds,
            max_fds: field(&limits, "Max open files"),
            threads: field(&status, "Threads:"),
            start_seconds: boot.zip(ticks(22)).map(|(boot, since)| boot + since),
        }
    }
}

/// The first number behind `name` at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Field `number` of `/proc/self/stat`, counted from 1 as in proc(5). The second is the program's name in parentheses and
/// may hold anything, so counting begins behind it.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 4 5 6 7 8 9 10 11 12 13 14 15 16";
        assert_eq!(stat_field(stat, 4), Some(4.0));
        assert_eq!(stat_field(stat, 14), Some(14.0));
        assert_eq!(stat_field(stat, 17), None);
        assert_eq!(stat_field("", 4), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_tells_everything_about_this_process() {
        let system = System::read();
        assert!(system.resident_bytes.is_some_and(|bytes| bytes > 100_000.0));
        assert!(system.virtual_bytes >= system.resident_bytes);
        assert!(system.open_fds.is_some_and(|fds| fds >= 3.0));
        assert!(system.max_fds >= system.open_fds);
        assert!(system.threads.is_some_and(|threads| threads >= 1.0));
        assert!(system.cpu_seconds.is_some());
        assert!(
            system.start_seconds.is_some_and(|start| start > 1_600_000_000.0),
            "not a time of this century"
        );
    }
}
