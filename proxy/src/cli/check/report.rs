//! What was found, for people and for programs.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use tidegate_config::{Diagnostic, Label, LoadError, Loaded, Severity, Store};

use crate::cli::output::Counted;

/// What each configuration was found to be.
pub(super) struct Report<'a> {
    found: Vec<(&'a PathBuf, Result<Loaded, LoadError>)>,
    directories: BTreeSet<PathBuf>,
}

impl<'a> Report<'a> {
    pub(super) fn of(configs: &'a [PathBuf]) -> Self {
        let mut directories = BTreeSet::new();
        let checked = |path: &'a PathBuf| {
            // A new one each time: nothing that was good before shall stand in for what is wrong now.
            let mut store = Store::new(path).with_lints();
            let found = store.reload().map(Loaded::from);
            directories.extend(store.directories());
            (path, found)
        };
        Self {
            found: configs.iter().map(checked).collect(),
            directories,
        }
    }

    /// Where a change may make it another one.
    pub(super) fn directories(&self) -> BTreeSet<PathBuf> {
        self.directories.clone()
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if self.found.iter().any(|(_, result)| result.is_err()) {
            ExitCode::from(2)
        } else if self.count(Severity::Error) > 0 {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        }
    }

    pub(super) fn json(&self) -> serde_json::Result<String> {
        let unreadable = |(path, result): &(&PathBuf, Result<_, LoadError>)| {
            let error = result.as_ref().err()?;
            Some(Unreadable {
                file: path.display().to_string(),
                message: error.to_string(),
            })
        };
        serde_json::to_string(&Findings {
            errors: self.count(Severity::Error),
            warnings: self.count(Severity::Warning),
            unreadable: self.found.iter().filter_map(unreadable).collect(),
            diagnostics: self.diagnostics().map(Finding::of).collect(),
        })
    }

    fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        let loaded = self.found.iter().filter_map(|(_, result)| result.as_ref().ok());
        loaded.flat_map(|loaded| &loaded.diagnostics)
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics().filter(|one| one.severity() == severity).count()
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, result) in &self.found {
            match result {
                Err(error) => writeln!(f, "error: {error}")?,
                Ok(loaded) => {
                    for diagnostic in &loaded.diagnostics {
                        writeln!(f, "{diagnostic}")?;
                    }
                    writeln!(f, "{}: {}", path.display(), Summary(loaded))?;
                }
            }
        }
        Ok(())
    }
}

/// One line: what is there, and how much of it is wrong.
struct Summary<'a>(&'a Loaded);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Loaded { snapshot, diagnostics } = self.0;
        let objects = [
            (snapshot.listeners().len(), "listener"),
            (snapshot.routes().len(), "route"),
            (snapshot.clusters().len(), "cluster"),
        ];
        for (index, (number, what)) in objects.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", Counted(number, what))?;
        }
        let errors = diagnostics
            .iter()
            .filter(|one| one.severity() == Severity::Error)
            .count();
        let warnings = diagnostics.len() - errors;
        write!(
            f,
            " good; {}, {}",
            Counted(errors, "error"),
            Counted(warnings, "warning")
        )
    }
}

#[derive(Serialize)]
struct Findings<'a> {
    errors: usize,
    warnings: usize,
    unreadable: Vec<Unreadable>,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Unreadable {
    file: String,
    message: String,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: String,
    #[serde(flatten)]
    place: Place<'a>,
    object: Option<String>,
    message: &'a str,
    help: Option<&'a str>,
    related: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

impl<'a> Finding<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        Self {
            code: diagnostic.code().as_str(),
            severity: diagnostic.severity().to_string(),
            place: Place::of(diagnostic.label()),
            object: diagnostic.object_id().map(ToString::to_string),
            message: diagnostic.message(),
            help: diagnostic.help_text(),
            related: diagnostic.related_labels().iter().map(Place::of).collect(),
        }
    }
}

impl<'a> Place<'a> {
    fn of(label: &'a Label) -> Self {
        let origin = label.origin();
        Self {
            file: origin.file(),
            line: origin.line(),
            column: origin.column(),
            note: label.note_text(),
        }
    }
}
