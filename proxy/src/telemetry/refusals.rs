//! Failures by response flag, reason and the object that they are due to.
//!
//! Open-ended, so they are counted under a lock, which no other worker takes: only failures pay. Bounded: beyond
//! [`MOST_OBJECTS`] that have ever failed, those of a long life of changes, failures count without their object.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::exchange::{Kind, Object};

/// How many pairs of a reason and an object a worker counts apart.
pub(super) const MOST_OBJECTS: usize = 10_000;

#[derive(Debug, Default)]
pub struct Refusals(Mutex<Counts>);

/// How often each reason was met, by object.
#[derive(Debug, Default)]
pub struct Counts {
    by_reason: BTreeMap<Reason, BTreeMap<Box<str>, u64>>,
    pairs: usize,
}

/// Flag, reason and kind of the object; below it are the ids.
type Reason = (&'static str, &'static str, &'static str);

impl Refusals {
    /// Counts one failure that is due to `object`.
    pub fn count(&self, kind: Kind, object: Object<'_>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.add((kind.flag().0, kind.reason(), object.kind()), object.id(), 1);
    }

    /// Adds this worker's counts to `into`.
    pub fn collect(&self, into: &mut Counts) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (reason, ids) in &counts.by_reason {
            for (id, count) in ids {
                into.add(*reason, id, *count);
            }
        }
    }
}

impl Counts {
    fn add(&mut self, reason: Reason, id: &str, count: u64) {
        let (flag, name, _) = reason;
        if let Some(known) = self.by_reason.get_mut(&reason).and_then(|ids| ids.get_mut(id)) {
            *known += count;
        } else if id.is_empty() || self.pairs < MOST_OBJECTS {
            self.pairs += usize::from(!id.is_empty());
            self.by_reason.entry(reason).or_default().insert(id.into(), count);
        } else {
            let nameless = self.by_reason.entry((flag, name, "")).or_default();
            *nameless.entry("".into()).or_default() += count;
        }
    }

    /// Flag, reason, object (`cluster default/web`, or nothing beyond the bound) and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, String, u64)> {
        self.by_reason.iter().flat_map(|(&(flag, reason, kind), ids)| {
            let object = move |id: &str| match id {
                "" => kind.to_owned(),
                id => format!("{kind} {id}"),
            };
            ids.iter().map(move |(id, count)| (flag, reason, object(id), *count))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(refusals: &[&Refusals]) -> Vec<(&'static str, &'static str, String, u64)> {
        let mut counts = Counts::default();
        refusals.iter().for_each(|worker| worker.collect(&mut counts));
        counts.iter().collect()
    }

    #[test]
    fn workers_are_summed_by_reason_and_object() {
        let (one, other) = (Refusals::default(), Refusals::default());
        one.count(Kind::NoRoute, Object::listener("default/web"));
        one.count(Kind::ConnectFailure, Object::cluster("default/a"));
        other.count(Kind::ConnectFailure, Object::cluster("default/a"));
        other.count(Kind::ConnectFailure, Object::cluster("default/b"));
        other.count(Kind::ProcessConnections, Object::PROCESS);
        assert_eq!(
            counted(&[&one, &other]),
            [
                ("NR", "no-route", "listener default/web".to_owned(), 1),
                ("OM", "process-connection-limit", "process".to_owned(), 1),
                ("UF", "connect-failure", "cluster default/a".to_owned(), 2),
                ("UF", "connect-failure", "cluster default/b".to_owned(), 1),
            ]
        );
    }

    #[test]
    fn beyond_the_bound_they_count_without_their_object() {
        let refusals = Refusals::default();
        for number in 0..MOST_OBJECTS + 5 {
            refusals.count(Kind::NoRoute, Object::listener(&format!("default/{number}")));
        }
        refusals.count(Kind::NoRoute, Object::listener("default/0"));
        let counted = counted(&[&refusals]);
        assert_eq!(counted.len(), MOST_OBJECTS + 1);
        let of = |object: &str| counted.iter().find(|count| count.2 == object).map(|count| count.3);
        assert_eq!((of(""), of("listener default/0")), (Some(5), Some(2)));
    }
}
