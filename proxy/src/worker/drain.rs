//! Tells the connections of one listener, on one worker, that it is time to finish.
//!
//! A connection holds a [`Watch`]: it asks whether the drain has begun, and is woken once when it does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use slab::Slab;
use tokio::task::AbortHandle;

/// How long a connection that is silent when the drain begins may still begin a request: one may be on its way, and it
/// would be lost if the connection closed at once.
pub const LAST_CALL: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Default)]
pub struct Drain(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    begun: Cell<bool>,
    watchers: RefCell<Slab<Watcher>>,
}

#[derive(Debug, Default)]
struct Watcher {
    waker: Option<Waker>,
    /// What to end when the time of the drain is over.
    task: Option<AbortHandle>,
}

/// A watcher's place.
#[derive(Clone, Copy, Debug)]
pub struct Ticket(usize);

impl Drain {
    /// Begins the drain; every watcher is woken.
    pub fn begin(&self) {
        self.0.begun.set(true);
        for (_, watcher) in self.0.watchers.borrow_mut().iter_mut() {
            if let Some(waker) = watcher.waker.take() {
                waker.wake();
            }
        }
    }

    /// This task serves the connection of the watcher with this ticket.
    pub fn hold(&self, ticket: Ticket, task: AbortHandle) {
        if let Some(watcher) = self.0.watchers.borrow_mut().get_mut(ticket.0) {
            watcher.task = Some(task);
        }
    }

    /// Ends every connection that is left.
    pub fn cut(&self) {
        for (_, watcher) in self.0.watchers.borrow_mut().iter_mut() {
            if let Some(task) = watcher.task.take() {
                task.abort();
            }
        }
    }

    pub fn has_begun(&self) -> bool {
        self.0.begun.get()
    }

    pub fn watch(&self) -> Watch {
        let key = self.0.watchers.borrow_mut().insert(Watcher::default());
        Watch {
            drain: self.clone(),
            key,
        }
    }

    /// How many connections are still open.
    pub fn watchers(&self) -> usize {
        self.0.watchers.borrow().len()
    }
}

#[derive(Debug)]
pub struct Watch {
    drain: Drain,
    key: usize,
}

impl Watch {
    pub fn has_begun(&self) -> bool {
        self.drain.has_begun()
    }

    pub fn ticket(&self) -> Ticket {
        Ticket(self.key)
    }

    /// Ready once the drain has begun.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_begun() {
            return Poll::Ready(());
        }
        if let Some(watcher) = self.drain.0.watchers.borrow_mut().get_mut(self.key) {
            match &mut watcher.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                empty => *empty = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.drain.0.watchers.borrow_mut().try_remove(self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn watchers_are_woken_once_it_begins_and_counted_until_they_go() {
        let drain = Drain::default();
        let (watch, other) = (drain.watch(), drain.watch());
        assert_eq!(drain.watchers(), 2);
        drop(other);
        assert_eq!(drain.watchers(), 1);
        let begin = async { drain.begin() };
        tokio::join!(poll_fn(|cx| watch.poll(cx)), begin);
        assert!(watch.has_begun());
    }
}
