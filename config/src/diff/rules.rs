//! Routes: hosts, listeners, and which rule of one configuration is which of the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::settings::{self, Settings};
use super::{Difference, Share, show};
use crate::id::{ObjectId, ObjectName};
use crate::route::{Backend, Route, Rule};

pub(super) fn routes(old: &Route, new: &Route) -> Vec<Difference> {
    let mut differences = route(old).against(route(new), None);
    differences.extend(settings::policy_filters(&old.policies, &new.policies, None));
    let pairs = pairs(&old.rules, &new.rules);
    let kept: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let gone = old
        .rules
        .iter()
        .enumerate()
        .filter(|(number, _)| !kept.contains(number));
    differences.extend(gone.map(|(number, rule)| whole(number, rule, false)));
    for (before, (number, rule)) in pairs.iter().zip(new.rules.iter().enumerate()) {
        match before.and_then(|number| old.rules.get(number)) {
            None => differences.push(whole(number, rule, true)),
            Some(before) => differences.extend(rules(&new.id, before, rule, &rule.label(number))),
        }
    }
    let places: Vec<usize> = pairs.into_iter().flatten().collect();
    if !places.is_sorted() {
        differences.push(reordered(old, new));
    }
    differences
}

fn route(route: &Route) -> Settings {
    let Route {
        id: _,
        origin: _,
        listeners,
        hosts,
        priority,
        policies,
        rules: _,
    } = route;
    let mut settings = Settings::default();
    for listener in listeners {
        let broken = if listener.is_valid { "" } else { "not there" };
        settings.item("listeners", &show::reference(&route.id, listener.target()), &broken);
    }
    for host in hosts {
        settings.item("hosts", host, &"");
    }
    if hosts.is_empty() {
        settings.item("hosts", &"every host", &"");
    }
    settings.put("priority", &priority);
    settings::policies(&mut settings, policies);
    settings
}

/// For each new rule the number of the old one that it was: of the same name, else with the same matches, else the
/// next without a name.
fn pairs(old: &[Rule], new: &[Rule]) -> Vec<Option<usize>> {
    let mut left: HashMap<Key<'_>, VecDeque<usize>> = HashMap::new();
    for (number, rule) in old.iter().enumerate() {
        left.entry(key(rule)).or_default().push_back(number);
    }
    let mut pairs: Vec<Option<usize>> = new
        .iter()
        .map(|rule| left.get_mut(&key(rule)).and_then(VecDeque::pop_front))
        .collect();
    let unnamed = left.into_iter().filter(|(key, _)| matches!(key, Key::Matches(_)));
    let mut unnamed: Vec<usize> = unnamed.flat_map(|(_, numbers)| numbers).collect();
    unnamed.sort_unstable();
    let mut unnamed = unnamed.into_iter();
    for (pair, _) in pairs
        .iter_mut()
        .zip(new)
        .filter(|(pair, rule)| pair.is_none() && rule.name.is_none())
    {
        *pair = unnamed.next();
    }
    pairs
}

/// What makes two rules the same one.
#[derive(Eq, Hash, PartialEq)]
enum Key<'a> {
    Name(&'a ObjectName),
    Matches(String),
}

fn key(rule: &Rule) -> Key<'_> {
    match &rule.name {
        Some(name) => Key::Name(name),
        None => Key::Matches(show::matches(&rule.matches)),
    }
}

fn whole(number: usize, rule: &Rule, is_new: bool) -> Difference {
    Difference::Rule {
        rule: rule.label(number),
        is_new,
        matches: show::matches(&rule.matches),
    }
}

fn reordered(old: &Route, new: &Route) -> Difference {
    let order = |route: &Route| -> String {
        let names = route.rules.iter().enumerate().map(|(number, rule)| rule.label(number));
        names.collect::<Vec<_>>().join(", ")
    };
    Difference::Setting {
        rule: None,
        setting: "rules".to_owned(),
        item: None,
        old: Some(format!("in the order {}", order(old))),
        new: Some(format!("in another order: {}", order(new))),
    }
}

fn rules(holder: &ObjectId, old: &Rule, new: &Rule, name: &str) -> Vec<Difference> {
    let mut differences = rule(holder, old).against(rule(holder, new), Some(name));
    differences.extend(settings::policy_filters(&old.policies, &new.policies, Some(name)));
    differences.extend(backend_filters(holder, old, new, name));
    differences.extend(shares(old, new, name));
    differences
}

fn rule(holder: &ObjectId, rule: &Rule) -> Settings {
    let Rule {
        origin: _,
        name: _,
        matches,
        backends,
        policies,
    } = rule;
    let mut settings = Settings::default();
    settings.put("matches", &show::matches(matches));
    settings::policies(&mut settings, policies);
    parts(&mut settings, holder, backends);
    settings
}

/// How the filters of backends differ.
fn backend_filters(holder: &ObjectId, old: &Rule, new: &Rule, name: &str) -> Vec<Difference> {
    let (before, after) = (by_place(&old.backends), by_place(&new.backends));
    let places: BTreeSet<Place<'_>> = before.keys().chain(after.keys()).copied().collect();
    let difference = |place: Place<'_>| {
        let filters = |backends: &BTreeMap<_, &'_ Backend>| backends.get(&place).map(|one| one.filters.clone());
        let (old, new) = (
            filters(&before).unwrap_or_default(),
            filters(&after).unwrap_or_default(),
        );
        show::filters(&old, &new, &format!("{}.filters", shown(holder, place)), Some(name))
    };
    places.into_iter().filter_map(difference).collect()
}

/// Which part of a cluster's requests gets which filters, where it is named with several.
fn parts(settings: &mut Settings, holder: &ObjectId, backends: &[Backend]) {
    let total = total(backends);
    let backends = by_place(backends);
    let first = |cluster| backends.get(&(cluster, 1)).map(|first| &first.filters);
    let parted: HashSet<&ObjectId> = backends
        .iter()
        .filter(|(place, backend)| first(place.0) != Some(&backend.filters))
        .map(|(place, _)| place.0)
        .collect();
    for (place, backend) in &backends {
        if parted.contains(place.0) {
            let part = share(u64::from(backend.weight.get()), total, true);
            settings.put(&format!("{}.share", shown(holder, *place)), &part);
        }
    }
}

/// A cluster, and the how manieth of those with it a backend is, from 1.
type Place<'a> = (&'a ObjectId, usize);

fn by_place(backends: &[Backend]) -> BTreeMap<Place<'_>, &Backend> {
    let mut seen: HashMap<&ObjectId, usize> = HashMap::new();
    let placed = backends.iter().map(|backend| {
        let number = seen.entry(backend.cluster.target()).or_default();
        *number += 1;
        ((backend.cluster.target(), *number), backend)
    });
    placed.collect()
}

fn shown(holder: &ObjectId, (cluster, number): Place<'_>) -> String {
    let name = show::reference(holder, cluster);
    match number {
        1 => format!("backends.{name}"),
        _ => format!("backends.{name}#{number}"),
    }
}

fn shares(old: &Rule, new: &Rule, name: &str) -> Vec<Difference> {
    let (mut before, mut after) = (shares_of(&old.backends), shares_of(&new.backends));
    let mut clusters: Vec<_> = before.keys().chain(after.keys()).cloned().collect();
    clusters.sort();
    clusters.dedup();
    let share = |cluster: ObjectId| {
        let (old, new) = (before.remove(&cluster), after.remove(&cluster));
        (old != new).then(|| Difference::Share {
            rule: name.to_owned(),
            cluster,
            old,
            new,
        })
    };
    clusters.into_iter().filter_map(share).collect()
}

/// What each cluster gets; one that stands twice gets both.
fn shares_of(backends: &[Backend]) -> BTreeMap<ObjectId, Share> {
    let total = total(backends);
    let mut weights: BTreeMap<ObjectId, (u64, bool)> = BTreeMap::new();
    for Backend { cluster, weight, .. } in backends {
        let entry = weights.entry(cluster.target().clone()).or_default();
        *entry = (entry.0 + u64::from(weight.get()), cluster.is_valid);
    }
    let shares = weights.into_iter();
    shares
        .map(|(id, (weight, is_valid))| (id, share(weight, total, is_valid)))
        .collect()
}

fn total(backends: &[Backend]) -> u64 {
    backends.iter().map(|backend| u64::from(backend.weight.get())).sum()
}

fn share(weight: u64, total: u64, is_valid: bool) -> Share {
    let percent = weight as f64 * 100.0 / total.max(1) as f64;
    Share { percent, is_valid }
}
