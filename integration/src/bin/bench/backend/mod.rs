//! What stands behind the proxies: one thread a protocol that answers every request with canned bytes. It must cost less a request than any
//! proxy, or it would be what is measured.

mod http1;
mod http2;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use rustix::thread::Pid;

use crate::Outcome;
use crate::socket::{Poller, SCRATCH};

const LISTENER: u64 = 0;

/// One accepted connection.
trait Session {
    /// Does all that can be done now; false when the peer has closed.
    fn ready(&mut self, socket: &TcpStream, scratch: &mut [u8]) -> Outcome<bool>;
}

/// A backend that runs as long as the benchmark does.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) thread: Pid,
}

impl Backend {
    pub(crate) fn http1() -> Outcome<Self> {
        let answers = http1::Answers::new()?;
        Self::start("backend-http1", move || http1::Http1::new(&answers))
    }

    pub(crate) fn http2() -> Outcome<Self> {
        let answer = http2::Answer::new();
        Self::start("backend-http2", move || http2::Http2::new(&answer))
    }

    fn start<S: Session>(name: &str, session: impl Fn() -> S + Send + 'static) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        // The standard library asks for a backlog of 128 only; hundreds of upstream connections come at once.
        rustix::net::listen(&listener, 4096)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (tell, told) = mpsc::channel();
        thread::Builder::new().name(name.into()).spawn(move || {
            let _ = tell.send(rustix::thread::gettid());
            if let Err(error) = serve(&listener, session) {
                eprintln!("bench: the backend stopped: {error}");
            }
        })?;
        Ok(Self {
            address,
            thread: told.recv()?,
        })
    }
}

fn serve<S: Session>(listener: &TcpListener, session: impl Fn() -> S) -> Outcome<()> {
    let mut poller = Poller::new()?;
    poller.watch_readable(listener, LISTENER)?;
    let mut sessions: HashMap<u64, (TcpStream, S)> = HashMap::new();
    let mut next = LISTENER;
    let mut scratch = vec![0; SCRATCH];
    let mut ready = Vec::new();
    loop {
        poller.wait(&mut ready)?;
        for &(token, gone) in &ready {
            if token == LISTENER {
                while let Ok((socket, _)) = listener.accept() {
                    next += 1;
                    socket.set_nonblocking(true)?;
                    socket.set_nodelay(true)?;
                    poller.watch_connection(&socket, next)?;
                    sessions.insert(next, (socket, session()));
                }
            } else if let Some((socket, session)) = sessions.get_mut(&token) {
                match session.ready(socket, &mut scratch) {
                    Ok(true) if !gone => {}
                    Ok(_) => drop(sessions.remove(&token)),
                    Err(error) => {
                        // A proxy that is killed in mid-request resets its connections.
                        if !gone {
                            eprintln!("bench: the backend closes a connection: {error}");
                        }
                        sessions.remove(&token);
                    }
                }
            }
        }
    }
}
