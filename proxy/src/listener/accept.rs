//! The accept loop of one worker on one listener. No error ends it; only the drain does.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};

use super::detect::{Unknown, detect};
use super::{Admission, Gate, Loads};
use crate::exchange::{Connection, Io, Kind, Met, Protocol};
use crate::http1::{self, Transport};
use crate::http2;
use crate::live::{Listener, Process};
use crate::serve;
use crate::worker::{Message, Watch, Worker};

/// Where connections are served: this worker, and what it shares with the others.
#[derive(Clone, Debug)]
pub struct Place {
    pub worker: Rc<Worker>,
    pub process: Arc<Process>,
    pub loads: Loads,
}

/// How long to wait when the system has no descriptor or memory for another connection.
const BREATH: Duration = Duration::from_millis(50);

/// Accepts until the gate closes, and then what the kernel still holds: a connection that it has completed would be reset
/// when the socket closes.
pub async fn accept(socket: TcpListener, gate: Gate, place: Place) {
    let mut watch = gate.drain().watch();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = std::future::poll_fn(|cx| watch.poll(cx)) => {
                if gate.drain().has_begun() {
                    break;
                }
                // The gate has come to lead to another listener, and goes on.
                watch = gate.drain().watch();
                continue;
            }
        };
        match accepted {
            Ok((stream, peer)) => deal(stream, peer, &gate, &place),
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::warn!(listener = %gate.listener().id, %error, "cannot accept");
                place.worker.timer.sleep(BREATH).await;
            }
        }
    }
    empty(socket, &gate, &place);
}

/// Asks the kernel itself for what is left, since the runtime may not have heard of it yet.
fn empty(socket: TcpListener, gate: &Gate, place: &Place) {
    let Ok(socket) = socket.into_std() else { return };
    loop {
        match socket.accept() {
            Ok((stream, peer)) => {
                if stream.set_nonblocking(true).is_ok()
                    && let Ok(stream) = TcpStream::from_std(stream)
                {
                    serve(stream, peer, &gate.listener(), gate, place);
                }
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(_) => return,
        }
    }
}

/// Whether the client was gone before it was accepted, which says nothing about the next one.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// Keeps the connection, or hands it to a worker with clearly less to do.
fn deal(stream: TcpStream, peer: SocketAddr, gate: &Gate, place: &Place) {
    let (worker, listener) = (&place.worker, gate.listener());
    let Some(other) = place.loads.deal(worker.id).filter(|_| !gate.drain().has_begun()) else {
        return serve(stream, peer, &listener, gate, place);
    };
    // Leaves this worker's reactor; a socket that cannot is lost with its descriptor.
    let Ok(stream) = stream.into_std() else { return };
    listener.stats.on(worker.id).dealt.inc();
    let message = Message::Deal {
        stream,
        peer,
        gate: gate.id(),
        listener: Arc::clone(&listener),
        tables: worker.tables(&listener),
    };
    if let Err(Message::Deal { stream, .. }) = worker.peers().send(other, message)
        && let Ok(stream) = TcpStream::from_std(stream)
    {
        serve(stream, peer, &listener, gate, place);
    }
}

/// Serves a connection in a task of its own, if the limits admit it.
pub fn serve(stream: TcpStream, peer: SocketAddr, listener: &Arc<Listener>, gate: &Gate, place: &Place) {
    let worker = &place.worker;
    let admission = match Admission::new(listener, place) {
        Ok(admission) => admission,
        Err(limit) => {
            let object = limit.object(Met::of_listener(&listener.id));
            worker.refusals.on(worker.id).count(limit, object);
            return;
        }
    };
    let Ok(local) = stream.local_addr() else { return };
    // Without it small answers wait for the peer's acknowledgement (Nagle); a socket that refuses is gone.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let connection = (peer, local, Arc::clone(listener));
    // Boxed, because ten thousand idle HTTP/1.1 connections each hold this task: it has room for waiting and no more.
    let drain = gate.drain();
    let watch = drain.watch();
    let ticket = watch.ticket();
    let begun = Box::pin(begin(Io::Tcp(stream), connection, watch, Rc::clone(worker)));
    let task = tokio::task::spawn_local(async move {
        let _admission = admission;
        if let Some(session) = begun.await {
            http1::serve(session, serve::stack()).await;
        }
    });
    drain.hold(ticket, task.abort_handle());
}

/// Serves an HTTP/2 connection to its end; makes a session of an HTTP/1.1 connection.
async fn begin(
    io: Io,
    (peer, local, listener): (SocketAddr, SocketAddr, Arc<Listener>),
    drain: Watch,
    worker: Rc<Worker>,
) -> Option<Rc<http1::Session>> {
    let mut transport = Transport::new(io, BytesMut::new());
    let detected = detect(&mut transport, &listener, &drain, &worker).await;
    let protocol = match detected {
        Ok(protocol) => protocol,
        // Answered in the protocol that most clients speak.
        Err(Unknown::Late) => Protocol::Http1,
        Err(Unknown::Silent) => return None,
    };
    let connection = Arc::new(Connection::new(peer, local, protocol, listener));
    let Transport { io, input, .. } = transport;
    if protocol == Protocol::Http2 {
        http2::serve(io, input, connection, drain, worker, serve::stack()).await;
        return None;
    }
    let session = Rc::new(http1::Session::new(io, input, connection, drain, worker));
    if detected.is_err() {
        http1::refuse(&session, Kind::RequestHeadTimeout).await;
        return None;
    }
    Some(session)
}
