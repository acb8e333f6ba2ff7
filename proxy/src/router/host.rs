//! The rules of one host.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use tidegate_config::{HostPattern, PathMatch};

use super::entry::Entry;
use super::trie::Trie;

/// Immutable; a change of one of its rules builds it again, and no other.
#[derive(Debug)]
pub(super) struct HostRules<R> {
    /// `None`: every host.
    host: Option<HostPattern>,
    /// In [`Entry::order`].
    entries: Box<[Entry<R>]>,
    /// The highest priority. Here and not among the others, so that a host that has no more is one place in memory.
    first: Level,
    /// Lower priorities, highest first.
    others: Box<[Level]>,
}

/// The entries of one priority, by path.
#[derive(Debug)]
struct Level {
    priority: u32,
    exact: HashTable<Range<usize>>,
    prefixes: Trie,
    regexes: Range<usize>,
}

impl<R> HostRules<R> {
    /// `None` if there are no entries.
    pub(super) fn build(host: Option<HostPattern>, mut entries: Vec<Entry<R>>, hasher: &RandomState) -> Option<Self> {
        entries.sort_by(Entry::order);
        let mut first = Level::new(entries.first()?.priority());
        let mut others: Vec<Level> = Vec::new();
        let mut start = 0;
        for group in entries.chunk_by(Entry::shares_key) {
            let range = start..start + group.len();
            start = range.end;
            let Some(entry) = group.first() else { continue };
            if others.last().unwrap_or(&first).priority != entry.priority() {
                others.push(Level::new(entry.priority()));
            }
            let level = others.last_mut().unwrap_or(&mut first);
            level.insert(&entries, entry.path(), range, hasher);
        }
        Some(Self {
            host,
            entries: entries.into(),
            first,
            others: others.into(),
        })
    }

    pub(super) fn host(&self) -> Option<&HostPattern> {
        self.host.as_ref()
    }

    pub(super) fn entries(&self) -> &[Entry<R>] {
        &self.entries
    }

    /// The priorities of its entries.
    pub(super) fn priorities(&self) -> impl Iterator<Item = u32> {
        self.levels().map(|level| level.priority)
    }

    /// The entry of this priority with the highest precedence that holds.
    pub(super) fn find(&self, priority: u32, head: &http::request::Parts, hasher: &RandomState) -> Option<&Entry<R>> {
        let level = self.levels().find(|level| level.priority == priority)?;
        let path = head.uri.path();
        let exact = || self.first(level.exact(&self.entries, path, hasher)?, head);
        let prefix = || {
            level
                .prefixes
                .find(path, hasher)
                .find_map(|range| self.first(range, head))
        };
        let regex = || {
            let mut entries = self.entries.get(level.regexes.clone())?.iter();
            entries.find(|entry| matches_pattern(entry.path(), path) && entry.admits(head))
        };
        exact().or_else(prefix).or_else(regex)
    }

    fn levels(&self) -> impl Iterator<Item = &Level> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The first of some entries of one path that admits the request.
    fn first(&self, range: Range<usize>, head: &http::request::Parts) -> Option<&Entry<R>> {
        self.entries.get(range)?.iter().find(|entry| entry.admits(head))
    }
}

impl Level {
    fn new(priority: u32) -> Self {
        Self {
            priority,
            exact: HashTable::new(),
            prefixes: Trie::default(),
            regexes: 0..0,
        }
    }

    fn insert<R>(&mut self, entries: &[Entry<R>], path: &PathMatch, range: Range<usize>, hasher: &RandomState) {
        match path {
            PathMatch::Exact(path) => {
                let hash = |range: &Range<usize>| hasher.hash_one(exact_path(entries, range));
                self.exact.insert_unique(hasher.hash_one(path.as_str()), range, hash);
            }
            PathMatch::Prefix(prefix) => self.prefixes.insert(prefix, range, hasher),
            PathMatch::Regex(_) => self.regexes = range,
        }
    }

    fn exact<R>(&self, entries: &[Entry<R>], path: &str, hasher: &RandomState) -> Option<Range<usize>> {
        if self.exact.is_empty() {
            return None;
        }
        let is_it = |range: &Range<usize>| exact_path(entries, range) == path;
        self.exact.find(hasher.hash_one(path), is_it).cloned()
    }
}

/// The path that these entries are for.
fn exact_path<'e, R>(entries: &'e [Entry<R>], range: &Range<usize>) -> &'e str {
    match entries.get(range.start).map(Entry::path) {
        Some(PathMatch::Exact(path)) => path.as_str(),
        _ => "",
    }
}

fn matches_pattern(path: &PathMatch, text: &str) -> bool {
    matches!(path, PathMatch::Regex(pattern) if pattern.matches(text))
}
