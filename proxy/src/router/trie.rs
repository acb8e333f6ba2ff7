//! Path prefixes of one host, by element.
//!
//! The edges of all nodes are in one hash by node and element, so that a path is walked once whatever the number of
//! prefixes, and no further than some prefix goes.

use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use tidegate_config::PathPrefix;

const ROOT: usize = 0;

#[derive(Debug, Default)]
pub(super) struct Trie {
    /// Not among the others, so that the prefix `/` alone, which most hosts have, is no other place in memory.
    root: Node,
    /// From number 1.
    others: Vec<Node>,
    edges: HashTable<Edge>,
}

#[derive(Debug, Default)]
struct Node {
    /// The entries of this very prefix; empty when it is only on the way to others.
    entries: Range<usize>,
    /// The longest shorter prefix that has entries.
    above: Option<usize>,
}

#[derive(Debug)]
struct Edge {
    from: usize,
    to: usize,
    /// The element is this stretch of a prefix that goes through it.
    prefix: PathPrefix,
    element: Range<usize>,
}

impl Edge {
    fn element(&self) -> &[u8] {
        element_of(&self.prefix, &self.element)
    }
}

impl Trie {
    /// Adds a prefix and where its entries are. Prefixes come in the order of their text, shorter ones before those
    /// that they are the beginning of.
    pub(super) fn insert(&mut self, prefix: &PathPrefix, entries: Range<usize>, hasher: &RandomState) {
        let mut node = ROOT;
        let mut above = None;
        for element in elements(prefix.as_str()) {
            if self.has_entries(node) {
                above = Some(node);
            }
            node = self.step(node, prefix, element, above, hasher);
        }
        let node = match node.checked_sub(1) {
            None => Some(&mut self.root),
            Some(index) => self.others.get_mut(index),
        };
        if let Some(node) = node {
            *node = Node { entries, above };
        }
    }

    /// The entries of each prefix of `path`, the longest first.
    pub(super) fn find(&self, path: &str, hasher: &RandomState) -> impl Iterator<Item = Range<usize>> {
        let mut longest = self.deepest(path, hasher);
        std::iter::from_fn(move || {
            let node = self.node(longest?)?;
            longest = node.above;
            Some(node.entries.clone())
        })
    }

    fn deepest(&self, path: &str, hasher: &RandomState) -> Option<usize> {
        if !path.starts_with('/') {
            return None;
        }
        let mut found = self.has_entries(ROOT).then_some(ROOT);
        if self.edges.is_empty() {
            return found;
        }
        let mut node = ROOT;
        for element in elements(path) {
            let element = path.as_bytes().get(element)?;
            let Some(edge) = self.edge(node, element, hasher) else {
                break;
            };
            node = edge.to;
            if self.has_entries(node) {
                found = Some(node);
            }
        }
        found
    }

    fn node(&self, number: usize) -> Option<&Node> {
        match number.checked_sub(1) {
            None => Some(&self.root),
            Some(index) => self.others.get(index),
        }
    }

    fn has_entries(&self, node: usize) -> bool {
        self.node(node).is_some_and(|node| !node.entries.is_empty())
    }

    fn edge(&self, from: usize, element: &[u8], hasher: &RandomState) -> Option<&Edge> {
        let is_it = |edge: &Edge| edge.from == from && edge.element() == element;
        self.edges.find(hash(hasher, from, element), is_it)
    }

    /// The node behind `from` and an element, made when there is none.
    fn step(
        &mut self,
        from: usize,
        prefix: &PathPrefix,
        element: Range<usize>,
        above: Option<usize>,
        hasher: &RandomState,
    ) -> usize {
        let text = element_of(prefix, &element);
        if let Some(edge) = self.edge(from, text, hasher) {
            return edge.to;
        }
        self.others.push(Node { entries: 0..0, above });
        let to = self.others.len();
        let edge = Edge {
            from,
            to,
            prefix: prefix.clone(),
            element,
        };
        self.edges.insert_unique(hash(hasher, from, text), edge, |edge| {
            hash(hasher, edge.from, edge.element())
        });
        to
    }
}

fn element_of<'p>(prefix: &'p PathPrefix, element: &Range<usize>) -> &'p [u8] {
    prefix.as_str().as_bytes().get(element.clone()).unwrap_or_default()
}

fn hash(hasher: &RandomState, from: usize, element: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_usize(from);
    hasher.write(element);
    hasher.finish()
}

/// Where the elements of a path are; `/` has none.
fn elements(path: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 1;
    std::iter::from_fn(move || {
        let rest = path.as_bytes().get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let element = start..start + length;
        start += length + 1;
        Some(element)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_found_by_whole_elements_longest_first() {
        let hasher = RandomState::default();
        let mut trie = Trie::default();
        for (index, prefix) in ["/", "/a", "/a/b/c", "/ab"].into_iter().enumerate() {
            trie.insert(&prefix.parse().unwrap(), index..index + 1, &hasher);
        }
        for (path, found) in [
            ("/", &[0][..]),
            ("/a", &[1, 0]),
            ("/a/", &[1, 0]),
            ("/a/b", &[1, 0]),
            ("/a/b/c", &[2, 1, 0]),
            ("/a/b/c/d/e", &[2, 1, 0]),
            ("/a/b/cd", &[1, 0]),
            ("/ab/a", &[3, 0]),
            ("/abc", &[0]),
            ("*", &[]),
        ] {
            let ranges: Vec<usize> = trie.find(path, &hasher).map(|range| range.start).collect();
            assert_eq!(ranges, found, "{path}");
        }
    }

    #[test]
    fn a_prefix_that_is_only_on_the_way_matches_nothing() {
        let hasher = RandomState::default();
        let mut trie = Trie::default();
        trie.insert(&"/a/b".parse().unwrap(), 0..1, &hasher);
        assert_eq!(trie.find("/a", &hasher).count(), 0);
        assert_eq!(trie.find("/a/b/c", &hasher).count(), 1);
    }
}
