//! The pages of `docs/` that are rendered from the code: metrics, limits, reasons, and the reference of the language.
//!
//! Each is compared with what is there; with `TIDEGATE_BLESS=1` in the environment it is written instead. Nothing of this
//! is in the binary.

mod limits;
mod metrics;
mod reasons;
mod reference;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const HOW: &str = "TIDEGATE_BLESS=1 cargo test -p tidegate --lib docs";

/// A page on its way.
struct Page {
    text: String,
}

impl Page {
    fn new(title: &str, introduction: &str) -> Self {
        let text = format!("# {title}\n\n<!-- Rendered from the code: {HOW} -->\n\n{introduction}\n");
        Self { text }
    }

    fn section(&mut self, title: &str, introduction: &str) {
        let _ = writeln!(self.text, "\n## {title}");
        if !introduction.is_empty() {
            let _ = writeln!(self.text, "\n{introduction}");
        }
    }

    fn table<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: impl IntoIterator<Item = [String; COLUMNS]>,
    ) {
        let _ = writeln!(self.text, "\n| {} |\n|{}", head.join(" | "), " --- |".repeat(COLUMNS));
        for row in rows {
            let _ = writeln!(
                self.text,
                "| {} |",
                row.map(|cell| cell.replace('|', "\\|")).join(" | ")
            );
        }
    }

    /// Compares with the file, or writes it.
    fn is_in(&self, file: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file);
        if env::var_os("TIDEGATE_BLESS").is_some() {
            fs::write(&path, &self.text).unwrap();
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = self.text.lines().zip(there.lines()).enumerate();
        let differs = lines.find(|(_, (ours, theirs))| ours != theirs);
        assert!(
            there == self.text,
            "docs/{file} is stale, at {differs:?}: run {HOW} and look at the difference"
        );
    }
}

fn code(text: impl std::fmt::Display) -> String {
    format!("`{text}`")
}

/// A doc comment as one sentence.
fn prose(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
