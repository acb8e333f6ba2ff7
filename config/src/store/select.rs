//! Which version of each object is to serve, before objects are held against each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::Files;
use super::refusal;
use super::report::{ObjectStatus, Objects, Served};
use crate::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::digest::Digest;
use crate::id::ObjectId;
use crate::snapshot::Draft;

type Written<'a> = (&'a Arc<str>, &'a Draft);

pub(super) fn select(
    files: &Files,
    refused: &BTreeMap<ObjectId, (Digest, String)>,
    previous: &Objects,
    diagnostics: &mut Vec<Diagnostic>,
) -> Objects {
    let reasons = reasons(diagnostics);
    let mut written: Vec<Written<'_>> = files.drafts().collect();
    // Stable: of one name the versions stay in the order of their files.
    written.sort_by_key(|(_, draft)| &draft.id);
    let mut objects = Vec::with_capacity(written.len());
    for written in written.chunk_by(|(_, one), (_, next)| one.id == next.id) {
        let Some(&(file, draft)) = written.last() else { continue };
        let id = &draft.id;
        let found = judge(id, written, refused);
        let by_itself = || {
            let known = reasons.get(id).cloned();
            known.unwrap_or_else(|| unexplained(draft))
        };
        let reason = match found.last() {
            Some(found) => Some(found.clone()),
            None => draft.object.is_none().then(by_itself),
        };
        diagnostics.extend(found);
        let serving = match reason {
            None => served(file, draft),
            Some(_) => previous.get(id).and_then(|status| status.serving.clone()),
        };
        let status = ObjectStatus {
            origin: draft.origin.clone(),
            hash: draft.hash,
            reason: reason.map(Arc::new),
            serving,
        };
        objects.push((id.clone(), status));
    }
    let mut objects: Objects = objects.into_iter().collect();
    keep_what_broken_files_held(files, previous, &mut objects);
    objects
}

/// What is wrong with an object that no file knows by itself.
fn judge(id: &ObjectId, written: &[Written<'_>], refused: &BTreeMap<ObjectId, (Digest, String)>) -> Vec<Diagnostic> {
    let [(_, first), others @ ..] = written else {
        return Vec::new();
    };
    if others.is_empty() {
        let refused = refused.get(id).filter(|(version, _)| *version == first.hash);
        let refusal = refused.map(|(_, message)| refusal(id, &first.origin, message));
        return refusal.into_iter().collect();
    }
    others
        .iter()
        .map(|(_, second)| named_twice(id, first, second))
        .collect()
}

/// The first error of each object.
fn reasons(diagnostics: &[Diagnostic]) -> BTreeMap<ObjectId, Diagnostic> {
    let mut reasons = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|found| found.severity() == Severity::Error) {
        if let Some(id) = diagnostic.object_id() {
            reasons.entry(id.clone()).or_insert_with(|| diagnostic.clone());
        }
    }
    reasons
}

/// The version that is written, even where it says what the last one said: it may stand on other lines, which is where
/// what is wrong with it is shown. Its old `Arc` it gets back in [`crate::snapshot::assemble`], if it means the same.
fn served(file: &Arc<str>, draft: &Draft) -> Option<Served> {
    Some(Served {
        object: draft.object.clone()?,
        written: Arc::clone(&draft.written),
        hash: draft.hash,
        file: Arc::clone(file),
    })
}

/// Of an object that is bad although nothing was said of it, which does not happen.
fn unexplained(draft: &Draft) -> Diagnostic {
    let message = format!("{} cannot be used", draft.id);
    Diagnostic::new(Code::WrongType, message, draft.origin.clone()).object(draft.id.clone())
}

fn named_twice(id: &ObjectId, first: &Draft, second: &Draft) -> Diagnostic {
    let label = Label::new(first.origin.clone()).note("first here");
    Diagnostic::new(
        Code::NamedTwice,
        format!("there are two of {id}"),
        second.origin.clone(),
    )
    .object(id.clone())
    .related(label)
    .help("rename one; until then none of them is used")
}

/// An object of a file that could not be read as a whole may still stand in it: its last good version serves.
fn keep_what_broken_files_held(files: &Files, previous: &Objects, objects: &mut Objects) {
    if !files.any_is_partial() {
        return;
    }
    for (id, before) in previous {
        let Some(serving) = &before.serving else { continue };
        if objects.contains_key(id) {
            continue;
        }
        if let Some(reason) = files.why_partial(&serving.file) {
            let status = ObjectStatus {
                origin: before.origin.clone(),
                hash: serving.hash,
                reason: Some(Arc::new(reason.clone())),
                serving: Some(serving.clone()),
            };
            objects.insert(id.clone(), status);
        }
    }
}
