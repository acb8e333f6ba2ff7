//! From a snapshot, as meant, to tables, as compiled.
//!
//! An object that a change did not touch keeps its compiled `Arc` from the previous tables, and with it its counters and
//! its pools; of one that did change the counters go on, too. Of a listener's table only those hosts are built again
//! that a changed route is or was for.

mod chain;
mod cluster;
mod join;
mod listener;
mod route;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use tidegate_config::{self as config, ObjectId, Snapshot};

pub use self::chain::{RuleFilters, SideTable};
use self::join::{Joined, Object, join};
use self::route::{Changed, Links};
use super::tables::{Cluster, Listener, Route, Routing, Tables};

/// What [`compile()`] made.
#[derive(Debug)]
pub struct Compiled {
    pub tables: Tables,
    /// How many objects had to be compiled: the listeners, routes and clusters that are new or mean something else.
    pub objects: usize,
}

/// Compiles `snapshot` for `workers` workers, with what is still good of the `previous` tables.
pub fn compile(snapshot: &Arc<Snapshot>, previous: Option<&Tables>, generation: u64, workers: usize) -> Compiled {
    let nothing = Tables::default();
    let previous = previous.unwrap_or(&nothing);
    let old = &*previous.written;
    let mut objects = 0;

    let joined = join(snapshot.clusters(), old.clusters().zip(&previous.clusters), |it| {
        it.id()
    });
    let clusters = renew(&joined, &mut objects, |it, before| {
        cluster::compile(it, before, workers)
    });
    let relinked = changed_ids(&joined);
    let links = Links {
        clusters: snapshot.clusters().map(|it| it.id()).zip(&clusters).collect(),
        side: &previous.side,
    };

    let joined = join(snapshot.routes(), old.routes().zip(&previous.routes), |it| it.id());
    let routes = renew(&joined, &mut objects, |it, before| route::compile(it, before, workers));
    let changed = changed_routes(&joined, &routes, &relinked);

    let joined = join(snapshot.listeners(), old.listeners().zip(&previous.listeners), |it| {
        it.id()
    });
    let listeners = joined.now.iter().map(|object| {
        let listener = object
            .kept()
            .map(|(listener, _)| Arc::clone(listener))
            .unwrap_or_else(|| {
                objects += 1;
                let before = object.previous().map(|(listener, _)| &**listener);
                Arc::new(listener::compile(object.written, before, workers, &previous.logs))
            });
        let routing = match known_routing(object) {
            Some(routing) => updated(routing, &changed, object.written, &links),
            None => Arc::new(whole(snapshot, &routes, object.written, &links)),
        };
        (listener, routing)
    });
    let listeners = listeners.collect();
    Compiled {
        tables: Tables {
            generation,
            written: Arc::clone(snapshot),
            listeners,
            routes,
            clusters,
            side: previous.side.clone(),
            logs: previous.logs.clone(),
        },
        objects,
    }
}

/// What labels and logs call an object. It stays the same `Arc` for as long as there is such an object.
fn label(id: &ObjectId) -> Arc<str> {
    id.path().into()
}

/// What objects are compiled to: what they were, or anew.
fn renew<W: Eq, C>(
    joined: &Joined<'_, W, Arc<C>>,
    objects: &mut usize,
    compile: impl Fn(&W, Option<&C>) -> C,
) -> Vec<Arc<C>> {
    let compiled = joined.now.iter().map(|object| match object.kept() {
        Some(compiled) => Arc::clone(compiled),
        None => {
            *objects += 1;
            Arc::new(compile(object.written, object.previous().map(|previous| &**previous)))
        }
    });
    compiled.collect()
}

/// The clusters that rules have to be linked with again. One that is new or gone needs no mention: the references to it
/// became valid or invalid, so that the routes that hold them are other routes.
fn changed_ids<'a>(joined: &Joined<'a, config::Cluster, Arc<Cluster>>) -> HashSet<&'a ObjectId> {
    let changed = joined.now.iter().filter(|object| object.kept().is_none());
    changed.map(|object| object.written.id()).collect()
}

fn changed_routes<'a>(
    joined: &Joined<'a, config::Route, Arc<Route>>,
    compiled: &[Arc<Route>],
    relinked: &HashSet<&ObjectId>,
) -> Vec<Changed<'a>> {
    let is_changed = |object: &Object<'_, config::Route, _>| {
        object.kept().is_none() || (!relinked.is_empty() && refers_to(object.written, relinked))
    };
    let now = joined.now.iter().zip(compiled);
    let changed = now
        .filter(|(object, _)| is_changed(object))
        .map(|(object, compiled)| Changed {
            before: object.before.map(|(before, _)| &**before),
            after: Some((object.written, Arc::clone(compiled))),
        });
    let gone = joined.gone.iter().map(|route| Changed {
        before: Some(route),
        after: None,
    });
    changed.chain(gone).collect()
}

fn refers_to(route: &config::Route, clusters: &HashSet<&ObjectId>) -> bool {
    let mut backends = route.rules().iter().flat_map(config::Rule::backends);
    backends.any(|backend| clusters.contains(backend.cluster().target()))
}

/// The table that a listener had, if rules that did not change are the same on it still: they inherit from it.
fn known_routing<'a>(object: &Object<'a, config::Listener, (Arc<Listener>, Arc<Routing>)>) -> Option<&'a Arc<Routing>> {
    let (before, (_, routing)) = object.before?;
    let lends = |listener: &config::Listener| (listener.profile(), listener.policies().clone());
    (object.kept().is_some() || lends(before) == lends(object.written)).then_some(routing)
}

fn updated(
    routing: &Arc<Routing>,
    changed: &[Changed<'_>],
    listener: &config::Listener,
    links: &Links<'_>,
) -> Arc<Routing> {
    let mut changes = changed.iter().filter_map(|route| route.on(listener, links)).peekable();
    if changes.peek().is_none() {
        return Arc::clone(routing);
    }
    Arc::new(routing.with(changes))
}

fn whole(snapshot: &Snapshot, compiled: &[Arc<Route>], listener: &config::Listener, links: &Links<'_>) -> Routing {
    let routes = snapshot.routes().zip(compiled).map(|(route, compiled)| Changed {
        before: None,
        after: Some((route, Arc::clone(compiled))),
    });
    // Collected by `with`; a route is compiled only if it is on this listener.
    let routes: Vec<_> = routes.filter_map(|route| route.on(listener, links)).collect();
    Routing::default().with(routes)
}
