//! A free list of header maps: a map's table costs more to allocate than its fields cost to fill in.

use std::cell::RefCell;

use http::HeaderMap;

/// Room of a new map: more fields than an ordinary head has.
const FIELDS: usize = 24;

/// What a worker keeps at the most, and the largest map it keeps.
const KEPT: usize = 64;
const LARGEST: usize = 128;

#[derive(Debug, Default)]
pub struct HeaderMaps(RefCell<Vec<HeaderMap>>);

impl HeaderMaps {
    /// An empty map with room for an ordinary head.
    pub fn take(&self) -> HeaderMap {
        let kept = self.0.borrow_mut().pop();
        kept.unwrap_or_else(|| HeaderMap::with_capacity(FIELDS))
    }

    /// Keeps the map's room for the next head.
    pub fn give_back(&self, mut map: HeaderMap) {
        map.clear();
        let mut free = self.0.borrow_mut();
        if free.len() < KEPT && (FIELDS..=LARGEST).contains(&map.capacity()) {
            free.push(map);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_comes_back_empty_and_an_oversized_one_does_not() {
        let maps = HeaderMaps::default();
        let mut map = maps.take();
        map.insert("x-secret", http::HeaderValue::from_static("1"));
        maps.give_back(map);
        assert!(maps.take().is_empty());
        maps.give_back(HeaderMap::with_capacity(4_000));
        assert!(maps.0.borrow().is_empty());
    }
}
