//! `tidegate check CONFIG...`: what is wrong with configurations, and what is probably not meant.

mod report;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tidegate_config::Watcher;

use self::report::Report;
use super::output::Format;

/// After this long the files are looked at again, whether or not the system told of a change.
const PATIENCE: Duration = Duration::from_secs(5);

/// Validate configurations and say what is probably not meant
///
/// Each CONFIG is one configuration, as `tidegate run` would take it. Exits with 0 when there is no error (warnings
/// do not count), 1 when there is one, 2 when a CONFIG cannot be read at all.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// YAML files, or directories of them
    #[arg(required = true)]
    config: Vec<PathBuf>,
    /// For people, or one line of JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Check again whenever a file changes, and show what is found when it is something else, until interrupted
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(args: &CheckArgs) -> io::Result<ExitCode> {
    let report = Report::of(&args.config);
    let mut shown = show(&report, args.format)?;
    print(&shown)?;
    if !args.watch {
        return Ok(report.exit_code());
    }
    let mut watcher = Watcher::new();
    watcher.watch(report.directories());
    loop {
        watcher.wait(PATIENCE);
        let report = Report::of(&args.config);
        watcher.watch(report.directories());
        let now = show(&report, args.format)?;
        // Much that wakes us is no change of a configuration.
        if now != shown {
            print(&now)?;
            shown = now;
        }
    }
}

fn show(report: &Report<'_>, format: Format) -> io::Result<String> {
    Ok(match format {
        Format::Human => report.to_string(),
        Format::Json => report.json()? + "\n",
    })
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
