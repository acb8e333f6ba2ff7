//! `tidegate man [DIR]`: the manual, a page a command, made from the definition of the command line.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Command};
use clap_mangen::{Man, generate_to};

const EXAMPLES: &str = "\
Examples:
  tidegate man | man -l -
  tidegate man /usr/local/share/man/man1";

/// Write the manual: the page of `tidegate` to standard output, or those of all commands to a directory
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct ManArgs {
    /// A directory that exists; it gets tidegate.1, tidegate-run.1 and so on
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

type Failure = Box<dyn std::error::Error>;

pub(super) fn run(args: &ManArgs, cli: Command) -> Result<ExitCode, Failure> {
    match &args.directory {
        None => {
            let mut page = Vec::new();
            Man::new(cli).render(&mut page)?;
            io::stdout().lock().write_all(&page)?;
        }
        Some(directory) => generate_to(cli, directory)
            .map_err(|error| format!("cannot write the manual to {}: {error}", directory.display()))?,
    }
    Ok(ExitCode::SUCCESS)
}
