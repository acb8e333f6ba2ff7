//! What changes between two configurations, as meaning: objects, settings, hosts, rules, and the shares of backends.
//!
//! Where something stands, in which order maps are written and how a value is spelled is no difference. A pure function
//! of two snapshots, for `tidegate diff`.

mod rules;
mod settings;
mod show;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::id::ObjectId;
use crate::snapshot::Snapshot;

/// One object that is not as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectChange {
    /// Which.
    pub id: ObjectId,
    /// What became of it.
    pub change: Change,
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It differs in these, at least one.
    Changed(Vec<Difference>),
}

/// One thing that is different about an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// A value.
    Setting {
        /// The rule that has it, by name or number; `None` where the object itself has it.
        rule: Option<String>,
        /// Its keys: `timeouts.idle`.
        setting: String,
        /// The member, where the setting is a list whose members come and go: a host, an endpoint.
        item: Option<String>,
        /// What it was; `None` where it was not there.
        old: Option<String>,
        /// What it is; `None` where it is gone.
        new: Option<String>,
    },
    /// What part of a rule's requests a cluster gets.
    Share {
        /// The rule, by name or number.
        rule: String,
        /// The cluster.
        cluster: ObjectId,
        /// What it got; `None` where the rule did not name it.
        old: Option<Share>,
        /// What it gets; `None` where the rule does not name it.
        new: Option<Share>,
    },
    /// A whole rule came or went.
    Rule {
        /// The rule, by name or number.
        rule: String,
        /// Whether it came.
        is_new: bool,
        /// What requests it is for.
        matches: String,
    },
}

/// A part of a rule's requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// How many of a hundred.
    pub percent: f64,
    /// Whether there is such a cluster; where not, they are answered with 500.
    pub is_valid: bool,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Two decimals, without zeros at the end.
        let rounded = (self.percent * 100.0).round() / 100.0;
        let broken = if self.is_valid { "" } else { " (answered with 500)" };
        write!(f, "{rounded}%{broken}")
    }
}

/// What is different in `new`, in the order of the objects' ids.
pub fn diff(old: &Snapshot, new: &Snapshot) -> Vec<ObjectChange> {
    let mut ids: BTreeSet<&ObjectId> = BTreeSet::new();
    for snapshot in [old, new] {
        ids.extend(snapshot.listeners().map(|listener| &listener.id));
        ids.extend(snapshot.routes().map(|route| &route.id));
        ids.extend(snapshot.clusters().map(|cluster| &cluster.id));
    }
    let changed = |id: &ObjectId| {
        let change = between(old.listener(id), new.listener(id), settings::listeners)
            .or_else(|| between(old.route(id), new.route(id), rules::routes))
            .or_else(|| between(old.cluster(id), new.cluster(id), settings::clusters))?;
        Some(ObjectChange { id: id.clone(), change })
    };
    ids.into_iter().filter_map(changed).collect()
}

/// What became of one object; `None` when nothing did.
fn between<T: PartialEq>(
    old: Option<&Arc<T>>,
    new: Option<&Arc<T>>,
    differences: impl FnOnce(&T, &T) -> Vec<Difference>,
) -> Option<Change> {
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some(Change::Added),
        (Some(_), None) => Some(Change::Removed),
        (Some(old), Some(new)) if Arc::ptr_eq(old, new) || old == new => None,
        (Some(old), Some(new)) => Some(Change::Changed(differences(old, new))).filter(is_meant),
    }
}

/// Weights may be written otherwise and mean the same shares.
fn is_meant(change: &Change) -> bool {
    !matches!(change, Change::Changed(differences) if differences.is_empty())
}
