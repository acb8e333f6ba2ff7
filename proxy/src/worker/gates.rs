//! The gates of one worker: opened, led to other listeners and closed as configurations come.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::Update;
use crate::listener::{self, Gate, GateId, Place};
use crate::live::{Listener, Tables};

/// How often a gate that closes is looked at.
const TICK: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Gates {
    place: Place,
    open: BTreeMap<GateId, Gate>,
    /// Those whose connections are still finishing.
    closing: Rc<RefCell<Vec<Gate>>>,
}

impl Gates {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            open: BTreeMap::new(),
            closing: Rc::default(),
        }
    }

    /// Applies a generation: new gates open first, then those close that nobody wants any more.
    pub(super) fn apply(&mut self, update: Update) {
        let Update { tables, gates, sockets } = update;
        let generation = tables.generation;
        self.place.worker.apply(&tables);
        let wanted: BTreeMap<GateId, &Arc<Listener>> = gates.iter().map(|(id, listener)| (*id, listener)).collect();
        for (id, socket) in sockets {
            if let Some(listener) = wanted.get(&id) {
                self.open(id, socket, listener);
            }
        }
        for (id, gate) in &self.open {
            if let Some(left) = wanted.get(id).and_then(|listener| gate.lead_to(listener)) {
                self.close(left);
            }
        }
        let (open, gone) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|(id, _)| wanted.contains_key(id));
        self.open = open;
        let gone: BTreeMap<GateId, Gate> = gone;
        gone.into_values().for_each(|gate| self.close(gate));
        self.place.process.acknowledge(self.place.worker.id, generation);
    }

    fn open(&mut self, id: GateId, socket: StdListener, listener: &Arc<Listener>) {
        let socket = match TcpListener::from_std(socket) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::error!(listener = %listener.id, %error, "a worker cannot listen");
                return;
            }
        };
        let gate = Gate::new(id, Arc::clone(listener));
        tokio::task::spawn_local(listener::accept(socket, gate.clone(), self.place.clone()));
        self.open.insert(id, gate);
    }

    /// Accepts nothing more, and gives the connections the listener's drain time to finish.
    fn close(&self, gate: Gate) {
        gate.drain().begin();
        self.closing.borrow_mut().push(gate.clone());
        tokio::task::spawn_local(finish(gate, Rc::clone(&self.closing), self.place.clone()));
    }

    /// A connection that another worker has accepted, perhaps by another generation: the gate may be closed by now, or lead
    /// to another listener, by whose end this connection's would not be told.
    pub(super) fn dealt(
        &self,
        stream: StdStream,
        (peer, id): (SocketAddr, GateId),
        listener: &Arc<Listener>,
        tables: Arc<Tables>,
    ) {
        let Ok(stream) = TcpStream::from_std(stream) else {
            return;
        };
        if let Some(gate) = self.open.get(&id)
            && gate.listener().is_same(listener)
        {
            return listener::serve(stream, peer, listener, gate, &self.place);
        }
        self.place.worker.recall(listener, tables);
        let gate = Gate::new(id, Arc::clone(listener));
        listener::serve(stream, peer, listener, &gate, &self.place);
        self.close(gate);
    }

    /// Closes every gate; over when the last connection is.
    pub(super) async fn drain(self) {
        let closing = self.closing.borrow().clone();
        let gates: Vec<Gate> = self.open.into_values().chain(closing).collect();
        gates.iter().for_each(|gate| gate.drain().begin());
        while gates.iter().any(|gate| gate.drain().watchers() > 0) {
            self.place.worker.timer.sleep(TICK).await;
        }
    }
}

/// Waits for the last connection of a gate that closes, and ends what is left when the time is over.
async fn finish(gate: Gate, closing: Rc<RefCell<Vec<Gate>>>, place: Place) {
    let (worker, listener) = (&place.worker, gate.listener());
    let end = worker.env.now() + listener.drain;
    while gate.drain().watchers() > 0 {
        if worker.env.now() >= end {
            tracing::warn!(listener = %listener.id, left = gate.drain().watchers(), "drain time is over");
            gate.drain().cut();
            break;
        }
        worker.timer.sleep(TICK).await;
    }
    let mut closing = closing.borrow_mut();
    closing.retain(|other| !other.is(&gate));
    if !closing.iter().any(|other| other.listener().is_same(&listener)) {
        worker.forget(&listener);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use tidegate_config::parse_str;
    use tokio::task::{LocalSet, yield_now};

    use super::super::{Env, Peers, PerWorker, Worker, WorkerId};
    use super::*;
    use crate::listener::{Loads, bind};
    use crate::live::{Process, compile};
    use crate::telemetry::AccessLogs;

    const GATE: GateId = GateId(0);

    fn place() -> Place {
        let (peers, _) = Peers::new(1);
        Place {
            worker: Worker::new(WorkerId(0), Env::seeded(1), peers, PerWorker::new(1)),
            process: Arc::new(Process::new(1, 100, AccessLogs::default())),
            loads: Loads::new(1),
        }
    }

    /// A listener of this name alone, on the gate.
    fn update(name: &str, previous: Option<&Tables>, sockets: Vec<(GateId, StdListener)>) -> Update {
        let loaded = parse_str(
            "gateway.yaml",
            &format!("listeners: {{ {name}: {{ address: 127.0.0.1:0 }} }}"),
        );
        let tables = Arc::new(compile(&Arc::new(loaded.snapshot), previous, 1, 1).tables);
        let gates = tables
            .listeners
            .iter()
            .map(|(listener, _)| (GATE, Arc::clone(listener)))
            .collect();
        Update { tables, gates, sockets }
    }

    /// A silent connection holds them no longer than the drain lets it.
    #[tokio::test(start_paused = true)]
    async fn the_tables_of_a_listener_that_is_renamed_are_forgotten() {
        let test = async {
            let socket = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().remove(0);
            let address = socket.local_addr().unwrap();
            let place = place();
            let worker = Rc::clone(&place.worker);
            tokio::task::spawn_local(worker.timer.clone().drive());
            let mut gates = Gates::new(place);
            let first = update("old", None, vec![(GATE, socket)]);
            let (tables, listener) = (Arc::clone(&first.tables), Arc::clone(&first.gates[0].1));
            gates.apply(first);
            let _client = StdStream::connect(address).unwrap();
            while listener.connections.load(Ordering::Relaxed) == 0 {
                yield_now().await;
            }
            gates.apply(update("new", Some(&tables), Vec::new()));
            assert!(Arc::ptr_eq(&worker.tables(&listener), &tables), "it serves by others");
            let gone = Arc::downgrade(&tables);
            drop(tables);
            worker.timer.sleep(Duration::from_secs(5)).await;
            assert_eq!(listener.connections.load(Ordering::Relaxed), 0, "it is kept");
            assert!(gone.upgrade().is_none(), "its tables are kept");
            assert!(!gates.open[&GATE].drain().has_begun() && gates.closing.borrow().is_empty());
        };
        LocalSet::new().run_until(test).await;
    }
}
