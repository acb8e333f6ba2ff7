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
            Message::Drain => break,
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
