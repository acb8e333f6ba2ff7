//! The life of a worker: applies what it is told, serves, drains, ends.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::gates::Gates;
use super::{Env, Inbox, Message, Peers, Worker, WorkerId};
use crate::listener::{Loads, Place};
use crate::live::Process;

/// How often idle upstream connections are looked through.
const SWEEP: Duration = Duration::from_secs(1);

/// Polls of tasks between two looks at the kernel's events. Nearly always the queue of tasks is empty before that: what
/// one look has brought is then served whole before the next, so that messages to one peer leave together, for HTTP/2 in
/// one system call. A task that has used up its budget comes after the next look, so bulk transfers do not put it off.
const TURN: u32 = 512;

/// What a worker is started with.
#[derive(Debug)]
pub struct Start {
    pub id: WorkerId,
    pub peers: Peers,
    pub inbox: Inbox,
    pub process: Arc<Process>,
    pub loads: Loads,
}

/// Runs a worker on the current thread until it has drained.
///
/// # Errors
/// The system refuses an event loop.
pub fn run(start: Start) -> io::Result<()> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder
        .enable_all()
        .event_interval(TURN)
        .build_local(tokio::runtime::LocalOptions::default())?;
    runtime.block_on(serve(start));
    Ok(())
}

async fn serve(start: Start) {
    let Start {
        id,
        peers,
        mut inbox,
        process,
        loads,
    } = start;
    let worker = Worker::new(id, Env::from_system(), peers, process.refusals.clone());
    tokio::task::spawn_local(worker.timer.clone().drive());
    tokio::task::spawn_local(sweep(Rc::clone(&worker)));
    tokio::task::spawn_local(Rc::clone(&worker).keep_date());
    let place = Place {
        worker: Rc::clone(&worker),
        process,
        loads,
    };
    let mut gates = Gates::new(place);
    while let Some(message) = inbox.recv().await {
        match message {
            Message::Apply(update) => gates.apply(update),
            Message::Deal {
                stream,
                peer,
                gate,
                listener,
                tables,
            } => gates.dealt(stream, (peer, gate), &listener, tables),
            Message::GiveUpIdle(slot) => worker.pools.give_up_idle(slot),
            // Ends the loop once all that was sent before is served: a connection that another worker has dealt would be
            // lost, and so would one that it deals from now on, did it not fail to.
            Message::Drain => inbox.close(),
        }
    }
    gates.drain().await;
}

async fn sweep(worker: Rc<Worker>) {
    loop {
        worker.timer.sleep(SWEEP).await;
        worker.pools.sweep(worker.env.now());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::listener::{GateId, bind};
    use crate::live::compile;
    use crate::telemetry::AccessLogs;

    /// Another worker may not have heard of the drain yet.
    #[test]
    fn a_connection_that_was_dealt_after_the_drain_began_is_served() {
        let text = "listeners: { web: { address: 127.0.0.1:0 } }";
        let snapshot = Arc::new(tidegate_config::parse_str("gateway.yaml", text).snapshot);
        let tables = Arc::new(compile(&snapshot, None, 1, 1).tables);
        let socket = bind("127.0.0.1:0".parse().unwrap(), 1).unwrap().remove(0);
        let mut client = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        socket.set_nonblocking(false).unwrap();
        let (stream, peer) = socket.accept().unwrap();
        stream.set_nonblocking(true).unwrap();

        let (peers, mut inboxes) = Peers::new(1);
        let id = WorkerId(0);
        peers.send(id, Message::Drain).unwrap();
        let listener = Arc::clone(&tables.listeners[0].0);
        let deal = Message::Deal {
            stream,
            peer,
            gate: GateId(0),
            listener,
            tables,
        };
        peers.send(id, deal).unwrap();
        run(Start {
            id,
            peers,
            inbox: inboxes.remove(0),
            process: Arc::new(Process::new(1, 100, AccessLogs::default())),
            loads: Loads::new(1),
        })
        .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer:?}");
    }
}
