//! `tidegate completions SHELL`: the script that completes this command line, made from its definition.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

const EXAMPLES: &str = "\
Examples:
  tidegate completions bash > /usr/share/bash-completion/completions/tidegate
  tidegate completions zsh > /usr/local/share/zsh/site-functions/_tidegate
  tidegate completions fish > ~/.config/fish/completions/tidegate.fish";

/// Print the script that completes this command line in a shell
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell that is to load it
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, mut cli: Command) -> io::Result<ExitCode> {
    // Into memory first: the generator takes a writer that cannot fail.
    let mut script = Vec::new();
    generate(args.shell, &mut cli, "tidegate", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
