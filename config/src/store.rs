//! The configuration as it changes: what was loaded, what serves of it, and what a new look at the files makes of both.
//!
//! Files that did not change are not read again, objects that mean the same keep their `Arc`. Whatever is wrong with an
//! object, it never hurts another: it is *quarantined*, and its last good version serves until it is put right or
//! removed.
//!
//! | what is wrong | what serves |
//! | --- | --- |
//! | an object, by itself | its last good version, else nothing of it |
//! | a reference to what is not there | the object; only that reference is invalid |
//! | a file that cannot be read, or not as a whole | the last good version of every object that it held |
//! | a name that stands twice | neither; the last good version, if there is one |
//! | an address that another listener has | that one; this one's last good version if its address is free |
//! | what the machine refuses ([`Store::refuse`]) | the last good version, else nothing of it |
//! | a file that is gone | nothing of what it held |
//!
//! Not here: waiting for changes (that is [`crate::Watcher`]) and serving.

mod files;
mod report;
mod select;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use self::files::Files;
pub use self::files::LoadError;
pub(crate) use self::files::read_bounded;
pub use self::report::{ObjectStatus, Objects, Reload, Report};
use self::select::select;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::digest::Digest;
use crate::id::ObjectId;
use crate::lint::lint;
use crate::snapshot::{assemble, part_listeners};

/// What was loaded from a file or directory, and what serves of it.
#[derive(Debug, Default)]
pub struct Store {
    path: PathBuf,
    files: Files,
    has_lints: bool,
    /// What the machine refused, by the hash of the refused version.
    refused: BTreeMap<ObjectId, (Digest, String)>,
    /// What the last look came to, and the one before, which the last good versions are from.
    last: Reload,
    before: Reload,
}

impl Store {
    /// A store of this file, or of all `*.yaml` and `*.yml` below this directory; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// A store of these texts, which never change.
    pub(crate) fn of_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            files: Files::of_texts(texts),
            ..Self::default()
        }
    }

    /// The same store, whose reloads say what is probably not meant, too; that costs a pass over everything.
    #[must_use]
    pub fn with_lints(self) -> Self {
        Self {
            has_lints: true,
            ..self
        }
    }

    /// Looks at the files again. What was refused before gets another chance.
    ///
    /// # Errors
    /// The file or directory as a whole cannot be read. Then everything stays as it is.
    pub fn reload(&mut self) -> Result<Reload, LoadError> {
        let looked = self.files.scan(&self.path)?;
        let has_refused = !std::mem::take(&mut self.refused).is_empty();
        self.before = self.last.clone();
        if looked.has_changed || has_refused {
            return Ok(self.settle(looked.read));
        }
        let report = Report {
            files_read: looked.read,
            unchanged: self.last.snapshot.len(),
            quarantined: self.last.report.quarantined.clone(),
            desired: self.last.report.desired,
            effective: self.last.report.effective,
            ..Report::default()
        };
        self.last.report = Arc::new(report);
        Ok(self.last.clone())
    }

    /// Quarantines objects in the version of now, because the machine refuses what they ask for, such as an address that
    /// another process holds. What comes of it takes the place of what the last [`Store::reload`] gave.
    pub fn refuse(&mut self, refused: impl IntoIterator<Item = (ObjectId, String)>) -> Reload {
        for (id, message) in refused {
            if let Some(status) = self.last.objects.get(&id) {
                self.refused.insert(id, (status.hash, message));
            }
        }
        self.settle(0)
    }

    /// The directories in which a change may concern this configuration, files that objects name included.
    pub fn directories(&self) -> BTreeSet<PathBuf> {
        self.files.directories(&self.path)
    }

    pub(crate) fn settle(&mut self, files_read: usize) -> Reload {
        let before = &self.before;
        let mut diagnostics = self.files.diagnostics();
        let mut objects = select(&self.files, &self.refused, &before.objects, &mut diagnostics);
        part_listeners(&mut objects, &before.objects, &mut diagnostics);
        let snapshot = assemble(&objects, &before.snapshot, &mut diagnostics);
        if self.has_lints {
            let is_whole = diagnostics.iter().all(|one| one.severity() < Severity::Error);
            diagnostics.extend(lint(&snapshot, is_whole));
        }
        self.files.explain(&mut diagnostics);
        let desired = self.files.desired();
        let report = Report::new(&before.snapshot, &snapshot, &objects, desired, files_read);
        self.last = Reload {
            snapshot: snapshot.into(),
            objects: objects.into(),
            diagnostics: diagnostics.into(),
            report: report.into(),
        };
        self.last.clone()
    }
}

/// What the machine refuses of an object, as a finding.
fn refusal(id: &ObjectId, origin: &crate::origin::Origin, message: &str) -> Diagnostic {
    Diagnostic::new(Code::Refused, message.to_owned(), origin.clone())
        .object(id.clone())
        .help("it is tried again whenever the configuration is loaded")
}
