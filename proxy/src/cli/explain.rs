//! `tidegate explain CONFIG REQUEST`: what would become of a request, and why.

mod render;

use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use self::render::render;
use super::output::Format;
use crate::explain::{Curl, Request, explain};
use crate::live::{Tables, compile};

const EXAMPLES: &str = "\
Examples:
  tidegate explain gateway.yaml -X POST -H 'x-group: beta' http://shop.example/cart
  tidegate explain gateway.yaml curl 'https://shop.example/cart' -H 'x-group: beta'
  tidegate explain gateway.yaml --format json - < requests";

/// Say which rule would serve a request, why the others would not, and what happens on the way.
///
/// REQUEST is a URL with options of curl, or a whole curl command, quoted or not. `-` reads requests from standard input,
/// one a line. Nothing is sent; where it matters, the client is 127.0.0.1.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    /// A YAML file, or a directory of them
    config: PathBuf,
    #[command(flatten)]
    request: Curl,
    /// The listener that gets the request, as NAME or NAMESPACE/NAME [default: the one on the URL's port]
    #[arg(long, value_name = "NAME")]
    listener: Option<String>,
    /// How the explanation is written; json is an object a line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Name every rule that lost, not only those that came furthest
    #[arg(long)]
    all: bool,
}

type Failure = Box<dyn std::error::Error>;

pub(super) fn run(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let loaded = tidegate_config::load(&args.config)?;
    if loaded.has_errors() {
        let config = args.config.display();
        eprintln!(
            "note: {config} has mistakes; what they set aside is not there: `tidegate check {config}` shows them"
        );
    }
    let tables = compile(&Arc::new(loaded.snapshot), None, 1, 1).tables;
    let mut out = io::stdout().lock();
    if !args.request.is_stdin() {
        let text = args.explanation(&tables, &args.request.request()?)?;
        out.write_all(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    for (line, number) in io::stdin().lock().lines().zip(1..) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let explained = Curl::parse(&line)
            .map_err(Failure::from)
            .and_then(|request| args.explanation(&tables, &request));
        let text = explained.map_err(|error| format!("line {number} of standard input: {error}"))?;
        out.write_all(text.as_bytes())?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

impl ExplainArgs {
    fn explanation(&self, tables: &Tables, request: &Request) -> Result<String, Failure> {
        let explanation = explain(tables, self.listener.as_deref(), request)?;
        Ok(match self.format {
            Format::Human => render(&explanation, self.all),
            Format::Json => serde_json::to_string(&explanation)? + "\n",
        })
    }
}
