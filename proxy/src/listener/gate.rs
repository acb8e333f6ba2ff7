//! A gate: one worker's socket on an address, and the listener whose connections come through it.
//!
//! The socket and the listener change apart from each other. A listener with other settings keeps its socket, a listener
//! on another address gets another gate before the old one closes, and two listeners may change places.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::live::Listener;
use crate::worker::Drain;

/// Names the sockets of all workers that were opened together. Never reused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GateId(pub u64);

#[derive(Clone, Debug)]
pub struct Gate(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    id: GateId,
    listener: RefCell<Arc<Listener>>,
    drain: RefCell<Drain>,
}

impl Gate {
    pub fn new(id: GateId, listener: Arc<Listener>) -> Self {
        Self(Rc::new(Inner {
            id,
            listener: RefCell::new(listener),
            drain: RefCell::default(),
        }))
    }

    pub fn id(&self) -> GateId {
        self.0.id
    }

    /// Whose connections come through from now on.
    pub fn listener(&self) -> Arc<Listener> {
        Arc::clone(&self.0.listener.borrow())
    }

    /// New connections belong to this listener; those that are open stay with theirs. If that is another one and not this
    /// in another version, they are given with the gate as it was, to be closed.
    pub fn lead_to(&self, listener: &Arc<Listener>) -> Option<Self> {
        let before = self.0.listener.replace(Arc::clone(listener));
        if before.is_same(listener) {
            return None;
        }
        let left = Self::new(self.0.id, before);
        self.0.drain.swap(&left.0.drain);
        Some(left)
    }

    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Begun when the gate closes; its connections watch it. Another one once it leads to another listener.
    pub fn drain(&self) -> Drain {
        self.0.drain.borrow().clone()
    }
}
