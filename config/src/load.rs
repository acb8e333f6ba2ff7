//! From a path or texts to a snapshot, once.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::snapshot::Snapshot;
use crate::store::{LoadError, Reload, Store};

/// What a configuration holds, and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Loaded {
    /// Every object that is good.
    pub snapshot: Snapshot,
    /// Everything there is to say, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether something was set aside.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity() == Severity::Error)
    }
}

impl From<Reload> for Loaded {
    fn from(reload: Reload) -> Self {
        Self {
            snapshot: Arc::unwrap_or_clone(reload.snapshot),
            diagnostics: reload.diagnostics.to_vec(),
        }
    }
}

/// Loads a file, or all `*.yaml` and `*.yml` below a directory, as one configuration. Who wants to load it again when it
/// has changed keeps a [`Store`].
///
/// Entries whose name begins with a dot are skipped, symbolic links are followed. Mistakes in the configuration are no
/// error of this function: they are the diagnostics, and whatever is good is in the snapshot.
///
/// # Errors
/// The file or directory as a whole cannot be read.
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    Store::new(path).reload().map(Loaded::from)
}

/// Loads as [`load`] does, and says what is probably not meant, too.
///
/// # Errors
/// The file or directory as a whole cannot be read.
pub fn check(path: &Path) -> Result<Loaded, LoadError> {
    Store::new(path).with_lints().reload().map(Loaded::from)
}

/// Checks several files from text, as one configuration.
pub fn check_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Loaded {
    Store::of_texts(files).with_lints().settle(0).into()
}

/// Loads a configuration from text; `name` stands for the file in origins and diagnostics.
pub fn parse_str(name: &str, text: &str) -> Loaded {
    parse_files([(name, text)])
}

/// Loads several files from text, as one configuration.
pub fn parse_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Loaded {
    Store::of_texts(files).settle(0).into()
}
