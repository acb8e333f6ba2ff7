//! How other threads reach a worker.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::WorkerId;
use crate::listener::{GateId, Plan};
use crate::live::{Listener, Tables};

#[derive(Debug)]
pub enum Message {
    /// Serve by these tables and through these gates from now on.
    Apply(Update),
    /// A connection that a busier worker accepted.
    Deal {
        stream: TcpStream,
        peer: SocketAddr,
        gate: GateId,
        listener: Arc<Listener>,
        /// By which the other worker would serve it.
        tables: Arc<Tables>,
    },
    /// Another worker needs a connection to the cluster in this slot, and its limit is used up.
    GiveUpIdle(usize),
    /// Accept nothing more and finish what is there.
    Drain,
}

/// A generation of configuration, as one worker applies it.
#[derive(Debug)]
pub struct Update {
    pub tables: Arc<Tables>,
    /// What is to be open; gates that are not in it close.
    pub gates: Plan,
    /// This worker's sockets of the gates that are new.
    pub sockets: Vec<(GateId, TcpListener)>,
}

pub type Inbox = UnboundedReceiver<Message>;

/// The inboxes of all workers.
#[derive(Clone, Debug)]
pub struct Peers(Arc<[UnboundedSender<Message>]>);

impl Peers {
    pub fn new(workers: usize) -> (Self, Vec<Inbox>) {
        let (senders, inboxes): (Vec<_>, Vec<_>) = (0..workers).map(|_| unbounded_channel()).unzip();
        (Self(senders.into()), inboxes)
    }

    /// Sends to one worker; gives the message back when that worker has ended.
    ///
    /// # Errors
    /// The message, undelivered.
    pub fn send(&self, to: WorkerId, message: Message) -> Result<(), Message> {
        match self.0.get(to.0) {
            Some(sender) => sender.send(message).map_err(|undelivered| undelivered.0),
            None => Err(message),
        }
    }

    pub fn ids(&self) -> impl Iterator<Item = WorkerId> + use<> {
        (0..self.0.len()).map(WorkerId)
    }
}
