//! The log of the process itself: human text on standard error, from `tracing` events. Not the access log.

use std::env;

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// The environment variable that is asked when the command line says nothing.
pub const VARIABLE: &str = "TIDEGATE_LOG";

/// The `h2` crate warns of each peer that breaks the protocol; strangers must not fill the log.
const DEFAULT: &str = "info,h2=error";

#[derive(Debug, Error)]
pub enum LogError {
    #[error(
        "`{directives}` is not a log filter: {source}\n\
         write a level (error, warn, info, debug, trace, off), or levels by module: `info,tidegate::upstream=debug`"
    )]
    Filter { directives: String, source: ParseError },
    #[error("a log is set up already: {0}")]
    Twice(#[from] TryInitError),
}

/// Sets up logging for the whole process, once: by `directives`, else by [`VARIABLE`], else by [`DEFAULT`].
pub fn init(directives: Option<&str>) -> Result<(), LogError> {
    let from_environment = env::var(VARIABLE).ok();
    let filter = filter(directives.or(from_environment.as_deref()))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .finish()
        .try_init()?;
    Ok(())
}

fn filter(directives: Option<&str>) -> Result<EnvFilter, LogError> {
    let directives = directives
        .map(str::trim)
        .filter(|directives| !directives.is_empty())
        .unwrap_or(DEFAULT);
    EnvFilter::builder()
        .parse(directives)
        .map_err(|source| LogError::Filter {
            directives: directives.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saying_nothing_means_the_default_and_nonsense_is_explained() {
        assert_eq!(filter(None).unwrap().to_string(), "h2=error,info");
        assert_eq!(filter(Some(" ")).unwrap().to_string(), "h2=error,info");
        assert_eq!(
            filter(Some("warn,tidegate::upstream=debug")).unwrap().to_string(),
            "tidegate::upstream=debug,warn"
        );
        let error = filter(Some("tidegate=loud")).unwrap_err().to_string();
        assert!(
            error.contains("`tidegate=loud` is not a log filter") && error.contains("write a level"),
            "{error}"
        );
    }
}
