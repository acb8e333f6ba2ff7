//! Objects beside what they were.

use std::sync::Arc;

use tidegate_config::ObjectId;

/// An object of the new snapshot; `P` is what the old one was compiled to.
#[derive(Debug)]
pub(super) struct Object<'a, W, P> {
    pub(super) written: &'a Arc<W>,
    pub(super) before: Option<(&'a Arc<W>, &'a P)>,
}

/// Objects of one kind.
#[derive(Debug)]
pub(super) struct Joined<'a, W, P> {
    /// In the order of their ids.
    pub(super) now: Vec<Object<'a, W, P>>,
    pub(super) gone: Vec<&'a Arc<W>>,
}

impl<'a, W: Eq, P> Object<'a, W, P> {
    /// What it was compiled to, if it means the same still.
    pub(super) fn kept(&self) -> Option<&'a P> {
        let (before, compiled) = self.before?;
        // Whoever read the files again kept what he could; where he could not, the meaning counts.
        (Arc::ptr_eq(before, self.written) || before == self.written).then_some(compiled)
    }

    /// What it was compiled to, whatever it meant.
    pub(super) fn previous(&self) -> Option<&'a P> {
        self.before.map(|(_, compiled)| compiled)
    }
}

/// Joins what is written now with what was before; both in the order of ids.
pub(super) fn join<'a, W, P>(
    now: impl IntoIterator<Item = &'a Arc<W>>,
    before: impl IntoIterator<Item = (&'a Arc<W>, &'a P)>,
    id: impl Fn(&W) -> &ObjectId,
) -> Joined<'a, W, P> {
    let mut before = before.into_iter().peekable();
    let mut gone = Vec::new();
    let joined = now.into_iter().map(|written| {
        while let Some((old, _)) = before.next_if(|(old, _)| id(old) < id(written)) {
            gone.push(old);
        }
        Object {
            written,
            before: before.next_if(|(old, _)| id(old) == id(written)),
        }
    });
    let now = joined.collect();
    gone.extend(before.map(|(old, _)| old));
    Joined { now, gone }
}
