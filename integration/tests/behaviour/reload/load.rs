//! Clients that never send a request twice.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tidegate_integration::harness::{DEADLINE, Raw, until};

/// Requests one after the other from several clients, until this is stopped.
pub(super) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    done: AtomicUsize,
    failed: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl Load {
    /// `target` says where to connect; a client that gets no address ends.
    pub(super) fn start(clients: usize, target: impl Fn() -> Option<SocketAddr> + Send + Sync + 'static) -> Self {
        let (shared, target) = (Arc::new(Shared::default()), Arc::new(target));
        let clients = (0..clients)
            .map(|_| {
                let (shared, target) = (Arc::clone(&shared), Arc::clone(&target));
                thread::spawn(move || client(&shared, &*target))
            })
            .collect();
        let load = Self { shared, clients };
        load.goes_on();
        load
    }

    /// Waits for some more requests to be done.
    pub(super) fn goes_on(&self) {
        let enough = self.shared.done.load(Ordering::Relaxed) + 200;
        until("more requests", || {
            let done = self.shared.done.load(Ordering::Relaxed) >= enough;
            (done || !self.shared.failed.lock().unwrap().is_empty()).then_some(())
        });
    }

    /// Ends, and fails when a request did.
    pub(super) fn end(self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.join();
    }

    /// Waits for the clients to end by themselves; fails when a request did.
    pub(super) fn join(self) {
        self.clients.into_iter().for_each(|client| client.join().unwrap());
        let (done, failed) = (
            self.shared.done.load(Ordering::Relaxed),
            self.shared.failed.lock().unwrap(),
        );
        assert!(
            failed.is_empty(),
            "{} failed and {done} were done: {failed:?}",
            failed.len()
        );
    }
}

/// A connection to where the target is now. Who finds nobody there asks again where that is: the listener may have moved
/// before the test could say so.
fn reach(target: &dyn Fn() -> Option<SocketAddr>) -> Option<(SocketAddr, Raw)> {
    let mut address = target()?;
    loop {
        match Raw::try_connect(address) {
            Ok(raw) => return Some((address, raw)),
            Err(error) => {
                let refused = address;
                address = until(&format!("the listener of {refused} elsewhere: {error}"), || {
                    target().filter(|now| *now != refused)
                });
            }
        }
    }
}

fn client(shared: &Shared, target: &dyn Fn() -> Option<SocketAddr>) {
    while let Some((address, mut raw)) = reach(target) {
        loop {
            if shared.stopped.load(Ordering::Relaxed) {
                return;
            }
            raw.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            let answered = raw.read_until(DEADLINE, |bytes| bytes.ends_with(b"\r\n\r\na"));
            let text = String::from_utf8_lossy(&raw.received).to_ascii_lowercase();
            if !answered || !text.starts_with("http/1.1 200") {
                let failure = format!("from {address}: {text:?}, end {:?}", raw.end);
                shared.failed.lock().unwrap().push(failure);
                return;
            }
            shared.done.fetch_add(1, Ordering::Relaxed);
            if text.contains("connection: close") {
                break;
            }
            raw.received.clear();
        }
    }
}
