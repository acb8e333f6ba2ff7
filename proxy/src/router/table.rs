//! The rules of one listener, by host.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use http::header::HOST;
use tidegate_config::{Host, HostPattern, ObjectId};

use super::entry::Entry;
use super::host::HostRules;

/// The longest host that a configuration can name: longer ones are not looked up, however many labels they have.
const MAX_HOST: usize = 253;

/// Leads from a request to its target. A copy with some routes changed shares every host that they do not touch.
///
/// The hash is seeded by chance: the names of hosts and paths come from people who may not know each other.
#[derive(Debug)]
pub struct HostTable<R> {
    hasher: RandomState,
    exact: Hosts<R>,
    suffix: Hosts<R>,
    any: Option<Arc<HostRules<R>>>,
    /// The priorities in use, highest first.
    priorities: Box<[u32]>,
    /// In how many hosts each priority is used.
    uses: BTreeMap<Reverse<u32>, usize>,
}

type Hosts<R> = HashTable<Arc<HostRules<R>>>;

/// What becomes of a route in a copy of a table.
#[derive(Debug)]
pub struct Change<'a, R> {
    pub route: &'a ObjectId,
    /// The hosts it was for; `None` if it was not in the table.
    pub before: Option<&'a [HostPattern]>,
    /// The hosts and entries it has now; `None` if it goes.
    pub after: Option<(&'a [HostPattern], Vec<Entry<R>>)>,
}

impl<R> HostTable<R> {
    /// The entry with the highest precedence that holds for a request.
    pub fn find(&self, head: &http::request::Parts) -> Option<&Entry<R>> {
        let host = host_name(head);
        for priority in &self.priorities {
            let mut hosts = self.hosts(&host);
            let found = hosts.find_map(|rules| rules.find(*priority, head, &self.hasher));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// What there is for a host, the most specific first.
    fn hosts<'t>(&'t self, host: &str) -> impl Iterator<Item = &'t HostRules<R>> {
        let known = if host.len() > MAX_HOST { "" } else { host };
        let exact = self.get(&self.exact, known);
        // At its beginning a dot is behind no label.
        let dots = known.bytes().enumerate().skip(1).filter(|(_, byte)| *byte == b'.');
        let suffixes = dots
            .filter(|_| !self.suffix.is_empty())
            .filter_map(|(dot, _)| self.get(&self.suffix, known.get(dot + 1..)?));
        exact.into_iter().chain(suffixes).chain(&self.any).map(|rules| &**rules)
    }

    fn get<'t>(&self, hosts: &'t Hosts<R>, name: &str) -> Option<&'t Arc<HostRules<R>>> {
        if hosts.is_empty() {
            return None;
        }
        hosts.find(self.hasher.hash_one(name), |rules| name_of(rules) == name)
    }
}

impl<R: Clone> HostTable<R> {
    /// A copy in which these routes have changed.
    pub fn with<'a>(&self, changes: impl IntoIterator<Item = Change<'a, R>>) -> Self {
        let mut changed = HashSet::new();
        let mut touched: HashMap<Option<&HostPattern>, Vec<Entry<R>>> = HashMap::new();
        for change in changes {
            changed.insert(change.route);
            for host in change.before.into_iter().flat_map(keys) {
                touched.entry(host).or_default();
            }
            if let Some((hosts, entries)) = change.after {
                for host in keys(hosts) {
                    touched.entry(host).or_default().extend_from_slice(&entries);
                }
            }
        }
        let mut table = self.clone();
        for (host, added) in touched {
            let mut entries = added;
            if let Some(old) = table.take(host) {
                let kept = old
                    .entries()
                    .iter()
                    .filter(|entry| !changed.contains(&entry.place().route));
                entries.extend(kept.cloned());
            }
            if let Some(rules) = HostRules::build(host.cloned(), entries, &self.hasher) {
                table.put(rules);
            }
        }
        table.priorities = table.uses.keys().map(|Reverse(priority)| *priority).collect();
        table
    }

    fn take(&mut self, host: Option<&HostPattern>) -> Option<Arc<HostRules<R>>> {
        let taken = match host {
            None => self.any.take(),
            Some(HostPattern::Exact(host)) => take(&mut self.exact, host, &self.hasher),
            Some(HostPattern::Suffix(host)) => take(&mut self.suffix, host, &self.hasher),
        }?;
        for priority in taken.priorities() {
            if let Some(uses) = self.uses.get_mut(&Reverse(priority)) {
                *uses -= 1;
            }
        }
        self.uses.retain(|_, uses| *uses > 0);
        Some(taken)
    }

    fn put(&mut self, rules: HostRules<R>) {
        for priority in rules.priorities() {
            *self.uses.entry(Reverse(priority)).or_default() += 1;
        }
        let hosts = match rules.host() {
            None => {
                self.any = Some(Arc::new(rules));
                return;
            }
            Some(HostPattern::Exact(_)) => &mut self.exact,
            Some(HostPattern::Suffix(_)) => &mut self.suffix,
        };
        let hash = |rules: &HostRules<R>| self.hasher.hash_one(name_of(rules));
        hosts.insert_unique(hash(&rules), Arc::new(rules), |rules| hash(rules));
    }
}

impl<R> Default for HostTable<R> {
    fn default() -> Self {
        Self {
            hasher: RandomState::default(),
            exact: HashTable::new(),
            suffix: HashTable::new(),
            any: None,
            priorities: Box::default(),
            uses: BTreeMap::new(),
        }
    }
}

/// By hand: targets need not be `Clone` for it.
impl<R> Clone for HostTable<R> {
    fn clone(&self) -> Self {
        Self {
            hasher: self.hasher.clone(),
            exact: self.exact.clone(),
            suffix: self.suffix.clone(),
            any: self.any.clone(),
            priorities: self.priorities.clone(),
            uses: self.uses.clone(),
        }
    }
}

/// The name of the host that a request is for: what `Host` says, in lower case and without the port.
pub fn host_name(head: &http::request::Parts) -> Cow<'_, str> {
    let authority = head.headers.get(HOST).map(http::HeaderValue::as_bytes);
    let name = str::from_utf8(authority.map(without_port).unwrap_or_default()).unwrap_or_default();
    // Without an early end, so that it is done in vectors.
    if name
        .bytes()
        .fold(false, |found, byte| found | byte.is_ascii_uppercase())
    {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn without_port(authority: &[u8]) -> &[u8] {
    let mut rest = authority;
    while let [before @ .., b'0'..=b'9'] = rest {
        rest = before;
    }
    match rest {
        [name @ .., b':'] => name,
        _ => authority,
    }
}

/// The keys under which the rules for some hosts stand.
fn keys(hosts: &[HostPattern]) -> impl Iterator<Item = Option<&HostPattern>> {
    let every = hosts.is_empty().then_some(None);
    every.into_iter().chain(hosts.iter().map(Some))
}

fn take<R>(hosts: &mut Hosts<R>, host: &Host, hasher: &RandomState) -> Option<Arc<HostRules<R>>> {
    let found = hosts.find_entry(hasher.hash_one(host.as_str()), |rules| name_of(rules) == host.as_str());
    found.ok().map(|entry| entry.remove().0)
}

/// The name that rules are under; of a suffix, without `*.`.
fn name_of<R>(rules: &HostRules<R>) -> &str {
    match rules.host() {
        Some(HostPattern::Exact(host) | HostPattern::Suffix(host)) => host.as_str(),
        None => "",
    }
}
