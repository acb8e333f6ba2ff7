//! The command line: a file a command, and what several of them have in common ([`output`], [`stop`]).

mod check;
mod completions;
mod diff;
mod echo;
mod explain;
mod man;
mod notify;
mod output;
mod run;
mod schema;
mod stop;
mod welcome;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Service-mesh sidecar proxy and edge gateway.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    Check(check::CheckArgs),
    /// Print the JSON Schema of a configuration file, for completion in editors
    Schema,
    Diff(diff::DiffArgs),
    Echo(echo::EchoArgs),
    Explain(Box<explain::ExplainArgs>),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// The default of an option of `tidegate run`.
#[cfg(test)]
pub(crate) fn default_of(option: &str) -> Option<String> {
    use clap::CommandFactory;
    let command = Cli::command();
    let mut options = command.find_subcommand("run")?.get_arguments();
    let values = options.find(|one| one.get_long() == Some(option))?.get_default_values();
    Some(values.first()?.to_str()?.to_owned())
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args).map_err(Into::into),
        Command::Schema => schema::run().map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Command::Diff(args) => diff::run(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()).map_err(Into::into),
        Command::Man(args) => man::run(&args, Cli::command()),
        Command::Echo(args) => echo::run(&args).map(|()| ExitCode::SUCCESS).map_err(Into::into),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
