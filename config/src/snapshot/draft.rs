//! Objects on their way into a snapshot.

use std::sync::Arc;

use crate::cluster::Cluster;
use crate::digest::Digest;
use crate::id::ObjectId;
use crate::listener::Listener;
use crate::origin::Origin;
use crate::route::Route;

/// An object that somebody wrote, good or not.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) id: ObjectId,
    /// The key that names it.
    pub(crate) origin: Origin,
    /// What it says, as canonical JSON.
    pub(crate) written: Arc<str>,
    /// Of its id, of what it says and of the files that it names.
    pub(crate) hash: Digest,
    /// `None` when it is not good by itself, which was reported.
    pub(crate) object: Option<Object>,
}

/// An object that is good by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Object {
    Cluster(Arc<Cluster>),
    Listener(Arc<Listener>),
    /// Every reference in it is taken for valid until it is resolved.
    Route(Arc<Route>),
}
