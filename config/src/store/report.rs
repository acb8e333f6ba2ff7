//! What a look at the files came to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::diagnostic::Diagnostic;
use crate::digest::{Digest, DigestSum};
use crate::id::ObjectId;
use crate::listener::Listener;
use crate::origin::Origin;
use crate::route::Route;
use crate::snapshot::{Object, Snapshot};

/// Every object that somebody wrote or that still serves, by id.
pub type Objects = BTreeMap<ObjectId, ObjectStatus>;

/// What serves from now on, what is wrong, and what has become different.
#[derive(Clone, Debug, Default)]
pub struct Reload {
    /// What serves.
    pub snapshot: Arc<Snapshot>,
    /// Each object, good or not.
    pub objects: Arc<Objects>,
    /// Everything there is to say, in the order of files and lines.
    pub diagnostics: Arc<[Diagnostic]>,
    /// What has become different.
    pub report: Arc<Report>,
}

/// What a reload has made different, against the one before.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// Objects that serve now and did not.
    pub added: Vec<ObjectId>,
    /// Objects that mean something else now; a reference that became valid or invalid counts.
    pub changed: Vec<ObjectId>,
    /// Objects that served and do not any more.
    pub removed: Vec<ObjectId>,
    /// How many objects serve as before.
    pub unchanged: usize,
    /// Objects of which the newest version is set aside; [`ObjectStatus`] says why, and what serves instead.
    pub quarantined: Vec<ObjectId>,
    /// The hash of what the files say, where relative paths of logs lead included. It depends on nothing else: neither on
    /// order nor on what was there before.
    pub desired: Digest,
    /// The hash of what serves.
    pub effective: Digest,
    /// How many files had to be read.
    pub files_read: usize,
}

/// Where an object stands.
#[derive(Clone, Debug)]
pub struct ObjectStatus {
    pub(crate) origin: Origin,
    pub(crate) hash: Digest,
    pub(crate) reason: Option<Arc<Diagnostic>>,
    pub(crate) serving: Option<Served>,
}

/// The version of an object that serves.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) object: Object,
    pub(crate) written: Arc<str>,
    pub(crate) hash: Digest,
    /// The file that it came from.
    pub(crate) file: Arc<str>,
}

impl ObjectStatus {
    /// Where its newest version is written; when that cannot be told, where the one that serves was.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The hash of the newest version.
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// Why the newest version is set aside.
    pub fn quarantine(&self) -> Option<&Diagnostic> {
        self.reason.as_deref()
    }

    /// Whether a version of it serves: the newest, or the last good one.
    pub const fn is_served(&self) -> bool {
        self.serving.is_some()
    }

    /// The hash of the version that serves.
    pub fn served_hash(&self) -> Option<Digest> {
        self.serving.as_ref().map(|serving| serving.hash)
    }

    /// The version that serves as it was written, as JSON.
    pub fn served_text(&self) -> Option<&str> {
        self.serving.as_ref().map(|serving| &*serving.written)
    }

    pub(crate) fn listener(&self) -> Option<&Arc<Listener>> {
        match &self.serving.as_ref()?.object {
            Object::Listener(listener) => Some(listener),
            Object::Cluster(_) | Object::Route(_) => None,
        }
    }

    pub(crate) fn set_aside(&mut self, reason: Diagnostic, last_good: Option<Served>) {
        self.reason = Some(Arc::new(reason));
        self.serving = last_good;
    }
}

impl Report {
    pub(super) fn new(
        before: &Snapshot,
        after: &Snapshot,
        objects: &Objects,
        desired: Digest,
        files_read: usize,
    ) -> Self {
        let mut report = Self {
            quarantined: objects
                .iter()
                .filter(|(_, status)| status.reason.is_some())
                .map(|(id, _)| id.clone())
                .collect(),
            desired,
            effective: effective(objects),
            files_read,
            ..Self::default()
        };
        report.compare(
            places(before.clusters(), Cluster::id),
            places(after.clusters(), Cluster::id),
        );
        report.compare(
            places(before.listeners(), Listener::id),
            places(after.listeners(), Listener::id),
        );
        report.compare(places(before.routes(), Route::id), places(after.routes(), Route::id));
        report
    }

    /// Walks two lists in the order of ids; what means the same is at the same place in memory.
    fn compare<'a>(
        &mut self,
        before: impl Iterator<Item = (&'a ObjectId, usize)>,
        after: impl Iterator<Item = (&'a ObjectId, usize)>,
    ) {
        let (mut before, mut after) = (before.peekable(), after.peekable());
        loop {
            match (before.peek().copied(), after.peek().copied()) {
                (None, None) => return,
                (Some((gone, _)), after) if after.is_none_or(|(id, _)| gone < id) => {
                    self.removed.push(gone.clone());
                    before.next();
                }
                (Some((id, old)), Some((same, new))) if id == same => {
                    if old == new {
                        self.unchanged += 1;
                    } else {
                        self.changed.push(id.clone());
                    }
                    before.next();
                    after.next();
                }
                (_, Some((new, _))) => {
                    self.added.push(new.clone());
                    after.next();
                }
                (Some(_), None) => return,
            }
        }
    }

    /// Whether anything serves otherwise than before.
    pub fn has_effect(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }
}

/// Each object by id, and where it is in memory.
fn places<'a, T: 'a>(
    objects: impl Iterator<Item = &'a Arc<T>>,
    id: fn(&T) -> &ObjectId,
) -> impl Iterator<Item = (&'a ObjectId, usize)> {
    objects.map(move |object| (id(object), Arc::as_ptr(object).addr()))
}

fn effective(objects: &Objects) -> Digest {
    let mut hash = DigestSum::default();
    hash.extend(objects.values().filter_map(ObjectStatus::served_hash));
    hash.finish()
}
