//! From single objects to a snapshot: who refers to whom, which listeners collide.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Object, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::id::{Kind, ObjectId};
use crate::listener::Listener;
use crate::origin::Origin;
use crate::route::{Reference, Route};
use crate::store::{ObjectStatus, Objects};
use crate::suggest::nearest;

/// How many references get a suggestion; to look for the nearest of all names is not free.
const MAX_SUGGESTIONS: usize = 100;

/// Of two listeners with one address the one that has it already stays, else the first by id. The other one goes back to
/// its last good version, if the address of that one is free.
pub(crate) fn part_listeners(objects: &mut Objects, previous: &Objects, diagnostics: &mut Vec<Diagnostic>) {
    let listeners = |objects: &Objects| -> Vec<_> {
        let all = objects.iter().filter(|(id, _)| id.kind() == Kind::Listener);
        all.filter_map(|(_, status)| status.listener().cloned()).collect()
    };
    let mut contenders = listeners(objects);
    let has_it = |listener: &Listener| {
        let before = previous.get(listener.id()).and_then(ObjectStatus::listener);
        before.is_some_and(|before| before.address() == listener.address())
    };
    contenders.sort_by_key(|listener| !has_it(listener));
    let mut taken: HashMap<_, Arc<Listener>> = HashMap::new();
    let mut refused = Vec::new();
    for listener in contenders {
        let address = listener.address().socket_addr();
        match taken.get(&address) {
            Some(holder) if address.port() != 0 => refused.push((listener, Arc::clone(holder))),
            _ => {
                taken.insert(address, listener);
            }
        }
    }
    for (listener, holder) in refused {
        let Some(status) = objects.get_mut(listener.id()) else {
            continue;
        };
        let reason = same_address(&listener, &holder, &status.origin);
        diagnostics.push(reason.clone());
        let last = previous.get(listener.id()).and_then(|status| status.serving.clone());
        status.set_aside(reason, last);
        let address = status.listener().map(|last| last.address().socket_addr());
        match address.map(|address| taken.entry(address)) {
            Some(Entry::Vacant(free)) => drop(free.insert(listener)),
            _ => status.serving = None,
        }
    }
}

fn same_address(listener: &Listener, holder: &Listener, origin: &Origin) -> Diagnostic {
    let message = format!("{} listens on {} already", holder.id(), listener.address());
    let label = Label::new(holder.origin().clone()).note("this one is used");
    Diagnostic::new(Code::SameAddress, message, origin.clone())
        .object(listener.id().clone())
        .related(label)
        .help("give it another port")
}

/// Makes a snapshot of what serves, and reports references that lead nowhere. What is equal in `previous` is taken from
/// there, so that an object keeps its `Arc` for as long as it means the same.
pub(crate) fn assemble(objects: &Objects, previous: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Snapshot {
    let mut assembly = Assembly {
        objects,
        targets: targets(objects),
        suggestions: MAX_SUGGESTIONS,
        diagnostics,
    };
    let (mut clusters, mut listeners, mut routes) = (Vec::new(), Vec::new(), Vec::new());
    for (id, status) in objects {
        match status.serving.as_ref().map(|serving| &serving.object) {
            Some(Object::Cluster(cluster)) => clusters.push((id, Arc::clone(cluster))),
            Some(Object::Listener(listener)) => listeners.push((id, Arc::clone(listener))),
            Some(Object::Route(route)) => routes.push((id, assembly.resolve(id, route))),
            None => {}
        }
    }
    Snapshot {
        clusters: keep(&previous.clusters, clusters),
        listeners: keep(&previous.listeners, listeners),
        routes: keep(&previous.routes, routes),
    }
}

/// The objects, with those of `previous` in the place of equal ones. Both are in the order of ids.
fn keep<T: PartialEq>(
    previous: &BTreeMap<ObjectId, Arc<T>>,
    objects: Vec<(&ObjectId, Arc<T>)>,
) -> BTreeMap<ObjectId, Arc<T>> {
    let mut previous = previous.iter().peekable();
    let kept = objects.into_iter().map(|(id, object)| {
        while previous.next_if(|(before, _)| *before < id).is_some() {}
        let before = previous.next_if(|(before, _)| *before == id);
        let is_equal = |before: &Arc<T>| Arc::ptr_eq(before, &object) || **before == *object;
        match before.filter(|(_, before)| is_equal(before)) {
            Some((_, before)) => (id.clone(), Arc::clone(before)),
            None => (id.clone(), object),
        }
    });
    kept.collect()
}

/// What serves and can be referred to.
fn targets(objects: &Objects) -> HashSet<&ObjectId> {
    let serving = objects.iter().filter(|(_, status)| status.serving.is_some());
    let ids = serving.map(|(id, _)| id);
    ids.filter(|id| matches!(id.kind(), Kind::Cluster | Kind::Listener))
        .collect()
}

struct Assembly<'a> {
    objects: &'a Objects,
    targets: HashSet<&'a ObjectId>,
    suggestions: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Assembly<'_> {
    /// The route with its references looked up.
    fn resolve(&mut self, id: &ObjectId, route: &Arc<Route>) -> Arc<Route> {
        let backends = route.rules.iter().flat_map(|rule| &rule.backends);
        let references = route.listeners.iter().chain(backends.map(|backend| &backend.cluster));
        let mut is_whole = true;
        for reference in references {
            if !self.holds(&reference.target) {
                is_whole = false;
                self.report(id, reference);
            }
        }
        if is_whole {
            return Arc::clone(route);
        }
        let mut route = Route::clone(route);
        let backends = route.rules.iter_mut().flat_map(|rule| &mut rule.backends);
        let references = route
            .listeners
            .iter_mut()
            .chain(backends.map(|backend| &mut backend.cluster));
        for reference in references {
            reference.is_valid = self.holds(&reference.target);
        }
        route.into()
    }

    fn holds(&self, id: &ObjectId) -> bool {
        self.targets.contains(id)
    }

    fn report(&mut self, holder: &ObjectId, reference: &Reference) {
        let (target, effect) = (&reference.target, effect_of(reference.target.kind()));
        let diagnostic = if self.objects.contains_key(target) {
            let message = format!("{target} was set aside");
            Diagnostic::new(Code::BrokenReference, message, reference.origin.clone())
                .help(format!("put it right; until then {effect}"))
        } else {
            let near = if self.suggestions > 0 {
                self.nearest(holder, target)
            } else {
                None
            };
            self.suggestions = self.suggestions.saturating_sub(1);
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add it to `{}`.", target.kind().section()),
            };
            Diagnostic::new(
                Code::UnknownReference,
                format!("there is no {target}"),
                reference.origin.clone(),
            )
            .help(format!("{hint} Until then {effect}"))
        };
        self.diagnostics.push(diagnostic.object(holder.clone()));
    }

    /// The nearest existing name, as `holder` would write it; a name of another namespace only if it is the same.
    fn nearest(&self, holder: &ObjectId, target: &ObjectId) -> Option<String> {
        let all = || {
            let serving = self.objects.iter().filter(|(_, status)| status.serving.is_some());
            serving.map(|(id, _)| id).filter(|id| id.kind() == target.kind())
        };
        let shown = |namespace: &str, name: &str| {
            if namespace == holder.namespace().as_str() {
                name.to_owned()
            } else {
                format!("{namespace}/{name}")
            }
        };
        let siblings = all()
            .filter(|id| id.namespace() == target.namespace())
            .map(|id| id.name().as_str());
        if let Some(name) = nearest(target.name().as_str(), siblings) {
            return Some(shown(target.namespace().as_str(), name));
        }
        let namesake = all().find(|id| id.name() == target.name())?;
        Some(shown(namesake.namespace().as_str(), namesake.name().as_str()))
    }
}

/// What an invalid reference to an object of this kind does.
const fn effect_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Cluster => "this backend's share of requests is answered with 500",
        Kind::Listener => "the route is not attached here",
        Kind::Route => "the reference means nothing",
    }
}
