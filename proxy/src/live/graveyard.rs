//! Where old tables wait until nobody serves by them any more.
//!
//! A worker that lets go of the last reference would have to free everything that is in them, and its requests would
//! wait. So the graveyard keeps one more, and frees them on its own thread.

use std::sync::Arc;

use super::Tables;

#[derive(Debug, Default)]
pub(super) struct Graveyard(Vec<Arc<Tables>>);

impl Graveyard {
    pub(super) fn bury(&mut self, tables: Arc<Tables>) {
        self.0.push(tables);
    }

    /// Frees what only this holds: nobody can come to hold it again.
    pub(super) fn sweep(&mut self) {
        self.0.retain(|tables| Arc::strong_count(tables) > 1);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_kept_for_as_long_as_someone_serves_by_them() {
        let mut graveyard = Graveyard::default();
        let tables = Arc::<Tables>::default();
        let (request, gone) = (Arc::clone(&tables), Arc::downgrade(&tables));
        graveyard.bury(tables);
        graveyard.sweep();
        drop(request);
        assert!(!graveyard.is_empty() && gone.upgrade().is_some(), "freed by who let go");
        graveyard.sweep();
        assert!(graveyard.is_empty() && gone.upgrade().is_none());
    }
}
