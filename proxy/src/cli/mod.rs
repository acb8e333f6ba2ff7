//! The command line: a file a command.

mod check;
mod diff;
mod echo;
mod explain;
mod run;
mod schema;
mod welcome;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args).map_err(Into::into),
        Command::Schema => schema::run().map(|()| ExitCode::SUCCESS).map_err(Into::into),
        Command::Diff(args) => diff::run(&args),
        Command::Echo(args) => echo::run(&args).map(|()| ExitCode::SUCCESS).map_err(Into::into),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
