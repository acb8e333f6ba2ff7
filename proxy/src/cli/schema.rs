//! `tidegate schema`: the JSON Schema of a configuration file.

use std::io::{self, Write};

pub(super) fn run() -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &tidegate_config::schema())?;
    writeln!(out)
}
