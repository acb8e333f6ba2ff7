//! One worker on virtual time, for the targets that drive whole connections: nothing waits for the wall clock, and a run
//! that would hang shows as a time limit that passed.

mod answers;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tidegate::exchange::{Connection, Io, Protocol};
use tidegate::http1::Session;
use tidegate::live::{Tables, compile};
use tidegate::telemetry::Refusals;
use tidegate::worker::{Drain, Env, Peers, PerWorker, Worker, WorkerId};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::JoinHandle;

pub use answers::{Answer, read_answers};

/// Longer than all of a connection's time limits together.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Pieces that bytes are cut into at most, so that a run stays short.
const PIECES: usize = 16;

/// Runs a scene on a thread's runtime of its own, whose clock stands still while there is something to do.
pub fn run(scene: impl Future<Output = ()>) {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build_local(LocalOptions::default())
        .expect("a runtime")
        .block_on(scene);
}

/// A worker with its configuration, and the drain that never begins.
pub struct Place {
    pub worker: Rc<Worker>,
    pub drain: Drain,
    tables: Arc<Tables>,
}

impl Place {
    /// A listener that forwards everything to `upstream`, with the defaults of an edge.
    pub fn new(upstream: SocketAddr) -> Self {
        let yaml = format!(
            "listeners: {{ web: {{ address: 127.0.0.1:1 }} }}\n\
             routes: {{ all: {{ listeners: [web], rules: [{{ backends: [{{ cluster: up }}] }}] }} }}\n\
             clusters: {{ up: {{ endpoints: [{{ address: {upstream} }}] }} }}\n"
        );
        let loaded = tidegate_config::parse_str("fuzz.yaml", &yaml);
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        let tables = Arc::new(compile(&Arc::new(loaded.snapshot), None, 1, 1).tables);
        let (peers, _) = Peers::new(1);
        let refusals = PerWorker::<Refusals>::new(1);
        let worker = Worker::new(WorkerId(0), Env::seeded(1), peers, refusals);
        worker.apply(&tables);
        tokio::task::spawn_local(worker.timer.clone().drive());
        Self {
            worker,
            drain: Drain::default(),
            tables,
        }
    }

    /// For targets whose stack forwards nothing.
    pub fn without_upstream() -> Self {
        Self::new((Ipv4Addr::LOCALHOST, 1).into())
    }

    /// An HTTP/1.1 connection of a client on this stream.
    pub fn session(&self, io: Io) -> Rc<Session> {
        let connection = self.connection(Protocol::Http1);
        let worker = Rc::clone(&self.worker);
        Rc::new(Session::new(
            io,
            BytesMut::new(),
            connection,
            self.drain.watch(),
            worker,
        ))
    }

    /// A connection of a client.
    pub fn connection(&self, protocol: Protocol) -> Arc<Connection> {
        let (listener, _) = self.tables.listeners.first().expect("one listener");
        let address = (Ipv4Addr::LOCALHOST, 1).into();
        Arc::new(Connection::new(address, address, protocol, Arc::clone(listener)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // An idle connection and its pool hold each other, and a worker that ends with its process does not mind.
        self.worker.pools.retain(&[]);
    }
}

/// A stream for a driver, and its other end. The kernel asks little of who reads and writes: a pair of Unix sockets does
/// for a TCP connection, and leaves no port in TIME_WAIT.
pub fn pair() -> (Io, UnixStream) {
    let (ours, theirs) = StdUnixStream::pair().expect("a pair of sockets");
    for end in [&ours, &theirs] {
        end.set_nonblocking(true).expect("a setting of every socket");
    }
    let ours = std::net::TcpStream::from(OwnedFd::from(ours));
    (
        Io::Tcp(TcpStream::from_std(ours).expect("a reactor")),
        UnixStream::from_std(theirs).expect("a reactor"),
    )
}

/// Lets everything happen that can: time moves only when nothing else does.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Sends `bytes` cut every `step`, each piece seen alone; false when the other side has gone.
pub async fn feed(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], step: usize) -> bool {
    let step = step.max(bytes.len().div_ceil(PIECES)).max(1);
    for piece in bytes.chunks(step) {
        if to.write_all(piece).await.is_err() {
            return false;
        }
        settle().await;
    }
    true
}

/// Reads to the end, as a task, so that the other side never waits for a reader.
pub fn collect(mut from: impl tokio::io::AsyncRead + Unpin + 'static) -> JoinHandle<Vec<u8>> {
    tokio::task::spawn_local(async move {
        let mut all = Vec::new();
        // A reset is an end, too.
        let _ = from.read_to_end(&mut all).await;
        all
    })
}

/// What a task gives; a panic in it is one here, and one that has not ended in an hour hangs.
pub async fn outcome<T>(task: JoinHandle<T>) -> T {
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => panic!("{error}"),
        Err(_) => panic!("it hangs"),
    }
}
