//! The whole configuration: every object that is good by itself, with its references looked up.
//!
//! Invariant: ids are unique, a reference is valid exactly when its target is in the snapshot, and no two listeners
//! share an address. What is not good is absent and has a diagnostic; it never keeps anything else out.

mod assemble;
mod draft;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use self::assemble::{assemble, part_listeners};
pub(crate) use self::draft::{Draft, Object};
use crate::cluster::Cluster;
use crate::id::ObjectId;
use crate::listener::Listener;
use crate::route::Route;

/// An immutable set of objects that was checked as a whole. Objects are shared: whoever serves one keeps its `Arc`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    listeners: BTreeMap<ObjectId, Arc<Listener>>,
    routes: BTreeMap<ObjectId, Arc<Route>>,
    clusters: BTreeMap<ObjectId, Arc<Cluster>>,
}

impl Snapshot {
    /// The listeners, in the order of their ids.
    pub fn listeners(&self) -> impl ExactSizeIterator<Item = &Arc<Listener>> {
        self.listeners.values()
    }

    /// The routes, in the order of their ids.
    pub fn routes(&self) -> impl ExactSizeIterator<Item = &Arc<Route>> {
        self.routes.values()
    }

    /// The clusters, in the order of their ids.
    pub fn clusters(&self) -> impl ExactSizeIterator<Item = &Arc<Cluster>> {
        self.clusters.values()
    }

    /// The listener of this id.
    pub fn listener(&self, id: &ObjectId) -> Option<&Arc<Listener>> {
        self.listeners.get(id)
    }

    /// The route of this id.
    pub fn route(&self, id: &ObjectId) -> Option<&Arc<Route>> {
        self.routes.get(id)
    }

    /// The cluster of this id.
    pub fn cluster(&self, id: &ObjectId) -> Option<&Arc<Cluster>> {
        self.clusters.get(id)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.listeners.len() + self.routes.len() + self.clusters.len()
    }

    /// Whether there is nothing in it at all.
    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty() && self.routes.is_empty() && self.clusters.is_empty()
    }
}
